/* Curve: what the options of `dmumu curve` ask for, and the two tables that answer. */
#ifndef DMUMU_CMD_CURVE_H
#define DMUMU_CMD_CURVE_H

#include "dmumu.h"
#include "scan/config.h"

#include <stdio.h>

struct dmumu_curve_request {
    struct dmumu_config config; /* owned; its grid holds this point alone */
    struct dmumu_point point;
    enum dmumu_kernel kernel;
    size_t n;
    double *rigidity_gv; /* [n], owned, ascending */
    size_t n_mu;         /* > 0: D_mumu(mu) is asked for instead of D(R) */
    double *mu;          /* [n_mu], owned, in [0, 1) */
};

/** The `#` lines above both tables: model, point, medium, definitions. The column names follow from the tables. */
int dmumu_curve_write_header(const struct dmumu_curve_request *request, FILE *out);

/**
 * Compute D(R) and write it as a table; what was flagged is counted on stderr.
 * @return an exit status; DMUMU_EXIT_FAILED, after a message and before anything is written, if every point failed
 */
int dmumu_curve_write_d(const struct dmumu_curve_request *request, FILE *out);

/** The same for D_mumu(mu). */
int dmumu_curve_write_pitch(const struct dmumu_curve_request *request, FILE *out);

#endif
