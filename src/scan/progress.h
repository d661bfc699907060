/*
 * Progress: what a scan, or a fit, says on stderr while it runs. Rank 0 only; no MPI.
 *
 * On a terminal one line that updates itself, at most twice per second and never wider than the terminal; otherwise
 * plain lines: one at the start, one per minute, one at the end. The formatting functions are pure.
 */
#ifndef DMUMU_SCAN_PROGRESS_H
#define DMUMU_SCAN_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Bytes that any line of this module fits into, the NUL included. */
enum { DMUMU_PROGRESS_LINE = 160 };

/**
 * A duration as people read it: "0.4 s", "12 s", "3 min 05 s", "2 h 07 min", "3 d 04 h"; "?" when not finite or
 * negative. Thread-safe.
 */
void dmumu_progress_duration(double seconds, size_t size, char text[]);

/**
 * One line of progress, without a line break: done/total curves, percent, rate, elapsed, ETA. The parts of least use
 * are dropped until it fits into `width` columns; the shortest form is the percentage. Thread-safe.
 * @param[in] width  columns, or 0 for no limit
 */
void dmumu_progress_line(uint64_t done, uint64_t total, double elapsed_s, int width,
                         char text[static DMUMU_PROGRESS_LINE]);

struct dmumu_progress {
    const char *command, *things; /* who speaks, and what is counted: "scan", "curves" */
    uint64_t total;
    bool terminal;    /* one updating line, or plain lines */
    int terminal_fd;  /* where the terminal's width is asked */
    double last_s;    /* time of the last line, seconds since the start */
    int last_columns; /* length of the last updating line */
};

/** Is stderr (or, under a local mpirun that forwards it, mpirun's stderr) a terminal? Prints the start line if not. */
void dmumu_progress_begin(struct dmumu_progress *progress, uint64_t total);
/** The same for another command; texts stay the caller's. */
void dmumu_progress_begin_as(struct dmumu_progress *progress, const char *command, const char *things, uint64_t total);
/** Print if it is time to; cheap otherwise. `now_s`: seconds since dmumu_progress_begin. */
void dmumu_progress_update(struct dmumu_progress *progress, uint64_t done, double now_s);
/** A line of its own in between: "dmumu <command>: <sentence>". */
void dmumu_progress_say(struct dmumu_progress *progress, const char *sentence);
/** The last line, with a line break; also closes what dmumu_progress_begin opened. */
void dmumu_progress_end(struct dmumu_progress *progress, uint64_t done, double now_s);

#endif
