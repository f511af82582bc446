package config_test

import (
	"math"
	"testing"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/config"
)

func TestSize(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]config.Size{
		"0": 0, "0B": 0, "1B": 1, "1kB": 1000, "1MB": 1e6, "1GB": 1e9, "1TB": 1e12,
		"1KiB": 1 << 10, "1MiB": 1 << 20, "1GiB": 1 << 30, "1TiB": 1 << 40, "1.5GB": 15e8, "0.5KiB": 512,
		"9223372036854775807B": math.MaxInt64,
	} {
		var got config.Size
		if err := got.UnmarshalText([]byte(text)); err != nil || got != want {
			t.Errorf("%s: got %d, %v, want %d", text, got, err, want)
		}
		var again config.Size
		if err := again.UnmarshalText([]byte(got.String())); err != nil || again != got {
			t.Errorf("%s: printed as %q, which reads as %d, %v", text, got, again, err)
		}
	}
	for _, text := range []string{"", "1", "MB", "-1MB", "1 MB", "1mb", "1K", "1MBB", "1.2.3MB", ".MB", "9999999999TB", "1e9B", "9223372036854775808B"} {
		var got config.Size
		if err := got.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q: got %d, want an error", text, got)
		}
	}
}

func TestDuration(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	for text, want := range map[string]struct {
		d     time.Duration
		print string
	}{
		"0": {0, "0s"}, "90s": {90 * time.Second, "1m30s"}, "2m": {2 * time.Minute, "2m"}, "1h30m": {90 * time.Minute, "1h30m"},
		"24h": {day, "1d"}, "30d": {30 * day, "30d"}, "2w": {14 * day, "2w"}, "7y": {7 * 365 * day, "7y"}, "168h": {7 * day, "1w"},
		"1d12h": {36 * time.Hour, "36h"}, "1.5h": {90 * time.Minute, "1h30m"}, "100ms": {100 * time.Millisecond, "100ms"},
		"5us": {5000, "5µs"}, "5µs": {5000, "5µs"}, "20m": {20 * time.Minute, "20m"}, "10h": {10 * time.Hour, "10h"}, "1h0m5s": {time.Hour + 5*time.Second, "1h0m5s"},
	} {
		var got config.Duration
		if err := got.UnmarshalText([]byte(text)); err != nil || time.Duration(got) != want.d || got.String() != want.print {
			t.Errorf("%s: got %d (%v), %v, want %d (%s)", text, got, got, err, want.d, want.print)
		}
		var again config.Duration
		if err := again.UnmarshalText([]byte(got.String())); err != nil || again != got {
			t.Errorf("%s: printed as %q, which reads as %d, %v", text, got, again, err)
		}
	}
	for _, text := range []string{"", "1", "d", "-1d", "1 d", "1month", "300y", "200y200y", "1d1", "1.h.", "..5h"} {
		var got config.Duration
		if err := got.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q: got %v, want an error", text, got)
		}
	}
}
