# make run             the whole job on a clip made on the spot (facecap demo); make run SOURCE=... on your own input
# make test            sets up everything and runs all tests
# make check           all that must hold before a change is taken, as CI runs it; LANES=2 for two steps at a time
# make test-python     the package built and the Python tests; TESTS=tests/test_gate.py for some, without torch
# make test-cpp        the C++ tests
# make lint | types | format | stubs | schema | openapi | clean
# make test-threads    the C++ tests under the thread sanitizer
# make fuzz            each fuzz target for SECONDS=20
# make test-cross      builds for ARM and RISC-V and runs the C++ tests under emulation
PYTHON ?= python3
TORCH ?= torch==2.13.0
SOURCE ?=
OUT := $(or $(OUT),$(if $(SOURCE),out/$(shell date +%Y%m%d-%H%M%S),out/demo))
ARGS ?=
TESTS ?=
LANES ?= 1

BIN := .venv/bin
TOOLS := .venv/tools/bin
PIP := -m pip --disable-pip-version-check --quiet install
CORE := pyproject.toml CMakeLists.txt $(shell find cpp/src cpp/include cpp/bindings -name '*.?pp' 2>/dev/null)
CXX_FILES := $(shell find cpp -name '*.?pp')
CHECKS := lint types test test-sanitized test-threads fuzz test-cross

.PHONY: run test test-python test-cpp test-cross test-sanitized test-threads fuzz check lint types format stubs schema \
  openapi clean

run: .venv/core
ifeq ($(SOURCE),)
	$(BIN)/facecap demo --out "$(OUT)" --overwrite $(ARGS)
else
	$(BIN)/facecap run "$(SOURCE)" --out "$(OUT)" --annotate "$(OUT)/annotated.mp4" --contact-sheet $(ARGS)
endif

test: test-cpp .venv/dev .venv/core .venv/cviruntime
	$(BIN)/python -m pytest

test-python: .venv/test .venv/core
	$(BIN)/python -m pytest $(TESTS)

# The vendor's simulator of .cvimodel files, 312 MB once; without it their tests are skipped.
.venv/cviruntime: facecap/conversion/vendor_wheel.py | .venv/core
	$(BIN)/python -m facecap.conversion.vendor_wheel >$@ || { rm -f $@; \
	  echo "The tests that run .cvimodel files will be skipped." >&2; }

test-cpp: .venv/tools/ready
	tools/run_cpp_tests.sh build/tests

# The C++ tests and facecap-board for ARM and RISC-V, under qemu-user.
test-cross: .venv/tools/ready
	tools/run_cross_tests.sh

test-sanitized: .venv/tools/ready
	tools/run_cpp_tests.sh build/sanitized -DCMAKE_BUILD_TYPE=RelWithDebInfo -DFACECAP_SANITIZE=address,undefined

# Under the thread sanitizer, sixteen pipelines on shared models among them.
test-threads: .venv/tools/ready .venv/core
	FACECAP_ONNXRUNTIME="$$($(BIN)/python -c 'from facecap import _model; print(_model.onnxruntime_path() or "")')" \
	  tools/run_cpp_tests.sh build/threads -DCMAKE_BUILD_TYPE=RelWithDebInfo -DFACECAP_SANITIZE=thread

# Each fuzz target for so long, with clang.
SECONDS ?= 20
fuzz: .venv/tools/ready
	tools/run_fuzz.sh $(SECONDS)

# A test that lacks a program fails here and is skipped elsewhere.
check: export TESTS_NEED_PROGRAMS := 1
check:
	tools/test_programs.sh
	$(MAKE) --no-print-directory .venv/tools/ready .venv/dev .venv/core
	$(MAKE) --no-print-directory --jobs=$(LANES) --output-sync=target $(CHECKS:%=check-%)

check-%:
	@begin=$$(date +%s) && $(MAKE) --no-print-directory $* && echo "make $*: $$(($$(date +%s) - begin)) s"

lint: .venv/tools/ready
	$(TOOLS)/ruff check .
	$(TOOLS)/ruff format --check .
	$(TOOLS)/clang-format --dry-run -Werror $(CXX_FILES)

# mypy checks against the packages themselves: torch, NumPy and FastAPI bring their types along.
types: .venv/tools/ready .venv/dev
	$(TOOLS)/mypy --python-executable $(BIN)/python

format: .venv/tools/ready
	$(TOOLS)/ruff check --fix .
	$(TOOLS)/ruff format .
	$(TOOLS)/clang-format -i $(CXX_FILES)

openapi: .venv/test .venv/core
	$(BIN)/python tools/write_openapi.py

stubs: .venv/test .venv/core
	$(BIN)/python tools/write_stubs.py facecap

schema: .venv/test .venv/core
	$(BIN)/python tools/write_schema.py

clean:
	rm -rf .venv build out *.egg-info .mypy_cache .ruff_cache .pytest_cache

# .venv/tools  linters, cmake and ninja, alone: nothing else is installed for what needs no package
# .venv        the package and what it needs; with the tests' packages; with torch
# .venv/core   the package in .venv, its core compiled from this folder; what is edited is compiled again
install = $(1)/bin/python tools/requirements.py $(2) >$(1)/requirements.txt && \
  $(1)/bin/python $(PIP) --requirement $(1)/requirements.txt

.venv/ready: tools/prerequisites.sh
	@tools/prerequisites.sh $(PYTHON)
	$(PYTHON) -m venv .venv
	touch $@

.venv/tools/ready: tools/prerequisites.sh tools/requirements.py pyproject.toml
	@tools/prerequisites.sh $(PYTHON)
	$(PYTHON) -m venv .venv/tools
	$(call install,.venv/tools,tools)
	touch $@

.venv/run: .venv/ready tools/requirements.py pyproject.toml
	$(call install,.venv,build package demo)
	touch $@

.venv/test: .venv/run
	$(call install,.venv,test)
	touch $@

.venv/dev: .venv/test | .venv/core
	$(BIN)/python $(PIP) '$(TORCH)'
	$(call install,.venv,dev)
	touch $@

.venv/core: .venv/run .venv/tools/ready $(CORE)
	@[ -e $@ ] || echo "Compiling the core: one to three minutes the first time."
	PATH="$(CURDIR)/$(TOOLS):$$PATH" $(BIN)/python $(PIP) --no-build-isolation --no-deps --editable .
	touch $@
