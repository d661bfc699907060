/*
 * Refine: how far look-ups in a cube are from the kernel between the nodes.
 *
 * Cells    A cell is what lies between two neighbouring nodes of one axis. Its error is the largest |ln D_lookup - ln D|
 *          found in its middle (on the scale of the axis), the other coordinates being nodes: all of them, or a sample.
 * Look-ups Between the nodes of all axes at once, errors add up, and in the middle of even cells the cubic hides its
 *          leading error. So look-ups anywhere, drawn evenly on the scales of the axes, are compared as well.
 * Use      dmumu_refine_plan_new says which curves that takes, dmumu_refine_measure computes some or all of them;
 *          refine_cuts.h says where nodes are wanted.
 */
#ifndef DMUMU_SCAN_REFINE_H
#define DMUMU_SCAN_REFINE_H

#include "scan/axes.h"

enum {
    DMUMU_REFINE_SAMPLE = 16,        /* media per cell, unless asked otherwise */
    DMUMU_REFINE_RIGIDITY_MEDIA = 8, /* times as many for rigidity, whose cells are all in one curve */
    DMUMU_REFINE_MACHS = 32,         /* Mach numbers of the look-ups anywhere: each costs tables */
    DMUMU_REFINE_MEDIA = 8,          /* media at each of them */
    DMUMU_REFINE_RIGIDITIES = 40,    /* look-ups in each medium */
};

/** In place of the axis of a task: region has no cells. */
#define DMUMU_REFINE_ANYWHERE DMUMU_AXIS_REGION

/**
 * One curve to compute: in the middle of a cell at the cube's rigidities; of rigidity, at a node between them; of look-ups
 * anywhere, at rigidities drawn for it.
 */
struct dmumu_refine_task {
    enum dmumu_axis_id axis;
    size_t cell; /* of that axis; 0 for rigidity; the number of the medium for look-ups anywhere */
    struct dmumu_point point;
};

struct dmumu_refine_plan {
    size_t n;
    struct dmumu_refine_task *task; /* [n] owned, ascending in M_A */
};

/** What was found of the cells of one axis; for region: of look-ups anywhere, as if that were one cell. */
struct dmumu_refine_cells {
    size_t n;
    double *worst;    /* [n] owned; NaN: no point had a D on both sides */
    uint64_t *points; /* [n] owned: compared */
    uint64_t *over;   /* [n] owned: of these above the target */
    uint64_t skipped; /* points without a number to compare: not confined, failed, or next to such a node */
};

struct dmumu_refine_errors {
    double target;
    struct dmumu_refine_cells axis[DMUMU_N_AXES];
};

struct dmumu_refine_summary {
    double worst, median; /* over the cells that have an error; NaN where none has */
    size_t worst_cell;
    size_t n_over;                /* cells above the target */
    size_t n_unknown;             /* cells without an error */
    uint64_t points, points_over; /* of all cells */
};

/** The value at `share`, 0 .. 1, of the way from one value to another on the scale of an axis. */
double dmumu_refine_between(const struct dmumu_cube_axis *axis, double from, double to, double share);
/** The middle of a cell; cell < n - 1. */
double dmumu_refine_middle(const struct dmumu_cube_axis *axis, size_t cell);
/** The rigidities of the look-ups anywhere in medium number `medium`, one in each of as many equal parts of the axis. */
void dmumu_refine_rigidities(const struct dmumu_cube_axis *rigidity, size_t medium,
                             double rigidity_gv[static DMUMU_REFINE_RIGIDITIES]);

/**
 * Which curves to compute.
 * @param[in]  axis    [DMUMU_N_AXES] of the cube
 * @param[in]  sample  media per cell, and DMUMU_REFINE_RIGIDITY_MEDIA times as many in all for rigidity: one in each of as
 *                     many equal parts of the list of media, the same whenever asked for; 0, or as many as there are: all
 * @param[out] plan    free with dmumu_refine_plan_free
 * @return DMUMU_OK or DMUMU_ERROR_MEMORY
 */
enum dmumu_status dmumu_refine_plan_new(const struct dmumu_cube_axis axis[static DMUMU_N_AXES], size_t sample,
                                        struct dmumu_refine_plan *plan, struct dmumu_error *error);
void dmumu_refine_plan_free(struct dmumu_refine_plan *plan);

/** No point compared yet. Free with dmumu_refine_errors_free, on error too. DMUMU_OK or DMUMU_ERROR_MEMORY. */
enum dmumu_status dmumu_refine_errors_new(const struct dmumu_cube_axis axis[static DMUMU_N_AXES], double target,
                                          struct dmumu_refine_errors *errors, struct dmumu_error *error);
void dmumu_refine_errors_free(struct dmumu_refine_errors *errors);
/**
 * Count one point; in any order, with the same outcome. A look-up anywhere that has a number where the kernel has none is
 * over any target, with an infinite error.
 * @param[in] cell  0 for look-ups anywhere
 */
void dmumu_refine_errors_add(struct dmumu_refine_errors *errors, enum dmumu_axis_id axis, size_t cell,
                             double d_lookup_cm2_s, double d_kernel_cm2_s);

/**
 * Compute curves first .. end - 1 of the plan, with OpenMP over those of one M_A, and compare. Not to be called by several
 * threads.
 * @param[in]      cube    of D
 * @param[in]      model   the physics of the cube
 * @param[in,out]  errors  of the axes of the cube
 * @return DMUMU_OK, or what the kernel or the look-up said
 */
enum dmumu_status dmumu_refine_measure(const struct dmumu_cube *cube, const struct dmumu_model *model,
                                       const struct dmumu_refine_plan *plan, size_t first, size_t end,
                                       struct dmumu_refine_errors *errors, struct dmumu_error *error);

/** Worst, median and counts of one axis, or of look-ups anywhere. DMUMU_OK or DMUMU_ERROR_MEMORY. */
enum dmumu_status dmumu_refine_summarise(const struct dmumu_refine_errors *errors, enum dmumu_axis_id axis,
                                         struct dmumu_refine_summary *summary, struct dmumu_error *error);

#endif
