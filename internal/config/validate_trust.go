package config

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
)

// validateDeletion wants as many approvers as approvals are needed, each a person
// of its own.
func validateDeletion(p place, d Deletion, revoked []Revocation) {
	seen := map[string]string{}
	for i, a := range d.Approvers {
		e := p.entry("approvers", i)
		if strings.HasPrefix(a.Key, "untrusted comment:") || strings.Contains(a.Key, "SECRET") {
			e.fault("key", "this is not a public key", "put the line that begins with RW")
		}
		key := keyBytes(a.Key)
		if first, ok := seen[key]; ok && key != "" {
			e.fault("key", "it is the key of "+first+" too", "each approver has a key of their own")
		}
		seen[key] = a.Name
		if slices.ContainsFunc(revoked, func(r Revocation) bool { return key != "" && keyBytes(r.Key) == key }) {
			e.fault("key", "it is revoked, and who has it could request and approve", "remove it here, or put the approver's new key")
		}
	}
	if n := len(d.Approvers); n > 0 && n < d.Approvals {
		p.fault("approvals", fmt.Sprintf("%d are needed, and there are %d approvers", d.Approvals, n), "add approvers, or lower it")
	}
	if p.given("max_share") && d.MaxShare == 0 {
		p.fault("max_share", "nothing could ever be deleted", "the default is 25%")
	}
}

// validateRevoked wants each revoked key among the trusted ones: there it counts
// for what was signed before.
func validateRevoked(p place, s Signing, approvers []Approver) {
	for i, r := range s.Revoked {
		key := keyBytes(r.Key)
		if key == "" || slices.ContainsFunc(s.Trusted, func(t string) bool { return keyBytes(t) == key }) {
			continue
		}
		cure := "put it there too, for what it signed before, or remove it here"
		if slices.ContainsFunc(approvers, func(a Approver) bool { return keyBytes(a.Key) == key }) {
			cure = "an approver's key counts for nothing once it is out of deletion.approvers: remove it there and here"
		}
		p.entry("revoked", i).fault("key", "it is not among signing.trusted", cure)
	}
}

// keyBytes is what two texts of one minisign public key have in common: its bytes, or
// the text where that is none.
func keyBytes(text string) string {
	text = strings.TrimSpace(text)
	if strings.HasPrefix(text, "untrusted comment:") {
		_, text, _ = strings.Cut(text, "\n")
	}
	text = strings.Join(strings.Fields(text), "")
	if b, err := base64.StdEncoding.DecodeString(text); err == nil {
		return string(b)
	}
	return text
}

func validateRestoreTest(p place, c *Config) {
	// What the other target needs may stand there too: --target chooses it for one run.
	t := c.RestoreTest
	if t.Target == "server" && t.Server.URL == "" {
		p.fault("server", "missing", "name the server to try backups on")
	}
	if t.Server.CA != "" && scheme(t.Server.URL) == "http" {
		p.section("server").fault("ca", "the url is http://, which knows no certificates", "write https:// or remove ca")
	}
	if p.given("smoke_timeout") && t.SmokeTimeout <= 0 {
		p.fault("smoke_timeout", "no smoke test ends at once", "the default is 10m")
	}
	for i, check := range t.Checks {
		e := p.entry("checks", i)
		if _, err := ParseExpectation(check.Expect); check.Expect != "" && err != nil {
			e.fault("expect", err.Error(), `write "not empty", "count > 0" or "= VALUE"`)
		}
	}
}

func validateAudit(p place, a Audit) {
	kind := a.Store.kind()
	if kind == "" {
		return
	}
	if kind == "file" {
		for _, key := range []string{"lock", "credentials", "ca"} {
			if p.given(key) {
				p.fault(key, "not for file://", "remove it")
			}
		}
	}
	p.section("credentials").only(kind, credentialKeys)
	validateCredentials(p.section("credentials"), a.Credentials)
	if lock := p.section("lock"); lock.given("until") && a.Lock.Until <= 0 {
		lock.fault("until", "a lock that is over at once", "write a duration, such as 7y")
	}
}
