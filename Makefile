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

RUN := .venv/bin/python

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

.venv/.ready: requirements-dev.txt functions/requirements.txt
.venv-sam/.ready: requirements-sam.txt
.venv-ministack/.ready: requirements-ministack.txt
.venv/.ready .venv-sam/.ready .venv-ministack/.ready:
	@test -n "$(PYTHON)" || { echo "Aduan needs Python 3.11 to 3.14 on PATH; none was found." >&2; exit 1; }
	@echo "preparing $(@D) …"
	@$(PYTHON) -m venv --clear $(@D)
	@$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@

environments: .venv/.ready .venv-sam/.ready .venv-ministack/.ready ## make the three Python environments

.PHONY: help environments
