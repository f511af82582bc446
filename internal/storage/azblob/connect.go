package azblob

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
)

const (
	readAttempts = 3
	// retryDelay is what the first waits grow from: 0.25 s, 0.75 s, 1.75 s, …
	retryDelay = 250 * time.Millisecond
)

// connect returns the SDK's client, which asks the server for nothing yet.
func (o *Options) connect(t policy.Transporter) (*container.Client, error) {
	at := o.Endpoint + "/" + o.Container
	options := &container.ClientOptions{ClientOptions: azcore.ClientOptions{
		Transport: t, Retry: retries(min(o.Attempts, readAttempts)), PerRetryPolicies: []policy.Policy{ownBodies{}},
	}}
	switch {
	case o.AccountKey != "":
		key, err := container.NewSharedKeyCredential(o.Account, o.AccountKey)
		if err != nil {
			return nil, errors.New("the account key is not base64")
		}
		return container.NewClientWithSharedKeyCredential(at, key, options)
	case o.SASToken != "":
		return container.NewClientWithNoCredential(at+"?"+o.SASToken, options)
	}
	chain, err := azidentity.NewDefaultAzureCredential(&azidentity.DefaultAzureCredentialOptions{
		ClientOptions: azcore.ClientOptions{Transport: t},
	})
	if err != nil {
		return nil, &noCredentials{err}
	}
	return container.NewClient(at, &provider{chain}, options)
}

func retries(attempts int) policy.RetryOptions {
	o := policy.RetryOptions{MaxRetries: int32(attempts - 1), RetryDelay: retryDelay, MaxRetryDelay: time.Minute}
	if attempts == 1 {
		o.MaxRetries = -1 // 0 is the SDK's default
	}
	return o
}

// persist has a write tried more often than a read: more is lost with it.
func (s *Store) persist(ctx context.Context) context.Context {
	return policy.WithRetryOptions(ctx, retries(s.o.Attempts))
}

// provider marks the errors of the SDK's search for credentials, which else
// look like those of a server that cannot be reached.
type provider struct{ azcore.TokenCredential }

func (p *provider) GetToken(ctx context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	t, err := p.TokenCredential.GetToken(ctx, o)
	if err != nil {
		return t, &noCredentials{err}
	}
	return t, nil
}

type noCredentials struct{ err error }

func (e *noCredentials) Error() string {
	return "find credentials: " + strings.Join(strings.Fields(e.err.Error()), " ")
}
func (e *noCredentials) Unwrap() error { return e.err }

// NonRetriable tells the SDK's retry policy that the search was tried often
// enough: it has a policy of its own.
func (e *noCredentials) NonRetriable() {}
