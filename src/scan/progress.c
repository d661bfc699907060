/* Progress: formatting first, then the little that needs a terminal (see progress.h). */
#include "scan/progress.h"

#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static const double terminal_interval_s = 0.5;
static const double plain_interval_s = 60.0;
enum { DEFAULT_COLUMNS = 80 };

void dmumu_progress_duration(double seconds, size_t size, char text[])
{
    if (!isfinite(seconds) || seconds < 0.0 || seconds > 1e12) {
        snprintf(text, size, "?");
        return;
    }
    const long long s = llround(seconds);
    if (seconds < 9.95)
        snprintf(text, size, "%.1f s", seconds);
    else if (s < 60)
        snprintf(text, size, "%lld s", s);
    else if (s < 3600)
        snprintf(text, size, "%lld min %02lld s", s / 60, s % 60);
    else if (s < 86400)
        snprintf(text, size, "%lld h %02lld min", s / 3600, s % 3600 / 60);
    else
        snprintf(text, size, "%lld d %02lld h", s / 86400, s % 86400 / 3600);
}

static void make_line(const char *things, uint64_t done, uint64_t total, double elapsed_s, int width,
                      char text[static DMUMU_PROGRESS_LINE])
{
    char line[DMUMU_PROGRESS_LINE] = "", elapsed[24], eta[24];
    const double rate = elapsed_s > 0.0 ? (double)done / elapsed_s : 0.0;
    dmumu_progress_duration(elapsed_s, sizeof elapsed, elapsed);
    dmumu_progress_duration(rate > 0.0 ? (double)(total - done) / rate : NAN, sizeof eta, eta);
    /* Rounded down: 100 % only when all is done. */
    const double percent = total > 0 ? floor(1000.0 * (double)done / (double)total) / 10.0 : 100.0;
    for (int form = 0; form < 4; ++form) {
        if (form == 0)
            snprintf(line, sizeof line, "%" PRIu64 "/%" PRIu64 " %s  %.1f %%  %.3g %s/s  elapsed %s  ETA %s", done,
                     total, things, percent, rate, things, elapsed, eta);
        else if (form == 1)
            snprintf(line, sizeof line, "%" PRIu64 "/%" PRIu64 "  %.1f %%  %.3g/s  ETA %s", done, total, percent, rate,
                     eta);
        else if (form == 2)
            snprintf(line, sizeof line, "%.1f %%  ETA %s", percent, eta);
        else
            snprintf(line, sizeof line, "%.1f %%", percent);
        if (width <= 0 || strlen(line) <= (size_t)width)
            break;
    }
    if (width > 0 && width < DMUMU_PROGRESS_LINE)
        line[width] = '\0'; /* a terminal narrower than a percentage */
    memcpy(text, line, sizeof line);
}

void dmumu_progress_line(uint64_t done, uint64_t total, double elapsed_s, int width,
                         char text[static DMUMU_PROGRESS_LINE])
{
    make_line("curves", done, total, elapsed_s, width, text);
}

/* A local mpirun hands its ranks a pipe and copies it to its own stderr: then that is the terminal. -1 if not. */
static int open_launcher_terminal(void)
{
    char link[64], target[128];
    if (!getenv("OMPI_COMM_WORLD_SIZE") && !getenv("PMI_SIZE"))
        return -1;
    snprintf(link, sizeof link, "/proc/%ld/fd/2", (long)getppid());
    const ssize_t n = readlink(link, target, sizeof target - 1);
    if (n <= 0)
        return -1;
    target[n] = '\0';
    if (strncmp(target, "/dev/pts/", 9) != 0 && strncmp(target, "/dev/tty", 8) != 0)
        return -1;
    return open(target, O_WRONLY | O_NOCTTY | O_CLOEXEC);
}

static int terminal_columns(int fd)
{
    struct winsize size;
    return ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : DEFAULT_COLUMNS;
}

/* Overwrite the line in place; blanks cover what was longer. One column stays free, or some terminals wrap. */
static void show(struct dmumu_progress *progress, uint64_t done, double now_s, const char *ending)
{
    char line[DMUMU_PROGRESS_LINE];
    const int room = terminal_columns(progress->terminal_fd) - 1;
    make_line(progress->things, done, progress->total, now_s, room > 0 ? room : 1, line);
    const int columns = (int)strlen(line);
    int blanks = progress->last_columns > columns ? progress->last_columns - columns : 0;
    if (columns + blanks > room)
        blanks = room > columns ? room - columns : 0;
    fprintf(stderr, "\r%s%*s%s", line, blanks, "", ending);
    fflush(stderr);
    progress->last_columns = columns;
}

static void print_plain(const struct dmumu_progress *progress, uint64_t done, double now_s)
{
    char line[DMUMU_PROGRESS_LINE];
    make_line(progress->things, done, progress->total, now_s, 0, line);
    fprintf(stderr, "dmumu %s: %s\n", progress->command, line);
}

void dmumu_progress_begin(struct dmumu_progress *progress, uint64_t total)
{
    dmumu_progress_begin_as(progress, "scan", "curves", total);
}

void dmumu_progress_begin_as(struct dmumu_progress *progress, const char *command, const char *things, uint64_t total)
{
    *progress =
        (struct dmumu_progress){.command = command, .things = things, .total = total, .terminal_fd = STDERR_FILENO};
    if (isatty(STDERR_FILENO)) {
        progress->terminal = true;
    } else {
        const int fd = open_launcher_terminal();
        if (fd >= 0 && isatty(fd)) {
            progress->terminal = true;
            progress->terminal_fd = fd;
        } else if (fd >= 0) {
            close(fd);
        }
    }
    if (progress->terminal)
        show(progress, 0, 0.0, "");
    else
        fprintf(stderr, "dmumu %s: started, %" PRIu64 " %s\n", command, total, things);
}

void dmumu_progress_update(struct dmumu_progress *progress, uint64_t done, double now_s)
{
    if (now_s - progress->last_s < (progress->terminal ? terminal_interval_s : plain_interval_s))
        return;
    progress->last_s = now_s;
    if (progress->terminal)
        show(progress, done, now_s, "");
    else
        print_plain(progress, done, now_s);
}

void dmumu_progress_say(struct dmumu_progress *progress, const char *sentence)
{
    fprintf(stderr, "%sdmumu %s: %s\n", progress->terminal ? "\n" : "", progress->command, sentence);
    progress->last_columns = 0;
}

void dmumu_progress_end(struct dmumu_progress *progress, uint64_t done, double now_s)
{
    if (progress->terminal)
        show(progress, done, now_s, "\n");
    else
        print_plain(progress, done, now_s);
    if (progress->terminal_fd != STDERR_FILENO)
        close(progress->terminal_fd);
    progress->terminal_fd = STDERR_FILENO;
}
