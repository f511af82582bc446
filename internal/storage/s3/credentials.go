package s3

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// sessionName is how a role's sessions are called in the account's logs.
const sessionName = "vapora-backup"

// AssumeRole is a role that is taken on with the credentials.
type AssumeRole struct {
	ARN        string
	ExternalID string
	Endpoint   string // of STS; "": Amazon's

	// MFASerial is the device that the role demands a code of, and Code asks for
	// one: once, when the credentials are first needed.
	MFASerial string
	Code      func() (string, error)
}

func (r AssumeRole) provider(cfg aws.Config) aws.CredentialsProvider {
	client := sts.NewFromConfig(cfg, func(o *sts.Options) {
		if r.Endpoint != "" {
			o.BaseEndpoint = aws.String(r.Endpoint)
		}
	})
	return aws.NewCredentialsCache(stscreds.NewAssumeRoleProvider(client, r.ARN, func(o *stscreds.AssumeRoleOptions) {
		o.RoleSessionName = sessionName
		if r.ExternalID != "" {
			o.ExternalID = aws.String(r.ExternalID)
		}
		if r.MFASerial != "" {
			o.SerialNumber, o.TokenProvider = aws.String(r.MFASerial), r.Code
		}
	}))
}

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
