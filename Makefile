# What a person types. Everything runs on this machine, without root, on real servers fetched into .local.
# CARGO_TARGET_DIR, NATS_SERVER_BIN, POSTGRES_BIN_DIR and DATABASE_URL are respected when set.

CARGO ?= cargo
PYTHON ?= python3
SERVICE ?=
PROGRAM ?=
FUZZ_SECONDS ?= 60

# cargo-nextest runs a process per test and says more when one fails; plain cargo does as well.
NEXTEST := $(shell $(CARGO) nextest --version >/dev/null 2>&1 && echo yes)
DENY := $(shell PATH="$(CURDIR)/.local/bin:$$PATH" command -v cargo-deny 2>/dev/null)

.PHONY: help check fmt clippy purity queries chart deny test screens fuzz-api e2e sqlx demo up down drill drill-cluster trace bench run fuzz sbom reproducible tools bins

help: ## this list
	@sed -n 's/^\([a-z0-9-]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 16

check: fmt clippy purity queries chart ## format, lints, pure domains, fresh query caches, licences
ifeq ($(DENY),)
	@echo "licences and advisories: skipped, cargo-deny is not installed (make deny installs it)"
else
	@$(DENY) --log-level error check licenses bans sources
endif

fmt:
	$(CARGO) fmt --all --check

clippy:
	$(CARGO) clippy --workspace --all-targets --quiet -- -D warnings

purity:
	@$(PYTHON) deploy/local/pure-domains

queries: tools
	@$(PYTHON) deploy/local/query-caches --check

chart: tools ## the chart, the NATS grants, the alerts: rendered, validated, tried
	@$(PYTHON) helm/tests/check
	@$(PYTHON) deploy/check

deny: ## licences and advisories of all dependencies; installs cargo-deny into .local when missing
	@test -n "$(DENY)" || $(CARGO) install --locked --quiet --root .local cargo-deny
	PATH="$(CURDIR)/.local/bin:$$PATH" cargo-deny check

screens: tools bins ## a PNG of every page, wide and narrow, light and dark, into .local/screens
	@$(PYTHON) deploy/local/fetch-tools --browser
	$(CARGO) test --quiet --package testkit --test browser screens -- --nocapture

fuzz-api: tools bins ## schemathesis over the API of a whole running system
	@$(PYTHON) deploy/local/fetch-tools --fuzz-api
	$(CARGO) test --quiet --package testkit --test e2e api:: -- --nocapture

test: tools bins ## everything, against a real NATS and a real Postgres it starts itself, and in a real browser
	@$(PYTHON) deploy/local/fetch-tools --browser --fuzz-api
ifeq ($(NEXTEST),yes)
	$(CARGO) nextest run --workspace
else
	$(CARGO) test --workspace --lib --bins --tests
endif

e2e: tools bins ## only the whole-system scenarios
ifeq ($(NEXTEST),yes)
	$(CARGO) nextest run --package testkit --test e2e
else
	$(CARGO) test --package testkit --test e2e
endif

sqlx: tools ## renew the query cache of every service after a change of its SQL
	@$(PYTHON) deploy/local/query-caches

demo: tools bins ## the whole story on the sample meetings; SALESFORCE_URL=... tells it to another org
	@$(CARGO) run --quiet --package testkit --bin story -- demo

up: tools bins ## the same, and stay: prints the console's address and a log-in
	@$(CARGO) run --quiet --package testkit --bin story -- up

down: ## stop what `make up` left running
	@$(CARGO) run --quiet --package testkit --bin story -- down

drill: tools bins ## 10,000 changes of every kind while everything is killed, cut, slowed and refused at random; counts what is lost or doubled
	@$(CARGO) run --quiet --package testkit --bin drill -- faults

drill-cluster: tools bins ## three NATS servers killed, cut off and restarted under load; counts what is lost or doubled
	@$(CARGO) run --quiet --package testkit --bin drill -- cluster

trace: tools bins ## one meeting, and its spans as a tree with durations
	@$(CARGO) run --quiet --package testkit --bin story -- trace

bench: tools ## figures of a release build; SALESFORCE_URL=... measures against another org
	$(CARGO) build --quiet --release --workspace --bins
	@$(CARGO) run --quiet --release --package testkit --bin load
	@$(CARGO) bench --quiet --package matching --bench figures
	@$(PYTHON) deploy/local/prediction-figures
	@$(CARGO) bench --quiet --package metadata-sync --bench drift

run: ## one service with the environment it is given: make run SERVICE=matching
	@test -n "$(SERVICE)" || { echo "name a service: make run SERVICE=matching"; exit 64; }
	$(CARGO) run --manifest-path services/$(SERVICE)/Cargo.toml --bin ergo-$(SERVICE) -- serve

fuzz: ## fuzz every parser of outside input for FUZZ_SECONDS each; uses nightly where there is one; installs cargo-fuzz when missing
	@$(PYTHON) deploy/local/fuzz --seconds $(FUZZ_SECONDS)

sbom: ## a CycloneDX bill of materials per program, in .local/sbom; installs cargo-cyclonedx when missing
	@$(PYTHON) deploy/local/bill-of-materials

reproducible: ## whether two builds of a program have the same bytes; PROGRAM=ergo-matching, by default the smallest
	@$(PYTHON) deploy/local/reproducible $(PROGRAM)

tools:
	@$(PYTHON) deploy/local/fetch-tools

bins:
	$(CARGO) build --quiet --workspace --bins
