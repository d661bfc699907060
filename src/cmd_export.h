/*
 * Export: what the files of `dmumu export` share. cmd_export.c reads the options and dispatches; one file per format (the
 * three codes that take a power law are one); cmd_export_point.c turns options into points of the cube, and points into D.
 *
 * The functions here that return int return an exit status, after the message if it is not DMUMU_EXIT_OK.
 */
#ifndef DMUMU_CMD_EXPORT_H
#define DMUMU_CMD_EXPORT_H

#include "cmd.h"

enum dmumu_export_format {
    DMUMU_EXPORT_DRAGON2,
    DMUMU_EXPORT_GALPROP,
    DMUMU_EXPORT_USINE,
    DMUMU_EXPORT_CRPROPA,
    DMUMU_EXPORT_CSV,
    DMUMU_EXPORT_EMULATOR,
    DMUMU_EXPORT_N_FORMATS
};

/** Options that have a value, all but --format. */
enum dmumu_export_option {
    DMUMU_EXPORT_REGION,
    DMUMU_EXPORT_ALFVEN_MACH,
    DMUMU_EXPORT_BETA,
    DMUMU_EXPORT_INJECTION_SCALE,
    DMUMU_EXPORT_DISK_ALFVEN_MACH,
    DMUMU_EXPORT_DISK_BETA,
    DMUMU_EXPORT_DISK_INJECTION_SCALE,
    DMUMU_EXPORT_RIGIDITY,
    DMUMU_EXPORT_MOMENTUM,
    DMUMU_EXPORT_RANGE,
    DMUMU_EXPORT_OUTSIDE,
    DMUMU_EXPORT_TEST_FRACTION,
    DMUMU_EXPORT_SEED,
    DMUMU_EXPORT_OUTPUT,
    DMUMU_EXPORT_N_OPTIONS
};

struct dmumu_export {
    enum dmumu_export_format format;
    const char *path;                         /* of the cube */
    const char *text[DMUMU_EXPORT_N_OPTIONS]; /* of each option; NULL: not given */
    bool overwrite;
};

/** One format: writes everything. */
int dmumu_export_dragon2(const struct dmumu_export *export);
int dmumu_export_power_law(const struct dmumu_export *export); /* GALPROP, USINE, CRPropa */
int dmumu_export_csv(const struct dmumu_export *export);
int dmumu_export_emulator(const struct dmumu_export *export);

/** "--beta". */
const char *dmumu_export_option(enum dmumu_export_option option);

/** dmumu_cmd_failed, or dmumu_cmd_usage where an argument was wrong, with the message of the error. */
int dmumu_export_complain(const struct dmumu_error *error);

enum { DMUMU_EXPORT_HASH = 13 };
/** The first digits of a hash from a file; what is no hexadecimal digit is left out, as it may be anything. */
void dmumu_export_hash(const char *hash, char digits[static DMUMU_EXPORT_HASH]);

/** Open D of the cube, cubic, with what --outside says of rigidities; to be closed with dmumu_cube_close, on error too. */
int dmumu_export_open(const struct dmumu_export *export, struct dmumu_cube **cube);

/**
 * The value of an option that stands for a coordinate, within the axis; where it is not given, that of an axis of one.
 * @param[in] id  alfven_mach, beta or injection_scale
 */
int dmumu_export_coordinate(const struct dmumu_export *export, const struct dmumu_cube *cube,
                            enum dmumu_export_option option, enum dmumu_axis_id id, double *value);
/** The same for a comma list, or all nodes where it is not given; *values is the caller's to free, also on failure. */
int dmumu_export_coordinates(const struct dmumu_export *export, const struct dmumu_cube_axis *axis,
                             enum dmumu_export_option option, enum dmumu_axis_id id, size_t *n, double **values);
/** --region, --alfven-mach, --beta, --injection-scale of one medium. */
int dmumu_export_point(const struct dmumu_export *export, const struct dmumu_cube *cube, struct dmumu_point *point);
/** Is this region in the cube? `option`: what asked for it, as the message has it. */
int dmumu_export_region(const struct dmumu_export *export, const struct dmumu_cube_axis *axis, const char *option,
                        enum dmumu_region region);
/** Do rigidities from..to lie on the cube's axis, or does --outside allow for the rest? */
int dmumu_export_reach(const struct dmumu_export *export, const struct dmumu_cube_axis *axis,
                       enum dmumu_export_option option, double from_gv, double to_gv);
/** D at every rigidity; where the cube has none that is a failure. */
int dmumu_export_curve(const struct dmumu_export *export, const struct dmumu_cube *cube,
                       enum dmumu_export_option option, const struct dmumu_point *point, size_t n,
                       const double rigidity_gv[], double d_cm2_s[]);

#endif
