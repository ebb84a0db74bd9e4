# Everything this project can do; `make` or `make help` lists it. Needs only Python 3.11 to 3.13.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
TOOLS := .venv/.tools
ARGS ?=
RESOLUTION ?= lowest-direct
PYTEST = $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

# The stamp names the folder it was made in: a moved folder has broken scripts and is set up anew,
# and so is one whose Python is gone.
ifneq ($(shell $(BIN)/python -c "" 2>/dev/null && cat $(READY) 2>/dev/null),$(CURDIR))
.PHONY: $(READY)
endif

.PHONY: help setup lessons lesson quick test nightly lint format lock ranges notebooks lab study bench wheel site clean

help:  ## list the targets
	@sed -n 's/^\([a-z]*\):.*  ## \(.*\)/make \1	\2/p' Makefile | expand -t 16

setup: $(READY)  ## make .venv with what lessons need; the other targets do this when needed

# uv does not read pip's settings, so it is given the user's package index and certificate.
define UV_INSTALL
pip="$(BIN)/python -m pip"; quiet=; [ -t 2 ] || quiet=--quiet; \
index="$${UV_DEFAULT_INDEX:-$${PIP_INDEX_URL:-$$($$pip config get global.index-url 2>/dev/null || true)}}"; \
if [ -n "$$index" ]; then export UV_DEFAULT_INDEX="$$index"; fi; \
if [ -n "$${PIP_CERT:-}" ]; then export SSL_CERT_FILE="$${SSL_CERT_FILE:-$$PIP_CERT}"; fi; \
$(BIN)/python -m uv pip install $$quiet --python $(BIN)/python --compile-bytecode
endef

# Without a stamp, a setup was interrupted: a broken .venv is replaced, a whole one reinstalled.
# Python 3.11 in a C locale reads .pth files as ASCII and would not start from a folder with an
# umlaut, so the install names its folder relative to site-packages.
$(READY): requirements.txt pyproject.toml
	@"$(PYTHON)" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null || { \
	  echo "The course needs Python 3.11 to 3.13, and $(PYTHON) is" \
	    "$$("$(PYTHON)" --version 2>&1 | tail -n 1): try make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 1; }
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "$(PYTHON) lacks the venv module: install it (Debian, Ubuntu: apt install python3-venv)" >&2; exit 1; }
	@set -e; unset PIP_USER PIP_TARGET PIP_PREFIX PYTHONHOME PYTHONPATH; \
	stamp="$$(cat $(READY) 2>/dev/null || true)"; rm -f $(READY) $(TOOLS); mend=; \
	if $(BIN)/python -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null \
	  && $(BIN)/python -m pip --version >/dev/null 2>&1 \
	  && { [ -z "$$stamp" ] || [ "$$stamp" = "$(CURDIR)" ]; }; \
	then [ -n "$$stamp" ] || mend=--reinstall; \
	else echo "Making .venv with $$("$(PYTHON)" --version)"; "$(PYTHON)" -m venv --clear .venv; fi; \
	echo "Installing what lessons need, in the versions of requirements.txt"; \
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "$$(sed -n 's/^\(uv==[^ ;]*\).*/\1/p' requirements.txt)"; \
	$(UV_INSTALL) $$mend -c requirements.txt -e ".[cpu]"; \
	for pth in $(BIN)/../lib/python*/site-packages/*course_utils*.pth; do \
	  printf '../../../..\n' > "$$pth"; done; \
	printf '%s\n' "$(CURDIR)" > $(READY)

# What only tests, the site and those who change the course need.
$(TOOLS): $(READY)
	@set -e; unset PIP_USER PIP_TARGET PIP_PREFIX PYTHONHOME PYTHONPATH; \
	echo "Installing the rest of requirements.txt"; \
	$(UV_INSTALL) -r requirements.txt; \
	touch $(TOOLS)

lessons: $(READY)  ## run every lesson, and leave a page that links to them all
	$(BIN)/course run $(ARGS)

lesson: $(READY)  ## run and time one lesson: make lesson N=04
	$(BIN)/course run $(or $(N),$(error Which lesson? For example: make lesson N=04)) $(ARGS)

quick: lint  ## after a change: lint, and every test that takes no browser, lesson, cluster or site
	$(PYTEST) -m "not slow and not nightly" tests $(ARGS)

test: lint  ## before a commit: lint, all tests, and every lesson once
	$(PYTEST) --junitxml=build/test-results.xml $(ARGS)

nightly: $(TOOLS)  ## what doubles work: lessons on the sample, long fuzzing, both ends of the ranges
	$(PYTEST) -m nightly tests $(ARGS)
	COURSE_FUZZ=1000 $(PYTEST) -m hypothesis tests $(ARGS)
	$(MAKE) ranges RESOLUTION=lowest-direct
	$(MAKE) ranges RESOLUTION=highest

lint: $(TOOLS)  ## check the style of packages, tests and notebooks
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(TOOLS)  ## fix the style of packages, tests and notebooks
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: $(TOOLS)  ## rebuild requirements.txt from the ranges in pyproject.toml
	$(BIN)/python -m uv pip compile --upgrade --universal --python-version 3.11 \
	  --fork-strategy fewest $(addprefix --extra ,cpu cluster dev grading site) --no-annotate --no-emit-index-url \
	  --custom-compile-command "make lock" pyproject.toml -o requirements.txt

ranges: $(TOOLS)  ## test everything at one end of the version ranges: RESOLUTION=lowest-direct, or highest
	$(BIN)/python -m uv venv --quiet --clear --python $(BIN)/python build/$(RESOLUTION)
	$(BIN)/python -m uv pip install --python build/$(RESOLUTION)/bin/python \
	  --resolution $(RESOLUTION) --compile-bytecode -e ".[cpu,cluster,dev,grading,site]"
	build/$(RESOLUTION)/bin/python -m pytest -n 2 --dist loadfile $(ARGS)

notebooks: $(READY)  ## run every lesson and store its outputs, the timings and the tables made from them
	$(BIN)/course run --store $(ARGS)
	$(BIN)/course plan

lab: $(READY)  ## open your own copies of the lessons in JupyterLab
	$(BIN)/course lab $(ARGS)

study: $(READY)  ## run a study: make study ARGS="..."
	$(BIN)/course study $(ARGS)

bench: $(TOOLS)  ## measure the course against the usual alternatives: make bench ARGS="..."
	$(BIN)/python benchmarks/bench.py $(ARGS)

wheel: $(TOOLS)  ## build what a package index takes, in build/dist, and check it
	rm -rf build/dist
	$(BIN)/python -m build --no-isolation --outdir build/dist
	$(BIN)/python -m twine check --strict build/dist/*

site: $(TOOLS)  ## build the site from the stored lessons, in build/site
	$(BIN)/python site/build.py

# Copies may have been changed since they were made, and fits take hours.
clean:  ## remove what was built, but not .venv, data, my_work, build/copies or build/studies
	rm -rf $(filter-out build/copies build/studies,$(wildcard build/*)) .pytest_cache .ruff_cache .hypothesis
