package surql

import "bytes"

// JavaScript may stand in a definition, as `function(…) { … }`. A server keeps
// its body to the letter, comments and all, and looks at it as is done here:
// braces are counted, strings and comments passed over.

// scriptLen measures the body that b starts with, both braces included; 0 if its
// end is not in b.
func scriptLen(b []byte) int {
	depth := 0
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				return i + 1
			}
		case '\'', '"', '`':
			n := quotedLen(b[i:])
			if n == 0 {
				return 0
			}
			i += n - 1
		case '/':
			n := commentLen(b[i:])
			if n == 0 {
				return 0
			}
			i += n - 1
		}
	}
	return 0
}

// commentLen measures the comment that b starts with, 1 for a slash that starts
// none; 0 if its end is not in b.
func commentLen(b []byte) int {
	if len(b) < 2 {
		return 0
	}
	var ends []string
	switch b[1] {
	case '*':
		if n := bytes.Index(b[2:], []byte("*/")); n >= 0 {
			return 2 + n + 2
		}
		return 0
	case '/':
		ends = []string{"\n", "\r", "\u2028", "\u2029"}
	default:
		return 1
	}
	first := -1
	for _, end := range ends {
		if n := bytes.Index(b, []byte(end)); n >= 0 && (first < 0 || n < first) {
			first = n
		}
	}
	return first + 1
}

// afterFunction says whether a ( behind b begins the arguments of a script: the
// word FUNCTION, which is no part of a longer name.
func afterFunction(b []byte) bool {
	b = bytes.TrimRight(b, " \t\r\n")
	const word = "FUNCTION"
	if len(b) < len(word) || !bytes.EqualFold(b[len(b)-len(word):], []byte(word)) {
		return false
	}
	b = b[:len(b)-len(word)]
	return len(b) == 0 || !isWord(b[len(b)-1]) && b[len(b)-1] != ':' && b[len(b)-1] != '$' && b[len(b)-1] != '.'
}
