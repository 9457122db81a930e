# Fixed commands: others script against these targets, keep their names and their output.
# Needs only python3, git and make; everything else goes into .venv.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
BASE := $(VENV)/.base
STAMP := $(VENV)/.installed
COLLECTION = $(VENV)/lib/python$$($(BIN)/python -c 'import sys; print("%d.%d" % sys.version_info[:2])')/site-packages/ansible_collections/azureml/compute

# The checkout's tools before the system's; SSL and cloud settings of the caller stay as they are.
export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: help setup test slow-test quickstart simulator simulator-stop molecule bench output page-test pictures kill-test gates coverage mutants conformance faults \
	properties limits shapes secrets errors manifest options architecture service-pages writable release lock \
	clients acceptance acceptance-proof

help: ## list the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 20

setup: $(STAMP) ## set up .venv only: .venv with everything, the checkout visible to it as azureml.compute

# The caller's settings of Azure and of Ansible must not decide a result. The other commands remove them themselves.
OWN = eval "$$($(BIN)/python -m scripts.environment)";
# uv installs in a fraction of pip's time; pip is the second try, since it also knows the registries and proxies of pip.conf.
# Their output goes to a file: 'make -s simulator' may print nothing but export lines.
install = { $(BIN)/uv pip install --python $(BIN)/python $(1) || $(BIN)/python -m pip install --disable-pip-version-check $(1); } >> $(VENV)/install.log 2>&1 \
	|| { tail -n 25 $(VENV)/install.log >&2; exit 1; }

# What a playbook on the simulator needs: no tests, no linters.
$(BASE): requirements.txt tests/simulator/pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing into $(VENV) (log in $(VENV)/install.log)" >&2
	@$(BIN)/python -m pip install --disable-pip-version-check uv > $(VENV)/install.log 2>&1 || true
	@$(call install,-r requirements.txt -e tests/simulator)
	@mkdir -p "$$(dirname $(COLLECTION))" && ln -sfn "$(CURDIR)" "$(COLLECTION)"
# What every command imports; the rest is compiled where it is imported first.
	@cd "$$(dirname $(COLLECTION))/../.." && "$(CURDIR)/$(BIN)/python" -m compileall -q -j 0 ansible azure/core azure/identity msal yaml jinja2 requests urllib3 cryptography
	@touch $@

$(STAMP): $(BASE) requirements.txt requirements-dev.txt tests/unit/requirements.txt tests/simulator/pyproject.toml
	@echo "Installing what the tests and checks add (half a minute)" >&2
	@$(call install,-r requirements-dev.txt)
	@touch $@

# Its state directory, wherever make was started from.
simulator simulator-stop: export AML_SIMULATOR_HOME := $(or $(AML_SIMULATOR_HOME),$(CURDIR)/.simulator)

simulator: $(BASE) ## start the simulated Azure, print what to export: eval "$$(make -s simulator)"
	@$(BIN)/azureml-simulator start

simulator-stop: ## stop it; its state stays in .simulator/
	@test ! -x $(BIN)/azureml-simulator || $(BIN)/azureml-simulator stop

# OpenSSH's client is installed while pip works.
quickstart: ## provision a full workspace on the simulator, run it again: 0 changed
	@scripts/system-packages & $(MAKE) --no-print-directory $(BASE) && wait && scripts/quickstart

test: setup ## run all tests that CI runs
	@scripts/test

slow-test: setup ## run the slow tests that CI does not run
	@scripts/test -m slow tests

molecule: setup ## test the roles: converge, verify and converge again on a simulator that is started once
	@$(BIN)/molecule test --all

bench: setup ## measure each figure and what it is compared with, in tables; about 20 minutes, and some more to install other clients; WRITE=FILE also as Markdown, SHORT=1 also into docs/speed.md and README.md, ONLY="tasks fleets" some, SUITE=1 also make test, QUICK=1 whether it works
	@$(BIN)/python -m scripts.bench $(if $(QUICK),--quick) $(if $(WRITE),--write $(WRITE)) $(if $(SHORT),--short) $(if $(ONLY),--only $(ONLY)) $(if $(SUITE),--suite)

output: setup ## measure how many bytes ansible-playbook prints for fleets, in a table; KEEP=FOLDER stores the output of each case
	@$(BIN)/python -m scripts.output_bytes $(if $(KEEP),--keep $(KEEP))

page-test: setup ## open the drift report's page in a real browser, as wide as a phone and as a desktop
	@scripts/system-packages browser
	@$(BIN)/python -m pytest -q -rs tests/unit/module_utils/test_report_page.py

pictures: setup ## make the pictures of the documentation again
	@scripts/system-packages browser
	@$(BIN)/python -m scripts.pictures

kill-test: setup ## kill a fleet's run at 20 random moments and provision_workspace after 6 of its writes, print what the next runs found; WRITE=FILE also as Markdown
	@AML_KILLS=$${AML_KILLS:-20} AML_PLAYBOOK_KILLS=$${AML_PLAYBOOK_KILLS:-6} AML_KILL_TABLE=$(WRITE) \
		$(BIN)/python -m pytest -q -s tests/integration/test_fleet_kill.py tests/integration/test_playbook_kill.py

coverage: setup ## print which lines and branches of plugins/ the fast tests reach; WRITE=FILE also as Markdown
	@$(BIN)/python -m scripts.cover $(if $(WRITE),--write $(WRITE))

mutants: setup ## break the plan, the rules, the retries and the cost, print which breakage no test noticed; WRITE=FILE also as Markdown
	@$(BIN)/python -m scripts.mutants $(if $(WRITE),--write $(WRITE))

properties: setup ## test random declarations of every kind and every wrong value of every option, in tables; EXAMPLES=N of each kind, WRITE=FILE also as Markdown
	@$(BIN)/python -m scripts.properties $(if $(EXAMPLES),--examples $(EXAMPLES)) $(if $(WRITE),--write $(WRITE))

limits: setup ## test every hostile form of answer: what ended it and after how long, in a table; WRITE=FILE also as Markdown
	@$(BIN)/python -m scripts.limits $(if $(WRITE),--write $(WRITE))

shapes: setup ## every module on answers of another shape, print what was lost; WRITE=FILE also as Markdown
	@$(OWN) PYTHONPATH=tests $(BIN)/python -m shapes $(if $(WRITE),--write $(WRITE))

options: setup ## write what follows from the modules' options and from shared texts: the roles' argument specs and tasks, the modules' common return values, the pages about roles and playbooks
	@$(BIN)/python -m scripts.return_texts
	@$(BIN)/python -m scripts.role_options
	@$(BIN)/python -m scripts.docs_pages

errors: setup ## write docs/errors.md, the reference of error codes, from scripts/error_codes.yml
	@$(BIN)/python -m scripts.error_reference

service-pages: setup ## write docs/api-versions.md and docs/retirements.md from the tables of the modules
	@$(BIN)/python -m scripts.service_pages

writable: setup ## write the table of the properties that a request can set, from Azure's types
	@$(BIN)/python -m scripts.writable_properties

secrets: setup ## random secrets in every encoding through every channel: planted, and readable, in a table; EXAMPLES=N for each channel, WRITE=FILE also as Markdown
	@$(BIN)/python -m scripts.secret_channels $(if $(EXAMPLES),--examples $(EXAMPLES)) $(if $(WRITE),--write $(WRITE))

architecture: setup ## write the page that shows the packages and their imports, from the code
	@$(BIN)/python -m scripts.architecture

manifest: setup ## write the list of files that users install into galaxy.yml, from what git tracks
	@$(BIN)/python -m scripts.release manifest

release: setup ## build the files of a release of HEAD in build/release/: tarball, SBOM, sums; KEY=ID signs them with gpg
	@$(BIN)/nox -s release -- build $(if $(KEY),--key $(KEY))

lock: setup ## pin the packages of the execution environment again, with hashes
	@$(BIN)/nox -s release -- lock

gates: setup ## check what the ecosystem requires of a collection, in one table; GATES="one two" runs some, WRITE=FILE also as Markdown
	@$(BIN)/python -m scripts.gates $(GATES) $(if $(WRITE),--write $(WRITE))

conformance: setup ## check the simulator against each known fact about Azure, print the tables; WRITE=FILE also as Markdown
	@$(BIN)/nox -s conformance $(if $(WRITE),-- --write $(abspath $(WRITE)))

clients: setup ## run azure-cli, the management SDKs, published templates and azure.azcollection on a fresh simulator, in a table; WRITE=FILE also as Markdown, ONLY="azure_cli" some
	@$(BIN)/python -m scripts.clients $(if $(WRITE),--write $(abspath $(WRITE))) $(foreach name,$(ONLY),--only $(name))

acceptance: setup ## walk through the service with real credentials and record its answers: ARGS="--list" first, then ARGS="FILE --resource-group GROUP"
	@$(BIN)/azureml-simulator record $(ARGS)

acceptance-proof: setup ## record simulators that guess otherwise, check that exactly the changed guesses are found
	@$(BIN)/python -m scripts.acceptance_proof

faults: setup ## run every module under every fault at every place, print what was lost; WRITE=FILE also as Markdown, FAULT="second writer" that alone
	@$(OWN) PYTHONPATH=tests $(BIN)/python -m faults $(if $(WRITE),--write $(WRITE)) $(if $(FAULT),--fault "$(FAULT)")
