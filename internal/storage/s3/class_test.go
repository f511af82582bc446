package s3_test

import (
	"fmt"
	"testing"

	"github.com/vapora-platform/vapora-backup/internal/hint"
	"github.com/vapora-platform/vapora-backup/internal/s3test"
	"github.com/vapora-platform/vapora-backup/internal/storage"
)

func TestClassesAreListed(t *testing.T) {
	t.Parallel()
	srv := s3test.Start(t, s3test.Moto)
	s := open(t, options(srv, srv.Bucket(t)))
	want := map[string]string{}
	for _, class := range []string{"", "STANDARD_IA", "GLACIER_IR", "GLACIER", "DEEP_ARCHIVE"} {
		for _, size := range []int64{small, large} {
			key := fmt.Sprintf("kind/%s-%d", class, size)
			if err := s.Put(t.Context(), key, zeros(size), storage.PutOptions{Class: class}); err != nil {
				t.Fatal(err)
			}
			if want[key] = class; class == "" {
				want[key] = "STANDARD"
			}
		}
	}
	for _, o := range list(t, s) {
		if o.Class != want[o.Key] {
			t.Errorf("%s: got class %q, want %q", o.Key, o.Class, want[o.Key])
		}
		delete(want, o.Key)
	}
	if len(want) != 0 {
		t.Errorf("not listed: %v", want)
	}
}

func TestClassThatTheServerDoesNotHave(t *testing.T) {
	t.Parallel()
	for p, class := range map[s3test.Program]string{s3test.MinIO: "GLACIER", s3test.Moto: "NO_SUCH_CLASS"} {
		t.Run(string(p), func(t *testing.T) {
			t.Parallel()
			srv := s3test.Start(t, p)
			bucket := srv.Bucket(t)
			s := open(t, options(srv, bucket))
			for _, size := range []int64{small, large} {
				err := s.Put(t.Context(), "kind/a", zeros(size), storage.PutOptions{Class: class})
				want := fmt.Sprintf("put kind/a: the server has no storage class %q", class)
				if err == nil || err.Error() != want || hint.Of(err) == "" {
					t.Errorf("%d bytes: got %v, want %s, with a hint", size, err, want)
				}
				wantNothing(t, srv, bucket)
			}
		})
	}
}
