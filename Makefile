# Every command of the project. `make` alone prints them by section.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

export CLUSTER ?= usecase
PY := .venv/bin/python
# The command that brings clusters and images up needs no package: the system's Python runs it.
CLUSTERCTL := PYTHONPATH=tests python3 -m cluster

##@ The two commands
.PHONY: up test
up: cluster images ## a kind cluster with the operator and the whole task-management stack running on it
	@$(CLUSTERCTL) stack
test: ## everything: check, then tests against real servers and the cluster; a room that fails hides no other
	@$(MAKE) --no-print-directory --keep-going check integration e2e

##@ Cluster
.PHONY: cluster cluster-down cluster-keda cluster-kwok images backends down clean status times
cluster: ## kind cluster CLUSTER (WORKERS=0..5, API_PORT, KUBERNETES_VERSION, NODE_IMAGE)
	@$(CLUSTERCTL) up
cluster-down: ## delete the cluster; images and caches stay
	@$(CLUSTERCTL) down
cluster-keda: ## KEDA on the cluster
	@$(CLUSTERCTL) keda
cluster-kwok: ## KWOK: nodes and pods that cost nothing
	@$(CLUSTERCTL) kwok
images: ## build every image of the project, load what changed into the cluster
	@$(CLUSTERCTL) images
backends: ## RabbitMQ, PostgreSQL, Redis and MongoDB for development, by charts/task-management
	@$(CLUSTERCTL) backends
down: ## take off the cluster what `make up` put on it
	@$(CLUSTERCTL) stack-down
status: ## what runs: engine, cluster, nodes, images
	@$(CLUSTERCTL) status
times: ## what each step of the bring-up took on this machine, as a table
	@$(CLUSTERCTL) times
clean: cluster-down ## remove what the project wrote outside the repository, as the README lists it: images and caches
	@$(CLUSTERCTL) clean
	rm -rf .venv build

##@ Inner loop
.PHONY: services services-down
services: .venv/ready ## the six services and their backends on this machine, without a cluster (DETACH=1: in the background)
	@$(CLUSTERCTL) backend-images
	@PYTHONPATH=tests:operator/src $(PY) -m inner_loop $(if $(DETACH),detach,up)
services-down: .venv/ready ## end what `make services DETACH=1` started
	@PYTHONPATH=tests:operator/src $(PY) -m inner_loop down

##@ Tests
.PHONY: check lint types imports unit contract integration e2e soak
check: lint types imports unit contract ## all that needs no cluster, ≤ 60 s
lint: .venv/ready ## ruff: format and rules
	@$(PY) -m ruff format --check --quiet . && $(PY) -m ruff check --quiet .
types: .venv/ready ## mypy, strict on sources
	@$(PY) -m mypy --no-error-summary operator/src services/*/src services/shared/*/src tests/cluster tests/inner_loop
imports: .venv/ready ## import-linter: who may import whom
	@mkdir -p build && PYTHONPATH=$(subst $(space),:,$(wildcard operator/src services/*/src services/shared/*/src)) .venv/bin/lint-imports --no-cache > build/imports.log 2>&1 || { cat build/imports.log; exit 1; }
unit: .venv/ready ## pure parts; charts are rendered by Helm, which is built once where there is none
	@$(CLUSTERCTL) helm
	@$(PY) -m pytest -q -n 2 tests/unit
contract: .venv/ready ## the seams between two files of the repository
	@$(PY) -m pytest -q tests/contract
integration: .venv/ready cluster images cluster-keda ## one real server at a time; KEDA is there first, so that it comes under nobody's feet
	@$(PY) -m pytest -q -m "not alone" -n 2 --dist loadfile tests/integration; status=$$?; \
	$(PY) -m pytest -q -m alone tests/integration && exit $$status
e2e: .venv/ready cluster images ## the whole, on the kind cluster
	@$(PY) -m pytest -q tests/e2e
soak: .venv/ready cluster images ## the long campaigns (hours)
	@$(PY) -m pytest -q --soak tests

##@ Benchmarks
.PHONY: bench-services
bench-services: .venv/ready build/services/ready ## the services against floors of the same run, as a table and JSON (about 4 min, an otherwise idle machine)
	@$(CLUSTERCTL) backend-images >&2
	@PYTHONPATH=$(subst $(space),:,tests operator/src $(wildcard services/*/src services/shared/*/src)) $(PY) -m bench.services
.PHONY: bench-operator golden
bench-operator: .venv/ready cluster images ## the operator against a bare script in the same run (SIZE=100 use cases), as a table and JSON
	@PYTHONPATH=$(subst $(space),:,tests operator/src) $(PY) -m bench.operator
golden: .venv/ready ## write the golden files of the examples anew
	@PYTHONPATH=$(subst $(space),:,tests operator/src) $(PY) -m goldens

##@ Housekeeping
.PHONY: format requirements help
format: .venv/ready ## let ruff rewrite what it can
	@$(PY) -m ruff format --quiet . && $(PY) -m ruff check --quiet --fix .
requirements: .venv/ready ## pin all dependencies anew, with hashes and without hosts (UPGRADE=1 takes newer ones)
	UV=.venv/bin/uv requirements/refresh.sh $(if $(UPGRADE),--upgrade)

space := $(subst ,, )
.venv/ready: requirements/dev.txt
	@echo "▸ Python packages into .venv (about 60 s once)"
	@python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "python3 is older than 3.11; install a newer one and put it first on PATH" >&2; exit 1; }
	@mkdir -p build && python3 -m venv .venv && .venv/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@

# What the six images hold, in one place: the same pins, and none of the tests' packages.
SERVICE_PINS := $(foreach each,api bot reminder-worker analytics-worker postgres-data mongo-data,requirements/$(each).txt)
build/services/ready: $(SERVICE_PINS)
	@echo "▸ the services' packages into build/services (about 30 s once)" >&2
	@python3 -m venv build/services && build/services/bin/pip install --quiet --disable-pip-version-check --require-hashes $(SERVICE_PINS:%=-r %)
	@touch $@

help:
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z0-9-]+:.*## / {printf "  %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
