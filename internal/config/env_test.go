package config_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/vapora-platform/vapora-backup/internal/config"
)

func TestEnvironment(t *testing.T) {
	t.Parallel()
	c := parse(t, minimal, config.Environ([]string{
		"VAPORA_BACKUP__DESTINATIONS__PRIMARY__URL=s3://b?region=r&path_style=true",
		"VAPORA_BACKUP__DATABASES__VAPORA__MIN_SIZE=5MB",
		"VAPORA_BACKUP__DATABASES__VAPORA__DATABASE=2024",
		"VAPORA_BACKUP__DATABASES__MY_SHOP_EU__PASSWORD__FILE=run/secret",
		"VAPORA_BACKUP__DATABASES__MY_SHOP_EU__TIMEOUTS__IDLE=1h",
		"VAPORA_BACKUP__DATABASES__MY_SHOP_EU__LEAVE_OUT__TABLES=a, b,,c",
		"VAPORA_BACKUP__ENCRYPTION__RECIPIENTS=age1z,age1w",
		"VAPORA_BACKUP__ENCRYPTION__LEVEL=7",
		"VAPORA_BACKUP__SIGNING__KEY__ENV=SIGN",
		"VAPORA_BACKUP_CONFIG=/not/a/key",
		"HOME=/root", "odd",
	}))
	shop := c.Databases[1]
	for _, test := range []struct {
		what      string
		got, want any
	}{
		{"bucket", c.Destinations[0].Store.S3.Bucket, "b"},
		{"path style", c.Destinations[0].Store.S3.PathStyle, true},
		{"min_size", c.Databases[0].MinSize, config.Size(5e6)},
		{"database", c.Databases[0].Database, "2024"},
		{"password", shop.Password, config.Secret{File: "run/secret"}},
		{"idle", shop.Timeouts.Idle.String(), "1h"},
		{"tables", strings.Join(shop.LeaveOut.Tables, "|"), "a|b|c"},
		{"recipients", strings.Join(c.Encryption.Recipients, "|"), "age1z|age1w"},
		{"level", c.Encryption.Level, 7},
		{"key", c.Signing.Key, config.Secret{Env: "SIGN"}},
	} {
		if test.got != test.want {
			t.Errorf("%s: got %v, want %v", test.what, test.got, test.want)
		}
	}
}

func TestEnvironmentFaults(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ value, want string }{
		"DESTINATION__PRIMARY__URL":                 {"x", "destination: names nothing; did you mean destinations?"},
		"DESTINATIONS__PRIMARI__URL":                {"x", `destinations: names no entry, "primari"; there are: primary`},
		"DESTINATIONS__PRIMARY__URI":                {"x", "destinations[primary].uri: names nothing; did you mean url?"},
		"DESTINATIONS__PRIMARY":                     {"x", "destinations[primary]: names no value; go on with the name of an entry or a key below it"},
		"DESTINATIONS":                              {"x", "destinations: names no value; go on with the name of an entry or a key below it"},
		"DESTINATIONS__PRIMARY__URL__HOST":          {"x", "destinations[primary].url: has nothing below it; end the name at URL"},
		"DESTINATIONS__PRIMARY__KEEP":               {"x", "destinations[primary].keep: names no value; go on with the name of an entry or a key below it"},
		"DESTINATIONS__PRIMARY__TAKES":              {"yearly", `destinations[primary].takes: "yearly" is not known; use all or hourly or daily or weekly or monthly`},
		"DATABASES__VAPORA__ACCESS_KEYS__ACCT__KEY": {"x", "databases[vapora].access_keys: names nothing: the list is empty; the environment changes entries of the file, it adds none"},
		"ENCRYPTION__IDENTITIES__0__FILE":           {"x", "encryption.identities: names nothing: the list is empty; the environment changes entries of the file, it adds none"},
		"ENCRYPTION__LEVEL":                         {"high", `encryption.level: got "high", want a whole number; write digits alone, without quotes`},
		"ENCRYPTION__RECIPIENTS":                    {"AGE-SECRET-KEY-1HUNTER2", "encryption.recipients[0]: this is a private key; put the public key here, keep the private one in a file, and replace the pair if others could read this config"},
		"DATABASES__VAPORA__PASSWORD":               {"hunter2", "databases[vapora].password: a secret is never written here; set VAPORA_BACKUP__DATABASES__VAPORA__PASSWORD__ENV to the name of a variable or VAPORA_BACKUP__DATABASES__VAPORA__PASSWORD__FILE to a path"},
		"DATABASES__VAPORA__PASSWORD__VALUE":        {"hunter2", "databases[vapora].password: a secret is never written here; set VAPORA_BACKUP__DATABASES__VAPORA__PASSWORD__ENV to the name of a variable or VAPORA_BACKUP__DATABASES__VAPORA__PASSWORD__FILE to a path"},
		"DATABASES__VAPORA__RECIPIENTS":             {"", "databases[vapora].recipients: empty; give it a value or unset it"},
		"SIGNING__TRUSTED":                          {" , ", "signing.trusted: empty; give it a value or unset it"},
		"RESTORE_TEST__SMOKE":                       {"", "restore_test.smoke: empty; give it a value or unset it"},
		"DATABASES__VAPORA__NAMESPACE":              {"", "databases[vapora].namespace: empty; give it a value or remove the key"},
		"INCLUDE":                                   {"x", "include: can only be set in the file; unset it"},
		"SCHEDULE":                                  {"x", "schedule: not yet supported by this version; unset it"},
		"":                                          {"x", `"": names nothing; known here: version, include, databases, destinations, encryption, signing, objectives, deletion, restore_test, audit, notify`},
	} {
		_, err := config.Parse("c.yaml", []byte(minimal), map[string]string{config.EnvPrefix + name: test.value})
		want := "$" + config.EnvPrefix + name + ": " + test.want
		if err == nil || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
}

func TestEnvironmentAmbiguous(t *testing.T) {
	t.Parallel()
	text := strings.Replace(minimal, "name: vapora", "name: my.shop-eu", 1)
	_, err := config.Parse("c.yaml", []byte(text), map[string]string{"VAPORA_BACKUP__DATABASES__MY_SHOP_EU__DATABASE": "x"})
	if err == nil || !strings.Contains(err.Error(), `names more than one entry, "my_shop_eu"`) {
		t.Errorf("got error %v, want one about two entries", err)
	}
}

// Faults of the environment come after those of the file, and all at once.
func TestFaultOrder(t *testing.T) {
	t.Parallel()
	_, err := config.Parse("c.yaml", []byte(minimal+"foo: 1\n"), map[string]string{"VAPORA_BACKUP__ENCRYPTION__LEVEL": "99"})
	lines := strings.Split(fmt.Sprint(err), "\n")
	if len(lines) != 2 || !strings.HasPrefix(lines[0], "c.yaml:9: foo: ") || !strings.HasPrefix(lines[1], "$VAPORA_BACKUP__") {
		t.Errorf("got %q, want c.yaml's fault, then the variable's", lines)
	}
}
