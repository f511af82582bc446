package surql_test

import (
	"bytes"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/vapora-platform/vapora-backup/internal/db/surql"
)

// Values as servers print them; the second half is what an import must get.
// Where there is none, the row is right as it stands.
var rows = []struct{ printed, want string }{
	{printed: "{  }"},
	{printed: "{ a: {  }, b: [], c: {,}, d: {1, 2}, e: {3,}, f: {'a', person:1} }"},
	{printed: "{ dt: d'2024-02-29T12:34:56.123456789Z', dur: 1w2d3h4m5s6ms7µs8ns, u: u'018f5b2e-7c3a-7000-8000-000000000001', b: b\"68656C\", f: f\"bucket:/a/b\" }"},
	{printed: "{ dec: 1.5dec, f: 0.5f, g: 3f, h: -0f, i: -9223372036854775807, j: 1e-7f, n: NaN, p: Infinity, q: -Infinity, t: true, x: NULL, y: NONE }"},
	{printed: `{ s: 'it''s'`, want: "error"},
	{printed: `{ s: "it's", t: 'say "hi"', u: "both ' and \"", v: 'line\nline\\', w: ';--[{(' }`},
	{printed: "{ a: (1.5, -2.5), b: { type: 'LineString', coordinates: [[1, 2], [3, 4]] } }"},
	{printed: "{ id: t:1, a: t:`123`, b: t:['a', 1], c: t:{ a: 1 }, d: t:u'018f', e: t:-5, f: `weird table`:1, g: t:⟨x⟩, h: t:1..5, i: t:1.., j: t:..=5 }"},
	{printed: "{ a: 1>..3, b: ..=5, c: .., d: t:1>.., e: 'a'>..='z', f: {'x', [1, 2], { a: 1 }}, g: {{ a: 1 },}, h: t:`` }"},
	{"{ a: x>..y }", "{ a: type::table('x')>..type::table('y') }"},
	{`{ f: f"files:/some/key-1.txt", g: [f"files:/a\ b/\é\"\(1\)\'q\\z", f"files:/x\:y"] }`,
		`{ f: f"files:/some/key-1.txt", g: [type::file('files', '/a b/é"(1)\'q\\z'), type::file('files', '/x:y')] }`},
	{printed: "{ r: 1..10, s: 'a'..='z', t: 5.., u: 1..NONE, re: /\\/ab+c\\//, rf: /a'\\/b[{]\"/ }"},
	{printed: `{ "with space": 1, "select": 2, "123": 3, é: 4, "é": 5 }`},
	{printed: "{ f: <future> { 1 / 2 + fn::x(person) }, b: encoding::base64::decode(\"aGVsbG8\"), t: type::table('person') }"},
	{"{ a: person }", "{ a: type::table('person') }"},
	{"{ a: [person, `a b`, `123`, in], b: {x,}, c: { d: { e: y } } }", "{ a: [type::table('person'), type::table('a b'), type::table('123'), type::table('in')], b: {type::table('x'),}, c: { d: { e: type::table('y') } } }"},
	{"{ id: x:[y, { a: z }], r: a..5, s: ..a, v: `NONE` }", "{ id: x:[type::table('y'), { a: type::table('z') }], r: type::table('a')..5, s: ..type::table('a'), v: type::table('NONE') }"},
	{"{ at: { type: 'GeometryCollection', geometries: [(8.4, 49), { type: 'LineString', coordinates: [[8, 49]] }, (1f, 2f)] } }",
		"{ at: { type: 'GeometryCollection', geometries: [{ type: 'Point', coordinates: [8.4, 49] }, { type: 'LineString', coordinates: [[8, 49]] }, { type: 'Point', coordinates: [1f, 2f] }] } }"},
	// An object that only looks like a collection has its keys sorted.
	{"{ at: { geometries: [(8.4, 49)], type: 'GeometryCollection' } }", "{ at: object::from_entries([['geometries', [(8.4, 49)]], ['type', 'GeometryCollection']]) }"},
	{"{ a: [{ coordinates: [1, x], type: 'Point' }], b: { coordinates: { a: 1 }, type: 'Polygon' }, c: 1 }",
		"{ a: [object::from_entries([['coordinates', [1, type::table('x')]], ['type', 'Point']])], b: object::from_entries([['coordinates', { a: 1 }], ['type', 'Polygon']]), c: 1 }"},
	{printed: "{ a: place:{ coordinates: [1, 2], type: 'Point' }, id: place:{ coordinates: [1, 2], type: 'Point' } }"},
	{printed: "{ a: { coordinates: [1], type: 'Other' }, b: { coordinates: [1], type: 'Point', x: 1 }, c: { coordinates: [1] } }"},
	{"{ a: 11.0dec, b: [-2.50dec, 0.00dec], c: { d: 1.5dec }, id: t:[1.0dec, { x: 2.0dec }], e: 100dec, f: 3.0dec }",
		"{ a: (11.1dec - 0.1dec), b: [(-2.51dec + 0.01dec), (0.01dec - 0.01dec)], c: { d: 1.5dec }, id: t:[(1.1dec - 0.1dec), { x: (2.1dec - 0.1dec) }], e: 100dec, f: (3.1dec - 0.1dec) }"},
	{"{ a: 2fa:1, b: [7zip:['a', 1h:x]], c: 1e5, d: 2h30m, id: 3d:x }", "{ a: `2fa`:1, b: [`7zip`:['a', `1h`:x]], c: 1e5, d: 2h30m, id: `3d`:x }"},
	{"{ a: t:1..t:2, b: [t:1..=t:5, x:a>..x:b], c: t:1..5, d: t:1.. }", "{ a: (t:1)..(t:2), b: [(t:1)..=(t:5), (x:a)>..(x:b)], c: t:1..5, d: t:1.. }"},
	{"{ a: {q:1, q:2}, b: [{q:[1],}], c: {`a b`:1, q:x}, d: {{q:1,},}, e: {1, q:1}, f: {2fa:{ a: {q:1,} },}, g: {q:1..q:2,}, h: {q,}, i: {⟨x⟩:1,} }",
		"{ a: (<set> [q:1, q:2]), b: [(<set> [q:[1],])], c: (<set> [`a b`:1, q:x]), d: {(<set> [q:1,]),}, e: {1, q:1}, f: (<set> [`2fa`:{ a: (<set> [q:1,]) },]), g: (<set> [(q:1)..(q:2),]), h: {type::table('q'),}, i: (<set> [⟨x⟩:1,]) }"},
	{"{ a: `a b`:1..`a b`:2, b: a:[x]..=a:[{q:1,}], c: [a:{ x: 1 }>..info:`y z`], d: {a:1..a:2,}, e: a:u'018f'..a:-1, f: a:['b'].., g: t:⟨x⟩..t:⟨y⟩ }",
		"{ a: (`a b`:1)..(`a b`:2), b: (a:[type::table('x')])..=(a:[(<set> [q:1,])]), c: [(a:{ x: 1 })>..(`info`:`y z`)], d: (<set> [(a:1)..(a:2),]), e: (a:u'018f')..(a:-1), f: a:['b'].., g: (t:⟨x⟩)..(t:⟨y⟩) }"},
	{`{ f: f"b\"c\:d:/x" }`, `{ f: type::file('b"c:d', '/x') }`},
	{"{ a: -5..Infinity, b: [..Infinity, 1..=Infinity, -Infinity>..5, -Infinity..Infinity], c: -Infinity, d: Infinity..1 }",
		"{ a: -5..(Infinity), b: [..(Infinity), 1..=Infinity, (-Infinity)>..5, (-Infinity)..(Infinity)], c: -Infinity, d: Infinity..1 }"},
	{`{ a: //, b: /x/ }`, `{ a: (<regex> ""), b: /x/ }`},
	{printed: "{ a: 1", want: "error"},
	{printed: "{ a: 1 ]", want: "error"},
	{printed: "{ a 1 }", want: "error"},
	{printed: "{ a: 'x }", want: "error"},
	{printed: "{ a: t: }", want: "error"},
	{printed: "{ a: <b> }", want: "error"},
}

func TestValues(t *testing.T) {
	t.Parallel()
	var v surql.Values
	for _, c := range rows {
		want := c.want
		if want == "" {
			want = c.printed
		}
		err := v.Walk([]byte(c.printed), false)
		if err != nil || want == "error" {
			if (err != nil) != (want == "error") {
				t.Errorf("%s: got error %v, want %s", c.printed, err, want)
			}
			continue
		}
		got := v.Append(nil)
		if string(got) != want {
			t.Errorf("%s:\ngot  %s\nwant %s", c.printed, got, want)
		}
		if err := v.Walk(got, false); err != nil || !bytes.Equal(v.Append(nil), got) {
			t.Errorf("%s: put right twice it is %s (%v)", c.printed, v.Append(nil), err)
		}
	}
}

func TestEndsAndIntegersOfARow(t *testing.T) {
	t.Parallel()
	ints := map[string]int64{}
	v := surql.Values{Ints: func(field []byte, n int64) { ints[string(field)] = n }}
	row := "{ deep: { no: 9 }, id: bought:7, in: customer:`ben müller`, list: [5], n: 12, out: `weird one`:['a', 1], \"quoted key\": 8, x: 1.5f, y: -3 }"
	if err := v.Walk([]byte(row), true); err != nil {
		t.Fatal(err)
	}
	if string(v.In) != "customer" || string(v.Out) != "`weird one`" {
		t.Errorf("got ends %s and %s", v.In, v.Out)
	}
	if want := map[string]int64{"deep": 9, "id": 7, "list": 5, "n": 12, "out": 1, "quoted key": 8, "y": -3}; !maps.Equal(ints, want) {
		t.Errorf("got integers %v, want %v", ints, want)
	}
	fields := map[string]string{}
	if err := surql.Fields([]byte(row), func(k, x []byte) bool { fields[string(k)] = string(x); return true }); err != nil {
		t.Fatal(err)
	}
	for k, want := range map[string]string{"id": "bought:7", "in": "customer:`ben müller`", "out": "`weird one`:['a', 1]", "deep": "{ no: 9 }", "y": "-3"} {
		if fields[k] != want {
			t.Errorf("field %s: got %q, want %q", k, fields[k], want)
		}
	}
}

// Only a view has fields that are NONE; elements of a list may be.
func TestFieldsWithoutAValue(t *testing.T) {
	t.Parallel()
	var v surql.Values
	for row, want := range map[string]bool{
		"{ a: NONE }": true, "{ a: { b: 1, c: NONE } }": true, "{ a: [{ b: NONE }] }": true,
		"{ a: [NONE, 1], b: {NONE,}, c: 1..NONE, d: 'NONE', id: t:NONE }": false, "{ a: `NONE`, NONE: 1 }": false,
	} {
		if err := v.Walk([]byte(row), false); err != nil || v.Empty != want {
			t.Errorf("%s: got %v (%v), want %v", row, v.Empty, err, want)
		}
	}
}

func FuzzValues(f *testing.F) {
	for _, c := range rows {
		f.Add([]byte(c.printed))
	}
	f.Fuzz(func(t *testing.T, row []byte) {
		v := surql.Values{Ints: func([]byte, int64) {}}
		if v.Walk(row, true) != nil {
			return
		}
		_ = v.Append(nil)
		_ = surql.Fields(row, func(_, _ []byte) bool { return true })
	})
}

// A row's fields end where they end, whatever their values hold.
func TestFields(t *testing.T) {
	t.Parallel()
	want := []string{"a: 'x, }'", "b: /it's, }/", "c: [1, /,/]", "`d e`: ⟨f,⟩:1", "g: { h: 1 }", "i: b:['}', 2]"}
	var got []string
	err := surql.Fields([]byte("{ "+strings.Join(want, ", ")+" }"), func(key, value []byte) bool {
		got = append(got, string(key)+": "+string(value))
		return true
	})
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
}
