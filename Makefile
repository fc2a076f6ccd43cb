# The project's own commands. `make demo` and `make up` need Python 3.11 and nothing else.

PYTHON ?= python3.11
VENV := .venv
PY := $(VENV)/bin/python
PORT ?= 8000
DEMO_DATA := $(or $(ATALAIA_DATA_DIR),var/demo)
# What must not be left out for want of a program: `make test REQUIRE=--require-programs`, as CI does.
REQUIRE ?=
PYTEST := $(PY) -m pytest $(REQUIRE)
# Many processes begin here: without bytecode each compiles everything again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: setup demo demo-reset up test test-slow lint types fmt check bench messages

setup: $(VENV)/installed ## .venv with pinned requirements

$(VENV)/installed: requirements.txt
	@echo "Installing what the panel needs into $(VENV): once, about a minute."
	@test -x $(PY) || $(PYTHON) -m venv $(VENV)
	@$(PY) -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(VENV)/installed-dev: requirements.txt requirements-dev.txt
	@test -x $(PY) || $(PYTHON) -m venv $(VENV)
	$(PY) -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@ $(VENV)/installed

demo: setup ## the panel with a story 30 days deep and live traffic
	@ATALAIA_DATA_DIR="$(DEMO_DATA)" $(PY) manage.py up --demo --port $(PORT)

demo-reset: setup ## the demonstration from the beginning
	@test "$(DEMO_DATA)" = var/demo || test ! -e "$(DEMO_DATA)" || test -e "$(DEMO_DATA)/demo_password" || { echo "$(DEMO_DATA) holds no demonstration; nothing was removed" >&2; exit 1; }
	@$(PY) -c "import sys; from pathlib import Path; from config.supervise.leftovers import take_lock; take_lock(Path(sys.argv[1]))" "$(DEMO_DATA)/up.lock" 2>/dev/null \
		|| { echo "the demonstration is running; stop it first (Ctrl-C there)" >&2; exit 1; }
	rm -rf "$(DEMO_DATA)"
	@$(MAKE) --no-print-directory demo

up: setup ## the panel without demonstration
	@$(PY) manage.py up --port $(PORT)

test: $(VENV)/installed-dev ## everything but what is slow, on SQLite and on PostgreSQL
	@$(MAKE) --no-print-directory --jobs 2 lint types check
	$(PYTEST) -n auto --dist worksteal -m "not slow"
	$(PY) -m tests.services $(PYTEST) -n auto --dist worksteal -m "not slow" --require-postgres tests  # of these, all that ask a database

test-slow: $(VENV)/installed-dev ## chaos (on SQLite and on PostgreSQL) and browser walks
	$(PYTEST) -m slow
	$(PY) -m tests.services $(PYTEST) -m slow tests/monitoring tests/alerting --require-postgres

lint: $(VENV)/installed-dev
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/vermin -t=3.9- --no-tips --violations sdk/src

types: $(VENV)/installed-dev
	$(VENV)/bin/mypy .

check: $(VENV)/installed-dev
	$(VENV)/bin/lint-imports
	$(PY) manage.py makemigrations --check --dry-run
	$(PY) manage.py check

fmt: $(VENV)/installed-dev
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

bench: $(VENV)/installed-dev ## the first page, what measures, objectives, finding a request and the client library cost, then ingest beside the limits of this machine
	$(PY) -m bench.first_page
	$(PY) -m bench.measures
	$(PY) -m bench.evaluate
	$(PY) -m bench.low_traffic
	$(PY) -m bench.find
	$(PY) -m bench.sdk
	$(PY) -m bench.ingest

messages: setup ## the catalogue of translations, extracted and compiled (needs GNU gettext)
	$(PY) manage.py makemessages -l pt_BR --no-location --no-wrap --no-obsolete -i $(VENV) -i var -i tests -i bench
	$(PY) manage.py compilemessages -l pt_BR -i $(VENV)
