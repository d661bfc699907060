/*
 * Commands: what main.c dispatches to, and the manners that all commands share.
 *
 * A command gets argv[0] = its own name ("curve") and returns an exit status; it never calls exit(). Results go to
 * stdout, everything else to stderr, each message starting with "dmumu <command>: ".
 */
#ifndef DMUMU_CMD_H
#define DMUMU_CMD_H

#include "dmumu.h"

#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>

#ifndef DMUMU_GIT_REVISION
#define DMUMU_GIT_REVISION "unknown"
#endif
#ifndef DMUMU_GIT_DIRTY
#define DMUMU_GIT_DIRTY 0
#endif

enum dmumu_exit {
    DMUMU_EXIT_OK,      /* the work is done */
    DMUMU_EXIT_FAILED,  /* the work failed */
    DMUMU_EXIT_USAGE,   /* bad usage or bad input: nothing was begun */
    DMUMU_EXIT_STOPPED, /* stopped in good order before it was complete: --resume goes on */
    DMUMU_EXIT_LIMIT    /* complete, but look-ups are not as right as was asked: a limit was reached */
};

int dmumu_cmd_curve(int argc, char **argv);
int dmumu_cmd_scan(int argc, char **argv);
int dmumu_cmd_merge(int argc, char **argv);
int dmumu_cmd_info(int argc, char **argv);
int dmumu_cmd_refine(int argc, char **argv);
int dmumu_cmd_compare(int argc, char **argv);
int dmumu_cmd_fit(int argc, char **argv);
int dmumu_cmd_report(int argc, char **argv);
int dmumu_cmd_models(int argc, char **argv);
int dmumu_cmd_estimate(int argc, char **argv);
int dmumu_cmd_export(int argc, char **argv);

/** Print "dmumu <command>: <sentence>" and where the help is to stderr; returns DMUMU_EXIT_USAGE. NULL: no command. */
int dmumu_cmd_usage(const char *command, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** Print "dmumu <command>: <sentence>" to stderr; returns DMUMU_EXIT_FAILED. */
int dmumu_cmd_failed(const char *command, const char *format, ...) __attribute__((format(printf, 2, 3)));

/**
 * Explain why getopt_long returned '?' or ':' (unknown option with the nearest known one, missing or unwanted value)
 * to stderr. Wants `opterr = 0` and a short option string that starts with ':' ("+:" and "-:" too).
 * @param[in]  returned  what getopt_long returned
 * @param[in]  options   the long options, ended by a zero entry
 * @return DMUMU_EXIT_USAGE
 */
int dmumu_cmd_bad_option(const char *command, int returned, char **argv, const struct option options[]);

/**
 * Print the character at `text`, which may come from a file that anyone has written, and return where the next one
 * begins. What a terminal would obey (control characters, C1 too) or could not show (bad UTF-8) comes out as '?'.
 */
const char *dmumu_cmd_print_next(FILE *out, const char *text);

/** Print a text of one line so, control characters and all. */
void dmumu_cmd_print(FILE *out, const char *text);

/** Flush stdout; a write that failed (full disk) is reported and turns `status` into DMUMU_EXIT_FAILED. */
int dmumu_cmd_flush(const char *command, int status);

#endif
