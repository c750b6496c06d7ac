# The front door: everything a contributor does, by one word each.
# CMake does the work; presets are in CMakePresets.json.
BUILD := build
JOBS ?= $(shell nproc)
DEPS ?= tools/deps
PREFIX ?= /usr/local
SECONDS_PER_TARGET ?= 30
SIM_SEEDS ?= $(or $(DURABLE_SIM_SEEDS),300000)

# Looked at when a recipe runs, since `deps` may have just installed it.
ifndef CMAKE_GENERATOR
export CMAKE_GENERATOR = $(if $(shell command -v ninja),Ninja,Unix Makefiles)
endif

.DEFAULT_GOAL := build
.PHONY: help deps configure build demo test conformance bench bench-peers lint format \
  install soak fuzz abi-record clean

help:
	@echo "make deps         install what is missing (Debian: apt-get)"
	@echo "make build        libraries, CLI, examples and tests, into build/"
	@echo "make demo         a workflow, killed and resumed, to its end"
	@echo "make test         sanitizer trees, then every test of the plain one"
	@echo "make conformance  the official requirements, in every language, as a table"
	@echo "make bench        the yardsticks, into build/bench.json"
	@echo "make bench-peers  the same beside the official SDKs, newest releases"
	@echo "make lint         format, layers, purity, sizes, words"
	@echo "make format       let clang-format rewrite the tracked C files"
	@echo "make install      into PREFIX (now $(PREFIX)); DESTDIR is honoured"
	@echo "make fuzz         each fuzz target for SECONDS_PER_TARGET ($(SECONDS_PER_TARGET)) seconds"
	@echo "make soak         SIM_SEEDS ($(SIM_SEEDS)) simulated programs, Python under load, then fuzz, 20 minutes each"
	@echo "make abi-record   write the ABI of a new minor version into abi/history"
	@echo "make clean        remove build/"
	@echo
	@echo "JOBS=N limits parallelism (now $(JOBS)); DEPS=: skips the check of dependencies."

deps:
	@$(DEPS)

# Once configured, CMake looks after itself: its files and globs are checked by
# every build.
$(BUILD)/CMakeCache.txt: | deps
	cmake --preset dev

configure: $(BUILD)/CMakeCache.txt

build: deps configure
	cmake --build $(BUILD) -j $(JOBS)

demo: build
	tools/demo $(BUILD)

test:
	@DEPS="$(DEPS)" JOBS="$(JOBS)" tools/test

conformance: build
	$(BUILD)/venv/bin/python -B tests/conformance/run.py --build $(BUILD)

bench: build
	cmake --build $(BUILD) -j $(JOBS) --target bench_programs
	bench/run $(BUILD)

bench-peers: build
	bench/peers/install $(BUILD)
	cmake --build $(BUILD) -j $(JOBS) --target bench_programs
	bench/run $(BUILD)

lint: build
	tools/lint --build $(BUILD)

format:
	tools/lint --fix-format

install: build
	cmake --install $(BUILD) --prefix $(PREFIX)

fuzz: deps
	tools/fuzz $(SECONDS_PER_TARGET) $(JOBS)

soak: build
	$(BUILD)/bin/sim --seeds $(SIM_SEEDS)
	DURABLE_LOAD_ROUNDS=100 PYTHONPATH=$(BUILD)/python DURABLE_CLI=$(BUILD)/bin/durable \
	  $(BUILD)/venv/bin/python -m pytest -q -p no:cacheprovider tests/python/test_load.py
	tools/fuzz 1200 $(JOBS)

abi-record: build
	tools/abi record --build $(BUILD)

clean:
	rm -rf $(BUILD)
