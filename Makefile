# `make help` lists what can be done here.
SHELL := /bin/bash
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
export PIP_CONSTRAINT := $(CURDIR)/constraints.txt
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export HF_HUB_OFFLINE := 1
# Files in their order, the slow ones (end_to_end, faults) first: xdist would begin with those of many quick tests and end with one process idle
SPREAD := --dist loadfile --no-loadscope-reorder

.DEFAULT_GOAL := help
.PHONY: help setup setup-train setup-gpu setup-test demo test test-fast soak lint format bench dashboards-preview kubernetes-rules constraints clean

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

$(BIN)/python:
	deploy/make-venv.sh "$(PYTHON)" $(VENV)

$(VENV)/.setup: $(BIN)/python pyproject.toml constraints.txt
	$(BIN)/pip install --quiet --editable '.[broker]'
	@touch $@

$(VENV)/.setup-test: $(VENV)/.setup
	$(BIN)/pip install --quiet --editable '.[broker,train,export,test]'
	@touch $@

setup: $(VENV)/.setup ## virtual environment .venv with Squall and the development broker, to score on a CPU
setup-train: ## the same and what training takes, with the CPU build of PyTorch from download.pytorch.org
setup-gpu: ## the same, to score and train on a GPU: the build of PyTorch for this machine's driver, from there

setup-train: BACKEND := cpu
setup-gpu: BACKEND := auto
setup-train setup-gpu: $(BIN)/python
	$(BIN)/pip install --quiet uv
	$(BIN)/uv pip install --python $(BIN)/python --torch-backend=$(BACKEND) --constraint constraints.txt --editable '.[broker,train]'
	@touch $(VENV)/.setup

setup-test: $(VENV)/.setup-test

demo: setup ## the whole pipeline over the bundled stream (arguments: make demo ARGS="--keep")
	$(BIN)/squall demo $(ARGS)

test: setup-test lint ## everything: style, types, import layers, all tests but benchmarks
	-@tests/support/install-system-packages.sh
	$(BIN)/pytest -m "not benchmark" --numprocesses 2 $(SPREAD) --durations 30

test-fast: setup-test ## the tests that take seconds
	$(BIN)/pytest -m "not slow and not benchmark" --numprocesses 2 $(SPREAD)

soak: setup-test ## faults of a real cluster for hours: random ones for MINUTES (90), then each of docs/reliability.md at full length
	SOAK_MINUTES=$(or $(MINUTES),90) $(BIN)/pytest tests/faults/test_soak.py tests/faults/test_cluster_faults.py --verbose --capture no

lint: setup-test ## ruff, mypy, import-linter
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: setup-test ## let ruff put the code in order
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: setup-test ## ratios against what one would write without us
	$(BIN)/pytest tests/benchmarks -s

preview/node_modules: preview/package.json preview/package-lock.json
	cd preview && npm ci --ignore-scripts --no-audit --no-fund
	@touch $@

dashboards-preview: setup-test preview/node_modules ## pictures of the Grafana dashboards, by Grafana's own components (needs Node 20 and Chromium)
	$(BIN)/python preview/preview.py

RULES := deploy/kubernetes/components/prometheus-operator/prometheus-rule.yaml
kubernetes-rules: ## the alert rules of deploy/prometheus as a PrometheusRule
	{ printf '%s\n' '# Generated from deploy/prometheus/alerts.yaml: make kubernetes-rules' 'apiVersion: monitoring.coreos.com/v1' 'kind: PrometheusRule' \
	  'metadata:' '  name: squall' '  labels: {app.kubernetes.io/name: squall}' 'spec:'; sed -n '/^groups:/,$$s/^/  /p' deploy/prometheus/alerts.yaml; } > $(RULES)

constraints: $(BIN)/python ## pin the newest versions that fit pyproject.toml
	rm -rf build/resolve && $(PYTHON) -m venv build/resolve
	build/resolve/bin/pip install --quiet uv
	echo 'torch==2.13.0' > build/held # a CPU build of it is at hand; newer ones pull gigabytes
	build/resolve/bin/uv pip compile --quiet --constraint build/held --no-annotate --no-header --all-extras $${PIP_FIND_LINKS:+--find-links $$PIP_FIND_LINKS} pyproject.toml \
	  | sed -E 's/^(torch==[0-9.]+)\+cpu/\1/' > build/pins
	{ head -n 1 constraints.txt; cat build/pins; } > build/constraints && mv build/constraints constraints.txt

clean: ## remove caches; the virtual environment and data stay
	rm -rf build preview/build preview/node_modules .pytest_cache .mypy_cache .ruff_cache .hypothesis *.egg-info
