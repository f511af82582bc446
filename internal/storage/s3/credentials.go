package s3

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// provider marks the errors of the SDK's search for credentials, which else
// look like those of a server that cannot be reached.
type provider struct{ aws.CredentialsProvider }

func (p *provider) Retrieve(ctx context.Context) (aws.Credentials, error) {
	c, err := p.CredentialsProvider.Retrieve(ctx)
	if err != nil {
		return c, &noCredentials{err}
	}
	return c, nil
}

type noCredentials struct{ err error }

func (e *noCredentials) Error() string { return "find credentials: " + e.err.Error() }
func (e *noCredentials) Unwrap() error { return e.err }
