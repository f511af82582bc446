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

// What others have marked as gone is gone, also where its versions stay.
func TestMarkedAsGoneIsMissing(t *testing.T) {
	t.Parallel()
	for _, p := range lockers {
		t.Run(string(p), func(t *testing.T) {
			t.Parallel()
			srv := s3test.Start(t, p)
			bucket, key := srv.LockedBucket(t), "kind/a"
			s := open(t, options(srv, bucket))
			if err := putZeros(t.Context(), s, key, small); err != nil {
				t.Fatal(err)
			}
			if _, err := srv.Client().DeleteObject(t.Context(), &awss3.DeleteObjectInput{Bucket: &bucket, Key: &key}); err != nil {
				t.Fatal(err)
			}
			_, get := s.Get(t.Context(), key)
			_, protection := s.Protection(t.Context(), key)
			_, temperature := s.Temperature(t.Context(), key)
			for what, err := range map[string]error{
				"get": get, "protection": protection, "temperature": temperature,
				"delete": s.Delete(t.Context(), key), "hold": s.Hold(t.Context(), key, true), "thaw": s.Thaw(t.Context(), key, "", 1),
			} {
				if !errors.Is(err, fs.ErrNotExist) {
					t.Errorf("%s: got %v, want fs.ErrNotExist", what, err)
				}
			}
			if got := list(t, s); len(got) != 0 {
				t.Errorf("list: got %v, want nothing", got)
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
				s := open(t, options(srv.As(t, bucket, "s3:PutObject", "s3:DeleteObject", "s3:DeleteObjectVersion"), bucket))
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

// The rights that the package's comment tells of are enough to prune.
func TestRightsToDelete(t *testing.T) {
	t.Parallel()
	for _, p := range []s3test.Program{s3test.Versitygw, s3test.MinIO} {
		t.Run(string(p), func(t *testing.T) {
			t.Parallel()
			srv := s3test.Start(t, p)
			for bucket, actions := range map[string][]string{
				srv.Bucket(t):          {"s3:GetObject", "s3:DeleteObject"},
				srv.VersionedBucket(t): {"s3:GetObject", "s3:DeleteObject", "s3:DeleteObjectVersion"},
			} {
				if err := putZeros(t.Context(), open(t, options(srv, bucket)), "kind/a", small); err != nil {
					t.Fatal(err)
				}
				if err := open(t, options(srv.As(t, bucket, actions...), bucket)).Delete(t.Context(), "kind/a"); err != nil {
					t.Errorf("with %v: %v", actions, err)
				}
				wantNothing(t, srv, bucket)
			}
		})
	}
}
