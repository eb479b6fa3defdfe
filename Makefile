# `make help` lists what there is. The work is done by the scripts in tools/.
SHELL := /bin/bash
PYTHON := .venv/bin/python
PYTEST := $(PYTHON) -m pytest
LINTED := core ssml_qgis tests tools benchmarks examples setup.py
# Per cent of the lines of core and ssml_qgis that `make test` must run, without the child processes that tests start.
COVERED := 93
# What is tested before each commit: files of every room that together take less than half a minute of computing.
QUICK := $(patsubst %,tests/core/test_%.py,block_indices cli consistency fill mapping metadata model_file opening output_files \
	pooling prior prisma quality reader registration report resample rows simulate workers writer) \
	$(patsubst %,tests/qgis/test_%.py,arguments base provider) $(patsubst %,tests/tools/test_%.py,docs portable)

export QT_QPA_PLATFORM ?= offscreen
# Threads that wait by spinning make learning ten times slower where the cores are shared.
export OMP_WAIT_POLICY ?= PASSIVE

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-quick coverage coverage-report test-tools test-slow test-no-torch test-faults test-oldest test-hostile bench-speed bench-guard benchmark-pages lint types layers format docs site models translations screenshots test-matrix wheel zip check-zip release install clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' Makefile

setup: ## install QGIS and GDAL (apt) and the Python packages (.venv); instant when done before
	@tools/setup.sh

demo: setup ## sharpen a real scene through qgis_process and print how good the result is (4 minutes)
	@$(PYTHON) tools/demo.py

test: setup ## run the tests; SSML_SCENES=<folder> adds those on more real scenes
	@$(PYTEST) -m "not slow" --ignore=tests/faults tests

test-quick: setup ## run some quick tests of each room (half a minute)
	@$(PYTEST) -m "not slow" $(QUICK)

coverage: coverage-core coverage-qgis coverage-report ## run the tests of core and of the plugin and measure which lines they run

coverage-report: ## what both have measured; fails where too few lines were run
	@$(PYTHON) -m coverage combine --quiet --keep build/coverage.core build/coverage.qgis
	@$(PYTHON) -m coverage report --fail-under=$(COVERED)

coverage-%: setup
	@mkdir -p build
	@COVERAGE_FILE=build/coverage.$* $(PYTEST) -m "not slow" tests/$* --cov --cov-report=

test-tools: setup ## run the tests of what is made for users and developers beside the code: notebook, site, packages, targets
	@$(PYTEST) -m "not slow" tests/tools

test-slow: setup ## run the tests that take minutes
	@$(PYTEST) -m slow --ignore=tests/faults tests

test-faults: setup ## do to every job what can happen to it: kill, full disk, bad input, hostile files (2 minutes)
	@$(PYTEST) tests/faults

test-hostile: setup ## run the tests as another user, with pip settings, locale, home, proxies ... all against them
	@tools/hostile_tests.sh

test-matrix: setup ## run tests/core and tests/qgis on this QGIS and, in chroots, on QGIS 3.40 and 3.44 (root; 8 GB of disk)
	@tools/test_matrix.sh

test-oldest: ## run tests/core on the oldest Python and GDAL that the documentation promises (Python 3.9, GDAL 3.6)
	@tools/test_oldest.sh

test-no-torch: setup ## run what must work without PyTorch, in an environment that has none
	@tools/setup.sh no-torch
	@.venv-no-torch/bin/python -m pytest -p tests.no_torch -m "not slow" tests/core

lint: setup ## check style and layout
	@$(PYTHON) -m ruff check $(LINTED)
	@$(PYTHON) -m ruff format --check $(LINTED)

layers: setup ## check which rooms import from which, and that no imports go in circles
	@$(PYTHON) -c "from importlinter.cli import lint_imports_command; lint_imports_command()" --no-logo --no-cache

types: setup ## check types: mypy, on core and ssml_qgis
	@$(PYTHON) -m mypy

format: setup ## put the layout right
	@$(PYTHON) -m ruff format $(LINTED)

docs: setup ## write docs/algorithms.md from the algorithms' own words
	@$(PYTHON) tools/reference.py

site: setup ## build the documentation with an API reference into build/site; fails on a broken link
	@NO_MKDOCS_2_WARNING=1 $(PYTHON) -m mkdocs build --strict --quiet

models: setup ## give every mandatory parameter of the shipped models' steps a value
	@$(PYTHON) tools/models.py

translations: ## bring ssml_qgis/i18n/*.ts up to date with the texts of the plugin
	@python3 tools/translations.py

screenshots: setup ## take the pictures of docs/img anew (Xvfb, Chromium)
	@env -u QT_QPA_PLATFORM $(PYTHON) tools/screenshots.py

bench-speed: setup ## measure how long users wait, as ratios to an earlier commit and to GDAL's tools (8 minutes)
	@$(PYTHON) benchmarks/speed_ratios.py

bench-guard: setup ## see whether something became slower than its record on this kind of machine (5 minutes)
	@$(PYTHON) benchmarks/speed_ratios.py --guard

wheel: setup ## build the Python package, sdist and wheel, into dist/
	@$(PYTHON) -m build --no-isolation --outdir dist .

benchmark-pages: setup ## make docs/benchmarks/ of the records in benchmarks/results/
	@$(PYTHON) benchmarks/pages.py

zip: ## build dist/ssml_qgis-<version>.zip
	@python3 tools/package.py zip

check-zip: setup ## check the zip as the official plugin repository does (Bandit, detect-secrets, flake8, layout, Qt 6)
	@$(PYTHON) tools/check_zip.py

release: ## make all files of a release in dist/: the zip, plugins.xml, the changes (not with invented addresses)
	@python3 tools/release.py

install: ## put the plugin into your QGIS profile
	@python3 tools/package.py install

clean: ## remove what was built (not .venv)
	@rm -rf build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
	@find . -name __pycache__ -type d -not -path './.venv*' -prune -exec rm -rf {} +
