# Riskstream. `make` alone shows what there is. Needs Python 3.11 to 3.13 and make, nothing else.

.DEFAULT_GOAL := help
SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
# The first Python of a supported version that can make virtual environments; PYTHON=… chooses another.
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3 python; do \
	$$p -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' >/dev/null 2>&1 \
	&& { command -v $$p; break; }; done)
NO_PYTHON := Riskstream needs Python 3.11, 3.12 or 3.13 with its venv module (Debian and Ubuntu: python3-venv). Install one, or name it: make PYTHON=/path/to/python3
STAMPS := $(VENV)/.stamps
# uv trusts what the machine trusts (a company's proxy, say), where the machine has a certificate store at all.
ifneq ($(wildcard /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/cert.pem),)
export UV_SYSTEM_CERTS ?= 1
endif
TEST ?= tests

.PHONY: first-model help run stack test check format test-browser lint-api crash-test fuzz audit sbom bench lock clean

help: ## Show this
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(STAMPS)/runtime ## Start everything: Kafka, Redis, Postgres, worker, gateway, demo traffic (Ctrl-C stops)
	@exec $(BIN)/python -m riskstream up

stack: $(STAMPS)/runtime ## Start only Kafka, Redis and Postgres
	@exec $(BIN)/python -m riskstream stack

test: $(STAMPS)/dev ## Import contracts, then all tests on real Kafka, Redis and Postgres
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/python -m pytest -m "not browser" $(TEST)

check: $(STAMPS)/dev ## Format, lint, types, import contracts, security lint
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/bandit --quiet --recursive . --configfile pyproject.toml

format: $(STAMPS)/dev ## Format the code and mend what can be mended
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

test-browser: $(STAMPS)/browser ## The console page in a real browser (needs chromium on the PATH)
	@$(BIN)/python -m pytest -m browser tests/browser

lint-api: $(STAMPS)/dev ## OpenAPI and AsyncAPI by public linters (needs npm, which fetches them)
	@$(BIN)/python -m pytest tests/api/test_api_linters.py

crash-test: $(STAMPS)/dev ## Kill the worker again and again while it scores; compare with an undisturbed run
	@$(BIN)/python -m bench.crash_test $(ARGS)

fuzz: $(STAMPS)/dev ## A thousand random requests to every operation of the API by every kind of caller (hours)
	@RISKSTREAM_EXAMPLES=$${RISKSTREAM_EXAMPLES:-1000} $(BIN)/python -m pytest tests/api/scoring/test_schemathesis.py

audit: $(STAMPS)/uv ## Known vulnerabilities of the locked requirements (asks a public database)
	@for set in bootstrap runtime dev browser; do $(BIN)/uv tool run pip-audit --strict --require-hashes --disable-pip \
		-r requirements/$$set.lock || exit 1; done

sbom: $(STAMPS)/dev ## A bill of materials in CycloneDX: what is locked, and the servers of the embedded stack
	@$(BIN)/python -m requirements.sbom $(or $(SBOM),build/riskstream.cdx.json)

bench: $(STAMPS)/dev ## Throughput of the whole path on this machine
	@$(BIN)/python -m bench.throughput $(ARGS)

first-model: $(STAMPS)/dev ## Train the model that ships with the project again
	@$(BIN)/python -m training.first_model.remake

lock: $(STAMPS)/uv ## Resolve the requirements anew
	for set in bootstrap runtime dev browser; do $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-header requirements/$$set.in -o requirements/$$set.lock; done

clean: ## Delete the environment and caches (the data in .riskstream stays; `riskstream reset` deletes it)
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis build *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "No Python was found that can run this. $(NO_PYTHON)" >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null || { echo "$(PYTHON) is $$("$(PYTHON)" --version 2>&1). $(NO_PYTHON)" >&2; exit 1; }
	@echo "Making the environment with $(PYTHON) …"
	@"$(PYTHON)" -m venv $(VENV) || { echo "The virtual environment could not be made: is the disk full, or the folder read-only?" >&2; rm -rf $(VENV); exit 1; }

$(STAMPS)/uv: requirements/bootstrap.lock | $(BIN)/python
	@mkdir -p $(STAMPS)
	@echo "Fetching the installer (25 MB) …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/bootstrap.lock \
		|| { sed '/^uv==/,$$d' requirements/bootstrap.lock > $(STAMPS)/without-uv.lock \
			&& $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(STAMPS)/without-uv.lock; } \
		|| { echo "The installer could not be fetched: check the network or the proxy (HTTPS_PROXY, PIP_INDEX_URL), then start again." >&2; exit 1; }
	@touch $@

# A stamp is older than its lock when the lock has changed: then the environment is brought up to date.
$(STAMPS)/%: requirements/%.lock pyproject.toml $(STAMPS)/uv
	@$(BIN)/python -I requirements/install.py $*
	@touch $@
