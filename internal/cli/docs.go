package cli

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

// Docs returns the reference of every command as Markdown, by file name.
// It is the same text on every machine.
func Docs() (map[string][]byte, error) {
	root := newRoot(&app{Env: Env{Now: time.Now}})
	root.DisableAutoGenTag = true
	out := map[string][]byte{}
	return out, page(root, out)
}

func page(c *cobra.Command, into map[string][]byte) error {
	c.DisableAutoGenTag = true
	c.InitDefaultHelpCmd()
	var b bytes.Buffer
	if err := doc.GenMarkdown(c, &b); err != nil {
		return fmt.Errorf("write the page of %s: %w", c.CommandPath(), err)
	}
	into["docs/cli/"+strings.ReplaceAll(c.CommandPath(), " ", "_")+".md"] = b.Bytes()
	for _, sub := range c.Commands() {
		if !sub.IsAvailableCommand() || sub.Name() == "help" {
			continue
		}
		if err := page(sub, into); err != nil {
			return err
		}
	}
	return nil
}
