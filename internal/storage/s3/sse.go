package s3

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/vapora-platform/vapora-backup/internal/hint"
)

// Modes of encryption at rest.
const (
	AES256 = "AES256"
	KMS    = "aws:kms"
)

// SSE is the encryption that the server is to do. Whatever is wished for here
// is checked in the server's answers: a Put whose object is not encrypted like
// that fails, and the object does not stay.
type SSE struct {
	Mode string // "" (the bucket's default, unchecked), AES256 or KMS

	// KeyIDs are the KMS keys by kind (storage.PutOptions.Kind); the one of ""
	// is for kinds that have none. Where there is none at all, KMS means the
	// bucket's own key. A key is named by its ID, its ARN or an alias; of an
	// alias the server tells only that it was used.
	KeyIDs map[string]string
}

func (s SSE) check() error {
	if !slices.Contains([]string{"", AES256, KMS}, s.Mode) {
		return fmt.Errorf("sse mode %q is neither %s nor %s", s.Mode, AES256, KMS)
	}
	if s.Mode != KMS && len(s.KeyIDs) > 0 {
		return fmt.Errorf("sse keys need the mode %s", KMS)
	}
	return nil
}

// seal is the wish for one object.
type seal struct{ mode, key string }

func (s SSE) seal(kind string) seal {
	key, ok := s.KeyIDs[kind]
	if !ok {
		key = s.KeyIDs[""]
	}
	return seal{s.Mode, key}
}

func (s seal) sse() types.ServerSideEncryption { return types.ServerSideEncryption(s.mode) }

// keyID is nil where no key is named.
func (s seal) keyID() *string {
	if s.key == "" {
		return nil
	}
	return &s.key
}

// confirm compares an answer with the wish.
func (s seal) confirm(mode types.ServerSideEncryption, key *string) error {
	if s.mode == "" {
		return nil
	}
	if string(mode) != s.mode {
		got := "no encryption"
		if mode != "" {
			got = string(mode)
		}
		return hint.Wrap(fmt.Errorf("asked for encryption %s, the server confirmed %s", s.mode, got),
			"the server cannot do this: remove sse from the destination, or use another server")
	}
	if s.key == "" {
		return nil
	}
	if key == nil || *key == "" {
		return fmt.Errorf("asked for key %s, the server confirmed none", s.key)
	}
	if !sameKey(*key, s.key) {
		return fmt.Errorf("asked for key %s, the server used %s", s.key, *key)
	}
	return nil
}

// sameKey says whether the key of an answer is the one that was asked for. The
// answer is an ARN, which ends in the ID.
func sameKey(got, want string) bool {
	if isAlias(want) && !isAlias(got) {
		return true
	}
	return got == want || strings.HasSuffix(got, "/"+want) || strings.HasSuffix(got, ":"+want)
}

func isAlias(key string) bool {
	return strings.HasPrefix(key, "alias/") || strings.Contains(key, ":alias/")
}
