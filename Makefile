# One line a target; what is more lies in the tools that they call.
GO ?= go
# The race detector needs a C compiler; the tests run without it where there is none.
RACE := $(if $(shell command -v cc || command -v gcc),-race)
# The first run on a machine builds S3 servers inside the tests that need them.
TEST := $(GO) test $(RACE) -timeout 45m

# Google's SDK links a second protocol that we do not use; this halves the binary.
TAGS := disable_grpc_modules

.PHONY: build demo test test-real lint docs docs-check fuzz bench surreal surreal2 tools release-snapshot clean

build: ; CGO_ENABLED=0 $(GO) build -trimpath -tags $(TAGS) -ldflags "-s -w" -o vapora-backup ./cmd/vapora-backup
demo: build ; @$(GO) run ./internal/tools/demo
test: tools surreal2 ; $(TEST) ./... && $(GO) test ./internal/retention
test-real: tools surreal surreal2 ; VAPORA_TEST_ENGINE=real $(TEST) -count=1 ./internal/db/... ./internal/restore/... ./internal/trial/... ./internal/cli/... ./internal/surrealtest/... ./internal/tools/... && $(TEST) ./internal/storage/... ./internal/replica/...
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
