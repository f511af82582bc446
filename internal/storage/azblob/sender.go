package azblob

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
)

// A sender sends the SDK's requests. Its errors do not quote the URL.
type sender struct{ client *http.Client }

func newSender(t http.RoundTripper) *sender {
	return &sender{&http.Client{
		Transport: t,
		// Nobody else is to see a token that is part of the URL.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Do implements policy.Transporter.
func (s *sender) Do(req *http.Request) (*http.Response, error) {
	resp, err := s.client.Do(req)
	if e, ok := errors.AsType[*url.Error](err); ok {
		return nil, e.Err
	}
	return resp, err
}

// secrets are all texts that would give the access away.
type secrets []string

func (o *Options) secrets() secrets {
	if o.AccountKey != "" {
		return secrets{o.AccountKey}
	}
	q, err := url.ParseQuery(o.SASToken)
	if o.SASToken == "" || err != nil {
		return nil
	}
	sig := q.Get("sig")
	return secrets{o.SASToken, sig, url.QueryEscape(sig)}
}

// redact takes the secrets out of a text.
func (s secrets) redact(text string) string {
	for _, secret := range s {
		text = strings.ReplaceAll(text, secret, "REDACTED")
	}
	return text
}

// clean returns err itself, unless it quotes what a server has sent back to us.
func (s secrets) clean(err error) error {
	if text := err.Error(); s.redact(text) != text {
		return errors.New(s.redact(text))
	}
	return err
}
