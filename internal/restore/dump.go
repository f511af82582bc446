// Package restore brings a database back from a backup: it proves the backup
// to its last byte, plans, refuses what would do harm, writes, and checks what
// came of it.
package restore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/vapora-platform/vapora-backup/internal/archive"
	"github.com/vapora-platform/vapora-backup/internal/catalog"
	"github.com/vapora-platform/vapora-backup/internal/db"
	"github.com/vapora-platform/vapora-backup/internal/db/replay"
	"github.com/vapora-platform/vapora-backup/internal/db/surql"
	"github.com/vapora-platform/vapora-backup/internal/hint"
	"github.com/vapora-platform/vapora-backup/internal/storage"
)

// A Backup is one database backup that can be read.
type Backup struct {
	// Copies are where it lies, the nearest first: the next one is taken where
	// one is missing, damaged, cold or cannot be reached. At least one.
	Copies   []Copy
	Manifest *catalog.Manifest
	Opener   archive.Opener
	// Progress, if not nil, is told of plain bytes as they are proved.
	Progress func(n int)
	// AllSums has the rows of every table summed, and not only those of views.
	AllSums bool
	// Used, if not nil, is told which copy is read from now on; Passed, which could not
	// be, and why, for each of its objects.
	Used   func(name string)
	Passed func(name string, why error)
}

// A Dump is a backup whose text is known and whose rows can be read at will.
type Dump struct {
	Outline   *surql.Outline
	Inventory db.Inventory
	Secrets   *db.Secrets // never nil
	Columns   *replay.Columns
	// Two says that 2.x printed it.
	Two bool
	// Partial says that only pieces were proved, by the chunks and frames that
	// they lie in, and not the sum of the whole.
	Partial bool

	file *archive.File
	src  *storage.RangeReader
}

// Prove reads the whole backup once: every stored byte against its sum, every
// plain byte through the parser, and the inventory against the manifest.
// Nothing may be written anywhere before it has returned.
func (b Backup) Prove(ctx context.Context) (d *Dump, err error) {
	err = b.each(ctx, func(c Copy) error {
		d, err = b.prove(ctx, c)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("prove backup %s: %w", b.Manifest.ID, err)
	}
	return d, nil
}

func (b Backup) prove(ctx context.Context, c Copy) (*Dump, error) {
	d, err := b.open(ctx, c)
	if err != nil {
		return nil, err
	}
	plain, err := b.plain(ctx, c, b.Manifest.Data().Plain)
	if err != nil {
		return nil, err
	}
	d.Outline, err = surql.ReadOutline(plain, surql.Look{Walk: true, Ints: d.Columns.Add, Sum: b.summed(d.Inventory)})
	if err == nil {
		_, err = io.Copy(io.Discard, plain) // to its io.EOF, which alone is the proof
	}
	if cerr := plain.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return nil, err
	}
	if problems := d.Inventory.Compare(d.Outline); len(problems) > 0 {
		return nil, fmt.Errorf("the dump is not what its manifest says: %s", strings.Join(problems, "; "))
	}
	// What the server defined and did not export lies sealed beside the dump.
	for _, name := range slices.Sorted(maps.Keys(d.Secrets.Unexported)) {
		d.Outline.Globals = append(d.Outline.Globals, surql.ParseSection("CONFIGS", d.Secrets.Unexported[name]+";"))
	}
	return d, nil
}

// summed says whose rows the check of a restore compares by their sums.
func (b Backup) summed(inv db.Inventory) func(table string) bool {
	views := map[string]bool{}
	for _, t := range inv.Tables {
		views[t.Name] = t.Type == "view"
	}
	return func(table string) bool { return b.AllSums || views[table] }
}

func (b Backup) plain(ctx context.Context, c Copy, want archive.Sum) (io.ReadCloser, error) {
	data := b.Manifest.Data()
	stored, err := c.Store.Get(ctx, data.Key)
	if err != nil {
		return nil, err
	}
	r, err := archive.NewReader(stored, b.Opener, archive.Summary{Plain: want, Stored: data.Stored}, 0)
	if err != nil {
		return nil, errors.Join(err, stored.Close())
	}
	return &plainReader{r, stored, b.Progress}, nil
}

// A plainReader closes what it reads from, and tells how far it is.
type plainReader struct {
	*archive.Reader
	stored   io.Closer
	progress func(int)
}

func (p *plainReader) Read(b []byte) (int, error) {
	n, err := p.Reader.Read(b)
	if p.progress != nil && n > 0 {
		p.progress(n)
	}
	return n, err
}

func (p *plainReader) Close() error { return errors.Join(p.Reader.Close(), p.stored.Close()) }

// Pieces reads the definitions of some tables and nothing else. Their rows are
// proved when they are read.
func (b Backup) Pieces(ctx context.Context, tables []string) (d *Dump, err error) {
	err = b.each(ctx, func(c Copy) error {
		d, err = b.pieces(ctx, c, tables)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read tables of backup %s: %w", b.Manifest.ID, err)
	}
	return d, nil
}

// errNoTable is no fault of a copy.
var errNoTable = errors.New("no such table")

func (b Backup) pieces(ctx context.Context, c Copy, tables []string) (*Dump, error) {
	d, err := b.open(ctx, c)
	if err != nil {
		return nil, err
	}
	d.Partial = true
	d.Outline = &surql.Outline{}
	for _, name := range tables {
		i := slices.IndexFunc(d.Inventory.Tables, func(t db.Table) bool { return t.Name == name })
		if i < 0 {
			return nil, hint.Wrap(fmt.Errorf("%w: %s", errNoTable, name), "it has: %s", strings.Join(tableNames(d.Inventory), ", "))
		}
		t, err := d.piece(d.Inventory.Tables[i], b.summed(d.Inventory))
		if err != nil {
			return nil, fmt.Errorf("table %s: %w", name, err)
		}
		d.Outline.Tables = append(d.Outline.Tables, t)
	}
	return d, nil
}

func tableNames(inv db.Inventory) []string {
	var names []string
	for _, t := range inv.Tables {
		names = append(names, t.Name)
	}
	return names
}

// piece reads one table's span as if it were a dump of its own.
func (d *Dump) piece(want db.Table, summed func(string) bool) (*surql.Table, error) {
	const head = "OPTION IMPORT;\n"
	span := d.Open(want.Span)
	// A span ends with its last statement, a text with a line's end.
	o, err := surql.ReadOutline(io.MultiReader(strings.NewReader(head), span, strings.NewReader("\n")), surql.Look{Walk: true, Sum: summed})
	if cerr := span.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return nil, err
	}
	t := o.Table(want.Name)
	if len(o.Tables) != 1 || t == nil || t.Records != want.Records || t.Edges != want.Edges {
		return nil, errors.New("what lies there is not what the manifest says")
	}
	t.Data, t.Span = want.Data, want.Span
	d.Outline.Old = d.Outline.Old || o.Old
	return t, nil
}

// Open reads a range of the plain text, each frame and chunk of it proved.
func (d *Dump) Open(r surql.Range) io.ReadCloser { return d.file.Section(r.Offset, r.Length, 0) }

// BytesRead returns how many stored bytes were read at random so far.
func (d *Dump) BytesRead() int64 { return d.src.Bytes() }

// open reads the inventory, the sealed companion, and the way to read at random.
func (b Backup) open(ctx context.Context, c Copy) (*Dump, error) {
	d := &Dump{Columns: &replay.Columns{}, Secrets: &db.Secrets{}}
	if err := json.Unmarshal(b.Manifest.Inventory, &d.Inventory); err != nil {
		return nil, fmt.Errorf("read the inventory of backup %s: %w", b.Manifest.ID, err)
	}
	version, err := db.ParseVersion(b.Manifest.Engine)
	if err != nil {
		return nil, fmt.Errorf("read the manifest of backup %s: %w", b.Manifest.ID, err)
	}
	d.Two = version.Two()
	data := b.Manifest.Data()
	if d.src, err = b.random(ctx, c, data); err != nil {
		return nil, err
	}
	if d.file, err = archive.OpenFile(d.src, data.Summary(), b.Opener); err != nil {
		return nil, err
	}
	if err := b.secrets(ctx, c, d.Secrets); err != nil {
		return nil, fmt.Errorf("open the sealed companion: %w", err)
	}
	return d, nil
}

func (b Backup) secrets(ctx context.Context, c Copy, into *db.Secrets) error {
	text, err := b.secretText(ctx, c)
	if err != nil || text == nil {
		return err
	}
	if err := json.Unmarshal(text, into); err != nil {
		return errors.New("it is not what this version writes") // a JSON error may quote a key
	}
	return nil
}

// SecretText returns the proved text of the sealed companion, nil if the
// backup has none.
func (b Backup) SecretText(ctx context.Context) (text []byte, err error) {
	err = b.each(ctx, func(c Copy) error {
		if text, err = b.secretText(ctx, c); err == nil {
			b.used(c)
		}
		return err
	})
	return text, err
}

func (b Backup) secretText(ctx context.Context, c Copy) ([]byte, error) {
	o := b.Manifest.Object(catalog.RoleSecrets)
	if o == nil {
		return nil, nil
	}
	stored, err := c.Store.Get(ctx, o.Key)
	if err != nil {
		return nil, err
	}
	defer stored.Close() // read only; its bytes are proved by their sum
	r, err := archive.NewReader(stored, b.Opener, o.Summary(), 1)
	if err != nil {
		return nil, err
	}
	defer r.Close() // as above
	text, err := io.ReadAll(io.LimitReader(r, catalog.MaxSecrets+1))
	if err == nil && len(text) > catalog.MaxSecrets {
		err = fmt.Errorf("it is larger than %d bytes", catalog.MaxSecrets)
	}
	return text, err
}
