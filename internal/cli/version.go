package cli

import (
	"io"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/vapora-platform/vapora-backup/internal/catalog"
)

func newVersion(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Say which program this is", Args: cobra.NoArgs,
		Long:    "Print the version, the commit that it was built from, and the format of the manifests that it writes.",
		Example: "  vapora-backup version --json",
		RunE: func(*cobra.Command, []string) error {
			return a.print(version{
				Version: buildVersion(), Commit: buildSetting("vcs.revision"), Modified: buildSetting("vcs.modified") == "true",
				Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH, ManifestFormat: catalog.Format,
			})
		},
	}
}

type version struct {
	Version        string `json:"version"`
	Commit         string `json:"commit"`
	Modified       bool   `json:"modified"`
	Go             string `json:"go"`
	Platform       string `json:"platform"`
	ManifestFormat int    `json:"manifest_format"`
}

func (v version) Text(w io.Writer) {
	linef(w, "vapora-backup %s (%s, %s)\n", v.Version, v.Go, v.Platform)
	if v.Commit != "" {
		modified := ""
		if v.Modified {
			modified = ", with changes"
		}
		linef(w, "commit %s%s\n", v.Commit, modified)
	}
	linef(w, "writes manifests of format %d\n", v.ManifestFormat)
}

// buildVersion is the module's version as Go recorded it.
func buildVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" || info.Main.Version == "(devel)" {
		return "devel"
	}
	return info.Main.Version
}

func buildSetting(key string) string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	for _, s := range info.Settings {
		if s.Key == key {
			return s.Value
		}
	}
	return ""
}
