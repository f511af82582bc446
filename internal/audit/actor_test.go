package audit_test

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vapora-platform/vapora-backup/internal/audit"
)

func env(pairs ...string) func(string) string {
	return func(name string) string {
		for _, p := range pairs {
			if v, ok := strings.CutPrefix(p, name+"="); ok {
				return v
			}
		}
		return ""
	}
}

// account makes the folder of a service account.
func account(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func token(payload string) string {
	enc := base64.RawURLEncoding.EncodeToString
	return enc([]byte(`{"alg":"RS256"}`)) + "." + enc([]byte(payload)) + "." + enc([]byte("signature"))
}

func TestServiceAccount(t *testing.T) {
	t.Parallel()
	sub := func(s string) string { return token(fmt.Sprintf(`{"iss":"x","sub":%q}`, s)) }
	for _, c := range []struct {
		name, want string
		files      map[string]string
		env        []string
	}{
		{"none", "", nil, nil},
		{"token", "backup/vapora", map[string]string{"token": sub("system:serviceaccount:backup:vapora") + "\n", "namespace": "other"}, []string{"POD_NAMESPACE=x"}},
		{"namespace file", "backup/", map[string]string{"namespace": "backup\n"}, nil},
		{"namespace file and variable", "backup/vapora", map[string]string{"namespace": "backup"}, []string{"POD_NAMESPACE=x", "POD_SERVICE_ACCOUNT=vapora"}},
		{"variables", "backup/vapora", nil, []string{"POD_NAMESPACE=backup", "POD_SERVICE_ACCOUNT=vapora"}},
		{"a user's token", "ns/", map[string]string{"token": sub("alice"), "namespace": "ns"}, nil},
		{"a name that is none", "ns/", map[string]string{"token": sub("system:serviceaccount:backup:../x"), "namespace": "ns"}, nil},
		{"more parts", "ns/", map[string]string{"token": sub("system:serviceaccount:backup:vapora:x"), "namespace": "ns"}, nil},
		{"no JSON", "ns/", map[string]string{"token": token("x"), "namespace": "ns"}, nil},
		{"no base64", "ns/", map[string]string{"token": "a.!.c", "namespace": "ns"}, nil},
		{"opaque", "ns/", map[string]string{"token": "s3cr3t", "namespace": "ns"}, nil},
		{"too long", "ns/", map[string]string{"token": strings.Repeat("x", 1<<20), "namespace": "ns"}, nil},
		{"an odd variable", "", nil, []string{"POD_NAMESPACE=a\nb", "POD_SERVICE_ACCOUNT=vapora"}},
	} {
		got := audit.WhoAmI(env(c.env...), audit.Here{User: "u", Host: "h", ServiceAccount: account(t, c.files)})
		if want := (audit.Actor{User: "u", Host: "h", ServiceAccount: c.want}); got != want {
			t.Errorf("%s: got %+v, want %+v", c.name, got, want)
		}
	}
}

func TestCI(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		env  []string
		want audit.CI
	}{
		{[]string{"GITHUB_ACTIONS=true", "GITHUB_REPOSITORY=o/r", "GITHUB_WORKFLOW=drill", "GITHUB_ACTOR=bob", "GITHUB_RUN_ID=7", "GITHUB_RUN_ATTEMPT=2", "GITHUB_TOKEN=secret"},
			audit.CI{System: "github-actions", Repository: "o/r", Workflow: "drill", Actor: "bob", Run: "7.2"}},
		{[]string{"GITHUB_ACTIONS=true", "GITEA_ACTIONS=true", "GITHUB_ACTOR=bob", "GITHUB_TRIGGERING_ACTOR=eve"},
			audit.CI{System: "gitea-actions", Actor: "eve"}},
		{[]string{"GITLAB_CI=true", "CI_PROJECT_PATH=g/p", "CI_JOB_NAME=drill", "GITLAB_USER_LOGIN=bob", "CI_PIPELINE_ID=7", "CI_JOB_ID=8", "CI_JOB_TOKEN=secret", "CI_REPOSITORY_URL=https://x:secret@y"},
			audit.CI{System: "gitlab", Repository: "g/p", Workflow: "drill", Actor: "bob", Run: "7.8"}},
		{[]string{"CIRCLECI=true", "CIRCLE_PROJECT_USERNAME=o", "CIRCLE_PROJECT_REPONAME=r", "CIRCLE_JOB=drill", "CIRCLE_USERNAME=bob", "CIRCLE_BUILD_NUM=7"},
			audit.CI{System: "circleci", Repository: "o/r", Workflow: "drill", Actor: "bob", Run: "7"}},
		{[]string{"TF_BUILD=True", "BUILD_REPOSITORY_NAME=r", "BUILD_DEFINITIONNAME=drill", "BUILD_REQUESTEDFOR=bob", "BUILD_BUILDID=7"},
			audit.CI{System: "azure-pipelines", Repository: "r", Workflow: "drill", Actor: "bob", Run: "7"}},
		{[]string{"BUILDKITE=true", "BUILDKITE_PIPELINE_SLUG=p", "BUILDKITE_LABEL=drill", "BUILDKITE_BUILD_AUTHOR=bob", "BUILDKITE_BUILD_NUMBER=7"},
			audit.CI{System: "buildkite", Repository: "p", Workflow: "drill", Actor: "bob", Run: "7"}},
		{[]string{"JENKINS_URL=https://secret@x", "GIT_URL=https://x:secret@y", "JOB_NAME=drill", "BUILD_USER_ID=bob", "BUILD_NUMBER=7"},
			audit.CI{System: "jenkins", Workflow: "drill", Actor: "bob", Run: "7"}},
	} {
		a := audit.WhoAmI(env(c.env...), audit.Here{ServiceAccount: t.TempDir()})
		if a.CI == nil || *a.CI != c.want {
			t.Errorf("%s: got %+v, want %+v", c.env[0], a.CI, c.want)
		}
		if s := fmt.Sprintf("%+v %+v", a, a.CI); strings.Contains(s, "secret") {
			t.Errorf("%s: a secret is in %s", c.env[0], s)
		}
	}
}

func TestActorInWords(t *testing.T) {
	t.Parallel()
	a := audit.WhoAmI(env("SUDO_USER=alice", "GITHUB_ACTIONS=true", "GITHUB_REPOSITORY=o/r", "GITHUB_ACTOR=bob"),
		audit.Here{User: "root", Host: "worker-1", ServiceAccount: account(t, map[string]string{"namespace": "ns"})})
	want := "root (sudo of alice) on worker-1 as service account ns/ for github-actions o/r by bob"
	if got := a.String(); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	for _, name := range []string{"root", "alice", "root@worker-1", "alice@worker-1", "worker-1", "ns/", "bob", "o/r"} {
		if !a.Is(name) {
			t.Errorf("it is %s", name)
		}
	}
	for _, name := range []string{"", "eve", "bob@worker-1", "@worker-1"} {
		if a.Is(name) {
			t.Errorf("it is not %q", name)
		}
	}
	if (audit.Actor{}).Is("") || (audit.Actor{}).String() != "" {
		t.Error("nobody is somebody")
	}
}
