package surrealtest

import (
	"context"
	"fmt"
)

// Command is how to start another server of the kind that Launch starts, holding
// everything in memory, with {address}, {port}, {user} and {password} for what is
// not known yet. It is for those who start one themselves.
func Command(ctx context.Context) ([]string, error) {
	engine, program, err := choose("")
	if err != nil {
		return nil, err
	}
	if engine == "real" {
		return []string{program, "start", "--bind", "{address}", "--no-banner", "--log", "error", "--allow-experimental=files", "memory"}, nil
	}
	if program, err = installEngine(ctx); err != nil {
		return nil, fmt.Errorf("install the npm engine: %w", err)
	}
	return []string{"node", program, "--port", "{port}", "--user", "{user}", "--pass", "{password}", "memory"}, nil
}
