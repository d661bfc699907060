/*
 * Canary: one deliberate mistake per run, so that the silence of an instrumented run means something. The runners
 * (scans.sh, valgrind in tools/run_tests.sh) demand that each is found, and that nothing is said of `locked`.
 *
 *     canary race | locked | overflow | leak | shift | uninitialised
 */
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { N_ROUNDS = 1000 };

/* 1, but not known to be that: neither the compiler nor static analysis shall see what is coming. */
static volatile int one;

/* A counter of all threads, under an OpenMP lock or without: what the scan's queue and tables do. */
static int count(int locked)
{
    omp_lock_t lock;
    int sum = 0;
    omp_init_lock(&lock);
#pragma omp parallel num_threads(2) default(none) shared(lock, sum, locked)
    for (int i = 0; i < N_ROUNDS; ++i) {
        if (locked)
            omp_set_lock(&lock);
        ++sum;
        if (locked)
            omp_unset_lock(&lock);
    }
    omp_destroy_lock(&lock);
    return sum;
}

static int overflow(void)
{
    char *text = malloc(8 * (size_t)one);
    if (!text)
        return 0;
    memset(text, 0, 8);
    const char beyond = text[8 * one];
    free(text);
    return beyond;
}

static char *volatile kept;

static int leak(void)
{
    kept = malloc(1234);
    const int made = kept != NULL;
    kept = NULL;
    return made;
}

static int shift(void)
{
    return 1 << (40 * one);
}

static int uninitialised(void)
{
    int *numbers = malloc(4 * sizeof *numbers);
    if (!numbers)
        return 0;
    numbers[0] = one;
    const int unset = numbers[one] > 5 ? 2 : 3;
    free(numbers);
    return unset;
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    int result = -1;
    one = (int)strtol("1", NULL, 10);
    if (strcmp(what, "race") == 0)
        result = count(0);
    else if (strcmp(what, "locked") == 0)
        result = count(1) - 2 * N_ROUNDS;
    else if (strcmp(what, "overflow") == 0)
        result = overflow();
    else if (strcmp(what, "leak") == 0)
        result = leak();
    else if (strcmp(what, "shift") == 0)
        result = shift();
    else if (strcmp(what, "uninitialised") == 0)
        result = uninitialised();
    if (result == -1)
        return 2;
    printf("%s: %d\n", what, result);
    return strcmp(what, "locked") == 0 && result != 0;
}
