package s3

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/vapora-platform/vapora-backup/internal/storage/transport"
)

// Time implements storage.Clock.
func (s *Store) Time(ctx context.Context) (time.Time, error) {
	// Where the client would ask: settings of this machine may say another place.
	o := s.client.Options()
	at, err := o.EndpointResolverV2.ResolveEndpoint(ctx, s3.EndpointParameters{Region: aws.String(o.Region), Endpoint: o.BaseEndpoint})
	if err != nil {
		return time.Time{}, fmt.Errorf("ask for the time: %w", err)
	}
	t, err := transport.Time(ctx, s.web, at.URI.String())
	if err != nil {
		return t, s.explain(ctx, err)
	}
	return t, nil
}
