/* dmumu compare, what it prints: the best curves of each model. */
#include "cmd_compare.h"

#include <math.h>
#include <stdlib.h>

static const char COMMAND[] = "compare";

/* Indices along the first four axes of a curve, row-major. */
static void find_index(const struct dmumu_cube_source_info *cube, uint64_t curve, size_t index[4])
{
    for (int i = 3; i >= 0; i--) {
        index[i] = (size_t)(curve % cube->axis[i].n);
        curve /= cube->axis[i].n;
    }
}

static void print_model(const struct dmumu_compare_arguments *arguments, const struct dmumu_comparison *comparison,
                        size_t m)
{
    const struct dmumu_parametrisation *model = arguments->model[m];
    const bool over_height = !isnan(arguments->options.halo_height_kpc);
    printf("\n%s: ", model->name);
    dmumu_cmd_print(stdout, model->title);
    printf("\n  over the range: D = %.3e cm^2/s, slope %.3f", comparison->model_d_cm2_s[m], comparison->model_slope[m]);
    if (over_height)
        printf(", D/H = %.3e cm^2/s/kpc", comparison->model_d_cm2_s[m] / model->halo_height_kpc);
    if (!(model->from_gv <= arguments->options.from_gv && model->to_gv >= arguments->options.to_gv)) {
        if (isnan(model->from_gv) || isnan(model->to_gv))
            fputs("; on what data is not stated", stdout);
        else
            printf("; data from %g to %g GV: beyond, an extrapolation", model->from_gv, model->to_gv);
    }
    printf("\n  %4s %7s %7s %6s  %-6s %6s %8s %8s %10s", "rank", "rms", "worst", "next", "region", "M_A", "beta",
           "L [pc]", "D");
    printf("%s %9s %6s %7s %7s\n", over_height ? "        D/H" : "", over_height ? "relative" : "D/D_model", "slope",
           "d rms", "d worst");
}

static void print_row(const struct dmumu_compare_arguments *arguments, const struct dmumu_cube_source_info *cube,
                      const struct dmumu_comparison *comparison, size_t m, const uint64_t best[], size_t i,
                      size_t found)
{
    const struct dmumu_distance *distances = &comparison->distance[m * comparison->n_curves];
    const struct dmumu_distance *distance = &distances[best[i]];
    const struct dmumu_slope_difference *slope = &comparison->slope[m * comparison->n_curves + best[i]];
    const double height_kpc = arguments->options.halo_height_kpc;
    const double model_height_kpc = arguments->model[m]->halo_height_kpc;
    const double relative_d =
        isnan(height_kpc) ? distance->normalisation : distance->normalisation * height_kpc / model_height_kpc;
    const double d = comparison->model_d_cm2_s[m] * relative_d;
    size_t index[4];
    find_index(cube, best[i], index);
    printf("  %4zu %7.4f %7.4f", i + 1, distance->rms, distance->worst);
    if (i + 1 < found)
        printf(" %+5.0f%%", 100.0 * (distances[best[i + 1]].rms / distance->rms - 1.0));
    else
        printf(" %6s", "-");
    printf("  %-6s %6.4g %8.4g %8.4g %10.3e", dmumu_region_name((enum dmumu_region)cube->axis[0].values[index[0]]),
           cube->axis[1].values[index[1]], cube->axis[2].values[index[2]], cube->axis[3].values[index[3]], d);
    if (!isnan(height_kpc))
        printf(" %10.3e", d / height_kpc);
    printf(" %9.3f %6.3f %7.3f %7.3f\n", distance->normalisation, distance->slope, slope->rms, slope->worst);
}

int dmumu_compare_print(const struct dmumu_compare_arguments *arguments, const struct dmumu_cube_source_info *cube,
                        const struct dmumu_comparison *comparison)
{
    uint64_t *best = calloc(arguments->n_best + 1, sizeof *best);
    if (!best)
        return dmumu_cmd_failed(COMMAND, "out of memory");
    dmumu_cmd_print(stdout, cube->path);
    printf(": %llu of %llu curves have values at its %zu rigidities from %g to %g GV\n",
           (unsigned long long)comparison->n_compared, (unsigned long long)comparison->n_curves,
           comparison->n_rigidities, comparison->first_gv, comparison->last_gv);
    if (arguments->options.from_gv < 200.0)
        puts("Below 200 GV waves that cosmic rays make themselves are expected to take over from this turbulence.");
    for (size_t m = 0; m < arguments->options.n_models; m++) {
        const size_t found = dmumu_comparison_best(comparison, m, arguments->n_best + 1, best);
        print_model(arguments, comparison, m);
        for (size_t i = 0; i < found && i < arguments->n_best; i++)
            print_row(arguments, cube, comparison, m, best, i, found);
        if (found == 0)
            puts("  no curve of the cube has values in the whole range");
    }
    free(best);
    if (dmumu_compare_output(arguments)) {
        fputs("\nside file: ", stdout);
        dmumu_cmd_print(stdout, dmumu_compare_output(arguments));
        putchar('\n');
    }
    return dmumu_cmd_flush(COMMAND, DMUMU_EXIT_OK);
}
