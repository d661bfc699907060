/*
 * Brief: valgrind makes a point fifty times as slow, a sanitizer ten times. What repeats itself with other numbers, for
 * the numbers' sake, is then done less often: the runner says how much less.
 */
#ifndef TESTS_UNIT_BRIEF_H
#define TESTS_UNIT_BRIEF_H

#include <stdlib.h>

/** $DMUMU_TEST_BRIEF, set by tools/run_tests.sh: do this many times less. 1: everything. */
static inline int brief_factor(void)
{
    const char *text = getenv("DMUMU_TEST_BRIEF");
    const long factor = text ? strtol(text, NULL, 10) : 1;
    return factor < 1 || factor > 1000 ? 1 : (int)factor;
}

/** So many of `all`, but no fewer than `least`. */
static inline int brief(int all, int least)
{
    const int few = all / brief_factor();
    return few > least ? few : least;
}

#endif
