/* dmumu fit: what its files share. */
#ifndef DMUMU_CMD_FIT_H
#define DMUMU_CMD_FIT_H

#include "cube/source.h"
#include "scan/pairs_data.h"
#include "scan/pairs_details.h"

/** The command line as given, and as understood. */
struct dmumu_fit_arguments {
    const char *cube, *output;
    const char *range, *errors, *normalisation, *disk_size, *halo_height, *advection, *gas, *modulation, *flux_slope;
    const char *best;
    bool overwrite, help, quiet; /* quiet: another process of this launch says what is wrong */
    const char **file;           /* owned list */
    char *command;               /* owned: the command line */
    struct dmumu_pairs_data_options data;
    struct dmumu_galaxy base;
    size_t n_disk_sizes, n_halo_heights, n_best;
    double *disk_size_kpc, *halo_height_kpc; /* owned */
};

/** Parse and understand; 0 or an exit status, after its message. Free with dmumu_fit_arguments_free, on failure too. */
int dmumu_fit_arguments_parse(int argc, char **argv, struct dmumu_fit_arguments *arguments);
void dmumu_fit_arguments_free(struct dmumu_fit_arguments *arguments);
int dmumu_fit_help(void);

/** All that was found, to stdout. */
void dmumu_fit_print(const struct dmumu_fit_arguments *arguments, const struct dmumu_cube_source_info *cube,
                     const struct dmumu_pairs_problem *problem, const struct dmumu_pairs_data *data,
                     const struct dmumu_pairs_result *result, const struct dmumu_pairs_details *details);

#endif
