package catalog_test

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/catalog"
)

func TestNewID(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 16, 0, 0, 999, time.FixedZone("", 2*3600))
	id, err := catalog.NewID(now, bytes.NewReader([]byte{31, 5, 27, 32 + 10, 26, 224 + 12}))
	if err != nil || id != firstID {
		t.Errorf("got %q, %v, want %q", id, err, firstID)
	}
	at, err := catalog.ParseID(id)
	if want := now.Truncate(time.Second); err != nil || !at.Equal(want) || at.Location() != time.UTC {
		t.Errorf("ParseID: got %v, %v, want %v in UTC", at, err, want)
	}
}

func TestNewIDFails(t *testing.T) {
	t.Parallel()
	year := func(y int) time.Time { return time.Date(y, 1, 1, 0, 0, 0, 0, time.UTC) }
	for name, c := range map[string]struct {
		now    time.Time
		random io.Reader
	}{
		"no random":     {year(2026), iotest.ErrReader(io.ErrNoProgress)},
		"little random": {year(2026), strings.NewReader("12345")},
		"year 10000":    {year(10000), strings.NewReader("123456")},
	} {
		if id, err := catalog.NewID(c.now, c.random); err == nil {
			t.Errorf("%s: got %q, want an error", name, id)
		}
	}
}

func TestParseIDRefuses(t *testing.T) {
	t.Parallel()
	for _, id := range []string{
		"", "-", "20261123T140000Z", "20261123T140000Z-", "20261123T140000Z-7f3k2", "20261123T140000Z-7f3k2mm",
		"20261123T140000Z-7F3K2M", "20261123T140000Z-7f3k2/", "20261123T140000Z-7f3k21", "20261123T140000Z-7f3-2m",
		"20261323T140000Z-7f3k2m", "20260230T140000Z-7f3k2m", "20261123T140060Z-7f3k2m", "20261123T140000-7f3k2m",
		"20261123T140000.5Z-7f3k2m", "20261123T140000,5Z-7f3k2m", "20261123t140000z-7f3k2m", " 20261123T140000Z-7f3k2m",
	} {
		if at, err := catalog.ParseID(id); err == nil {
			t.Errorf("%q: got %v, want an error", id, at)
		}
	}
}
