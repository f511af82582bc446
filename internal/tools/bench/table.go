package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strings"
	"time"
)

// table renders the rows, ratios first.
func (b *bench) table() string {
	var t strings.Builder
	t.WriteString("| ratio | bound | | measurement | against | wall s | cpu s | peak MiB | stored MB | |\n|---|---|---|---|---|---|---|---|---|---|\n")
	for _, r := range b.rows {
		ratio, bound, holds := "–", "–", ""
		if q, ok := r.ratio(); ok {
			ratio = fmt.Sprintf("%.2f", q)
			if r.bound > 0 {
				bound, holds = fmt.Sprintf("%.2f", r.bound), "holds"
				if q > r.bound {
					holds = "**missed**"
				}
			}
		}
		fmt.Fprintf(&t, "| %s | %s | %s | %s | %s | %s | %s | %s | %s | %s |\n", ratio, bound, holds, r.what, strings.ReplaceAll(r.against, "|", `\|`),
			both(r.ours.wall, r.theirs.wall, "%.2f"), both(r.ours.cpu, r.theirs.cpu, "%.2f"),
			both(float64(r.ours.peak)/(1<<20), float64(r.theirs.peak)/(1<<20), "%.0f"),
			both(float64(r.ours.stored)/1e6, float64(r.theirs.stored)/1e6, "%.1f"), r.note)
	}
	return t.String()
}

// ratio is of wall times, of CPU, or of bytes where no time was taken.
func (r row) ratio() (float64, bool) {
	switch {
	case r.against == "":
		return 0, false
	case r.cpu:
		return r.ours.cpu / r.theirs.cpu, true
	case r.theirs.wall > 0:
		return r.ours.wall / r.theirs.wall, true
	case r.theirs.stored > 0:
		return float64(r.ours.stored) / float64(r.theirs.stored), true
	}
	return 0, false
}

func both(x, y float64, format string) string {
	if x == 0 && y == 0 {
		return ""
	}
	return fmt.Sprintf(format+" / "+format, x, y)
}

// page is docs/performance.md.
func page(table, tools string) string {
	return "# Performance\n\n" +
		"Written by `make bench`: medians of interleaved runs, both sides of a row in turn on\nthe same machine. Ratios count; absolute times mean little. Each cell has ours first.\n\n" +
		"Machine: " + machine() + ".\nCompared with: " + tools + ".\n\n" + table + "\n" +
		"1. a whole `backup db`, proof and commit included, against `curl` of the same export to nowhere,\n   and against what one would type instead, which proves nothing.\n   The export beside a loop that only spins is the floor of it: what the machine's cores take from each other.\n" +
		"2. compress, seal, sum and store a dump on disk, against tools that do less or more of it.\n   The library that compresses, alone and to nowhere, is the floor of it.\n" +
		"3. `get`, which proves every sum, against decrypting and unpacking alone.\n" +
		"4. `restore db`, which proves the backup first and checks the database afterwards, against posting the\n   plain dump, which does neither and loses what docs/design.md says.\n   The same batches as bare posts from memory, three at once, are what the server itself takes.\n   Each run has an empty server of its own, as a restore after a loss has.\n" +
		"5. stored bytes that a restore of one small table reads.\n" +
		"6. the same backup to several destinations at once, each of which takes all of it.\n" +
		"7. what it takes to know what to keep, and to prove what is kept.\n"
}

// machine describes where this ran, without its name.
func machine() string {
	model := "unknown processor"
	if text, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.SplitSeq(string(text), "\n") {
			if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
				model = strings.TrimSpace(value)
				break
			}
		}
	}
	system := runtime.GOOS + "/" + runtime.GOARCH
	if text, err := os.ReadFile("/proc/sys/kernel/osrelease"); err == nil {
		system += " " + number.FindString(string(text))
	}
	return fmt.Sprintf("%s, %d cores, %s, %s, %s", model, runtime.NumCPU(), system, runtime.Version(), time.Now().UTC().Format("2006-01-02"))
}

var number = regexp.MustCompile(`\d+(\.\d+)+`)

// tools names the stock tools that took part, with their versions.
func (b *bench) tools(ctx context.Context) string {
	var all []string
	for _, t := range []struct{ name, path, ask string }{
		{"age", b.age(), "--version"}, {"zstd", "zstd", "--version"}, {"gzip", "gzip", "--version"},
		{"openssl", "openssl", "version"}, {"restic", "restic", "version"}, {"borg", "borg", "--version"},
	} {
		out, err := exec.CommandContext(ctx, t.path, t.ask).Output()
		if err != nil {
			all = append(all, t.name+" (missing)")
			continue
		}
		all = append(all, strings.TrimSpace(t.name+" "+number.FindString(string(out))))
	}
	return strings.Join(all, ", ")
}
