package azblob

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"github.com/vapora-platform/vapora-backup/internal/storage"
)

var (
	accountName   = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{1,62}$`)
	containerName = regexp.MustCompile(`^(\$root|[a-z0-9][a-z0-9-]{2,62})$`)
)

// complete checks the options and puts the defaults in.
func (o *Options) complete() error {
	switch {
	case o.Container == "":
		return errors.New("no container given")
	case !containerName.MatchString(o.Container):
		return fmt.Errorf("container %q is not 3 to 63 lower-case letters, digits and hyphens", o.Container)
	case o.Account == "" && (o.Endpoint == "" || o.AccountKey != ""):
		return errors.New("no account given")
	case o.Account != "" && !accountName.MatchString(o.Account):
		return fmt.Errorf("account %q is not lower-case letters and digits", o.Account)
	case o.AccountKey != "" && o.SASToken != "":
		return errors.New("an account key and a SAS token are given: one is enough")
	}
	if o.Prefix = strings.Trim(o.Prefix, "/"); o.Prefix != "" {
		if err := storage.CheckKey(o.Prefix); err != nil {
			return fmt.Errorf("prefix: %w", err)
		}
		o.Prefix += "/"
	}
	if err := o.completeAccess(); err != nil {
		return err
	}
	if o.PartSize == 0 {
		o.PartSize = defaultPartSize
	}
	if o.PartSize < MinPartSize || o.PartSize > MaxPartSize {
		return fmt.Errorf("part size %d is not between %d and %d", o.PartSize, MinPartSize, int64(MaxPartSize))
	}
	if o.Concurrency == 0 {
		o.Concurrency = defaultConcurrency
	}
	if o.Attempts == 0 {
		o.Attempts = defaultAttempts
	}
	if o.Concurrency < 0 || o.Attempts < 0 || o.Silence < 0 {
		return errors.New("concurrency, attempts and silence cannot be negative")
	}
	return nil
}

// completeAccess checks the endpoint and the token, neither of which may be
// quoted: people paste a whole URL with its signature into either.
func (o *Options) completeAccess() error {
	if o.Endpoint == "" {
		o.Endpoint = "https://" + o.Account + ".blob.core.windows.net"
	}
	u, err := url.Parse(o.Endpoint)
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
		return errors.New("the endpoint is not an http or https URL")
	}
	if u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return errors.New("the endpoint is more than a URL's scheme, host and path; a SAS token has a setting of its own")
	}
	o.Endpoint = strings.TrimRight(o.Endpoint, "/")
	if o.SASToken != "" {
		o.SASToken = strings.TrimPrefix(o.SASToken, "?")
		if q, err := url.ParseQuery(o.SASToken); err != nil || q.Get("sig") == "" {
			return errors.New("the SAS token is not a query string with a signature")
		}
	}
	if o.AccountKey == "" && o.SASToken == "" && u.Scheme == "http" {
		return errors.New("an identity's token must not be sent over http: use an https endpoint")
	}
	return nil
}
