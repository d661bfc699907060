/*
 * Pairs, their file: what a fit found, as a side file.
 *
 * Axes    the eight of a fit, as pairs_maps.h names them; `best` (ranks), `set` (names), `point` (numbers).
 * chi2_disk, chi2_halo           least chi^2 of each point of a region, in each galaxy
 * chi2_A_B                       least chi^2 over everything but the axes A and B: all 28 pairs of axes
 * best_*                         the best pairs: chi2, p_value, coordinates; normalisation and part of chi^2 of each set;
 *                                the modelled ratio at each point
 * galaxy_*                       the best pair of each galaxy: p_value and coordinates
 * point_x, point_value, point_sigma, point_set   the data as fitted
 */
#ifndef DMUMU_SCAN_PAIRS_FILE_H
#define DMUMU_SCAN_PAIRS_FILE_H

#include "cube/source.h"
#include "scan/pairs_data.h"
#include "scan/pairs_details.h"

struct dmumu_pairs_file {
    const struct dmumu_cube_source_info *cube;
    const struct dmumu_pairs_problem *problem;
    const struct dmumu_pairs_data_options *options;
    const struct dmumu_pairs_data *data;
    const struct dmumu_pairs_result *result;
    const struct dmumu_pairs_details *details;
    const char *command; /* the command line */
};

/** @return as dmumu_labelled_write */
enum dmumu_status dmumu_pairs_file_write(const char *path, bool overwrite, const struct dmumu_pairs_file *file,
                                         struct dmumu_error *error);

#endif
