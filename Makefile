# The verbs of this repository. Everything made lies in .venv, node_modules and .entente.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SEED ?= 1
KILLS ?= 100
DATA ?= tests/data/formats

export PYTHONPATH := .:proto
export PATH := $(CURDIR)/$(BIN):$(PATH)
export PIP_DISABLE_PIP_VERSION_CHECK := 1
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help run demo test check format proto lock bench chaos chains long verify

help:
	@echo "make run     the whole system on this machine, with the thread on real input"
	@echo "make demo    the same unattended: chain, timings, exit code"
	@echo "make test    everything CI runs"
	@echo "make check   the static part of it; make format mends what can be mended"
	@echo "make proto   code and pages from the contracts and the code; make lock the lock files"
	@echo "make bench   throughput; make chaos SEED=… KILLS=…; make chains DATA=…; make verify all of these"

# Beside the packages stands `entente`, so that `.venv/bin/entente status` works without an installation.
$(VENV)/run.stamp: requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --no-deps --only-binary :all: -r requirements.lock || \
		$(BIN)/python -m pip install --quiet --no-deps -r requirements.lock
	@printf '#!/bin/sh\nPYTHONPATH="%s:%s/proto" exec "%s/python" -m services.cli "$$@"\n' \
		"$(CURDIR)" "$(CURDIR)" "$(CURDIR)/$(BIN)" > $(BIN)/entente
	@chmod +x $(BIN)/entente
	@touch $@

$(VENV)/test.stamp: requirements-dev.lock $(VENV)/run.stamp
	$(BIN)/python -m pip install --quiet --no-deps -r requirements-dev.lock
	@touch $@

node_modules/.stamp: package-lock.json
	npm ci --silent --no-audit --no-fund
	@ln -sfn "$$(cd node_modules && ls -d @bufbuild/buf-*/bin/buf)" node_modules/buf
	@touch $@

run: $(VENV)/run.stamp
	@exec $(BIN)/python -m services.cli up --walk

demo: $(VENV)/run.stamp
	@exec $(BIN)/python -m services.cli demo

check: $(VENV)/test.stamp node_modules/.stamp
	ruff check .
	ruff format --check .
	mypy services deploy benchmarks proto/generate.py docs/generate.py
	lint-imports
	node_modules/buf lint proto
	node_modules/buf breaking proto --against proto/released.binpb
	python proto/generate.py --check

# Brokers of tests are young: what the second compiler makes of them comes too late, and takes a core until then.
test long: export JDK_JAVA_OPTIONS = -XX:TieredStopAtLevel=1
test: check
	python -m pytest -m "not long" -n 3 --dist loadfile --no-loadscope-reorder

format: $(VENV)/test.stamp
	ruff check --fix .
	ruff format .

proto: $(VENV)/test.stamp
	python proto/generate.py
	python docs/generate.py

lock:
	uv pip compile --quiet --no-header --no-emit-index-url --no-annotate --extra local pyproject.toml -o requirements.lock
	uv pip compile --quiet --no-header --no-emit-index-url --no-annotate --extra local --extra dev pyproject.toml \
		-c requirements.lock -o requirements-dev.lock

bench: $(VENV)/test.stamp
	python -m benchmarks.ingest
	python -m benchmarks.stix
	python -m benchmarks.memory
	python -m benchmarks.poison
	python -m benchmarks.search
	python -m benchmarks.forecast
	python -m benchmarks.assembly
	python -m benchmarks.reading
	python -m benchmarks.leadership

chaos: $(VENV)/test.stamp
	python -m benchmarks.thread_chaos --seed $(SEED) --kills $(KILLS)
	python -m benchmarks.chaos --seed $(SEED) --kills $$(( $(KILLS) / 4 ))

chains: $(VENV)/test.stamp
	python -m benchmarks.chains --data $(DATA)

long: $(VENV)/test.stamp
	python -m pytest -m long -n 3 --dist loadfile --no-loadscope-reorder

verify: test long bench chaos chains
