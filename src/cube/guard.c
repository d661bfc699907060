/* Guard: fork, limits, and what the child's end means. */
#include "cube/guard.h"

#include "core/error.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LEAST_TIME_S = 5, BYTES_PER_S = 1000000 };
static const rlim_t most_memory = (rlim_t)4 << 30; /* bytes, beyond what the process has at the start */

/* Bytes of address space that this process has; 0 where that cannot be told. */
static rlim_t memory_now(void)
{
    unsigned long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file == NULL) {
        return 0;
    }
    char line[64] = "";
    if (fgets(line, sizeof line, file) != NULL) {
        pages = strtoul(line, NULL, 10);
    }
    fclose(file);
    return (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE);
}

/* Lower a limit of this process; one that is lower already stays. */
static void lower(int resource, rlim_t most)
{
    struct rlimit limit;
    if (getrlimit(resource, &limit) == 0 && (limit.rlim_cur == RLIM_INFINITY || limit.rlim_cur > most)) {
        limit.rlim_cur = most;
        (void)setrlimit(resource, &limit); /* without it, less is caught */
    }
}

static rlim_t time_limit_s(const char *path)
{
    struct stat info;
    return LEAST_TIME_S + (stat(path, &info) == 0 ? (rlim_t)info.st_size / BYTES_PER_S : 0);
}

/* The child: never returns. Not exit(): HDF5 would clean up after itself, in structures that may be damaged. */
static void run(const char *path, dmumu_guard_work *work, void *argument, int out)
{
    struct dmumu_error said = {.status = DMUMU_OK};
    const rlim_t memory = memory_now();
    lower(RLIMIT_CORE, 0);
    lower(RLIMIT_CPU, time_limit_s(path));
    if (memory > 0) {
        lower(RLIMIT_AS, memory + most_memory);
    }
    said.status = work(path, argument, &said);
    fflush(stdout);
    _exit(write(out, &said, sizeof said) == (ssize_t)sizeof said ? 0 : 1);
}

/* All that the child says before it ends; false when that is not a whole message. */
static bool listen(int in, struct dmumu_error *said)
{
    char *end = (char *)said;
    size_t left = sizeof *said;
    while (left > 0) {
        const ssize_t got = read(in, end, left);
        if (got == 0 || (got < 0 && errno != EINTR)) {
            break;
        }
        end += got > 0 ? got : 0;
        left -= got > 0 ? (size_t)got : 0;
    }
    said->message[sizeof said->message - 1] = '\0';
    return left == 0 && (unsigned)said->status < DMUMU_STATUS_COUNT;
}

/* The child said nothing, or died after it had: why. */
static enum dmumu_status explain(const char *path, int how, struct dmumu_error *error)
{
    const int number = WIFSIGNALED(how) ? WTERMSIG(how) : 0;
    if (number == SIGINT || number == SIGTERM || number == SIGHUP || number == SIGQUIT || number == SIGPIPE) {
        signal(number, SIG_DFL);
        raise(number);
    }
    if (number == SIGXCPU) {
        return dmumu_error_set(error, DMUMU_ERROR_FILE,
                               "%s: damaged: HDF5 was still at it after %.0f s of computing, and was stopped", path,
                               (double)time_limit_s(path));
    }
    if (number == SIGKILL) {
        return dmumu_error_set(error, DMUMU_ERROR_FILE, "%s: reading it was stopped by SIGKILL: out of memory?", path);
    }
    if (number != 0) {
        return dmumu_error_set(error, DMUMU_ERROR_FILE, "%s: damaged: HDF5 crashed while reading it (signal %d)", path,
                               number);
    }
    return dmumu_error_set(error, DMUMU_ERROR_FILE, "%s: damaged: HDF5 ended the process that read it", path);
}

enum dmumu_status dmumu_cube_guard(const char *path, dmumu_guard_work *work, void *argument, struct dmumu_error *error)
{
    struct dmumu_error said = {.status = DMUMU_OK};
    int ends[2], how = 0;
    if (pipe(ends) != 0) {
        return dmumu_error_set(error, DMUMU_ERROR_MEMORY, "cannot read %s: no pipe: %s", path, strerror(errno));
    }
    fflush(NULL); /* what waits to be printed would be printed twice */
    const pid_t child = fork();
    if (child < 0) {
        const int reason = errno;
        close(ends[0]);
        close(ends[1]);
        return dmumu_error_set(error, DMUMU_ERROR_MEMORY, "cannot read %s: no other process: %s", path,
                               strerror(reason));
    }
    if (child == 0) {
        close(ends[0]);
        run(path, work, argument, ends[1]);
    }
    close(ends[1]);
    const bool whole = listen(ends[0], &said);
    close(ends[0]);
    while (waitpid(child, &how, 0) < 0 && errno == EINTR) {
    }
    if (!whole || (WIFSIGNALED(how) && said.status == DMUMU_OK)) {
        return explain(path, how, error);
    }
    return said.status == DMUMU_OK ? DMUMU_OK : dmumu_error_set(error, said.status, "%s", said.message);
}
