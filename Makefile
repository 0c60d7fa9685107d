# SPDX-License-Identifier: Apache-2.0
# `make help` lists the targets. A fresh clone needs Go, git and make; the rest is built here.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

BIN := $(CURDIR)/bin
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
LDFLAGS := -s -w -X github.com/harmonyscript/harmonyscript/runtime/version.version=$(VERSION)
GO_SOURCES := $(shell find . -path ./bin -prune -o -name '*.go' -print)

export GOTOOLCHAIN := local
export GOFLAGS := -buildvcs=false
# Without cgo a program is linked by Go itself, needs no C library where it runs, and keeps nothing that it never calls: a
# library of Helm brings the package "plugin", for which the linker keeps every method and asks the C compiler.
export CGO_ENABLED := 0

.PHONY: help
help: ## List the targets.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "%-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: ## Build bin/harmonyscript.
	go build -ldflags '$(LDFLAGS)' -o $(BIN)/harmonyscript ./cmd/harmonyscript

.PHONY: sandbox
sandbox: ## Build the sandbox's programs into bin/ (the first time takes some 25 minutes).
	$(MAKE) -C sandbox BIN=$(BIN)

.PHONY: demo
demo: build sandbox ## Deploy the example into a sandbox and wait until it works.
	DISCORD_WEBHOOK_URL="$${DISCORD_WEBHOOK_URL:-http://127.0.0.1:9/api/webhooks/demo}" \
		$(BIN)/harmonyscript apply --sandbox examples/monitoring_v2.star

.PHONY: test
test: build sandbox ## Run every test, those on the sandbox too.
	HARMONYSCRIPT_REQUIRE_SANDBOX=1 go test -timeout 30m ./...
	cd sandbox && HARMONYSCRIPT_REQUIRE_SANDBOX=1 go test -timeout 20m ./...

.PHONY: test-short
test-short: ## Run the tests that need no sandbox.
	go test -short -timeout 10m ./...

.PHONY: check
check: ## Tidy, format, vet, lint and generate; then the tree must be clean.
	go mod tidy -diff
	$(MAKE) -C sandbox tidy-check
	cd tools && go mod tidy -diff
	@unformatted=$$(gofmt -l $(GO_SOURCES)); if [ -n "$$unformatted" ]; then echo "not formatted: $$unformatted" >&2; exit 1; fi
	go vet ./...
	cd sandbox && go vet ./...
	$(MAKE) lint
	go generate ./...

$(BIN)/golangci-lint: tools/go.mod tools/go.sum
	cd tools && go build -o $@ github.com/golangci/golangci-lint/v2/cmd/golangci-lint

.PHONY: lint
lint: $(BIN)/golangci-lint ## Run golangci-lint.
	$(BIN)/golangci-lint run ./...
	cd sandbox && $(BIN)/golangci-lint run -c ../.golangci.yml ./...

.PHONY: fmt
fmt: $(BIN)/golangci-lint ## Format all Go code.
	$(BIN)/golangci-lint fmt ./...
	cd sandbox && $(BIN)/golangci-lint fmt -c ../.golangci.yml ./...

.PHONY: bench
bench: build sandbox ## Print the benchmarks as ratios of one run.
	go run ./bench

.PHONY: golden
golden: build ## Write the golden files anew; look at the difference before you commit it.
	HARMONYSCRIPT_UPDATE=1 go test ./cmd/harmonyscript/... ./runtime/backend/... ./runtime/status

.PHONY: fuzz-smoke
fuzz-smoke: ## Run every fuzz target for a few seconds.
	@go list ./... | while read -r package; do \
		for target in $$(go test -list '^Fuzz' "$$package" 2>/dev/null | grep '^Fuzz' || true); do \
			go test -run '^$$' -fuzz "^$$target\$$" -fuzztime 10s "$$package"; \
		done; \
	done

.PHONY: clean
clean: ## Remove what was built.
	rm -rf $(BIN)
