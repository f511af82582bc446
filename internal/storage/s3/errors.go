package s3

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/url"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"

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

func errMissing(err error) error { return &fault{fs.ErrNotExist.Error(), []error{fs.ErrNotExist, err}} }

// markedGone says whether an error means that what is under a key has been
// deleted and its versions stay, where a question may not be asked of the mark.
func markedGone(err error) bool { return code(err) == "MethodNotAllowed" }

// code is what the server calls an error, "" if the error is not its own.
func code(err error) string {
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		return api.ErrorCode()
	}
	return ""
}

// status is the HTTP status of an answer, 0 if there was none.
func status(err error) int {
	if r, ok := errors.AsType[*awshttp.ResponseError](err); ok {
		return r.HTTPStatusCode()
	}
	return 0
}

// doubtful says whether a write that failed with err may have taken place.
func doubtful(err error) bool {
	switch s := status(err); {
	case s == 404: // NoSuchUpload: it may have been completed
		return code(err) == "NoSuchUpload"
	case s == 409, s == 412:
		return true
	default:
		return s < 400 || s >= 500
	}
}

// explain turns an error of the SDK into one for people. It is fs.ErrNotExist,
// fs.ErrExist, fs.ErrPermission or io.ErrUnexpectedEOF where it means that.
func (s *Store) explain(ctx context.Context, err error) error {
	if end := storage.Ended(ctx); end != nil {
		return &fault{end.Error(), []error{end, err}}
	}
	if e, ok := errors.AsType[*noCredentials](err); ok {
		return e.explain()
	}
	say := func(msg string, is ...error) error { return &fault{msg, append(is, err)} }
	region := s.client.Options().Region
	switch c := code(err); c {
	case "":
		return s.explainNetwork(err)
	case "NoSuchKey", "NotFound":
		return errMissing(err)
	case "PreconditionFailed":
		return errExist(err)
	case "InvalidRange":
		return say("the object ends before this range", io.ErrUnexpectedEOF)
	case "NoSuchBucket":
		return hint.Wrap(say(fmt.Sprintf("bucket %q does not exist", s.o.Bucket)),
			"create the bucket, or correct the destination's URL")
	case "AccessDenied", "Forbidden":
		return hint.Wrap(say("access denied", fs.ErrPermission),
			"the credentials need s3:PutObject, s3:GetObject, s3:ListBucket and s3:AbortMultipartUpload on bucket %s", s.o.Bucket)
	case "InvalidAccessKeyId", "XAdminUserNotFound", "InvalidToken", "InvalidTokenId", "ExpiredToken", "TokenRefreshRequired":
		return hint.Wrap(say("the server does not accept the access key ("+c+")", fs.ErrPermission),
			"check the access key, and that it belongs to this server")
	case "SignatureDoesNotMatch":
		return hint.Wrap(say("the server does not accept the secret key", fs.ErrPermission),
			"check the secret key; a proxy that changes requests has the same effect")
	case "PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException", "MovedPermanently":
		return hint.Wrap(say(fmt.Sprintf("bucket %q is not in region %s", s.o.Bucket, region)),
			"set the bucket's region in the destination's URL (?region=…)")
	case "RequestTimeTooSkewed":
		return hint.Wrap(say("the clock of this machine differs from the server's"), "set the clock")
	case "InvalidObjectState":
		return hint.Wrap(say("the object is "+storage.ErrCold.Error(), storage.ErrCold), "vapora-backup thaw ID")
	default:
		return say(fmt.Sprintf("%s: %s (status %d)", c, message(err), status(err)))
	}
}

func message(err error) string {
	if api, ok := errors.AsType[smithy.APIError](err); ok && api.ErrorMessage() != "" {
		return api.ErrorMessage()
	}
	return noReason
}

const noReason = "the server gives no reason"

// explainNetwork is for errors that no server sent.
func (s *Store) explainNetwork(err error) error {
	cause := err
	if e, ok := errors.AsType[*retry.MaxAttemptsError](err); ok {
		cause = e.Err
	}
	if e, ok := errors.AsType[*url.Error](cause); ok {
		cause = e.Err
	}
	at := s.o.Endpoint
	if at == "" {
		at = "s3 in " + s.client.Options().Region
	}
	if e, ok := errors.AsType[*net.OpError](cause); ok {
		return hint.Wrap(&fault{fmt.Sprintf("no connection to %s: %v", at, e.Err), []error{err}},
			"check the destination's endpoint, and that this machine may reach it")
	}
	if e, ok := errors.AsType[*net.DNSError](cause); ok {
		return hint.Wrap(&fault{fmt.Sprintf("no connection to %s: %v", at, e), []error{err}},
			"check the destination's endpoint")
	}
	if e, ok := errors.AsType[*smithy.OperationError](cause); ok {
		cause = e.Err
	}
	return &fault{fmt.Sprintf("%s: %v", at, cause), []error{err}}
}
