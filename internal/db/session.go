package db

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"sync"
)

// A session is what a user has signed in to. A server spends tens of
// milliseconds on a password, and checks it with every request that carries
// one; a token costs nothing. Tokens expire in the middle of long restores, so
// one is fetched again when it is refused.
type session struct {
	mu    sync.Mutex
	token string
	basic bool // the server gives no tokens: the password goes with every request
}

// authorize signs a request, where the Client has a user, with a token.
// expired is a token that was just refused.
func (c *Client) authorize(ctx context.Context, req *http.Request, expired string) error {
	if c.opt.Token != "" {
		req.Header.Set("Authorization", "Bearer "+c.opt.Token)
		return nil
	}
	s := c.session
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.token == "" || s.token == expired {
		if err := c.signIn(ctx); err != nil {
			return err
		}
	}
	if s.basic {
		req.SetBasicAuth(c.opt.Username, c.opt.Password)
		if c.opt.Auth >= Namespace {
			req.Header.Set("surreal-auth-ns", c.opt.Namespace)
		}
		if c.opt.Auth == Database {
			req.Header.Set("surreal-auth-db", c.opt.Database)
		}
		return nil
	}
	req.Header.Set("Authorization", "Bearer "+s.token)
	return nil
}

// signIn fetches a token. A server that hides /signin, or refuses, is asked
// with the password from then on: its answer to that is the one that counts.
func (c *Client) signIn(ctx context.Context) error {
	s := c.session
	if s.basic {
		return nil
	}
	fields := map[string]string{"user": c.opt.Username, "pass": c.opt.Password}
	if c.opt.Auth >= Namespace {
		fields["ns"] = c.opt.Namespace
	}
	if c.opt.Auth == Database {
		fields["db"] = c.opt.Database
	}
	body, err := json.Marshal(fields)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+"/signin", bytes.NewReader(body))
	if err != nil {
		return err
	}
	c.headers(req, request{contentType: "application/json", reads: true})
	res, err := c.http.Do(req)
	if err != nil {
		return err
	}
	text, err := readAnswer(res)
	if err != nil {
		return err
	}
	var answer struct {
		Token string `json:"token"`
	}
	s.token, s.basic = "", true
	if res.StatusCode == http.StatusOK && json.Unmarshal(text, &answer) == nil && answer.Token != "" {
		s.token, s.basic = answer.Token, false
	}
	return nil
}
