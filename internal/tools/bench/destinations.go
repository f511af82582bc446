package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/backup"
	"github.com/vapora-platform/vapora-backup/internal/catalog"
	"github.com/vapora-platform/vapora-backup/internal/s3test"
	"github.com/vapora-platform/vapora-backup/internal/storage"
	"github.com/vapora-platform/vapora-backup/internal/storage/local"
	"github.com/vapora-platform/vapora-backup/internal/storage/s3"
)

// destinations is measurement 6: what several destinations cost.
func (b *bench) destinations(ctx context.Context) error {
	server, err := s3test.Launch(ctx, s3test.Versitygw, filepath.Join(b.dir, "s3"))
	if err != nil {
		return err
	}
	defer server.Stop()
	var buckets []string
	for range 3 {
		name, err := server.MakeBucket(ctx)
		if err != nil {
			return err
		}
		buckets = append(buckets, fmt.Sprintf("s3,%s,%s,%s,%s", server.Endpoint, name, server.AccessKey, server.SecretKey))
	}
	feed := func(to ...string) side {
		return side{line: "exec " + b.self + " feed dump.surql " + strings.Join(to, " "), before: "rm -rf f1 f2 f3", stored: "f1"}
	}
	for _, x := range []struct {
		what, against string
		ours, theirs  side
		bound         float64
		remote        int64
		cpu           bool
	}{
		{"6 three folders, in CPU", "one folder", feed("f1", "f2", "f3"), feed("f1"), 1.1, 0, true},
		{"6 one S3 on loopback", "one folder", feed(buckets[0]), feed("f1"), 0, 1, false},
		{"6 three S3 on loopback", "one S3 on loopback", feed(buckets...), feed(buckets[0]), 0, 3, false},
	} {
		ours, theirs, err := b.pair(ctx, x.ours, x.theirs)
		if err != nil {
			return err
		}
		b.rows = append(b.rows, row{what: x.what, against: x.against, ours: ours, theirs: theirs, bound: x.bound, cpu: x.cpu,
			note: fmt.Sprintf("%d MB on disk, %s", b.size, under(ours.peak, 128+48*x.remote))})
	}
	return nil
}

// feed is a backup of a dump on disk, DUMP TARGET…, to folders or S3 servers.
func feed(ctx context.Context, args []string) error {
	recipients, err := readRecipients(filepath.Join("keys", "identity.pub"))
	if err != nil {
		return err
	}
	var to []backup.Destination
	for _, target := range args[1:] {
		s, err := openTarget(ctx, target)
		if err != nil {
			return err
		}
		to = append(to, backup.Destination{Name: target, Store: s, Required: true})
	}
	_, err = backup.Run(ctx, backup.Job{
		Kind: "database", Source: "bench", Suffix: ".surql", Dump: file{args[0], "surrealdb-3.3.5"}, Destinations: to,
		Recipients: recipients, Level: 1, Tool: catalog.Tool{Name: "bench", Version: "0"}, Host: "bench",
		Now: func() time.Time { return time.Now().UTC() }, Random: rand.Reader,
	})
	return err
}

func openTarget(ctx context.Context, target string) (storage.Store, error) {
	parts := strings.Split(target, ",")
	if len(parts) == 1 {
		return local.Open(local.Options{Dir: target})
	}
	return s3.Open(ctx, s3.Options{Endpoint: parts[1], Bucket: parts[2], AccessKey: parts[3], SecretKey: parts[4], PathStyle: true, Region: "us-east-1"})
}
