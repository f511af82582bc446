//go:build !race

package retention_test

const histories = 1_000_000
