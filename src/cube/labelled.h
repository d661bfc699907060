/*
 * Labelled: a small HDF5 file of variables over named axes, for results that belong to a cube but have axes of their own.
 *
 * Axes are dimension scales with units and names, as in a cube: xarray, ncdump, h5ls and h5py see them. Numbers are 64-bit
 * floats; an axis may hold texts instead. Written as PATH.part and renamed. Serial.
 */
#ifndef DMUMU_CUBE_LABELLED_H
#define DMUMU_CUBE_LABELLED_H

#include "dmumu.h"

enum { DMUMU_LABELLED_RANK = 8 };

struct dmumu_labelled_axis {
    const char *name, *units, *long_name;
    size_t n;
    const double *values;     /* [n] */
    const char *const *texts; /* [n]; if not NULL, instead of values */
};

struct dmumu_labelled_variable {
    const char *name, *units, *long_name;
    int rank;
    int axis[DMUMU_LABELLED_RANK]; /* [rank] index of each */
    const double *values;          /* row-major; INFINITY is written as NaN, the fill value */
};

/** One attribute of the file. */
struct dmumu_labelled_attribute {
    const char *name, *text; /* text NULL: a number */
    double number;
};

struct dmumu_labelled {
    int n_axes;
    const struct dmumu_labelled_axis *axis;
    int n_variables;
    const struct dmumu_labelled_variable *variable;
    int n_attributes;
    const struct dmumu_labelled_attribute *attribute;
};

/**
 * @param[in] overwrite  false: an existing file is refused
 * @return DMUMU_OK, DMUMU_ERROR_FILE or DMUMU_ERROR_MEMORY; after an error nothing of it remains
 */
enum dmumu_status dmumu_labelled_write(const char *path, bool overwrite, const struct dmumu_labelled *labelled,
                                       struct dmumu_error *error);

#endif
