// Command bench measures vapora-backup against what one would use instead, all
// in one run, and prints a table with the ratios first. Absolute times mean
// little: the two sides of a row run in turn on the same machine.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"

	"github.com/vapora-platform/vapora-backup/internal/testserver"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if len(os.Args) > 1 {
		if part, ok := parts[os.Args[1]]; ok {
			exit(part(ctx, os.Args[2:]))
		}
	}
	exit(run(ctx))
}

// parts are what runs in a process of its own, so that its time and memory can
// be measured.
var parts = map[string]func(context.Context, []string) error{"pipeline": pipeline, "encode": encode, "spin": spin, "post": post, "batches": batches, "take": take, "feed": feed,
	"plan": plan, "listing": listing, "decide": decide, "scatter": scatter, "walk": walk}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// A bench is one run: a folder that goes away unless it is to be kept, and the
// rows so far.
type bench struct {
	dir, root, self string
	runs            int
	size            int64 // megabytes on disk
	export          int64 // and in a server
	live, kept      int64 // and restored, in memory and on a disk
	rows            []row
}

// A row is one comparison. Ours and theirs are medians.
type row struct {
	what, against string
	ours, theirs  sample
	bound         float64 // of ours over theirs; 0: none
	cpu           bool    // the ratio is of CPU, not of wall time
	note          string
}

func run(ctx context.Context) (err error) {
	b := &bench{}
	only := flag.String("only", "1,2,3,4,5,6,7", "measurements to take, by number")
	markdown := flag.String("markdown", "", "also write the table to this `FILE`")
	keep := flag.Bool("keep", false, "leave the dumps, keys and backups where they are, and say where")
	flag.IntVar(&b.runs, "runs", 5, "runs of each side")
	flag.Int64Var(&b.size, "size", 400, "megabytes of the dump on disk, for 2, 3, 5 and 6")
	flag.Int64Var(&b.export, "export", 400, "megabytes of the database that 1 exports")
	flag.Int64Var(&b.live, "live", 30, "megabytes of the database that 4 restores into memory, where posting the dump takes long")
	flag.Int64Var(&b.kept, "kept", 100, "megabytes of the database that 4 restores into surrealkv")
	flag.Parse()
	if b.root, err = testserver.Root(); err != nil {
		return err
	}
	if b.self, err = os.Executable(); err != nil {
		return err
	}
	if b.dir, err = os.MkdirTemp("", "vapora-bench-"); err != nil {
		return err
	}
	if *keep {
		fmt.Fprintf(os.Stderr, "bench: everything is kept in %s\n", b.dir)
	} else {
		defer os.RemoveAll(b.dir)
	}
	if err := b.prepare(); err != nil {
		return err
	}
	for _, m := range []struct {
		number string
		take   func(context.Context) error
	}{{"1", b.backup}, {"2", b.pack}, {"3", b.unpack}, {"4", b.restore}, {"5", b.tables}, {"6", b.destinations}, {"7", b.planning}} {
		if !slices.Contains(strings.Split(*only, ","), m.number) {
			continue
		}
		fmt.Fprintf(os.Stderr, "bench: measurement %s\n", m.number)
		if err := m.take(ctx); err != nil {
			return fmt.Errorf("measurement %s: %w", m.number, err)
		}
	}
	text := b.table()
	fmt.Print(text)
	if *markdown == "" {
		return nil
	}
	return os.WriteFile(filepath.Join(b.root, *markdown), []byte(page(text, b.tools(ctx))), 0o644)
}
