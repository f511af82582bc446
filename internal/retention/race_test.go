//go:build race

package retention_test

// histories are fewer where each step is watched: `make test` runs both.
const histories = 60_000
