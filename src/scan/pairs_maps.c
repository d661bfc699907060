/* Pairs, maps: see pairs_maps.h. */
#include "scan/pairs_maps.h"

#include <math.h>

static const struct {
    const char *name, *units, *long_name;
} axes[DMUMU_PAIRS_AXES] = {
    [DMUMU_PAIRS_DISK_MACH] = {"disk_alfven_mach", "1", "Alfvenic Mach number of the turbulence in the disk"},
    [DMUMU_PAIRS_DISK_BETA] = {"disk_beta", "1", "plasma beta in the disk"},
    [DMUMU_PAIRS_DISK_SCALE] = {"disk_injection_scale", "pc", "injection scale of the turbulence in the disk"},
    [DMUMU_PAIRS_HALO_MACH] = {"halo_alfven_mach", "1", "Alfvenic Mach number of the turbulence in the halo"},
    [DMUMU_PAIRS_HALO_BETA] = {"halo_beta", "1", "plasma beta in the halo"},
    [DMUMU_PAIRS_HALO_SCALE] = {"halo_injection_scale", "pc", "injection scale of the turbulence in the halo"},
    [DMUMU_PAIRS_DISK_SIZE] = {"disk_size", "kpc", "half-thickness of the disk's turbulence"},
    [DMUMU_PAIRS_HALO_HEIGHT] = {"halo_height", "kpc", "height of the free edge above the plane"},
};

const char *dmumu_pairs_axis_name(enum dmumu_pairs_axis axis)
{
    return axes[axis].name;
}

const char *dmumu_pairs_axis_units(enum dmumu_pairs_axis axis)
{
    return axes[axis].units;
}

const char *dmumu_pairs_axis_long_name(enum dmumu_pairs_axis axis)
{
    return axes[axis].long_name;
}

static bool of_disk(enum dmumu_pairs_axis axis)
{
    return axis <= DMUMU_PAIRS_DISK_SCALE;
}

static bool of_halo(enum dmumu_pairs_axis axis)
{
    return axis >= DMUMU_PAIRS_HALO_MACH && axis <= DMUMU_PAIRS_HALO_SCALE;
}

static void lower(double *least, double value)
{
    *least = value < *least ? value : *least;
}

/* An axis of the disk's point and one of the halo's: that map is kept for each galaxy. */
static void add_cross(const struct dmumu_pairs_grid *grid, const double block[], enum dmumu_pairs_axis a,
                      enum dmumu_pairs_axis b, double map[])
{
    const double *from =
        block + dmumu_pairs_cross_offset(grid, (int)(a - DMUMU_PAIRS_DISK_MACH), (int)(b - DMUMU_PAIRS_HALO_MACH));
    for (size_t i = 0; i < grid->n[a] * grid->n[b]; i++) {
        lower(&map[i], from[i]);
    }
}

/* Any other two: from the points of the region that one of them belongs to. */
static void add_points(const struct dmumu_pairs_grid *grid, const double block[], size_t galaxy,
                       enum dmumu_pairs_axis a, enum dmumu_pairs_axis b, double map[])
{
    const bool halo = of_halo(a) || of_halo(b);
    const double *from = block + (halo ? grid->n_points : 0);
    for (size_t i = 0; i < grid->n_points; i++) {
        const struct dmumu_pair pair = {from[i], galaxy, i, i};
        size_t index[DMUMU_PAIRS_AXES];
        dmumu_pairs_index(grid, &pair, index);
        lower(&map[index[a] * grid->n[b] + index[b]], from[i]);
    }
}

void dmumu_pairs_map(const struct dmumu_pairs_grid *grid, const struct dmumu_pairs_result *result,
                     enum dmumu_pairs_axis a, enum dmumu_pairs_axis b, double map[])
{
    for (size_t i = 0; i < grid->n[a] * grid->n[b]; i++) {
        map[i] = (double)INFINITY;
    }
    for (size_t g = 0; g < grid->n_galaxies; g++) {
        const double *block = result->least + g * result->block;
        if (of_disk(a) && of_halo(b)) {
            add_cross(grid, block, a, b, map);
        } else {
            add_points(grid, block, g, a, b, map);
        }
    }
}

void dmumu_pairs_profile(const struct dmumu_pairs_grid *grid, const struct dmumu_pairs_result *result,
                         enum dmumu_pairs_axis axis, double profile[])
{
    for (size_t i = 0; i < grid->n[axis]; i++) {
        profile[i] = (double)INFINITY;
    }
    for (size_t g = 0; g < grid->n_galaxies; g++) {
        const double *from = result->least + g * result->block + (of_halo(axis) ? grid->n_points : 0);
        for (size_t i = 0; i < grid->n_points; i++) {
            const struct dmumu_pair pair = {from[i], g, i, i};
            size_t index[DMUMU_PAIRS_AXES];
            dmumu_pairs_index(grid, &pair, index);
            lower(&profile[index[axis]], from[i]);
        }
    }
}

long dmumu_pairs_freedom(const struct dmumu_pairs_grid *grid, size_t n_points, size_t n_free)
{
    long freedom = (long)n_points - (long)n_free;
    for (int i = 0; i < DMUMU_PAIRS_AXES; i++) {
        freedom -= grid->n[i] > 1;
    }
    return freedom;
}

/*
 * Q(n/2, x), x = chi^2/2, in closed form: exp(-x) sum x^k/k! over k < n/2 for even n; for odd n erfc(x^1/2) and
 * exp(-x) sum x^k/Gamma(k + 1) over the half-integers k < n/2.
 */
double dmumu_pairs_p_value(double chi2, long freedom)
{
    if (freedom < 1 || !(chi2 >= 0.0 && chi2 < (double)INFINITY)) {
        return (double)NAN;
    }
    const double x = 0.5 * chi2;
    const bool odd = freedom % 2 != 0;
    double p = odd ? erfc(sqrt(x)) : 0.0;
    for (double k = odd ? 0.5 : 0.0; k < 0.5 * (double)freedom - 0.25; k += 1.0) {
        p += x > 0.0 ? exp(k * log(x) - x - lgamma(k + 1.0)) : (k > 0.0 ? 0.0 : 1.0);
    }
    return p;
}
