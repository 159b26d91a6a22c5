# edged: see README.md. Everything that a bare Debian 12 or Ubuntu 24.04 lacks is installed by `make setup`, which
# the other targets run by themselves; it needs git, make and Go, and root or sudo for packages that are missing.

include build.mk

export GOFLAGS  += -buildvcs=false
export CGO_ENABLED ?= 0

VERSION := $(shell git describe --always --dirty 2>/dev/null || echo unreleased)
BUILT   := $(shell git log -1 --format=%cI 2>/dev/null || date -u +%Y-%m-%dT%H:%M:%SZ)
STAMP   := -ldflags "-s -w -X main.version=$(VERSION) -X main.built=$(BUILT)"

PURE  := edged edged-keeper edged-keysmith edged-kiosk edged-courier edged-demo edgectl
ROOMS := $(PURE) edged-eye edged-lens

.PHONY: help setup build models demo run test test-c torture fuzz devices screens clean $(ROOMS)

help: ## say what can be made
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

setup: ## install what is missing: Debian packages, the model pack, four photographs
	@scripts/setup.sh

build: setup ## all programs into bin/
	@$(MAKE) --no-print-directory $(ROOMS)

$(PURE):
	@CGO_ENABLED=0 go build -trimpath $(STAMP) -o bin/$@ ./cmd/$@

edged-eye:
	@$(EYE_ENV) go build -trimpath -tags $(EYE_TAGS) -ldflags "-s -w" -o bin/$@ ./cmd/$@

edged-lens:
	@$(LENS_ENV) go build -trimpath -ldflags "-s -w" -o bin/$@ ./cmd/$@

models: edged ## fetch and check the model pack
	@bin/edged models install --dir build/models

demo: build ## play the story step by step
	@bin/edged demo

run: build ## the same, and stay up until Ctrl-C
	@bin/edged demo --stay

test: build ## everything: format, vet, import law, tests, race detector, rooms with real walls, real brokers, a real browser
	@scripts/test.sh

test-c: # called by scripts/test.sh: the flags live in build.mk
	@$(EYE_ENV) go test -tags $(EYE_TAGS) -timeout 30m ./internal/vision/... ./internal/eye/...
	@$(EYE_ENV) go test -tags $(EYE_TAGS),matprofile -timeout 30m -run NoMatIsLeft ./internal/vision
	@$(LENS_ENV) go test -timeout 30m ./internal/lens/...

torture: ## a thousand power cuts (ten minutes)
	@go test -count=1 -timeout 60m ./test/torture -v -kills 1000

fuzz: ## each fuzz target for a while
	@scripts/fuzz.sh

devices: build ## cameras of a real kernel, in User-Mode Linux (builds that kernel once: four minutes)
	@test/devices/run.sh

screens: ## draw the pictures in docs/screens anew
	@go test -count=1 -run 'TestJourneys|TestEveryScreenAtEverySize' ./internal/kiosk -update

clean: ## remove what was built
	rm -rf bin build
