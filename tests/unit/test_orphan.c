/* A process that a launcher started ends with it, also when it is stuck. */
#include "scan/orphan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdlib.h>
#include <sys/select.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Wait for the end of the process that alone holds the other end of a pipe open. */
static void assert_ends(int reader)
{
    char byte;
    assert_int_equal(read(reader, &byte, 1), 0);
    close(reader);
}

/* A launcher with one rank, which blocks every signal and waits for ever; the launcher's number, and a pipe to it. */
static pid_t launch(int *reader)
{
    int ends[2], started[2];
    char byte;
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(pipe(started), 0);
    const pid_t launcher = fork();
    assert_true(launcher >= 0);
    if (launcher == 0) {
        alarm(60);
        const pid_t rank = fork();
        if (rank == 0) {
            sigset_t all;
            alarm(60);
            dmumu_orphan_watch();
            sigfillset(&all);
            sigprocmask(SIG_BLOCK, &all, NULL);
            if (write(started[1], "", 1) != 1)
                _exit(1);
            close(started[1]);
            for (;;)
                pause();
        }
        close(ends[1]);
        for (;;)
            pause();
    }
    close(ends[1]);
    assert_int_equal(read(started[0], &byte, 1), 1);
    close(started[0]);
    close(started[1]);
    *reader = ends[0];
    return launcher;
}

static void a_rank_ends_with_its_launcher(void **state)
{
    (void)state;
    int reader;
    const pid_t launcher = launch(&reader);
    kill(launcher, SIGKILL);
    waitpid(launcher, NULL, 0);
    assert_ends(reader);
}

static void it_lives_as_long_as_that_does(void **state)
{
    (void)state;
    int reader;
    const pid_t launcher = launch(&reader);
    const struct timespec long_enough = {.tv_sec = 2, .tv_nsec = 500000000};
    fd_set set;
    FD_ZERO(&set);
    FD_SET(reader, &set);
    assert_int_equal(pselect(reader + 1, &set, NULL, NULL, &long_enough, NULL), 0); /* nothing to read: no end */
    kill(launcher, SIGKILL);
    waitpid(launcher, NULL, 0);
    assert_ends(reader);
}

int main(void)
{
    alarm(30); /* instead of hanging */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rank_ends_with_its_launcher),
        cmocka_unit_test(it_lives_as_long_as_that_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
