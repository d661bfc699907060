# Targets of tests that `make check` is too short for: included by the Makefile. Each ends in a count. QUICK=1 is the part
# for every day, which .ci/run takes. Instrumented code is built without WERROR: GCC warns of null pointers that it put
# in itself, to check for them.
.PHONY: sanitize tsan valgrind certify reference
STARTS_MAKE += sanitize tsan valgrind

sanitize: ## unit tests and small scans under AddressSanitizer and UndefinedBehaviorSanitizer; QUICK=1: the scans
	@tools/deps.sh build tests
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/sanitize ASAN=1 UBSAN=1 WERROR= \
	    all $(if $(QUICK),$(BUILD)/sanitize/tests/instrumented/canary,test-programs)
	@BUILD=$(BUILD)/sanitize DMUMU_TEST_BRIEF=10 tools/run_tests.sh $(if $(QUICK),--asan-quick,--unit --asan)

tsan: ## what threads share, and small scans, under ThreadSanitizer (clang, archer); QUICK=1: the quickest
	@tools/deps.sh build tests tsan
	@OMPI_CC=clang MPICH_CC=clang I_MPI_CC=clang $(MAKE) --no-print-directory BUILD=$(BUILD)/tsan CC=clang TSAN=1 WERROR= \
	    all $(addprefix $(BUILD)/tsan/tests/,unit/test_threads instrumented/canary)
	@BUILD=$(BUILD)/tsan DMUMU_TEST_BRIEF=10 tools/run_tests.sh --tsan$(if $(QUICK),-quick)

valgrind: ## unit tests under valgrind's memcheck (minutes); QUICK=1: some of them
	@tools/deps.sh build tests valgrind
	@$(MAKE) --no-print-directory all test-programs
	@BUILD=$(BUILD) DMUMU_TEST_BRIEF=50 tools/run_tests.sh --valgrind$(if $(QUICK),-quick)

certify: $(BUILD)/tests/reference/certify ## compare every value of tests/reference at three tolerances: table, figure, verdict
	@BUILD=$(BUILD) PYTHON=$(PYTHON) tests/reference/certify.sh

reference: $(BUILD)/tests/reference/make_reference ## compute tests/reference again with the reference kernel (an hour)
	@BUILD=$(BUILD) PYTHON=$(PYTHON) tests/reference/recompute.sh
