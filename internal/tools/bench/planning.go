package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"path/filepath"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/vapora-platform/vapora-backup/internal/catalog"
	"github.com/vapora-platform/vapora-backup/internal/prune"
	"github.com/vapora-platform/vapora-backup/internal/retention"
	"github.com/vapora-platform/vapora-backup/internal/s3test"
	"github.com/vapora-platform/vapora-backup/internal/storage"
)

const day = 24 * time.Hour

var strategy = retention.Policy{Hourly: day, Daily: 30 * day, Weekly: 90 * day, Monthly: 7 * 365 * day}

// planning is measurement 7: what it takes to know what to keep.
func (b *bench) planning(ctx context.Context) error {
	const many = 100_000
	n := strconv.Itoa(many)
	plan, listing, err := b.pair(ctx, side{line: "exec " + b.self + " plan " + n}, side{line: "exec " + b.self + " listing " + n})
	if err != nil {
		return err
	}
	b.rows = append(b.rows, row{what: "7 plan of prune, 3 × 100 000", against: "the listing itself", ours: plan, theirs: listing,
		note: beyond(plan, listing)})
	decide, _, err := b.pair(ctx, side{line: "exec " + b.self + " decide 1000000"}, side{line: "true"})
	if err != nil {
		return err
	}
	note := "within 2 s"
	if decide.wall > 2 {
		note = "**more than 2 s**"
	}
	b.rows = append(b.rows, row{what: "7 decisions on 1 000 000", ours: decide, note: note})
	if err := b.planReal(ctx); err != nil {
		return err
	}
	if err := b.stored(ctx); err != nil {
		return err
	}
	ours, theirs, err := b.pair(ctx, side{line: "exec " + b.vapora() + " verify -q --no-record > /dev/null"},
		side{line: "sha256sum backups/database/vapora/*/*.surql.zst.age > /dev/null"})
	b.rows = append(b.rows, row{what: "7 verify", against: "sha256sum", ours: ours, theirs: theirs, note: fmt.Sprintf("%d MB on disk", b.size)})
	return err
}

func beyond(plan, listing sample) string {
	seconds, mib := plan.wall-listing.wall, float64(plan.peak-listing.peak)/(1<<20)
	note := fmt.Sprintf("%.2f s and %.0f MiB beyond it", seconds, mib)
	if seconds > 2 || mib > 256 {
		return "**" + note + "**"
	}
	return note + ", within 2 s and 256 MiB"
}

// planReal is the command on 10 000 backups in a real store.
func (b *bench) planReal(ctx context.Context) error {
	server, err := s3test.Launch(ctx, s3test.Versitygw, filepath.Join(b.dir, "many"))
	if err != nil {
		return err
	}
	defer server.Stop()
	bucket, err := server.MakeBucket(ctx)
	if err != nil {
		return err
	}
	target := fmt.Sprintf("s3,%s,%s,%s,%s", server.Endpoint, bucket, server.AccessKey, server.SecretKey)
	if _, err := b.shell(ctx, "exec "+b.self+" scatter 10000 "+target); err != nil {
		return err
	}
	env := fmt.Sprintf("AWS_ACCESS_KEY_ID=%s AWS_SECRET_ACCESS_KEY=%s VAPORA_BACKUP__DESTINATIONS__PRIMARY__URL='s3://%s?endpoint=%s&path_style=true&region=us-east-1' exec %s ",
		server.AccessKey, server.SecretKey, bucket, server.Endpoint, b.vapora())
	for _, command := range []string{"prune", "list"} {
		ours, theirs, err := b.pair(ctx, side{line: env + command + " --json -q > /dev/null"}, side{line: "exec " + b.self + " walk " + target})
		if err != nil {
			return err
		}
		b.rows = append(b.rows, row{what: "7 " + command + ", 10 000 on S3", against: "the listing itself", ours: ours, theirs: theirs, note: beyond(ours, theirs)})
	}
	return nil
}

// A synthetic store lists hourly backups, four objects each, and holds nothing.
type synthetic struct{ n int }

func (s synthetic) List(context.Context, string) iter.Seq2[storage.Object, error] {
	return func(yield func(storage.Object, error) bool) {
		start := time.Date(2015, 1, 1, 0, 0, 0, 0, time.UTC)
		for i := range s.n {
			at := start.Add(time.Duration(i) * time.Hour)
			for _, key := range keysOf(at) {
				if !yield(storage.Object{Key: key, Size: 1000, Modified: at}, nil) {
					return
				}
			}
		}
	}
}

func keysOf(at time.Time) []string {
	prefix := "database/vapora/" + at.Format("2006-01-02") + "/" + at.Format("20060102T150405Z") + "-abcdef"
	return []string{prefix + ".surql.zst.age", prefix + catalog.SecretsSuffix, prefix + catalog.SignatureSuffix, prefix + catalog.ManifestSuffix}
}

var errNothing = errors.New("nothing is there")

func (synthetic) Put(context.Context, string, io.Reader, storage.PutOptions) error { return errNothing }
func (synthetic) Get(context.Context, string) (io.ReadCloser, error)               { return nil, errNothing }
func (synthetic) Delete(context.Context, string) error                             { return errNothing }

// plan lists and plans over three destinations: N.
func plan(ctx context.Context, args []string) error {
	n, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	var e prune.Engine
	for _, name := range []string{"primary", "secondary", "archive"} {
		s := synthetic{n}
		l, err := catalog.List(ctx, s, catalog.Filter{})
		if err != nil {
			return err
		}
		e.Places = append(e.Places, prune.NewPlace(name, &prune.Backups{Store: s}, l, retention.Each, func(string) retention.Policy { return strategy }))
	}
	p := e.Plan(time.Date(2015, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(n) * time.Hour))
	if len(p.Deletions()) == 0 {
		return errors.New("nothing would go")
	}
	return nil
}

// listing only keeps what three listings say: N.
func listing(ctx context.Context, args []string) error {
	n, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	var kept [3][]storage.Object
	for i := range kept {
		for o, err := range (synthetic{n}).List(ctx, "") {
			if err != nil {
				return err
			}
			kept[i] = append(kept[i], o)
		}
	}
	if len(kept[2]) != 4*n {
		return errors.New("not all was listed")
	}
	return nil
}

// decide decides over N items.
func decide(_ context.Context, args []string) error {
	n, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	items := make([]retention.Item, n)
	start := time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range items {
		items[i] = retention.Item{ID: strconv.Itoa(i), Time: start.Add(time.Duration(i) * time.Hour)}
	}
	if got := strategy.Decide(items, items[n-1].Time); len(got) != n {
		return errors.New("not all was decided")
	}
	return nil
}

// scatter puts N backups, empty ones, into a store: N TARGET.
func scatter(ctx context.Context, args []string) error {
	n, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	s, err := openTarget(ctx, args[1])
	if err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(8)
	now := time.Now().UTC().Truncate(time.Hour)
	for i := range n {
		g.Go(func() error {
			for _, key := range keysOf(now.Add(-time.Duration(i) * time.Hour)) {
				if err := s.Put(ctx, key, bytes.NewReader(nil), storage.PutOptions{}); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return g.Wait()
}

// walk lists a store: TARGET.
func walk(ctx context.Context, args []string) error {
	s, err := openTarget(ctx, args[0])
	if err != nil {
		return err
	}
	n := 0
	for _, err := range s.List(ctx, "") {
		if err != nil {
			return err
		}
		n++
	}
	if n == 0 {
		return errNothing
	}
	return nil
}
