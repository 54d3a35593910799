# `make help` lists what there is. Every target makes the environments it needs.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

# The newest Python among those Lambda knows; `make PYTHON=…` overrides it. A name on PATH may be a shim
# without an interpreter behind it, so each is tried, not looked up.
PYTHON ?= $(shell for p in python3.13 python3 python3.12 python3.11 python3.14; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' 2>/dev/null && echo $$p && break; done)
POSTS ?=
LIMIT ?=
DATA ?=
SOURCE ?=
TABLE ?=
STACK ?=
MONTHS ?=
SINCE ?=
ARGS ?=
UPGRADE ?=

RUN := .venv/bin/python
PARALLEL := $(RUN) -m pytest --numprocesses 2 --dist loadfile
LOCAL := PYTHONPATH=functions $(RUN) -m infra.local
PIN := .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-emit-find-links --custom-compile-command "make requirements"

help: ## list the targets
	@sed -nE 's/^([a-z][a-z -]*):.*## /\1\t/p' $(MAKEFILE_LIST) | \
		awk -F '\t' 'length($$1) > 13 { print $$1; $$1 = "" } { printf "%-14s%s\n", $$1, $$2 }'

.venv/.ready: requirements/dev.txt
.venv-sam/.ready: requirements/sam.txt
.venv-ministack/.ready: requirements/ministack.txt
.venv/.ready .venv-sam/.ready .venv-ministack/.ready:
	@test -n "$(PYTHON)" || { echo "Aduan needs Python 3.11 to 3.14 on PATH; none was found." >&2; exit 1; }
	@echo "preparing $(@D) …"
	@$(PYTHON) -m venv --clear $(@D)
	@$(@D)/bin/python -m pip install -qq --disable-pip-version-check --require-hashes --requirement $<
	@touch $@

environments: .venv/.ready .venv-sam/.ready .venv-ministack/.ready ## make the three Python environments

requirements: .venv/.ready ## pin with hashes what requirements/*.in name and need (UPGRADE=yes for the newest of it)
	@$(PIN) $(if $(UPGRADE),--upgrade) requirements/functions.in --output-file functions/requirements.txt
	@for name in dev sam ministack; do \
		$(PIN) $(if $(UPGRADE),--upgrade) requirements/$$name.in --output-file requirements/$$name.txt; done

hooks: environments ## let git run the checks of what a commit changes
	@.venv/bin/pre-commit install

demo: environments ## bring posts the whole way on this machine (POSTS=file.jsonl LIMIT=500 for others)
	@$(LOCAL) demo $(if $(POSTS),--posts $(POSTS)) $(if $(LIMIT),--limit $(LIMIT))

up: environments ## start the stack and leave it running
	@$(LOCAL) up $(if $(POSTS),--posts $(POSTS)) $(if $(LIMIT),--limit $(LIMIT))

simulate: environments ## start it and write posts by hand, on a page that shows where they go
	@$(LOCAL) simulate $(if $(POSTS),--posts $(POSTS)) $(if $(LIMIT),--limit $(LIMIT))

attack: environments ## flood a stack whose limits are on with false emergencies (LIMIT=100); takes 10 to 25 minutes
	@$(LOCAL) attack $(if $(LIMIT),--limit $(LIMIT))

down: environments ## stop it
	@$(LOCAL) down

build: environments ## build the artefacts that `sam deploy` uploads
	@PATH="$(CURDIR)/.venv/bin:$$PATH" SAM_CLI_TELEMETRY=0 .venv-sam/bin/sam build \
		--parameter-overrides Stage=dev $(if $(ARCHITECTURE),Architecture=$(ARCHITECTURE))
	@PYTHONPATH=functions $(RUN) -m infra.artefacts .aws-sam/build

# The journey is alone on the machine: it has ports, functions in processes and time limits of its own. Whatever ends
# the first part, the second runs; exit status 5 says that ARGS chose no test of a part.
test: environments ## run every test: all but the journey on two cores, then the journey (ARGS="-k deadline" for some)
	@parts=0; journey=0; \
	$(PARALLEL) --ignore tests/journey $(ARGS) || parts=$$?; \
	$(RUN) -m pytest tests/journey $(ARGS) || journey=$$?; \
	case "$$parts $$journey" in "0 0" | "0 5" | "5 0") ;; *) exit 1 ;; esac

test-unit test-contract test-handlers test-faults test-template: test-%: environments ## run the tests of one folder
	@$(PARALLEL) tests/$* $(ARGS)

test-journey: environments ## run a deployed stack's tests, on the emulator
	@$(RUN) -m pytest tests/journey $(ARGS)

coverage: environments ## say which lines of functions/ the tests run, all but the journey's
	@$(PARALLEL) --ignore tests/journey --cov functions --cov-report term:skip-covered $(ARGS)

format: environments ## format the code, and mend what the linter can mend
	@.venv/bin/ruff check --fix .
	@.venv/bin/ruff format .

check: environments ## lint, types, template, scores of the classifier
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy
	@SAM_CLI_TELEMETRY=0 .venv-sam/bin/sam validate --lint --template template.yaml
	@.venv/bin/cfn-lint infra/*.yaml
	@$(RUN) -m infra.training check

long-modules: ## list the modules longer than 400 lines, the longest first
	@git ls-files '*.py' | xargs wc -l | awk '$$1 > 400 && $$2 != "total"' | sort -rn

train: environments ## learn the classifier anew (DATA="file.jsonl export.xlsx"; ten minutes with 10,000 texts)
	@$(RUN) -m infra.training train $(DATA)

evaluate: environments ## score the classifier on labelled texts (DATA=file.jsonl)
	@test -n "$(DATA)" || { echo "make evaluate DATA=file.jsonl: JSON lines with text, is_report and topic" >&2; exit 2; }
	@$(RUN) -m infra.training evaluate $(DATA)

learning-curve: environments ## measure what decisions of one account are worth (DATA="files", SOURCE=name of the account)
	@test -n "$(DATA)" || { echo "make learning-curve DATA=file.jsonl: JSON lines with text and label" >&2; exit 2; }
	@$(RUN) -m infra.training learning-curve $(DATA) $(if $(SOURCE),--source $(SOURCE))

corrections: environments ## write what people corrected to .local/corrections.jsonl (STACK=aduan-prod SINCE=2026-01), for `train`
	@PYTHONPATH=functions $(RUN) -m infra.corrections $(if $(TABLE),--table $(TABLE)) $(if $(STACK),--stack $(STACK)) \
		$(if $(MONTHS),--months $(MONTHS)) $(if $(SINCE),--since $(SINCE))

bench: environments ## measure the figures of docs/figures.md
	@PYTHONPATH=functions AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_DEFAULT_REGION=ap-southeast-3 \
		AWS_ACCOUNT_ID_ENDPOINT_MODE=disabled $(RUN) -m infra.bench

.PHONY: help environments requirements hooks demo up simulate attack down build test test-unit test-contract test-handlers \
	test-faults test-template test-journey coverage format check long-modules train evaluate learning-curve corrections bench
