#!/bin/bash
# A .part that is truncated or has other bytes at random places, read by `info` and gone on with by `scan --resume`: fuzzed.py.
# By the program with AddressSanitizer and UndefinedBehaviorSanitizer of `make sanitize`, which is built where it is not there.
# $FUZZED: how many files (1000); $SEED: which. Exit status 0 passed. Environment: BUILD (default build), DMUMU_TEST_DIR, PYTHON.
set -u
cd "$(dirname "$0")/../.."
build=${BUILD:-build}
env -u MAKEFLAGS -u MAKELEVEL make --no-print-directory -s BUILD="$build" sanitized || exit 1
scratch=$(mktemp -d "${DMUMU_TEST_DIR:-/tmp}/fuzzed.XXXXXX") || exit 1
trap 'rm -rf "$scratch"' EXIT
DMUMU=$build/sanitize/dmumu "${PYTHON:-/usr/bin/python3}" tests/cluster/fuzzed.py "$scratch" "${FUZZED:-1000}" "${SEED:-5}"
