/*
 * Output: a text file that exists only when it is complete.
 *
 * It is written as PATH.part and renamed at the end; a failure leaves nothing behind. Without a path it is stdout. What
 * is not a regular file (/dev/null, a pipe) is written directly.
 */
#ifndef DMUMU_CMD_OUTPUT_H
#define DMUMU_CMD_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>

struct dmumu_output {
    FILE *file;
    const char *path; /* the caller's; NULL: stdout */
    char *part;       /* owned; NULL where the path is written directly */
};

/**
 * Open, before the work begins, so that a path that cannot be written is known early.
 * @param[in]  path       NULL for stdout
 * @param[in]  overwrite  an existing file may be replaced
 * @return DMUMU_EXIT_OK, or what dmumu_cmd_usage returns after its message
 */
int dmumu_output_open(const char *command, const char *path, bool overwrite, struct dmumu_output *output);

/** Complete the file: flush, close, rename. DMUMU_EXIT_OK, or DMUMU_EXIT_FAILED after a message and a clean-up. */
int dmumu_output_commit(const char *command, struct dmumu_output *output);

/** Give up: close and remove. */
void dmumu_output_discard(struct dmumu_output *output);

#endif
