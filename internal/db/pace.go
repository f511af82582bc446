package db

// What goes into one import is bounded by its bytes and by its rows: far below any
// server's limit. Each import costs a server of its own time, so few large ones are
// cheaper, but small rows cost as much as large ones.
const (
	bodyBytes = 2 << 20
	bodyRows  = 6000

	smallest = 1. / 8 // of a whole import
)

// work is how many whole imports so many bytes and rows are worth.
func work(bytes, rows int) float64 {
	return max(float64(bytes)/bodyBytes, float64(rows)/bodyRows)
}

// A pace makes the imports of a stage smaller towards its end, so that none is
// still at work long after the others: each takes its share of half of what is
// left.
type pace struct {
	left    float64 // whole imports
	workers int
}

// next is how much the next import may hold.
func (p *pace) next() float64 {
	return min(1, max(p.left/float64(2*p.workers), smallest))
}

func (p *pace) done(b *body) { p.left -= work(len(b.text), b.total) }
