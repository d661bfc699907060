/*
 * Measurements: text files of cosmic-ray databases become points.
 *
 * Two forms, told apart by the first row:
 *
 *   KISS, CRDB   x  y  stat-  stat+  sys-  sys+               `#` lines above say quantity and abscissa:
 *                                                             "#Y Quantity: B_C", "#X Quantity: rigidity"
 *   USINE        quantity  experiment  EKN|EK|R  <E>  E_low  E_high  y  stat-  stat+  sys-  sys+  [more, the fifth of
 *                which is 1 for an upper limit, left out]
 *
 * Blanks, tabs and commas separate. Nothing is guessed: a row that does not fit is an error with file, line, column,
 * value, and what would be right.
 */
#ifndef DMUMU_SCAN_CRDATA_H
#define DMUMU_SCAN_CRDATA_H

#include "dmumu.h"

enum dmumu_crdata_axis {
    DMUMU_CRDATA_RIGIDITY,           /* GV */
    DMUMU_CRDATA_ENERGY_PER_NUCLEON, /* kinetic, GeV per nucleon */
    DMUMU_CRDATA_ENERGY,             /* kinetic, GeV */
    DMUMU_CRDATA_AXES,               /* how many */
    DMUMU_CRDATA_UNKNOWN = DMUMU_CRDATA_AXES
};

enum dmumu_crdata_column {
    DMUMU_CRDATA_X,
    DMUMU_CRDATA_Y,
    DMUMU_CRDATA_STAT_LOW,
    DMUMU_CRDATA_STAT_HIGH,
    DMUMU_CRDATA_SYS_LOW,
    DMUMU_CRDATA_SYS_HIGH,
    DMUMU_CRDATA_COLUMNS
};

/** How statistical and systematic errors make one. */
enum dmumu_crdata_errors { DMUMU_ERRORS_QUADRATURE, DMUMU_ERRORS_LINEAR, DMUMU_ERRORS_STATISTICAL, DMUMU_N_ERRORS };

struct dmumu_crdata_point {
    double column[DMUMU_CRDATA_COLUMNS]; /* x in its unit, y, errors >= 0 */
};

struct dmumu_crdata {
    char *quantity;   /* owned: "B_C", as the file writes it but for '/', which becomes '_' */
    char *experiment; /* owned, "" where the file does not say */
    char *reference;  /* owned, likewise */
    enum dmumu_crdata_axis axis;
    size_t n, n_limits;               /* points, and upper limits that were left out */
    struct dmumu_crdata_point *point; /* [n] owned, in the file's order */
};

/** "rigidity", "kineticEnergyPerNucleon", "kineticEnergy", as the headers spell them; NULL for none. */
const char *dmumu_crdata_axis_name(enum dmumu_crdata_axis axis);

/**
 * Read one file.
 * @param[in]  quantity  wanted; NULL: what the file says. In a file of several (USINE), the one to take
 * @param[in]  axis      likewise; DMUMU_CRDATA_UNKNOWN: what the file says
 * @param[out] data      free with dmumu_crdata_free; untouched on error
 * @return DMUMU_OK; DMUMU_ERROR_FILE: unreadable; DMUMU_ERROR_INPUT: a line that does not fit; DMUMU_ERROR_MEMORY
 */
enum dmumu_status dmumu_crdata_read(const char *path, const char *quantity, enum dmumu_crdata_axis axis,
                                    struct dmumu_crdata *data, struct dmumu_error *error);
void dmumu_crdata_free(struct dmumu_crdata *data);

/** Error of one point: each kind the mean of its two sides, added in quadrature or linearly, or the statistical alone. */
double dmumu_crdata_sigma(const struct dmumu_crdata_point *point, enum dmumu_crdata_errors errors);

/** The abscissa as a rigidity, GV, for that nucleus. */
double dmumu_crdata_rigidity_gv(enum dmumu_crdata_axis axis, enum dmumu_isotope isotope, double x);

/** Keep the points whose rigidity, taken for C12, lies in [from, to]. */
void dmumu_crdata_cut(struct dmumu_crdata *data, double from_gv, double to_gv);

/** Which ratio of the fit this is; false if it is none, or its abscissa does not suit a ratio. */
bool dmumu_crdata_ratio(const struct dmumu_crdata *data, enum dmumu_ratio *ratio, enum dmumu_abscissa *abscissa);

#endif
