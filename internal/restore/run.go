package restore

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/db"
	"github.com/vapora-platform/vapora-backup/internal/db/replay"
	"github.com/vapora-platform/vapora-backup/internal/db/surql"
	"github.com/vapora-platform/vapora-backup/internal/hint"
)

// A Job is one restore.
type Job struct {
	Backup Backup
	Target *db.Target
	// Keys are keys of accesses, over those that lie in the backup.
	Keys           map[string]string
	LeaveOutAccess []string
	// Starts are positions of sequences, over those that were found.
	Starts map[string]int64
	// Tables, if not empty, are all that comes back: a partial proof.
	Tables []string
	// Force clears what is in the target. DryRun stops before the first write.
	Force, DryRun bool
	// CompareRows has every row read back in the end and compared with the backup's.
	CompareRows bool
	Workers     int
	Now         func() time.Time
	// Phase, if not nil, is told when a phase begins; Rows of rows that arrived.
	Phase func(name string)
	Rows  func(stage string, rows int)
}

// A Result is what a restore did, or with DryRun would do.
type Result struct {
	Backup    string           `json:"backup"`
	Source    string           `json:"source"`
	From      string           `json:"from"`   // the copy that was read
	Engine    string           `json:"engine"` // that was backed up
	Server    string           `json:"server"` // that it goes into
	Namespace string           `json:"namespace"`
	Database  string           `json:"database"`
	DryRun    bool             `json:"dry_run"`
	Partial   bool             `json:"partial_proof"`
	Again     bool             `json:"started_again"` // over an unfinished restore of the same backup
	Replaced  string           `json:"replaced,omitempty"`
	Tables    int              `json:"tables"`
	Records   int64            `json:"records"`
	Edges     int64            `json:"edges"`
	Starts    map[string]int64 `json:"sequence_starts,omitempty"` // as given, or as found in the data
	Repairs   []replay.Repair  `json:"repairs"`
	Losses    []replay.Loss    `json:"not_restored"`
	Unfed     []string         `json:"views_not_computed,omitempty"` // see [replay.Plan]
	Loaded    *db.Loaded       `json:"loaded,omitempty"`
	Checked   *db.Checked      `json:"checked,omitempty"`
	BytesRead int64            `json:"bytes_read"` // of the stored object, behind the proof
	Seconds   Seconds          `json:"seconds"`
}

// Seconds are how long each phase took.
type Seconds struct {
	Prove float64 `json:"prove"`
	Load  float64 `json:"load"`
	Check float64 `json:"check"`
}

// ErrDiffers is what a restore ends with if the target is not what the backup says.
var ErrDiffers = errors.New("the restored database is not what the backup says")

// Run restores. Where it returns a Result beside an error, the Result tells how
// far it came; a target that was written to keeps its mark as unfinished.
func Run(ctx context.Context, j Job) (*Result, error) {
	r := &run{Job: j, out: &Result{
		Repairs: []replay.Repair{}, Losses: []replay.Loss{},
		Backup: j.Backup.Manifest.ID, Source: j.Backup.Manifest.Source, Engine: j.Backup.Manifest.Engine,
		Namespace: j.Target.Client.Namespace(), Database: j.Target.Client.Database(), DryRun: j.DryRun,
	}}
	for _, step := range []func(context.Context) error{r.look, r.prove, r.plan, r.rights, r.mayClear} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	if j.DryRun {
		return r.out, nil
	}
	if err := r.unchanged(ctx); err != nil {
		return nil, err
	}
	return r.out, r.write(ctx)
}

type run struct {
	Job
	out      *Result
	dump     *Dump
	planned  *replay.Plan
	server   db.Version
	contents db.Contents // that would be replaced
	seen     string      // the mark of an unfinished restore in the target
	around   *db.Around  // of single tables; nil if there is nothing
}

func (r *run) phase(name string, seconds *float64) func() {
	if r.Phase != nil {
		r.Phase(name)
	}
	begin := r.Now()
	return func() { *seconds = r.Now().Sub(begin).Seconds() }
}

func (r *run) prove(ctx context.Context) error {
	defer r.phase("prove", &r.out.Seconds.Prove)()
	used := r.Backup.Used
	r.Backup.Used = func(name string) {
		r.out.From = name
		if used != nil {
			used(name)
		}
	}
	r.Backup.AllSums = r.CompareRows
	var err error
	if len(r.Tables) > 0 {
		r.dump, err = r.Backup.Pieces(ctx, r.Tables)
	} else {
		r.dump, err = r.Backup.Prove(ctx)
	}
	return err
}

func (r *run) plan(context.Context) error {
	source, err := db.ParseVersion(r.out.Engine)
	if err != nil {
		return err
	}
	// Later servers print the same words where they mean something else.
	if r.dump.Outline.Old && source.Two() && !r.server.Two() {
		return hint.Wrap(fmt.Errorf("the dump is in the language of SurrealDB 2.x, which %s does not read", r.server),
			"restore it into a 2.x server, and upgrade that as the vendor says (surreal v2 fix, then export in 3.x form)")
	}
	if !r.dump.Partial {
		r.Target.Line = r.dump.Secrets.DatabaseLine
	}
	opt := PlanOptions{
		Target: replay.Target{Two: r.server.Two(), References: r.server.ImportsReferences(), KeepsDatabase: r.Target.Client.Level() == db.Database, User: r.Target.Client.User()},
		Keys:   r.Keys, LeaveOutAccess: r.LeaveOutAccess, Starts: r.Starts, Around: r.around,
	}
	r.out.Starts, _ = r.dump.starts(opt.Starts)
	r.planned, err = r.dump.Plan(opt)
	if err != nil {
		return fmt.Errorf("plan the restore: %w", err)
	}
	if err := r.views(); err != nil {
		return err
	}
	r.out.Partial = r.dump.Partial
	r.out.Repairs, r.out.Unfed = append(r.out.Repairs, r.planned.Repairs...), r.planned.Unfed
	r.out.Losses = slices.Concat(r.out.Losses, r.dump.Losses(r.planned), r.targetLosses())
	for _, t := range r.dump.Outline.Tables {
		r.out.Tables++
		r.out.Records += t.Records
		r.out.Edges += t.Edges
	}
	return nil
}

// rights makes sure, before anything is removed, that whoever restores may bring back all
// that goes: an EDITOR may not define users and accesses, and finds that out in an empty
// database.
func (r *run) rights(ctx context.Context) error {
	needs := len(r.contents["users"])+len(r.contents["accesses"]) > 0
	for _, s := range r.planned.Stages {
		needs = needs || slices.ContainsFunc(s.Define, func(d surql.Definition) bool { return d.Kind == "USER" || d.Kind == "ACCESS" })
	}
	if !needs {
		return nil
	}
	return r.Target.CheckOwner(ctx)
}

// views refuses to restore a view alone: its rows are computed, from tables that
// were not asked for.
func (r *run) views() error {
	for _, name := range r.planned.Unfed {
		if !r.dump.Partial {
			break
		}
		for _, reads := range r.dump.Outline.Table(name).Define.Sources() {
			if !slices.Contains(r.Tables, reads) {
				return hint.Wrap(fmt.Errorf("view %s is computed from %s, which is not among the tables to restore", name, reads),
					"name %s too, or read the view's rows with `get --table %s`", reads, name)
			}
		}
	}
	return nil
}

// write is the only step that changes the target.
func (r *run) write(ctx context.Context) error {
	if err := r.load(ctx); err != nil {
		return r.unfinished(err)
	}
	if r.out.Loaded.Failed > 0 {
		return r.unfinished(fmt.Errorf("%d statements failed; first %s: %s", r.out.Loaded.Failed, r.out.Loaded.Failures[0].Statement, r.out.Loaded.Failures[0].Message))
	}
	if err := r.check(ctx); err != nil {
		return r.unfinished(err)
	}
	if problems := r.out.Checked.Problems; len(problems) > 0 {
		return r.unfinished(fmt.Errorf("%w: %s", ErrDiffers, strings.Join(problems, "; ")))
	}
	return r.Target.Finish(ctx)
}

func (r *run) load(ctx context.Context) error {
	defer r.phase("load", &r.out.Seconds.Load)()
	losses, err := r.Target.Prepare(ctx, r.mark(), r.seen != "", r.contents)
	if err != nil {
		return err
	}
	r.out.Losses = append(r.out.Losses, losses...)
	workers := r.Workers
	if r.server.Two() { // where imports of one table contend for its history and its indexes
		workers = 1
	}
	loader := db.Loader{Client: r.Target.Client, Plan: r.planned, Open: r.dump.Open, Workers: workers, Progress: r.Rows}
	r.out.Loaded, err = loader.Run(ctx)
	r.out.BytesRead = r.dump.BytesRead()
	r.repaired("table values printed as bare words", r.out.Loaded.Tables)
	r.repaired("points in a GeometryCollection", r.out.Loaded.Points)
	r.repaired("objects that look like a geometry", r.out.Loaded.Lookalikes)
	r.repaired("files whose key no import reads", r.out.Loaded.Files)
	r.repaired("record ids that begin with a word of the language or a digit", r.out.Loaded.Words)
	r.repaired("decimals whose last zeros reading drops", r.out.Loaded.Decimals)
	r.repaired("sets of records that are read as objects", r.out.Loaded.Sets)
	for _, table := range slices.Sorted(maps.Keys(r.out.Loaded.Misfits)) {
		r.out.Losses = append(r.out.Losses, replay.Loss{
			What: fmt.Sprintf("the way back over references of %d rows of %s", r.out.Loaded.Misfits[table], table),
			Why:  "they are older than the definition of a reference, do not fit it, and an import by a server before 3.3 does not rebuild it",
		})
	}
	return err
}

func (r *run) repaired(what string, n int) {
	if n > 0 {
		r.out.Repairs = append(r.out.Repairs, replay.Repair{What: what, N: n})
	}
}

func (r *run) check(ctx context.Context) error {
	defer r.phase("check", &r.out.Seconds.Check)()
	source, err := db.ParseVersion(r.out.Engine)
	if err != nil {
		return err
	}
	if r.out.Checked, err = db.Check(ctx, r.Target.Client, r.dump.Outline, r.planned, db.CheckOptions{SameVersion: source == r.server, Rows: r.CompareRows, Whole: !r.dump.Partial}); err != nil {
		return err
	}
	return r.renew(ctx)
}

// unfinished says what state the target is in after an error.
func (r *run) unfinished(err error) error {
	cure := hint.Of(err)
	if cure != "" {
		cure += "; "
	}
	return hint.Wrap(err, "%sthe backup is untouched; %s/%s is unfinished and marked so: the same command, with the ID %s, starts again from the beginning",
		cure, r.out.Namespace, r.out.Database, r.out.Backup)
}
