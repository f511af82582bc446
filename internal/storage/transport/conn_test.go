package transport_test

import (
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/storage"
	"github.com/vapora-platform/vapora-backup/internal/storage/transport"
)

const silence = 2 * time.Minute

// Slow is not silent, in whichever direction the bytes go.
func TestSlowConnectionLives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		c := transport.NewConn(near, silence, nil)
		go func() {
			defer far.Close()
			// First it takes a megabyte, slowly, while its answer is awaited.
			for range 16 {
				time.Sleep(50 * time.Second)
				if _, err := io.ReadFull(far, make([]byte, 64<<10)); err != nil {
					t.Error(err)
				}
			}
			for range 10 {
				time.Sleep(50 * time.Second)
				if _, err := far.Write([]byte("x")); err != nil {
					t.Error(err)
				}
			}
		}()
		answer := make(chan error)
		go func() {
			got, err := io.ReadAll(c)
			if err == nil && len(got) != 10 {
				err = io.ErrUnexpectedEOF
			}
			answer <- err
		}()
		if n, err := c.Write(make([]byte, 1<<20)); n != 1<<20 || err != nil {
			t.Errorf("write: got %d, %v", n, err)
		}
		if err := <-answer; err != nil {
			t.Errorf("read: %v", err)
		}
	})
}

func TestSilentConnectionDies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		defer far.Close()
		c := transport.NewConn(near, silence, nil)
		start := time.Now()
		if _, err := c.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("read: got %v, want a timeout", err)
		}
		if _, err := c.Write(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("write: got %v, want a timeout", err)
		}
		if got := time.Since(start); got != 2*silence {
			t.Errorf("got %v, want %v", got, 2*silence)
		}
	})
}

// Bytes of both directions share the bandwidth, and waiting for it is no silence.
func TestBandwidth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		c := transport.NewConn(near, silence, storage.NewBandwidth(64<<10))
		go func() {
			defer far.Close()
			if _, err := io.CopyN(io.Discard, far, 1<<20); err != nil {
				t.Error(err)
			}
			if _, err := far.Write(make([]byte, 1<<20)); err != nil {
				t.Error(err)
			}
		}()
		start := time.Now()
		if _, err := c.Write(make([]byte, 1<<20)); err != nil {
			t.Error(err)
		}
		if n, err := io.CopyN(io.Discard, c, 1<<20); err != nil {
			t.Errorf("read: got %d, %v", n, err)
		}
		// The first piece passes at once.
		if got := time.Since(start); got != 31*time.Second {
			t.Errorf("2 MiB at 64 KiB/s took %v", got)
		}
	})
}
