# dmumu: `make help` lists the targets. Flags of the libraries live in $(BUILD)/config.mk, which tools/configure.sh
# writes on the first build; what is missing on the machine is the business of tools/deps.sh.

MPICC   ?= mpicc
PYTHON  ?= /usr/bin/python3
PREFIX  ?= /usr/local
DESTDIR ?=
WERROR  ?=
DEBUG   ?= 0
ASAN    ?= 0
UBSAN   ?= 0
TSAN    ?= 0
JOBS    ?= $(shell nproc 2>/dev/null || echo 2)
BUILD   ?= build$(if $(filter 1,$(DEBUG)),-debug)$(if $(filter 1,$(ASAN)),-asan)$(if $(filter 1,$(UBSAN)),-ubsan)$(if $(filter 1,$(TSAN)),-tsan)

# As many jobs as cores unless asked otherwise; recursive calls share them.
ifeq ($(MAKELEVEL),0)
MAKEFLAGS += --jobs=$(JOBS)
endif

OPTIMISE := $(if $(filter 1,$(DEBUG)),-Og,$(if $(filter 1,$(ASAN) $(UBSAN)),-O1,-O3))
SANITIZE := $(if $(filter 1,$(ASAN)),-fsanitize=address -fno-omit-frame-pointer)
SANITIZE += $(if $(filter 1,$(UBSAN)),-fsanitize=undefined -fno-sanitize-recover=undefined)
SANITIZE += $(if $(filter 1,$(TSAN)),-fsanitize=thread -fno-omit-frame-pointer)
# No -ffast-math, contraction or -march=native: all machines give the same bits. Without traps, loops with a comparison vectorise.
CSTD     := -std=c11 -D_POSIX_C_SOURCE=200809L
WARNINGS := -Wall -Wextra -Wformat=2 -Wshadow -Wconversion -Wmissing-prototypes -Wvla
CFLAGS_ALL = $(CSTD) $(OPTIMISE) -g -fopenmp -ffp-contract=off -fno-trapping-math -fno-math-errno $(WARNINGS) $(WERROR) $(strip $(SANITIZE)) $(CFLAGS)
CPPFLAGS_ALL = -Iinclude -Isrc -MMD -MP $(CPPFLAGS)

CORE_SRC := $(wildcard src/core/*.c)
MPI_SRC  := $(wildcard src/scan/*.c src/cube/*.c src/cmd_*.c)
MAIN_SRC := $(wildcard src/main.c)
UNIT_SRC := $(wildcard tests/unit/test_*.c)
HELP_SRC := $(filter-out $(UNIT_SRC),$(wildcard tests/unit/*.c)) tests/reference/points.c tests/reference/values.c
TOOL_SRC := $(filter-out $(HELP_SRC),$(wildcard tests/mpi/*.c tests/reference/*.c tests/instrumented/*.c))
C_FILES   = $(wildcard include/*.h examples/*.c src/*.[ch] src/*/*.[ch] tests/*/*.[ch])

object   = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))
CORE_OBJ := $(call object,$(CORE_SRC))
MPI_OBJ  := $(call object,$(MPI_SRC))
MAIN_OBJ := $(call object,$(MAIN_SRC))
TEST_BIN := $(patsubst %.c,$(BUILD)/%,$(UNIT_SRC) $(TOOL_SRC))
BENCH_BIN := $(addprefix $(BUILD)/,bench scale lookup pairs)
CORE_LIB := $(BUILD)/libdmumu_core.a
MPI_LIB  := $(BUILD)/libdmumu_mpi.a

.DEFAULT_GOAL := all
.PHONY: all objects test-programs demo report check bench bench-scale deps install format lint clean help FORCE
.DELETE_ON_ERROR:
.SECONDARY:

all: $(BUILD)/dmumu library ## build the program build/dmumu and the library (the default)
objects: $(CORE_OBJ) $(MPI_OBJ) $(MAIN_OBJ)
test-programs: $(TEST_BIN)

# Targets that may install packages first start make again, so that config.mk is made with these in place.
STARTS_MAKE := demo report check bench bench-scale deps format lint clean help

demo: ## build, scan inputs/galaxy.yaml with MPI and OpenMP, draw the figure
	@tools/deps.sh build figures
	@$(MAKE) --no-print-directory all
	@BUILD=$(BUILD) PYTHON=$(PYTHON) tools/demo.sh

report: ## scan, fit B/C and B/O, write report/against_data.html and .pdf; reads DMUMU_REFERENCE_DATA, or ../shared/data
	@tools/deps.sh build figures
	@$(MAKE) --no-print-directory all
	@BUILD=$(BUILD) PYTHON=$(PYTHON) tools/report.sh

check: ## build and run every test; the last line counts them
	@tools/deps.sh build tests figures
	@$(MAKE) --no-print-directory all test-programs
	@BUILD=$(BUILD) PYTHON=$(PYTHON) JOBS=$(JOBS) tools/run_tests.sh

bench bench-scale: ## time curves, look-ups, ranks and threads, beside NumPy and scipy; simulate the scheduler on 1 to 100,000 ranks
	@tools/deps.sh build figures
	@$(MAKE) --no-print-directory all $(BENCH_BIN)
	@BUILD=$(BUILD) PYTHON=$(PYTHON) tests/bench/$@.sh
	@$(if $(filter bench,$@),BUILD=$(BUILD) PYTHON=$(PYTHON) tests/bench/lookup.sh)

deps: ## install what is missing (apt), or say what is and how to get it
	@tools/deps.sh build tests figures lint

format: ## clang-format every C file in place
	@tools/deps.sh lint
	clang-format -i $(C_FILES)

lint: ## format check, clang-tidy, cppcheck, and the rules on exported symbols
	@tools/deps.sh build tests lint
	@$(MAKE) --no-print-directory objects
	@BUILD=$(BUILD) JOBS=$(JOBS) CFLAGS="$(CSTD) -fopenmp" tools/lint.sh $(C_FILES)

install: all install-library install-python ## PREFIX=, DESTDIR=: program, header, library, Python package, man pages, inputs, README
	install -d $(addprefix $(DESTDIR)$(PREFIX)/,bin share/dmumu/inputs share/dmumu/jobs/sites share/doc/dmumu)
	install -m 755 $(BUILD)/dmumu $(DESTDIR)$(PREFIX)/bin/
	install -m 644 $(wildcard inputs/*.yaml) $(DESTDIR)$(PREFIX)/share/dmumu/inputs/
	install -m 755 $(wildcard jobs/*.sbatch jobs/*.sh) $(DESTDIR)$(PREFIX)/share/dmumu/jobs/
	install -m 644 $(wildcard jobs/sites/*) $(DESTDIR)$(PREFIX)/share/dmumu/jobs/sites/
	install -m 644 README.md LICENSE CHANGELOG.md CITATION.cff $(DESTDIR)$(PREFIX)/share/doc/dmumu/

clean: ## remove the build folders; cubes and figures stay
	rm -rf $(BUILD) build build-*

help: ## this list
	@sed -n 's/^\([a-z -]*\):.*## \(.*\)/  make \1\t\2/p' Makefile src/library.mk tests/tests.mk | expand -t 26
	@echo "Switches: BUILD=, DEBUG=1, ASAN=1, UBSAN=1, TSAN=1, WERROR=-Werror, CC=, MPICC=, PYTHON=, JOBS=, RANKS= (demo)"

include src/library.mk
include tests/tests.mk

ifneq (,$(filter-out $(STARTS_MAKE),$(or $(MAKECMDGOALS),all)))
include $(BUILD)/config.mk
endif

$(BUILD)/config.mk: tools/configure.sh tools/find_hdf5.sh tools/deps.sh
	@CC="$(CC)" MPICC="$(MPICC)" tools/configure.sh $@

# Revision and flags in a header that changes only when they do, forced into the files that name them.
$(BUILD)/revision.h: FORCE
	@tools/revision.sh $@ '$(MPICC)' '$(strip $(CFLAGS_ALL))'
REVISION_OBJ := $(call object,$(shell grep -lr --include=*.c DMUMU_GIT_REVISION src 2>/dev/null))
$(REVISION_OBJ): CPPFLAGS_ALL += -include $(BUILD)/revision.h
$(REVISION_OBJ): $(BUILD)/revision.h

# The core sees neither MPI nor HDF5.
$(BUILD)/obj/src/core/%.o: src/core/%.c $(BUILD)/config.mk
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS_ALL) $(CORE_CFLAGS) $(CFLAGS_ALL) -c $< -o $@

$(BUILD)/obj/%.o: %.c $(BUILD)/config.mk
	@mkdir -p $(@D)
	$(MPICC) $(CPPFLAGS_ALL) $(MPI_CFLAGS) $(CORE_CFLAGS) $(CFLAGS_ALL) -c $< -o $@

$(CORE_LIB): $(CORE_OBJ)
$(MPI_LIB): $(MPI_OBJ)
$(CORE_LIB) $(MPI_LIB):
	@rm -f $@
	$(AR) rcs $@ $^

$(BUILD)/dmumu: $(MAIN_OBJ) $(MPI_LIB) $(CORE_LIB)
	$(MPICC) $(CFLAGS_ALL) $^ $(LDFLAGS) $(MPI_LIBS) $(CORE_LIBS) -o $@

$(BUILD)/tests/%: $(BUILD)/obj/tests/%.o $(call object,$(HELP_SRC)) $(MPI_LIB) $(CORE_LIB)
	@mkdir -p $(@D)
	$(MPICC) $(CFLAGS_ALL) $^ $(LDFLAGS) $(TEST_LIBS) $(MPI_LIBS) $(CORE_LIBS) -o $@

$(BENCH_BIN): $(BUILD)/%: $(BUILD)/obj/tests/bench/%.o $(call object,$(filter-out %/bench.c %/scale.c %/lookup.c %/pairs.c,$(wildcard tests/bench/*.c)) tests/unit/tiny_cube.c) $(MPI_LIB) $(CORE_LIB)
	$(MPICC) $(CFLAGS_ALL) $^ $(LDFLAGS) $(MPI_LIBS) $(CORE_LIBS) -o $@

-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)
