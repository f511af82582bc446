// Package corpus writes a realistic dump of SurrealDB of a wanted size, the
// same on every machine: documents of which half is an embedding, small rows,
// edges, and one table that is about a hundredth of the bytes.
package corpus

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
)

// Small is the table that holds about one percent of the bytes.
const Small = "person"

// dimensions of an embedding.
const dimensions = 384

// rowsPerInsert is how many rows a server prints into one INSERT.
const rowsPerInsert = 1000

// Write writes a dump of about size bytes, as SurrealDB 3.3 prints it.
func Write(w io.Writer, size int64) error {
	g := &generator{w: bufio.NewWriterSize(w, 1<<20), r: rand.New(rand.NewPCG(1, 2))}
	for range 4000 {
		g.words = append(g.words, g.word())
	}
	g.banner("OPTION")
	g.text("OPTION IMPORT;\n\n")
	// An article is a passage of some 600 characters with its embedding, which
	// makes half of all bytes embeddings.
	articles := g.table("article", "DEFINE TABLE article TYPE ANY SCHEMALESS PERMISSIONS NONE;", "INSERT [ ", size*58/100, g.article)
	g.table("cites", "DEFINE TABLE cites TYPE RELATION IN article OUT article ENFORCED SCHEMALESS PERMISSIONS NONE;\n\n"+
		"DEFINE FIELD OVERWRITE in ON cites TYPE record<article> PERMISSIONS FULL;\nDEFINE FIELD OVERWRITE out ON cites TYPE record<article> PERMISSIONS FULL;",
		"INSERT RELATION [ ", size*10/100, func(i int64) {
			g.printf("{ id: cites:%d, in: article:%d, out: article:%d, weight: %sf }", i, g.r.Int64N(articles), g.r.Int64N(articles), shortest(g.r.Float64(), 1000))
		})
	g.table("note", "DEFINE TABLE note TYPE ANY SCHEMALESS PERMISSIONS NONE;", "INSERT [ ", size*31/100, g.note)
	g.table(Small, "DEFINE TABLE person TYPE ANY SCHEMALESS PERMISSIONS NONE;", "INSERT [ ", size/100, g.person)
	return g.w.Flush()
}

// A generator writes; a bufio.Writer keeps its first error for Flush.
type generator struct {
	w       *bufio.Writer
	r       *rand.Rand
	words   []string
	written int64
}

func (g *generator) text(s string) {
	n, _ := g.w.WriteString(s)
	g.written += int64(n)
}

func (g *generator) printf(format string, args ...any) {
	n, _ := fmt.Fprintf(g.w, format, args...)
	g.written += int64(n)
}

// shortest prints v, rounded to a fraction of 1/unit, as a server prints a
// float: with no digit more than it takes to read the same number again.
func shortest(v, unit float64) string {
	return strconv.FormatFloat(math.Round(v*unit)/unit, 'f', -1, 64)
}

func (g *generator) banner(title string) {
	const line = "-- ------------------------------\n"
	g.text(line + "-- " + title + "\n" + line + "\n")
}

// table writes rows of a table, at least ten, until they take size bytes, and
// says how many they are.
func (g *generator) table(name, define, insert string, size int64, row func(i int64)) int64 {
	g.banner("TABLE: " + name)
	g.text(define + "\n\n\n\n\n")
	g.banner("TABLE DATA: " + name)
	end := g.written + size
	var rows int64
	for ; rows < 10 || g.written < end; rows++ {
		switch {
		case rows == 0:
			g.text(insert)
		case rows%rowsPerInsert == 0:
			g.text(" ];\n" + insert)
		default:
			g.text(", ")
		}
		row(rows)
	}
	g.text(" ];\n\n")
	return rows
}

func (g *generator) word() string {
	var b strings.Builder
	for range 2 + g.r.IntN(9) {
		b.WriteByte("etaoinshrdlucmfwypvbgkqjxz"[min(g.r.IntN(26), g.r.IntN(26))])
	}
	return b.String()
}

func (g *generator) prose(words int) {
	for i := range words {
		if i > 0 {
			g.text(" ")
		}
		g.text(g.words[min(g.r.IntN(len(g.words)), g.r.IntN(len(g.words)))])
	}
}

func (g *generator) article(i int64) {
	g.printf("{ at: d'2025-%02d-%02dT%02d:00:00Z', author: %s:%d, body: '", 1+i%12, 1+i%28, i%24, Small, i%1000)
	g.prose(95)
	g.text("', embedding: [")
	for k := range dimensions {
		if k > 0 {
			g.text(", ")
		}
		// A vector of length one has numbers of about this size.
		g.text(shortest(g.r.NormFloat64()/20, 1e8) + "f")
	}
	g.printf("], id: article:%d, score: %d, tags: ['%s', '%s'], title: '", i, i*7%1000, g.words[i%4000], g.words[i*3%4000])
	g.prose(6)
	g.text("' }")
}

func (g *generator) note(i int64) {
	g.printf("{ at: d'2025-%02d-%02dT%02d:%02d:00Z', done: %t, id: note:%d, price: %d.%02ddec, text: '", 1+i%12, 1+i%28, i%24, i%60, i%3 == 0, i, i%500, i%100)
	g.prose(28)
	g.text("' }")
}

func (g *generator) person(i int64) {
	g.printf("{ age: %d, email: '%s@%s.org', id: %s:%d, name: '", i%90, g.words[i%4000], g.words[i*7%4000], Small, i)
	g.prose(2)
	g.text("' }")
}
