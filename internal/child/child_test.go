package child

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The server is this test itself, told by the environment what to do.
func TestMain(m *testing.M) {
	address := os.Getenv("CHILD_ADDRESS")
	switch os.Getenv("CHILD_ROLE") {
	case "":
		os.Exit(m.Run())
	case "fail":
		fmt.Println("no room for me")
		os.Exit(3)
	case "stubborn":
		signal.Ignore(syscall.SIGTERM)
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		panic(err)
	}
	for {
		c, err := l.Accept()
		if err != nil {
			panic(err)
		}
		c.Close()
	}
}

func start(t *testing.T, role string) (*Process, error) {
	t.Helper()
	return Start(t.Context(), func(address string) (*exec.Cmd, error) {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), "CHILD_ROLE="+role, "CHILD_ADDRESS="+address)
		return cmd, nil
	}, dial)
}

func dial(ctx context.Context, address string) error {
	c, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		return err
	}
	return c.Close()
}

// A server has its address to itself, and is gone after Stop, also when it does
// not want to.
func TestStartAndStop(t *testing.T) {
	t.Parallel()
	for _, role := range []string{"serve", "stubborn"} {
		t.Run(role, func(t *testing.T) {
			t.Parallel()
			one, err := start(t, role)
			if err != nil {
				t.Fatal(err)
			}
			two, err := start(t, "serve")
			if err != nil {
				t.Fatal(err)
			}
			if one.Address == two.Address || one.PID() == two.PID() {
				t.Errorf("got %s and %d twice", one.Address, one.PID())
			}
			for _, p := range []*Process{one, two} {
				if err := p.Stop(); err != nil {
					t.Error(err)
				}
				if err := dial(t.Context(), p.Address); err == nil {
					t.Errorf("%s answers after Stop", p.Address)
				}
				if err := p.Stop(); err != nil {
					t.Errorf("a second Stop: %v", err)
				}
			}
		})
	}
}

func TestEndsBeforeItIsReady(t *testing.T) {
	t.Parallel()
	if _, err := start(t, "fail"); err == nil || !strings.Contains(err.Error(), "exit status 3\nno room for me") {
		t.Errorf("got %v, want how it ended and what it said", err)
	}
}

func TestNeverReady(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	var cmd *exec.Cmd
	_, err := Start(ctx, func(address string) (*exec.Cmd, error) {
		cmd = exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), "CHILD_ROLE=serve", "CHILD_ADDRESS="+address)
		return cmd, nil
	}, func(context.Context, string) error { return errors.New("not yet") })
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "not yet") {
		t.Errorf("got %v", err)
	}
	if cmd.ProcessState == nil {
		t.Error("the server outlived its start")
	}
}

func TestTailKeepsTheEnd(t *testing.T) {
	t.Parallel()
	var l tail
	for range 100 {
		fmt.Fprint(&l, strings.Repeat("a", 1000))
	}
	fmt.Fprint(&l, "the end")
	if got := l.String(); len(got) != 16<<10 || !bytes.HasSuffix([]byte(got), []byte("athe end")) {
		t.Errorf("got %d bytes that end in %q", len(got), got[max(0, len(got)-8):])
	}
}
