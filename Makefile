# make run             the whole job on a clip made on the spot (facecap demo); make run SOURCE=... on your own input
# make test            sets up everything and runs all tests
# make lint | format | stubs | schema | openapi | clean
# make test-threads    the C++ tests under the thread sanitizer
# make fuzz            each fuzz target for SECONDS=20
# make test-cross      builds for ARM and RISC-V and runs the C++ tests under emulation
PYTHON ?= python3
TORCH ?= torch==2.13.0
SOURCE ?=
OUT := $(or $(OUT),$(if $(SOURCE),out/$(shell date +%Y%m%d-%H%M%S),out/demo))
ARGS ?=

BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
CORE := pyproject.toml CMakeLists.txt $(shell find cpp/src cpp/include cpp/bindings -name '*.?pp' 2>/dev/null)
CXX_FILES := $(shell find cpp -name '*.?pp')

.PHONY: run test test-cpp test-cross test-sanitized test-threads fuzz lint format stubs schema openapi clean

run: .venv/run
ifeq ($(SOURCE),)
	$(BIN)/facecap demo --out "$(OUT)" --overwrite $(ARGS)
else
	$(BIN)/facecap run "$(SOURCE)" --out "$(OUT)" --annotate "$(OUT)/annotated.mp4" --contact-sheet $(ARGS)
endif

test: .venv/dev test-cpp .venv/cviruntime
	$(BIN)/python -m pytest

# The vendor's simulator of .cvimodel files, 312 MB once; without it their tests are skipped.
.venv/cviruntime: .venv/dev facecap/conversion/vendor_wheel.py
	$(BIN)/python -m facecap.conversion.vendor_wheel >$@ || { rm -f $@; \
	  echo "The tests that run .cvimodel files will be skipped." >&2; }

test-cpp: .venv/dev
	tools/run_cpp_tests.sh build/tests

# The C++ tests and facecap-board for ARM and RISC-V, under qemu-user.
test-cross: .venv/dev
	tools/run_cross_tests.sh

test-sanitized: .venv/dev
	tools/run_cpp_tests.sh build/sanitized -DCMAKE_BUILD_TYPE=RelWithDebInfo -DFACECAP_SANITIZE=address,undefined

# Under the thread sanitizer, sixteen pipelines on shared models among them.
test-threads: .venv/dev
	FACECAP_ONNXRUNTIME="$$($(BIN)/python -c 'from facecap import _model; print(_model.onnxruntime_path() or "")')" \
	  tools/run_cpp_tests.sh build/threads -DCMAKE_BUILD_TYPE=RelWithDebInfo -DFACECAP_SANITIZE=thread

# Each fuzz target for so long, with clang.
SECONDS ?= 20
fuzz: .venv/dev
	tools/run_fuzz.sh $(SECONDS)

lint: .venv/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/clang-format --dry-run -Werror $(CXX_FILES)

format: .venv/dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/clang-format -i $(CXX_FILES)

openapi: .venv/dev
	$(BIN)/python tools/write_openapi.py

stubs: .venv/dev
	$(BIN)/python tools/write_stubs.py facecap

schema: .venv/dev
	$(BIN)/python tools/write_schema.py

clean:
	rm -rf .venv build out *.egg-info .mypy_cache .ruff_cache .pytest_cache

.venv/ready: tools/prerequisites.sh
	@tools/prerequisites.sh $(PYTHON)
	$(PYTHON) -m venv .venv
	touch $@

.venv/run: .venv/ready $(CORE)
	$(PIP) install -e '.[demo]'
	touch $@

.venv/dev: .venv/ready $(CORE)
	$(PIP) install '$(TORCH)'
	$(PIP) install -e '.[dev]'
	touch $@ .venv/run
