/* dmumu fit, its tables. */
#include "cmd_fit.h"

#include "cmd.h"
#include "scan/pairs_maps.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What all tables are about. */
struct found {
    const struct dmumu_fit_arguments *arguments;
    const struct dmumu_pairs_problem *problem;
    const struct dmumu_pairs_data *data;
    const struct dmumu_pairs_result *result;
    const struct dmumu_pairs_details *details;
    long freedom;
};

static void print_head(const struct found *found, const struct dmumu_cube_source_info *cube)
{
    const struct dmumu_pairs_problem *problem = found->problem;
    dmumu_cmd_print(stdout, cube->path);
    printf(": of %zu points per region %zu of the disk and %zu of the halo have D at all rigidities of the data\n",
           problem->grid.n_points, problem->disk.n, problem->halo.n);
    printf("%" PRIu64 " pairs, %zu galax%s, %zu points of data\n", found->result->n_pairs, problem->grid.n_galaxies,
           problem->grid.n_galaxies == 1 ? "y" : "ies", found->data->n_points);
    if (found->arguments->data.from_gv < 200.0)
        puts("Below 200 GV waves that cosmic rays make themselves are expected to take over from this turbulence.");
    if (found->arguments->data.from_gv < 20.0)
        puts("Below 20 GV the built-in cross sections, constants meant for >= 10 GeV/n, begin to be wrong.");
}

static void print_p(double p)
{
    if (isnan(p))
        printf(" %8s", "-");
    else
        printf(" %8.2g", p);
}

static void print_point(const struct found *found, const struct dmumu_pair *pair)
{
    const struct dmumu_pairs_grid *grid = &found->problem->grid;
    size_t index[DMUMU_PAIRS_AXES];
    dmumu_pairs_index(grid, pair, index);
    for (int i = 0; i < DMUMU_PAIRS_DISK_SIZE; i++)
        printf(" %s%8.4g", i == DMUMU_PAIRS_HALO_MACH ? " " : "", grid->values[i][index[i]]);
}

static void print_best(const struct found *found)
{
    const struct dmumu_pairs_grid *grid = &found->problem->grid;
    printf("\nBest pairs, of %ld degrees of freedom\n", found->freedom);
    printf("  %4s %9s %8s %8s  %26s  %26s  %9s\n", "", "", "", "", "disk", "halo", "kpc");
    printf("  %4s %9s %8s %8s %8s %8s %8s  %8s %8s %8s %5s %5s\n", "rank", "chi^2", "more", "p", "M_A", "beta",
           "L [pc]", "M_A", "beta", "L [pc]", "size", "high");
    for (size_t i = 0; i < found->result->n_found; i++) {
        const struct dmumu_pair *pair = &found->result->best[i];
        size_t index[DMUMU_PAIRS_AXES];
        dmumu_pairs_index(grid, pair, index);
        printf("  %4zu %9.3f %8.3f", i + 1, pair->chi2, pair->chi2 - found->result->best[0].chi2);
        print_p(dmumu_pairs_p_value(pair->chi2, found->freedom));
        print_point(found, pair);
        printf(" %5.3g %5.3g\n", grid->values[DMUMU_PAIRS_DISK_SIZE][index[DMUMU_PAIRS_DISK_SIZE]],
               grid->values[DMUMU_PAIRS_HALO_HEIGHT][index[DMUMU_PAIRS_HALO_HEIGHT]]);
    }
}

static void print_sets(const struct found *found)
{
    printf("\nThe best pair, set by set\n  %9s %7s %8s  %s\n", "chi^2", "points", "factor", "data");
    for (size_t k = 0; k < found->data->n_sets; k++) {
        const struct dmumu_crdata *set = &found->data->measured[k];
        printf("  %9.3f %7zu %8.4f  ", found->details->chi2[k], set->n, found->details->normalisation[k]);
        dmumu_cmd_print(stdout, set->experiment);
        putchar(' ');
        dmumu_cmd_print(stdout, set->quantity);
        putchar('\n');
    }
}

/* Values of one axis whose least chi^2 is within `more` of the best, as a list; those at an end of the axis are told. */
static void print_within(const struct dmumu_pairs_grid *grid, int axis, const double profile[], double least,
                         double more)
{
    size_t first = grid->n[axis], last = 0, n = 0;
    for (size_t i = 0; i < grid->n[axis]; i++)
        if (profile[i] <= least + more) {
            first = i < first ? i : first;
            last = i;
            n++;
        }
    printf("  %8.4g to %-8.4g%-2s", grid->values[axis][first], grid->values[axis][last],
           first == 0 || last + 1 == grid->n[axis] ? "*" : "");
    printf(" %3zu/%-3zu", n, grid->n[axis]);
}

static void print_profiles(const struct found *found)
{
    const struct dmumu_pairs_grid *grid = &found->problem->grid;
    const double least = found->result->best[0].chi2;
    printf("\nWhat each axis allows, all others free: values on the grid within 1 and 4 of the least chi^2\n"
           "  %-22s  %-32s  %s\n",
           "axis", "within 1", "within 4      (*: up to an end of the axis)");
    for (int i = 0; i < DMUMU_PAIRS_AXES; i++) {
        double *profile = grid->n[i] > 1 ? malloc(grid->n[i] * sizeof *profile) : NULL;
        if (!profile)
            continue;
        dmumu_pairs_profile(grid, found->result, (enum dmumu_pairs_axis)i, profile);
        printf("  %-22s", dmumu_pairs_axis_name((enum dmumu_pairs_axis)i));
        print_within(grid, i, profile, least, 1.0);
        print_within(grid, i, profile, least, 4.0);
        putchar('\n');
        free(profile);
    }
}

static void print_galaxies(const struct found *found)
{
    const struct dmumu_pairs_grid *grid = &found->problem->grid;
    printf("\nHow the answer moves with the galaxy: the best pair of each\n  %5s %6s %9s %8s  %26s  %26s\n", "size",
           "height", "chi^2", "p", "disk: M_A, beta, L [pc]", "halo: M_A, beta, L [pc]");
    for (size_t g = 0; g < grid->n_galaxies; g++) {
        const struct dmumu_pair *pair = &found->result->galaxy_best[g];
        size_t index[DMUMU_PAIRS_AXES];
        dmumu_pairs_index(grid, pair, index);
        printf("  %5.3g %6.3g %9.3f", grid->values[DMUMU_PAIRS_DISK_SIZE][index[DMUMU_PAIRS_DISK_SIZE]],
               grid->values[DMUMU_PAIRS_HALO_HEIGHT][index[DMUMU_PAIRS_HALO_HEIGHT]], pair->chi2);
        print_p(dmumu_pairs_p_value(pair->chi2, found->freedom));
        print_point(found, pair);
        putchar('\n');
    }
}

void dmumu_fit_print(const struct dmumu_fit_arguments *arguments, const struct dmumu_cube_source_info *cube,
                     const struct dmumu_pairs_problem *problem, const struct dmumu_pairs_data *data,
                     const struct dmumu_pairs_result *result, const struct dmumu_pairs_details *details)
{
    const struct found found = {.arguments = arguments,
                                .problem = problem,
                                .data = data,
                                .result = result,
                                .details = details,
                                .freedom = dmumu_pairs_freedom(&problem->grid, data->n_points, data->n_free)};
    print_head(&found, cube);
    if (result->n_found == 0) {
        puts("no pair: where D is needed, the curves of a region have no value (not confined); a lower end of --range, "
             "or\n"
             "another zone size of the cube, would");
        return;
    }
    print_best(&found);
    print_sets(&found);
    print_profiles(&found);
    if (problem->grid.n_galaxies > 1)
        print_galaxies(&found);
}
