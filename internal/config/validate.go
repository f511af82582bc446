package config

import (
	"fmt"
	"strings"
	"time"
)

// A place is a section of the tree under judgement.
type place struct {
	l    *faultList
	n    *node
	path string
}

// given reports whether somebody wrote the key, rightly or wrongly.
func (p place) given(key string) bool {
	c := p.n.child(key)
	return c != nil && c.from != Origin{}
}

// fault reports what is wrong with a key, unless something already was.
func (p place) fault(key, problem, cure string) {
	o := p.n.from
	if c := p.n.child(key); p.n.bad || c != nil && c.bad {
		return
	} else if p.given(key) {
		o = c.from
	}
	p.l.at(o, join(p.path, key), problem, cure)
}

func (p place) section(key string) place {
	c := p.n.child(key)
	switch {
	case c == nil:
		c = &node{kind: section, from: p.n.from}
	case c.from == Origin{}:
		c = &node{kind: c.kind, members: c.members, from: p.n.from}
	}
	return place{p.l, c, join(p.path, key)}
}

// entry is the i-th of the list under key.
func (p place) entry(key string, i int) place {
	item := p.n.child(key).items[i]
	return place{p.l, item, itemPath(join(p.path, key), i, item)}
}

// validate finds what is wrong between keys that are each right by themselves.
func (l *faultList) validate(c *Config) {
	root := place{l, c.root, ""}
	// The whole file has no line.
	whole := place{l, &node{kind: section, members: c.root.members, from: Origin{File: c.file}}, ""}
	if len(c.Databases) == 0 {
		whole.fault("databases", "missing", "name at least one database to back up")
	}
	if len(c.Destinations) == 0 {
		whole.fault("destinations", "missing", "name at least one place that holds backups")
	}
	for i, d := range c.Databases {
		p := root.entry("databases", i)
		if p.n.bad {
			continue
		}
		validateSource(p, d)
		for _, other := range c.Databases {
			if other.AllDatabases && strings.HasPrefix(d.Name, other.Name+".") {
				p.fault("name", fmt.Sprintf("backups of databases[%s], which has all_databases, are called %[1]s.DATABASE", other.Name), "give it a name that does not begin so")
			}
		}
		validateLogin(p, d)
		if r := p.n.child("recipients"); len(c.Recipients(d)) == 0 && (r == nil || !r.bad) {
			whole.section("encryption").fault("recipients", "missing", fmt.Sprintf("who shall be able to read the backups of %s? vapora-backup keys generate makes a key", p.path))
		}
		p.publicKeys("recipients", d.Recipients)
	}
	required, always := false, false
	taken := map[string]Origin{}
	for i, d := range c.Destinations {
		p := root.entry("destinations", i)
		if p.n.bad {
			continue
		}
		required, always = required || d.Required, always || d.Required && !d.Offline
		validateDestination(p, d)
		if id := d.Store.String(); id != "" {
			if first, ok := taken[id]; ok {
				p.fault("url", fmt.Sprintf("the same place as %v", first), "two destinations in one place are one copy")
			}
			taken[id] = p.n.from
		}
	}
	switch {
	case len(c.Destinations) == 0:
	case !required:
		whole.fault("destinations", "none is required", "set required: true for at least one, or a run without a backup would succeed")
	case !always:
		whole.fault("destinations", "all that are required are offline",
			"set required: true for one that is always there (the first is, where nothing is said), and required: false for the offline one")
	}
	root.section("encryption").publicKeys("recipients", c.Encryption.Recipients)
	signing := root.section("signing")
	signing.publicKeys("trusted", c.Signing.Trusted)
	if !c.Signing.Password.IsZero() && !signing.given("key") {
		signing.fault("password", "there is no key", "add signing.key")
	}
	validateRevoked(signing, c.Signing, c.Deletion.Approvers)
	validateDeletion(root.section("deletion"), c.Deletion, c.Signing.Revoked)
	validateRestoreTest(root.section("restore_test"), c)
	if c.Audit.URL != "" {
		validateAudit(root.section("audit"), c.Audit)
	}
}

func validateSource(p place, d Database) {
	switch {
	case d.AllDatabases && p.given("database"):
		p.fault("all_databases", "database is set too", "keep one of them")
	case !d.AllDatabases && !p.given("database"):
		p.fault("database", "missing", "name the database, or set all_databases: true")
	case d.AllDatabases && d.Auth == "database":
		p.fault("auth", "a user of one database cannot read all_databases", "use a user of the namespace or of root")
	}
	tls := p.section("tls")
	if scheme(d.URL) == "http" && (d.TLS.CA != "" || d.TLS.ServerName != "") {
		tls.fault("", "the url is http://, which knows no certificates", "write https:// or remove tls")
	}
	for i, k := range d.AccessKeys {
		if k.Database != "" && !d.AllDatabases && k.Database != d.Database {
			p.entry("access_keys", i).fault("database", "this is not the database that is backed up", "remove it")
		}
	}
	if d.Timeouts.Idle < Duration(time.Second) {
		p.section("timeouts").fault("idle", "shorter than a second", "a server is silent for seconds while it starts an export; the default is 2m")
	}
}

func validateLogin(p place, d Database) {
	user, pass, token := p.given("username"), p.given("password"), p.given("token")
	switch {
	case token && (user || pass):
		p.fault("token", "username or password is set too", "keep the token, or username and password")
	case user && !pass:
		p.fault("password", "missing", "add password: {env: NAME} or {file: PATH}")
	case pass && !user:
		p.fault("username", "missing", "add the user of the password")
	case !user && !token:
		p.fault("username", "missing", "add username and password, or a token")
	}
}

// publicKeys refuses private keys among public ones, and does not repeat them.
// Whether a public key is a good one is not known here.
func (p place) publicKeys(key string, values []string) {
	for i, v := range values {
		upper := strings.ToUpper(v)
		if strings.Contains(upper, "AGE-SECRET-KEY-") || strings.Contains(upper, "AGE-PLUGIN-") ||
			strings.Contains(upper, "PRIVATE KEY") || key == "trusted" && len(v) > 100 {
			p.l.at(p.n.child(key).items[i].from, fmt.Sprintf("%s[%d]", join(p.path, key), i),
				"this is a private key", "put the public key here, keep the private one in a file, and replace the pair if others could read this config")
		}
	}
}
