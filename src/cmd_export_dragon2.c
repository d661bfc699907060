/*
 * Export to DRAGON2: the tables of D in halo and disk, and the XML lines that name them.
 *
 * What the customised DRAGON2 of Fornieri et al. 2021 does with a table (GitHub tospines/Customised-DRAGON-versions,
 * diffusion.cc): it reads `p R D` per row, in GeV/c of a proton and cm^2/s, leaves R alone, interpolates D with a cubic
 * spline in linear p, looks up at p A/|Z|, and goes on linearly below the first and above the last row. D of the two
 * zones is blended with 1/2 [1 -+ tanh((|z| - d/2)/w)], d = 1 kpc and w = 0.05 kpc of the code's own.
 */
#include "cmd_export.h"
#include "cmd_numbers.h"
#include "cmd_output.h"

#include "scan/config.h"
#include "scan/config_keys.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char COMMAND[] = "export";
static const char MOMENTUM[] = "0.1:1e6:281"; /* 40 per decade; reaches 3 (A/Z of tritium) times 300 TeV per nucleon */
static const double REFERENCE_GV = 4;         /* where D0_1e28 and Delta are taken, DRAGON2's own */

enum { NAME_SIZE = 160, N_FILES = DMUMU_N_REGIONS + 1, XML = DMUMU_N_REGIONS };

/* One zone. */
struct zone {
    struct dmumu_point point;
    struct dmumu_medium medium;
    double *d_cm2_s;      /* [n] */
    char name[NAME_SIZE]; /* of its table */
};

struct tables {
    const struct dmumu_export *export;
    const struct dmumu_cube *cube;
    size_t n;
    double *rigidity_gv;               /* [n] */
    struct zone zone[DMUMU_N_REGIONS]; /* by enum dmumu_region */
    double reference_gv, reference_d_cm2_s, reference_slope;
};

static int find_points(struct tables *tables)
{
    static const enum dmumu_export_option of_disk[] = {DMUMU_EXPORT_DISK_ALFVEN_MACH, DMUMU_EXPORT_DISK_BETA,
                                                       DMUMU_EXPORT_DISK_INJECTION_SCALE};
    static const enum dmumu_export_option of_halo[] = {DMUMU_EXPORT_ALFVEN_MACH, DMUMU_EXPORT_BETA,
                                                       DMUMU_EXPORT_INJECTION_SCALE};
    const struct dmumu_cube_axis *regions = &dmumu_cube_about(tables->cube)->axis[DMUMU_AXIS_REGION];
    int status = DMUMU_EXIT_OK;
    for (int i = 0; i < DMUMU_N_REGIONS && status == DMUMU_EXIT_OK; i++) {
        const enum dmumu_region region = (enum dmumu_region)i;
        struct dmumu_point *point = &tables->zone[region].point;
        double *values[] = {&point->alfven_mach, &point->beta, &point->injection_scale_pc};
        point->region = region;
        status = dmumu_export_region(tables->export, regions, "--format dragon2", region);
        for (int k = 0; k < 3 && status == DMUMU_EXIT_OK; k++) {
            const bool own = region == DMUMU_DISK && tables->export->text[of_disk[k]];
            status = dmumu_export_coordinate(tables->export, tables->cube, own ? of_disk[k] : of_halo[k],
                                             (enum dmumu_axis_id)((int)DMUMU_AXIS_ALFVEN_MACH + k), values[k]);
        }
    }
    return status;
}

static int find_rigidities(struct tables *tables)
{
    const char *given = tables->export->text[DMUMU_EXPORT_MOMENTUM], *text = given ? given : MOMENTUM;
    const char *option = dmumu_export_option(DMUMU_EXPORT_MOMENTUM);
    if (!strchr(text, ':'))
        return dmumu_cmd_usage(COMMAND, "%s: '%.60s' must be from:to:points, such as 0.1:1e6:281", option, text);
    const int status = dmumu_numbers_range(COMMAND, option, text, dmumu_key_at_path("axes.rigidity_gv.from"),
                                           &tables->n, &tables->rigidity_gv);
    if (status != DMUMU_EXIT_OK)
        return status;
    if (tables->n < 3)
        return dmumu_cmd_usage(COMMAND, "%s: '%s' points; a cubic spline wants at least 3", option, text);
    return dmumu_export_reach(tables->export, &dmumu_cube_about(tables->cube)->axis[DMUMU_AXIS_RIGIDITY],
                              DMUMU_EXPORT_MOMENTUM, tables->rigidity_gv[0], tables->rigidity_gv[tables->n - 1]);
}

/* B, for R = r_L/L, and x_c, for the name, from the configuration that the cube carries. */
static int find_media(struct tables *tables)
{
    struct dmumu_config config = {0};
    struct dmumu_error error = {0};
    enum dmumu_status status = dmumu_config_read_text(dmumu_cube_about(tables->cube)->configuration,
                                                      "the cube's configuration", false, &config, &error);
    for (int i = 0; i < DMUMU_N_REGIONS && status == DMUMU_OK; i++)
        status = dmumu_medium_of_point(&config.model, &tables->zone[i].point, &tables->zone[i].medium, &error);
    dmumu_config_free(&config);
    return status == DMUMU_OK ? DMUMU_EXIT_OK
                              : dmumu_cmd_failed(COMMAND, "%.200s: %s", tables->export->path, error.message);
}

/* The names that the tables of Fornieri et al. 2021 have. The disk's says x_c where it has one, and not beta. */
static void find_names(struct tables *tables)
{
    const struct zone *halo = &tables->zone[DMUMU_HALO], *disk = &tables->zone[DMUMU_DISK];
    const double scale_pc = halo->point.injection_scale_pc;
    snprintf(tables->zone[DMUMU_HALO].name, NAME_SIZE, "D_Halo_Lhalo%.9g%s_MA%.9g_beta%.9g.txt", scale_pc,
             scale_pc == floor(scale_pc) ? ".0" : "", halo->point.alfven_mach, halo->point.beta);
    char last[64];
    if (isnan(disk->medium.x_c))
        snprintf(last, sizeof last, "beta%.9g", disk->point.beta);
    else
        snprintf(last, sizeof last, "xc%.0f", disk->medium.x_c);
    snprintf(tables->zone[DMUMU_DISK].name, NAME_SIZE, "D_disk_Ldisk%.9g_MA%.9g_%s.txt", disk->point.injection_scale_pc,
             disk->point.alfven_mach, last);
}

static int compute(struct tables *tables)
{
    int status = DMUMU_EXIT_OK;
    for (int i = 0; i < DMUMU_N_REGIONS && status == DMUMU_EXIT_OK; i++) {
        struct zone *zone = &tables->zone[i];
        zone->d_cm2_s = calloc(tables->n, sizeof *zone->d_cm2_s);
        status = zone->d_cm2_s ? dmumu_export_curve(tables->export, tables->cube, DMUMU_EXPORT_MOMENTUM, &zone->point,
                                                    tables->n, tables->rigidity_gv, zone->d_cm2_s)
                               : dmumu_cmd_failed(COMMAND, "out of memory");
    }
    return status;
}

/* D and its slope in the halo at DRAGON2's reference, or at the nearest end of the table. */
static int find_reference(struct tables *tables)
{
    const struct dmumu_point *point = &tables->zone[DMUMU_HALO].point;
    const int32_t region = (int32_t)point->region;
    struct dmumu_error error = {0};
    double gradient[1][DMUMU_N_GRADIENT];
    tables->reference_gv = fmin(fmax(REFERENCE_GV, tables->rigidity_gv[0]), tables->rigidity_gv[tables->n - 1]);
    const struct dmumu_cube_points points = {.n = 1,
                                             .region = &region,
                                             .alfven_mach = &point->alfven_mach,
                                             .beta = &point->beta,
                                             .injection_scale_pc = &point->injection_scale_pc,
                                             .rigidity_gv = &tables->reference_gv};
    if (dmumu_cube_gradient(tables->cube, &points, &tables->reference_d_cm2_s, gradient, &error) != DMUMU_OK)
        return dmumu_export_complain(&error);
    tables->reference_slope = gradient[0][DMUMU_AXIS_RIGIDITY - 1];
    return DMUMU_EXIT_OK;
}

static void write_table(const struct tables *tables, const struct zone *zone, FILE *out)
{
    for (size_t i = 0; i < tables->n; i++) {
        const double rigidity_gv = tables->rigidity_gv[i];
        const double larmor_pc = dmumu_larmor_radius_pc(rigidity_gv, zone->medium.magnetic_field_ug);
        fprintf(out, "%.18e %.18e %.18e\n", rigidity_gv, larmor_pc / zone->point.injection_scale_pc, zone->d_cm2_s[i]);
    }
}

static void write_zone(const struct zone *zone, const char *name, FILE *out)
{
    fprintf(out, "       %s: M_A %.9g, beta %.9g, L %.9g pc\n", name, zone->point.alfven_mach, zone->point.beta,
            zone->point.injection_scale_pc);
}

static void write_xml(const struct tables *tables, FILE *out)
{
    const struct dmumu_cube_axis *axis = &dmumu_cube_about(tables->cube)->axis[DMUMU_AXIS_RIGIDITY];
    const double first_gv = tables->rigidity_gv[0], last_gv = tables->rigidity_gv[tables->n - 1];
    char hash[DMUMU_EXPORT_HASH];
    dmumu_export_hash(dmumu_cube_about(tables->cube)->physics_hash, hash);
    fprintf(out, "<!-- D(R) by dmumu %s, physics_hash %s. Paste into <Galaxy>; the tables go into DRAGON2's data/.\n",
            DMUMU_VERSION, hash);
    write_zone(&tables->zone[DMUMU_HALO], "halo", out);
    write_zone(&tables->zone[DMUMU_DISK], "disk", out);
    fprintf(out, "       rows: %zu, p %.9g to %.9g GV; p A/Z of the run must stay within them\n", tables->n, first_gv,
            last_gv);
    if (first_gv < axis->values[0] * (1 - 1e-12) || last_gv > axis->values[axis->n - 1] * (1 + 1e-12))
        fprintf(out, "       beyond %.9g to %.9g GV, the rigidities of the cube, D goes on as a power law\n",
                axis->values[0], axis->values[axis->n - 1]);
    fputs("-->\n<Diffusion type=\"Constant\">\n  <VariableDelta />\n  <TwoZone />\n  <Diff_table />\n", out);
    fprintf(out, "  <normHalo value=\"1.\" />\n  <Halo_table value=\"data/%s\" />\n", tables->zone[DMUMU_HALO].name);
    fprintf(out, "  <normDisk value=\"1.\" />\n  <Disk_table value=\"data/%s\" />\n", tables->zone[DMUMU_DISK].name);
    fprintf(out, "  <!-- D comes from the tables; this is D of the halo at DiffRefRig and its slope there -->\n");
    fprintf(out, "  <D0_1e28 value=\"%.6g\" />\n  <DiffRefRig value=\"%.6g\" />\n  <Delta value=\"%.4f\" />\n",
            tables->reference_d_cm2_s / 1e28, tables->reference_gv, tables->reference_slope);
    fputs("  <zt value=\"4\" />\n  <etaT value=\"0\" />\n"
          "  <!-- with tables, the code has 0.05 kpc and 1 kpc of its own for these two -->\n"
          "  <L_connecting value=\"0.050\" />\n  <disk_size value=\"1.\" />\n</Diffusion>\n",
          out);
}

/* "FOLDER/NAME", the caller's to free. */
static char *join(const char *folder, const char *name)
{
    const size_t size = strlen(folder) + strlen(name) + 2;
    char *path = malloc(size);
    if (path)
        snprintf(path, size, "%s/%s", folder, name);
    return path;
}

/* Open all before any is written, so that one in the way is known early. `open`: how many are. */
static int open_files(const struct tables *tables, const char *const names[static N_FILES], char *path[static N_FILES],
                      struct dmumu_output output[static N_FILES], int *open)
{
    int status = DMUMU_EXIT_OK;
    for (*open = 0; *open < N_FILES; (*open)++) {
        path[*open] = join(tables->export->text[DMUMU_EXPORT_OUTPUT], names[*open]);
        if (!path[*open])
            return dmumu_cmd_failed(COMMAND, "out of memory");
        status = dmumu_output_open(COMMAND, path[*open], tables->export->overwrite, &output[*open]);
        if (status != DMUMU_EXIT_OK)
            return status;
    }
    return status;
}

static int write_files(const struct tables *tables)
{
    const char *const names[N_FILES] = {[DMUMU_DISK] = tables->zone[DMUMU_DISK].name,
                                        [DMUMU_HALO] = tables->zone[DMUMU_HALO].name,
                                        [XML] = "dragon2.xml"};
    char *path[N_FILES] = {NULL};
    struct dmumu_output output[N_FILES] = {{NULL, NULL, NULL}};
    int open = 0, status = open_files(tables, names, path, output, &open);
    if (status == DMUMU_EXIT_OK) {
        write_table(tables, &tables->zone[DMUMU_DISK], output[DMUMU_DISK].file);
        write_table(tables, &tables->zone[DMUMU_HALO], output[DMUMU_HALO].file);
        write_xml(tables, output[XML].file);
    }
    for (int i = 0; i < open; i++) {
        if (status == DMUMU_EXIT_OK)
            status = dmumu_output_commit(COMMAND, &output[i]);
        else
            dmumu_output_discard(&output[i]);
    }
    for (int i = 0; i < N_FILES; i++)
        free(path[i]);
    return status;
}

/* The folder is made if it is not there, and goes again if nothing came into it. */
static int write_folder(const struct tables *tables)
{
    const char *folder = tables->export->text[DMUMU_EXPORT_OUTPUT];
    struct stat found;
    const bool made = mkdir(folder, 0777) == 0;
    const int cause = made ? 0 : errno;
    if (!made && cause != EEXIST)
        return dmumu_cmd_usage(COMMAND, "--output: the folder '%.200s' cannot be made: %s", folder, strerror(cause));
    if (stat(folder, &found) != 0 || !S_ISDIR(found.st_mode))
        return dmumu_cmd_usage(COMMAND, "--output: '%.200s' is not a folder; for --format dragon2 it must be one",
                               folder);
    const int status = write_files(tables);
    if (status != DMUMU_EXIT_OK && made)
        (void)rmdir(folder);
    return status;
}

int dmumu_export_dragon2(const struct dmumu_export *export)
{
    struct tables tables = {.export = export};
    struct dmumu_cube *cube = NULL;
    int status = dmumu_export_open(export, &cube);
    tables.cube = cube;
    if (status == DMUMU_EXIT_OK)
        status = find_points(&tables);
    if (status == DMUMU_EXIT_OK)
        status = find_rigidities(&tables);
    if (status == DMUMU_EXIT_OK)
        status = find_media(&tables);
    if (status == DMUMU_EXIT_OK)
        status = compute(&tables);
    if (status == DMUMU_EXIT_OK)
        status = find_reference(&tables);
    if (status == DMUMU_EXIT_OK) {
        find_names(&tables);
        status = write_folder(&tables);
    }
    if (status == DMUMU_EXIT_OK) {
        write_xml(&tables, stdout);
        status = dmumu_cmd_flush(COMMAND, status);
    }
    for (int i = 0; i < DMUMU_N_REGIONS; i++)
        free(tables.zone[i].d_cm2_s);
    free(tables.rigidity_gv);
    dmumu_cube_close(cube);
    return status;
}
