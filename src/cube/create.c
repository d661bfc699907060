/* Create: a new cube, complete but for its values, on the disk before it is called NAME.part. */
#include "cube/agree.h"
#include "cube/cube.h"
#include "cube/handle.h"
#include "cube/hdf.h"
#include "cube/provenance.h"

#include "core/error.h"

#include <string.h>

enum { ATTRIBUTES_BYTES = 1 << 16 }; /* approximately what headers and attributes take */

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

/* NAME.part.new with all its metadata: datasets, attributes, dimension scales; no values yet. Rank 0 alone. */
static enum dmumu_status make_file(const char *fresh, const struct dmumu_cube_spec *spec, struct dmumu_error *error)
{
    struct dmumu_cube_layout layout;
    char date[32];
    const hid_t file = dmumu_cube_file_new(fresh);
    if (file < 0) {
        return dmumu_hdf_fail(error, "cannot create %s", fresh);
    }
    dmumu_cube_date(date);
    dmumu_cube_layout_init(&layout);
    enum dmumu_status status = dmumu_cube_provenance_reserve(file, error);
    if (status == DMUMU_OK) {
        status = dmumu_cube_layout_create(file, spec, &layout, error);
    }
    if (status == DMUMU_OK) {
        status = dmumu_cube_provenance_begin(file, spec, date, error);
    }
    const bool datasets = dmumu_cube_layout_close(&layout), closed = H5Fclose(file) >= 0;
    if (!(datasets && closed) && status == DMUMU_OK) {
        status = dmumu_hdf_fail(error, "cannot write %s", fresh);
    }
    return status;
}

/* Make NAME.part.new, and the room for all its values. Rank 0 alone. */
static enum dmumu_status cube_make(struct dmumu_cube_writer *cube, const struct dmumu_cube_spec *spec,
                                   struct dmumu_error *error)
{
    enum dmumu_status status = dmumu_cube_place_reserve(&cube->place, dmumu_cube_bytes(spec), error);
    if (status != DMUMU_OK) {
        return status;
    }
    status = make_file(cube->place.fresh, spec, error);
    if (status == DMUMU_OK) {
        status = dmumu_cube_place_allocate(&cube->place, error);
    }
    if (status != DMUMU_OK) {
        dmumu_cube_place_discard(&cube->place);
    }
    return status;
}

/* Every rank fills its share of every variable. Collective. */
static enum dmumu_status cube_fill(struct dmumu_cube_writer *cube, struct dmumu_error *error)
{
    const uint64_t n_steps = dmumu_cube_layout_fill_steps(&cube->layout, cube->size);
    enum dmumu_status status = DMUMU_OK;
    for (int i = 0; i < DMUMU_CUBE_N_DATASETS; i++) {
        for (uint64_t step = 0; cube->layout.variable[i] >= 0 && status == DMUMU_OK && step < n_steps; step++) {
            status = dmumu_cube_layout_fill(&cube->layout, (enum dmumu_cube_variable)i, cube->transfer, step,
                                            cube->rank, cube->size, error);
            dmumu_cube_place_beat(&cube->place);
            status = dmumu_cube_agree(cube->comm, status, error);
        }
    }
    return status;
}

/* Open the file together, fill it, flush, give it its name. Collective. */
static enum dmumu_status cube_begin(struct dmumu_cube_writer *cube, struct dmumu_error *error)
{
    enum dmumu_status status = dmumu_cube_agree(cube->comm, dmumu_cube_handle_open(cube, error), error);
    if (status == DMUMU_OK) {
        status = cube_fill(cube, error);
    }
    if (status == DMUMU_OK) {
        status = dmumu_cube_agree(cube->comm, dmumu_cube_handle_flush(cube, error), error);
    }
    if (status == DMUMU_OK && cube->rank == 0) {
        status = dmumu_cube_place_settle(&cube->place, error);
    }
    return dmumu_cube_agree(cube->comm, status, error);
}

enum dmumu_status dmumu_cube_create(MPI_Comm comm, const char *path, bool overwrite, const struct dmumu_cube_spec *spec,
                                    struct dmumu_cube_writer **cube, struct dmumu_error *error)
{
    struct dmumu_error spare = {.status = DMUMU_OK};
    struct dmumu_error *said = error != NULL ? error : &spare;
    struct dmumu_cube_writer *made;
    *cube = NULL;
    dmumu_hdf_silence();
    enum dmumu_status status = dmumu_cube_handle_new(comm, path, overwrite, spec, &made, said);
    if (status != DMUMU_OK) {
        return status;
    }
    if (made->rank == 0) {
        status = cube_make(made, spec, said);
    }
    status = dmumu_cube_agree(made->comm, status, said);
    if (status != DMUMU_OK) {
        dmumu_cube_handle_free(made);
        return status;
    }
    status = cube_begin(made, said);
    if (status == DMUMU_OK) {
        *cube = made;
        return DMUMU_OK;
    }
    (void)dmumu_cube_handle_close(made); /* the first failure is the one to tell */
    if (made->rank == 0) {
        dmumu_cube_place_discard(&made->place);
    }
    dmumu_cube_handle_free(made);
    return status;
}
