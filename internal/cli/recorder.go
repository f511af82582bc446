package cli

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/catalog"
	"github.com/vapora-platform/vapora-backup/internal/config"
	"github.com/vapora-platform/vapora-backup/internal/crypt"
	"github.com/vapora-platform/vapora-backup/internal/storage"
	"github.com/vapora-platform/vapora-backup/internal/verify"
)

// A recorder stores what came of verifications, beside the backups.
type recorder struct {
	signer *crypt.Signer
	trust  catalog.Verifier // of what others stored
}

// recorder is nil where there is no key to sign with.
func (a *app) recorder(cfg *config.Config, v catalog.Verifier) (*recorder, error) {
	signer, err := a.signer(cfg)
	if err != nil || signer == nil {
		return nil, err
	}
	return &recorder{signer, v}, nil
}

// recorderAtHand is recorder where a key that cannot be read is a warning: who looks
// needs no private key.
func (a *app) recorderAtHand(ctx context.Context, cfg *config.Config, v catalog.Verifier) *recorder {
	signer, err := a.signing(ctx, cfg)
	if err != nil {
		a.warn("what comes of it is remembered nowhere, as with --no-record: %v", err)
	}
	if signer == nil {
		return nil
	}
	return &recorder{signer, v}
}

// verification is the record of one.
type verification struct {
	Version     int       `json:"version"`
	Backup      string    `json:"backup"`
	Destination string    `json:"destination"`
	Time        time.Time `json:"time"`
	Level       string    `json:"level"`
	Good        bool      `json:"good"`
	Problems    []string  `json:"problems"`
	Bytes       int64     `json:"bytes"`
	Seconds     float64   `json:"seconds"`
	Host        string    `json:"host"`
	Tool        string    `json:"tool"`
}

// record stores one outcome. What was not judged is none, nor is a signature that
// today's config does not trust: a record would outlive the mistake in it. And
// credentials that may only read are no fault: then nothing remembers it but the
// output.
func (r *recorder) record(ctx context.Context, a *app, p place, e catalog.Entry, o verify.Outcome) {
	if r == nil || o.Err != nil || o.Unvouched {
		return
	}
	level := o.Level.String()
	if o.Cold {
		level = verify.Exists.String()
	}
	v := verification{
		Version: 1, Backup: o.ID, Destination: p.Name, Time: a.Now().UTC().Truncate(time.Second), Level: level, Good: o.OK,
		Problems: append([]string{}, o.Problems...), Bytes: o.Bytes, Seconds: o.Took.Seconds(), Host: a.Host, Tool: "vapora-backup " + buildVersion(),
	}
	// Without a lock: it must not outlive its backup.
	key := e.VerificationKey(v.Time, level, o.OK)
	err := catalog.PutRecord(ctx, p.store, key, v, r.signer, storage.PutOptions{})
	if err != nil && !(errors.Is(err, fs.ErrExist) && r.has(ctx, p, key, v)) {
		a.warn("what came of verifying %s at %s is not remembered: %v", o.ID, p.Name, err)
	}
}

// has reports whether an equal outcome is there already: another run came to it in the
// same second.
func (r *recorder) has(ctx context.Context, p place, key catalog.Key, v verification) bool {
	var there verification
	_, err := catalog.LoadRecord(ctx, p.store, key, r.trust, &there)
	return err == nil && there.Backup == v.Backup && there.Level == v.Level && there.Good == v.Good && slices.Equal(there.Problems, v.Problems)
}

// choice reads --since and --sample.
func (o *verifyOptions) choice(a *app) (c verify.Choice, err error) {
	if c.Since, err = a.parseSince(o.since); err != nil {
		return c, err
	}
	if o.sample == "" {
		return c, nil
	}
	part, parts, _ := strings.Cut(o.sample, "/")
	if c.Parts, err = strconv.Atoi(parts); err != nil || c.Parts < 1 {
		return c, usagef("--sample %s: write 3/30 or day/30", o.sample)
	}
	if part == "day" {
		c.Part = verify.OfDay(c.Parts, a.Now())
		return c, nil
	}
	if c.Part, err = strconv.Atoi(part); err != nil || c.Part < 1 || c.Part > c.Parts {
		return c, usagef("--sample %s: the part is one of 1 to %d", o.sample, c.Parts)
	}
	return c, nil
}
