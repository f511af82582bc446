#!/bin/sh
# Everything that a reader of a change should not have to look for.
set -eu
unformatted=$(git ls-files -z '*.go' | xargs -0 gofmt -l)
[ -z "$unformatted" ] || { echo "not gofmt-ed:"; echo "$unformatted"; exit 1; }
go vet ./...
go run honnef.co/go/tools/cmd/staticcheck@v0.8.2 ./...
go mod tidy -diff
go run ./internal/tools/docs --check
echo "lint: clean"
