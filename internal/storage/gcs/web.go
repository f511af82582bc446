package gcs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"strings"

	"cloud.google.com/go/auth"
	"cloud.google.com/go/auth/credentials"
	"cloud.google.com/go/auth/httptransport"
	gcs "cloud.google.com/go/storage"

	"github.com/vapora-platform/vapora-backup/internal/hint"
	"github.com/vapora-platform/vapora-backup/internal/storage/transport"
)

// connect makes the client for all that the server is asked. Tokens are fetched
// through the same transport, so that its authorities hold for them too.
func (s *Store) connect() error {
	t, err := transport.New(transport.Options{CAFile: s.o.CAFile, Silence: s.o.Silence, Bandwidth: s.o.Bandwidth})
	if err != nil {
		return err
	}
	// A server that compresses on the way changes the length of what is read.
	t.DisableCompression = true
	s.plain = t
	s.web = &http.Client{Transport: guard{t}}
	if s.o.Anonymous {
		return nil
	}
	creds, err := s.credentials(&http.Client{Transport: t})
	if err != nil {
		return err
	}
	creds.TokenProvider = &provider{creds.TokenProvider}
	s.web, err = httptransport.NewClient(&httptransport.Options{
		Credentials: creds, BaseRoundTripper: guard{t}, DisableTelemetry: true,
	})
	return err
}

func (s *Store) credentials(web *http.Client) (*auth.Credentials, error) {
	o := &credentials.DetectOptions{Scopes: []string{gcs.ScopeFullControl}, Client: web}
	if s.o.ServiceAccount != "" {
		creds, err := credentials.NewCredentialsFromJSON(credentials.ServiceAccount, []byte(s.o.ServiceAccount), o)
		if err != nil {
			return nil, hint.Wrap(fmt.Errorf("read the service account's key: %w", err),
				"give the JSON that gcloud iam service-accounts keys create writes; other kinds of credentials go into a file that GOOGLE_APPLICATION_CREDENTIALS names")
		}
		return creds, nil
	}
	creds, err := credentials.DetectDefault(o)
	if err != nil {
		return nil, hint.Wrap(&noCredentials{err},
			"give the key of a service account, or set GOOGLE_APPLICATION_CREDENTIALS; on Google's own machines, attach a service account")
	}
	return creds, nil
}

// provider marks the errors of the search for a token, which else look like
// those of a server that cannot be reached.
type provider struct{ auth.TokenProvider }

func (p *provider) Token(ctx context.Context) (*auth.Token, error) {
	t, err := p.TokenProvider.Token(ctx)
	if err != nil {
		return nil, &noCredentials{err}
	}
	return t, nil
}

type noCredentials struct{ err error }

func (e *noCredentials) Error() string {
	line, _, _ := strings.Cut(e.err.Error(), "\n")
	return "find credentials: " + strings.TrimPrefix(line, "credentials: ")
}

func (e *noCredentials) Unwrap() error { return e.err }

// explain is for err, which wraps e. It is fs.ErrPermission where the server
// that gives out tokens refuses.
func (e *noCredentials) explain(err error) error {
	refused, ok := errors.AsType[*auth.Error](e)
	if !ok || refused.Response == nil || refused.Response.StatusCode >= http.StatusInternalServerError {
		cure := "check the credentials"
		if _, asked := errors.AsType[*url.Error](e); asked {
			cure = "check that this machine may reach the server that gives out tokens"
		}
		return hint.Wrap(&fault{e.Error(), []error{err}}, "%s", cure)
	}
	var why struct {
		Code        string `json:"error"`
		Description string `json:"error_description"`
	}
	msg := fmt.Sprintf("no token (status %d)", refused.Response.StatusCode)
	if json.Unmarshal(refused.Body, &why) == nil && why.Code != "" {
		msg = fmt.Sprintf("%s: %s", why.Code, strings.TrimSuffix(why.Description, "."))
	}
	return hint.Wrap(&fault{"find credentials: " + msg, []error{fs.ErrPermission, err}},
		"check the service account's key: it may be deleted, or this machine's clock wrong")
}
