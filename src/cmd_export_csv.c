/*
 * Export to CSV: one value per line, of all nodes or of chosen points. A point that is a node has the node's own value,
 * estimated error and quality; any other is interpolated, and says so.
 */
#include "cmd_export_nodes.h"
#include "cmd_output.h"

#include "scan/config_keys.h"
#include "scan/config_scalar.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static const char COMMAND[] = "export";

/* The points, as the product of five lists in the order of the cube's axes. */
struct points {
    const struct dmumu_export_nodes *nodes;
    const struct dmumu_cube *cube; /* NULL: every point is a node */
    size_t n[DMUMU_N_AXES];
    double *values[DMUMU_N_AXES]; /* [n] owned */
    size_t *node[DMUMU_N_AXES];   /* [n] owned: which node each is, or SIZE_MAX */
    double *d_cm2_s;              /* [n of rigidities] owned */
};

static void points_free(struct points *points)
{
    for (int i = 0; i < DMUMU_N_AXES; i++) {
        free(points->values[i]);
        free(points->node[i]);
    }
    free(points->d_cm2_s);
}

static struct dmumu_cube_axis axis_of(const struct points *points, int axis)
{
    const struct dmumu_axis *found = &points->nodes->grid.axis[axis];
    return (struct dmumu_cube_axis){found->n, found->values, found->log_spaced};
}

/* One word of a comma list of regions. */
static int add_region(const struct dmumu_export *export, const char *text, size_t size, struct points *points)
{
    const struct dmumu_cube_axis axis = axis_of(points, DMUMU_AXIS_REGION);
    char word[32];
    snprintf(word, sizeof word, "%.*s", (int)(size < sizeof word ? size : sizeof word - 1), text);
    const int choice = dmumu_key_choice(dmumu_key_at_path("axes.region"), word);
    size_t *n = &points->n[DMUMU_AXIS_REGION];
    if (choice < 0 || size >= sizeof word)
        return dmumu_cmd_usage(COMMAND, "--region: '%.60s' is unknown; it must be one of: disk, halo", text);
    for (size_t i = 0; i < *n; i++)
        if ((int)points->values[DMUMU_AXIS_REGION][i] == choice)
            return dmumu_cmd_usage(COMMAND, "--region: '%s' is there twice", word);
    points->values[DMUMU_AXIS_REGION][(*n)++] = choice;
    return dmumu_export_region(export, &axis, "--region", (enum dmumu_region)choice);
}

static int find_regions(const struct dmumu_export *export, struct points *points)
{
    const struct dmumu_cube_axis axis = axis_of(points, DMUMU_AXIS_REGION);
    const char *text = export->text[DMUMU_EXPORT_REGION];
    points->values[DMUMU_AXIS_REGION] = calloc(DMUMU_N_REGIONS, sizeof(double));
    if (!points->values[DMUMU_AXIS_REGION])
        return dmumu_cmd_failed(COMMAND, "out of memory");
    if (!text) {
        points->n[DMUMU_AXIS_REGION] = axis.n;
        memcpy(points->values[DMUMU_AXIS_REGION], axis.values, axis.n * sizeof *axis.values);
        return DMUMU_EXIT_OK;
    }
    int status = DMUMU_EXIT_OK;
    for (const char *next = text; status == DMUMU_EXIT_OK && next;) {
        const size_t size = strcspn(next, ",");
        status = add_region(export, next, size, points);
        next = next[size] ? next + size + 1 : NULL;
    }
    return status;
}

static size_t node_of(const struct dmumu_axis *axis, double value)
{
    for (size_t i = 0; i < axis->n; i++)
        if (axis->values[i] == value)
            return i;
    return SIZE_MAX;
}

/* Which of the values are nodes. */
static int find_nodes(struct points *points, int axis)
{
    points->node[axis] = calloc(points->n[axis], sizeof *points->node[axis]);
    if (!points->node[axis])
        return dmumu_cmd_failed(COMMAND, "out of memory");
    for (size_t i = 0; i < points->n[axis]; i++)
        points->node[axis][i] = node_of(&points->nodes->grid.axis[axis], points->values[axis][i]);
    return DMUMU_EXIT_OK;
}

static int find_points(const struct dmumu_export *export, struct points *points)
{
    static const enum dmumu_export_option options[DMUMU_N_AXES] = {
        [DMUMU_AXIS_REGION] = DMUMU_EXPORT_REGION,     [DMUMU_AXIS_ALFVEN_MACH] = DMUMU_EXPORT_ALFVEN_MACH,
        [DMUMU_AXIS_BETA] = DMUMU_EXPORT_BETA,         [DMUMU_AXIS_INJECTION_SCALE] = DMUMU_EXPORT_INJECTION_SCALE,
        [DMUMU_AXIS_RIGIDITY] = DMUMU_EXPORT_RIGIDITY,
    };
    int status = find_regions(export, points);
    for (int i = DMUMU_AXIS_ALFVEN_MACH; status == DMUMU_EXIT_OK && i < DMUMU_N_AXES; i++) {
        const struct dmumu_cube_axis axis = axis_of(points, i);
        status = dmumu_export_coordinates(export, &axis, options[i], (enum dmumu_axis_id)i, &points->n[i],
                                          &points->values[i]);
    }
    for (int i = 0; status == DMUMU_EXIT_OK && i < DMUMU_N_AXES; i++)
        status = find_nodes(points, i);
    if (status == DMUMU_EXIT_OK) {
        points->d_cm2_s = calloc(points->n[DMUMU_AXIS_RIGIDITY], sizeof *points->d_cm2_s);
        status = points->d_cm2_s ? status : dmumu_cmd_failed(COMMAND, "out of memory");
    }
    return status;
}

/* The shortest text that reads back as the same number. */
static void write_number(double value, FILE *out)
{
    char text[DMUMU_SCALAR_DIGITS];
    dmumu_scalar_format(text, value);
    fprintf(out, "%s,", isnan(value) ? "nan" : text);
}

static void write_value(const struct points *points, const struct dmumu_point *point, size_t curve, size_t k, FILE *out)
{
    const struct dmumu_export_nodes *nodes = points->nodes;
    const size_t node = points->node[DMUMU_AXIS_RIGIDITY][k];
    fprintf(out, "%s,", dmumu_region_name(point->region));
    write_number(point->alfven_mach, out);
    write_number(point->beta, out);
    write_number(point->injection_scale_pc, out);
    write_number(points->values[DMUMU_AXIS_RIGIDITY][k], out);
    if (curve != SIZE_MAX && node != SIZE_MAX) {
        const size_t at = curve * nodes->n_rigidity + node;
        const char *quality = dmumu_quality_name((enum dmumu_quality)nodes->quality[at]);
        write_number(nodes->d_cm2_s[at], out);
        fprintf(out, "%.4g,%s\n", (double)nodes->rel_error[at], quality ? quality : "unknown");
    } else {
        write_number(points->d_cm2_s[k], out);
        fprintf(out, "nan,%s\n", isnan(points->d_cm2_s[k]) ? "no_value" : "interpolated");
    }
}

/* The curve that these four are nodes of, or SIZE_MAX. */
static size_t curve_of(const struct points *points, const size_t index[4])
{
    size_t curve = 0;
    for (int i = 0; i < DMUMU_AXIS_RIGIDITY; i++) {
        const size_t node = points->node[i][index[i]];
        if (node == SIZE_MAX)
            return SIZE_MAX;
        curve = curve * points->nodes->grid.axis[i].n + node;
    }
    return curve;
}

static int write_curve(const struct points *points, const size_t index[4], FILE *out)
{
    const struct dmumu_point point = {
        (enum dmumu_region)points->values[DMUMU_AXIS_REGION][index[DMUMU_AXIS_REGION]],
        points->values[DMUMU_AXIS_ALFVEN_MACH][index[DMUMU_AXIS_ALFVEN_MACH]],
        points->values[DMUMU_AXIS_BETA][index[DMUMU_AXIS_BETA]],
        points->values[DMUMU_AXIS_INJECTION_SCALE][index[DMUMU_AXIS_INJECTION_SCALE]],
    };
    const size_t curve = curve_of(points, index), n = points->n[DMUMU_AXIS_RIGIDITY];
    struct dmumu_error error = {0};
    if (points->cube && dmumu_cube_eval(points->cube, &point, n, points->values[DMUMU_AXIS_RIGIDITY], points->d_cm2_s,
                                        &error) != DMUMU_OK)
        return dmumu_export_complain(&error);
    for (size_t k = 0; k < n; k++)
        write_value(points, &point, curve, k, out);
    return DMUMU_EXIT_OK;
}

static int write_all(const struct points *points, FILE *out)
{
    int status = DMUMU_EXIT_OK;
    size_t i[4];
    fputs("region,alfven_mach,beta,injection_scale_pc,rigidity_gv,D_cm2_s,rel_error,quality\n", out);
    for (i[0] = 0; i[0] < points->n[0]; i[0]++)
        for (i[1] = 0; i[1] < points->n[1]; i[1]++)
            for (i[2] = 0; i[2] < points->n[2]; i[2]++)
                for (i[3] = 0; status == DMUMU_EXIT_OK && i[3] < points->n[3]; i[3]++)
                    status = write_curve(points, i, out);
    return status;
}

static int answer(const struct dmumu_export *export, const struct points *points)
{
    struct dmumu_output output;
    int status = dmumu_output_open(COMMAND, export->text[DMUMU_EXPORT_OUTPUT], export->overwrite, &output);
    if (status != DMUMU_EXIT_OK)
        return status;
    status = write_all(points, output.file);
    if (status == DMUMU_EXIT_OK)
        return dmumu_output_commit(COMMAND, &output);
    dmumu_output_discard(&output);
    return status;
}

/* Is any value not a node? Then it takes a look-up. */
static bool needs_cube(const struct points *points)
{
    for (int i = 0; i < DMUMU_N_AXES; i++)
        for (size_t k = 0; k < points->n[i]; k++)
            if (points->node[i][k] == SIZE_MAX)
                return true;
    return false;
}

int dmumu_export_csv(const struct dmumu_export *export)
{
    struct dmumu_export_nodes nodes;
    struct points points = {.nodes = &nodes};
    struct dmumu_cube *cube = NULL;
    int status = dmumu_export_nodes_read(export, &nodes);
    if (status == DMUMU_EXIT_OK)
        status = find_points(export, &points);
    if (status == DMUMU_EXIT_OK && needs_cube(&points))
        status = dmumu_export_open(export, &cube);
    points.cube = cube;
    if (status == DMUMU_EXIT_OK)
        status = answer(export, &points);
    points_free(&points);
    dmumu_cube_close(cube);
    dmumu_export_nodes_free(&nodes);
    return status;
}
