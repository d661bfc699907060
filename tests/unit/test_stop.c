/* USR1 and USR2 wait until they are looked for, whichever thread they reach. */
#include "scan/stop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <omp.h>
#include <signal.h>
#include <sys/types.h>
#include <unistd.h>

static void signals_wait(void **state)
{
    (void)state;
    assert_false(dmumu_stop_asked());
    assert_int_equal(kill(getpid(), SIGUSR1), 0);
    assert_true(dmumu_stop_asked());
    assert_false(dmumu_stop_asked());
    assert_int_equal(kill(getpid(), SIGUSR2), 0);
    assert_int_equal(kill(getpid(), SIGUSR1), 0);
    assert_true(dmumu_stop_asked());
    assert_false(dmumu_stop_asked());
}

/* Threads that are started later hold them back as well: none dies of them. */
static void threads_wait_too(void **state)
{
    (void)state;
    int asked = 0;
#pragma omp parallel default(none) shared(asked) num_threads(4)
    {
#pragma omp barrier
#pragma omp master
        kill(getpid(), SIGUSR1);
#pragma omp barrier
        if (dmumu_stop_asked()) {
#pragma omp atomic
            ++asked;
        }
    }
    assert_int_equal(asked, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(signals_wait), cmocka_unit_test(threads_wait_too)};
    signal(SIGUSR1, SIG_IGN); /* as a script's trap may have left it */
    dmumu_stop_hold();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
