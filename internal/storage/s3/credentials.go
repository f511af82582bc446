package s3

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/vapora-platform/vapora-backup/internal/hint"
)

const (
	// sessionName is how a role's sessions are called in the account's logs.
	sessionName = "vapora-backup"
	// sessionTime is how long they last: every role allows as much, and no
	// session of another role gets more.
	sessionTime = time.Hour
)

// AssumeRole is a role that is taken on with the credentials.
type AssumeRole struct {
	ARN        string
	ExternalID string
	Endpoint   string // of STS; "": Amazon's

	// MFASerial is the device that the role demands a code of. Code asks for
	// one: when the credentials are first needed, and again when their session,
	// of an hour, has ended.
	MFASerial string
	Code      func() (string, error)
}

func (r AssumeRole) provider(cfg aws.Config) aws.CredentialsProvider {
	client := sts.NewFromConfig(cfg, func(o *sts.Options) {
		if r.Endpoint != "" {
			o.BaseEndpoint = aws.String(r.Endpoint)
		}
	})
	p := &role{arn: r.ARN, ask: r.Code}
	p.assume = stscreds.NewAssumeRoleProvider(client, r.ARN, func(o *stscreds.AssumeRoleOptions) {
		o.RoleSessionName, o.Duration = sessionName, sessionTime
		if r.ExternalID != "" {
			o.ExternalID = aws.String(r.ExternalID)
		}
		if r.MFASerial != "" {
			o.SerialNumber, o.TokenProvider = aws.String(r.MFASerial), p.code
		}
	})
	return aws.NewCredentialsCache(p)
}

// A role asks for one code a session, however often it is tried to get that.
type role struct {
	arn    string
	assume aws.CredentialsProvider
	ask    func() (string, error)

	mu     sync.Mutex
	answer func() (string, error) // nil: nobody was asked since the last session
}

func (r *role) Retrieve(ctx context.Context) (aws.Credentials, error) {
	c, err := r.assume.Retrieve(ctx)
	if err != nil {
		return c, &noCredentials{r.arn, err}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answer = nil
	return c, nil
}

func (r *role) code() (string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.answer == nil {
		if r.ask == nil {
			return "", errors.New("it demands a code, and nobody can be asked for one")
		}
		r.answer = sync.OnceValues(r.ask)
	}
	return r.answer()
}

// provider marks the errors of the SDK's search for credentials, which else
// look like those of a server that cannot be reached.
type provider struct{ aws.CredentialsProvider }

func (p *provider) Retrieve(ctx context.Context) (aws.Credentials, error) {
	c, err := p.CredentialsProvider.Retrieve(ctx)
	if err != nil {
		if _, ok := errors.AsType[*noCredentials](err); !ok {
			err = &noCredentials{"", err}
		}
	}
	return c, err
}

type noCredentials struct {
	role string // that was not to be had; "" if there were no credentials at all
	err  error
}

func (e *noCredentials) Error() string {
	if e.role == "" {
		return "find credentials: " + e.err.Error()
	}
	said := e.err.Error()
	if c := code(e.err); c != "" {
		said = c + ": " + message(e.err)
	}
	return fmt.Sprintf("assume role %s: %s", e.role, said)
}

func (e *noCredentials) Unwrap() error { return e.err }

func (e *noCredentials) explain() error {
	f := &fault{e.Error(), []error{e}}
	if e.role == "" {
		return hint.Wrap(f, "give an access key, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
	}
	return hint.Wrap(f, "check the role's trust policy: who may take it on, its external ID and its device")
}
