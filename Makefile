# Needs Python >= 3.11 with venv, git and make; everything else goes into .venv/.
#
#   make quickstart                                      install, run the first sweep, write its report
#   make quickstart PYTHON=/path/to/python3.12           choose the Python
#   make quickstart PIP_FLAGS="--extra-index-url URL"    options for pip; with the URL of an index with CPU builds of PyTorch,
#                                                        a machine without an NVIDIA GPU does not download CUDA (several GB)
#   make test PYTEST_FLAGS="-k grammar -x"               options for pytest
#   make test PYTEST_WORKERS=0                           one test after another; by default two files of tests run at a time

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= python3.13 python3.12 python3.11 python3
PIP_FLAGS ?=
PYTEST_FLAGS ?=
PYTEST_WORKERS ?= 2
NONE_CHOSEN := 5
BENCHMARKS ?= steps_and_evaluation sampling parsing string_metrics belief_propagation member_memory checkpoint_cost bookkeeping startup growth floors
BENCHMARK_FLAGS ?= --quick
PIP_INSTALL := $(BIN)/python -m pip install -qq --disable-pip-version-check --constraint constraints.txt $(PIP_FLAGS)
PINS := pyproject.toml constraints.txt
RUN := $(VENV)/.installed
DEV := $(VENV)/.installed-dev
AUDIT := .venv-audit
AUDIT_TOOLS := uv==0.13.9 pip-audit==2.10.1

.PHONY: help
help:  ## Show this list
	@awk -F ':.*  ## ' '/^[a-z-]+:.*  ## / {printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: quickstart
quickstart: $(RUN)  ## Install, run the first sweep and write its report; the second time nothing is trained again
	@echo "==> Training the sweep search_spaces/quickstart.yaml and writing its report; what is trained is not trained again"
	@$(BIN)/rhm-sweep launch quickstart
	@echo "==> Done. Next: source $(BIN)/activate, then rhm-sweep --help"

.PHONY: venv
venv: $(RUN)  ## Make .venv/ with what the package needs; nothing to do unless pyproject.toml or constraints.txt changed

.PHONY: test
test: $(DEV)  ## Run all tests but the long ones, two files at a time, then those that need the machine for themselves
	@$(BIN)/python -m pytest -m "not alone and not long" -n $(PYTEST_WORKERS) --dist loadfile --no-loadscope-reorder $(PYTEST_FLAGS) || [ $$? = $(NONE_CHOSEN) ]
	@$(BIN)/python -m pytest -m alone $(PYTEST_FLAGS) || [ $$? = $(NONE_CHOSEN) ]

.PHONY: test-fast
test-fast: $(DEV)  ## Run the tests that take less than a second each
	@$(BIN)/python -m pytest -m "not slow and not long" $(PYTEST_FLAGS)

.PHONY: faults
faults: $(DEV)  ## Run the long tests, which `make test` leaves out: kills, damage, clusters, measurements
	@ended=0; \
	$(BIN)/python -m pytest tests/faults $(PYTEST_FLAGS) || ended=$$?; \
	$(BIN)/python -m pytest -m long --ignore tests/faults $(PYTEST_FLAGS) || ended=$$?; \
	exit $$ended

.PHONY: lint
lint: $(DEV)  ## Check style, formatting, import rules and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

.PHONY: format
format: $(DEV)  ## Mend style and formatting in place
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.PHONY: benchmark
benchmark: $(RUN)  ## Measure speed against plain baselines, side by side, in minutes (BENCHMARKS="floors growth" for some; BENCHMARK_FLAGS= for all of each)
	@for name in $(BENCHMARKS); do echo "==> benchmarks/$$name.py $(BENCHMARK_FLAGS)"; $(BIN)/python benchmarks/$$name.py $(BENCHMARK_FLAGS); echo; done

.PHONY: notebooks
notebooks: $(DEV)  ## Execute the notebooks of docs/notebooks/ and keep their outputs
	@$(BIN)/python .ci/notebooks.py

.PHONY: constraints
constraints: $(DEV)  ## Pin the installed versions in constraints.txt
	@$(BIN)/python .ci/constraints.py > constraints.txt.new
	@mv constraints.txt.new constraints.txt
	@touch $(RUN) $(DEV)

.PHONY: lock
lock: $(AUDIT)/.installed  ## Lock what users install, with hashes for every platform, to the versions of constraints.txt
	@$(AUDIT)/bin/uv pip compile pyproject.toml --quiet --upgrade --extra cluster --extra server --constraint constraints.txt --universal \
	  --generate-hashes --no-annotate --custom-compile-command "make lock" --output-file requirements.lock

.PHONY: audit
audit: $(AUDIT)/.installed  ## Look for known vulnerabilities in requirements.lock; fails too where their list cannot be reached
	@$(AUDIT)/bin/python .ci/audit.py requirements.lock

.PHONY: clean
clean:  ## Remove .venv/, caches and builds; results/ and mlflow.db stay
	rm -rf $(VENV) $(AUDIT) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# pip is the last thing that `python -m venv` writes, so a folder without it is a broken one and is made anew.
$(BIN)/pip:
	@python=""; for candidate in $(PYTHON); do \
	  if "$$candidate" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2> /dev/null; then python="$$candidate"; break; fi; \
	done; \
	if [ -z "$$python" ]; then \
	  echo "No usable Python found (tried: $(PYTHON)). It must be 3.11 or newer and have venv" >&2; \
	  echo "(on Debian and Ubuntu: apt install python3-venv). If it is elsewhere: make $(MAKECMDGOALS) PYTHON=/path/to/python" >&2; \
	  exit 1; \
	fi; \
	echo "==> Making $(VENV)/ with $$("$$python" --version) ($$(command -v "$$python"))"; \
	"$$python" -m venv --clear $(VENV)

$(RUN): $(PINS) | $(BIN)/pip
	@if [ "$$(uname -s)" = Linux ] && [ -z "$(PIP_FLAGS)" ] && ! command -v nvidia-smi > /dev/null; then \
	  echo "    No NVIDIA GPU here. PIP_FLAGS can name an index with CPU builds of PyTorch, which are smaller: see the Makefile"; \
	fi
	@echo "==> Installing PyTorch (1 of 2)"
	@$(PIP_INSTALL) torch
	@echo "==> Installing Ray, MLflow and the rest (2 of 2; some minutes the first time)"
	@$(PIP_INSTALL) --editable .
	@touch $@

$(DEV): $(PINS) | $(RUN)
	@echo "==> Installing the tools for development"
	@$(PIP_INSTALL) --editable '.[dev]'
	@touch $(RUN) $@

# Apart from .venv/: what these tools need themselves is no part of what is locked and audited.
$(AUDIT)/.installed: Makefile | $(BIN)/pip
	@echo "==> Installing the tools that lock and audit"
	@$(BIN)/python -m venv --clear $(AUDIT)
	@$(AUDIT)/bin/python -m pip install -qq --disable-pip-version-check $(AUDIT_TOOLS)
	@touch $@
