package cli

import (
	"context"

	"github.com/vapora-platform/vapora-backup/internal/catalog"
	"github.com/vapora-platform/vapora-backup/internal/config"
	"github.com/vapora-platform/vapora-backup/internal/crypt"
	"github.com/vapora-platform/vapora-backup/internal/notify"
	"github.com/vapora-platform/vapora-backup/internal/storage"
	"github.com/vapora-platform/vapora-backup/internal/storage/s3"
)

// Run is Main under a context of the test's.
var Run = run

// Settle and Claim are the two ways in which a proved file gets its name.
var Settle, Claim = settle, claim

// Results are what commands print as JSON.
var Results = map[string]any{
	"backup db": backups{}, "list": listing{}, "get": got{}, "verify": verified{}, "sync": synced{}, "hold add": held{}, "hold remove": held{}, "hold list": held{},
	"thaw": thawed{}, "prune": planned{}, "prune --explain": explained{}, "prune request": requested{}, "prune requests": requestList{}, "prune approve": requestList{},
	"prune withdraw": requestList{}, "prune apply": applied{}, "prune orphans": swept{}, "restore-test": drilled{}, "report": healthResult{},
	"audit log": auditEntries{}, "audit verify": auditReport{}, "audit export": exported{}, "audit join": joined{}, "keys rewrap": rewrapped{},
	"keys sign-again": rewrapped{}, "restore db": restored{}, "config init": written{}, "config validate": validated{}, "keys generate": generated{},
	"keys check": checkedKeys{}, "version": version{}, "notify": notify.Event{},
}

// HalfTheCores is for tests.
var HalfTheCores = halfTheCores

// Rewrap is `keys rewrap --all` over stores in the place of the config's first
// destinations. It returns what failed.
func Rewrap(ctx context.Context, env Env, cfg *config.Config, ids *crypt.Identities, stores ...storage.Store) ([]error, error) {
	r := &rewrapping{app: &app{Env: env}, cfg: cfg}
	for i, s := range stores {
		l, err := catalog.List(ctx, s, catalog.Filter{})
		if err != nil {
			return nil, err
		}
		r.places = append(r.places, place{destination: destination{cfg.Destinations[i], s}, entries: l.Entries})
	}
	for _, e := range r.places[0].entries {
		r.rewrap(ctx, e, ids)
	}
	return r.failed, nil
}

// S3Options is how a destination of a config is opened.
func S3Options(env Env, d config.Destination) (s3.Options, error) {
	return (&app{Env: env}).s3Options(d)
}

// Slug is what a database's name is in the keys of its backups.
var Slug = slug

// Entry is what a restore of source connects to with --to-url.
func Entry(cfg *config.Config, source, url string) (config.Database, error) {
	return targetFlags{url: url}.entry(cfg, source)
}
