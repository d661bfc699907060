/* Export, points: from options to coordinates of the cube, and from coordinates to D. */
#include "cmd_export.h"

#include "cmd_numbers.h"
#include "scan/config_keys.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char COMMAND[] = "export";
static const double ROUNDING =
    1e-12; /* of a value that is at the end of an axis but for rounding, as the look-up has it */

int dmumu_export_complain(const struct dmumu_error *error)
{
    return error->status == DMUMU_ERROR_ARGUMENT ? dmumu_cmd_usage(COMMAND, "%s", error->message)
                                                 : dmumu_cmd_failed(COMMAND, "%s", error->message);
}

void dmumu_export_hash(const char *hash, char digits[static DMUMU_EXPORT_HASH])
{
    size_t n = 0;
    for (; *hash && n + 1 < DMUMU_EXPORT_HASH; hash++)
        if (strchr("0123456789abcdef", *hash))
            digits[n++] = *hash;
    digits[n] = '\0';
}

static int find_outside(const struct dmumu_export *export, enum dmumu_outside *outside)
{
    const char *text = export->text[DMUMU_EXPORT_OUTSIDE];
    *outside = DMUMU_OUTSIDE_ERROR;
    if (!text || strcmp(text, "error") == 0)
        return DMUMU_EXIT_OK;
    if (strcmp(text, "power_law") != 0)
        return dmumu_cmd_usage(COMMAND, "--outside: '%.60s' is unknown; it must be one of: error, power_law", text);
    *outside = DMUMU_OUTSIDE_POWER_LAW;
    return DMUMU_EXIT_OK;
}

int dmumu_export_open(const struct dmumu_export *export, struct dmumu_cube **cube)
{
    struct dmumu_cube_options options;
    struct dmumu_error error = {0};
    *cube = NULL;
    dmumu_cube_options_default(&options);
    options.guard = true;
    const int status = find_outside(export, &options.outside[DMUMU_AXIS_RIGIDITY]);
    if (status != DMUMU_EXIT_OK)
        return status;
    return dmumu_cube_open(export->path, &options, cube, &error) == DMUMU_OK ? DMUMU_EXIT_OK
                                                                             : dmumu_export_complain(&error);
}

static const struct dmumu_key *key_of(enum dmumu_axis_id axis)
{
    static const char *const paths[DMUMU_N_AXES] = {
        [DMUMU_AXIS_ALFVEN_MACH] = "axes.alfven_mach.from",
        [DMUMU_AXIS_BETA] = "axes.beta.from",
        [DMUMU_AXIS_INJECTION_SCALE] = "axes.injection_scale_pc.from",
        [DMUMU_AXIS_RIGIDITY] = "axes.rigidity_gv.from",
    };
    return dmumu_key_at_path(paths[axis]);
}

static bool is_within(const struct dmumu_cube_axis *axis, double value)
{
    return value >= axis->values[0] * (1 - ROUNDING) && value <= axis->values[axis->n - 1] * (1 + ROUNDING);
}

static int outside_of_cube(const struct dmumu_export *export, const struct dmumu_cube_axis *axis,
                           enum dmumu_export_option option, double value)
{
    const double first = axis->values[0], last = axis->values[axis->n - 1];
    return axis->n == 1 ? dmumu_cmd_usage(COMMAND, "%s: %.9g is outside of %.200s, which has %.9g alone",
                                          dmumu_export_option(option), value, export->path, first)
                        : dmumu_cmd_usage(COMMAND, "%s: %.9g is outside of %.200s, which has %.9g to %.9g",
                                          dmumu_export_option(option), value, export->path, first, last);
}

int dmumu_export_coordinate(const struct dmumu_export *export, const struct dmumu_cube *cube,
                            enum dmumu_export_option option, enum dmumu_axis_id id, double *value)
{
    const struct dmumu_cube_axis *axis = &dmumu_cube_about(cube)->axis[id];
    const char *text = export->text[option], *name = dmumu_export_option(option);
    if (!text && axis->n == 1) {
        *value = axis->values[0];
        return DMUMU_EXIT_OK;
    }
    if (!text)
        return dmumu_cmd_usage(COMMAND, "%s is missing; %.200s has %zu values from %.9g to %.9g", name, export->path,
                               axis->n, axis->values[0], axis->values[axis->n - 1]);
    const int status = dmumu_numbers_one(COMMAND, name, text, strlen(text), key_of(id), value);
    if (status == DMUMU_EXIT_OK && !is_within(axis, *value))
        return outside_of_cube(export, axis, option, *value);
    return status;
}

int dmumu_export_coordinates(const struct dmumu_export *export, const struct dmumu_cube_axis *axis,
                             enum dmumu_export_option option, enum dmumu_axis_id id, size_t *n, double **values)
{
    const char *text = export->text[option], *name = dmumu_export_option(option);
    if (!text) {
        *n = axis->n;
        *values = malloc(axis->n * sizeof **values);
        if (!*values)
            return dmumu_cmd_failed(COMMAND, "out of memory");
        memcpy(*values, axis->values, axis->n * sizeof **values);
        return DMUMU_EXIT_OK;
    }
    const bool range = id == DMUMU_AXIS_RIGIDITY && strchr(text, ':');
    int status = range ? dmumu_numbers_range(COMMAND, name, text, key_of(id), n, values)
                       : dmumu_numbers_list(COMMAND, name, text, key_of(id), n, values);
    if (id == DMUMU_AXIS_RIGIDITY && status == DMUMU_EXIT_OK)
        return dmumu_export_reach(export, axis, option, (*values)[0], (*values)[*n - 1]);
    for (size_t i = 0; status == DMUMU_EXIT_OK && i < *n; i++)
        if (!is_within(axis, (*values)[i]))
            status = outside_of_cube(export, axis, option, (*values)[i]);
    return status;
}

int dmumu_export_region(const struct dmumu_export *export, const struct dmumu_cube_axis *axis, const char *option,
                        enum dmumu_region region)
{
    for (size_t i = 0; i < axis->n; i++)
        if ((int)axis->values[i] == (int)region)
            return DMUMU_EXIT_OK;
    return dmumu_cmd_usage(COMMAND, "%s: there is no %s in %.200s, which has %s alone", option,
                           dmumu_region_name(region), export->path,
                           dmumu_region_name((enum dmumu_region)axis->values[0]));
}

static int find_region(const struct dmumu_export *export, const struct dmumu_cube_axis *axis, enum dmumu_region *region)
{
    const char *text = export->text[DMUMU_EXPORT_REGION];
    if (!text && axis->n == 1) {
        *region = (enum dmumu_region)axis->values[0];
        return DMUMU_EXIT_OK;
    }
    if (!text)
        return dmumu_cmd_usage(COMMAND, "--region is missing; it must be one of: disk, halo");
    const int choice = dmumu_key_choice(dmumu_key_at_path("axes.region"), text);
    if (choice < 0)
        return dmumu_cmd_usage(COMMAND, "--region: '%.60s' is unknown; it must be one of: disk, halo", text);
    *region = (enum dmumu_region)choice;
    return dmumu_export_region(export, axis, "--region", *region);
}

int dmumu_export_point(const struct dmumu_export *export, const struct dmumu_cube *cube, struct dmumu_point *point)
{
    int status = find_region(export, &dmumu_cube_about(cube)->axis[DMUMU_AXIS_REGION], &point->region);
    if (status == DMUMU_EXIT_OK)
        status = dmumu_export_coordinate(export, cube, DMUMU_EXPORT_ALFVEN_MACH, DMUMU_AXIS_ALFVEN_MACH,
                                         &point->alfven_mach);
    if (status == DMUMU_EXIT_OK)
        status = dmumu_export_coordinate(export, cube, DMUMU_EXPORT_BETA, DMUMU_AXIS_BETA, &point->beta);
    if (status == DMUMU_EXIT_OK)
        status = dmumu_export_coordinate(export, cube, DMUMU_EXPORT_INJECTION_SCALE, DMUMU_AXIS_INJECTION_SCALE,
                                         &point->injection_scale_pc);
    return status;
}

int dmumu_export_reach(const struct dmumu_export *export, const struct dmumu_cube_axis *axis,
                       enum dmumu_export_option option, double from_gv, double to_gv)
{
    enum dmumu_outside outside;
    const int status = find_outside(export, &outside);
    if (status != DMUMU_EXIT_OK || outside != DMUMU_OUTSIDE_ERROR)
        return status;
    if (is_within(axis, from_gv) && is_within(axis, to_gv))
        return DMUMU_EXIT_OK;
    return dmumu_cmd_usage(COMMAND,
                           "%s: %.9g to %.9g GV%s reaches beyond the rigidities of %.200s, %.9g to %.9g GV; choose "
                           "within them, or say --outside power_law to go on with the slope at their end",
                           dmumu_export_option(option), from_gv, to_gv, export->text[option] ? "" : ", the default,",
                           export->path, axis->values[0], axis->values[axis->n - 1]);
}

int dmumu_export_curve(const struct dmumu_export *export, const struct dmumu_cube *cube,
                       enum dmumu_export_option option, const struct dmumu_point *point, size_t n,
                       const double rigidity_gv[], double d_cm2_s[])
{
    struct dmumu_error error = {0};
    if (dmumu_cube_eval(cube, point, n, rigidity_gv, d_cm2_s, &error) != DMUMU_OK)
        return dmumu_export_complain(&error);
    for (size_t i = 0; i < n; i++)
        if (isnan(d_cm2_s[i]))
            return dmumu_cmd_failed(COMMAND,
                                    "%.200s has no D of the %s at %.9g GV (M_A %.9g, beta %.9g, L %.9g pc): not "
                                    "confined, or failed; choose other rigidities with %s, or another medium",
                                    export->path, dmumu_region_name(point->region), rigidity_gv[i], point->alfven_mach,
                                    point->beta, point->injection_scale_pc, dmumu_export_option(option));
    return DMUMU_EXIT_OK;
}
