/* Build, part two: the axes. */
#include "core/error.h"
#include "scan/config_build.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { AXIS_PATH_SIZE = 64 };

static const struct {
    enum dmumu_axis_id id;
    const char *path;
} numeric_axes[] = {
    {DMUMU_AXIS_ALFVEN_MACH, "axes.alfven_mach"},
    {DMUMU_AXIS_BETA, "axes.beta"},
    {DMUMU_AXIS_INJECTION_SCALE, "axes.injection_scale_pc"},
    {DMUMU_AXIS_RIGIDITY, "axes.rigidity_gv"},
};

enum { N_NUMERIC_AXES = sizeof numeric_axes / sizeof *numeric_axes };

static struct dmumu_node *axis_member(const struct dmumu_node *root, const char *axis, const char *name)
{
    char path[AXIS_PATH_SIZE];
    snprintf(path, sizeof path, "%s.%s", axis, name);
    return dmumu_node_at_path(root, path);
}

static enum dmumu_status missing_member(const struct dmumu_node *root, const char *axis, const char *name,
                                        struct dmumu_error *error)
{
    char where[DMUMU_WHERE_SIZE], path[AXIS_PATH_SIZE], right[160];
    snprintf(path, sizeof path, "%s.%s", axis, name);
    dmumu_key_describe(dmumu_key_at_path(path), sizeof right, right);
    dmumu_origin_text(&dmumu_node_at_path(root, axis)->origin, where);
    return dmumu_error_set(error, DMUMU_ERROR_INPUT,
                           "%s: %s is missing; it must be %s (an axis is {from, to, points, spacing} or {values})",
                           where, path, right);
}

/* The four keys of a range are there and go up. */
static enum dmumu_status check_range(const struct dmumu_node *root, const char *axis,
                                     const struct dmumu_input_axis *input, struct dmumu_error *error)
{
    const char *missing = !input->from      ? "from"
                          : !input->to      ? "to"
                          : !input->points  ? "points"
                          : !input->spacing ? "spacing"
                                            : NULL;
    if (missing)
        return missing_member(root, axis, missing, error);
    char where[DMUMU_WHERE_SIZE];
    if (*input->points == 1 && *input->from != *input->to) {
        dmumu_origin_text(&axis_member(root, axis, "points")->origin, where);
        return dmumu_error_set(error, DMUMU_ERROR_INPUT,
                               "%s: %s.points: '1' cannot reach from %g to %g; it must be 2 or more, or to = from",
                               where, axis, *input->from, *input->to);
    }
    if (*input->points > 1 && *input->to <= *input->from) {
        dmumu_origin_text(&axis_member(root, axis, "to")->origin, where);
        return dmumu_error_set(error, DMUMU_ERROR_INPUT,
                               "%s: %s.to: '%g' is not ascending; it must be larger than from, which is %g", where,
                               axis, *input->to, *input->from);
    }
    return DMUMU_OK;
}

static bool is_ascending(const struct dmumu_axis *axis)
{
    for (size_t i = 1; i < axis->n; i++)
        if (!(axis->values[i - 1] < axis->values[i]))
            return false;
    return true;
}

static enum dmumu_status build_range(const struct dmumu_node *root, const char *path,
                                     const struct dmumu_input_axis *input, struct dmumu_axis *axis,
                                     struct dmumu_error *error)
{
    enum dmumu_status status = check_range(root, path, input, error);
    if (status != DMUMU_OK)
        return status;
    status =
        dmumu_axis_range(axis, *input->from, *input->to, (size_t)*input->points, strcmp(input->spacing, "log") == 0);
    if (status != DMUMU_OK)
        return dmumu_error_set(error, status, "out of memory for %s", path);
    if (is_ascending(axis))
        return DMUMU_OK;
    char where[DMUMU_WHERE_SIZE];
    dmumu_origin_text(&axis_member(root, path, "points")->origin, where);
    return dmumu_error_set(error, DMUMU_ERROR_INPUT,
                           "%s: %s.points: '%d' is too many: neighbouring values between %.17g and %.17g coincide",
                           where, path, *input->points, *input->from, *input->to);
}

static enum dmumu_status build_values(const char *path, const struct dmumu_input_axis *input, struct dmumu_axis *axis,
                                      struct dmumu_error *error)
{
    double *values = calloc(input->values_count, sizeof *values);
    if (!values)
        return dmumu_error_set(error, DMUMU_ERROR_MEMORY, "out of memory for %s", path);
    memcpy(values, input->values, input->values_count * sizeof *values);
    const bool log_spaced = input->spacing && strcmp(input->spacing, "log") == 0;
    *axis = (struct dmumu_axis){.n = input->values_count, .values = values, .log_spaced = log_spaced};
    return DMUMU_OK;
}

/* Regions in the order of their enum, whatever order the list has. */
static enum dmumu_status build_region(const struct dmumu_node *root, const struct dmumu_input_axes *input,
                                      struct dmumu_axis *axis, struct dmumu_error *error)
{
    if (input->region_count == 0) {
        char where[DMUMU_WHERE_SIZE];
        dmumu_origin_text(&dmumu_node_at_path(root, "axes.region")->origin, where);
        return dmumu_error_set(error, DMUMU_ERROR_INPUT,
                               "%s: axes.region: the list is empty; it must name disk, halo or both", where);
    }
    const struct dmumu_key *key = dmumu_key_at_path("axes.region");
    bool wanted[DMUMU_N_REGIONS] = {false};
    for (unsigned i = 0; i < input->region_count; i++)
        wanted[dmumu_key_choice(key, input->region[i])] = true;
    axis->values = calloc(input->region_count, sizeof *axis->values);
    if (!axis->values)
        return dmumu_error_set(error, DMUMU_ERROR_MEMORY, "out of memory for axes.region");
    for (int region = 0; region < DMUMU_N_REGIONS; region++)
        if (wanted[region])
            axis->values[axis->n++] = region;
    return DMUMU_OK;
}

static enum dmumu_status missing_axis(const struct dmumu_node *root, const char *path, const char *right,
                                      struct dmumu_error *error)
{
    const struct dmumu_node *axes = dmumu_node_at_path(root, "axes");
    char where[DMUMU_WHERE_SIZE];
    dmumu_origin_text(axes ? &axes->origin : &root->origin, where);
    return dmumu_error_set(error, DMUMU_ERROR_INPUT, "%s: %s is missing; it must be %s", where, path, right);
}

enum dmumu_status dmumu_build_grid(const struct dmumu_node *root, const struct dmumu_input_axes *input, bool need_axes,
                                   struct dmumu_grid *grid, struct dmumu_error *error)
{
    const struct dmumu_input_axis *axes[N_NUMERIC_AXES] = {&input->alfven_mach, &input->beta,
                                                           &input->injection_scale_pc, &input->rigidity_gv};
    enum dmumu_status status = DMUMU_OK;
    if (dmumu_node_at_path(root, "axes.region"))
        status = build_region(root, input, &grid->axis[DMUMU_AXIS_REGION], error);
    else if (need_axes)
        status = missing_axis(root, "axes.region", "a list of some of: disk, halo", error);
    for (int i = 0; i < N_NUMERIC_AXES && status == DMUMU_OK; i++) {
        struct dmumu_axis *axis = &grid->axis[numeric_axes[i].id];
        if (axes[i]->values)
            status = build_values(numeric_axes[i].path, axes[i], axis, error);
        else if (dmumu_node_at_path(root, numeric_axes[i].path))
            status = build_range(root, numeric_axes[i].path, axes[i], axis, error);
        else if (need_axes)
            status = missing_axis(root, numeric_axes[i].path, "{from, to, points, spacing} or {values: [...]}", error);
    }
    return status;
}
