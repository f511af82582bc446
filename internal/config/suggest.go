package config

import "strings"

// suggest names the key that was probably meant, or else all that there are.
func suggest(name string, s *spec) string {
	best, least := "", 3
	var all []string
	for _, f := range s.fields {
		all = append(all, f.name)
		if d := distance(strings.ToLower(name), f.name); d < least && d < len(f.name) {
			best, least = f.name, d
		}
	}
	if best != "" {
		return "did you mean " + best + "?"
	}
	return "known here: " + strings.Join(all, ", ")
}

// distance is the number of letters to insert, remove or replace between a
// and b, and large where a is too long to be a slip of the pen.
func distance(a, b string) int {
	if len(a) > len(b)+3 {
		return len(a)
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
