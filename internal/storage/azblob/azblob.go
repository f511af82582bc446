// Package azblob keeps objects in a container of Azure Blob Storage. It is the
// only importer of the Azure SDK.
//
// # Rights
//
// An object that is shorter than a block is put with the right to create alone:
// no reading, listing or deleting, and nothing that is there can be replaced.
// For a longer one Azure wants the right to write too (sp=cw in a SAS token),
// so a token that may only create goes with a PartSize above the largest
// object. A lock is confirmed by reading, and what is not confirmed is deleted.
//
// # Retries
//
// The SDK's retry policy sends again what the network or the server dropped
// (408, 429, 500, 502 to 504). It only ever sends bytes that are in memory: the
// stream that is stored is read once, and its errors are never taken for the
// network's. When the answer to a write was lost, the object itself tells by a
// token in its metadata whether the write took place; credentials that may not
// read then hear that the object exists.
package azblob

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"

	"github.com/vapora-platform/vapora-backup/internal/storage"
	"github.com/vapora-platform/vapora-backup/internal/storage/transport"
)

// The bounds of a block, and how many an object may have. All but the lowest
// are Azure's: with that, and the growth of blocks, 5 TiB fit.
const (
	MinPartSize = 1 << 20
	MaxPartSize = 4000 << 20
	maxBlocks   = 50_000

	defaultPartSize    = 8 << 20
	defaultConcurrency = 3
	defaultAttempts    = 7
)

// Options say where a Store is and how it writes. Account and Container are
// needed.
type Options struct {
	Account   string // may be left out with an Endpoint, but not with an AccountKey
	Container string
	Prefix    string // all keys lie below it; with or without a "/" at its end
	Endpoint  string // of the account; "": https://ACCOUNT.blob.core.windows.net
	CAFile    string // PEM; trusted beside the system's authorities

	// AccountKey or SASToken; where both are empty, the SDK's chain: environment,
	// workload identity, managed identity, and the command lines of Azure. None
	// of them is ever part of an error.
	AccountKey, SASToken string

	// Scopes are the encryption scopes by kind (storage.PutOptions.Kind); the
	// one of "" is for kinds that have none. Where there is none at all, it is
	// the container's own. A Put whose scope the server does not confirm fails,
	// and the object does not stay.
	Scopes map[string]string

	// PartSize is that of the first blocks of an object, and about
	// PartSize*(Concurrency+1) bytes are held by each Put. As an object may have
	// 50,000 blocks only, they grow after each 6,500*PartSize bytes by another
	// PartSize. 0: 8 MiB.
	PartSize    int64
	Concurrency int // blocks that are sent at once by each Put. 0: 3

	// Attempts is how often a request that writes is made before it fails; one
	// that reads, at most three times. 0: 7, which outlasts half a minute.
	Attempts int
	// Silence is how long a connection may carry nothing before it is given
	// up. 0: two minutes.
	Silence time.Duration
	// Bandwidth bounds all traffic with the server; nil does not.
	Bandwidth *storage.Bandwidth
}

// A Store is a container, or what lies below a prefix of it.
type Store struct {
	o       Options
	prefix  string // "" or ends in "/"
	client  *container.Client
	web     http.RoundTripper
	sizes   sizes
	secrets secrets // never to be said
}

var (
	_ storage.Store  = (*Store)(nil)
	_ storage.Ranger = (*Store)(nil)
	_ storage.Locker = (*Store)(nil)
	_ storage.Thawer = (*Store)(nil)
	_ storage.Clock  = (*Store)(nil)
)

// Open returns the store that o describes. It looks for credentials on this
// machine but does not ask the server for anything.
func Open(_ context.Context, o Options) (*Store, error) {
	s, err := open(o)
	if err != nil {
		return nil, fmt.Errorf("open azure store: %w", err)
	}
	return s, nil
}

func open(o Options) (*Store, error) {
	if err := o.complete(); err != nil {
		return nil, err
	}
	t, err := transport.New(transport.Options{CAFile: o.CAFile, Silence: o.Silence, Bandwidth: o.Bandwidth})
	if err != nil {
		return nil, err
	}
	t.DisableCompression = true                     // of what is compressed, and asked for by its bytes
	t.MaxIdleConnsPerHost = 2 * (o.Concurrency + 1) // for two Puts; the library keeps two
	s := &Store{o: o, prefix: o.Prefix, web: t, secrets: o.secrets(),
		sizes: sizes{first: o.PartSize, growth: growth, max: MaxPartSize, blocks: maxBlocks}}
	if s.client, err = o.connect(newSender(t)); err != nil {
		return nil, err
	}
	return s, nil
}

// key returns the name of the blob.
func (s *Store) key(key string) (string, error) {
	if err := storage.CheckKey(key); err != nil {
		return "", err
	}
	if s.prefix != "" {
		if err := storage.CheckKey(s.prefix + key); err != nil { // its length
			return "", err
		}
	}
	return s.prefix + key, nil
}
