/* Cascade taps: see cascade_taps.h. */
#include "core/cascade_taps.h"

#include "core/lattice.h"
#include "core/vector.h"

#include <math.h>
#include <stdlib.h>

#define STEP DMUMU_CASCADE_LN_P_STEP_ALFVEN

static double position_of(const struct dmumu_cascade_form *form, double ln_w, int n)
{
    return (form->anisotropy * ln_w - log((double)n)) / STEP;
}

/* The lattice that holds all nodes; they ascend in w, and n lowers q. */
static void choose_lattice(const struct dmumu_cascade_form *form, int harmonics, const struct dmumu_wave_nodes nodes[],
                           struct dmumu_cascade_taps *taps)
{
    const double least = position_of(form, nodes[1].ln_w[0], 1) - log((double)harmonics) / STEP;
    double most = least;
    for (int n = 1; n <= harmonics; n++) {
        most = fmax(most, position_of(form, nodes[n].ln_w[nodes[n].n - 1], n));
    }
    taps->first = (long)floor(least) - DMUMU_STENCIL;
    taps->n = (size_t)((long)ceil(most) - taps->first) + DMUMU_STENCIL;
}

enum dmumu_status dmumu_cascade_taps_make(const struct dmumu_cascade_form *form, int harmonics,
                                          const struct dmumu_wave_nodes nodes[], struct dmumu_cascade_taps *taps)
{
    choose_lattice(form, harmonics, nodes, taps);
    taps->fine = calloc(2 * taps->n, sizeof *taps->fine);
    if (!taps->fine) {
        return DMUMU_ERROR_MEMORY;
    }
    taps->coarse = taps->fine + taps->n;
    for (int n = 1; n <= harmonics; n++) {
        for (size_t k = 0; k < nodes[n].n; k++) {
            const struct dmumu_place place = dmumu_place_of(position_of(form, nodes[n].ln_w[k], n));
            const double power = exp((2.0 - form->slope) * nodes[n].ln_w[k]);
            for (long j = 0; j < DMUMU_STENCIL; j++) {
                const long at = place.first - taps->first + j;
                taps->fine[at] += power * nodes[n].weight[k] * place.weight[j];
                taps->coarse[at] += power * nodes[n].weight_coarse[k] * place.weight[j];
            }
        }
    }
    return DMUMU_OK;
}

void dmumu_cascade_taps_free(struct dmumu_cascade_taps *taps)
{
    free(taps->fine);
    taps->fine = NULL;
    taps->coarse = NULL;
}

double dmumu_cascade_taps_ln_p(const struct dmumu_cascade_form *form, double s)
{
    return form->anisotropy * log(s) - log(form->strength);
}

enum { CHUNK = 64, LANES = 4 };
typedef double lanes __attribute__((vector_size(32), aligned(8), may_alias));

static double total(lanes part)
{
    return (part[0] + part[2]) + (part[1] + part[3]);
}

/* Both rules' sums over CHUNK taps. */
DMUMU_VECTOR static void add_chunk(const double *restrict fine, const double *restrict coarse, const double *restrict b,
                                   struct dmumu_cascade_taps_sum *sum)
{
    lanes of_fine[2] = {{0.0}, {0.0}};
    lanes of_coarse[2] = {{0.0}, {0.0}};
    for (size_t i = 0; i < CHUNK; i += 2 * LANES) {
        const lanes low = *(const lanes *)(b + i);
        const lanes high = *(const lanes *)(b + i + LANES);
        of_fine[0] += *(const lanes *)(fine + i) * low;
        of_fine[1] += *(const lanes *)(fine + i + LANES) * high;
        of_coarse[0] += *(const lanes *)(coarse + i) * low;
        of_coarse[1] += *(const lanes *)(coarse + i + LANES) * high;
    }
    sum->fine += total(of_fine[0] + of_fine[1]);
    sum->coarse += total(of_coarse[0] + of_coarse[1]);
}

struct dmumu_cascade_taps_sum dmumu_cascade_taps_sum_of(const struct dmumu_cascade_taps *taps,
                                                        const struct dmumu_cascade_form *form,
                                                        const struct dmumu_cascade_table *table, double ln_r)
{
    const double m = dmumu_cascade_taps_ln_p(form, table->s) - (1.0 - form->anisotropy) * ln_r;
    /* q of the table's largest p: from there on B is there, and before it is nothing */
    const double ln_p_last = table->ln_p_start + STEP * (double)(table->n_p - 1);
    const long start = lround((m - ln_p_last) / STEP) - taps->first;
    size_t tap = start < 0 ? 0 : (size_t)start;
    size_t b = start < 0 ? (size_t)-start : 0;
    struct dmumu_cascade_taps_sum sum = {0.0, 0.0};
    for (; tap + CHUNK <= taps->n && b + CHUNK <= table->n_p; tap += CHUNK, b += CHUNK) {
        const double before = sum.fine;
        add_chunk(taps->fine + tap, taps->coarse + tap, table->descending + b, &sum);
        if (sum.fine - before < 1e-10 * before && STEP * (double)b > log(DMUMU_CASCADE_MOST_P)) {
            return sum; /* the tail falls like w^-4 */
        }
    }
    for (; tap < taps->n && b < table->n_p; tap++, b++) {
        sum.fine += taps->fine[tap] * table->descending[b];
        sum.coarse += taps->coarse[tap] * table->descending[b];
    }
    return sum;
}
