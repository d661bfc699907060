/*
 * Fields: the one table of all that a cube holds. Every dataset is created, described, filled, written, hashed and read
 * back from it, so that the file and its description cannot drift apart.
 */
#ifndef DMUMU_CUBE_FIELDS_H
#define DMUMU_CUBE_FIELDS_H

#include "cube/spec.h"

enum dmumu_cube_type { DMUMU_CUBE_F64, DMUMU_CUBE_F32, DMUMU_CUBE_U8, DMUMU_CUBE_U32 };

/** Which set of CF flags (flag_values, flag_meanings) the values of a field belong to. */
enum dmumu_cube_flags {
    DMUMU_CUBE_FLAGS_NONE,
    DMUMU_CUBE_FLAGS_REGION,
    DMUMU_CUBE_FLAGS_QUALITY,
    DMUMU_CUBE_FLAGS_STATE
};

/** Values of `state`, the ledger of the scan. */
enum dmumu_cube_state { DMUMU_CUBE_PENDING, DMUMU_CUBE_DONE, DMUMU_CUBE_N_STATES };

/**
 * Variables in the order of the file. The three modes follow each other as in enum dmumu_mode. Behind them, the one
 * dataset that is no variable of the physics: the checksums, in a group of their own (integrity.h).
 */
enum dmumu_cube_variable {
    DMUMU_CUBE_D,
    DMUMU_CUBE_D_FAST,
    DMUMU_CUBE_D_ALFVEN,
    DMUMU_CUBE_D_SLOW,
    DMUMU_CUBE_REL_ERROR,
    DMUMU_CUBE_MU_STAR,
    DMUMU_CUBE_QUALITY,
    DMUMU_CUBE_ALFVEN_SPEED,
    DMUMU_CUBE_TEMPERATURE,
    DMUMU_CUBE_DENSITY,
    DMUMU_CUBE_MAGNETIC_FIELD,
    DMUMU_CUBE_X_C,
    DMUMU_CUBE_STATE,
    DMUMU_CUBE_COST,
    DMUMU_CUBE_N_VARIABLES,
    DMUMU_CUBE_CHECKSUM = DMUMU_CUBE_N_VARIABLES,
    DMUMU_CUBE_N_DATASETS
};

/** The group of what lets a reader find damage. */
#define DMUMU_CUBE_INTEGRITY "integrity"

enum { DMUMU_CUBE_NO_MODE = -1, DMUMU_CUBE_UNSET_U8 = 255 };

/** One dataset. */
struct dmumu_cube_field {
    const char *name;
    const char *units;     /* CF; "1" for a pure number */
    const char *long_name; /* one line */
    const char *comment;   /* source equation or what the value means */
    const char *ancillary; /* CF ancillary_variables, or NULL */
    enum dmumu_cube_type type;
    enum dmumu_cube_flags flags;
    int n_axes;          /* of a variable: 5 = all, 4 = all but rigidity; of an axis: 1 */
    int mode;            /* enum dmumu_mode whose presence it needs, or DMUMU_CUBE_NO_MODE */
    bool hashed;         /* part of data_hash */
    uint8_t fill_u8;     /* what an unwritten U8 holds; floats hold NaN */
    size_t batch_offset; /* of its array's pointer in struct dmumu_cube_batch; SIZE_MAX: not from a batch */
};

/** The i-th axis, i < DMUMU_CUBE_N_AXES, in the file's order. Never NULL; thread-safe. */
const struct dmumu_cube_field *dmumu_cube_axis_field(int axis);
/** The i-th variable, in the file's order; the checksums too. Never NULL; thread-safe. */
const struct dmumu_cube_field *dmumu_cube_variable_field(enum dmumu_cube_variable variable);
/** Bytes of one value. */
size_t dmumu_cube_type_size(enum dmumu_cube_type type);
/** Is this variable part of a cube with these modes? */
bool dmumu_cube_field_present(const struct dmumu_cube_field *field, const bool modes[static DMUMU_N_MODES]);
/** The array of a batch that feeds this variable; NULL if none does. */
const void *dmumu_cube_field_source(const struct dmumu_cube_field *field, const struct dmumu_cube_batch *batch);
/** Number of flags in a set (their values are 0 .. n - 1); 0 for none. */
unsigned dmumu_cube_flag_count(enum dmumu_cube_flags flags);
/** Name of one flag; NULL outside the set. */
const char *dmumu_cube_flag_name(enum dmumu_cube_flags flags, unsigned value);

#endif
