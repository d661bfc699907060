/* The lock of an output: who has it, who is dead, who only seems to be. */
#include "cube/lock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { SIZE = 4096 };
/* What is watched stands still for so long; what is known must take none of the other, however busy the machine is. */
static const double impatient_s = 0.3, patient_s = 30.0;

static int new_path(void **state)
{
    const char *folder = getenv("DMUMU_TEST_DIR");
    char *path = malloc(SIZE);
    assert_non_null(path);
    snprintf(path, SIZE, "%s/test_cube_lock.%d.lock", folder != NULL ? folder : "/tmp", (int)getpid());
    unlink(path);
    unsetenv("SLURM_JOB_ID");
    unsetenv("SLURM_RESTART_COUNT");
    *state = path;
    return 0;
}

static int remove_path(void **state)
{
    unlink(*state);
    free(*state);
    return 0;
}

static void read_all(const char *path, char text[static SIZE])
{
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    text[fread(text, 1, SIZE - 1, file)] = '\0';
    fclose(file);
}

static void write_all(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

/* Put another value behind a key of the lock file. */
static void change(const char *path, const char *key, const char *value)
{
    char before[SIZE], after[2 * SIZE], mark[64];
    read_all(path, before);
    snprintf(mark, sizeof mark, "\n%s: ", key);
    const char *at = strstr(before, mark);
    assert_non_null(at);
    const char *end = strchr(at + 1, '\n');
    snprintf(after, sizeof after, "%.*s%s%s%s", (int)(at - before), before, mark, value, end);
    write_all(path, after);
}

static void nap(void)
{
    const struct timespec moment = {.tv_nsec = 20000000};
    nanosleep(&moment, NULL);
}

static double clock_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* A child that takes the lock and then does nothing; -1 written to the pipe if it could not. */
static pid_t child_with_lock(const char *path)
{
    int ends[2];
    char answer = 0;
    assert_int_equal(pipe(ends), 0);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct dmumu_lock *lock;
        struct dmumu_error error;
        alarm(60);
        const char word = dmumu_lock_take(path, impatient_s, &lock, &error) == DMUMU_OK ? 'y' : 'n';
        if (write(ends[1], &word, 1) != 1)
            _exit(1);
        for (;;)
            pause();
    }
    assert_int_equal(read(ends[0], &answer, 1), 1);
    assert_int_equal(answer, 'y');
    close(ends[0]);
    close(ends[1]);
    return child;
}

static void assert_taken_by(const char *path, double patience_s)
{
    struct dmumu_lock *lock;
    struct dmumu_error error = {.message = ""};
    if (dmumu_lock_take(path, patience_s, &lock, &error) != DMUMU_OK)
        fail_msg("not taken: %s", error.message);
    assert_int_equal(dmumu_lock_check(lock, &error), DMUMU_OK);
    dmumu_lock_release(lock);
    assert_int_not_equal(access(path, F_OK), 0);
}

static void assert_taken(const char *path)
{
    assert_taken_by(path, impatient_s);
}

/* Its owner is known to be dead, not watched. */
static void assert_taken_at_once(const char *path)
{
    const double start = clock_s();
    assert_taken_by(path, patient_s);
    assert_true(clock_s() - start < patient_s);
}

static void assert_refused(const char *path, const char *reason)
{
    struct dmumu_lock *lock;
    struct dmumu_error error = {.message = ""};
    char before[SIZE], after[SIZE];
    read_all(path, before);
    assert_int_equal(dmumu_lock_take(path, patient_s, &lock, &error), DMUMU_ERROR_FILE);
    assert_null(lock);
    if (strstr(error.message, reason) == NULL)
        fail_msg("'%s' does not say '%s'", error.message, reason);
    read_all(path, after);
    /* all but the beat is as it was */
    assert_memory_equal(before, after, (size_t)(strstr(before, "\nbeat:") - before));
}

static void one_at_a_time(void **state)
{
    const char *path = *state;
    struct dmumu_lock *lock;
    struct dmumu_error error;
    char text[SIZE];
    assert_int_equal(dmumu_lock_take(path, impatient_s, &lock, &error), DMUMU_OK);
    read_all(path, text);
    assert_non_null(strstr(text, "Remove this only if"));
    assert_refused(path, path);
    assert_int_equal(dmumu_lock_check(lock, &error), DMUMU_OK);
    dmumu_lock_release(lock);
    assert_int_not_equal(access(path, F_OK), 0);
    assert_taken(path);
    dmumu_lock_release(NULL);
}

static void a_living_process_keeps_it(void **state)
{
    char said[64];
    const pid_t child = child_with_lock(*state);
    snprintf(said, sizeof said, "process %d on ", (int)child);
    assert_refused(*state, said);
    kill(child, SIGSTOP); /* stopped is not dead */
    assert_refused(*state, said);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
}

static void control_characters_are_not_shown(void **state)
{
    const pid_t child = child_with_lock(*state);
    change(*state, "host",
           "node\x1b[2J\x9b"
           "17");
    assert_refused(*state, "on node?[2J?17 since");
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
}

static void a_dead_process_loses_it(void **state)
{
    const pid_t child = child_with_lock(*state);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    assert_taken_at_once(*state);
}

/* Whom mpirun has not collected yet is in the table of processes still. */
static void a_zombie_loses_it(void **state)
{
    siginfo_t info;
    const pid_t child = child_with_lock(*state);
    kill(child, SIGKILL);
    waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT);
    assert_taken(*state);
    waitpid(child, NULL, 0);
}

/* The number lives, but it is another process: its begin tells. */
static void a_number_used_again_is_not_the_owner(void **state)
{
    const pid_t child = child_with_lock(*state);
    change(*state, "began", "17");
    assert_taken(*state);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
}

static void of_another_host_the_beat_tells(void **state)
{
    const char *path = *state;
    const pid_t child = child_with_lock(path);
    change(path, "boot", "01234567-89ab-cdef-0123-456789abcdef");
    change(path, "host", "node17");
    change(path, "since", "2026-11-22T10:00:00Z");

    const pid_t beater = fork();
    assert_true(beater >= 0);
    if (beater == 0) {
        alarm(60);
        for (int i = 0;; i++) {
            char beat[32];
            snprintf(beat, sizeof beat, "%020d", i);
            char text[SIZE];
            read_all(path, text);
            char *at = strstr(text, "\nbeat: ");
            memcpy(at + 7, beat, 20);
            const int file = open(path, O_WRONLY);
            if (pwrite(file, text, strlen(text), 0) < 0)
                _exit(1);
            close(file);
            nap();
        }
    }
    assert_refused(path, "on node17 since 2026-11-22T10:00:00Z");
    kill(beater, SIGKILL);
    waitpid(beater, NULL, 0);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);

    const double start = clock_s();
    assert_taken(path);
    assert_true(clock_s() - start >= impatient_s);
}

/* A lock of these very processes, on a machine whose process numbers mean something else (a container). */
static void other_process_numbers_are_watched(void **state)
{
    const pid_t child = child_with_lock(*state);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    change(*state, "processes", "1");
    const double start = clock_s();
    assert_taken(*state);
    assert_true(clock_s() - start >= impatient_s);
}

static void an_earlier_start_of_the_same_job_is_dead(void **state)
{
    const char *path = *state;
    setenv("SLURM_JOB_ID", "4711", 1);
    const pid_t child = child_with_lock(path);
    change(path, "boot", "01234567-89ab-cdef-0123-456789abcdef");
    setenv("SLURM_RESTART_COUNT", "1", 1);
    assert_taken_at_once(path);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    unsetenv("SLURM_JOB_ID");
    unsetenv("SLURM_RESTART_COUNT");
}

static void what_is_no_lock_is_watched(void **state)
{
    const char *const texts[] = {"", "host: a\n", "precious", "\n\n\nhost: x\nboot: \nprocesses: \npid: -5\n"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        write_all(*state, texts[i]);
        const double start = clock_s();
        assert_taken(*state);
        assert_true(clock_s() - start >= impatient_s);
    }
}

static void a_lock_that_was_removed_is_made_again(void **state)
{
    const char *path = *state;
    struct dmumu_lock *lock;
    struct dmumu_error error;
    assert_int_equal(dmumu_lock_take(path, impatient_s, &lock, &error), DMUMU_OK);
    unlink(path);
    assert_int_equal(dmumu_lock_check(lock, &error), DMUMU_OK);
    assert_int_equal(access(path, F_OK), 0);
    assert_refused(path, "another scan");
    dmumu_lock_release(lock);
    assert_int_not_equal(access(path, F_OK), 0);
}

static void a_lock_that_was_taken_over_is_noticed_and_left(void **state)
{
    const char *path = *state;
    struct dmumu_lock *lock;
    struct dmumu_error error;
    assert_int_equal(dmumu_lock_take(path, impatient_s, &lock, &error), DMUMU_OK);
    change(path, "nonce", "fedcba9876543210");
    change(path, "host", "node18");
    assert_int_equal(dmumu_lock_check(lock, &error), DMUMU_ERROR_FILE);
    assert_non_null(strstr(error.message, "on node18 has taken over"));
    dmumu_lock_release(lock);
    assert_int_equal(access(path, F_OK), 0);
}

static void a_beat_shows_after_some_seconds(void **state)
{
    const char *path = *state;
    struct dmumu_lock *lock;
    struct dmumu_error error;
    char before[SIZE], after[SIZE];
    assert_int_equal(dmumu_lock_take(path, impatient_s, &lock, &error), DMUMU_OK);
    read_all(path, before);
    dmumu_lock_beat(lock); /* too early */
    read_all(path, after);
    assert_string_equal(before, after);
    const double start = clock_s();
    do {
        nap();
        dmumu_lock_beat(lock);
        read_all(path, after);
    } while (strcmp(before, after) == 0 && clock_s() - start < 20.0);
    assert_int_equal(strlen(before), strlen(after));
    assert_non_null(strstr(after, "\nbeat: 00000000000000000001\n"));
    assert_int_equal(dmumu_lock_check(lock, &error), DMUMU_OK);
    dmumu_lock_release(lock);
}

static void a_folder_that_takes_no_lock_is_told(void **state)
{
    struct dmumu_lock *lock;
    struct dmumu_error error;
    (void)state;
    assert_int_equal(dmumu_lock_take("/nonexistent/x.lock", impatient_s, &lock, &error), DMUMU_ERROR_FILE);
    assert_non_null(strstr(error.message, "/nonexistent/x.lock: No such file or directory"));
}

/* One of many: takes the lock or does not, says so, and keeps it until `wait` ends. Exit status 1: it had it all the time. */
static void be_one_of_many(const char *path, int say, int wait)
{
    struct dmumu_lock *lock;
    struct dmumu_error error;
    char word;
    alarm(60);
    const bool mine = dmumu_lock_take(path, patient_s, &lock, &error) == DMUMU_OK;
    const bool ended = write(say, "", 1) == 1 && read(wait, &word, 1) == 0;
    _exit(mine && ended && dmumu_lock_check(lock, &error) == DMUMU_OK ? 1 : 0);
}

/* Many at once over a dead lock: one has it in the end. It keeps it until all others have given up. */
static void of_many_one_gets_a_dead_lock(void **state)
{
    enum { MANY = 8, ROUNDS = 4 };
    const char *path = *state;
    for (int round = 0; round < ROUNDS; round++) {
        const pid_t dead = child_with_lock(path);
        kill(dead, SIGKILL);
        waitpid(dead, NULL, 0);
        pid_t child[MANY];
        int said[2], hold[2], winners = 0;
        assert_int_equal(pipe(said), 0);
        assert_int_equal(pipe(hold), 0);
        for (int i = 0; i < MANY; i++) {
            child[i] = fork();
            assert_true(child[i] >= 0);
            if (child[i] == 0) {
                close(hold[1]);
                be_one_of_many(path, said[1], hold[0]);
            }
        }
        close(said[1]);
        close(hold[0]);
        char word;
        for (int i = 0; i < MANY; i++)
            assert_int_equal(read(said[0], &word, 1), 1);
        close(hold[1]);
        close(said[0]);
        for (int i = 0; i < MANY; i++) {
            int result = -1;
            waitpid(child[i], &result, 0);
            assert_true(WIFEXITED(result));
            winners += WEXITSTATUS(result);
        }
        assert_int_equal(winners, 1);
    }
}

#define WITH_PATH(test) cmocka_unit_test_setup_teardown(test, new_path, remove_path)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_PATH(one_at_a_time),
        WITH_PATH(a_living_process_keeps_it),
        WITH_PATH(control_characters_are_not_shown),
        WITH_PATH(a_dead_process_loses_it),
        WITH_PATH(a_zombie_loses_it),
        WITH_PATH(a_number_used_again_is_not_the_owner),
        WITH_PATH(of_another_host_the_beat_tells),
        WITH_PATH(other_process_numbers_are_watched),
        WITH_PATH(an_earlier_start_of_the_same_job_is_dead),
        WITH_PATH(what_is_no_lock_is_watched),
        WITH_PATH(a_lock_that_was_removed_is_made_again),
        WITH_PATH(a_lock_that_was_taken_over_is_noticed_and_left),
        WITH_PATH(a_beat_shows_after_some_seconds),
        WITH_PATH(a_folder_that_takes_no_lock_is_told),
        WITH_PATH(of_many_one_gets_a_dead_lock),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
