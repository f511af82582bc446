package cli

import (
	"github.com/spf13/pflag"

	"github.com/vapora-platform/vapora-backup/internal/config"
	"github.com/vapora-platform/vapora-backup/internal/db"
)

// targetFlags say where a restore goes, over the source's own entry in the config.
type targetFlags struct {
	url, namespace, database, auth, username                string
	passwordEnv, passwordFile, tokenEnv, caFile, serverName string
}

func (t *targetFlags) flags(f *pflag.FlagSet) {
	f.StringVar(&t.url, "to-url", "", "`URL` of the server to restore into")
	f.StringVar(&t.namespace, "to-namespace", "", "`NAME` of the namespace to restore into")
	f.StringVar(&t.database, "to-database", "", "`NAME` of the database to restore into")
	f.StringVar(&t.auth, "to-auth", "", "level of the user there: `root|namespace|database`")
	f.StringVar(&t.username, "to-username", "", "`USER` there")
	f.StringVar(&t.passwordEnv, "to-password-env", "", "environment variable `NAME` that holds the password there")
	f.StringVar(&t.passwordFile, "to-password-file", "", "`FILE` that holds the password there")
	f.StringVar(&t.tokenEnv, "to-token-env", "", "environment variable `NAME` that holds a token there")
	f.StringVar(&t.caFile, "to-ca", "", "PEM `FILE` of the certificates to trust there")
	f.StringVar(&t.serverName, "to-server-name", "", "`NAME` in the certificate there, if it is not the host of --to-url")
}

// entry returns what to connect with: the source's, with the flags over it.
func (t targetFlags) entry(cfg *config.Config, source string) (config.Database, error) {
	d, found := cfg.DatabaseOf(source)
	url := d.URL
	if d.Name != source {
		d.Database = "" // which is another one
	}
	for _, f := range []struct {
		from string
		to   *string
	}{{t.url, &d.URL}, {t.namespace, &d.Namespace}, {t.database, &d.Database}, {t.auth, &d.Auth}, {t.username, &d.Username}, {t.caFile, &d.TLS.CA}} {
		if f.from != "" {
			*f.to = f.from
		}
	}
	if t.url != "" {
		if _, err := db.Dial(db.Options{URL: t.url}); err != nil {
			return d, usagef("--to-url: %w; a user and a password have options of their own", err)
		}
	}
	if t.url != "" && t.url != url {
		d.TLS.ServerName = "" // that of another host
	}
	if t.serverName != "" {
		d.TLS.ServerName = t.serverName
	}
	switch {
	case t.passwordEnv != "":
		d.Password, d.Token = config.Secret{Env: t.passwordEnv}, config.Secret{}
	case t.passwordFile != "":
		d.Password, d.Token = config.Secret{File: t.passwordFile}, config.Secret{}
	case t.tokenEnv != "":
		d.Token, d.Username, d.Password = config.Secret{Env: t.tokenEnv}, "", config.Secret{}
	case t.url != "" && found && t.url != url && t.username != "":
		return d, usagef("--to-username needs --to-password-env or --to-password-file")
	}
	if d.Auth == "" {
		d.Auth = "root"
	}
	if _, ok := levels[d.Auth]; !ok {
		return d, usagef("--to-auth %s: root, namespace or database", d.Auth)
	}
	for _, f := range []struct{ value, flag string }{{d.URL, "--to-url"}, {d.Namespace, "--to-namespace"}, {d.Database, "--to-database"}} {
		if f.value == "" {
			return d, usagef("the config says nothing of where %s goes: give %s", source, f.flag)
		}
	}
	return d, nil
}
