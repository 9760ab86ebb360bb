# Every command first sets up what it needs; where there is no make, run the lines below as they are
# (with python3 for $(PYTHON)).
PYTHON ?= python3
TEST = $(PYTHON) tools/setup.py test
VERIFY = $(PYTHON) tools/setup.py verify

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo scripts bench bench-growth test test-contracts test-contracts-ir test-long test-faults test-ape test-brownie test-writers test-python compile check format ape brownie
.PHONY: coverage mutate analyse prove fuzz pictures clean

help: ## show this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 18

demo: ## set up what the demo needs, and run it
	@$(PYTHON) tools/setup.py demo python -m examples.openmoji

bench: ## measure everything again, some minutes (ROWS="gas id_tree" for some), into docs/benchmarks.md
	@$(TEST) python -m benchmarks $(ROWS)

bench-growth: ## measure how the index grows, half an hour; goes on where it was interrupted (SIZES="0.01 0.02" for some)
	@$(TEST) python -m benchmarks.growth $(SIZES)

test: ## set up the rest, and run every test, parts side by side (JOBS=1 for one after the other)
	@$(PYTHON) tools/parts.py test-contracts test-ape test-brownie test-writers test-python

test-contracts: ## unit, fuzz and invariant tests of the contracts (Forge), and that it tests the code that ships
	@$(TEST) forge test
	@$(TEST) pytest -q tests/contracts

test-contracts-ir: ## the same under the other code generator, which takes some minutes to compile
	@FOUNDRY_PROFILE=ir $(TEST) forge test

test-long: ## nine million calls, by all campaigns (three hours)
	@FOUNDRY_PROFILE=long $(TEST) forge test --match-path 'tests/contracts/*.invariant.t.sol'

test-ape: ## Ape: the same code, and the scripts on its network and from its accounts
	@$(PYTHON) tools/setup.py ape python tests/frameworks/run.py ape

test-brownie: ## Brownie: the scripts on its network and from its accounts
	@$(PYTHON) tools/setup.py brownie python tests/frameworks/run.py brownie

test-writers: ## files that the libraries of real trainers write, at pinned versions, are read as they are meant
	@$(PYTHON) tools/setup.py writers python -m tests.writers.write .build/writers
	@$(TEST) pytest -q tests/writers

test-python: ## everything else, against a real Anvil (pytest)
	@$(TEST) pytest -n auto --dist worksteal

test-faults: ## a test network that misbehaves, a client that is killed (SHORT=--short for minutes)
	@$(TEST) python -m tests.faults.run $(SHORT)

coverage: ## lines and branches of the contracts that tests run, all but those that say why not
	@$(TEST) python tools/coverage.py

mutate: ## break the contracts in 300 small ways, one at a time, and see whether a test fails
	@$(TEST) python tools/mutate.py --sample 300

pictures: ## draw docs/images again; needs Chromium (NAMES="status seals" need none)
	@$(TEST) python tools/pictures.py $(NAMES)

compile: ## compile the contracts into src/kiseki/releases
	@$(TEST) python scripts/compile.py

scripts: ## build the scripts of pages (web/ts) into src/kiseki/web/static/js
	@$(TEST) python tools/scripts.py

check: ## style, types, imports, and whether artefacts and scripts are what their sources make
	@$(TEST) ruff check .
	@$(TEST) ruff format --check .
	@$(TEST) mypy
	@$(TEST) lint-imports
	@$(TEST) forge fmt --check
	@$(TEST) python scripts/compile.py --check
	@$(TEST) python tools/scripts.py --check

format: ## bring everything into the style that `check` asks for
	@$(TEST) ruff check --fix .
	@$(TEST) ruff format .
	@$(TEST) forge fmt
	@$(TEST) python tools/scripts.py --format

analyse: ## Slither: fails on any finding that docs/testing.md gives no reason for
	@$(VERIFY) python -m tests.analysis.run

prove: ## halmos and z3: what tests/proofs claims, and that the claims can fail
	@$(VERIFY) python -m tests.proofs.run

FUZZ_SECONDS ?= 60
fuzz: ## atheris: every decoder of untrusted input, FUZZ_SECONDS each (60)
	@$(VERIFY) python -m tests.fuzz.run $(FUZZ_SECONDS)

ape: ## set up .venv-ape, for `.venv-ape/bin/ape`
	@$(PYTHON) tools/setup.py ape

brownie: ## set up .venv-brownie, for `.venv-brownie/bin/brownie`
	@$(PYTHON) tools/setup.py brownie

clean: ## remove everything that can be made again
	rm -rf .build .tools .venv .venv-ape .venv-brownie .venv-verify node_modules build dist
	rm -rf .mypy_cache .pytest_cache .ruff_cache .hypothesis
