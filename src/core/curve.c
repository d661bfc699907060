/*
 * Curve: D(R) of one point at a first look and, at rigidities where that is not good enough, at closer ones.
 *
 * A rate that is not known well enough hangs on something that the lattices hardly resolve, such as the tail of a
 * resonance whose waves are all damped away. That happens to one value in a thousand, so that all others had better not
 * pay for it: a closer look has tables of its own, on finer lattices and for a tighter tolerance.
 */
#include "core/diffusion.h"
#include "core/error.h"

#include <stdlib.h>

/* A closer look halves the lattices' steps, which is good for a factor of 2^8. Where it has not helped by this factor,
 * the uncertainty lies elsewhere; unless it is so large that it says nothing. */
#define HELPED  10.0
#define NOTHING 0.1

/* Those of a curve's rigidities that are looked at again, and what comes of it; arrays of n. */
struct second_look {
    size_t *at;          /* of the curve */
    double *rigidity_gv; /* and with it the memory of all other numbers */
    double *rate_error;
    uint8_t *quality;
    struct dmumu_curve curve; /* of these */
};

static void second_look_free(struct second_look *look)
{
    free(look->at);
    free(look->rigidity_gv);
    free(look->quality);
}

static bool second_look_new(struct second_look *look, size_t n, const struct dmumu_curve *like)
{
    enum { ARRAYS = 5 + DMUMU_N_MODES };
    double *numbers = malloc(ARRAYS * n * sizeof *numbers);
    *look = (struct second_look){.at = malloc(n * sizeof *look->at), .rigidity_gv = numbers};
    look->quality = malloc(n);
    if (!look->at || !numbers || !look->quality) {
        second_look_free(look);
        return false;
    }
    look->rate_error = numbers + n;
    look->curve.quality = look->quality;
    look->curve.d_cm2_s = numbers + 2 * n;
    look->curve.rel_error = numbers + 3 * n;
    look->curve.mu_star = numbers + 4 * n;
    for (size_t mode = 0; mode < DMUMU_N_MODES; mode++) {
        look->curve.d_mode_cm2_s[mode] = like->d_mode_cm2_s[mode] ? numbers + (5 + mode) * n : NULL;
    }
    return true;
}

static void take_over(const struct second_look *look, size_t k, struct dmumu_curve *curve)
{
    const size_t at = look->at[k];
    curve->d_cm2_s[at] = look->curve.d_cm2_s[k];
    curve->rel_error[at] = look->curve.rel_error[k];
    curve->mu_star[at] = look->curve.mu_star[k];
    curve->quality[at] = look->curve.quality[k];
    for (int mode = 0; mode < DMUMU_N_MODES; mode++) {
        if (curve->d_mode_cm2_s[mode] && look->curve.d_mode_cm2_s[mode]) {
            curve->d_mode_cm2_s[mode][at] = look->curve.d_mode_cm2_s[mode][k];
        }
    }
}

/* The rigidities whose rates are too uncertain; returns how many. */
static size_t choose(size_t n, const double rigidity_gv[], const double rate_error[], double tolerance,
                     struct second_look *look)
{
    size_t n_chosen = 0;
    for (size_t r = 0; r < n; r++) {
        if (rate_error[r] > 0.5 * tolerance) {
            look->at[n_chosen] = r;
            look->rigidity_gv[n_chosen++] = rigidity_gv[r];
        }
    }
    return n_chosen;
}

/* What is better than before, and for which of it a yet closer look is worth while. */
static void merge(const struct second_look *look, size_t n_chosen, struct dmumu_curve *curve, double rate_error[])
{
    for (size_t k = 0; k < n_chosen; k++) {
        const size_t at = look->at[k];
        /* where neither is sure, an estimate that is larger by little may well be the better one; never NaN */
        if (look->curve.rel_error[k] < 3.0 * curve->rel_error[at]) {
            take_over(look, k, curve);
        }
        const bool helped = HELPED * look->rate_error[k] < rate_error[at];
        rate_error[at] = helped || look->rate_error[k] > NOTHING ? look->rate_error[k] : 0.0;
    }
}

/* Look again, and closer each time, while there is something to be mended; rate_error [n] as of the first look. */
static enum dmumu_status look_closer(struct dmumu_tables *tables, const struct dmumu_point *point, size_t n,
                                     const double rigidity_gv[], struct dmumu_curve *curve, double rate_error[],
                                     struct dmumu_workspace *workspace, struct second_look *second,
                                     struct dmumu_error *error)
{
    const double tolerance = tables->model.tolerance;
    for (int looks = 0; looks < DMUMU_MOST_REFINEMENT; looks++) {
        const size_t n_chosen = choose(n, rigidity_gv, rate_error, tolerance, second);
        if (n_chosen == 0) {
            break;
        }
        tables = dmumu_tables_closer(tables);
        workspace = dmumu_workspace_closer(workspace);
        if (!tables || !workspace) {
            return DMUMU_ERROR_MEMORY;
        }
        struct dmumu_curve again = second->curve;
        const enum dmumu_status status = dmumu_diffusion_compute(
            tables, point, n_chosen, second->rigidity_gv, tolerance, &again, second->rate_error, workspace, error);
        if (status != DMUMU_OK) {
            return status;
        }
        merge(second, n_chosen, curve, rate_error);
    }
    return DMUMU_OK;
}

enum dmumu_status dmumu_curve_compute(struct dmumu_tables *tables, const struct dmumu_point *point, size_t n,
                                      const double rigidity_gv[], struct dmumu_curve *curve,
                                      struct dmumu_workspace *workspace, struct dmumu_error *error)
{
    struct second_look second;
    enum dmumu_status status = DMUMU_ERROR_MEMORY;
    double *rate_error = calloc(n + 1, sizeof *rate_error);
    if (rate_error && second_look_new(&second, n + 1, curve)) {
        status = dmumu_diffusion_compute(tables, point, n, rigidity_gv, tables->model.tolerance, curve, rate_error,
                                         workspace, error);
        if (status == DMUMU_OK) {
            status = look_closer(tables, point, n, rigidity_gv, curve, rate_error, workspace, &second, error);
        }
        second_look_free(&second);
    }
    free(rate_error);
    return status == DMUMU_ERROR_MEMORY
               ? dmumu_error_set(error, status, "out of memory for a curve of %zu rigidities", n)
               : status;
}
