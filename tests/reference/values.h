/* The oracle's values as tests/reference/values.txt keeps them (recompute.sh makes it). */
#ifndef DMUMU_TESTS_REFERENCE_VALUES_H
#define DMUMU_TESTS_REFERENCE_VALUES_H

#include "dmumu.h"

/** D of each mode alone, and at [REFERENCE_ALL] of all together. */
enum { REFERENCE_ALL = DMUMU_N_MODES, REFERENCE_N_VALUES };

struct reference_value {
    unsigned index; /* of points.h */
    double rigidity_gv;
    double d_cm2_s[REFERENCE_N_VALUES];
    double mu_star;
    enum dmumu_quality quality;
    double rel_error; /* estimated, of D of all modes */
    double seconds;   /* that it took */
};

/**
 * Read a table.
 * @param[out] values  [n] ascending in index; free() them
 * @return n; 0 after a message on stderr that names file and line where it cannot be read
 */
size_t reference_values_read(const char *path, struct reference_value **values);

/** Relative difference; 0 where both are NaN, infinite where one is. */
double reference_difference(double value, double expected);

/**
 * Compute one point with either kernel.
 * @param[in]  tolerance  of the model
 * @param[out] result     index, rigidity, D, mu_star, quality and rel_error
 */
enum dmumu_status reference_compute(unsigned index, enum dmumu_kernel kernel, double tolerance,
                                    struct reference_value *result, struct dmumu_error *error);

#endif
