/* Write: what the ranks have finished since the last epoch, and then the ledger (cube.md). */
#include "cube/agree.h"
#include "cube/cube.h"
#include "cube/handle.h"
#include "cube/hdf.h"
#include "cube/integrity.h"
#include "cube/rows.h"

#include "core/error.h"

#include <stdlib.h>
#include <string.h>

/* One epoch's work of one rank: which curves, in which order, and where they go. */
struct epoch {
    size_t n;
    size_t *order;                        /* [n] index in the batch of the i-th curve in ascending order */
    uint64_t *curve;                      /* [n] ascending */
    struct dmumu_cube_rows with, without; /* selections with and without the rigidity axis */
    unsigned char *values;                /* [n][n_rigidity] of the largest type: one variable in order */
    unsigned char *read_back;             /* as large */
    uint32_t *checksum;                   /* [n] of the i-th curve of the batch */
};

/* A curve and its place in the batch, for sorting. */
struct ranked {
    uint64_t curve;
    size_t index;
};

static int by_curve(const void *a, const void *b)
{
    const uint64_t x = ((const struct ranked *)a)->curve, y = ((const struct ranked *)b)->curve;
    return (x > y) - (x < y);
}

/* Sort the batch's curves into the epoch and check each: in the grid, and there once. */
static enum dmumu_status sort_curves(const struct dmumu_cube_layout *layout, const struct dmumu_cube_batch *batch,
                                     struct epoch *epoch, struct dmumu_error *error)
{
    struct ranked *ranked = malloc((batch->n + 1) * sizeof *ranked);
    if (ranked == NULL) {
        return dmumu_error_set(error, DMUMU_ERROR_MEMORY, "no memory to sort %zu curves", batch->n);
    }
    for (size_t i = 0; i < batch->n; i++) {
        ranked[i] = (struct ranked){.curve = batch->curve[i], .index = i};
    }
    qsort(ranked, batch->n, sizeof *ranked, by_curve);
    enum dmumu_status status = DMUMU_OK;
    for (size_t i = 0; status == DMUMU_OK && i < batch->n; i++) {
        epoch->order[i] = ranked[i].index;
        epoch->curve[i] = ranked[i].curve;
        if (ranked[i].curve >= layout->n_curves || (i > 0 && ranked[i].curve == ranked[i - 1].curve)) {
            status =
                dmumu_error_set(error, DMUMU_ERROR_ARGUMENT, "curve %llu is %s", (unsigned long long)ranked[i].curve,
                                ranked[i].curve >= layout->n_curves ? "outside the grid" : "twice in a batch");
        }
    }
    free(ranked);
    return status;
}

/* Are all the arrays there that the variables of this file need? */
static enum dmumu_status check_sources(const struct dmumu_cube_layout *layout, const struct dmumu_cube_batch *batch,
                                       struct dmumu_error *error)
{
    for (int i = 0; batch->n > 0 && i < DMUMU_CUBE_N_VARIABLES; i++) {
        const struct dmumu_cube_field *field = dmumu_cube_variable_field((enum dmumu_cube_variable)i);
        if (layout->variable[i] >= 0 && i != DMUMU_CUBE_STATE && dmumu_cube_field_source(field, batch) == NULL) {
            return dmumu_error_set(error, DMUMU_ERROR_ARGUMENT, "a batch comes without its %s", field->name);
        }
    }
    return DMUMU_OK;
}

static enum dmumu_status epoch_select(const struct dmumu_cube_layout *layout, struct epoch *epoch,
                                      struct dmumu_error *error)
{
    struct dmumu_cube_run *runs = malloc((epoch->n + 1) * sizeof *runs);
    if (runs == NULL) {
        return dmumu_error_set(error, DMUMU_ERROR_MEMORY, "no memory to select %zu curves", epoch->n);
    }
    const size_t n_runs = dmumu_cube_runs_join(epoch->n, epoch->curve, runs);
    const bool selected = dmumu_cube_rows_select(layout->n, DMUMU_CUBE_N_AXES, n_runs, runs, &epoch->with) &&
                          dmumu_cube_rows_select(layout->n, DMUMU_CUBE_N_AXES - 1, n_runs, runs, &epoch->without);
    free(runs);
    return selected ? DMUMU_OK : dmumu_hdf_fail(error, "cannot select %zu curves", epoch->n);
}

/* The checksums of the batch's curves, over all that is written of them (integrity.h). */
static void sum_curves(const struct dmumu_cube_layout *layout, const struct dmumu_cube_batch *batch,
                       uint32_t checksum[])
{
    struct dmumu_crc32_table table;
    dmumu_crc32_table_fill(&table);
    for (int i = 0; batch->n > 0 && i < DMUMU_CUBE_N_VARIABLES; i++) {
        const struct dmumu_cube_field *field = dmumu_cube_variable_field((enum dmumu_cube_variable)i);
        if (layout->variable[i] >= 0 && i != DMUMU_CUBE_STATE) {
            dmumu_cube_checksum_add(&table, field->type, batch->n,
                                    dmumu_cube_layout_row(layout, (enum dmumu_cube_variable)i),
                                    dmumu_cube_field_source(field, batch), checksum);
        }
    }
}

/* All that can fail on one rank alone is done here, before the first collective write. Not collective. */
static enum dmumu_status epoch_begin(const struct dmumu_cube_layout *layout, const struct dmumu_cube_batch *batch,
                                     struct epoch *epoch, struct dmumu_error *error)
{
    *epoch = (struct epoch){
        .n = batch->n, .with = {H5I_INVALID_HID, H5I_INVALID_HID}, .without = {H5I_INVALID_HID, H5I_INVALID_HID}};
    const size_t some = batch->n > 0 ? batch->n : 1;
    epoch->order = calloc(some, sizeof *epoch->order);
    epoch->curve = calloc(some, sizeof *epoch->curve);
    epoch->values = calloc(some, layout->n[DMUMU_CUBE_N_AXES - 1] * sizeof(double));
    epoch->read_back = calloc(some, layout->n[DMUMU_CUBE_N_AXES - 1] * sizeof(double));
    epoch->checksum = calloc(some, sizeof *epoch->checksum);
    if (epoch->order == NULL || epoch->curve == NULL || epoch->values == NULL || epoch->read_back == NULL ||
        epoch->checksum == NULL) {
        return dmumu_error_set(error, DMUMU_ERROR_MEMORY, "no memory to write %zu curves", batch->n);
    }
    enum dmumu_status status = check_sources(layout, batch, error);
    if (status == DMUMU_OK) {
        sum_curves(layout, batch, epoch->checksum);
        status = sort_curves(layout, batch, epoch, error);
    }
    return status == DMUMU_OK ? epoch_select(layout, epoch, error) : status;
}

static void epoch_end(struct epoch *epoch)
{
    dmumu_cube_rows_close(&epoch->with);
    dmumu_cube_rows_close(&epoch->without);
    free(epoch->order);
    free(epoch->curve);
    free(epoch->values);
    free(epoch->read_back);
    free(epoch->checksum);
}

/* One variable of the batch in ascending order of the curves, into epoch->values. */
static void gather(const struct dmumu_cube_writer *cube, enum dmumu_cube_variable variable,
                   const struct dmumu_cube_batch *batch, const struct epoch *epoch)
{
    const struct dmumu_cube_field *field = dmumu_cube_variable_field(variable);
    const size_t row = dmumu_cube_layout_row(&cube->layout, variable) * dmumu_cube_type_size(field->type);
    const unsigned char *source = variable == DMUMU_CUBE_CHECKSUM ? (const unsigned char *)epoch->checksum
                                                                  : dmumu_cube_field_source(field, batch);
    for (size_t i = 0; i < epoch->n; i++) {
        memcpy(epoch->values + i * row, source + epoch->order[i] * row, row);
    }
}

static const struct dmumu_cube_rows *rows_of(const struct epoch *epoch, const struct dmumu_cube_field *field)
{
    return field->n_axes == DMUMU_CUBE_N_AXES ? &epoch->with : &epoch->without;
}

/* Write epoch->values as one variable; the status is this rank's own. Collective. */
static enum dmumu_status write_variable(struct dmumu_cube_writer *cube, enum dmumu_cube_variable variable,
                                        const struct epoch *epoch, struct dmumu_error *error)
{
    const struct dmumu_cube_field *field = dmumu_cube_variable_field(variable);
    H5D_mpio_actual_io_mode_t mode = H5D_MPIO_NO_COLLECTIVE;
    if (!dmumu_cube_rows_write(cube->layout.variable[variable], field->type, cube->transfer, rows_of(epoch, field),
                               epoch->values)) {
        return dmumu_hdf_fail(error, "cannot write %s to %s", field->name, cube->place.part);
    }
    H5Pget_mpio_actual_io_mode(cube->transfer, &mode);
    cube->was_collective = cube->was_collective && mode == H5D_MPIO_CONTIGUOUS_COLLECTIVE;
    return DMUMU_OK;
}

/* Read one variable back and compare with epoch->values; the status is this rank's own. Collective. */
static enum dmumu_status verify_variable(struct dmumu_cube_writer *cube, enum dmumu_cube_variable variable,
                                         const struct epoch *epoch, struct dmumu_error *error)
{
    const struct dmumu_cube_field *field = dmumu_cube_variable_field(variable);
    const size_t row = dmumu_cube_layout_row(&cube->layout, variable) * dmumu_cube_type_size(field->type);
    if (!dmumu_cube_rows_read(cube->layout.variable[variable], field->type, cube->transfer, rows_of(epoch, field),
                              epoch->read_back)) {
        return dmumu_hdf_fail(error, "cannot read %s back from %s", field->name, cube->place.part);
    }
    if (memcmp(epoch->values, epoch->read_back, epoch->n * row) != 0) {
        return dmumu_error_set(error, DMUMU_ERROR_FILE,
                               "%s was written to %s, but is not there: the disk may be full, or MPI-IO has hidden an "
                               "error",
                               field->name, cube->place.part);
    }
    return DMUMU_OK;
}

typedef enum dmumu_status variable_step(struct dmumu_cube_writer *cube, enum dmumu_cube_variable variable,
                                        const struct epoch *epoch, struct dmumu_error *error);

/*
 * One step for all variables but the ledger. Agreed upon after each: after a call that failed, HDF5 and MPI-IO are in
 * no state for another. Collective.
 */
static enum dmumu_status for_all_variables(struct dmumu_cube_writer *cube, const struct dmumu_cube_batch *batch,
                                           const struct epoch *epoch, variable_step *step, struct dmumu_error *error)
{
    enum dmumu_status status = DMUMU_OK;
    for (int i = 0; status == DMUMU_OK && i < DMUMU_CUBE_N_DATASETS; i++) {
        const enum dmumu_cube_variable variable = (enum dmumu_cube_variable)i;
        if (i != DMUMU_CUBE_STATE && cube->layout.variable[i] >= 0) {
            gather(cube, variable, batch, epoch);
            status = dmumu_cube_agree(cube->comm, step(cube, variable, epoch, error), error);
        }
    }
    return status;
}

/*
 * All variables but the ledger, flushed, and read back: there are MPI-IO methods (Open MPI's fcoll/dynamic) that report
 * no error when a write fails. Collective.
 */
static enum dmumu_status write_data(struct dmumu_cube_writer *cube, const struct dmumu_cube_batch *batch,
                                    const struct epoch *epoch, struct dmumu_error *error)
{
    enum dmumu_status status = for_all_variables(cube, batch, epoch, write_variable, error);
    if (status == DMUMU_OK) {
        status = dmumu_cube_agree(cube->comm, dmumu_cube_handle_flush(cube, error), error);
    }
    return status == DMUMU_OK ? for_all_variables(cube, batch, epoch, verify_variable, error) : status;
}

/* Mark the epoch's curves done, then a flush. Collective. */
static enum dmumu_status write_state(struct dmumu_cube_writer *cube, const struct epoch *epoch,
                                     struct dmumu_error *error)
{
    memset(epoch->values, DMUMU_CUBE_DONE, epoch->n);
    const enum dmumu_status status =
        dmumu_cube_agree(cube->comm, write_variable(cube, DMUMU_CUBE_STATE, epoch, error), error);
    return status == DMUMU_OK ? dmumu_cube_agree(cube->comm, dmumu_cube_handle_flush(cube, error), error) : status;
}

enum dmumu_status dmumu_cube_write_epoch(struct dmumu_cube_writer *cube, const struct dmumu_cube_batch *batch,
                                         struct dmumu_error *error)
{
    struct dmumu_error spare = {.status = DMUMU_OK};
    struct dmumu_error *said = error != NULL ? error : &spare;
    struct epoch epoch;
    uint64_t n = batch->n;
    MPI_Allreduce(MPI_IN_PLACE, &n, 1, MPI_UINT64_T, MPI_SUM, cube->comm);
    if (n == 0) {
        return DMUMU_OK;
    }
    enum dmumu_status status = epoch_begin(&cube->layout, batch, &epoch, said);
    if (status == DMUMU_OK && cube->rank == 0) {
        status = dmumu_cube_place_check(&cube->place, said);
    }
    status = dmumu_cube_agree(cube->comm, status, said);
    if (status == DMUMU_OK) {
        status = write_data(cube, batch, &epoch, said);
    }
    if (status == DMUMU_OK) {
        status = write_state(cube, &epoch, said);
    }
    epoch_end(&epoch);
    return status;
}
