package replay

import (
	"bufio"
	"io"

	"github.com/vapora-platform/vapora-backup/internal/db/surql"
)

// WriteText writes the plan as one text that the stock `surreal import` takes
// and that brings back what the plan would: `open` reads a range of the dump.
// The plan is one for a Target that is a Text.
func (p *Plan) WriteText(w io.Writer, open func(surql.Range) io.ReadCloser) error {
	out := bufio.NewWriterSize(w, 1<<20)
	_, _ = out.WriteString("OPTION IMPORT;\n") // a bufio.Writer keeps its first error
	for _, s := range p.Stages {
		_, _ = out.WriteString("\n-- " + s.Name + "\n")
		for _, d := range s.Define {
			_, _ = out.WriteString(d.Text + "\n")
		}
		for _, l := range s.Load {
			b := Batcher{Emit: func(text []byte, _ int) error {
				_, err := out.Write(text)
				if len(text) > 0 && text[len(text)-1] != '\n' {
					err = out.WriteByte('\n')
				}
				return err
			}}
			if err := read(open(l.Data), func(r io.Reader) error { return b.Run(r, l) }); err != nil {
				return err
			}
		}
	}
	return out.Flush()
}

func read(r io.ReadCloser, use func(io.Reader) error) error {
	err := use(r)
	if cerr := r.Close(); err == nil {
		err = cerr
	}
	return err
}
