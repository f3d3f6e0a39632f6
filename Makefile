# One verb a job. Each sets up what it needs: a fresh machine with Python and make is enough.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

.PHONY: chat test lint bench bench-peers fuzz torture setup

chat: $(READY)      ## Build the index of seeds/ when there is none, and serve the chat on 127.0.0.1:7860
	$(BIN)/dalil chat

test: $(READY)      ## All tests; browser tests run where a Chromium is found
	$(BIN)/python -m pytest

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(READY)     ## Print speed figures and write them to tests/benchmarks/results/; DATA=DIR adds the retrieval and reading tables
	$(BIN)/python -m tests.benchmarks $(if $(DATA),--data $(DATA))

fuzz: $(READY)      ## Look for files that crash, hang or mislead the readers, SECONDS (60) for each of six targets
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[fuzz]'
	$(BIN)/python -m tests.fuzz $(or $(SECONDS),60)

PEERS ?= .venv-peers
bench-peers: $(READY)  ## Compare with Haystack, txtai, bm25s and plain FAISS in an environment of their own; DATA=DIR as above, ARGS="--passages 2000 --systems txtai"
	test -d $(PEERS) || $(PYTHON) -m venv $(PEERS)
	$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --requirement tests/benchmarks/peers/requirements.txt
	$(BIN)/python -m tests.benchmarks.peers --python $(PEERS)/bin/python $(if $(DATA),--data $(DATA)) $(ARGS)
	$(BIN)/python -m tests.benchmarks.figures

torture: $(READY)   ## Kill, starve and damage an index thousands of times (ARGS="--kills 200" for fewer); prints what became of it
	$(BIN)/python -m tests.torture $(ARGS)

setup: $(READY)     ## Only install

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit("Dalil needs Python 3.11 or later, found " + sys.version.split()[0] + ". Try: make PYTHON=python3.12") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	touch $@
