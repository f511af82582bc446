package db

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/vapora-platform/vapora-backup/internal/db/surql"
	"github.com/vapora-platform/vapora-backup/internal/hint"
)

// export streams the text to w and through the parser.
func (s *Source) export(ctx context.Context, w io.Writer, p *proof) (*surql.Outline, error) {
	body, err := s.Client.Export(ctx, s.choice(p))
	if err != nil {
		return nil, err
	}
	out := &passing{to: w}
	o, err := readExport(ctx, io.TeeReader(body, out))
	if cerr := body.Close(); err == nil {
		err = cerr
	}
	if out.err != nil {
		return nil, out.err // not the server's fault
	}
	return o, err
}

// choice says what to export.
func (s *Source) choice(p *proof) ExportOptions {
	o := ExportOptions{NoUsers: s.LeaveOut.Users, NoAccesses: s.LeaveOut.Accesses, ExcludeTables: s.LeaveOut.Tables}
	if p.version.Two() && len(s.LeaveOut.Tables) > 0 {
		o.IncludeTables = []string{}
		for _, name := range p.before.info.names("tables") {
			if !slices.Contains(s.LeaveOut.Tables, name) {
				o.IncludeTables = append(o.IncludeTables, name)
			}
		}
	}
	return o
}

// A passing writer keeps its error, to tell it from the reader's.
type passing struct {
	to  io.Writer
	err error
}

func (p *passing) Write(b []byte) (int, error) {
	n, err := p.to.Write(b)
	p.err = err
	return n, err
}

// readExport reads what came in the place of a dump.
func readExport(ctx context.Context, r io.Reader) (*surql.Outline, error) {
	buffered := bufio.NewReaderSize(r, 1<<16)
	head, err := buffered.Peek(64)
	if err == nil || errors.Is(err, io.EOF) {
		if err := checkStart(head); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrIncomplete, err)
		}
	}
	o, err := surql.ReadOutline(buffered, surql.Look{Sum: surql.AllSums})
	switch {
	case err == nil:
		return o, nil
	case ctx.Err() != nil:
		return nil, fmt.Errorf("export: %w", context.Cause(ctx))
	case errors.Is(err, surql.ErrOld):
		return nil, fmt.Errorf("%w: %w", ErrVersion, err)
	case errors.Is(err, surql.ErrTruncated), errors.Is(err, surql.ErrSyntax):
		return nil, fmt.Errorf("%w: %w", ErrIncomplete, err)
	}
	return nil, hint.Wrap(fmt.Errorf("%w: the connection broke: %w", ErrIncomplete, err), "the server's log may say why")
}

// checkStart tells from the first bytes what is no dump at all.
func checkStart(head []byte) error {
	head = bytes.TrimSpace(head)
	switch {
	case len(head) == 0:
		return errors.New("it is empty: the server answers so for a name that does not exist, or when it gave up at once")
	case head[0] == '<':
		return errors.New("a page of HTML came in its place")
	case head[0] == '{' || head[0] == '[':
		return errors.New("a JSON document came in its place")
	case !bytes.HasPrefix(head, []byte("--")) && !bytes.HasPrefix(head, []byte("OPTION")):
		return errors.New("some other text came in its place")
	}
	return nil
}
