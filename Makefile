# Each target does all its set-up on a fresh machine. Nothing outside this folder is touched, but for
# Debian packages that are missing (sip-tester for the demo, chromium
# and postgresql too for the tests).
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: demo test check bench tamper requirements pictures clean

demo: $(VENV)/demo-ready
	@deploy/packages.sh sipp:sip-tester
	$(BIN)/dialer demo $(ARGS)

# What only computes runs on two cores; what is SIP in real time runs alone, undisturbed.
REAL_TIME := tests/sip tests/contracts/test_carrier_sip.py
test: $(VENV)/test-ready
	@deploy/packages.sh sipp:sip-tester chromium:chromium pg_ctlcluster:postgresql openssl:openssl
	$(MAKE) --no-print-directory check
	$(BIN)/python -m pytest -n 2 --dist worksteal $(addprefix --ignore=,$(REAL_TIME)) $(ARGS)
	$(BIN)/python -m pytest $(REAL_TIME) $(ARGS)

# Style, types and import contracts.
check: $(VENV)/test-ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Every bench in a short form, one JSON line a figure; bench/README.md says what each measures.
bench: $(VENV)/demo-ready
	$(BIN)/python -m bench
	$(BIN)/python -m bench.screening --leads 20000 --listed 200000 --repeats 1
	$(BIN)/python -m bench.dnc --rows 1000000 --repeats 1
	$(BIN)/python -m bench.location --leads 50000
	$(BIN)/python -m bench.audit --entries 10000
	$(BIN)/python -m bench.pacing $(ARGS)

# Every bit of 10,000 entries of the journal flipped, and every flip found.
tamper: $(VENV)/demo-ready
	$(BIN)/python -m bench.audit --tamper

# Draws README's state machines again from their tables.
pictures: $(VENV)/demo-ready
	$(BIN)/python -m dialer.calls.pictures README.md

# Every package by version and hash, from the ranges in pyproject.toml.
requirements: | $(VENV)/bin/python
	$(BIN)/pip install --quiet pip-tools
	$(BIN)/pip-compile --quiet --strip-extras --allow-unsafe --generate-hashes --no-emit-index-url \
		--no-emit-trusted-host --no-emit-find-links --no-header --extra build \
		--output-file deploy/requirements.txt pyproject.toml
	$(BIN)/pip-compile --quiet --strip-extras --allow-unsafe --generate-hashes --no-emit-index-url \
		--no-emit-trusted-host --no-emit-find-links --no-header --extra build --extra test \
		--output-file deploy/requirements-test.txt pyproject.toml

clean:
	rm -rf $(VENV) build *.egg-info

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/demo-ready: deploy/requirements.txt pyproject.toml | $(VENV)/bin/python
	$(BIN)/pip install --quiet --require-hashes -r deploy/requirements.txt
	$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/test-ready: deploy/requirements-test.txt pyproject.toml | $(VENV)/bin/python
	$(BIN)/pip install --quiet --require-hashes -r deploy/requirements-test.txt
	$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@ $(VENV)/demo-ready
