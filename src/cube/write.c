/*
 * Write: the life of a cube (cube.md), collectively.
 *
 * Every function goes through its collective calls in the same order on all ranks, whatever fails: after each call that
 * can fail on one of them, all agree to go on or turn back together (agree.h).
 *
 * HDF5 itself does not: when one rank fails to write its share of the metadata, the others wait for it in HDF5's flush
 * for ever (1.10.8). So all metadata are written while the file is open on rank 0 alone, before the ranks open it
 * together and after they have closed it; in between, nothing but values changes.
 */
#include "cube/agree.h"
#include "cube/cube.h"
#include "cube/hash.h"
#include "cube/hdf.h"
#include "cube/integrity.h"
#include "cube/layout.h"
#include "cube/place.h"
#include "cube/provenance.h"
#include "cube/rows.h"

#include "core/error.h"

#include <stdlib.h>
#include <string.h>

enum { ATTRIBUTES_BYTES = 1 << 16 }; /* approximately what headers and attributes take */

struct dmumu_cube {
    MPI_Comm comm; /* a duplicate, ours */
    int rank, size;
    hid_t file, transfer;
    struct dmumu_cube_layout layout;
    struct dmumu_cube_place place;
    char *name, *part;
    bool was_collective;
};

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

static uint64_t text_bytes(const char *text)
{
    return text != NULL ? strlen(text) : 0;
}

uint64_t dmumu_cube_bytes(const struct dmumu_cube_spec *spec)
{
    uint64_t bytes = ATTRIBUTES_BYTES + text_bytes(spec->configuration) + text_bytes(spec->physics_text) +
                     text_bytes(spec->command) + text_bytes(spec->title);
    uint64_t n_curves = 1;
    for (int i = 0; i < DMUMU_CUBE_N_AXES; i++) {
        bytes += spec->axis[i].n * dmumu_cube_type_size(dmumu_cube_axis_field(i)->type);
        n_curves *= i < DMUMU_CUBE_N_AXES - 1 ? spec->axis[i].n : 1;
    }
    for (int i = 0; i < DMUMU_CUBE_N_DATASETS; i++) {
        const struct dmumu_cube_field *field = dmumu_cube_variable_field((enum dmumu_cube_variable)i);
        const uint64_t row = field->n_axes == DMUMU_CUBE_N_AXES ? spec->axis[DMUMU_CUBE_N_AXES - 1].n : 1;
        if (dmumu_cube_field_present(field, spec->modes)) {
            bytes += n_curves * row * dmumu_cube_type_size(field->type);
        }
    }
    return bytes;
}

/* NAME and NAME.part, owned; NULL when out of memory. */
static char *join(const char *path, const char *suffix)
{
    const size_t length = strlen(path), more = strlen(suffix) + 1;
    char *name = malloc(length + more);
    if (name != NULL) {
        memcpy(name, path, length);
        memcpy(name + length, suffix, more);
    }
    return name;
}

/* Free everything but the HDF5 file and its layout. Collective. */
static void cube_free(struct dmumu_cube *cube)
{
    if (cube->transfer >= 0) {
        H5Pclose(cube->transfer);
    }
    MPI_Comm_free(&cube->comm);
    free(cube->name);
    free(cube->part);
    free(cube);
}

/* Close the datasets and the file; false when HDF5 could not. Collective. */
static bool cube_close(struct dmumu_cube *cube)
{
    const bool datasets = dmumu_cube_layout_close(&cube->layout);
    const bool file = cube->file < 0 || H5Fclose(cube->file) >= 0;
    cube->file = H5I_INVALID_HID;
    return datasets && file;
}

/* The struct with its communicator and names, nothing open yet. Collective; NULL on all ranks or on none. */
static struct dmumu_cube *cube_new(MPI_Comm comm, const char *path, bool overwrite, struct dmumu_error *error)
{
    struct dmumu_cube *cube = calloc(1, sizeof *cube);
    char *name = join(path, ""), *part = join(path, ".part");
    enum dmumu_status status = DMUMU_OK;
    if (cube == NULL || name == NULL || part == NULL) {
        status = dmumu_error_set(error, DMUMU_ERROR_MEMORY, "no memory for a cube");
    }
    /* the first test says nothing new: it shows a reader that cube is not NULL below */
    if (dmumu_cube_agree(comm, status, error) != DMUMU_OK || cube == NULL) {
        free(cube);
        free(name);
        free(part);
        return NULL;
    }
    MPI_Comm_dup(comm, &cube->comm);
    MPI_Comm_rank(cube->comm, &cube->rank);
    MPI_Comm_size(cube->comm, &cube->size);
    cube->name = name;
    cube->part = part;
    cube->place = (struct dmumu_cube_place){.name = name, .part = part, .overwrite = overwrite};
    cube->file = H5I_INVALID_HID;
    dmumu_cube_layout_init(&cube->layout);
    cube->was_collective = true;
    cube->transfer = H5Pcreate(H5P_DATASET_XFER);
    H5Pset_dxpl_mpio(cube->transfer, H5FD_MPIO_COLLECTIVE);
    return cube;
}

/* NAME.part with all its metadata: datasets, attributes, dimension scales; no values yet. Rank 0 alone. */
static enum dmumu_status make_file(const char *part, const struct dmumu_cube_spec *spec, struct dmumu_error *error)
{
    struct dmumu_cube_layout layout;
    char date[32];
    const hid_t access = dmumu_cube_access_new(), creation = dmumu_cube_creation_new();
    const hid_t file = H5Fcreate(part, H5F_ACC_TRUNC, creation, access);
    const hid_t kept = dmumu_hdf_keep();
    H5Pclose(access);
    H5Pclose(creation);
    dmumu_hdf_give_back(kept);
    if (file < 0) {
        return dmumu_hdf_fail(error, "cannot create %s", part);
    }
    dmumu_cube_date(date);
    enum dmumu_status status = dmumu_cube_layout_create(file, spec, &layout, error);
    if (status == DMUMU_OK) {
        status = dmumu_cube_provenance_begin(file, spec, date, error);
    }
    const bool datasets = dmumu_cube_layout_close(&layout), closed = H5Fclose(file) >= 0;
    if (!(datasets && closed) && status == DMUMU_OK) {
        status = dmumu_hdf_fail(error, "cannot write %s", part);
    }
    return status;
}

/* Put the end into the attributes, which have their places. Rank 0 alone. */
static enum dmumu_status end_file(const char *part, const char *data_hash, struct dmumu_error *error)
{
    char date[32];
    const hid_t access = dmumu_cube_access_new();
    const hid_t file = H5Fopen(part, H5F_ACC_RDWR, access);
    const hid_t kept = dmumu_hdf_keep();
    H5Pclose(access);
    dmumu_hdf_give_back(kept);
    if (file < 0) {
        return dmumu_hdf_fail(error, "cannot open %s again", part);
    }
    dmumu_cube_date(date);
    const enum dmumu_status status = dmumu_cube_provenance_end(file, data_hash, date, error);
    const bool closed = H5Fclose(file) >= 0;
    return status == DMUMU_OK && !closed ? dmumu_hdf_fail(error, "cannot write %s", part) : status;
}

/* Make NAME.part, and the room for all its values. Rank 0 alone. */
static enum dmumu_status cube_make(struct dmumu_cube *cube, const struct dmumu_cube_spec *spec,
                                   struct dmumu_error *error)
{
    enum dmumu_status status = dmumu_cube_place_reserve(&cube->place, dmumu_cube_bytes(spec), error);
    if (status != DMUMU_OK) {
        return status;
    }
    status = make_file(cube->part, spec, error);
    if (status == DMUMU_OK) {
        status = dmumu_cube_place_allocate(&cube->place, error);
    }
    if (status != DMUMU_OK) {
        dmumu_cube_place_discard(&cube->place);
    }
    return status;
}

/* Open on all ranks what rank 0 has made. Collective; the status is this rank's own. */
static enum dmumu_status cube_open(struct dmumu_cube *cube, struct dmumu_error *error)
{
    const hid_t access = dmumu_cube_access_new();
    H5Pset_fapl_mpio(access, cube->comm, MPI_INFO_NULL);
    cube->file = H5Fopen(cube->part, H5F_ACC_RDWR, access);
    const hid_t kept = dmumu_hdf_keep();
    H5Pclose(access);
    dmumu_hdf_give_back(kept);
    if (cube->file < 0) {
        return dmumu_hdf_fail(error, "cannot open %s", cube->part);
    }
    return dmumu_cube_layout_open(cube->file, &cube->layout, error);
}

static enum dmumu_status cube_flush(struct dmumu_cube *cube, struct dmumu_error *error)
{
    return H5Fflush(cube->file, H5F_SCOPE_GLOBAL) >= 0 ? DMUMU_OK
                                                       : dmumu_hdf_fail(error, "cannot flush %s", cube->part);
}

/* Every rank fills its share of every variable. Collective. */
static enum dmumu_status cube_fill(struct dmumu_cube *cube, struct dmumu_error *error)
{
    const uint64_t n_steps = dmumu_cube_layout_fill_steps(&cube->layout, cube->size);
    enum dmumu_status status = DMUMU_OK;
    for (int i = 0; i < DMUMU_CUBE_N_DATASETS; i++) {
        for (uint64_t step = 0; cube->layout.variable[i] >= 0 && status == DMUMU_OK && step < n_steps; step++) {
            status = dmumu_cube_layout_fill(&cube->layout, (enum dmumu_cube_variable)i, cube->transfer, step,
                                            cube->rank, cube->size, error);
            status = dmumu_cube_agree(cube->comm, status, error);
        }
    }
    return status;
}

/* Open the file together, fill it, flush. Collective. */
static enum dmumu_status cube_begin(struct dmumu_cube *cube, struct dmumu_error *error)
{
    enum dmumu_status status = dmumu_cube_agree(cube->comm, cube_open(cube, error), error);
    if (status == DMUMU_OK) {
        status = cube_fill(cube, error);
    }
    return status == DMUMU_OK ? dmumu_cube_agree(cube->comm, cube_flush(cube, error), error) : status;
}

enum dmumu_status dmumu_cube_create(MPI_Comm comm, const char *path, bool overwrite, const struct dmumu_cube_spec *spec,
                                    struct dmumu_cube **cube, struct dmumu_error *error)
{
    struct dmumu_error spare = {.status = DMUMU_OK};
    struct dmumu_error *said = error != NULL ? error : &spare;
    *cube = NULL;
    dmumu_hdf_silence();
    enum dmumu_status status = path != NULL && path[0] != '\0' && path[strlen(path) - 1] != '/'
                                   ? dmumu_cube_spec_check(spec, said)
                                   : dmumu_error_set(said, DMUMU_ERROR_ARGUMENT, "a cube needs the name of a file");
    status = dmumu_cube_agree(comm, status, said);
    struct dmumu_cube *made = status == DMUMU_OK && path != NULL ? cube_new(comm, path, overwrite, said) : NULL;
    if (made == NULL) {
        return said->status;
    }
    if (made->rank == 0) {
        status = cube_make(made, spec, said);
    }
    status = dmumu_cube_agree(made->comm, status, said);
    if (status != DMUMU_OK) {
        cube_free(made);
        return status;
    }
    status = cube_begin(made, said);
    if (status == DMUMU_OK) {
        *cube = made;
        return DMUMU_OK;
    }
    (void)cube_close(made); /* the first failure is the one to tell */
    if (made->rank == 0) {
        dmumu_cube_place_discard(&made->place);
    }
    cube_free(made);
    return status;
}

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
static void gather(const struct dmumu_cube *cube, enum dmumu_cube_variable variable,
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
static enum dmumu_status write_variable(struct dmumu_cube *cube, enum dmumu_cube_variable variable,
                                        const struct epoch *epoch, struct dmumu_error *error)
{
    const struct dmumu_cube_field *field = dmumu_cube_variable_field(variable);
    H5D_mpio_actual_io_mode_t mode = H5D_MPIO_NO_COLLECTIVE;
    if (!dmumu_cube_rows_write(cube->layout.variable[variable], field->type, cube->transfer, rows_of(epoch, field),
                               epoch->values)) {
        return dmumu_hdf_fail(error, "cannot write %s to %s", field->name, cube->part);
    }
    H5Pget_mpio_actual_io_mode(cube->transfer, &mode);
    cube->was_collective = cube->was_collective && mode == H5D_MPIO_CONTIGUOUS_COLLECTIVE;
    return DMUMU_OK;
}

/* Read one variable back and compare with epoch->values; the status is this rank's own. Collective. */
static enum dmumu_status verify_variable(struct dmumu_cube *cube, enum dmumu_cube_variable variable,
                                         const struct epoch *epoch, struct dmumu_error *error)
{
    const struct dmumu_cube_field *field = dmumu_cube_variable_field(variable);
    const size_t row = dmumu_cube_layout_row(&cube->layout, variable) * dmumu_cube_type_size(field->type);
    if (!dmumu_cube_rows_read(cube->layout.variable[variable], field->type, cube->transfer, rows_of(epoch, field),
                              epoch->read_back)) {
        return dmumu_hdf_fail(error, "cannot read %s back from %s", field->name, cube->part);
    }
    if (memcmp(epoch->values, epoch->read_back, epoch->n * row) != 0) {
        return dmumu_error_set(error, DMUMU_ERROR_FILE,
                               "%s was written to %s, but is not there: the disk may be full, or MPI-IO has hidden an "
                               "error",
                               field->name, cube->part);
    }
    return DMUMU_OK;
}

typedef enum dmumu_status variable_step(struct dmumu_cube *cube, enum dmumu_cube_variable variable,
                                        const struct epoch *epoch, struct dmumu_error *error);

/*
 * One step for all variables but the ledger. Agreed upon after each: after a call that failed, HDF5 and MPI-IO are in
 * no state for another. Collective.
 */
static enum dmumu_status for_all_variables(struct dmumu_cube *cube, const struct dmumu_cube_batch *batch,
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
static enum dmumu_status write_data(struct dmumu_cube *cube, const struct dmumu_cube_batch *batch,
                                    const struct epoch *epoch, struct dmumu_error *error)
{
    enum dmumu_status status = for_all_variables(cube, batch, epoch, write_variable, error);
    if (status == DMUMU_OK) {
        status = dmumu_cube_agree(cube->comm, cube_flush(cube, error), error);
    }
    return status == DMUMU_OK ? for_all_variables(cube, batch, epoch, verify_variable, error) : status;
}

/* Mark the epoch's curves done, then a flush. Collective. */
static enum dmumu_status write_state(struct dmumu_cube *cube, const struct epoch *epoch, struct dmumu_error *error)
{
    memset(epoch->values, DMUMU_CUBE_DONE, epoch->n);
    const enum dmumu_status status =
        dmumu_cube_agree(cube->comm, write_variable(cube, DMUMU_CUBE_STATE, epoch, error), error);
    return status == DMUMU_OK ? dmumu_cube_agree(cube->comm, cube_flush(cube, error), error) : status;
}

enum dmumu_status dmumu_cube_write_epoch(struct dmumu_cube *cube, const struct dmumu_cube_batch *batch,
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

/* Each rank hashes every size-th block and the digests are brought together. Collective. */
static enum dmumu_status hash_data(struct dmumu_cube *cube, char data_hash[static 65], struct dmumu_error *error)
{
    const uint64_t n_blocks = dmumu_cube_hash_blocks(&cube->layout);
    uint8_t *digests = calloc((size_t)n_blocks, DMUMU_SHA256_BYTES);
    uint64_t n_pending = 0;
    enum dmumu_status status = DMUMU_OK;
    if (digests == NULL) {
        status = dmumu_error_set(error, DMUMU_ERROR_MEMORY, "no memory for %llu digests", (unsigned long long)n_blocks);
    }
    for (uint64_t i = (uint64_t)cube->rank; status == DMUMU_OK && i < n_blocks; i += (uint64_t)cube->size) {
        uint64_t pending = 0;
        status = dmumu_cube_hash_block(&cube->layout, i, digests + i * DMUMU_SHA256_BYTES, &pending, error);
        n_pending += pending;
    }
    status = dmumu_cube_agree(cube->comm, status, error);
    if (status == DMUMU_OK) {
        MPI_Allreduce(MPI_IN_PLACE, &n_pending, 1, MPI_UINT64_T, MPI_SUM, cube->comm);
        if (n_pending > 0) {
            status = dmumu_error_set(error, DMUMU_ERROR_ARGUMENT, "%llu curves of %s are still pending",
                                     (unsigned long long)n_pending, cube->part);
        }
    }
    if (status == DMUMU_OK) {
        /* every digest is zero but on the rank that made it */
        MPI_Allreduce(MPI_IN_PLACE, digests, (int)(n_blocks * DMUMU_SHA256_BYTES), MPI_BYTE, MPI_BOR, cube->comm);
        dmumu_cube_hash_root(&cube->layout, digests, data_hash);
    }
    free(digests);
    return status;
}

enum dmumu_status dmumu_cube_finish(struct dmumu_cube *cube, char data_hash[static 65], struct dmumu_error *error)
{
    struct dmumu_error spare = {.status = DMUMU_OK};
    struct dmumu_error *said = error != NULL ? error : &spare;
    data_hash[0] = '\0';
    enum dmumu_status status = hash_data(cube, data_hash, said);
    if (!cube_close(cube) && status == DMUMU_OK) {
        status = dmumu_hdf_fail(said, "cannot close %s", cube->part);
    }
    status = dmumu_cube_agree(cube->comm, status, said);
    if (status == DMUMU_OK && cube->rank == 0) {
        status = end_file(cube->part, data_hash, said);
        if (status == DMUMU_OK) {
            status = dmumu_cube_place_publish(&cube->place, said);
        }
    }
    status = dmumu_cube_agree(cube->comm, status, said);
    cube_free(cube);
    return status;
}

void dmumu_cube_abandon(struct dmumu_cube *cube)
{
    if (cube != NULL) {
        (void)cube_close(cube); /* what was flushed is there; there is nobody to tell of the rest */
        cube_free(cube);
    }
}

bool dmumu_cube_was_collective(const struct dmumu_cube *cube)
{
    return cube->was_collective;
}
