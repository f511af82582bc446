package cli

import (
	"regexp"
	"strings"
)

// commands are ours in a text, but for those that write what --config names.
var commands = regexp.MustCompile(`\bvapora-backup (audit|backup|config (?:show|validate)|get|hold|keys (?:canary|check|rewrap|sign-again)|list|prune|report|restore|restore-test|show|sync|thaw|verify)\b`)

// pasted puts --config, where this run has it, into the commands that a text names: they
// are pasted as they are.
func (a *app) pasted(text string) string {
	if a.configPath == "" {
		return text
	}
	return commands.ReplaceAllString(text, "vapora-backup --config "+strings.ReplaceAll(word(a.configPath), "$", "$$")+" $1")
}

// word is a text as one word of a shell.
func word(text string) string {
	if text != "" && !strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' || strings.ContainsRune(" \"'`$\\!*?[]{}()<>|&;~#", r) }) {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}
