package audit

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// ServiceAccountDir is where Kubernetes puts what a pod may know of its service
// account.
const ServiceAccountDir = "/var/run/secrets/kubernetes.io/serviceaccount"

// An Actor is who did something, as far as the machine knows: nobody has proved
// it. What is not known is empty.
type Actor struct {
	User           string `json:"user,omitempty"` // of the operating system
	Sudo           string `json:"sudo,omitempty"` // who became that user, by sudo's word
	Host           string `json:"host,omitempty"`
	ServiceAccount string `json:"service_account,omitempty"` // Kubernetes' namespace/name; the name may be missing
	CI             *CI    `json:"ci,omitempty"`
}

// A CI is the job of a build system that did something.
type CI struct {
	System     string `json:"system"` // "github-actions"
	Repository string `json:"repository,omitempty"`
	Workflow   string `json:"workflow,omitempty"`
	Actor      string `json:"actor,omitempty"` // who set it going
	Run        string `json:"run,omitempty"`
}

// Here is what a process knows of where it runs.
type Here struct {
	User, Host string // as the operating system names them
	// ServiceAccount is the folder that Kubernetes fills; "" is ServiceAccountDir.
	ServiceAccount string
}

// WhoAmI says who acts here. It reads a few environment variables and the
// service account's namespace and token, of which it takes the name alone and
// believes it. It never fails: what it cannot find out is empty.
func WhoAmI(getenv func(string) string, here Here) Actor {
	dir := here.ServiceAccount
	if dir == "" {
		dir = ServiceAccountDir
	}
	return Actor{
		User: here.User, Host: here.Host, Sudo: getenv("SUDO_USER"),
		ServiceAccount: serviceAccount(getenv, dir),
		CI:             ci(getenv),
	}
}

// String is "root (sudo of alice) on worker-1 as service account ns/name for
// github-actions owner/repository by bob", with what there is of it.
func (a Actor) String() string {
	var b strings.Builder
	add := func(before, s string) {
		if s == "" {
			return
		}
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(before + s)
	}
	add("", a.User)
	if a.Sudo != "" {
		add("", "(sudo of "+a.Sudo+")")
	}
	add("on ", a.Host)
	add("as service account ", a.ServiceAccount)
	if a.CI != nil {
		add("for ", a.CI.System)
		add("", a.CI.Repository)
		add("by ", a.CI.Actor)
	}
	return b.String()
}

// Is reports whether a name is one of the actor's: the user's, also with
// "@host", the host's, the service account's, or the CI's actor or repository.
func (a Actor) Is(name string) bool {
	names := []string{a.User, a.Sudo, a.Host, a.ServiceAccount}
	for _, user := range []string{a.User, a.Sudo} {
		if user != "" {
			names = append(names, user+"@"+a.Host)
		}
	}
	if a.CI != nil {
		names = append(names, a.CI.Actor, a.CI.Repository)
	}
	for _, n := range names {
		if n != "" && n == name {
			return true
		}
	}
	return false
}

// serviceAccount is what the token says, or else the files and variables of the
// pod.
func serviceAccount(getenv func(string) string, dir string) string {
	if s := subject(readShort(filepath.Join(dir, "token"))); s != "" {
		return s
	}
	namespace := strings.TrimSpace(readShort(filepath.Join(dir, "namespace")))
	if !isName(namespace) {
		namespace = getenv("POD_NAMESPACE")
	}
	name := getenv("POD_SERVICE_ACCOUNT")
	if !isName(namespace) || name != "" && !isName(name) {
		return ""
	}
	return namespace + "/" + name
}

// subject is the namespace and name in a token's sub claim, "" if there are none.
func subject(token string) string {
	parts := strings.Split(strings.TrimSpace(token), ".")
	if len(parts) != 3 {
		return ""
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	var claims struct {
		Sub string `json:"sub"`
	}
	if err != nil || json.Unmarshal(payload, &claims) != nil {
		return ""
	}
	rest, ok := strings.CutPrefix(claims.Sub, "system:serviceaccount:")
	namespace, name, _ := strings.Cut(rest, ":")
	if !ok || !isName(namespace) || !isName(name) {
		return ""
	}
	return namespace + "/" + name
}

// isName reports whether s can be a name in Kubernetes.
func isName(s string) bool {
	return s != "" && len(s) <= 253 && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789.-") == ""
}

// readShort is what a small file holds, "" where it cannot be read.
func readShort(path string) string {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, 64<<10))
	if err != nil {
		return ""
	}
	return string(text)
}
