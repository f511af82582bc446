package s3_test

import (
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/storage/s3"
)

const silence = 2 * time.Minute

// Slow is not silent, in whichever direction the bytes go.
func TestSlowConnectionLives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		c := s3.NewConn(near, silence)
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
		c := s3.NewConn(near, silence)
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
