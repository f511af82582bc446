package db

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/vapora-platform/vapora-backup/internal/hint"
)

// A Version is a server's.
type Version struct {
	Major, Minor, Patch int
	Pre                 string // "beta.1" of 4.0.0-beta.1, "" of a release
}

// ParseVersion reads "surrealdb-3.3.5", "surrealdb/3.3.5" or "3.3.5"; what
// follows a plus, as in 3.0.2+20260101, is not kept.
func ParseVersion(s string) (Version, error) {
	text := strings.TrimSpace(s)
	text = strings.TrimPrefix(strings.TrimPrefix(text, "surrealdb-"), "surrealdb/")
	var v Version
	text, _, _ = strings.Cut(text, "+")
	text, v.Pre, _ = strings.Cut(text, "-")
	parts := strings.Split(text, ".")
	if len(parts) != 3 {
		return v, fmt.Errorf("%q is not the version of a SurrealDB", clip(s))
	}
	for i, to := range []*int{&v.Major, &v.Minor, &v.Patch} {
		n, err := strconv.Atoi(parts[i])
		if err != nil || n < 0 {
			return v, fmt.Errorf("%q is not the version of a SurrealDB", clip(s))
		}
		*to = n
	}
	return v, nil
}

// String returns "3.3.5", or "4.0.0-beta.1".
func (v Version) String() string {
	text := fmt.Sprintf("%d.%d.%d", v.Major, v.Minor, v.Patch)
	if v.Pre != "" {
		text += "-" + v.Pre
	}
	return text
}

// Less says whether v is older than o. A prerelease is older than its release, and than
// a later one of the same (semver.org, 11).
func (v Version) Less(o Version) bool {
	if v.Major != o.Major {
		return v.Major < o.Major
	}
	if v.Minor != o.Minor {
		return v.Minor < o.Minor
	}
	if v.Patch != o.Patch {
		return v.Patch < o.Patch
	}
	if v.Pre == "" || o.Pre == "" {
		return v.Pre != "" && o.Pre == ""
	}
	return slices.CompareFunc(strings.Split(v.Pre, "."), strings.Split(o.Pre, "."), comparePre) < 0
}

// comparePre compares two parts of prereleases: numbers as numbers, and before words.
func comparePre(a, b string) int {
	n, errA := strconv.Atoi(a)
	m, errB := strconv.Atoi(b)
	switch {
	case errA == nil && errB == nil:
		return cmp.Compare(n, m)
	case errA == nil:
		return -1
	case errB == nil:
		return 1
	}
	return cmp.Compare(a, b)
}

// Two says whether the server is of the 2.x line.
func (v Version) Two() bool { return v.Major == 2 }

// ImportsReferences says whether an import rebuilds the back side of REFERENCE
// fields: seen at 3.3.5, seen missing at 3.0.
func (v Version) ImportsReferences() bool { return !v.Less(Version{Major: 3, Minor: 3}) }

// positionsSequences says whether an export prints where a sequence stands.
func (v Version) positionsSequences() bool { return !v.Less(Version{Major: 3, Minor: 2, Patch: 5}) }

// ErrVersion is what a server is that this program does not support.
var ErrVersion = errors.New("unsupported version of SurrealDB")

// Version asks the server who it is, and refuses 1.x and 2.0.
func (c *Client) Version(ctx context.Context) (Version, error) {
	res, err := c.do(ctx, request{method: "GET", path: "/version", anonymous: true})
	if err != nil {
		return Version{}, err
	}
	text, err := io.ReadAll(io.LimitReader(res.Body, 1<<10))
	if cerr := res.Body.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return Version{}, fmt.Errorf("ask %s for its version: %w", c.base, err)
	}
	switch {
	case res.StatusCode >= 500 || res.StatusCode == http.StatusForbidden:
		return Version{}, hint.Wrap(fmt.Errorf("ask %s for its version: %s", c.base, res.Status),
			"a proxy that has no server behind it, or a server that denies the route /version")
	case res.StatusCode != http.StatusOK:
		return Version{}, c.refused("version", res.StatusCode, text)
	}
	v, err := ParseVersion(string(text))
	if err != nil {
		return v, hint.Wrap(fmt.Errorf("%s answers, and is no SurrealDB: %w", c.base, err), "is the address right, and its port?")
	}
	if v.Less(Version{Major: 2, Minor: 1}) {
		return v, hint.Wrap(fmt.Errorf("%w: %s at %s", ErrVersion, v, c.base), "2.1 and later are supported; upgrade the server first")
	}
	return v, nil
}
