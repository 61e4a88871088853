# make                 environment, demo competition, every stage, leaderboard
# make test            environment, ruff, mypy, pytest
# make test-cluster    a head and two workers of Ray on this machine, one of them killed
# make test-offline    the recipe for a machine without a network, with the packages of make wheels
# make PRESET=name     the same as make, with the settings of presets/name.yaml in params.yaml
# make review         look at the report and decide: same, different, unsure, new
# make install         the environment alone, in .venv
# make install-cpu     a smaller one, without CUDA, from PyTorch's own index
# make wheels          all packages for a machine without a network, in wheels; VARIANT=cpu without CUDA
# make docs            the documentation as a site, site/index.html
# make faults          try every fault that the tests know, 15 minutes; writes docs/results/faults.md
# make gpu-check       two minutes that try a GPU
# make lock            requirements.lock anew, after a change of requirements*.txt
# make sbom            sbom.json: all installed packages with their licences (CycloneDX)

PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3.13 || \
	echo python3)
export PATH := $(CURDIR)/.venv/bin:$(PATH)
# a program that make starts ends with it, also if make is killed alone
export TAILPRINT_STARTER := make

.PHONY: all install install-cpu wheels test test-cluster test-offline docs review faults gpu-check dvc-deps preset lock sbom

all: .venv/installed preset
	tailprint run
	tailprint leaderboard

install: .venv/installed

install-cpu:
	$(PYTHON) -m venv .venv
	.venv/bin/python -m pip install --quiet -r requirements-cpu.txt
	touch .venv/installed

# pip alone: what has no wheel is built; tailprint itself is among them
wheels:
	$(PYTHON) -m pip wheel --quiet --wheel-dir wheels -r requirements$(if $(filter cpu,$(VARIANT)),-cpu).txt
	$(PYTHON) -m pip wheel --quiet --wheel-dir wheels --no-deps .

test: .venv/installed
	ruff check .
	ruff format --check .
	mypy
	pytest -q -n auto --dist loadfile

# Ray is not among the packages that make installs: pip install -r requirements-cluster.txt
test-cluster: .venv/installed
	pytest -q -rs -m cluster tests/commands/test_cluster_run.py

# minutes, and 10 GB while it runs, for packages that are installed a second time
test-offline: .venv/installed
	[ -d wheels ] || $(MAKE) wheels
	$(PYTHON) -m pip wheel --quiet --wheel-dir wheels --no-deps .
	pytest -q -rs -m offline tests/commands/test_offline.py

docs: .venv/installed
	NO_MKDOCS_2_WARNING=1 python -m mkdocs build --quiet --strict

# on this machine alone, http://127.0.0.1:8765
review: .venv/installed
	tailprint review

# after a change of imports: the lists of code in dvc.yaml
dvc-deps: .venv/installed
	tailprint dvc-deps

faults: .venv/installed
	python -m benchmarks.faults

gpu-check: .venv/installed
	python -m benchmarks.gpu_check

# for every platform and Python that pyproject.toml names; no index is written down
lock: .venv/installed
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
		--no-emit-index-url --output-file requirements.lock requirements.txt requirements-dev.txt

# the hashes of its packages are in requirements.lock
sbom: .venv/installed
	cyclonedx-py environment .venv/bin/python --pyproject pyproject.toml --output-reproducible \
		--output-file sbom.json

.venv/installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || { echo \
		"$(PYTHON) is no Python 3.11, 3.12 or 3.13: name one, make PYTHON=/path/to/python3.11" >&2; exit 1; }
	$(PYTHON) -m venv .venv
	.venv/bin/python -m pip install --quiet --require-hashes -r requirements.lock
	.venv/bin/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

# refuses to overwrite edits of params.yaml that are neither committed nor a preset's own values
preset: .venv/installed
ifdef PRESET
	tailprint preset $(PRESET)
endif
