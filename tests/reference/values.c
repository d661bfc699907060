/* The oracle's values: see values.h. */
#include "values.h"

#include "points.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool quality_of_name(const char *name, enum dmumu_quality *quality)
{
    for (int i = 0; i < DMUMU_N_QUALITIES; i++) {
        if (strcmp(name, dmumu_quality_name((enum dmumu_quality)i)) == 0) {
            *quality = (enum dmumu_quality)i;
            return true;
        }
    }
    return false;
}

static bool value_of_line(const char *line, struct reference_value *at)
{
    char quality[32];
    double *d = at->d_cm2_s;
    /* NOLINTNEXTLINE(cert-err34-c): the number of items read is checked */
    return sscanf(line, "%u %lf %lf %lf %lf %lf %lf %31s %lf %lf", &at->index, &at->rigidity_gv, &d[REFERENCE_ALL],
                  &d[DMUMU_FAST], &d[DMUMU_ALFVEN], &d[DMUMU_SLOW], &at->mu_star, quality, &at->rel_error,
                  &at->seconds) == 10 &&
           quality_of_name(quality, &at->quality);
}

static size_t refuse(const char *path, size_t line, const char *why, struct reference_value **values)
{
    fprintf(stderr, "%s, line %zu: %s\n", path, line, why);
    free(*values);
    *values = NULL;
    return 0;
}

static size_t read_lines(FILE *file, const char *path, struct reference_value **values)
{
    char line[512];
    size_t n = 0;
    size_t capacity = 0;
    for (size_t number = 1; fgets(line, sizeof line, file); number++) {
        if (line[0] == '#') {
            continue;
        }
        if (n == capacity) {
            capacity = capacity ? 2 * capacity : 512;
            struct reference_value *grown = realloc(*values, capacity * sizeof *grown);
            if (!grown) {
                return refuse(path, number, "out of memory", values);
            }
            *values = grown;
        }
        if (!value_of_line(line, &(*values)[n])) {
            return refuse(path, number, "not 'index rigidity D D D D mu_star quality rel_error seconds'", values);
        }
        n++;
    }
    return n > 0 ? n : refuse(path, 0, "no values", values);
}

size_t reference_values_read(const char *path, struct reference_value **values)
{
    *values = NULL;
    FILE *file = fopen(path, "r");
    if (!file) {
        perror(path);
        return 0;
    }
    const size_t n = read_lines(file, path, values);
    fclose(file);
    return n;
}

double reference_difference(double value, double expected)
{
    if (isnan(value) || isnan(expected)) {
        return isnan(value) && isnan(expected) ? 0.0 : (double)INFINITY;
    }
    return fabs(value / expected - 1.0);
}

static enum dmumu_status compute_fast(const struct reference_point *at, struct dmumu_curve *curve,
                                      struct dmumu_error *error)
{
    struct dmumu_tables *tables = NULL;
    struct dmumu_workspace *workspace = NULL;
    enum dmumu_status status = dmumu_tables_new(&at->model, at->point.alfven_mach, &tables, error);
    if (status == DMUMU_OK) {
        status = dmumu_workspace_new(&workspace, error);
    }
    if (status == DMUMU_OK) {
        status = dmumu_curve_compute(tables, &at->point, 1, &at->rigidity_gv, curve, workspace, error);
    }
    dmumu_workspace_free(workspace);
    dmumu_tables_free(tables);
    return status;
}

enum dmumu_status reference_compute(unsigned index, enum dmumu_kernel kernel, double tolerance,
                                    struct reference_value *result, struct dmumu_error *error)
{
    struct reference_point at = reference_point_at(index);
    double *d = result->d_cm2_s;
    uint8_t quality = DMUMU_QUALITY_FAILED;
    struct dmumu_curve curve = {
        &d[REFERENCE_ALL], {&d[0], &d[1], &d[2]}, &result->rel_error, &result->mu_star, &quality};
    at.model.tolerance = tolerance;
    for (int k = 0; k < REFERENCE_N_VALUES; k++) {
        d[k] = (double)NAN;
    }
    result->index = index;
    result->rigidity_gv = at.rigidity_gv;
    result->rel_error = (double)NAN;
    result->mu_star = (double)NAN;
    const enum dmumu_status status =
        kernel == DMUMU_KERNEL_REF ? dmumu_curve_compute_ref(&at.model, &at.point, 1, &at.rigidity_gv, &curve, error)
                                   : compute_fast(&at, &curve, error);
    result->quality = (enum dmumu_quality)quality;
    return status;
}
