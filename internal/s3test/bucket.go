package s3test

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// Bucket makes an empty bucket and returns its name.
func (s *Server) Bucket(t testing.TB) string {
	t.Helper()
	name, err := s.MakeBucket(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return name
}

// VersionedBucket makes an empty bucket that keeps what is replaced or deleted.
func (s *Server) VersionedBucket(t testing.TB) string {
	t.Helper()
	name := s.Bucket(t)
	_, err := s.Client().PutBucketVersioning(t.Context(), &s3.PutBucketVersioningInput{
		Bucket: &name, VersioningConfiguration: &types.VersioningConfiguration{Status: types.BucketVersioningStatusEnabled},
	})
	if err != nil {
		t.Fatalf("have bucket %s keep versions: %v", name, err)
	}
	return name
}

// LockedBucket makes an empty bucket whose objects can be locked. It has
// versions, and no lock that comes of itself.
func (s *Server) LockedBucket(t testing.TB) string {
	t.Helper()
	name, err := s.makeBucket(t.Context(), true)
	if err != nil {
		t.Fatal(err)
	}
	return name
}

// MakeBucket makes an empty bucket and returns its name.
func (s *Server) MakeBucket(ctx context.Context) (string, error) { return s.makeBucket(ctx, false) }

func (s *Server) makeBucket(ctx context.Context, lock bool) (string, error) {
	name := "test-" + strings.ToLower(rand.Text()[:12])
	_, err := s.Client().CreateBucket(ctx, &s3.CreateBucketInput{Bucket: &name, ObjectLockEnabledForBucket: aws.Bool(lock)})
	if err != nil {
		return "", fmt.Errorf("make bucket: %w", err)
	}
	return name, nil
}
