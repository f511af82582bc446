package db

import "testing"

// The imports of a stage get smaller towards its end, and never so small that
// their number would cost more than it brings.
func TestPace(t *testing.T) {
	t.Parallel()
	p := &pace{left: 20, workers: 3}
	last, n := 2., 0
	for ; p.left > 0; n++ {
		most := p.next()
		if most > last || most > 1 || most < smallest {
			t.Fatalf("import %d may hold %.3f, the one before it %.3f", n, most, last)
		}
		last = most
		p.done(&body{text: make([]byte, int(most*bodyBytes))})
	}
	if last != smallest || n > 40 {
		t.Errorf("got %d imports, the last of %.3f", n, last)
	}
	if got := work(bodyBytes/2, bodyRows); got != 1 {
		t.Errorf("half of the bytes and all rows of an import are %.2f of it, want 1", got)
	}
}
