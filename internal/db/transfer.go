package db

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
)

// ExportOptions say what an export leaves out.
type ExportOptions struct {
	NoRecords     bool
	NoUsers       bool
	NoAccesses    bool
	ExcludeTables []string
	IncludeTables []string // if not nil, of the tables only these: 2.x excludes none
	Tables        []string // if not nil, only these, and nothing but tables
}

// body is what POST /export takes. A key that a version does not know it ignores.
func (o ExportOptions) body() ([]byte, error) {
	m := map[string]any{"users": !o.NoUsers, "accesses": !o.NoAccesses, "records": !o.NoRecords}
	for _, kind := range []string{"params", "functions", "analyzers", "sequences", "apis", "buckets", "modules", "configs", "database_definition"} {
		m[kind] = o.Tables == nil
	}
	m["versions"], m["tables"] = false, true
	if o.Tables != nil {
		m["tables"], m["users"], m["accesses"] = o.Tables, false, false
	}
	switch {
	case o.IncludeTables != nil:
		m["tables"] = o.IncludeTables
	case len(o.ExcludeTables) > 0:
		m["tables"] = map[string]any{"exclude": o.ExcludeTables}
	}
	return json.Marshal(m)
}

// Export opens the text of the Client's database. That it ended proves nothing;
// see proof.go. A server answers for a name that does not exist with an empty
// text and a success.
func (c *Client) Export(ctx context.Context, o ExportOptions) (io.ReadCloser, error) {
	body, err := o.body()
	if err != nil {
		return nil, fmt.Errorf("export: %w", err)
	}
	res, err := c.do(ctx, request{
		method: "POST", path: "/export", namespace: c.opt.Namespace, database: c.opt.Database,
		body: body, contentType: "application/json", reads: true,
	})
	if err != nil {
		return nil, err
	}
	if res.StatusCode != http.StatusOK {
		text, err := readAnswer(res)
		if err != nil {
			return nil, fmt.Errorf("export from %s: %w", c.base, err)
		}
		return nil, c.refused("export", res.StatusCode, text)
	}
	return res.Body, nil
}

// A Failure is a statement of an import that the server did not take. Servers
// do not say which one it was.
type Failure struct{ Message string }

// Import sends one text that begins with OPTION IMPORT, of known length so that
// a server whose limit it exceeds takes nothing of it. The answer is read
// whatever its status is: a failed statement stands inside a 200 or a 422, and
// what came before it stays done.
func (c *Client) Import(ctx context.Context, text []byte) ([]Failure, error) {
	res, err := c.do(ctx, request{
		method: "POST", path: "/import", namespace: c.opt.Namespace, database: c.opt.Database, body: text, contentType: "application/octet-stream", works: true,
	})
	if err != nil {
		return nil, err
	}
	body, err := readAnswer(res)
	if err != nil {
		return nil, fmt.Errorf("import into %s: %w", c.base, err)
	}
	results, err := parseResults(body)
	if err != nil || res.StatusCode != http.StatusOK && res.StatusCode != http.StatusUnprocessableEntity {
		if res.StatusCode == http.StatusOK {
			return nil, fmt.Errorf("import into %s: %w", c.base, err)
		}
		return nil, c.refused("import", res.StatusCode, body)
	}
	failures := failed(results)
	if len(failures) == 0 && res.StatusCode != http.StatusOK {
		return nil, c.refused("import", res.StatusCode, body)
	}
	return failures, nil
}

// failed returns what the server says of the statements that it did not take.
func failed(results []Result) (out []Failure) {
	for _, r := range results {
		if r.Err != "" {
			out = append(out, Failure{r.Err})
		}
	}
	return out
}
