# Targets of tests that `make check` is too short for: included by the Makefile. Each ends in a count. QUICK=1 is a shorter
# part, of which .ci/run takes those of sanitize and check-cluster. Instrumented code is built without WERROR: GCC warns of
# null pointers that it put in itself, to check for them. With the sanitizers of addresses and undefined behaviour it is
# built at -O1: they see what is not optimised away, and the compiler is done in half the time.
.PHONY: lookups bench-pairs sanitize sanitized tsan valgrind fuzz fuzz-programs check-cluster certify reference
STARTS_MAKE += lookups sanitize sanitized tsan valgrind fuzz check-cluster

bench-pairs: $(BUILD)/pairs ## time chi^2 of pairs of curves against ratios
	@$(BUILD)/pairs

sanitize: ## unit tests and small scans under AddressSanitizer and UndefinedBehaviorSanitizer; QUICK=1: the scans
	@tools/deps.sh build tests
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/sanitize ASAN=1 UBSAN=1 WERROR= \
	    $(BUILD)/sanitize/dmumu $(if $(QUICK),$(BUILD)/sanitize/tests/instrumented/canary,test-programs)
	@BUILD=$(BUILD)/sanitize DMUMU_TEST_BRIEF=10 JOBS=$(JOBS) tools/run_tests.sh $(if $(QUICK),--asan-quick,--unit --asan)

# The program alone, and what looks values up where that is there: for tests/cluster/fuzzed.sh.
sanitized:
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/sanitize ASAN=1 UBSAN=1 WERROR= $(BUILD)/sanitize/dmumu \
	    $(patsubst %.c,$(BUILD)/sanitize/%,$(wildcard tests/instrumented/look_up.c))

tsan: ## what threads share, and small scans, under ThreadSanitizer (clang, archer); QUICK=1: the quickest
	@tools/deps.sh build tests tsan
	@OMPI_CC=clang MPICH_CC=clang I_MPI_CC=clang $(MAKE) --no-print-directory BUILD=$(BUILD)/tsan CC=clang TSAN=1 WERROR= \
	    all $(addprefix $(BUILD)/tsan/tests/,unit/test_threads instrumented/canary)
	@BUILD=$(BUILD)/tsan DMUMU_TEST_BRIEF=10 tools/run_tests.sh --tsan$(if $(QUICK),-quick)

valgrind: ## unit tests under valgrind's memcheck (minutes); QUICK=1: some of them
	@tools/deps.sh build tests valgrind
	@$(MAKE) --no-print-directory all test-programs
	@BUILD=$(BUILD) DMUMU_TEST_BRIEF=50 JOBS=$(JOBS) tools/run_tests.sh --valgrind$(if $(QUICK),-quick)

fuzz: ## attack input file, cube and command line with libFuzzer, FUZZ_SECONDS=60 each
	@tools/deps.sh build tests fuzz
	@$(MAKE) --no-print-directory all
	@BUILD=$(BUILD) tests/fuzz/build.sh
	@BUILD=$(BUILD) tests/fuzz/run.sh $(FUZZ_SECONDS)

# All scenarios in any case: what is fewer in the short form are random kills and damaged files.
KILLS  ?= $(if $(QUICK),6,100)
FUZZED ?= $(if $(QUICK),60,1000)
check-cluster: ## faults, tried for real, in a Slurm of its own: KILLS=100 scans killed, FUZZED=1000 files damaged; QUICK=1: fewer
	@tools/deps.sh build tests figures
	@tools/deps.sh cluster || echo "make check-cluster: goes on without Slurm; its tests are counted as skipped"
	@$(MAKE) --no-print-directory all sanitized
	@BUILD=$(BUILD) PYTHON=$(PYTHON) KILLS=$(KILLS) FUZZED=$(FUZZED) tools/run_tests.sh --cluster

SEED ?= 1
lookups: ## scan random models with lookup_tolerance 1e-3, compare 10,000 random look-ups in each with the kernel (minutes)
	@tools/deps.sh build tests
	@$(MAKE) --no-print-directory all
	@BUILD=$(BUILD) $(PYTHON) tests/lookups/lookups.py --seed $(SEED)

certify: $(BUILD)/tests/reference/certify ## compare every value of tests/reference at three tolerances: table, figure, verdict
	@BUILD=$(BUILD) PYTHON=$(PYTHON) tests/reference/certify.sh

reference: $(BUILD)/tests/reference/make_reference ## compute tests/reference again with the reference kernel (an hour)
	@BUILD=$(BUILD) PYTHON=$(PYTHON) tests/reference/recompute.sh

# What tests/fuzz/build.sh asks for, with clang and in a folder of its own.
FUZZ_SECONDS ?= 60
FUZZ_BIN     := $(addprefix $(BUILD)/tests/fuzz/,fuzz_config fuzz_cube fuzz_cli make_seeds)
FUZZ_HELP    := $(call object,tests/fuzz/fuzz.c tests/unit/tiny_cube.c)
FUZZ_WRAPPED := MPI_Init_thread MPI_Finalize dmumu_curve_compute dmumu_curve_compute_ref dmumu_pitch_compute \
                dmumu_scan_run dmumu_cube_guard dmumu_python_become

fuzz-programs: $(FUZZ_BIN) $(BUILD)/dmumu

$(BUILD)/tests/fuzz/fuzz_cube: $(call object,tests/fuzz/fuzz_cube_mutate.c tests/fuzz/fuzz_cube_recipe.c)
$(BUILD)/tests/fuzz/fuzz_cli: $(BUILD)/obj/tests/fuzz/main.o
$(BUILD)/tests/fuzz/fuzz_cli: FUZZ_WRAP := $(FUZZ_WRAPPED:%=-Wl,--wrap=%)
$(BUILD)/tests/fuzz/fuzz_%: FUZZ_ENGINE := -fsanitize=fuzzer

# The program's main under another name, since libFuzzer has a main of its own.
$(BUILD)/obj/tests/fuzz/main.o: src/main.c $(BUILD)/config.mk $(BUILD)/revision.h
	@mkdir -p $(@D)
	$(MPICC) -Dmain=dmumu_main -include $(BUILD)/revision.h $(CPPFLAGS_ALL) $(MPI_CFLAGS) $(CFLAGS_ALL) -c $< -o $@

$(BUILD)/tests/fuzz/%: $(BUILD)/obj/tests/fuzz/%.o $(FUZZ_HELP) $(MPI_LIB) $(CORE_LIB)
	@mkdir -p $(@D)
	$(MPICC) $(CFLAGS_ALL) $(FUZZ_ENGINE) $(FUZZ_WRAP) $(filter %.o,$^) $(filter %.a,$^) $(LDFLAGS) $(MPI_LIBS) \
	    $(CORE_LIBS) -o $@

# Of this test alone, calls that allocate go through functions that count them.
$(BUILD)/tests/unit/test_cube_lookup_memory: LDFLAGS += -Wl,--wrap=malloc -Wl,--wrap=calloc -Wl,--wrap=realloc \
    -Wl,--wrap=aligned_alloc
