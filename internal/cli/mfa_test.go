package cli_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/cli"
)

// onceSTS hands out a session for each code once, as AWS does, and is an empty bucket
// for whoever has one.
type onceSTS struct {
	mu   sync.Mutex
	used map[string]bool
}

func (s *onceSTS) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPost && r.URL.Path == "/" {
		s.mu.Lock()
		defer s.mu.Unlock()
		code := r.PostFormValue("TokenCode")
		if s.used[code] {
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprint(w, `<ErrorResponse><Error><Code>AccessDenied</Code><Message>MultiFactorAuthentication failed with invalid MFA one time pass code.</Message></Error></ErrorResponse>`)
			return
		}
		s.used[code] = true
		fmt.Fprintf(w, `<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>A</AccessKeyId><SecretAccessKey>S</SecretAccessKey>`+
			`<SessionToken>T</SessionToken><Expiration>%s</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`, time.Now().Add(time.Hour).UTC().Format(time.RFC3339))
		return
	}
	if r.Method == http.MethodGet && r.URL.Query().Has("list-type") {
		fmt.Fprint(w, `<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>`)
		return
	}
	http.NotFound(w, r)
}

// A code of a device is good once, and so a run opens each destination once.
func TestOneCodeIsEnough(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(&onceSTS{used: map[string]bool{}})
	t.Cleanup(srv.Close)
	file := filepath.Join(t.TempDir(), "vapora-backup.yaml")
	err := os.WriteFile(file, []byte(`version: 1
databases:
  - {name: vapora, url: "http://127.0.0.1:1", namespace: n, database: d, username: root, password: {env: DB_PASSWORD}}
destinations:
  - name: primary
    url: "s3://bucket?region=us-east-1&path_style=true&endpoint=`+srv.URL+`"
    credentials: {access_key: {env: KEY}, secret_key: {env: KEY}}
    assume_role: {arn: "arn:aws:iam::123456789012:role/backup", mfa_serial: "arn:aws:iam::123456789012:mfa/anna", endpoint: "`+srv.URL+`"}
    keep: {daily: 30d}
encryption: {recipients: [age1cy0su9fwf3gf9mw868g5yut09p6nytfmmnktexz2ya5uqg9vl9sss4euqm]}
`), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	for _, command := range []string{"report", "prune requests", "audit verify", "audit join"} {
		var out, talk bytes.Buffer
		env := cli.System()
		env.Out, env.Err, env.Environ = &out, &talk, append(os.Environ(), "KEY=key", "DB_PASSWORD=x")
		args := append(strings.Fields(command), "--config", file, "--mfa-code", strings.ReplaceAll(command, " ", "-"))
		code := cli.Run(t.Context(), env, args)
		if all := out.String() + talk.String(); strings.Contains(all, "AccessDenied") || code == 1 || code == 2 {
			t.Errorf("%s: got exit code %d, %s", command, code, all)
		}
	}
}
