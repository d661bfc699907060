/* Lock: NAME.lock, made, judged, taken over, kept alive and removed (see lock.h). */
#include "cube/lock.h"

#include "core/error.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { WORD = 72, TEXT = 1024, TRIES = 5 };

static const double beat_interval_s = 5.0;

/* Who holds a lock, as the file has it. */
struct owner {
    char host[WORD];
    char boot[WORD];      /* of the machine: /proc/sys/kernel/random/boot_id; "" where there is none */
    char processes[WORD]; /* the space of process numbers: /proc/self/ns/pid; "" where there is none */
    long pid;
    uint64_t began; /* clock ticks after the boot; 0: unknown */
    char since[WORD];
    char job[WORD]; /* SLURM_JOB_ID; "" outside */
    long restart;   /* SLURM_RESTART_COUNT */
    char nonce[WORD];
    uint64_t beat;
};

struct dmumu_lock {
    char *path;
    int file; /* open: a beat goes to our file, whatever now has its name */
    struct owner owner;
    double beaten_s;
};

enum verdict { ALIVE, DEAD, UNKNOWN };

static double clock_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void pause_s(double seconds)
{
    const struct timespec interval = {(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)};
    nanosleep(&interval, NULL);
}

static enum dmumu_status fail(struct dmumu_error *error, const char *what, const char *path, int reason)
{
    char text[128];
    if (strerror_r(reason, text, sizeof text) != 0) {
        snprintf(text, sizeof text, "error %d", reason);
    }
    return dmumu_error_set(error, DMUMU_ERROR_FILE, "cannot %s %.250s: %s", what, path, text);
}

/* The first bytes of a file as text; false when it cannot be read. */
static bool read_text(const char *path, size_t size, char text[])
{
    text[0] = '\0';
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        return false;
    }
    const ssize_t n = read(file, text, size - 1);
    const int reason = errno;
    close(file);
    text[n > 0 ? n : 0] = '\0';
    errno = reason;
    return n >= 0;
}

/* Of one line. What is no printable ASCII becomes '?': the words of somebody's lock are shown on terminals. */
static void take_word(const char *text, char word[static WORD])
{
    const size_t length = strcspn(text, "\n");
    snprintf(word, WORD, "%.*s", (int)(length < WORD ? length : WORD - 1), text);
    for (char *at = word; *at != '\0'; at++) {
        *at = *at >= ' ' && *at <= '~' ? *at : '?';
    }
}

static void take_environment(const char *name, char word[static WORD])
{
    const char *value = getenv(name);
    take_word(value != NULL ? value : "", word);
}

/*
 * State and begin of a process, from the line of /proc/PID/stat: its second field, the name, is in parentheses and may
 * hold anything. False when there is no such process, or no /proc.
 */
static bool look_at_process(long pid, char *state, uint64_t *began)
{
    enum { BEGAN_AFTER_STATE = 19 }; /* field 22 after field 3 */
    char path[64], line[TEXT];
    snprintf(path, sizeof path, "/proc/%ld/stat", pid);
    if (!read_text(path, sizeof line, line)) {
        return false;
    }
    const char *at = strrchr(line, ')');
    if (at == NULL || at[1] != ' ') {
        return false;
    }
    at += 2;
    *state = *at;
    for (int i = 0; i < BEGAN_AFTER_STATE && at != NULL; i++) {
        at = strchr(at + 1, ' ');
    }
    *began = at != NULL ? strtoull(at, NULL, 10) : 0;
    return at != NULL;
}

static void make_nonce(char nonce[static WORD])
{
    uint64_t random = (uint64_t)time(NULL) << 24 ^ (uint64_t)getpid();
    const int file = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
    if (file >= 0) {
        if (read(file, &random, sizeof random) != sizeof random) {
            random += (uint64_t)(clock_s() * 1e9);
        }
        close(file);
    }
    snprintf(nonce, WORD, "%016" PRIx64, random);
}

static void describe_self(struct owner *owner)
{
    char text[TEXT], state;
    struct stat info;
    struct tm utc;
    const time_t now = time(NULL);
    *owner = (struct owner){.pid = (long)getpid()};
    if (gethostname(owner->host, sizeof owner->host - 1) != 0) {
        snprintf(owner->host, sizeof owner->host, "unknown");
    }
    if (read_text("/proc/sys/kernel/random/boot_id", sizeof text, text)) {
        take_word(text, owner->boot);
    }
    if (stat("/proc/self/ns/pid", &info) == 0) {
        snprintf(owner->processes, WORD, "%" PRIu64, (uint64_t)info.st_ino);
    }
    if (!look_at_process(owner->pid, &state, &owner->began)) {
        owner->began = 0;
    }
    if (gmtime_r(&now, &utc) == NULL || strftime(owner->since, WORD, "%Y-%m-%dT%H:%M:%SZ", &utc) == 0) {
        snprintf(owner->since, WORD, "unknown");
    }
    take_environment("SLURM_JOB_ID", owner->job);
    take_environment("SLURM_RESTART_COUNT", text);
    owner->restart = strtol(text, NULL, 10);
    make_nonce(owner->nonce);
}

static int owner_text(const struct owner *owner, size_t size, char text[])
{
    return snprintf(text, size,
                    "# dmumu writes the cube beside this file. Remove this only if that process is dead.\n"
                    "host: %s\nboot: %s\nprocesses: %s\npid: %ld\nbegan: %" PRIu64 "\nsince: %s\nslurm_job: %s\n"
                    "slurm_restart: %ld\nnonce: %s\nbeat: %020" PRIu64 "\n",
                    owner->host, owner->boot, owner->processes, owner->pid, owner->began, owner->since, owner->job,
                    owner->restart, owner->nonce, owner->beat);
}

/* The value behind "\nkey: " as a word; false when it is not there. */
static bool find_word(const char *text, const char *key, char word[static WORD])
{
    char mark[32];
    snprintf(mark, sizeof mark, "\n%s: ", key);
    const char *at = strstr(text, mark);
    word[0] = '\0';
    if (at != NULL) {
        take_word(at + strlen(mark), word);
    }
    return at != NULL;
}

/* False for a text that is not a whole lock. */
static bool parse_owner(const char *text, struct owner *owner)
{
    char pid[WORD], began[WORD], restart[WORD], beat[WORD];
    *owner = (struct owner){.pid = 0};
    const bool whole = find_word(text, "host", owner->host) && find_word(text, "boot", owner->boot) &&
                       find_word(text, "processes", owner->processes) && find_word(text, "pid", pid) &&
                       find_word(text, "began", began) && find_word(text, "since", owner->since) &&
                       find_word(text, "slurm_job", owner->job) && find_word(text, "slurm_restart", restart) &&
                       find_word(text, "nonce", owner->nonce) && find_word(text, "beat", beat);
    if (!whole) {
        return false;
    }
    owner->pid = strtol(pid, NULL, 10);
    owner->began = strtoull(began, NULL, 10);
    owner->restart = strtol(restart, NULL, 10);
    owner->beat = strtoull(beat, NULL, 10);
    return owner->pid > 0;
}

/* Is the process that a lock of this very machine names still there? */
static enum verdict judge_process(const struct owner *owner)
{
    char state;
    uint64_t began;
    if (kill((pid_t)owner->pid, 0) != 0 && errno == ESRCH) {
        return DEAD;
    }
    if (owner->began == 0 || !look_at_process(owner->pid, &state, &began)) {
        return ALIVE; /* a number in use; of whom cannot be seen */
    }
    return began == owner->began && state != 'Z' && state != 'X' ? ALIVE : DEAD;
}

static enum verdict judge(const struct owner *owner, const struct owner *self)
{
    const bool same_machine = owner->boot[0] != '\0' && strcmp(owner->boot, self->boot) == 0;
    if (same_machine && owner->processes[0] != '\0' && strcmp(owner->processes, self->processes) == 0) {
        return judge_process(owner);
    }
    if (owner->job[0] != '\0' && strcmp(owner->job, self->job) == 0 && owner->restart < self->restart) {
        return DEAD;
    }
    return UNKNOWN;
}

/* Does the lock stand still for so long? Its disappearance, or another's in its place, is a change too. */
static bool stands_still(const char *path, const char *text, double patience_s)
{
    const double start = clock_s();
    char now[TEXT];
    while (clock_s() - start < patience_s) {
        pause_s(patience_s < 2.0 ? 0.05 : 0.5);
        if (!read_text(path, sizeof now, now) || strcmp(now, text) != 0) {
            return false;
        }
    }
    return true;
}

static enum dmumu_status refuse(const char *path, const struct owner *owner, struct dmumu_error *error)
{
    char job[WORD + 16] = "";
    if (owner->job[0] != '\0') {
        snprintf(job, sizeof job, ", Slurm job %s", owner->job);
    }
    return dmumu_error_set(error, DMUMU_ERROR_FILE,
                           "another scan is writing this cube: process %ld on %s since %s%s; wait for it, or write to "
                           "another file (if it is dead for certain, remove %.200s)",
                           owner->pid, owner->host, owner->since, job, path);
}

/*
 * Move a dead lock out of the way. Of two that want to, one may have been quick enough to make its own already: then
 * that is what we moved, and it goes back.
 */
static enum dmumu_status clear_dead(const char *path, const char *text, const struct owner *self,
                                    struct dmumu_error *error)
{
    char now[TEXT];
    const size_t size = strlen(path) + sizeof self->nonce + 2;
    char *moved = malloc(size);
    if (moved == NULL) {
        return dmumu_error_set(error, DMUMU_ERROR_MEMORY, "no memory for a path");
    }
    snprintf(moved, size, "%s.%s", path, self->nonce);
    enum dmumu_status status = DMUMU_OK;
    if (rename(path, moved) != 0) {
        status = errno == ENOENT ? DMUMU_OK : fail(error, "take over the lock", path, errno);
    } else if (read_text(moved, sizeof now, now) && strcmp(now, text) != 0 && link(moved, path) != 0) {
        status = dmumu_error_set(error, DMUMU_ERROR_FILE, "several scans want %.250s at once", path);
    }
    unlink(moved);
    free(moved);
    return status;
}

/* The lock file with our name in it. errno is EEXIST when there is one already. */
static bool make_file(struct dmumu_lock *lock)
{
    char text[TEXT];
    const int length = owner_text(&lock->owner, sizeof text, text);
    lock->file = open(lock->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (lock->file < 0) {
        return false;
    }
    errno = 0;
    if (write(lock->file, text, (size_t)length) == (ssize_t)length && fsync(lock->file) == 0) {
        return true;
    }
    const int reason = errno != 0 ? errno : ENOSPC;
    if (reason == EINVAL) {
        return true; /* a file system without fsync */
    }
    close(lock->file);
    unlink(lock->path);
    lock->file = -1;
    errno = reason;
    return false;
}

/* What to do about the lock in the way: DMUMU_OK when it is gone. */
static enum dmumu_status deal_with(const struct dmumu_lock *lock, double patience_s, struct dmumu_error *error)
{
    char text[TEXT];
    struct owner owner;
    if (!read_text(lock->path, sizeof text, text)) {
        return errno == ENOENT ? DMUMU_OK : fail(error, "read the lock", lock->path, errno);
    }
    const bool whole = parse_owner(text, &owner);
    enum verdict verdict = whole ? judge(&owner, &lock->owner) : UNKNOWN;
    if (verdict == UNKNOWN) {
        fprintf(stderr, "dmumu: %s is of %s; watching it for %.3g s for a sign of life\n", lock->path,
                whole ? owner.host : "a scan that did not finish writing it", patience_s);
        verdict = stands_still(lock->path, text, patience_s) ? DEAD : ALIVE;
    }
    if (verdict == DEAD) {
        return clear_dead(lock->path, text, &lock->owner, error);
    }
    /* an unfinished lock that has changed is a lock now, or gone: look again */
    return whole ? refuse(lock->path, &owner, error) : DMUMU_OK;
}

enum dmumu_status dmumu_lock_take(const char *path, double patience_s, struct dmumu_lock **lock,
                                  struct dmumu_error *error)
{
    struct dmumu_lock *made = calloc(1, sizeof *made);
    *lock = NULL;
    if (made == NULL || (made->path = strdup(path)) == NULL) {
        free(made);
        return dmumu_error_set(error, DMUMU_ERROR_MEMORY, "no memory for a lock");
    }
    describe_self(&made->owner);
    enum dmumu_status status = DMUMU_OK;
    for (int i = 0; status == DMUMU_OK && i < TRIES; i++) {
        if (make_file(made)) {
            made->beaten_s = clock_s();
            *lock = made;
            return DMUMU_OK;
        }
        status = errno == EEXIST ? deal_with(made, patience_s, error) : fail(error, "create", path, errno);
    }
    free(made->path);
    free(made);
    return status != DMUMU_OK ? status
                              : dmumu_error_set(error, DMUMU_ERROR_FILE, "several scans want %.250s at once", path);
}

/* Has the lock file our name in it? Its owner, where it has another's. */
static bool is_ours(const struct dmumu_lock *lock, struct owner *owner)
{
    char text[TEXT];
    *owner = (struct owner){.pid = 0};
    return read_text(lock->path, sizeof text, text) && parse_owner(text, owner) &&
           strcmp(owner->nonce, lock->owner.nonce) == 0;
}

enum dmumu_status dmumu_lock_check(struct dmumu_lock *lock, struct dmumu_error *error)
{
    struct owner owner;
    if (is_ours(lock, &owner)) {
        return DMUMU_OK;
    }
    const int before = lock->file;
    if (access(lock->path, F_OK) != 0 && errno == ENOENT && make_file(lock)) {
        close(before);
        return DMUMU_OK;
    }
    if (lock->file < 0) {
        lock->file = before;
    }
    if (owner.pid == 0) {
        return fail(error, "find the lock", lock->path, errno != 0 ? errno : ENOENT);
    }
    return dmumu_error_set(error, DMUMU_ERROR_FILE,
                           "process %ld on %s has taken over %.200s: it saw no sign of life of this scan", owner.pid,
                           owner.host, lock->path);
}

void dmumu_lock_beat(struct dmumu_lock *lock)
{
    char text[TEXT];
    const double now = clock_s();
    if (now - lock->beaten_s < beat_interval_s) {
        return;
    }
    lock->beaten_s = now;
    lock->owner.beat++;
    const int length = owner_text(&lock->owner, sizeof text, text);
    /* a sign that does not come through is one that was not given; the next may */
    if (pwrite(lock->file, text, (size_t)length, 0) == (ssize_t)length) {
        (void)fsync(lock->file);
    }
}

void dmumu_lock_release(struct dmumu_lock *lock)
{
    struct owner owner;
    if (lock == NULL) {
        return;
    }
    if (is_ours(lock, &owner)) {
        unlink(lock->path);
    }
    close(lock->file);
    free(lock->path);
    free(lock);
}
