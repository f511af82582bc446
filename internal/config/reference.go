package config

import (
	"bytes"
	"fmt"
	"strings"
)

const referenceHead = `# Configuration

<!-- Generated from internal/config. Change the struct tags there, then run: go run ./internal/tools/docs -->

The file is the first of ` + "`--config`, `$VAPORA_BACKUP_CONFIG`, `./vapora-backup.yaml` and `/etc/vapora-backup/config.yaml`" + `.
` + "`vapora-backup config init` writes one, `config validate` checks it, `config show` prints what is in effect and where each value comes from, and `config schema` prints a JSON Schema for editors." + `
An unknown key, a wrong type or a missing part is an error, and all of them are reported at once.

- **Secrets** are never in the file. Write ` + "`{env: NAME}`" + ` or ` + "`{file: PATH}`" + `; line ends at the end are not part of the secret. A file that every user of the machine can read is a warning, not an error: Kubernetes mounts secrets so unless ` + "`defaultMode: 0400`" + ` is set.
- **Sizes**: ` + "`B`, `kB`, `MB`, `GB`, `TB` (powers of 1000), `KiB`, `MiB`, `GiB`, `TiB` (powers of 1024)." + `
- **Durations**: ` + "`ns`, `us`, `ms`, `s`, `m`, `h`, `d`, `w` and `y` (365 days), also together: `1h30m`." + `
- **Paths** are relative to the file that holds them.
- **Names** are unique in their list.
- **Environment over file**: two underscores for each step down, entries of lists by name, in capitals, with ` + "`_` for `-` and `.`: `VAPORA_BACKUP__DESTINATIONS__PRIMARY__URL`, `VAPORA_BACKUP__ENCRYPTION__LEVEL`. Lists of text are separated by commas. A secret is set by naming its place: `VAPORA_BACKUP__DATABASES__VAPORA__PASSWORD__FILE=/run/password`. A variable that names nothing is an error, and so is a list that is set to nothing." + ` Paths in the environment are relative to the working directory.
- YAML aliases are refused.

## An example

` + "```yaml\n%s```\n"

// Reference is docs/config.md.
func Reference() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, referenceHead, Example(ExampleOptions{
		Recipients:     []string{"age1…operations…", "age1…safe…"},
		IdentityFile:   "restore.key",
		SigningKeyFile: "sign.key",
		TrustedKeys:    []string{"RWQ…"},
	}))
	root := rootSpec()
	root.reference(&b, "")
	return b.Bytes()
}

// reference writes the table of a section and then those below it.
func (s *spec) reference(b *bytes.Buffer, path string) {
	title := "The file"
	if path != "" {
		title = "`" + path + "`"
	}
	fmt.Fprintf(b, "\n## %s\n\n| key | type | default | meaning |\n|---|---|---|---|\n", title)
	for _, f := range s.fields {
		def := ""
		switch {
		case f.need:
			def = "**required**"
		case f.def != "":
			def = "`" + f.def + "`"
		}
		fmt.Fprintf(b, "| `%s` | %s | %s | %s |\n", f.name, f.typeName(), def, strings.ReplaceAll(code(f.doc), "|", `\|`))
	}
	if len(s.later) > 0 {
		fmt.Fprintf(b, "\nNot yet supported, and refused by name: `%s`.\n", strings.Join(s.later, "`, `"))
	}
	for _, f := range s.fields {
		switch below := join(path, f.name); {
		case f.kind == sectionOf:
			f.reference(b, below)
		case f.kind == listOf && f.elem.kind == sectionOf:
			f.elem.reference(b, below+"[]")
		}
	}
}

// typeName is the type in the words of the reference.
func (s *spec) typeName() string {
	switch {
	case len(s.enum) > 0:
		t := "`" + strings.Join(s.enum, "`, `") + "`"
		if len(s.later) > 0 {
			t += "; later `" + strings.Join(s.later, "`, `") + "`"
		}
		return t
	case s.kind == number && s.low != s.high:
		return fmt.Sprintf("%d to %d", s.low, s.high)
	case s.kind == toggle:
		return "`true`, `false`"
	case s.kind == listOf && s.elem.kind == sectionOf:
		return "list of sections"
	case s.kind == listOf:
		return "list of " + strings.TrimPrefix(s.elem.typeName(), "a ") + plural(s.elem)
	case s.form == "path" || s.form == "name":
		return s.form
	case s.form == "moment":
		return "date"
	case s.form == "until":
		return "`expiry` or duration"
	case s.form != "":
		return "URL"
	}
	return strings.TrimPrefix(s.noun(), "a ")
}

func plural(s *spec) string {
	if s.kind == text && s.form == "" {
		return ""
	}
	return "s"
}

// code turns the quotes of a doc into Markdown's: struct tags cannot hold
// backquotes.
func code(doc string) string { return strings.ReplaceAll(doc, `"`, "`") }
