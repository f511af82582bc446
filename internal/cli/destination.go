package cli

import (
	"context"
	"fmt"
	"io"
	"iter"
	"slices"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/backup"
	"github.com/vapora-platform/vapora-backup/internal/config"
	"github.com/vapora-platform/vapora-backup/internal/retention"
	"github.com/vapora-platform/vapora-backup/internal/storage"
	"github.com/vapora-platform/vapora-backup/internal/storage/azblob"
	"github.com/vapora-platform/vapora-backup/internal/storage/gcs"
	"github.com/vapora-platform/vapora-backup/internal/storage/local"
	"github.com/vapora-platform/vapora-backup/internal/storage/s3"
)

// A destination is a configured place with its store.
type destination struct {
	config.Destination
	store storage.Store
}

// open opens the destinations that this run is for. None is contacted yet.
func (a *app) open(ctx context.Context, cfg *config.Config) []destination {
	return slices.DeleteFunc(a.openAll(ctx, cfg), func(d destination) bool { return !a.meant(d.Name) })
}

// meant reports whether --destination lets the run use it.
func (a *app) meant(name string) bool {
	return len(a.destinations) == 0 || slices.Contains(a.destinations, name)
}

// openAll opens every destination of the config, once a run: the code of a device
// is good for one session. One that cannot be opened fails whatever is asked of it,
// and so hurts no other one. The slice is the caller's.
func (a *app) openAll(ctx context.Context, cfg *config.Config) []destination {
	if a.opened == nil {
		ctx = context.WithoutCancel(ctx) // the record is written also where the command has ended
		for _, d := range cfg.Destinations {
			store, err := a.store(ctx, d)
			if err != nil {
				store = unopened{fmt.Errorf("open: %w", err)}
			}
			a.opened = append(a.opened, destination{d, store})
		}
	}
	return slices.Clone(a.opened)
}

func (a *app) store(ctx context.Context, d config.Destination) (storage.Store, error) {
	bandwidth := storage.NewBandwidth(int64(d.MaxBandwidth))
	switch {
	case d.Store.S3 != nil:
		o, err := a.s3Options(d)
		if err != nil {
			return nil, err
		}
		o.Bandwidth = bandwidth
		return s3.Open(ctx, o)
	case d.Store.GCS != nil:
		o := gcs.Options{
			Bucket: d.Store.GCS.Bucket, Prefix: d.Store.GCS.Prefix, Endpoint: d.Store.GCS.Endpoint, CAFile: d.CA,
			Keys: keysByKind(d.SSE), PartSize: int64(d.PartSize), Bandwidth: bandwidth,
		}
		if err := a.secrets(map[*string]config.Secret{&o.ServiceAccount: d.Credentials.ServiceAccount}); err != nil {
			return nil, err
		}
		return gcs.Open(ctx, o)
	case d.Store.Azure != nil:
		o := azblob.Options{
			Account: d.Store.Azure.Account, Container: d.Store.Azure.Container, Prefix: d.Store.Azure.Prefix,
			Endpoint: d.Store.Azure.Endpoint, CAFile: d.CA, Scopes: keysByKind(d.SSE), PartSize: int64(d.PartSize), Bandwidth: bandwidth,
		}
		if err := a.secrets(map[*string]config.Secret{&o.AccountKey: d.Credentials.AccountKey, &o.SASToken: d.Credentials.SASToken}); err != nil {
			return nil, err
		}
		return azblob.Open(ctx, o)
	}
	return local.Open(local.Options{Dir: d.Store.File.Dir, Removable: d.Offline, Bandwidth: bandwidth})
}

func (a *app) s3Options(d config.Destination) (s3.Options, error) {
	o := s3.Options{
		Bucket: d.Store.S3.Bucket, Prefix: d.Store.S3.Prefix, Region: d.Store.S3.Region,
		Endpoint: d.Store.S3.Endpoint, PathStyle: d.Store.S3.PathStyle, CAFile: d.CA,
		SSE: s3.SSE{Mode: d.SSE.Mode, KeyIDs: keysByKind(d.SSE)}, PartSize: int64(d.PartSize),
		AssumeRole: s3.AssumeRole{
			ARN: d.AssumeRole.ARN, ExternalID: d.AssumeRole.ExternalID, Endpoint: d.AssumeRole.Endpoint,
			MFASerial: d.AssumeRole.MFASerial, Code: func() (string, error) { return a.mfa(d) },
		},
	}
	if !d.Checksums {
		o.Checksums = s3.ChecksumsRequired
	}
	return o, a.secrets(map[*string]config.Secret{
		&o.AccessKey: d.Credentials.AccessKey, &o.SecretKey: d.Credentials.SecretKey, &o.SessionToken: d.Credentials.SessionToken,
	})
}

// mfa is the code of a role's device: from the command line, or asked for.
func (a *app) mfa(d config.Destination) (string, error) {
	if a.mfaCode != "" {
		return a.mfaCode, nil
	}
	return a.askCode(fmt.Sprintf("code of %s, for destination %s", d.AssumeRole.MFASerial, d.Name))
}

// secrets fetches those that are configured.
func (a *app) secrets(to map[*string]config.Secret) (err error) {
	for at, from := range to {
		if *at, err = a.secret(from); err != nil {
			return err
		}
	}
	return nil
}

// secret fetches one, "" if it is not configured.
func (a *app) secret(s config.Secret) (string, error) {
	if s.IsZero() {
		return "", nil
	}
	v, err := s.Value(a.getenv)
	if err != nil {
		return "", fmt.Errorf("credentials: %w", err)
	}
	return v, nil
}

func keysByKind(s config.SSE) map[string]string {
	out := map[string]string{}
	if s.Key != "" {
		out[""] = s.Key
	}
	for _, k := range s.Keys {
		out[k.Kind] = k.ID
	}
	return out
}

// takes is the destination's cadence.
func (d destination) takes() retention.Slot {
	s, _ := retention.ParseSlot(d.Takes) // checked with the file
	return s
}

// keeps is its retention policy for a kind of backup.
func (d destination) keeps(kind string) retention.Policy {
	k := d.Keep
	for _, of := range d.KeepByKind {
		if of.Kind == kind {
			k = of.Keep
		}
	}
	return retention.Policy{
		Hourly: time.Duration(max(k.Hourly, k.Within)), Daily: time.Duration(k.Daily), Weekly: time.Duration(k.Weekly),
		Monthly: time.Duration(k.Monthly), Tagged: time.Duration(k.Tagged), Last: k.Last,
	}
}

// locks is the lock that it wants on what it takes.
func (d destination) locks() backup.LockWish {
	_, lasts := d.Lock.Expiry()
	return backup.LockWish{Mode: storage.LockMode(d.Lock.Mode), Lasts: time.Duration(lasts)}
}

// unopened is a store that could not be opened.
type unopened struct{ err error }

func (u unopened) Put(context.Context, string, io.Reader, storage.PutOptions) error { return u.err }

func (u unopened) Get(context.Context, string) (io.ReadCloser, error) { return nil, u.err }

func (u unopened) List(context.Context, string) iter.Seq2[storage.Object, error] {
	return func(yield func(storage.Object, error) bool) { yield(storage.Object{}, u.err) }
}

func (u unopened) Delete(context.Context, string) error { return u.err }
