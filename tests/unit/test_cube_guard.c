/* The guard: whatever becomes of the child, the caller gets an error that names the file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/error.h"
#include "cube/guard.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static const char path[] = "/some/cube.h5";

static enum dmumu_status succeed(const char *file, void *argument, struct dmumu_error *error)
{
    (void)file;
    (void)error;
    *(int *)argument = 7; /* in the child alone */
    return DMUMU_OK;
}

static enum dmumu_status refuse(const char *file, void *argument, struct dmumu_error *error)
{
    (void)argument;
    return dmumu_error_set(error, DMUMU_ERROR_NUMERIC, "%s: %%s %%n: no", file);
}

static enum dmumu_status die(const char *file, void *argument, struct dmumu_error *error)
{
    const int number = *(const int *)argument;
    (void)file;
    (void)error;
    signal(number, SIG_DFL); /* cmocka has handlers of its own */
    raise(number);
    return DMUMU_OK;
}

static enum dmumu_status leave(const char *file, void *argument, struct dmumu_error *error)
{
    (void)file;
    (void)argument;
    (void)error;
    _exit(0);
}

static enum dmumu_status spin(const char *file, void *argument, struct dmumu_error *error)
{
    volatile unsigned count = 0;
    struct rlimit limit;
    (void)file;
    (void)argument;
    (void)error;
    getrlimit(RLIMIT_CPU, &limit);
    if (limit.rlim_cur != 5) {
        return DMUMU_ERROR_INTERNAL;
    }
    limit.rlim_cur = 1; /* as many would be long for a test */
    setrlimit(RLIMIT_CPU, &limit);
    for (;;) {
        count++;
    }
}

static enum dmumu_status devour(const char *file, void *argument, struct dmumu_error *error)
{
    (void)argument;
    char *all = malloc((size_t)8 << 30);
    if (all == NULL) {
        return dmumu_error_set(error, DMUMU_ERROR_MEMORY, "%s: no memory", file);
    }
    free(all);
    return DMUMU_OK;
}

/* The child's unflushed output must not come out of both processes. */
static enum dmumu_status print(const char *file, void *argument, struct dmumu_error *error)
{
    (void)file;
    (void)argument;
    (void)error;
    printf("child\n");
    return DMUMU_OK;
}

static void assert_says(dmumu_guard_work *work, int number, enum dmumu_status status, const char *what)
{
    struct dmumu_error error = {.message = ""};
    assert_int_equal(dmumu_cube_guard(path, work, &number, &error), status);
    assert_int_equal(error.status, status);
    if (strstr(error.message, path) == NULL || strstr(error.message, what) == NULL) {
        fail_msg("'%s' says neither '%s' nor the path", error.message, what);
    }
}

static void what_the_work_returns_comes_back(void **state)
{
    int argument = 1;
    struct dmumu_error error;
    (void)state;
    assert_int_equal(dmumu_cube_guard(path, succeed, &argument, &error), DMUMU_OK);
    assert_int_equal(argument, 1);
    assert_says(refuse, 0, DMUMU_ERROR_NUMERIC, "/some/cube.h5: %s %n: no");
}

static void every_end_of_the_child_is_an_error(void **state)
{
    const int signals[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL};
    (void)state;
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        assert_says(die, signals[i], DMUMU_ERROR_FILE, "HDF5 crashed");
    }
    assert_says(die, SIGKILL, DMUMU_ERROR_FILE, "out of memory?");
    assert_says(leave, 0, DMUMU_ERROR_FILE, "HDF5 ended the process");
    assert_says(spin, 0, DMUMU_ERROR_FILE, "was stopped");
    assert_says(devour, 0, DMUMU_ERROR_MEMORY, "no memory");
}

static void output_comes_once(void **state)
{
    char text[64] = "";
    int ends[2];
    struct dmumu_error error;
    (void)state;
    assert_int_equal(pipe(ends), 0);
    fflush(stdout);
    const int saved = dup(STDOUT_FILENO);
    dup2(ends[1], STDOUT_FILENO);
    printf("parent\n");
    const enum dmumu_status status = dmumu_cube_guard(path, print, NULL, &error);
    fflush(stdout);
    dup2(saved, STDOUT_FILENO);
    close(saved);
    close(ends[1]);
    assert_int_equal(status, DMUMU_OK);
    assert_true(read(ends[0], text, sizeof text - 1) > 0);
    assert_string_equal(text, "parent\nchild\n");
    close(ends[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_work_returns_comes_back),
        cmocka_unit_test(every_end_of_the_child_is_an_error),
        cmocka_unit_test(output_comes_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
