package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/klauspost/compress/zstd"
	"golang.org/x/sync/errgroup"

	"github.com/vapora-platform/vapora-backup/internal/archive"
	"github.com/vapora-platform/vapora-backup/internal/storage"
	"github.com/vapora-platform/vapora-backup/internal/storage/local"
)

// pipeline packs a dump on disk into a folder: DUMP FOLDER RECIPIENTS. It is a
// process of its own, so that its memory can be measured.
func pipeline(ctx context.Context, args []string) error {
	in, err := os.Open(args[0])
	if err != nil {
		return err
	}
	defer in.Close() // read only
	store, err := local.Open(local.Options{Dir: args[1]})
	if err != nil {
		return err
	}
	recipients, err := readRecipients(args[2])
	if err != nil {
		return err
	}
	pr, pw := io.Pipe()
	go func() {
		pw.CloseWithError(pack(pw, in, recipients))
	}()
	err = store.Put(ctx, "packed.zst.age", pr, storage.PutOptions{})
	pr.CloseWithError(err)
	return err
}

func pack(w io.Writer, in io.Reader, to archive.Sealer) error {
	a, err := archive.NewWriter(w, archive.Options{Level: 1, Sealer: to})
	if err != nil {
		return err
	}
	defer a.Abort()
	if _, err := io.Copy(a, bufio.NewReaderSize(in, 1<<20)); err != nil {
		return err
	}
	return a.Close()
}

// encode compresses a dump on disk as the pipeline does, DUMP, and does nothing
// else: what the library alone takes with all cores.
func encode(_ context.Context, args []string) error {
	in, err := os.Open(args[0])
	if err != nil {
		return err
	}
	defer in.Close() // read only
	info, err := in.Stat()
	if err != nil {
		return err
	}
	encoder, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithWindowSize(archive.FrameSize/4), zstd.WithSingleSegment(true))
	if err != nil {
		return err
	}
	var next atomic.Int64
	var g errgroup.Group
	for range runtime.GOMAXPROCS(0) {
		g.Go(func() error {
			plain, packed := make([]byte, archive.FrameSize), make([]byte, 0, archive.FrameSize)
			for {
				at := next.Add(archive.FrameSize) - archive.FrameSize
				if at >= info.Size() {
					return nil
				}
				n, err := in.ReadAt(plain, at)
				if err != nil && err != io.EOF {
					return err
				}
				packed = encoder.EncodeAll(plain[:n], packed[:0])
			}
		})
	}
	return g.Wait()
}

// spin takes a share of one core, SHARE, until it is killed.
func spin(_ context.Context, args []string) error {
	share, err := strconv.ParseFloat(args[0], 64)
	if err != nil {
		return err
	}
	const period = 10 * time.Millisecond
	busy := time.Duration(share * float64(period))
	for {
		for begin := time.Now(); time.Since(begin) < busy; {
		}
		time.Sleep(period - busy)
	}
}

// post sends a plain dump to /import, as a user's curl would.
func post(ctx context.Context, args []string) error {
	text, err := os.ReadFile(args[1])
	if err != nil {
		return err
	}
	return postText(ctx, args[0], text)
}

func postText(ctx context.Context, url string, text []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/import", bytes.NewReader(text))
	if err != nil {
		return err
	}
	req.SetBasicAuth("root", "root")
	for name, value := range map[string]string{"Accept": "application/json", "surreal-ns": "bench", "surreal-db": "main"} {
		req.Header.Set(name, value)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	body, err := io.ReadAll(res.Body)
	if cerr := res.Body.Close(); err == nil {
		err = cerr
	}
	if err == nil && strings.TrimSpace(string(body)) != "[]" {
		err = fmt.Errorf("import: status %d: %.700s", res.StatusCode, body)
	}
	return err
}

// batches posts a text that `get --for-import` printed, URL FILE, as bare
// imports, three at once: what the server itself takes, with nothing proved and
// nothing checked.
func batches(ctx context.Context, args []string) error {
	text, err := os.ReadFile(args[1])
	if err != nil {
		return err
	}
	var definitions []byte
	const head = "OPTION IMPORT;\n"
	bodies := [][]byte{[]byte(head)}
	for line := range bytes.Lines(text) {
		if !bytes.HasPrefix(line, []byte("INSERT")) {
			definitions = append(definitions, line...)
			continue
		}
		if last := bodies[len(bodies)-1]; len(last) > len(head) && len(last)+len(line) > 2<<20 {
			bodies = append(bodies, []byte(head))
		}
		last := &bodies[len(bodies)-1]
		*last = append(*last, line...)
	}
	if err := postText(ctx, args[0], definitions); err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(3)
	for _, body := range bodies {
		g.Go(func() error { return postText(ctx, args[0], body) })
	}
	return g.Wait()
}
