package surql

import "bytes"

// scalar walks what is no bracket: a literal, a record id up to its key if that
// is bracketed, a function's name, or a table's name as a value. It returns
// where to go on.
func (v *Values) scalar(i int, want, edge bool, key []byte) (int, error) {
	row := v.row
	switch c := row[i]; {
	case c == '\'' || c == '"' || c == '/':
		n := quotedLen(row[i:])
		if n == 0 {
			return 0, v.bad(i)
		}
		if c == '/' && n == 2 {
			v.cuts = append(v.cuts, cut{i, i + n, asRegex})
		}
		return i + n, nil
	case c == '`':
		n := quotedLen(row[i:])
		if n == 0 {
			return 0, v.bad(i)
		}
		return v.word(i, i+n, want, edge, key)
	case bytes.HasPrefix(row[i:], []byte(angleOpen)):
		n, more := angleLen(row[i:])
		if more {
			return 0, v.bad(i)
		}
		return v.word(i, i+n, want, edge, key)
	case bytes.HasPrefix(row[i:], []byte("<regex> ")): // as we print an empty one
		return i + len("<regex> "), nil
	case bytes.HasPrefix(row[i:], []byte("<set> [")): // as we print one of records
		return i + len("<set> "), nil
	case c == '<':
		return v.future(i)
	case c == '|': // |person:3| or |person:1..3|, which 2.x stores as it is
		n := v.nameEnd(i + 1)
		end := bytes.IndexByte(row[n:], '|')
		if n == i+1 || end < 0 {
			return 0, v.bad(i)
		}
		v.Old = true
		return n + end + 1, nil
	case c >= '0' && c <= '9' && v.named(wordEnd(row, i)):
		return v.word(i, wordEnd(row, i), want, edge, key)
	case c == '-' || c == '+' || c >= '0' && c <= '9':
		return v.number(i, key), nil
	case isWord(c):
		n := wordEnd(row, i)
		if n < len(row) && classes[row[n]] == quote && row[n] != '`' { // d'…', u'…', b"…", f"…"
			end, err := v.scalar(n, false, false, nil)
			if err == nil && string(row[i:n]) == "f" && bytes.IndexByte(row[n:end], '\\') > 0 {
				v.cuts = append(v.cuts, cut{i, end, asFile})
				v.Files++
			}
			return end, err
		}
		return v.word(i, n, want, edge, key)
	}
	return 0, v.bad(i)
}

// nameEnd returns the end of the name that may begin at i.
func (v *Values) nameEnd(i int) int {
	switch {
	case i < len(v.row) && classes[v.row[i]] == quote:
		return i + quotedLen(v.row[i:])
	case bytes.HasPrefix(v.row[i:], []byte(angleOpen)):
		n, _ := angleLen(v.row[i:])
		return i + n
	}
	return wordEnd(v.row, i)
}

// named says whether the word that ends at n is the table of a record id.
func (v *Values) named(n int) bool {
	return n+1 < len(v.row) && v.row[n] == ':' && v.row[n+1] != ' ' && v.row[n+1] != ':'
}

// word handles the name in row[i:n].
func (v *Values) word(i, n int, want, edge bool, key []byte) (int, error) {
	row := v.row
	switch {
	case n+1 < len(row) && row[n] == ':' && row[n+1] == ':': // a::function(
		for n < len(row) && (row[n] == ':' || isWord(row[n])) {
			n++
		}
		// 2.x prints bytes as a call; the type::table() of 4.0 is today's language.
		v.Old = v.Old || bytes.HasPrefix(row[i:], []byte("encoding::"))
		return n, nil
	case n < len(row) && row[n] == ':':
		v.records(i, n+1)
		if misread(row[i:n]) {
			v.cuts = append(v.cuts, cut{i, n, asName})
			v.Words++
		}
		if edge && len(v.stack) == 1 {
			switch string(key) {
			case "in":
				v.In = row[i:n]
			case "out":
				v.Out = row[i:n]
			}
		}
		return v.id(n+1, key)
	case n < len(row) && row[n] == '(':
		return n, nil
	case string(row[i:n]) == "Infinity" && i > 1 && string(row[i-2:i]) == "..": // which no server reads there
		v.cuts = append(v.cuts, cut{i, n, asBracket})
	case want && string(row[i:n]) == "NONE":
		v.Empty = v.Empty || i > 0 && row[i-1] == ' ' && len(v.stack) > 0 && v.stack[len(v.stack)-1].object
	case want && v.Two && string(row[i:n]) == "inf":
		v.cuts = append(v.cuts, cut{i, n, asInfinite})
	case want && !constants[string(row[i:n])]:
		v.cuts = append(v.cuts, cut{i, n, asTable})
		v.Tables++
	}
	return n, nil
}

// id walks the key of a record id that starts at i, unless it is bracketed.
func (v *Values) id(i int, key []byte) (int, error) {
	row := v.row
	if i >= len(row) {
		return 0, v.bad(i)
	}
	switch c := row[i]; {
	case c == '[' || c == '{':
		v.keyAt = i
		return i, nil
	case classes[c] == quote:
		n := quotedLen(row[i:])
		if n == 0 {
			return 0, v.bad(i)
		}
		return v.idRange(i+n, key)
	case bytes.HasPrefix(row[i:], []byte(angleOpen)):
		n, more := angleLen(row[i:])
		if more {
			return 0, v.bad(i)
		}
		return v.idRange(i+n, key)
	case c == '.' || c == '>':
		return v.idRange(i, key)
	}
	n := i
	if row[n] == '-' || row[n] == '+' {
		n++
	}
	n = wordEnd(row, n)
	if n == i {
		return 0, v.bad(i)
	}
	if n < len(row) && classes[row[n]] == quote && row[n] != '`' { // t:u'…'
		m := quotedLen(row[n:])
		if m == 0 {
			return 0, v.bad(i)
		}
		return v.idRange(n+m, key)
	}
	if v.Ints != nil && len(v.stack) == 1 && string(key) == "id" {
		v.integer(key, row[i:n])
	}
	return v.idRange(n, key)
}

// idRange goes past the second half of t:1..5, which is a key and no value.
func (v *Values) idRange(i int, key []byte) (int, error) {
	row := v.row
	n := v.dots(i)
	if n == 0 || v.named(v.nameEnd(n)) { // no range, or one of records
		return i, nil
	}
	if n < len(row) && (classes[row[n]] == shut || row[n] == ',' || row[n] == ' ') {
		return n, nil
	}
	return v.id(n, key)
}

// dots returns where the end of a range begins whose dots stand at i, 0 if none do.
func (v *Values) dots(i int) int {
	row := v.row
	if i < len(row) && row[i] == '>' {
		i++
	}
	if i+1 >= len(row) || row[i] != '.' || row[i+1] != '.' {
		return 0
	}
	i += 2
	if i < len(row) && row[i] == '=' {
		i++
	}
	return i
}

// records puts brackets around both ends of a range of records, whose first begins at i
// and has its key at key. Servers print t:1..t:2 and do not read it: it wants (t:1)..(t:2).
func (v *Values) records(i, key int) {
	first := v.keyLen(key)
	second := v.dots(first)
	if second == 0 {
		return
	}
	name := v.nameEnd(second)
	if !v.named(name) {
		return
	}
	v.cuts = append(v.cuts, cut{i, i, asOpenBracket}, cut{first, first, asShutBracket}, cut{second, second, asOpenBracket})
	end := v.keyLen(name + 1)
	v.cuts = append(v.cuts, cut{end, end, asShutBracket})
	v.mixed = true
}

// keyLen returns the end of the key of a record id that begins at i.
func (v *Values) keyLen(i int) int {
	row := v.row
	if i >= len(row) {
		return i
	}
	switch c := row[i]; {
	case c == '[' || c == '{':
		if n, err := v.skip(i); err == nil {
			return n
		}
		return i
	case classes[c] == quote || bytes.HasPrefix(row[i:], []byte(angleOpen)):
		return v.nameEnd(i)
	case c == '-' || c == '+':
		i++
	}
	n := wordEnd(row, i)
	if n < len(row) && classes[row[n]] == quote && row[n] != '`' { // t:u'…'
		n += quotedLen(row[n:])
	}
	return n
}

// number walks a number, a duration, or what follows a sign.
func (v *Values) number(i int, key []byte) int {
	row, n := v.row, i
	if row[n] == '-' || row[n] == '+' {
		n++
	}
	for n < len(row) {
		if isWord(row[n]) {
			n++
			continue
		}
		if row[n] == '.' && n+1 < len(row) && row[n+1] >= '0' && row[n+1] <= '9' && row[n-1] != '.' {
			n++
			continue
		}
		if (row[n] == '-' || row[n] == '+') && (row[n-1] == 'e' || row[n-1] == 'E') {
			n++
			continue
		}
		break
	}
	if v.Ints != nil {
		v.integer(key, row[i:n])
	}
	if string(row[i:n]) == "-Infinity" && (bytes.HasPrefix(row[n:], []byte("..")) || bytes.HasPrefix(row[n:], []byte(">.."))) {
		v.cuts = append(v.cuts, cut{i, n, asBracket}) // the sign would be that of the range
	}
	if v.Two && string(row[i:n]) == "-inf" {
		v.cuts = append(v.cuts, cut{i, n, asInfinite})
	}
	if trailing(row[i:n]) {
		v.cuts = append(v.cuts, cut{i, n, asScale})
		v.Decimals++
	}
	return n
}

// trailing says whether a number is a decimal whose last digit behind the point is a
// zero, which reading it drops: 2.50dec is read as 2.5dec.
func trailing(number []byte) bool {
	digits, ok := bytes.CutSuffix(number, []byte("0dec"))
	return ok && bytes.IndexByte(digits, '.') > 0
}

// scaled returns such a decimal as a sum that keeps its digits: one unit of the last
// place more, and less again.
func scaled(dst, printed []byte) []byte {
	digits := printed[:len(printed)-len("0dec")]
	back := " - "
	if digits[0] == '-' {
		back = " + "
	}
	places := len(digits) - bytes.IndexByte(digits, '.') - 1
	dst = append(append(append(append(dst, '('), digits...), "1dec"...), back...)
	return append(append(append(dst, "0."...), bytes.Repeat([]byte{'0'}, places)...), "1dec)"...)
}

// integer tells Ints of a number, if it is a plain integer.
func (v *Values) integer(key, text []byte) {
	for i, c := range text {
		if (c < '0' || c > '9') && (i > 0 || c != '-' || len(text) == 1) {
			return
		}
	}
	n, ok := intValue(string(text))
	if !ok {
		return
	}
	if name, quoted := StringValue(string(key)); quoted {
		key = []byte(name)
	} else if len(key) > 0 && key[0] == '`' {
		key = []byte(Ident(string(key)))
	}
	v.Ints(key, n)
}

// future walks the <future> { … } of 2.x; what is in it is code, no value.
func (v *Values) future(i int) (int, error) {
	n := bytes.IndexByte(v.row[i:], '{')
	if !bytes.HasPrefix(v.row[i:], []byte("<future>")) || n < 0 {
		return 0, v.bad(i)
	}
	v.Old = true
	return v.skip(i + n)
}

func wordEnd(row []byte, n int) int {
	for n < len(row) && isWord(row[n]) {
		n++
	}
	return n
}

// fileCall returns a file as a call that every version reads. A bucket or a key with
// any other character than those of a plain path is printed with backslashes, which
// none of them takes back.
func fileCall(dst, printed []byte) []byte {
	parts := [2][]byte{}
	part := 0
	text := printed[len(`f"`) : len(printed)-1]
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == ':' && part == 0:
			part++
			continue
		case text[i] == '\\' && i+1 < len(text):
			i++
		}
		parts[part] = append(parts[part], text[i])
	}
	if part == 0 {
		return append(dst, printed...)
	}
	dst = append(dst, "type::file("...)
	dst = append(append(dst, QuoteString(string(parts[0]))...), ", "...)
	return append(append(dst, QuoteString(string(parts[1]))...), ')')
}
