package config

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// A unit is a suffix and how many of the base it stands for. The larger comes
// first, so that printing finds the largest that fits.
type unit struct {
	name string
	of   int64
}

func sizeUnits() []unit {
	return []unit{
		{"TiB", 1 << 40}, {"TB", 1e12}, {"GiB", 1 << 30}, {"GB", 1e9},
		{"MiB", 1 << 20}, {"MB", 1e6}, {"KiB", 1 << 10}, {"kB", 1e3}, {"B", 1},
	}
}

func durationUnits() []unit {
	const day = int64(24 * time.Hour)
	return []unit{
		{"y", 365 * day}, {"w", 7 * day}, {"d", day},
		{"h", int64(time.Hour)}, {"m", int64(time.Minute)}, {"s", int64(time.Second)},
		{"ms", int64(time.Millisecond)}, {"us", int64(time.Microsecond)}, {"µs", int64(time.Microsecond)}, {"ns", 1},
	}
}

// A Size is a number of bytes.
type Size int64

// UnmarshalText reads a number with a unit: B, kB, MB, GB, TB (powers of 1000)
// or KiB, MiB, GiB, TiB (powers of 1024). Only zero needs no unit.
func (s *Size) UnmarshalText(b []byte) error {
	if string(b) == "0" {
		*s = 0
		return nil
	}
	n, rest, err := quantity(string(b), sizeUnits())
	if err != nil || rest != "" {
		return fmt.Errorf("%q is not a size", clip(string(b)))
	}
	*s = Size(n)
	return nil
}

// String is the exact size in the largest unit that divides it.
func (s Size) String() string {
	for _, u := range sizeUnits() {
		if s != 0 && int64(s)%u.of == 0 {
			return strconv.FormatInt(int64(s)/u.of, 10) + u.name
		}
	}
	return "0"
}

// MarshalText is String, and UnmarshalText reads it back.
func (s Size) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// A Duration is a time.Duration that also knows days, weeks and years.
type Duration time.Duration

// UnmarshalText reads numbers with units, such as 1h30m, 2w or 7y: Go's units
// and d, w and y, which is 365 days. Only zero needs no unit.
func (d *Duration) UnmarshalText(b []byte) error {
	rest, sum := string(b), int64(0)
	for first := true; (first || rest != "") && string(b) != "0"; first = false {
		n, after, err := quantity(rest, durationUnits())
		if err != nil || sum > math.MaxInt64-n {
			return fmt.Errorf("%q is not a duration", clip(string(b)))
		}
		sum, rest = sum+n, after
	}
	*d = Duration(sum)
	return nil
}

// String is the duration in years, weeks or days where one of them divides it,
// and otherwise as Go writes it.
func (d Duration) String() string {
	for _, u := range durationUnits()[:3] {
		if d != 0 && int64(d)%u.of == 0 {
			return strconv.FormatInt(int64(d)/u.of, 10) + u.name
		}
	}
	s := time.Duration(d).String()
	for _, zero := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(s, zero) {
			s = strings.TrimSuffix(s, zero[1:])
		}
	}
	return s
}

// MarshalText is String, and UnmarshalText reads it back.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// ParseMoment reads a day or a moment in UTC.
func ParseMoment(s string) (time.Time, error) {
	for _, layout := range []string{time.RFC3339, "2006-01-02"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is no date", clip(s))
}

// A Percent is a share in percent, from 0 to 100.
type Percent float64

// UnmarshalText reads a number with or without its sign: 25%, 99.9.
func (p *Percent) UnmarshalText(b []byte) error {
	f, err := strconv.ParseFloat(strings.TrimSuffix(string(b), "%"), 64)
	if err != nil || !(f >= 0 && f <= 100) {
		return fmt.Errorf("%q is not a percentage", clip(string(b)))
	}
	*p = Percent(f)
	return nil
}

// String is the number with its sign.
func (p Percent) String() string { return strconv.FormatFloat(float64(p), 'f', -1, 64) + "%" }

// MarshalText is String, and UnmarshalText reads it back.
func (p Percent) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// Share is the percentage as a part of one.
func (p Percent) Share() float64 { return float64(p) / 100 }

// quantity reads a decimal number and one of the units from the start of s.
func quantity(s string, units []unit) (n int64, rest string, err error) {
	end := strings.IndexFunc(s, func(r rune) bool { return (r < '0' || r > '9') && r != '.' })
	if end <= 0 {
		return 0, "", strconv.ErrSyntax
	}
	var of int64
	longest := 0
	for _, u := range units {
		if strings.HasPrefix(s[end:], u.name) && len(u.name) > longest {
			of, longest = u.of, len(u.name)
		}
	}
	if longest == 0 {
		return 0, "", strconv.ErrSyntax
	}
	rest = s[end+longest:]
	if whole, err := strconv.ParseInt(s[:end], 10, 64); err == nil {
		if whole > math.MaxInt64/of {
			return 0, "", strconv.ErrRange
		}
		return whole * of, rest, nil
	}
	f, err := strconv.ParseFloat(s[:end], 64)
	if err != nil || f*float64(of) >= math.MaxInt64 {
		return 0, "", strconv.ErrRange
	}
	return int64(math.Round(f * float64(of))), rest, nil
}

// clip keeps what a message quotes to a length that can be read.
func clip(s string) string {
	const most = 40
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}
