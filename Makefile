# Passbook: every command a person needs. `make` alone lists them.
#
#   PORT=8123 make run            another port               BANK_HOME=/some/dir make run   data elsewhere
#   DATABASE_URL=... make run     a PostgreSQL of yours      REDIS_URL=... make run         a Valkey or Redis of yours
#   PYTHON=python3.13 make run    another Python             make test ARGS="-k transfer"   some of the tests

.DEFAULT_GOAL := help
.PHONY: help run test check bench shell seed-large screenshots messages catalog clean clean-data environment environment-dev pins

PYTHON ?= python3
VENV ?= .venv
export VENV

# Quoted, and modules rather than scripts: a checkout may lie in a path with a space, and may be moved.
PY = "$(VENV)/bin/python"

help: ## list what can be made
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | awk -F'|' '{printf "%-20s %s\n", $$1, $$2}'

run: environment ## open the bank on http://127.0.0.1:8000 (Ctrl-C closes it)
	@exec $(PY) -m bank.ops.supervisor

test: environment-dev ## the gate, then every test, on servers of their own
	@$(MAKE) --no-print-directory check
	@$(PY) -m tests.plugins.chromium
	@exec $(PY) -m pytest $(ARGS)

check: export DJANGO_SECRET_KEY = only for checking
check: environment-dev ## the gate: format, lint, types, import contracts, migrations, templates
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -m mypy
	@$(PY) -c "from importlinter.cli import lint_imports_command as main; main()"
	$(PY) manage.py check --fail-level WARNING
	@# It would rather ask a database, too, which is no part of the gate.
	$(PY) -W "ignore:Got an error checking:RuntimeWarning" manage.py makemigrations --check --dry-run
	$(PY) -m djlint --lint --quiet templates

bench: environment-dev ## measure: commands, events and reports a second, beside floors and a peer
	@exec $(PY) -m benchmarks $(ARGS)

shell: environment ## a Django shell in the bank's data
	@exec $(PY) -m bank.ops.attach manage.py shell

seed-large: environment ## a million events in an empty bank (ARGS=--beside-others: in any), to try pages out
	@exec $(PY) -m bank.ops.attach manage.py migrate --verbosity 0
	@exec $(PY) -m bank.ops.attach manage.py seed_large $(ARGS)

screenshots: environment-dev ## take docs/screenshots anew of a running demo (PORT as of make run)
	@exec $(PY) -m tools.screenshots "http://127.0.0.1:$(or $(PORT),8000)"

catalog: export DJANGO_SECRET_KEY = only for reading the code
catalog: environment ## write the catalogue of the system into build/catalogue (DIR), and lint it where Node is
	$(PY) manage.py export_catalog "$(or $(DIR),build/catalogue)"
	@if command -v npx >/dev/null; then cd "$(or $(DIR),build/catalogue)/eventcatalog" && npx --yes @eventcatalog/linter --fail-on-warning; fi

messages: export DJANGO_SECRET_KEY = only for collecting
messages: environment-dev ## collect the words of pages and letters into locale/; says which wait for a translation
	$(PY) -m tools.messages

clean: ## remove the virtual environment and all caches; data stay
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .schemathesis test-results
	find . -name __pycache__ -type d -not -path './var/*' -prune -exec rm -rf {} +

clean-data: ## delete the bank's data for ever (asks; YES=1 answers)
	@"$(PYTHON)" scripts/clear_data.py

environment:
	@"$(PYTHON)" scripts/environment.py run

environment-dev:
	@"$(PYTHON)" scripts/environment.py dev

# For developers: pin anew what pyproject.toml asks for.
COMPILE = uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
          --no-emit-index-url --no-emit-find-links
pins:
	$(COMPILE) --upgrade pyproject.toml --extra embedded -o requirements.txt
	$(COMPILE) --upgrade pyproject.toml --extra embedded --group dev -c requirements.txt -o requirements-dev.txt
	echo uv | $(COMPILE) --upgrade - -o requirements-uv.txt
