package restore_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/vapora-platform/vapora-backup/internal/restore"
)

// Values of every type, in every other, under names of every kind, come back as they
// were. VAPORA_TEST_SEED draws others.
func TestAnyValueComesBack(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for _, seed := range seeds(t) {
		v := values{Rand: rand.New(rand.NewPCG(seed, 0))}
		var sql strings.Builder
		for i := range 400 {
			switch {
			case i%4 == 0: // some of them twice
				fmt.Fprintf(&sql, "CREATE %s SET v = 1 RETURN NONE;\n", v.record(3))
			case i%10 == 5:
				fmt.Fprintf(&sql, "DEFINE PARAM $p%d VALUE %s;\n", i, v.value(2))
			default:
				fmt.Fprintf(&sql, "CREATE t:%d SET v = %s RETURN NONE;\n", i, v.value(3))
			}
		}
		ns, from := h.srv.Fresh(t)
		results, err := h.client(t, ns, from).Query(t.Context(), sql.String())
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		for i, r := range results {
			if r.Err != "" && !strings.Contains(r.Err, "already exists") {
				t.Errorf("seed %d, statement %d: %s", seed, i, r.Err)
			}
		}
		h.same(t, fmt.Sprintf("seed %d", seed), ns, from, nil)
	}
}

// seeds are what tests draw from; VAPORA_TEST_SEED is another, or many as 100-200.
func seeds(t *testing.T) (out []uint64) {
	t.Helper()
	first, last, many := strings.Cut(cmp.Or(os.Getenv("VAPORA_TEST_SEED"), "1-10"), "-")
	if !many {
		last = first
	}
	from, err := strconv.ParseUint(first, 10, 64)
	to, err2 := strconv.ParseUint(last, 10, 64)
	if err != nil || err2 != nil {
		t.Fatal(err, err2)
	}
	for ; from <= to; from++ {
		out = append(out, from)
	}
	return out
}

// same fails unless a database comes back as it is; keys are those of its accesses.
func (h *house) same(t *testing.T, title, ns, from string, keys map[string]string) {
	t.Helper()
	to := from + "_restored"
	j := h.job(t, h.backup(t, ns, from, keys), ns, to)
	j.CompareRows = true
	res, err := restore.Run(t.Context(), j)
	if err != nil {
		if res != nil && res.Loaded != nil {
			t.Logf("%+v", res.Loaded.Failures)
		}
		t.Fatalf("%s: %v", title, err)
	}
	lines := strings.NewReplacer("}, { id", "},\n{ id")
	if want, got := lines.Replace(string(h.srv.Export(t, ns, from))), lines.Replace(string(h.srv.Export(t, ns, to))); got != want {
		t.Errorf("%s: the export of the restored database differs:\n%s", title, diff(want, got))
	}
}

// values draws values, each as an expression that makes it.
type values struct {
	*rand.Rand
	key bool // only what a server can read back in a record's id
}

func (v values) of(all ...string) string { return all[v.IntN(len(all))] }

// several draws up to n of what f draws.
func (v values) several(n int, f func() string) string {
	var out []string
	for range v.IntN(n + 1) {
		out = append(out, f())
	}
	return strings.Join(out, ", ")
}

func (v values) value(depth int) string {
	inner := func() string { return v.value(depth - 1) }
	kinds := 15
	if depth > 0 && !v.key {
		kinds = 20
	} else if depth > 0 {
		kinds = 18
	}
	switch v.IntN(kinds) {
	case 0:
		return v.of("NONE", "NULL", "true", "false", "NaN", "math::inf", "-math::inf")
	case 1:
		return v.of("0", "-0", "9223372036854775807", "-9223372036854775807 - 1", "1", "-5")
	case 2, 3:
		if v.key {
			return v.of("1.5", "-2f", "1.5dec", "2.50dec", "-3dec / 2", "0f", "0dec", "NaN")
		}
		if v.IntN(2) == 0 {
			return v.of("0dec", "1.50dec", "79228162514264337593543950335dec", "0.0000000000000000000000000001dec", "-3dec / 2", "10dec * 1.10dec", "1dec / 3dec")
		}
		return v.of("0f", "-0f", "1e300", "1e-300f", "0.1f + 0.2f", "1.5", "-2f", "1e21f", "123456789012345678f", "5e-324f")
	case 4, 5:
		return v.text()
	case 6:
		return v.of("0ns", "1ns", "1y2w3d4h5m6s7ms8us9ns", "584942417355y", "1500ms")
	case 7:
		if !v.key && v.IntN(4) == 0 {
			return v.of("time::maximum", "d'-262143-01-01T00:00:00Z'", "d'-0044-03-15T00:00:00Z'", "d'+10000-01-01T00:00:00Z'")
		}
		return v.of("d'1970-01-01T00:00:00Z'", "d'2024-02-29T12:34:56.123456789Z'", "d'9999-12-31T23:59:59.999999999Z'", "d'0001-01-01T00:00:00.1Z'", "d'2016-12-31T23:59:59+02:00'")
	case 8:
		return v.of("u'018f5b2e-7c3a-7000-8000-000000000001'", "u'00000000-0000-0000-0000-000000000000'")
	case 9:
		return v.of(`b""`, `b"00FF27225C"`, `<bytes> "x"`)
	case 10:
		return "type::table(" + v.name() + ")"
	case 11, 12:
		return "(" + v.record(depth) + ")"
	case 13:
		if v.key {
			return v.text()
		}
		return v.of("/a/", "/it's/", `/\//`, `/[{(\/;]/`, `<regex> ''`, `<regex> "a\nb"`, `<regex> "\\d+/x"`, `/"/`, "/`/", "/ /")
	case 14:
		return v.of("(1.5, -2.5)", "(0, 0)", "{ type: 'Polygon', coordinates: [[[0, 0], [1, 0], [1, 1], [0, 0]]] }", "{ type: 'LineString', coordinates: [[1, 2], [3, 4]] }",
			"{ type: 'MultiPoint', coordinates: [[1, 2]] }", "{ type: 'GeometryCollection', geometries: [{ type: 'Point', coordinates: [1, 2] }, { type: 'LineString', coordinates: [[1, 2], [3, 4.5]] }] }",
			"object::from_entries([['type', 'Point'], ['coordinates', [1, 2]]])", "{ type: 'Point', coordinates: 'x' }", "{ type: 'MultiPolygon', coordinates: [[[[0, 0], [1, 0], [1, 1], [0, 0]]]] }")
	case 15, 16:
		return "[" + v.several(4, inner) + "]"
	case 17:
		return "object::from_entries([" + v.several(4, func() string { return "[" + v.text() + ", " + inner() + "]" }) + "])"
	case 18:
		return "<set>[" + v.several(4, inner) + "]"
	default: // bounds that are ranges, or one of them a record, are printed as other values
		if v.IntN(3) == 0 {
			return "(" + v.record(depth) + ")" + v.of("..", "..=", ">..", ">..=") + "(" + v.record(depth) + ")"
		}
		bound := func() string {
			for {
				if b := inner(); !strings.Contains(b, "..") && !strings.HasPrefix(b, "(type::record") {
					return "(" + b + ")"
				}
			}
		}
		return bound() + v.of("..", "..=", ">..", ">..=") + bound()
	}
}

// text draws a string literal.
func (v values) text() string {
	if !v.key && v.IntN(20) == 0 {
		return "''"
	}
	return v.name()
}

// name draws one that is not empty.
func (v values) name() string {
	return v.of("'a'", `"it's"`, `'say "hi"'`, "'line\\nline'", "'tab\\t'", "'back\\\\slash'", "'`'", "'⟨x⟩'", "';--'", "'/* x'", "'*/'", "'# x'", "'\u00e9'", "'\U0001F600'", "'\\t\\t'", "'{'", "'}'", "')]'", "'a b'", "'1'", "'2fa'",
		"'select'", "'none'", "'NULL'", "'true'", "'NaN'", "'type'", "'info'", "'-- TABLE DATA: x'", "'OPTION IMPORT;'", "'$p'", "'a::b'", "'t:1'", "'d\\'x\\''", "'\u2028'", "'\\r\\n'", "'in'", "'id'", "'1h'", "'1e5'", "'_'", "'A'", "'0x1'", "'\\u{feff}'", "'rand'", "'fn'", "'function'", "'future'", "'__'", "'.'", "'*'", "'@'")
}

// record draws a record's id.
func (v values) record(depth int) string {
	key := v.of("1", "-1", "9223372036854775807", "'x'", "'it\\'s'", "'1'", "u'018f5b2e-7c3a-7000-8000-000000000001'", "'NONE'", "'a b'", "'\u00e9'", "'`'", "'⟩'", "'\\\\'", "'\\n'", "'-1'", "'1a'", "'a1'", "'rand'", "'ulid'", "'..'")
	if depth > 0 && v.IntN(3) == 0 {
		v := values{v.Rand, true}
		key = v.of("["+v.several(3, func() string { return v.value(depth - 1) })+"]", "object::from_entries(["+v.several(3, func() string { return "[" + v.text() + ", " + v.value(depth-1) + "]" })+"])")
	}
	if v.IntN(2) == 0 {
		return "type::record('q', " + key + ")"
	}
	return "type::record(" + v.name() + ", " + key + ")"
}
