package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/vapora-platform/vapora-backup/internal/surrealtest"
)

// backup is measurement 1: `backup db` against reading the same export to nowhere.
func (b *bench) backup(ctx context.Context) error {
	srv, err := surrealtest.Launch(ctx, surrealtest.Options{Engine: "real"})
	if err != nil {
		return err
	}
	defer srv.Stop() // its error would hide nothing
	if err := b.fill(ctx, srv); err != nil {
		return err
	}
	ours := side{before: "rm -rf backups", line: "VAPORA_BACKUP__DATABASES__VAPORA__URL=" + srv.URL + " exec " + b.vapora() + " backup db -q", stored: "backups"}
	export := "curl -sf -u root:root -H surreal-ns:bench -H surreal-db:main " + srv.URL + "/export"
	for _, t := range []struct {
		what  string
		side  side
		bound float64
	}{
		{"reading the export to nowhere", side{line: "exec " + export + " -o /dev/null"}, 1.05},
		{"the export through zstd -1 -T2 | age", side{line: export + " | zstd -1 -T2 -q -c | " + b.age() + " -R keys/identity.pub -o z", before: "rm -rf z", stored: "z"}, 0},
	} {
		x, y, err := b.pair(ctx, ours, t.side)
		if err != nil {
			return err
		}
		b.rows = append(b.rows, row{what: "1 backup db", against: t.what, ours: x, theirs: y, bound: t.bound,
			note: fmt.Sprintf("real server, memory, %d MB", b.export)})
	}
	return b.beside(ctx, export+" -o /dev/null")
}

// beside shows what of measurement 1 is the machine's: what the same export takes
// beside a process that does nothing but use as much of a core as a backup does.
func (b *bench) beside(ctx context.Context, export string) error {
	ours := b.rows[len(b.rows)-1].ours
	x, y, err := b.pair(ctx,
		side{line: fmt.Sprintf("%s spin %f & %s; end=$?; kill $!; wait $!; exit $end", b.self, ours.cpu/ours.wall, export)},
		side{line: "exec " + export})
	b.rows = append(b.rows, row{what: "1 the export beside a spinning loop", against: "reading the export to nowhere", ours: x, theirs: y,
		note: fmt.Sprintf("which takes %.0f %% of a core, as our backup does, and touches nothing", 100*ours.cpu/ours.wall)})
	return err
}

// pack is measurement 2: the pipeline alone, from a dump on disk.
func (b *bench) pack(ctx context.Context) error {
	ours := side{before: "rm -rf packed", line: "exec " + b.self + " pipeline dump.surql packed keys/identity.pub", stored: "packed"}
	for _, t := range []struct {
		tool, what, before, line, stored string
		bound                            float64
	}{
		{"zstd", "zstd -1 -T2 | age", "rm -rf z", "zstd -1 -T2 -q -c dump.surql | " + b.age() + " -R keys/identity.pub -o z", "z", 1.1},
		{"openssl", "gzip -6 | openssl enc", "rm -rf z", "gzip -6 -c dump.surql | openssl enc -aes-256-cbc -pbkdf2 -pass pass:x -out z", "z", 0},
		{"restic", "restic", "rm -rf z; restic init -q -r z", "exec restic backup -q -r z dump.surql", "z", 0.45},
		{"borg", "borg, zstd,1", "rm -rf z; borg init -e repokey-blake2 z", "exec borg create -C zstd,1 z::x dump.surql", "z", 0},
	} {
		if _, err := exec.LookPath(t.tool); err != nil {
			b.rows = append(b.rows, row{what: "2 pipeline alone", against: t.what, note: "not installed"})
			continue
		}
		x, y, err := b.pair(ctx, ours, side{line: t.line, before: t.before, stored: t.stored})
		if err != nil {
			return err
		}
		b.rows = append(b.rows, row{what: "2 pipeline alone", against: t.what, ours: x, theirs: y, bound: t.bound, note: fmt.Sprintf("%d MB on disk, %s", b.size, under(x.peak, 96))})
	}
	return b.encoder(ctx)
}

// encoder shows what of measurement 2 is the library's: it cannot be faster
// than that.
func (b *bench) encoder(ctx context.Context) error {
	x, y, err := b.pair(ctx,
		side{line: "exec " + b.self + " encode dump.surql"},
		side{line: "zstd -1 -T2 -q -c dump.surql | " + b.age() + " -R keys/identity.pub -o z", before: "rm -rf z"})
	b.rows = append(b.rows, row{what: "2 our encoder, nothing else", against: "zstd -1 -T2 | age", ours: x, theirs: y, note: "the library alone on all cores"})
	return err
}

// under says whether a peak of ours keeps its own bound.
func under(peak, mib int64) string {
	if peak > mib<<20 {
		return fmt.Sprintf("**more than %d MiB**", mib)
	}
	return fmt.Sprintf("within %d MiB", mib)
}

// unpack is measurement 3: proving and decrypting to nowhere.
func (b *bench) unpack(ctx context.Context) error {
	if err := b.stored(ctx); err != nil {
		return err
	}
	ours, theirs, err := b.pair(ctx,
		side{line: "exec " + b.vapora() + " get -q --identity keys/identity.txt > /dev/null"},
		side{line: b.age() + " -d -i keys/identity.txt backups/database/vapora/*/*.surql.zst.age | zstd -d -q -c > /dev/null"})
	b.rows = append(b.rows, row{what: "3 get, proved", against: "age -d | zstd -d", ours: ours, theirs: theirs, bound: 1.0, note: fmt.Sprintf("%d MB on disk", b.size)})
	return err
}

// restore is measurement 4: `restore db` against posting the plain dump.
func (b *bench) restore(ctx context.Context) error {
	for _, c := range []struct {
		engine, store, dump string
		bound               float64
	}{
		{"real", "memory", "live.surql", 0.35}, {"real", "surrealkv", "kept.surql", 0.7},
		{"npm", "memory", "live.surql", 0.5}, {"npm", "surrealkv", "kept.surql", 0.8},
	} {
		if err := b.restoreInto(ctx, c.engine, c.store, c.dump, c.bound); err != nil {
			return fmt.Errorf("%s, %s: %w", c.engine, c.store, err)
		}
	}
	return nil
}

// restoreInto gives each run a server of its own: one that held other rows before
// still clears them away while it takes new ones.
func (b *bench) restoreInto(ctx context.Context, engine, store, dump string, bound float64) error {
	dir, err := os.MkdirTemp(b.dir, "store-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) // the bench's own folder goes at the end
	var version string
	empty := func(ctx context.Context) (*surrealtest.Server, error) {
		if err := os.RemoveAll(filepath.Join(dir, "db")); err != nil {
			return nil, err
		}
		srv, err := surrealtest.Launch(ctx, surrealtest.Options{Engine: engine, Store: store, Dir: dir})
		if err != nil {
			return nil, err
		}
		version = srv.Version
		_, err = srv.Exec(ctx, "", "", "DEFINE NAMESPACE bench; USE NS bench; DEFINE DATABASE main")
		if err != nil {
			return nil, errors.Join(err, srv.Stop())
		}
		return srv, nil
	}
	srv, err := empty(ctx) // for its version
	if err != nil {
		return err
	}
	if err := srv.Stop(); err != nil {
		return err
	}
	if err := b.take(ctx, dump, version); err != nil {
		return err
	}
	if _, err := b.shell(ctx, "exec "+b.vapora()+" get -q --for-import --identity keys/identity.txt > import.surql"); err != nil {
		return err
	}
	plain := side{server: empty, line: "exec " + b.self + " post $URL " + dump}
	for _, x := range []struct {
		what, line string
		bound      float64
	}{
		{"4 restore db, checked", "exec " + b.vapora() + " restore db -q --identity keys/identity.txt", bound},
		{"4 bare imports, not checked", "exec " + b.self + " batches $URL import.surql", 0},
	} {
		ours, theirs, err := b.pair(ctx, side{server: empty, line: x.line}, plain)
		if err != nil {
			return err
		}
		b.rows = append(b.rows, row{what: x.what, against: "posting the dump to /import", ours: ours, theirs: theirs, bound: x.bound,
			note: fmt.Sprintf("%s, %s, %d MB", version, store, size(filepath.Join(b.dir, dump))/1_000_000)})
	}
	return nil
}

// tables is measurement 5: how much of the stored object one small table needs.
func (b *bench) tables(ctx context.Context) error {
	srv, err := surrealtest.Launch(ctx, surrealtest.Options{})
	if err != nil {
		return err
	}
	defer srv.Stop() // its error would hide nothing
	if err := b.take(ctx, "dump.surql", srv.Version); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, b.vapora(), "restore", "db", "-q", "--json", "--identity", "keys/identity.txt", "--tables", small)
	cmd.Dir = b.dir
	cmd.Env = append(os.Environ(), "DB_PASSWORD=root", "VAPORA_BACKUP__DATABASES__VAPORA__URL="+srv.URL)
	out, err := cmd.Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			err = fmt.Errorf("%w\n%s", err, exit.Stderr)
		}
		return err
	}
	var got struct {
		BytesRead int64 `json:"bytes_read"`
	}
	if err := json.Unmarshal(out, &got); err != nil {
		return err
	}
	files, err := filepath.Glob(filepath.Join(b.dir, "backups", "database", "vapora", "*", "*.surql.zst.age"))
	if err != nil || len(files) != 1 {
		return fmt.Errorf("got %d stored objects, want 1 (%w)", len(files), err)
	}
	b.rows = append(b.rows, row{what: "5 restore db --tables", against: "the whole stored object, in bytes",
		ours: sample{stored: got.BytesRead}, theirs: sample{stored: size(files[0])}, bound: 0.03, note: "a table of 1 % of the dump"})
	return nil
}
