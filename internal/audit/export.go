package audit

import (
	"archive/tar"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"time"
)

//go:embed readme.txt
var readme string

// ReadmeName is the file of an export that says how to check it by hand.
const ReadmeName = "README.txt"

// Export writes a tar file for an auditor: all entries, heads and signatures
// exactly as they are stored, under their keys, and a README.txt that says how to
// check them with sha256sum and minisign. Two exports of the same log are the same
// bytes. What is missing from the log is missing from the file, where the check
// finds it. Something too long to be ours is left out and named in the error, when
// all else is written; after any other error the file is not whole.
func (l *Log) Export(ctx context.Context, w io.Writer) error {
	left, err := l.export(ctx, tar.NewWriter(w))
	if err = errors.Join(append(left, err)...); err != nil {
		return fmt.Errorf("export audit log: %w", err)
	}
	return nil
}

// export returns what it left out.
func (l *Log) export(ctx context.Context, t *tar.Writer) (left []error, err error) {
	sv, err := l.survey(ctx, func(string) {})
	if err != nil {
		return nil, err
	}
	if err := write(t, ReadmeName, []byte(readme)); err != nil {
		return nil, err
	}
	for _, at := range sv.folders {
		heads, err := l.headsIn(ctx, at) // before the entries, as in Verify
		if err != nil {
			return left, err
		}
		last, err := l.highestIn(ctx, entriesPrefix+folder(at))
		if err != nil {
			return left, err
		}
		for s, err := range l.texts(ctx, max(at, 1), last) {
			if err != nil {
				return left, err
			}
			if errors.Is(s.err, ErrInvalid) && len(left) < MaxFaults {
				left = append(left, fmt.Errorf("%s: %w", entryKey(s.number), s.err))
			}
			if s.err != nil {
				continue
			}
			if err := write(t, entryKey(s.number), s.text); err != nil {
				return left, err
			}
		}
		for _, n := range slices.Sorted(maps.Keys(heads)) {
			for _, key := range heads[n] {
				if err := l.exportHead(ctx, t, key); errors.Is(err, ErrInvalid) {
					left = append(left, err)
				} else if err != nil {
					return left, err
				}
			}
		}
	}
	return left, t.Close()
}

// exportHead writes what there is of a head and its signature.
func (l *Log) exportHead(ctx context.Context, t *tar.Writer, key string) error {
	for _, k := range []string{key, key + sigSuffix} {
		text, err := read(ctx, l.Store, k)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil {
			err = write(t, k, text)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func write(t *tar.Writer, name string, text []byte) error {
	err := t.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Size: int64(len(text)), Mode: 0o644, ModTime: time.Unix(0, 0)})
	if err == nil {
		_, err = t.Write(text)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}
