package config

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
)

// maxSecret is more than any key or password has, and small enough to read.
const maxSecret = 64 << 10

// A Secret says where a secret lies: in a variable of the environment or in a
// file. It never holds the secret itself, so whatever prints a Secret prints
// where it lies and no more.
type Secret struct {
	Env  string `yaml:"env,omitempty" json:"env,omitempty"`
	File string `yaml:"file,omitempty" json:"file,omitempty"`
}

// IsZero reports whether the secret is not configured.
func (s Secret) IsZero() bool { return s == Secret{} }

// Value fetches the secret. Line ends at its end are not part of it. A secret
// that is not there, or is empty, is an error that names the place and never
// the content. The caller keeps the value out of logs, errors and arguments.
func (s Secret) Value(getenv func(string) string) (string, error) {
	switch {
	case s.Env != "" && s.File != "":
		return "", fmt.Errorf("read secret %v: both a variable and a file", s)
	case s.Env != "":
		v := strings.TrimRight(getenv(s.Env), "\r\n")
		if v == "" {
			return "", fmt.Errorf("read secret %v: the variable is not set", s)
		}
		return v, nil
	case s.File != "":
		v, err := readSecret(s.File)
		if err != nil {
			return "", fmt.Errorf("read secret %v: %w", s, err)
		}
		return v, nil
	}
	return "", errors.New("read secret: none is configured")
}

func readSecret(name string) (_ string, err error) {
	f, err := os.Open(name)
	if err != nil {
		return "", bare(err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	b, err := io.ReadAll(io.LimitReader(f, maxSecret+1))
	if err != nil {
		return "", bare(err)
	}
	if len(b) > maxSecret {
		return "", fmt.Errorf("the file is larger than %v", Size(maxSecret))
	}
	v := strings.TrimRight(string(b), "\r\n")
	if v == "" {
		return "", errors.New("the file is empty")
	}
	return v, nil
}

// bare drops the operation and the path from an error of package os, where the
// message already has both.
func bare(err error) error {
	var p *os.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// String is the form that the config file has: {env: NAME} or {file: PATH}.
func (s Secret) String() string {
	switch {
	case s.Env != "":
		return "{env: " + s.Env + "}"
	case s.File != "":
		return "{file: " + s.File + "}"
	}
	return "{}"
}

// GoString is String.
func (s Secret) GoString() string { return s.String() }

// LogValue is String.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// exposed says what is wrong with the rights of a secret's file, or "".
func (s Secret) exposed() string {
	if s.File == "" {
		return ""
	}
	// What cannot be looked at is an error where it is read, not a warning here.
	info, err := os.Stat(s.File)
	if err != nil || info.Mode().Perm()&0o006 == 0 {
		return ""
	}
	return fmt.Sprintf("%s is open to every user of this machine; chmod 600 it, or set defaultMode: 0400 on the Kubernetes volume", s.File)
}
