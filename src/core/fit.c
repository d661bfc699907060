/*
 * Fit: chi^2 of very many pairs of curves against measured ratios.
 *
 * Logic    The grammage of a pair is a sum over the two layers of something that belongs to one curve each. With
 *          x = w L/D of a layer, and K = b c mu/(2 w), 1 - exp(-x_d - x_h) = e_d + e_h - e_d e_h for e = 1 - exp(-x),
 *          so
 *
 *              X = P_d + P_h - P_d P_h/K,    P = K (1 - exp(-x)) = (b c mu L / 2 D) (1 - exp(-x))/x,
 *
 *          and P_d P_h/K vanishes without advection. P is a curve's path, computed once per curve: no exponential is
 *          left in a pair. With u = l X for each term, X's loss l taken into the paths, B/O and B/C are one fraction,
 *
 *              m/s = T/(L + c T),    T = g_1 u_1 (1 + u_2) + g_2 u_2 (1 + u_1),    L = (1 + u_1)(1 + u_2),
 *
 *          in which g = gain/(l a s) and c = s b: one division per point. The normalisation k of a set is the minimum
 *          of a parabola, k = (sum y m/s^2 + 1/s_k^2) / (sum m^2/s^2 + 1/s_k^2).
 *
 * Layout   Node t n + i is term t of point i, counted through all sets: two runs, each contiguous.
 */
#include "core/constants.h"
#include "core/error.h"

#include "dmumu.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct set {
    size_t begin, end;
    double sum_square; /* sum (y/s)^2 */
    double penalty;    /* 1/s_k^2; 0 free */
    bool fixed;
};

/* Arrays [2 n] in the first line, [n] in the others; all in one block. */
struct dmumu_fit {
    struct dmumu_galaxy galaxy;
    size_t n, n_sets;
    struct set *set;
    double *memory;
    double *rigidity_gv, *front, *join; /* l b c mu/2 in cm/s; 1/(l K) */
    double *gain[2], *mix;              /* g, c */
    double *value, *sigma;              /* y/s, s */
};

/* Sums of one set, and what follows from them. */
struct sums {
    double ym, mm;
};

static enum dmumu_status check_set(size_t k, const struct dmumu_fit_set *set, struct dmumu_error *error)
{
    if (set->n == 0) {
        return dmumu_error_set(error, DMUMU_ERROR_ARGUMENT, "data set %zu has no points", k);
    }
    if (!(set->normalisation_sigma >= 0.0)) {
        return dmumu_error_set(error, DMUMU_ERROR_ARGUMENT, "data set %zu: normalisation_sigma is %g; it must be >= 0",
                               k, set->normalisation_sigma);
    }
    for (size_t i = 0; i < set->n; i++) {
        if (!(set->point[i].term[0].loss_cm2_g > 0.0 && set->point[i].term[1].loss_cm2_g > 0.0)) {
            return dmumu_error_set(
                error, DMUMU_ERROR_ARGUMENT,
                "data set %zu, point %zu: more boron comes from boron than is lost; check per_boron of "
                "the progenitors",
                k, i);
        }
        if (!(isfinite(set->value[i]) && set->sigma[i] > 0.0 && isfinite(set->sigma[i]))) {
            return dmumu_error_set(error, DMUMU_ERROR_ARGUMENT,
                                   "data set %zu, point %zu: value %g and error %g; both must be finite, the error > 0",
                                   k, i, set->value[i], set->sigma[i]);
        }
    }
    return DMUMU_OK;
}

static bool allocate(struct dmumu_fit *fit)
{
    enum { DOUBLES_PER_POINT = 11 };
    const size_t n = fit->n;
    fit->set = calloc(fit->n_sets, sizeof *fit->set);
    fit->memory = calloc(DOUBLES_PER_POINT * n, sizeof *fit->memory);
    if (!fit->set || !fit->memory) {
        return false;
    }
    double *next = fit->memory;
    double **const pairs[] = {&fit->rigidity_gv, &fit->front, &fit->join};
    for (size_t i = 0; i < 3; i++) {
        *pairs[i] = next;
        next += 2 * n;
    }
    double **const singles[] = {&fit->gain[0], &fit->gain[1], &fit->mix, &fit->value, &fit->sigma};
    for (size_t i = 0; i < 5; i++) {
        *singles[i] = next;
        next += n;
    }
    return true;
}

static void fill_point(struct dmumu_fit *fit, size_t i, const struct dmumu_ratio_point *point, double sigma)
{
    const double gas_g_cm2 = fit->galaxy.gas_surface_density_mg_cm2 * 1e-3;
    for (int t = 0; t < 2; t++) {
        const struct dmumu_ratio_term *term = &point->term[t];
        const size_t node = (size_t)t * fit->n + i;
        fit->rigidity_gv[node] = term->rigidity_gv;
        fit->front[node] = 0.5 * term->loss_cm2_g * term->velocity * DMUMU_SPEED_OF_LIGHT_CM_S * gas_g_cm2;
        fit->join[node] = fit->galaxy.advection_km_s * 1e5 / fit->front[node];
        fit->gain[t][i] = term->gain_cm2_g / (term->loss_cm2_g * point->a * sigma);
    }
    fit->mix[i] = sigma * point->b;
    fit->sigma[i] = sigma;
}

static void fill(struct dmumu_fit *fit, const struct dmumu_fit_set sets[])
{
    size_t i = 0;
    for (size_t k = 0; k < fit->n_sets; k++) {
        const double sigma = sets[k].normalisation_sigma;
        struct set *set = &fit->set[k];
        *set = (struct set){.begin = i, .end = i + sets[k].n, .fixed = !(sigma > 0.0)};
        set->penalty = sigma > 0.0 ? 1.0 / (sigma * sigma) : 0.0;
        for (size_t j = 0; j < sets[k].n; j++, i++) {
            fill_point(fit, i, &sets[k].point[j], sets[k].sigma[j]);
            fit->value[i] = sets[k].value[j] / sets[k].sigma[j];
            set->sum_square += fit->value[i] * fit->value[i];
        }
    }
}

enum dmumu_status dmumu_fit_new(const struct dmumu_galaxy *galaxy, size_t n_sets, const struct dmumu_fit_set set[],
                                struct dmumu_fit **fit, struct dmumu_error *error)
{
    enum dmumu_status status = dmumu_galaxy_check(galaxy, error);
    size_t n = 0;
    if (status == DMUMU_OK && n_sets == 0) {
        status = dmumu_error_set(error, DMUMU_ERROR_ARGUMENT, "a fit needs at least one data set");
    }
    for (size_t k = 0; status == DMUMU_OK && k < n_sets; k++) {
        status = check_set(k, &set[k], error);
        n += set[k].n;
    }
    if (status != DMUMU_OK) {
        return status;
    }
    struct dmumu_fit *made = calloc(1, sizeof *made);
    if (made) {
        made->galaxy = *galaxy;
        made->n = n;
        made->n_sets = n_sets;
    }
    if (!made || !allocate(made)) {
        dmumu_fit_free(made);
        return dmumu_error_set(error, DMUMU_ERROR_MEMORY, "out of memory for a fit of %zu points", n);
    }
    fill(made, set);
    *fit = made;
    return DMUMU_OK;
}

void dmumu_fit_free(struct dmumu_fit *fit)
{
    if (fit) {
        free(fit->set);
        free(fit->memory);
        free(fit);
    }
}

size_t dmumu_fit_n_nodes(const struct dmumu_fit *fit)
{
    return 2 * fit->n;
}

const double *dmumu_fit_rigidity_gv(const struct dmumu_fit *fit)
{
    return fit->rigidity_gv;
}

void dmumu_fit_path(const struct dmumu_fit *fit, enum dmumu_region region, const double d_cm2_s[], double path[])
{
    const struct dmumu_galaxy *galaxy = &fit->galaxy;
    const double thickness_kpc =
        region == DMUMU_DISK ? galaxy->disk_height_kpc : galaxy->halo_height_kpc - galaxy->disk_height_kpc;
    const double thickness_cm = thickness_kpc * 1e3 * DMUMU_PARSEC_CM;
    const double wind_cm_s = galaxy->advection_km_s * 1e5;
    for (size_t node = 0; node < 2 * fit->n; node++) {
        if (!(thickness_cm > 0.0)) {
            path[node] = 0.0;
            continue;
        }
        const double x = wind_cm_s * thickness_cm / d_cm2_s[node];
        const double leave = x > 0.0 ? -expm1(-x) / x : 1.0;
        path[node] = d_cm2_s[node] > 0.0 ? fit->front[node] * thickness_cm / d_cm2_s[node] * leave : (double)NAN;
    }
}

/* The ratio at point i over its error. */
static inline double ratio_at(const struct dmumu_fit *fit, size_t i, const double disk[], const double halo[])
{
    const size_t n = fit->n;
    const double u1 = disk[i] + halo[i] - disk[i] * halo[i] * fit->join[i];
    const double u2 = disk[n + i] + halo[n + i] - disk[n + i] * halo[n + i] * fit->join[n + i];
    const double low1 = 1.0 + u1;
    const double low2 = 1.0 + u2;
    const double top = fit->gain[0][i] * u1 * low2 + fit->gain[1][i] * u2 * low1;
    return top / (low1 * low2 + fit->mix[i] * top);
}

static struct sums sums_of(const struct dmumu_fit *fit, const struct set *set, const double disk[], const double halo[])
{
    double ym = 0.0;
    double mm = 0.0;
#pragma omp simd reduction(+ : ym, mm)
    for (size_t i = set->begin; i < set->end; i++) {
        const double m = ratio_at(fit, i, disk, halo);
        ym += fit->value[i] * m;
        mm += m * m;
    }
    return (struct sums){ym, mm};
}

/* chi^2 of one set at its best normalisation k. */
static double chi2_of(const struct set *set, const struct sums *sums, double *k)
{
    if (set->fixed) {
        *k = 1.0;
        return set->sum_square - 2.0 * sums->ym + sums->mm;
    }
    const double top = sums->ym + set->penalty;
    *k = top / (sums->mm + set->penalty);
    return set->sum_square + set->penalty - top * *k;
}

void dmumu_fit_chi2(const struct dmumu_fit *fit, const double disk[], size_t n_halo, const double halo[], double chi2[])
{
    for (size_t h = 0; h < n_halo; h++) {
        const double *const path = &halo[h * 2 * fit->n];
        double total = 0.0;
        for (size_t s = 0; s < fit->n_sets; s++) {
            double k = 1.0;
            const struct sums sums = sums_of(fit, &fit->set[s], disk, path);
            total += chi2_of(&fit->set[s], &sums, &k);
        }
        chi2[h] = total;
    }
}

double dmumu_fit_pair(const struct dmumu_fit *fit, const double disk[], const double halo[], double normalisation[],
                      double chi2[], double model[])
{
    double total = 0.0;
    for (size_t s = 0; s < fit->n_sets; s++) {
        const struct set *set = &fit->set[s];
        const struct sums sums = sums_of(fit, set, disk, halo);
        double k = 1.0;
        const double part = chi2_of(set, &sums, &k);
        total += part;
        if (normalisation) {
            normalisation[s] = k;
        }
        if (chi2) {
            chi2[s] = part;
        }
        for (size_t i = set->begin; model && i < set->end; i++) {
            model[i] = fit->sigma[i] * ratio_at(fit, i, disk, halo);
        }
    }
    return total;
}
