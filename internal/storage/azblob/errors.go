package azblob

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"

	"github.com/vapora-platform/vapora-backup/internal/hint"
	"github.com/vapora-platform/vapora-backup/internal/storage"
)

// A fault says in few words what an error of the SDK says in many.
type fault struct {
	msg  string
	errs []error
}

func (f *fault) Error() string   { return f.msg }
func (f *fault) Unwrap() []error { return f.errs }

// An answer is a server's no. It stands for the SDK's error, whose text is all
// that the server sent.
type answer struct {
	status int
	code   string
}

func (a *answer) Error() string { return fmt.Sprintf("%s (status %d)", a.code, a.status) }

// reply is what is kept of an error of the SDK.
func reply(err error) error {
	if r, ok := errors.AsType[*azcore.ResponseError](err); ok {
		return &answer{r.StatusCode, r.ErrorCode}
	}
	return err
}

func errExist(err error) error { return &fault{fs.ErrExist.Error(), []error{fs.ErrExist, reply(err)}} }

// status is the HTTP status of an answer, 0 if there was none.
func status(err error) int {
	if r, ok := errors.AsType[*azcore.ResponseError](err); ok {
		return r.StatusCode
	}
	return 0
}

// immutableDueToLegalHold is not among the SDK's codes.
const immutableDueToLegalHold bloberror.Code = "BlobImmutableDueToLegalHold"

// isLocked reports whether a policy or a hold forbids to change a blob.
func isLocked(err error) bool {
	return bloberror.HasCode(err, bloberror.BlobImmutableDueToPolicy, immutableDueToLegalHold)
}

// doubtful says whether a write that failed with err may have taken place.
func doubtful(err error) bool {
	switch s := status(err); s {
	case http.StatusConflict, http.StatusPreconditionFailed:
		return true
	case http.StatusForbidden: // the object is there, and these credentials may only create
		return bloberror.HasCode(err, bloberror.UnauthorizedBlobOverwrite)
	case http.StatusBadRequest: // the blocks may be part of an object by now
		return bloberror.HasCode(err, bloberror.InvalidBlockList)
	default:
		return s < 400 || s >= 500
	}
}

// explain turns an error of the SDK into one for people. It is fs.ErrNotExist,
// fs.ErrExist, fs.ErrPermission, storage.ErrCold, storage.ErrLocked or
// io.ErrUnexpectedEOF where it means that.
func (s *Store) explain(ctx context.Context, err error) error {
	if end := storage.Ended(ctx); end != nil {
		return &fault{end.Error(), []error{end, s.secrets.clean(reply(err))}}
	}
	r, ok := errors.AsType[*azcore.ResponseError](err)
	if !ok {
		return s.explainNetwork(err)
	}
	say := func(msg string, is ...error) error { return &fault{msg, append(is, reply(err))} }
	switch code := bloberror.Code(r.ErrorCode); code {
	case bloberror.BlobNotFound, bloberror.ResourceNotFound:
		return say(fs.ErrNotExist.Error(), fs.ErrNotExist)
	case bloberror.BlobAlreadyExists, bloberror.ConditionNotMet, bloberror.TargetConditionNotMet, bloberror.UnauthorizedBlobOverwrite:
		return say(fs.ErrExist.Error(), fs.ErrExist)
	case bloberror.InvalidRange:
		return say("the object ends before this range", io.ErrUnexpectedEOF)
	case bloberror.BlobArchived, bloberror.BlobBeingRehydrated:
		return hint.Wrap(say("the object is "+storage.ErrCold.Error(), storage.ErrCold), "vapora-backup thaw ID")
	case bloberror.BlobImmutableDueToPolicy, immutableDueToLegalHold:
		return say(storage.ErrLocked.Error()+": "+s.reason(r).Message, storage.ErrLocked)
	case bloberror.CRC64Mismatch, bloberror.MD5Mismatch:
		return hint.Wrap(say("the bytes were damaged on their way"), "try again; if it happens twice, look for a proxy that changes requests, and at this machine's memory")
	case bloberror.ContainerNotFound, bloberror.ContainerBeingDeleted, bloberror.ContainerDisabled:
		return hint.Wrap(say(fmt.Sprintf("container %q does not exist (%s)", s.o.Container, code)),
			"create the container, or correct the destination's URL")
	}
	switch {
	case r.StatusCode == http.StatusForbidden, r.StatusCode == http.StatusUnauthorized, r.ErrorCode == string(bloberror.InvalidAuthenticationInfo):
		return s.explainRefusal(r)
	case r.StatusCode == http.StatusNotFound && r.ErrorCode == "":
		return say(fs.ErrNotExist.Error(), fs.ErrNotExist)
	}
	return say(strings.TrimPrefix(fmt.Sprintf("%s: %s (status %d)", r.ErrorCode, s.reason(r).Message, r.StatusCode), ": "))
}

// explainRefusal is for credentials that are not accepted, or do not suffice.
func (s *Store) explainRefusal(r *azcore.ResponseError) error {
	say := func(msg string) error { return &fault{msg, []error{fs.ErrPermission, reply(r)}} }
	switch code := bloberror.Code(r.ErrorCode); code {
	case bloberror.AuthenticationFailed, bloberror.InvalidAuthenticationInfo, "NoAuthenticationInformation", "KeyBasedAuthenticationNotPermitted":
		switch why := s.reason(r).Detail; {
		case strings.Contains(why, "Request date header too old"):
			return hint.Wrap(say("the clock of this machine differs from the server's"), "set the clock")
		case strings.Contains(why, "not valid in the specified time frame"):
			return hint.Wrap(say("the SAS token is not valid at this time"), "make a new SAS token, and check this machine's clock")
		case s.o.AccountKey != "":
			return hint.Wrap(say(fmt.Sprintf("the server does not accept the account key (%s)", code)),
				"check the account key, and that it is of account %s", s.o.Account)
		case s.o.SASToken != "":
			return hint.Wrap(say(fmt.Sprintf("the server does not accept the SAS token (%s)", code)),
				"check the SAS token, and that it is for container %s", s.o.Container)
		}
		return hint.Wrap(say(fmt.Sprintf("the server does not accept the identity (%s)", code)),
			"check that the identity is of the account's tenant")
	case bloberror.AccountIsDisabled:
		return hint.Wrap(say("the account is disabled"), "look at the storage account in the portal")
	case bloberror.AuthorizationFailure, bloberror.AuthorizationSourceIPMismatch:
		return hint.Wrap(say(fmt.Sprintf("access denied (%s)", code)),
			"check the account's network rules, and the rights of the credentials on container %s", s.o.Container)
	default:
		return hint.Wrap(say(strings.TrimSuffix(fmt.Sprintf("access denied (%s)", code), " ()")),
			"the credentials need the role Storage Blob Data Contributor on container %s (with lock, Storage Blob Data Owner); a SAS token for it needs sp=rcwdl (with lock, and i)", s.o.Container)
	}
}

// A reason is what the server says beside the code.
type reason struct {
	Message string `xml:"Message"`
	Detail  string `xml:"AuthenticationErrorDetail"` // quotes what was signed: not to be said
}

func (s *Store) reason(r *azcore.ResponseError) reason {
	var out reason
	if r.RawResponse != nil {
		if text, err := runtime.Payload(r.RawResponse); err == nil {
			_ = xml.Unmarshal(bytes.TrimPrefix(text, []byte("\ufeff")), &out) // an answer to HEAD has none
		}
	}
	// The next lines are the request's number and time.
	out.Message, _, _ = strings.Cut(strings.TrimSpace(s.secrets.redact(out.Message)), "\n")
	if out.Message == "" {
		out.Message = "the server gives no reason"
	}
	return out
}

// explainNetwork is for errors that no server sent.
func (s *Store) explainNetwork(err error) error {
	err = s.secrets.clean(err)
	if e, ok := errors.AsType[*noCredentials](err); ok {
		return hint.Wrap(&fault{e.Error(), []error{err}}, "give an account key or a SAS token, or run where Azure gives an identity (workload identity, managed identity, az login)")
	}
	at := s.o.Endpoint
	if e, ok := errors.AsType[*net.DNSError](err); ok {
		return hint.Wrap(&fault{fmt.Sprintf("no connection to %s: %v", at, e), []error{err}},
			"check the account's name, or the destination's endpoint")
	}
	if e, ok := errors.AsType[*net.OpError](err); ok {
		return hint.Wrap(&fault{fmt.Sprintf("no connection to %s: %v", at, e.Err), []error{err}},
			"check the destination's endpoint, and that this machine may reach it")
	}
	return &fault{fmt.Sprintf("%s: %v", at, err), []error{err}}
}
