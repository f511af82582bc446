package restore

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"slices"

	"github.com/vapora-platform/vapora-backup/internal/archive"
	"github.com/vapora-platform/vapora-backup/internal/catalog"
	"github.com/vapora-platform/vapora-backup/internal/hint"
	"github.com/vapora-platform/vapora-backup/internal/storage"
)

// A Copy is one place where a backup lies.
type Copy struct {
	Name  string
	Store storage.Store
}

// each calls read with one copy after the other until it succeeds.
func (b Backup) each(ctx context.Context, read func(Copy) error) error {
	var errs []error
	for i, c := range b.Copies {
		err := read(c)
		if err == nil {
			return nil
		}
		if len(b.Copies) == 1 || errors.Is(err, errNoTable) {
			return err
		}
		if end := storage.Ended(ctx); end != nil {
			return end
		}
		errs = append(errs, fmt.Errorf("at %s: %w", c.Name, err))
		if i < len(b.Copies)-1 {
			b.passed(c, err)
		}
	}
	err := errors.Join(errs...)
	if len(errs) > 1 && !slices.ContainsFunc(errs, func(err error) bool { return !damaged(err) }) {
		return hint.Wrap(err, "each copy is damaged, perhaps not at the same object: `vapora-backup sync --repair` writes beside what is damaged what is good elsewhere")
	}
	return err
}

// damaged says whether a copy, and not its place or our key, is to blame for err.
func damaged(err error) bool {
	return errors.Is(err, archive.ErrDamaged) || errors.Is(err, fs.ErrNotExist)
}

func (b Backup) passed(c Copy, why error) {
	if b.Passed != nil {
		b.Passed(c.Name, why)
	}
}

func (b Backup) used(c Copy) {
	if b.Used != nil {
		b.Used(c.Name)
	}
}

// random reads the object at random: from c, and where c fails from the next copy, to
// stay with it.
func (b Backup) random(ctx context.Context, c Copy, o catalog.Object) (*storage.RangeReader, error) {
	copies := []Copy{c}
	for _, other := range b.Copies {
		if other.Name != c.Name {
			copies = append(copies, other)
		}
	}
	var from []storage.Store
	for _, c := range copies {
		from = append(from, c.Store)
	}
	r, err := storage.ReaderAt(ctx, o.Key, o.Stored.Size, from...)
	if err != nil {
		return nil, err
	}
	b.used(c)
	r.Passed = func(at int, why error) {
		b.passed(copies[at], why)
		b.used(copies[at+1])
	}
	return r, nil
}

// Plain opens the dump's text, proved as it is read: its io.EOF says that the
// stored bytes are those of the manifest's SHA-256, each chunk authentic and each
// frame as its checksum says; any other error that nothing of it must be used.
// The SHA-256 of the plain bytes follows from that, and Prove checks it besides.
//
// Where a copy breaks off or proves to be damaged, the text goes on from the
// next one, which is read from its start and must begin with what was given
// already.
func (b Backup) Plain(ctx context.Context) (io.ReadCloser, error) {
	p := &plainText{ctx: ctx, b: b}
	if len(b.Copies) > 1 {
		p.given = sha256.New()
	}
	if err := p.next(nil); err != nil {
		return nil, fmt.Errorf("open backup %s: %w", b.Manifest.ID, err)
	}
	return p, nil
}

// A plainText is the text of the dump over all copies.
type plainText struct {
	ctx   context.Context
	b     Backup
	at    int // of the copy after the one that is read
	r     io.ReadCloser
	n     int64     // bytes that were given
	given hash.Hash // of them; nil where there is only one copy
	errs  []error
	ended error // after the last copy failed
}

// next turns to the next copy that opens, because of an error of the last one.
func (p *plainText) next(why error) error {
	for {
		if why != nil {
			if p.ctx.Err() != nil || len(p.b.Copies) == 1 {
				return why
			}
			last := p.b.Copies[p.at-1]
			p.errs = append(p.errs, fmt.Errorf("at %s: %w", last.Name, why))
			if p.at == len(p.b.Copies) {
				return errors.Join(p.errs...)
			}
			p.b.passed(last, why)
		}
		p.at++
		if why = p.open(p.b.Copies[p.at-1]); why == nil {
			return nil
		}
	}
}

// open opens a copy, and passes over what was given already.
func (p *plainText) open(c Copy) (err error) {
	if p.r != nil {
		p.r.Close() // of what is given up
		p.r = nil
	}
	r, err := p.b.plain(p.ctx, c, archive.Sum{Size: p.b.Manifest.Data().Plain.Size})
	if err != nil {
		return err
	}
	if p.n > 0 {
		again := sha256.New()
		if _, err = io.CopyN(again, r, p.n); err == nil && string(again.Sum(nil)) != string(p.given.Sum(nil)) {
			err = errors.New("it begins with another text than the copy before")
		}
	}
	if err != nil {
		return errors.Join(err, r.Close())
	}
	p.r = r
	p.b.used(c)
	return nil
}

func (p *plainText) Read(b []byte) (int, error) {
	if p.ended != nil {
		return 0, p.ended
	}
	for {
		n, err := p.r.Read(b)
		p.n += int64(n)
		if p.given != nil {
			p.given.Write(b[:n])
		}
		if err == nil || err == io.EOF || n > 0 {
			return n, eof(err) // an error comes again at the next Read
		}
		if p.ended = p.next(err); p.ended != nil {
			return 0, p.ended
		}
	}
}

// eof keeps an error back that is not the end.
func eof(err error) error {
	if err == io.EOF {
		return err
	}
	return nil
}

func (p *plainText) Close() error {
	if p.r == nil {
		return nil
	}
	return p.r.Close()
}
