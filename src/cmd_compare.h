/* Compare, the parts of the command: its command line, its tables. */
#ifndef DMUMU_CMD_COMPARE_H
#define DMUMU_CMD_COMPARE_H

#include "cmd.h"
#include "scan/compare.h"
#include "scan/models_file.h"

enum { DMUMU_COMPARE_MOST_MODELS = 64 };

struct dmumu_compare_arguments {
    const char *cube, *file, *range, *nucleus, *height, *best, *output;
    bool free_normalisation, no_output, no_curves, overwrite, help;
    char *command;     /* owned: the command line */
    char *beside;      /* owned: the side file's name where none is given; NULL: one is, or none is wanted */
    size_t n_names;    /* --model */
    const char **name; /* [n_names] owned list; each a comma list */
    /* what they mean */
    struct dmumu_models own;
    const struct dmumu_parametrisation *model[DMUMU_COMPARE_MOST_MODELS];
    struct dmumu_compare_options options;
    size_t n_best;
};

/** Read and understand the command line; returns an exit status. Free it in any case. */
int dmumu_compare_arguments_parse(int argc, char **argv, struct dmumu_compare_arguments *arguments);
void dmumu_compare_arguments_free(struct dmumu_compare_arguments *arguments);
int dmumu_compare_help(void);

/** Where the side file goes; NULL: nowhere. */
const char *dmumu_compare_output(const struct dmumu_compare_arguments *arguments);

/** The best curves of each model. */
int dmumu_compare_print(const struct dmumu_compare_arguments *arguments, const struct dmumu_cube_source_info *cube,
                        const struct dmumu_comparison *comparison);

#endif
