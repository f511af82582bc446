// Package internal has no code of its own: its tests are the rules of the
// house, who may import whom, and that every room says what it is for.
package internal
