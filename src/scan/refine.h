/*
 * Refine: how far look-ups in a cube are from the kernel between the nodes, and axes that bring them nearer.
 *
 * Logic    A cell is what lies between two neighbouring nodes of one axis. Its error is the largest |ln D_lookup - ln D|
 *          found in its middle (on the scale of the axis), the other coordinates being nodes: all of them, or a sample.
 *          dmumu_refine_plan_new says which curves that takes, dmumu_refine_measure computes them, dmumu_refine_axis cuts
 *          the cells whose error is above a target.
 * Not      seen are errors elsewhere in a cell, and those between the nodes of several axes at once, which add up.
 */
#ifndef DMUMU_SCAN_REFINE_H
#define DMUMU_SCAN_REFINE_H

#include "scan/axes.h"

enum { DMUMU_REFINE_MOST_PARTS = 8 /* of one cell, in one round */ };

/** One curve to compute: in the middle of a cell at the cube's rigidities; or, of rigidity, at a node between them. */
struct dmumu_refine_task {
    enum dmumu_axis_id axis;
    size_t cell; /* of that axis; 0 for rigidity, whose cells are all in one curve */
    struct dmumu_point point;
};

struct dmumu_refine_plan {
    size_t n;
    struct dmumu_refine_task *task; /* [n] owned, ascending in M_A */
};

/** By axis; that of region is empty. */
struct dmumu_refine_errors {
    double target;
    size_t n_cells[DMUMU_N_AXES];
    double *worst[DMUMU_N_AXES];      /* [n_cells] owned; NaN: no point of the cell had a D on both sides */
    uint64_t n_points[DMUMU_N_AXES];  /* compared */
    uint64_t n_over[DMUMU_N_AXES];    /* of these above the target */
    uint64_t n_skipped[DMUMU_N_AXES]; /* without D: not confined, failed, or next to such a node */
};

struct dmumu_refine_summary {
    double worst, median; /* over the cells that have an error; NaN where none has */
    size_t worst_cell;
    size_t n_over;    /* cells above the target */
    size_t n_unknown; /* cells without an error */
};

/** The middle of a cell on the scale of the axis; cell < n - 1. */
double dmumu_refine_middle(const struct dmumu_cube_axis *axis, size_t cell);

/**
 * Which curves to compute.
 * @param[in]  axis    [DMUMU_N_AXES] of the cube
 * @param[in]  sample  media per cell, and in all for rigidity: one in each of `sample` equal parts of the list of media,
 *                     the same whenever asked for; 0, or as many as there are: all
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
/** Count one point; in any order, with the same outcome. */
void dmumu_refine_errors_add(struct dmumu_refine_errors *errors, enum dmumu_axis_id axis, size_t cell,
                             double d_lookup_cm2_s, double d_kernel_cm2_s);

/**
 * Compute every curve of the plan, with OpenMP over those of one M_A, and compare. Not to be called by several threads.
 * @param[in]      cube    of D
 * @param[in]      model   the physics of the cube
 * @param[in,out]  errors  of the axes of the cube
 * @return DMUMU_OK, or what the kernel or the look-up said
 */
enum dmumu_status dmumu_refine_measure(const struct dmumu_cube *cube, const struct dmumu_model *model,
                                       const struct dmumu_refine_plan *plan, struct dmumu_refine_errors *errors,
                                       struct dmumu_error *error);

/** Worst, median and counts of one axis. DMUMU_OK or DMUMU_ERROR_MEMORY. */
enum dmumu_status dmumu_refine_summarise(const struct dmumu_refine_errors *errors, enum dmumu_axis_id axis,
                                         struct dmumu_refine_summary *summary, struct dmumu_error *error);

/** Equal parts that bring an error, of third order in the size of a cell, to the target; 1 where it is not above it. */
size_t dmumu_refine_parts(double error, double target);

/**
 * An axis with its nodes, to the bit, and new ones in the cells whose error is above the target. A cell whose parts would
 * be narrower than a millionth of its coordinate stays.
 * @param[in]  errors  [axis->n - 1]
 * @param[out] finer   values owned by the caller (free)
 * @return DMUMU_OK or DMUMU_ERROR_MEMORY
 */
enum dmumu_status dmumu_refine_axis(const struct dmumu_cube_axis *axis, const double errors[], double target,
                                    struct dmumu_axis *finer, struct dmumu_error *error);

#endif
