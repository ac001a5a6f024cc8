# make demo   environment in .venv, install, five jobs on embedded input, figures in demo/
# make test   environment with the development tools, then every check CI makes
# Also: lint, docs, bench, clean. Needs python3 (3.11 or newer) with venv, and make.
#   PYTHON=python3.12 make demo     another interpreter        WORKERS=4 make demo     more processes

PYTHON ?= python3
WORKERS ?= 2
VENV := .venv
BIN := $(VENV)/bin
JOBS := src/crosscurrent/data/jobs

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

# One BLAS thread a process: k points run in parallel over processes, and threads inside tiny matrices only lose time.
export OPENBLAS_NUM_THREADS := 1
export OMP_NUM_THREADS := 1
export MKL_NUM_THREADS := 1
export MPLBACKEND := Agg
# The build backend is pinned as well (the second name is the one that newer pips read).
export PIP_CONSTRAINT := $(CURDIR)/constraints.txt
export PIP_BUILD_CONSTRAINT := $(CURDIR)/constraints.txt
export PIP_DISABLE_PIP_VERSION_CHECK := 1

INSTALL := $(BIN)/python -m pip install -qq --constraint constraints.txt

.PHONY: help demo test lint format docs check-docs bench clean

help:
	@sed -n '1,/^$$/s/^# //p' Makefile

# ---- the environment: made once, installed again only when pyproject.toml or constraints.txt change ----

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null 2>&1 || { \
	  echo "make: no '$(PYTHON)' on the PATH. Install Python 3.11 or newer, or name it: PYTHON=python3.12 make demo" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "make: crosscurrent needs Python 3.11 or newer, but $(PYTHON) is $$($(PYTHON) -V 2>&1)." >&2; \
	  echo "      Name a newer one: PYTHON=python3.12 make demo" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "make: $(PYTHON) has no venv module. On Debian or Ubuntu: sudo apt install python3-venv" >&2; exit 1; }
	@echo "Making the environment in $(VENV)"
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing crosscurrent (versions pinned in constraints.txt)"
	@$(INSTALL) --editable .
	@touch $@

$(VENV)/.installed-dev: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing crosscurrent with its development tools (versions pinned in constraints.txt)"
	@$(INSTALL) --editable '.[dev]'
	@touch $(VENV)/.installed $@

$(VENV)/.installed-docs: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing crosscurrent with Sphinx (versions pinned in constraints.txt)"
	@$(INSTALL) --editable '.[docs]'
	@touch $(VENV)/.installed $@

# ---- what people run ----

demo: $(VENV)/.installed
	@mkdir -p demo
	@for job in bi2se3 bismuth mnbi2te4 phonon-spin ferron-hall; do \
	  echo "== $$job: $(JOBS)/$$job.toml"; \
	  rm -f demo/$$job.nc; \
	  $(BIN)/crosscurrent run $(JOBS)/$$job.toml -o demo/$$job.nc --workers $(WORKERS) || exit 1; \
	  $(BIN)/crosscurrent plot demo/$$job.nc -o demo/$$job.png || exit 1; \
	done
	@echo
	@echo "The figures of the demo:"
	@echo "  $(CURDIR)/demo/bi2se3.png    spin Hall current of Bi2Se3 in every definition, against the Fermi level"
	@echo "  $(CURDIR)/demo/bismuth.png   the same for a first-principles Wannier model of monolayer bismuth"
	@echo "  $(CURDIR)/demo/mnbi2te4.png  spin of each layer of bilayer MnBi2Te4 in a terahertz field, against the frequency"
	@echo "  $(CURDIR)/demo/phonon-spin.png  spin conductivity that soft phonons mediate in a metal, against the temperature"
	@echo "  $(CURDIR)/demo/ferron-hall.png  energy, polarization and angular momentum of a heated ferroelectric slab in a magnetic field"
	@echo "and the numbers behind them: crosscurrent explain demo/bi2se3.nc  (in $(BIN))"

test: lint
	$(BIN)/pytest -n 2

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.installed-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(VENV)/.installed-docs
	$(BIN)/sphinx-build -W --keep-going -b html docs docs/_build/html
	@echo "Open docs/_build/html/index.html"

# every page in Chromium on a narrow screen: dead links, missing images, scripts that complain, things too wide
check-docs: docs
	$(BIN)/python docs/check_site.py docs/_build/html

# DATA is a folder with fe/Fe.chk and its companions; see benchmarks/README.md
bench: $(VENV)/.installed-dev
	@test -n "$(DATA)" || { echo "make: name the data folder: make bench DATA=FOLDER (see benchmarks/README.md)" >&2; exit 1; }
	@test -d benchmarks/.peer || $(PYTHON) benchmarks/setup_peer.py
	$(BIN)/python benchmarks/compare.py $(DATA)

clean:
	rm -rf demo dist build docs/_build docs/gallery docs/generated docs/sg_execution_times.rst
	rm -rf .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .benchmarks
	find . -path ./$(VENV) -prune -o -type d -name __pycache__ -print | xargs -r rm -rf
