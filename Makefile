# One line a target; what is more lies in the tools that they call.
GO ?= go
VERSION_FLAGS := -trimpath

.PHONY: build demo test test-real lint docs docs-check fuzz bench surreal surreal2 tools release-snapshot clean

build: ; CGO_ENABLED=0 $(GO) build $(VERSION_FLAGS) -o vapora-backup ./cmd/vapora-backup
demo: build ; @$(GO) run ./internal/tools/demo
test: tools surreal2 ; $(GO) test -race ./...
test-real: tools surreal surreal2 ; VAPORA_TEST_ENGINE=real $(GO) test -race -count=1 ./internal/db/... ./internal/restore/... ./internal/cli/...
lint: ; @sh testdata/lint.sh
docs: ; $(GO) run ./internal/tools/docs
docs-check: ; $(GO) run ./internal/tools/docs --check
fuzz: ; @sh testdata/fuzz.sh
bench: build tools surreal ; $(GO) run ./internal/tools/bench --markdown docs/performance.md
surreal: ; sh testdata/servers/build.sh surreal
surreal2: ; sh testdata/servers/build.sh surreal2
tools: ; @sh testdata/servers/tools.sh
release-snapshot: ; goreleaser release --snapshot --clean
clean: ; rm -rf vapora-backup dist demo
