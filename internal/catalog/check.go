package catalog

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/archive"
)

// check returns an error if a field is missing, or two contradict each other.
func (m *Manifest) check() error {
	started, err := ParseID(m.ID)
	if err != nil {
		return fmt.Errorf("id: %w", err)
	}
	if err := m.Key(ManifestSuffix).Check(); err != nil {
		return err
	}
	switch {
	case m.Format != Format:
		return fmt.Errorf("format: got %d, want %d", m.Format, Format)
	case m.Tool.Name == "":
		return errors.New("tool: no name")
	case m.Engine == "":
		return errors.New("engine: missing")
	case len(m.Recipients) == 0:
		return errors.New("recipients: none")
	case !isUTC(m.Started), !isUTC(m.Finished):
		return errors.New("started, finished: not in UTC")
	case !m.Started.Truncate(time.Second).Equal(started):
		return errors.New("started: not the second of the id")
	case m.Finished.Before(m.Started):
		return errors.New("finished: before started")
	}
	if err := m.checkBase(); err != nil {
		return fmt.Errorf("base: %w", err)
	}
	if err := m.Compression.check(); err != nil {
		return fmt.Errorf("compression: %w", err)
	}
	return m.checkObjects()
}

func isUTC(t time.Time) bool {
	_, offset := t.Zone()
	return offset == 0
}

func (m *Manifest) checkBase() error {
	if m.Base == nil {
		return nil
	}
	if *m.Base == m.ID {
		return errors.New("the backup itself")
	}
	_, err := ParseID(*m.Base)
	return err
}

func (c Compression) check() error {
	switch {
	case c.Algorithm != ZstdSeekable:
		return fmt.Errorf("unknown algorithm %q", c.Algorithm)
	case c.Level < 0 || c.FrameSize <= 0:
		return errors.New("level or frame size out of range")
	}
	return nil
}

func (m *Manifest) checkObjects() error {
	data, keys := 0, map[string]bool{}
	for i, o := range m.Objects {
		if err := m.checkObject(o); err != nil {
			return fmt.Errorf("object %d: %w", i+1, err)
		}
		if keys[o.Key] {
			return fmt.Errorf("object %d: key %q again", i+1, o.Key)
		}
		keys[o.Key] = true
		if o.Role == RoleData {
			data++
		}
	}
	if data != 1 {
		return fmt.Errorf("objects: %d with role %s, want 1", data, RoleData)
	}
	return nil
}

// maxHead bounds the head of an object, which is read into memory: a post-quantum
// recipient takes 3 kB of it.
const maxHead = 8 << 20

// checkObject makes sure that nobody who follows the manifest leaves the backup.
func (m *Manifest) checkObject(o Object) error {
	if !isName(o.Role) {
		return fmt.Errorf("%q cannot be a role", o.Role)
	}
	key, err := ParseKey(o.Key)
	if err != nil {
		return err
	}
	if key != m.Key(key.Suffix) {
		return fmt.Errorf("key %q belongs to another backup", o.Key)
	}
	if !strings.HasSuffix(key.Suffix, SealedSuffix) || (key.Suffix == SecretsSuffix) != (o.Role == RoleSecrets) {
		return fmt.Errorf("key %q cannot hold %s", o.Key, o.Role)
	}
	if err := checkSum(o.Plain); err != nil {
		return fmt.Errorf("plain: %w", err)
	}
	if err := checkSum(o.Stored); err != nil {
		return fmt.Errorf("stored: %w", err)
	}
	if o.Head != (archive.Sum{}) {
		if err := checkSum(o.Head); err != nil {
			return fmt.Errorf("head: %w", err)
		}
		if o.Head.Size > min(o.Stored.Size, maxHead) {
			return errors.New("head: larger than any")
		}
	}
	if o.Stored.Size == 0 {
		return errors.New("stored: no archive is empty")
	}
	return nil
}

func checkSum(s archive.Sum) error {
	switch {
	case s.Size < 0:
		return fmt.Errorf("size %d", s.Size)
	case len(s.SHA256) != 64 || strings.Trim(s.SHA256, "0123456789abcdef") != "":
		return fmt.Errorf("%q is no sha256", s.SHA256)
	}
	return nil
}
