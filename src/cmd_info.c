/* dmumu info: one page on what a cube holds. Works on a finished cube and on the .part of a scan that runs or died. */
#include "cmd.h"

#include "core/error.h"
#include "cube/guard.h"
#include "cube/read.h"
#include "cube/refinement.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static const char help[] =
    "Usage: dmumu info CUBE.h5 [options]\n"
    "\n"
    "Print what a cube holds: axes, how much of it is done, the range of each variable, how many values have which\n"
    "quality, how right look-ups are if that was measured, the configuration, and where it comes from. CUBE.h5.part, "
    "of a scan that runs or was interrupted, is "
    "read\n"
    "too. Damage is an error: each point that is done is compared with the checksum that was written with it.\n"
    "\n"
    "      --verify   compute data_hash from the values again and compare\n"
    "      --help     this text\n"
    "\n"
    "Exit status: 0 done, 1 the file cannot be read, is not a cube or fails --verify, 2 bad usage.\n";

struct arguments {
    const char *path;
    bool verify, help;
};

enum { OPTION_VERIFY = 256, OPTION_HELP };

static int parse_arguments(int argc, char **argv, struct arguments *arguments)
{
    static const struct option long_options[] = {
        {"verify", no_argument, NULL, OPTION_VERIFY}, {"help", no_argument, NULL, OPTION_HELP}, {NULL, 0, NULL, 0}};
    int option = 0;
    opterr = 0;
    optind = 1;
    while ((option = getopt_long(argc, argv, ":", long_options, NULL)) != -1) {
        switch (option) {
        case OPTION_VERIFY:
            arguments->verify = true;
            break;
        case OPTION_HELP:
            arguments->help = true;
            break;
        default:
            (void)dmumu_cmd_bad_option("info", option, argv, long_options);
            return DMUMU_EXIT_USAGE;
        }
    }
    if (arguments->help) {
        return DMUMU_EXIT_OK;
    }
    if (optind == argc) {
        (void)dmumu_cmd_usage("info", "a cube is wanted");
        return DMUMU_EXIT_USAGE;
    }
    if (argc - optind > 1) {
        (void)dmumu_cmd_usage("info", "one cube is wanted, and '%s' is a second", argv[optind + 1]);
        return DMUMU_EXIT_USAGE;
    }
    arguments->path = argv[optind];
    return DMUMU_EXIT_OK;
}

/* Print the character at `text`, a tab or the end of a line as a blank; returns the next. */
static const char *print_next(const char *text)
{
    if (*text != '\n' && *text != '\t') {
        return dmumu_cmd_print_next(stdout, text);
    }
    putchar(' ');
    return text + 1;
}

/* A text in one line. */
static void print_line(const char *text)
{
    while (*text != '\0') {
        text = print_next(text);
    }
    putchar('\n');
}

/* A text in its own lines, indented. */
static void print_block(const char *text)
{
    bool at_start = true;
    while (*text != '\0') {
        if (at_start && *text != '\n') {
            fputs("  ", stdout);
        }
        at_start = *text == '\n';
        if (at_start) {
            putchar(*text++);
        } else {
            text = print_next(text);
        }
    }
    if (!at_start) {
        putchar('\n');
    }
}

static const char *units_of(const struct dmumu_cube_field *field)
{
    return strcmp(field->units, "1") == 0 ? "" : field->units;
}

static void print_head(const char *path, const struct dmumu_cube_info *info)
{
    const char *title = dmumu_cube_info_attribute(info, "title");
    const uint64_t n_rigidity = info->axis[DMUMU_CUBE_N_AXES - 1].n;
    const double percent = 100.0 * (double)info->n_done / (double)info->n_curves;
    print_line(path);
    if (title != NULL && title[0] != '\0') {
        fputs("  ", stdout);
        print_line(title);
    }
    printf("  %s: %" PRIu64 " of %" PRIu64 " curves done (%.1f %%), %" PRIu64 " rigidities each\n",
           info->finished ? "complete" : "not complete", info->n_done, info->n_curves, percent, n_rigidity);
    printf("  %.2f MB; %.4g thread-seconds of computing\n", 1e-6 * (double)info->bytes,
           info->range[DMUMU_CUBE_COST].sum);
}

/* Do the values step evenly, in the logarithm or not, to a part in 1e9? */
static bool is_even(const struct dmumu_cube_info_axis *axis)
{
    const bool in_log = axis->log_spaced && axis->values[0] > 0.0;
    const double first = in_log ? log(axis->values[0]) : axis->values[0];
    const double last = in_log ? log(axis->values[axis->n - 1]) : axis->values[axis->n - 1];
    const double step = (last - first) / (double)(axis->n - 1);
    for (size_t i = 0; i < axis->n; i++) {
        const double value = in_log ? log(axis->values[i]) : axis->values[i];
        if (!(fabs(value - first - step * (double)i) <= 1e-9 * (fabs(first) + fabs(last)))) {
            return false;
        }
    }
    return true;
}

static void print_axes(const struct dmumu_cube_info *info)
{
    printf("\nAxes\n");
    for (int i = 0; i < DMUMU_CUBE_N_AXES; i++) {
        const struct dmumu_cube_field *field = dmumu_cube_axis_field(i);
        const struct dmumu_cube_info_axis *axis = &info->axis[i];
        printf("  %-15s %6zu  ", field->name, axis->n);
        for (size_t k = 0; field->flags != DMUMU_CUBE_FLAGS_NONE && k < axis->n; k++) {
            printf("%s%s", k > 0 ? ", " : "", dmumu_cube_flag_name(field->flags, (unsigned)axis->values[k]));
        }
        if (field->flags == DMUMU_CUBE_FLAGS_NONE && axis->n == 1) {
            printf("%.6g %s", axis->values[0], units_of(field));
        } else if (field->flags == DMUMU_CUBE_FLAGS_NONE) {
            char range[64];
            snprintf(range, sizeof range, "%.6g to %.6g %s", axis->values[0], axis->values[axis->n - 1],
                     units_of(field));
            printf("%-26s %s", range, !is_even(axis) ? "listed" : axis->log_spaced ? "log" : "linear");
        }
        putchar('\n');
    }
}

static void print_quality(const struct dmumu_cube_info *info)
{
    uint64_t total = info->n_unknown_quality;
    for (int i = 0; i < DMUMU_N_QUALITIES; i++) {
        total += info->quality[i];
    }
    printf("\nQuality of D%25s\n", "values");
    for (int i = 0; i < DMUMU_N_QUALITIES; i++) {
        printf("  %-15s %18" PRIu64 "  %6.2f %%\n", dmumu_quality_name((enum dmumu_quality)i), info->quality[i],
               total > 0 ? 100.0 * (double)info->quality[i] / (double)total : 0.0);
    }
    if (info->n_unknown_quality > 0) {
        printf("  %-15s %18" PRIu64 "  not a quality: is the file damaged?\n", "?", info->n_unknown_quality);
    }
}

static void print_ranges(const struct dmumu_cube_info *info)
{
    printf("\nVariables       %18s %14s %14s  units\n", "smallest", "largest", "NaN");
    for (int i = 0; i < DMUMU_CUBE_N_VARIABLES; i++) {
        const struct dmumu_cube_field *field = dmumu_cube_variable_field((enum dmumu_cube_variable)i);
        const struct dmumu_cube_info_range *range = &info->range[i];
        if (!range->present || field->flags != DMUMU_CUBE_FLAGS_NONE) {
            continue;
        }
        if (range->n_numbers > 0) {
            printf("  %-15s %16.6g %14.6g %14" PRIu64 "  %s\n", field->name, range->min, range->max, range->n_nan,
                   field->units);
        } else {
            printf("  %-15s %16s %14s %14" PRIu64 "  %s\n", field->name, "-", "-", range->n_nan, field->units);
        }
    }
}

/* The attributes that have a place of their own on the page, or repeat it for machines. */
static bool is_printed_elsewhere(const char *name)
{
    static const char *const elsewhere[] = {"title", "configuration", "physics", "references"};
    for (size_t i = 0; i < sizeof elsewhere / sizeof elsewhere[0]; i++) {
        if (strcmp(name, elsewhere[i]) == 0) {
            return true;
        }
    }
    return false;
}

static void print_provenance(const struct dmumu_cube_info *info)
{
    const char *configuration = dmumu_cube_info_attribute(info, "configuration");
    if (configuration != NULL && configuration[0] != '\0') {
        printf("\nConfiguration\n");
        print_block(configuration);
    }
    printf("\nProvenance\n");
    for (size_t i = 0; i < info->n_attributes; i++) {
        if (!is_printed_elsewhere(info->attribute[i].name)) {
            printf("  ");
            for (const char *next = info->attribute[i].name; *next != '\0';) {
                next = print_next(next);
            }
            printf("%*s", (int)strlen(info->attribute[i].name) < 18 ? 18 - (int)strlen(info->attribute[i].name) : 1,
                   "");
            print_line(info->attribute[i].text);
        }
    }
}

/* How far look-ups are from the kernel, where `dmumu refine` or a scan in rounds has stored that. */
static void print_refinement(const struct dmumu_refinement_info *refinement)
{
    if (!refinement->is_there) {
        return;
    }
    printf("\nInterpolation errors, in the middle of cells%s\n",
           refinement->is_stale ? ": of other data than the cube has" : "");
    for (int i = DMUMU_AXIS_ALFVEN_MACH; i < DMUMU_N_AXES; i++) {
        const struct dmumu_refinement_cells *cells = &refinement->axis[i];
        if (cells->n > 0) {
            printf("  %-15s %6zu cells, worst %.2e, %zu over %g, %zu without a value\n",
                   dmumu_axis_name((enum dmumu_axis_id)i), cells->n, cells->worst, cells->n_over, refinement->target,
                   cells->n_unknown);
        }
    }
    const char *const texts[] = {refinement->sampled, refinement->lookups, refinement->verdict};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        fputs("  ", stdout);
        print_line(texts[i]);
    }
}

/* Compare the stored data_hash with the values. */
static enum dmumu_status verify(const char *path, const struct dmumu_cube_info *info, struct dmumu_error *error)
{
    const char *stored = dmumu_cube_info_attribute(info, "data_hash");
    char computed[DMUMU_SHA256_HEX];
    if (!info->finished || stored == NULL) {
        return dmumu_error_set(error, DMUMU_ERROR_FILE, "%s is not complete: it has no data_hash to verify", path);
    }
    const enum dmumu_status status = dmumu_cube_info_hash(path, computed, error);
    if (status != DMUMU_OK) {
        return status;
    }
    if (strcmp(stored, computed) != 0) {
        return dmumu_error_set(error, DMUMU_ERROR_FILE, "%s: the values do not match data_hash: they hash to %s", path,
                               computed);
    }
    printf("\ndata_hash verified: the values are those that the scan wrote\n");
    return DMUMU_OK;
}

/* dmumu_guard_work: nothing is printed before the file has been read to its end. */
static enum dmumu_status show(const char *path, void *arguments, struct dmumu_error *error)
{
    struct dmumu_cube_info info;
    struct dmumu_refinement_info refinement = {.is_there = false};
    enum dmumu_status status = dmumu_cube_info_read(path, &info, error);
    if (status == DMUMU_OK) {
        status = dmumu_cube_info_scales(path, error);
    }
    if (status == DMUMU_OK) {
        status = dmumu_refinement_read(path, &refinement, error);
    }
    if (status == DMUMU_OK) {
        print_head(path, &info);
        print_axes(&info);
        print_quality(&info);
        print_ranges(&info);
        print_refinement(&refinement);
        print_provenance(&info);
        status = ((const struct arguments *)arguments)->verify ? verify(path, &info, error) : DMUMU_OK;
    }
    dmumu_cube_info_free(&info);
    dmumu_refinement_info_free(&refinement);
    errno = 0;
    if (status == DMUMU_OK && (fflush(stdout) != 0 || ferror(stdout))) {
        status = dmumu_error_set(error, DMUMU_ERROR_FILE, "standard output cannot be written: %s",
                                 strerror(errno != 0 ? errno : EIO));
    }
    return status;
}

int dmumu_cmd_info(int argc, char **argv)
{
    struct arguments arguments = {0};
    struct dmumu_error error;
    int status = parse_arguments(argc, argv, &arguments);
    if (status != DMUMU_EXIT_OK) {
        return status;
    }
    if (arguments.help) {
        fputs(help, stdout);
        return dmumu_cmd_flush("info", DMUMU_EXIT_OK);
    }
    if (dmumu_cube_guard(arguments.path, show, &arguments, &error) != DMUMU_OK) {
        return dmumu_cmd_failed("info", "%s", error.message);
    }
    return DMUMU_EXIT_OK;
}
