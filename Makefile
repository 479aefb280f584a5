# Everything is built in one configuration, so that what is tested is what runs.
BUILD := swift build -c release
MODELTREE := .build/release/modeltree
PREFIX ?= /usr/local
DEMO := full-finetune
ZOOS ?= zoos
VARIED ?= zoos-varied
SEED ?= 1

.DEFAULT_GOAL := help

.PHONY: help
help: ## List the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

.PHONY: setup
setup: ## Install what the build needs and is missing
	@scripts/setup

.PHONY: build
build: setup ## Build modeltree and modeltree-worker
	$(BUILD) --product modeltree
	$(BUILD) --product modeltree-worker

.PHONY: demo
demo: build ## Recover the trees of the shipped models (DEMO=full-finetune, lora or mixed)
	$(MODELTREE) recover zoo/$(DEMO) --out runs/$(DEMO) --truth zoo/$(DEMO)/truth.json --redo

.PHONY: test
test: setup ## Set up, build and pass every test
	@scripts/test

.PHONY: sanitize
sanitize: setup ## Pass the tests that start no programs under the address and the thread sanitizer
	@scripts/sanitize

.PHONY: fuzz
fuzz: setup ## Fuzz every reader of outside data (FUZZ_SECONDS=600 for each; TARGETS="gguf tree": only these)
	@scripts/fuzz $(TARGETS)

.PHONY: lint
lint: ## Check layout and habits of all files
	@scripts/setup --lint
	@scripts/lint

.PHONY: format
format: ## Lay out Swift, C and Python files as lint wants them
	@scripts/setup --lint
	@scripts/lint --fix

.PHONY: docs
docs: build ## Make reference documentation of the libraries with DocC, in .build/docs
	@scripts/docs

.PHONY: zoos
zoos: ## Train fresh zoos with known trees (RECIPES="mixed forest" SEED=7 ZOOS=zoos; no RECIPES: list them)
	@scripts/zoos $(if $(RECIPES),--out "$(ZOOS)" --seed $(SEED) $(RECIPES),--list)

.PHONY: accuracy
accuracy: build ## Measure modeltree and the published rules on the shipped zoos, those in ZOOS=DIR, and VARIED=DIR
	@scripts/setup --python
	.venv/bin/python zoo/accuracy.py $(if $(wildcard $(ZOOS)),--zoos "$(ZOOS)") \
	  $(if $(wildcard $(VARIED)),--varied "$(VARIED)")

.PHONY: varied
varied: ## Vary the shipped zoos, and those in ZOOS=DIR, as people's collections vary; into VARIED=DIR
	@scripts/setup --python
	scripts/vary-zoos "$(VARIED)" zoo/full-finetune zoo/lora zoo/mixed $(wildcard $(ZOOS)/*)

.PHONY: bench
bench: ## Measure against other programs and the machine (BENCH=quick: two minutes, writes nothing)
	@scripts/setup --python
	$(BUILD)
	bench/bench $(BENCH)

.PHONY: container-check
container-check: build ## Carry out the image's recipe without an engine, and run pods of deploy/kubernetes in it
	@scripts/setup --python
	scripts/container-check

.PHONY: cluster-bench
cluster-bench: setup ## What a thousand workers in virtual time cost the coordinator (SEED=1)
	$(BUILD) --product cluster-bench
	.build/release/cluster-bench $(SEED)

# One page per subcommand, and completions for three shells: all from the commands themselves.
SHARE := .build/share
PLUGIN := .build/plugins/GenerateManual/outputs

.PHONY: manual
manual: build ## Make man pages and shell completions from the commands, in .build/share
	swift package generate-manual --multi-page
	rm -rf $(SHARE)
	install -d $(SHARE)/man/man1 $(SHARE)/bash-completion/completions \
	  $(SHARE)/zsh/site-functions $(SHARE)/fish/vendor_completions.d
	install -m 644 $(PLUGIN)/modeltree/*.1 $(PLUGIN)/modeltree-worker/*.1 $(SHARE)/man/man1
	for program in modeltree modeltree-worker; do \
	  .build/release/$$program --generate-completion-script bash >$(SHARE)/bash-completion/completions/$$program && \
	  .build/release/$$program --generate-completion-script zsh >$(SHARE)/zsh/site-functions/_$$program && \
	  .build/release/$$program --generate-completion-script fish >$(SHARE)/fish/vendor_completions.d/$$program.fish \
	    || exit 1; \
	done

.PHONY: install
install: manual ## Install programs, man pages and completions below PREFIX (/usr/local)
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share
	install .build/release/modeltree .build/release/modeltree-worker $(DESTDIR)$(PREFIX)/bin
	cp -R $(SHARE)/. $(DESTDIR)$(PREFIX)/share

.PHONY: dist
dist: manual ## Pack a relocatable tarball, a Debian package and a Python wheel, in dist
	scripts/dist

.PHONY: dist-check
dist-check: ## Install each of them in a clean Debian without a toolchain and recover the shipped models there
	scripts/dist-check

.PHONY: clean
clean: ## Remove everything that was built
	rm -rf .build .build-address .build-thread .venv .venv-lint bench/.venv runs dist
