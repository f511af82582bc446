package gcs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"strings"

	gcs "cloud.google.com/go/storage"
	"google.golang.org/api/googleapi"

	"github.com/vapora-platform/vapora-backup/internal/hint"
	"github.com/vapora-platform/vapora-backup/internal/storage"
)

// A fault says in few words what an error of the SDK says in many, and keeps it.
type fault struct {
	msg  string
	errs []error
}

func (f *fault) Error() string   { return f.msg }
func (f *fault) Unwrap() []error { return f.errs }

func errExist(err error) error { return &fault{fs.ErrExist.Error(), []error{fs.ErrExist, err}} }

// status is the HTTP status of an answer, 0 if there was none.
func status(err error) int {
	if e, ok := errors.AsType[*googleapi.Error](err); ok {
		return e.Code
	}
	return 0
}

// answered is what the server said, and whether it was one. Where an object was
// to come, the SDK leaves it in its JSON.
func answered(err error) (googleapi.Error, bool) {
	e, ok := errors.AsType[*googleapi.Error](err)
	if !ok {
		return googleapi.Error{}, false
	}
	said := *e
	if said.Message == "" {
		var body struct{ Error struct{ Message string } }
		if json.Unmarshal([]byte(e.Body), &body) == nil {
			said.Message = body.Error.Message
		}
	}
	if said.Message = strings.TrimSuffix(said.Message, "."); said.Message == "" {
		said.Message = "the server gives no reason"
	}
	return said, true
}

// kept says whether the server refuses since a retention or a hold keeps the
// object. Google documents a reason for holds that its answers do not give.
func kept(err error) bool {
	e, ok := answered(err)
	if !ok || e.Code != http.StatusForbidden {
		return false
	}
	for _, item := range e.Errors {
		if item.Reason == "retentionPolicyNotMet" || item.Reason == "objectUnderActiveHold" {
			return true
		}
	}
	return strings.Contains(e.Message, "is under active")
}

// explain turns an error of the SDK into one for people. It is fs.ErrNotExist,
// fs.ErrExist, fs.ErrPermission, io.ErrUnexpectedEOF or storage.ErrNoLock where
// it means that.
func (s *Store) explain(ctx context.Context, err error) error {
	if end := storage.Ended(ctx); end != nil {
		return &fault{end.Error(), []error{end, err}}
	}
	e, ok := answered(err)
	if !ok {
		return s.explainNetwork(err)
	}
	say := func(msg string, is ...error) error { return &fault{msg, append(is, err)} }
	switch {
	case errors.Is(err, gcs.ErrBucketNotExist), e.Code == http.StatusNotFound && strings.Contains(e.Message, "bucket does not exist"):
		return s.noBucket(err)
	case e.Code == http.StatusNotFound:
		return say(fs.ErrNotExist.Error(), fs.ErrNotExist)
	case e.Code == http.StatusPreconditionFailed:
		return say(fs.ErrExist.Error(), fs.ErrExist)
	case e.Code == http.StatusRequestedRangeNotSatisfiable:
		return say("the object ends before this range", io.ErrUnexpectedEOF)
	case e.Code == http.StatusUnauthorized:
		return hint.Wrap(say("the server does not accept the credentials: "+e.Message, fs.ErrPermission),
			"check the service account's key, and that it belongs to this server")
	case e.Code == http.StatusForbidden:
		return hint.Wrap(say("access denied: "+e.Message, fs.ErrPermission),
			"the credentials need storage.objects.create, storage.objects.get and storage.objects.list on bucket %s", s.o.Bucket)
	case e.Code == http.StatusBadRequest && strings.Contains(strings.ToLower(e.Message), "object retention is not enabled"):
		return s.cannotLock(err)
	default:
		return say(fmt.Sprintf("%s (status %d)", e.Message, e.Code))
	}
}

func (s *Store) noBucket(err error) error {
	return hint.Wrap(&fault{fmt.Sprintf("bucket %q does not exist", s.o.Bucket), []error{err}},
		"create the bucket, or correct the destination's URL")
}

// explainNetwork is for errors that no storage server sent.
func (s *Store) explainNetwork(err error) error {
	if e, ok := errors.AsType[*noCredentials](err); ok {
		return e.explain(err)
	}
	cause := err
	if e, ok := errors.AsType[*url.Error](err); ok {
		cause = e.Err
	}
	at := s.o.Endpoint
	if e, ok := errors.AsType[*net.OpError](cause); ok {
		return hint.Wrap(&fault{fmt.Sprintf("no connection to %s: %v", at, e.Err), []error{err}},
			"check the destination's endpoint, and that this machine may reach it")
	}
	if e, ok := errors.AsType[*net.DNSError](cause); ok {
		return hint.Wrap(&fault{fmt.Sprintf("no connection to %s: %v", at, e), []error{err}},
			"check the destination's endpoint")
	}
	return &fault{fmt.Sprintf("%s: %v", at, cause), []error{err}}
}
