package archive_test

import (
	"bytes"
	"io"
	"testing"

	"github.com/vapora-platform/vapora-backup/internal/archive"
)

const benchSize = 16 * archive.FrameSize

func BenchmarkWriter(b *testing.B) {
	k := newKeys(b)
	plain := dump(benchSize)
	b.SetBytes(benchSize)
	b.ReportAllocs()
	for b.Loop() {
		w, err := archive.NewWriter(io.Discard, archive.Options{Workers: 2, Sealer: k})
		if err != nil {
			b.Fatal(err)
		}
		defer w.Abort()
		if _, err := w.Write(plain); err != nil {
			b.Fatal(err)
		}
		if err := w.Close(); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(w.Summary().Stored.Size)/benchSize, "stored/plain")
	}
}

func BenchmarkReader(b *testing.B) {
	k := newKeys(b)
	stored, summary := write(b, dump(benchSize), k)
	b.SetBytes(benchSize)
	b.ReportAllocs()
	for b.Loop() {
		r, err := archive.NewReader(bytes.NewReader(stored), k, summary, 2)
		if err != nil {
			b.Fatal(err)
		}
		if n, err := io.Copy(io.Discard, r); n != benchSize || err != nil {
			b.Fatal(n, err)
		}
		if err := r.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSection(b *testing.B) {
	k := newKeys(b)
	stored, _ := write(b, dump(benchSize), k)
	f, err := archive.OpenFile(bytes.NewReader(stored), archive.Summary{Stored: archive.Sum{Size: int64(len(stored))}}, k)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(benchSize)
	b.ReportAllocs()
	for b.Loop() {
		s := f.Section(0, f.Size(), 2)
		if n, err := io.Copy(io.Discard, s); n != benchSize || err != nil {
			b.Fatal(n, err)
		}
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
