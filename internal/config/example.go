package config

import (
	"bytes"
	"strings"
	"text/template"

	"go.yaml.in/yaml/v4"
)

// ExampleOptions are the parts of the example that differ from one operator to
// the next. Every field but Recipients may be empty.
type ExampleOptions struct {
	Recipients     []string // without one the file does not pass Load
	IdentityFile   string   // named in a comment only: a backup machine needs none
	SigningKeyFile string
	TrustedKeys    []string
	DatabaseURL    string // http://localhost:8000
	Namespace      string // vapora
	Database       string // main
	PasswordEnv    string // DB_PASSWORD
	MinSize        string // 1MB
	DestinationURL string // file:backups
}

// Example is the commented file that `config init` writes. Given a recipient
// it passes Load as it is.
func Example(o ExampleOptions) []byte {
	for value, def := range map[*string]string{
		&o.DatabaseURL: "http://localhost:8000", &o.Namespace: "vapora", &o.Database: "main",
		&o.PasswordEnv: "DB_PASSWORD", &o.DestinationURL: "file:backups", &o.IdentityFile: "restore.key",
		&o.MinSize: "1MB",
	} {
		if *value == "" {
			*value = def
		}
	}
	var b bytes.Buffer
	t := template.Must(template.New("").Funcs(template.FuncMap{"yaml": plain, "flow": inline}).Parse(exampleText))
	if err := t.Execute(&b, o); err != nil {
		// The template and its data are both in this file: a test executes it.
		return nil
	}
	return b.Bytes()
}

// plain is a text as YAML that ends a line.
func plain(v string) (string, error) {
	b, err := yaml.Marshal(v)
	return strings.TrimSpace(string(b)), err
}

// inline is a text or a list of texts as YAML that may stand between the
// braces of a flow collection.
func inline(v any) (string, error) {
	value, single := v.(string)
	if single {
		v = []string{value}
	}
	var n yaml.Node
	if err := n.Encode(v); err != nil {
		return "", err
	}
	n.Style = yaml.FlowStyle
	b, err := yaml.Marshal(&n)
	text := strings.TrimSpace(string(b))
	if single {
		text = strings.TrimSuffix(strings.TrimPrefix(text, "["), "]")
	}
	return text, err
}

const exampleText = `# vapora-backup: what to back up, where to, and who can read it.
# Check it with "vapora-backup config validate"; docs/config.md names every key.
version: 1

databases:
  - name: vapora                    # backups are stored under this name: keep it
    url: {{yaml .DatabaseURL}}
    namespace: {{yaml .Namespace}}
    database: {{yaml .Database}}                  # or: all_databases: true
    username: root
    password: {env: {{flow .PasswordEnv}}}    # secrets: {env: NAME} or {file: PATH}, never a value
    min_size: {{yaml .MinSize}}                   # a smaller dump is a failed backup; lower it for a small database
    # SurrealDB 3 hides the keys of access methods in its exports. Name them, or a
    # restore has to do without.
    # access_keys: [{name: acct, key: {env: ACCT_KEY}}]

destinations:
  - name: primary
    url: {{yaml .DestinationURL}}
    # url: s3://vapora-backups/prod?region=eu-central-1    # &endpoint=https://host&path_style=true for other S3 servers
    # sse: {mode: AES256}           # AES-256 at rest by the server, on top of our own encryption
    keep: {hourly: 24h, daily: 30d}                        # the strategy: 30 days rolling
    # lock: {mode: governance, until: expiry}              # nothing goes before its time; the bucket must have Object Lock
  # A second provider or a place on-premises survives the loss of the first.
  # - name: secondary
  #   url: azblob://vaporabackups/prod                     # gs://bucket/prefix, file:///mnt/backups
  #   takes: daily
  #   keep: {daily: 30d, weekly: 90d}
  # - name: archive
  #   url: s3://vapora-archive?region=eu-west-1
  #   takes: monthly
  #   keep: {monthly: 7y}
  #   storage_class: DEEP_ARCHIVE
  #   lock: {mode: compliance, until: expiry}
  # "vapora-backup sync" copies to each what it missed.

encryption:
  # Public keys. At least two people or places should be able to open a backup.
  recipients: {{flow .Recipients}}
  # Private keys belong only where backups are read, not on the machine that takes them.
  # identities: [{file: {{flow .IdentityFile}}}]
{{if or .SigningKeyFile .TrustedKeys}}
signing:
{{- if .SigningKeyFile}}
  key: {file: {{flow .SigningKeyFile}}}           # says who wrote a backup
{{- end}}
{{- if .TrustedKeys}}
  trusted: {{flow .TrustedKeys}}
{{- end}}
{{else}}
# signing:
#   key: {file: sign.key}           # says who wrote a backup
#   trusted: [RWQ…]
{{end}}
# Run "vapora-backup backup db" every hour: "0 * * * *". The strategy allows the
# loss of at most 1 hour (RPO 1h) and 4 hours until service is back (RTO 4h).
objectives: {rpo: 1h, rto: 4h, availability: 99.9}

# A backup is deleted only after two approvals and a day. Approvers are minisign
# keys of people; until there are some, nothing is deleted.
deletion:
  approvals: 2
  delay: 24h
  # approvers: [{name: operations, key: RWQ…}, {name: security, key: RWQ…}, {name: recovery, key: RWQ…}]

# "vapora-backup restore-test --if first-sunday" from a daily cron at 02:00 UTC is
# the strategy's monthly test.
restore_test:
  target: local
  # checks: [{query: "SELECT count() FROM projects GROUP ALL", expect: "count > 0"}]

# audit: {url: "s3://vapora-audit?region=eu-west-3", lock: {mode: compliance, until: 7y}}

# Who is told how runs go, beside cron's mail.
# notify:
#   - {name: ops, type: slack, url: {env: SLACK_WEBHOOK}, on: [failure]}
#   - {name: deadman, type: ping, url: {env: PING_URL}, on: [start, success, failure], commands: [backup db]}
`
