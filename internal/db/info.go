package db

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/vapora-platform/vapora-backup/internal/hint"
)

// An info is what INFO says: kind → name → statement. The statements may hold
// keys and are never shown.
type info map[string]map[string]string

// names returns the names of a kind, sorted.
func (i info) names(kind string) []string {
	var out []string
	for name := range i[kind] {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

// ask runs one INFO.
func (c *Client) ask(ctx context.Context, namespace, database, what string) (info, error) {
	results, err := c.query(ctx, request{namespace: namespace, database: database, body: []byte("INFO FOR " + what), reads: true})
	if err != nil {
		return nil, err
	}
	if len(results) != 1 {
		return nil, fmt.Errorf("ask INFO FOR %s: got %d answers", what, len(results))
	}
	if err := results[0].err(); err != nil {
		return nil, err
	}
	return parseInfo(results[0].Value)
}

// find makes sure that the namespace and the database exist, as far as the user
// may see, before any request is sent that names them: some requests create
// what they name. The error lists the names that exist.
func (c *Client) find(ctx context.Context) error {
	if err := c.findNamespace(ctx); err != nil {
		return err
	}
	if c.opt.Auth <= Namespace {
		ns, err := c.ask(ctx, c.opt.Namespace, "", "NS")
		if err != nil && !errors.Is(err, ErrDenied) {
			return fmt.Errorf("look for database %s: %w", c.opt.Database, err)
		}
		if _, ok := ns["databases"][c.opt.Database]; err == nil && !ok {
			return notThere(ErrNoDatabase, c.opt.Database, "databases", ns)
		}
	}
	if _, err := c.infoDB(ctx); err != nil {
		return fmt.Errorf("look into database %s/%s: %w", c.opt.Namespace, c.opt.Database, err)
	}
	return nil
}

// findNamespace does it for the namespace alone.
func (c *Client) findNamespace(ctx context.Context) error {
	if c.opt.Auth == Root {
		root, err := c.ask(ctx, "", "", "ROOT")
		if err != nil && !errors.Is(err, ErrDenied) {
			return fmt.Errorf("look for namespace %s: %w", c.opt.Namespace, err)
		}
		if _, ok := root["namespaces"][c.opt.Namespace]; err == nil && !ok {
			return notThere(ErrNoNamespace, c.opt.Namespace, "namespaces", root)
		}
	}
	return nil
}

func notThere(kind error, name, of string, have info) error {
	names := strings.Join(have.names(of), ", ")
	if names == "" {
		names = "none"
	}
	return hint.Wrap(fmt.Errorf("%w: %s; there are: %s", kind, name, names), "correct the name in the config; nothing was created")
}

// infoDB is what the database says of itself. ErrNoNamespace and ErrNoDatabase
// are both ErrNoDatabase here; asking creates neither.
func (c *Client) infoDB(ctx context.Context) (info, error) {
	results, err := c.read(ctx, "RETURN [session::ns(), session::db()];\nINFO FOR DB")
	if err != nil {
		return nil, err
	}
	if len(results) != 2 {
		return nil, fmt.Errorf("ask INFO FOR DB: got %d answers", len(results)-1)
	}
	if err := c.checkSession(results[0]); err != nil {
		return nil, err
	}
	switch err := results[1].err(); {
	case errors.Is(err, ErrNoNamespace):
		return nil, fmt.Errorf("%w: %w", ErrNoDatabase, err)
	case err != nil:
		return nil, err
	}
	return parseInfo(results[1].Value, "tables", "users", "accesses", "params", "functions", "analyzers") // 2.1 to 4.0 have these
}

// checkSession makes sure that a token is for the database that was asked for:
// a server takes no notice of what the request names beside it.
func (c *Client) checkSession(r Result) error {
	if r.missing == "database" || r.missing == "namespace" {
		return nil // some versions do not say where one is that is yet to be created
	}
	var at []string
	if r.Err != "" || json.Unmarshal(r.Value, &at) != nil || len(at) != 2 {
		if c.opt.Token == "" {
			return nil // a password signs in to what is asked for, or nowhere
		}
		return fmt.Errorf("the server does not say which database the token is for: %s", r.Err)
	}
	if at[0] != c.opt.Namespace || at[1] != c.opt.Database {
		return hint.Wrap(fmt.Errorf("%w: the token is for %s/%s, not for %s/%s", ErrDenied, at[0], at[1], c.opt.Namespace, c.opt.Database),
			"take a token of that database, or correct the names in the config")
	}
	return nil
}

var errNoInfo = errors.New("the answer to INFO is not what a SurrealDB gives")

// parseInfo keeps the parts of an INFO that are lists of statements. A list that must be
// there and is not, or one that is no longer what it was, is an error: a proof by what is
// left would prove nothing.
func parseInfo(raw json.RawMessage, must ...string) (info, error) {
	var all map[string]json.RawMessage
	if err := json.Unmarshal(raw, &all); err != nil || all == nil {
		return nil, errNoInfo
	}
	out := info{}
	for kind, text := range all {
		var defs map[string]string
		if json.Unmarshal(text, &defs) == nil && defs != nil {
			out[kind] = defs
		} else if kinds[kind] != "" {
			return nil, fmt.Errorf("%w: its %s are no statements", errNoInfo, kind)
		}
	}
	for _, kind := range must {
		if out[kind] == nil {
			return nil, fmt.Errorf("%w: it says nothing of %s", errNoInfo, kind)
		}
	}
	return out, nil
}

// versioned says whether the store keeps the past of its records. A server that
// cannot be asked is taken for one that does not.
func (c *Client) versioned(ctx context.Context) bool {
	results, err := c.read(ctx, "INFO FOR DB VERSION time::now()")
	return err == nil && len(results) == 1 && results[0].Err == ""
}
