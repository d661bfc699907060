/* The command line of `dmumu refine`. */
#ifndef DMUMU_CMD_REFINE_H
#define DMUMU_CMD_REFINE_H

#include "cmd.h"
#include "scan/refine_cuts.h"

struct dmumu_refine_arguments {
    const char *cube, *to, *share, *values, *sample, *output, *errors; /* as given; NULL: not */
    char *command;                                                     /* owned: the command line */
    bool overwrite, keep, help;
    struct dmumu_refine_goal goal;
    size_t sample_size; /* 0: all */
};

/**
 * Read it, and look whether all that is to be written can be. What is wrong is said on stderr.
 * @param[in,out] arguments  zeroed before; free(arguments->command) afterwards, on error too
 * @return DMUMU_EXIT_OK, DMUMU_EXIT_USAGE or DMUMU_EXIT_FAILED
 */
int dmumu_refine_arguments_parse(int argc, char **argv, struct dmumu_refine_arguments *arguments);
/** Print the help; returns the exit status. */
int dmumu_refine_help(void);

#endif
