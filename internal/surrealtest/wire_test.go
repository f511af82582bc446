package surrealtest_test

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/surrealtest"
)

func TestImport(t *testing.T) {
	t.Parallel()
	s := surrealtest.Start(t, surrealtest.Options{})
	failed := http.StatusUnprocessableEntity
	if s.Engine == "npm" {
		failed = http.StatusOK // as every server before 3.3.1
	}
	ns, database := s.Fresh(t)
	for _, c := range []struct {
		text   string
		status int
		words  string
	}{
		{"OPTION IMPORT;\nINSERT [ { id: a:1, re: /b/ } ];\n", http.StatusOK, "[]"},
		{"-- a comment\nOPTION IMPORT;\nCREATE a:2;", http.StatusOK, "[]"},
		{"OPTION IMPORT; CREATE a:3; CREATE a:1; CREATE a:4;", failed, `"result":"Database record `},
		{"OPTION IMPORT; CREATE a:5; SELEC 'x; y'; CREATE a:6;", failed, `"result":"Parse error: `},
		{"OPTION IMPORT; CREATE a:7; CREATE a:8 SET x = 'never; ends;", failed, `"result":"Parse error: `},
		{"CREATE a:9;", http.StatusBadRequest, "Import requires `OPTION IMPORT;` as the first statement"},
		{"", http.StatusBadRequest, "Import requires `OPTION IMPORT;` as the first statement"},
	} {
		status, body := send(t, s, request{method: http.MethodPost, path: "/import", ns: ns, database: database, body: c.text})
		if status != c.status || !strings.Contains(body, c.words) {
			t.Errorf("%q: got status %d and %s, want %d and %s", c.text, status, body, c.status, c.words)
		}
	}
	if got := string(s.Query(t, ns, database, "SELECT VALUE id FROM a")[0]); got != `["a:1","a:2","a:3","a:4","a:5","a:7"]` {
		t.Errorf("got %s: what comes before a fault stays, what comes behind a failed statement too", got)
	}
}

func TestWhoMay(t *testing.T) {
	t.Parallel()
	s := surrealtest.Start(t, surrealtest.Options{})
	ns, database := s.Fresh(t)
	s.Query(t, ns, database, "DEFINE USER viewer ON DATABASE PASSWORD 'look' ROLES VIEWER; CREATE a:1")
	s.Query(t, ns, "", "DEFINE DATABASE other")
	export := request{method: http.MethodGet, path: "/export", ns: ns, database: database}
	with := func(r request, change func(*request)) request { change(&r); return r }
	viewer := with(export, func(r *request) { r.user, r.password, r.authNS, r.authDB = "viewer", "look", ns, database })
	want(t, s, viewer, http.StatusOK, "a:1")
	want(t, s, with(viewer, func(r *request) { r.password = "wrong" }), http.StatusUnauthorized)
	want(t, s, with(viewer, func(r *request) { r.authDB = "" }), http.StatusUnauthorized)
	want(t, s, with(viewer, func(r *request) { r.database = "other" }), http.StatusUnauthorized)
	want(t, s, with(viewer, func(r *request) { r.method, r.path, r.body = http.MethodPost, "/import", "OPTION IMPORT; CREATE a:2;" }), http.StatusForbidden, `"code":403`)
	want(t, s, with(export, func(r *request) { r.anonymous = true }), http.StatusForbidden, `"code":403`)
	want(t, s, with(export, func(r *request) { r.token = "not.a.token" }), http.StatusUnauthorized)

	_, body := send(t, s, request{method: http.MethodPost, path: "/signin", anonymous: true, body: `{"user":"viewer","pass":"look","ns":"` + ns + `","db":"` + database + `"}`})
	var answer struct{ Token string }
	if err := json.Unmarshal([]byte(body), &answer); err != nil || answer.Token == "" {
		t.Fatalf("sign in: %v: %s", err, body)
	}
	// A token's own database wins over what the headers ask for.
	want(t, s, with(export, func(r *request) { r.token, r.database = answer.Token, "other" }), http.StatusOK, "a:1")
	want(t, s, request{method: http.MethodPost, path: "/signin", anonymous: true, body: `{"user":"root","pass":"wrong"}`}, http.StatusUnauthorized, "Authentication failed")

	s.Query(t, ns, database, "REMOVE USER viewer ON DATABASE")
	want(t, s, viewer, http.StatusUnauthorized)
}

func TestPaths(t *testing.T) {
	t.Parallel()
	s := surrealtest.Start(t, surrealtest.Options{})
	ns, database := s.Fresh(t)
	s.Query(t, ns, database, "CREATE a:1; CREATE b:1; DEFINE PARAM $p VALUE 1")
	for _, path := range []string{"/health", "/ready", "/status"} {
		want(t, s, request{method: http.MethodGet, path: path, anonymous: true}, http.StatusOK)
	}
	want(t, s, request{method: http.MethodGet, path: "/version", anonymous: true}, http.StatusOK, s.Version)
	want(t, s, request{method: http.MethodGet, path: "/nothing"}, http.StatusNotFound)
	want(t, s, request{method: http.MethodPost, path: "/sql", body: strings.Repeat(" ", 1<<20+1)}, http.StatusRequestEntityTooLarge, "length limit exceeded")
	want(t, s, request{method: http.MethodPost, path: "/sql?x=5", body: "RETURN $x"}, http.StatusOK, `"result":"5"`)
	want(t, s, request{method: http.MethodPost, path: "/sql", ns: ns, database: database, body: "LET $left = 1"}, http.StatusOK)
	want(t, s, request{method: http.MethodPost, path: "/sql", ns: ns, database: database, body: "RETURN $left"}, http.StatusOK, `"result":null`)

	export := request{method: http.MethodPost, path: "/export", ns: ns, database: database, contentType: "application/json"}
	for body, words := range map[string][2]string{
		`{}`: {"DEFINE PARAM|a:1|b:1", ""}, `{"tables":["a","none"]}`: {"DEFINE PARAM|a:1", "b:1"}, `{"tables":{"exclude":["a"]}}`: {"b:1", "a:1"},
		`{"records":false}`: {"DEFINE TABLE a", "a:1"}, `{"params":false,"unknown":1}`: {"a:1", "PARAM"}, `{"tables":false}`: {"DEFINE PARAM", "TABLE"},
	} {
		export.body = body
		status, text := send(t, s, export)
		for _, w := range strings.Split(words[0], "|") {
			if status != http.StatusOK || !strings.Contains(text, w) {
				t.Errorf("export %s: status %d, %q is missing", body, status, w)
			}
		}
		if words[1] != "" && strings.Contains(text, words[1]) {
			t.Errorf("export %s: %q is there", body, words[1])
		}
	}
	for _, body := range []string{"", "{", `{"tables":5}`} {
		export.body = body
		want(t, s, export, http.StatusBadRequest, `"code":400`)
	}
	export.body, export.contentType = "{}", ""
	want(t, s, export, http.StatusBadRequest, "content-type")
}

// Every value comes as the same JSON from both, to the letter.
func TestValues(t *testing.T) {
	t.Parallel()
	s := surrealtest.Start(t, surrealtest.Options{})
	ns, database := s.Fresh(t)
	for sql, want := range map[string]string{
		"[1, 1.0, -0f, 0.1f, -9223372036854775808, 9223372036854775807]": `[1,1.0,-0.0,0.1,-9223372036854775808,9223372036854775807]`,
		"[NONE, NULL, NaN, math::inf, true]":                             `[null,null,null,null,true]`,
		"[1.25dec, 1w2d3h4m5s6ms7us8ns, 0ns, 1y2w]":                      `["1.25","1w2d3h4m5s6ms7µs8ns","0ns","1y2w"]`,
		"[d'2024-01-01T00:00:00Z', d'2024-01-01T00:00:00.5Z', d'2024-01-01T00:00:00.000001Z', d'-0001-01-01T00:00:00Z', d'+12000-01-01T00:00:00Z']": `["2024-01-01T00:00:00Z","2024-01-01T00:00:00.500Z","2024-01-01T00:00:00.000001Z","-0001-01-01T00:00:00Z","+12000-01-01T00:00:00Z"]`,
		"[u'018f5b2e-7c3a-7000-8000-000000000001', <bytes>'hi', <set>[2, 1], <set>[]]":                                                              `["018f5b2e-7c3a-7000-8000-000000000001",[104,105],[1,2],[]]`,
		"[1..10, 'a'..='z', 5.., ..=5, 1>..3, ids:1..5]":                                                                                            `["1..10","'a'..='z'","5..","..=5","1>..3","ids:1..5"]`,
		"[t:1, t:-5, t:abc, t:⟨12ab⟩, t:⟨123⟩, t:⟨1_0⟩, t:⟨a-b⟩, t:⟨⟩, t:⟨é⟩, type::record('a b', 'c`d')]":                                          "[\"t:1\",\"t:-5\",\"t:abc\",\"t:12ab\",\"t:`123`\",\"t:`1_0`\",\"t:`a-b`\",\"t:``\",\"t:`é`\",\"`a b`:`c\\\\`d`\"]",
		`[t:['a', 1.5f, NONE, d'2024-01-01T00:00:00Z', "it's"], t:{ a: 1, 'b c': t:x }, t:u'018f5b2e-7c3a-7000-8000-000000000001', t:[], t:{}]`:     `["t:['a', 1.5f, NONE, d'2024-01-01T00:00:00Z', \"it's\"]","t:{ a: 1, \"b c\": t:x }","t:u'018f5b2e-7c3a-7000-8000-000000000001'","t:[]","t:{  }"]`,
		"[type::table('a b'), type::table('x')]":                                                                                                    `["a b","x"]`,
		"(1.5, -2).coordinates":                                                                                                                     `[1.5,-2.0]`,
		"{ type: 'GeometryCollection', geometries: [(1, 2), (3, 4)] }.type":                                                                         `"GeometryCollection"`,
		`"\u{0001}\u{2028} \" \\ \n 🎉"`:                                                                                                             `"\u0001` + "\u2028" + ` \" \\ \n 🎉"`,
		`type::file('files', '/a b/c-1.txt')`:                                                                                                       `"f\"files:/a\\ b/c-1.txt\""`,
		"{ b: 1, a: NONE, 'c d': { e: [] } }":                                                                                                       `{"a":null,"b":1,"c d":{"e":[]}}`,
		"object::from_entries([['type', 'Point'], ['coordinates', [1, 2]]]).type":                                                                   `"Point"`,
	} {
		if got := string(s.Query(t, ns, database, "RETURN "+sql)[0]); got != want {
			t.Errorf("%s:\n got %s\nwant %s", sql, got, want)
		}
	}
}

// Who goes away in the middle of a request takes nobody with them.
func TestRequestThatBreaksOff(t *testing.T) {
	t.Parallel()
	s := surrealtest.Start(t, surrealtest.Options{})
	for range 5 {
		c, err := net.Dial("tcp", strings.TrimPrefix(s.URL, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(c, "POST /import HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nOPTION IMPORT;"); err != nil {
			t.Fatal(err)
		}
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
	}
	s.Query(t, "", "", "RETURN 1")
	time.Sleep(200 * time.Millisecond) // it learns of it a little later
	s.Query(t, "", "", "RETURN 1")
}
