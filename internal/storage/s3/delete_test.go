package s3_test

import (
	"errors"
	"io/fs"
	"testing"

	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/vapora-platform/vapora-backup/internal/hint"
	"github.com/vapora-platform/vapora-backup/internal/s3test"
)

// Nothing that was deleted goes on lying in the bucket and costing money.
func TestDeleteLeavesNoVersion(t *testing.T) {
	t.Parallel()
	for _, p := range all {
		t.Run(string(p), func(t *testing.T) {
			t.Parallel()
			srv := s3test.Start(t, p)
			for _, bucket := range []string{srv.Bucket(t), srv.VersionedBucket(t), srv.LockedBucket(t)} {
				s := open(t, options(srv, bucket))
				for key, size := range map[string]int64{"kind/small": small, "kind/large": large} {
					if err := putZeros(t.Context(), s, key, size); err != nil {
						t.Fatal(err)
					}
					if err := s.Delete(t.Context(), key); err != nil {
						t.Error(err)
					}
					if err := s.Delete(t.Context(), key); !errors.Is(err, fs.ErrNotExist) {
						t.Errorf("again: got %v, want fs.ErrNotExist", err)
					}
				}
				wantNothing(t, srv, bucket)
			}
		})
	}
}

// Of an object from before its bucket had versions, or after, not every server
// says that it is one.
func TestDeleteWhereVersionsCameOrWent(t *testing.T) {
	t.Parallel()
	for _, p := range all {
		t.Run(string(p), func(t *testing.T) {
			t.Parallel()
			srv := s3test.Start(t, p)
			bucket := srv.Bucket(t)
			s := open(t, options(srv, bucket))
			for _, status := range []types.BucketVersioningStatus{types.BucketVersioningStatusEnabled, types.BucketVersioningStatusSuspended} {
				key := "kind/" + string(status)
				if err := putZeros(t.Context(), s, key, small); err != nil {
					t.Fatal(err)
				}
				_, err := srv.Client().PutBucketVersioning(t.Context(), &awss3.PutBucketVersioningInput{
					Bucket: &bucket, VersioningConfiguration: &types.VersioningConfiguration{Status: status},
				})
				if err != nil {
					t.Fatal(err)
				}
				if err := s.Delete(t.Context(), key); err != nil {
					t.Errorf("%s: %v", status, err)
				}
				wantNothing(t, srv, bucket)
			}
			if err := putZeros(t.Context(), s, "kind/after", small); err != nil {
				t.Fatal(err)
			}
			if err := s.Delete(t.Context(), "kind/after"); err != nil {
				t.Error(err)
			}
			// The mark, which MinIO sets without a word, holds no bytes.
			versions, err := srv.Client().ListObjectVersions(t.Context(), &awss3.ListObjectVersionsInput{Bucket: &bucket})
			if err != nil || len(versions.Versions) > 0 {
				t.Errorf("suspended: got %v, %v, want no version", versions.Versions, err)
			}
		})
	}
}

// Who may delete and not read does not know the version. Where there are none,
// none is needed; else an object that is only marked as gone is not deleted.
func TestDeleteWithoutReading(t *testing.T) {
	t.Parallel()
	for _, p := range []s3test.Program{s3test.Versitygw, s3test.MinIO} {
		t.Run(string(p), func(t *testing.T) {
			t.Parallel()
			srv := s3test.Start(t, p)
			plain, versioned := srv.Bucket(t), srv.VersionedBucket(t)
			for _, bucket := range []string{plain, versioned} {
				s := open(t, options(srv.As(t, bucket, "s3:PutObject", "s3:DeleteObject"), bucket))
				if err := putZeros(t.Context(), s, "kind/a", small); err != nil {
					t.Fatal(err)
				}
				err := s.Delete(t.Context(), "kind/a")
				if bucket == plain && err != nil {
					t.Errorf("no versions: %v", err)
				}
				if bucket == versioned && (!errors.Is(err, fs.ErrPermission) || hint.Of(err) == "") {
					t.Errorf("versions: got %v, want fs.ErrPermission with a hint", err)
				}
			}
			wantNothing(t, srv, plain)
		})
	}
}
