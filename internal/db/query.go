package db

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/vapora-platform/vapora-backup/internal/hint"
)

// Errors of a server that someone branches on.
var (
	ErrDenied      = errors.New("access denied")
	ErrNoNamespace = errors.New("no such namespace")
	ErrNoDatabase  = errors.New("no such database")
)

// maxAnswer bounds an answer that is read into memory. Answers about the
// schema are small; an import lists its failures only.
const maxAnswer = 256 << 20

// A Result is the answer to one statement.
type Result struct {
	Value json.RawMessage
	Err   string // what the server says went wrong, sanitized; "" if nothing did

	missing string // "namespace", "database" or "table" if Err says that it does not exist
}

// err tells the failures that matter apart.
func (r Result) err() error {
	switch {
	case r.Err == "":
		return nil
	case r.missing == "namespace":
		return fmt.Errorf("%w: %s", ErrNoNamespace, r.Err)
	case r.missing == "database":
		return fmt.Errorf("%w: %s", ErrNoDatabase, r.Err)
	case strings.Contains(r.Err, "Not enough permissions"):
		return fmt.Errorf("%w: %s", ErrDenied, r.Err)
	}
	return errors.New(r.Err)
}

// Query runs statements in the Client's database. The error is of the
// exchange; each statement's own is in its Result.
func (c *Client) Query(ctx context.Context, sql string) ([]Result, error) {
	return c.QueryIn(ctx, c.opt.Namespace, c.opt.Database, sql)
}

// QueryIn runs statements in another place; empty names are left out.
func (c *Client) QueryIn(ctx context.Context, namespace, database, sql string) ([]Result, error) {
	return c.query(ctx, request{namespace: namespace, database: database, body: []byte(sql)})
}

// read runs statements in the Client's database that change nothing.
func (c *Client) read(ctx context.Context, sql string) ([]Result, error) {
	return c.query(ctx, request{namespace: c.opt.Namespace, database: c.opt.Database, body: []byte(sql), reads: true})
}

func (c *Client) query(ctx context.Context, r request) ([]Result, error) {
	r.method, r.path, r.contentType, r.works = "POST", "/sql", "text/plain", true
	res, err := c.do(ctx, r)
	if err != nil {
		return nil, err
	}
	body, err := readAnswer(res)
	if err != nil {
		return nil, fmt.Errorf("query %s: %w", c.base, err)
	}
	if res.StatusCode != http.StatusOK {
		return nil, c.refused("query", res.StatusCode, body)
	}
	return parseResults(body)
}

func readAnswer(res *http.Response) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	if cerr := res.Body.Close(); err == nil {
		err = cerr
	}
	if err == nil && len(body) > maxAnswer {
		err = fmt.Errorf("an answer of more than %d bytes", maxAnswer)
	}
	return body, err
}

// parseResults reads the list that /sql and /import answer with.
func parseResults(body []byte) ([]Result, error) {
	var list []struct {
		Status string          `json:"status"`
		Result json.RawMessage `json:"result"`
	}
	if err := json.Unmarshal(body, &list); err != nil {
		return nil, errors.New("the server's answer is not the list that a SurrealDB gives")
	}
	out := make([]Result, len(list))
	for i, r := range list {
		if r.Status == "OK" {
			out[i].Value = r.Result
			continue
		}
		var text string
		if json.Unmarshal(r.Result, &text) != nil || text == "" {
			text = "failed, without a reason"
		}
		out[i] = Result{Err: sanitize(text), missing: absent(text)}
	}
	return out, nil
}

// refused turns an answer's status into an error.
func (c *Client) refused(what string, status int, body []byte) error {
	var fields struct {
		Description string `json:"description"`
		Information string `json:"information"`
	}
	text := string(body)
	if json.Unmarshal(body, &fields) == nil && fields.Information != "" {
		text = fields.Information
	}
	text = sanitize(text)
	err := fmt.Errorf("%s at %s: status %d: %s", what, c.base, status, text)
	switch status {
	case http.StatusUnauthorized:
		return hint.Wrap(fmt.Errorf("%s at %s: %w: %s", what, c.base, ErrDenied, text), "check the user, the password, and the level that the user is defined at (auth)")
	case http.StatusForbidden:
		return hint.Wrap(fmt.Errorf("%s at %s: %w: %s", what, c.base, ErrDenied, text), "the user needs the role VIEWER to back up, OWNER to restore (EDITOR where no users and accesses come back)")
	case http.StatusRequestEntityTooLarge:
		return hint.Wrap(err, "a record is larger than the server takes: raise SURREAL_HTTP_MAX_SQL_BODY_SIZE and SURREAL_HTTP_MAX_IMPORT_BODY_SIZE where it runs, and the limit of what stands before it")
	case http.StatusUnsupportedMediaType:
		return fmt.Errorf("%w: %w", ErrVersion, err)
	case http.StatusMovedPermanently, http.StatusFound, http.StatusTemporaryRedirect, http.StatusPermanentRedirect, http.StatusNotFound:
		return hint.Wrap(err, "the address must be that of the server itself: http(s)://host:port")
	}
	return err
}
