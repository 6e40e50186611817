# What a person can do here; CI runs the same targets. git, make and a Python 3.11 to 3.13 are all that is needed:
# uv comes into the virtual environment by pip, and everything else by uv from uv.lock.
SHELL := /bin/sh
EXTRA ?= cpu
VENV ?= .venv
BIN := $(VENV)/bin
# The first interpreter of a supported version; TensorFlow 2.21 has no wheels for 3.14.
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3 python; do \
	"$$p" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null && echo "$$p" && break; done)
UV_VERSION := 0.13.9
STAMP := $(VENV)/.installed-$(EXTRA)
# A process of the search pins its own threads; this keeps the tests from oversubscribing a small machine.
# Bytecode is kept, whatever the environment says: without it each process would compile TensorFlow's 2,700 files anew,
# 17 s of processor time.
TEST_ENV := OMP_NUM_THREADS=1 TF_CPP_MIN_LOG_LEVEL=3 PYTHONDONTWRITEBYTECODE=
# In the order of their names, the slow tests of whole rooms come before the quick units, which then fill both processes.
TEST := $(TEST_ENV) $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help install run test test-unit lint format types compile images kind-up kind-run kind-test kind-down bench-digits bench-repair bench-repair-overhead repair-learned bench-pipeline bench-inheritance bench-entropy bench-search bench-speed clean

help:  ## list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-21s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(STAMP)  ## set up .venv from uv.lock (EXTRA=cpu or gpu)

$(STAMP): pyproject.toml uv.lock
	@test -n "$(PYTHON)" || { echo "archmend needs Python 3.11, 3.12 or 3.13; none is on the PATH: install one, or say make PYTHON=/path/to/python3.12" >&2; exit 2; }
	@# The two TensorFlows have the same files: another one needs an environment of its own.
	@if ls $(VENV)/.installed-* 2>/dev/null | grep -qv -- '-$(EXTRA)$$'; then rm -rf $(VENV); fi
	@test -x $(BIN)/python || "$(PYTHON)" -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	VIRTUAL_ENV=$(abspath $(VENV)) UV_PROJECT_ENVIRONMENT=$(VENV) $(BIN)/uv sync --frozen --inexact --quiet --extra $(EXTRA) --extra dev
	@rm -f $(VENV)/.installed-*
	@touch $@

run: $(STAMP)  ## search, repair, evaluate and register on the built-in digits (ARGS="--data ... --space ...")
	$(BIN)/archmend run $(ARGS)

test: $(STAMP)  ## all tests that need no cluster
	$(TEST) tests --ignore=tests/e2e $(ARGS)

test-unit: $(STAMP)  ## the unit tests alone
	$(TEST) tests/unit $(ARGS)

lint: $(STAMP)  ## style, formatting and the direction of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

format: $(STAMP)  ## rewrite the files as the linter wants them
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: $(STAMP)  ## check the types of the library
	$(BIN)/mypy

compile: $(STAMP)  ## compile the pipeline to pipelines/archmend.yaml
	$(BIN)/python -m pipelines.compile

images: $(STAMP)  ## build the container images and their lists of contents (ARGS="runtime suggestion" for some)
	$(BIN)/python -m kind images $(ARGS)

# The cluster is kind's; CLUSTER=current takes the one that kubectl talks to, with the images in it.
KIND = $(BIN)/python -m kind $(1) $(if $(filter current,$(CLUSTER)),--current-context) $(ARGS)

kind-up: $(STAMP)  ## a small cluster with Kubeflow and archmend in it; again is nothing (CLUSTER=current)
	$(call KIND,up)

kind-run: $(STAMP)  ## run the pipeline there and wait (ARGS="data=s3://... max_trials=8")
	$(call KIND,run)

kind-test: $(STAMP)  ## the end-to-end tests there
	$(call KIND,test)

kind-down:  ## delete that cluster
	$(BIN)/python -m kind down

bench-digits: $(STAMP)  ## archmend run on the digits over five splits, beside a logistic regression
	$(BIN)/python benchmarks/digits.py $(ARGS)

bench-repair: $(STAMP)  ## repair of faulty networks beside AUTOTRAINER's rules, random repair and none (ARGS="--quick")
	PYTHONPATH=. OMP_NUM_THREADS=1 $(BIN)/python -m benchmarks.repair $(ARGS)

bench-repair-overhead: $(STAMP)  ## what watching a healthy network costs, beside Keras's own fit
	$(BIN)/python benchmarks/healthy_repair.py $(ARGS)

repair-learned: $(STAMP)  ## try remedies on generated networks and fit the strategy learned to it anew: hours (ARGS="--networks 100")
	PYTHONPATH=. OMP_NUM_THREADS=1 $(BIN)/python -m benchmarks.repair.learning.collect --networks 400 $(ARGS)
	PYTHONPATH=. OMP_NUM_THREADS=1 $(BIN)/python -m benchmarks.repair.learning.fit

bench-pipeline: $(STAMP)  ## what kfp and our wrapping add to a step
	PYTHONPATH=. $(BIN)/python benchmarks/pipeline_overhead.py $(ARGS)

bench-search: $(STAMP)  ## all strategies and their peers replayed on tables of trained networks (ARGS="--seeds 10")
	VIRTUAL_ENV=$(abspath $(VENV)) UV_PROJECT_ENVIRONMENT=$(VENV) $(BIN)/uv sync --frozen --inexact --quiet --extra $(EXTRA) --extra dev --extra bench
	PYTHONPATH=. OMP_NUM_THREADS=1 $(BIN)/python -m benchmarks.search $(ARGS)

bench-speed: $(STAMP)  ## populations beside Keras's own fit one by one (ARGS="--data mnist:PATH")
	PYTHONPATH=. $(BIN)/python -m benchmarks.speed $(ARGS)

bench-inheritance: $(STAMP)  ## epochs that inherited weights save, and whether they keep the order (ARGS="--data mnist:PATH")
	$(BIN)/python benchmarks/inheritance.py $(ARGS)

bench-entropy: $(STAMP)  ## what the entropy score knows of untrained networks (ARGS="--data mnist:PATH --space conv")
	$(BIN)/python -m benchmarks.entropy.ranks $(ARGS)

clean:  ## remove caches and builds; runs, registries and the environment stay
	rm -rf build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +
