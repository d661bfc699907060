/* Look-up: open a cube, which reads one quantity of it into memory, and close it. */
#include "core/error.h"
#include "cube/hdf.h"
#include "cube/integrity.h"
#include "cube/lookup.h"
#include "cube/lookup_bricks.h"
#include "cube/lookup_room.h"
#include "cube/provenance.h"
#include "cube/read.h"
#include "cube/read_values.h"
#include "cube/reader.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    MARGIN = 4,
    TITLE = 0,
    CONFIGURATION,
    PHYSICS,
    PHYSICS_HASH,
    DATA_HASH
}; /* values before and behind, for lanes */

static const char *const text_names[DMUMU_LOOKUP_N_TEXTS] = {[TITLE] = "title",
                                                             [CONFIGURATION] = "configuration",
                                                             [PHYSICS] = "physics",
                                                             [PHYSICS_HASH] = "physics_hash",
                                                             [DATA_HASH] = "data_hash"};

void dmumu_cube_options_default(struct dmumu_cube_options *options)
{
    *options = (struct dmumu_cube_options){
        .quantity = DMUMU_QUANTITY_D, .interpolation = DMUMU_INTERPOLATION_CUBIC, .outside = {DMUMU_OUTSIDE_ERROR}};
}

/* What can be said of the options without the file. */
static enum dmumu_status check_options(const struct dmumu_cube_options *options, struct dmumu_error *error)
{
    if ((unsigned)options->quantity >= DMUMU_N_QUANTITIES) {
        return dmumu_error_set(error, DMUMU_ERROR_ARGUMENT, "quantity %d is none", (int)options->quantity);
    }
    if ((unsigned)options->interpolation >= DMUMU_N_INTERPOLATIONS) {
        return dmumu_error_set(error, DMUMU_ERROR_ARGUMENT, "interpolation %d is none", (int)options->interpolation);
    }
    for (int i = 0; i < DMUMU_N_AXES; i++) {
        const enum dmumu_outside outside = options->outside[i];
        const bool known = (unsigned)outside < DMUMU_N_OUTSIDES;
        if (!known || (i == DMUMU_AXIS_REGION && outside != DMUMU_OUTSIDE_ERROR) ||
            (i != DMUMU_AXIS_RIGIDITY && outside == DMUMU_OUTSIDE_POWER_LAW)) {
            return dmumu_error_set(error, DMUMU_ERROR_ARGUMENT, "outside of axis %s there is no '%s'",
                                   dmumu_axis_name((enum dmumu_axis_id)i),
                                   known ? dmumu_outside_name(outside) : "behaviour of that number");
        }
    }
    return DMUMU_OK;
}

static enum dmumu_cube_variable variable_of(enum dmumu_quantity quantity)
{
    return (enum dmumu_cube_variable)((int)DMUMU_CUBE_D + (int)quantity);
}

/* What can be said of them with the file. */
static enum dmumu_status check_choice(const struct dmumu_cube_layout *layout, const struct dmumu_cube_options *options,
                                      struct dmumu_error *error)
{
    if (layout->variable[variable_of(options->quantity)] < 0) {
        return dmumu_error_set(error, DMUMU_ERROR_ARGUMENT, "it has no variable %s: its model is without that mode",
                               dmumu_quantity_name(options->quantity));
    }
    if (options->outside[DMUMU_AXIS_RIGIDITY] == DMUMU_OUTSIDE_POWER_LAW && layout->n[DMUMU_AXIS_RIGIDITY] < 2) {
        return dmumu_error_set(error, DMUMU_ERROR_ARGUMENT, "it has one rigidity: no power law to go on with");
    }
    return DMUMU_OK;
}

static enum dmumu_status read_texts(const struct dmumu_cube_reader *reader, struct dmumu_cube *cube,
                                    struct dmumu_error *error)
{
    struct dmumu_cube_about *about = &cube->about;
    const char **into[DMUMU_LOOKUP_N_TEXTS] = {&about->title, &about->configuration, &about->physics,
                                               &about->physics_hash, &about->data_hash};
    for (int i = 0; i < DMUMU_LOOKUP_N_TEXTS; i++) {
        cube->text[i] = dmumu_hdf_get_text(reader->file, text_names[i]);
        if (cube->text[i] == NULL) {
            cube->text[i] = strdup("");
        }
        if (cube->text[i] == NULL) {
            return dmumu_error_set(error, DMUMU_ERROR_MEMORY, "no memory for its attributes");
        }
        *into[i] = cube->text[i];
    }
    if (strcmp(cube->text[DATA_HASH], DMUMU_CUBE_UNFINISHED) == 0) {
        cube->text[DATA_HASH][0] = '\0';
    }
    return DMUMU_OK;
}

/* Take the axes from the layout, which gives them up, and prepare them. */
static enum dmumu_status take_axes(struct dmumu_cube_layout *layout, struct dmumu_cube *cube, struct dmumu_error *error)
{
    enum dmumu_status status = DMUMU_OK;
    for (int i = 0; i < DMUMU_N_AXES; i++) {
        cube->values[i] = layout->axis[i];
        layout->axis[i] = NULL;
        cube->about.axis[i] = (struct dmumu_cube_axis){layout->n[i], cube->values[i], layout->log_spaced[i]};
    }
    for (int i = DMUMU_AXIS_ALFVEN_MACH; status == DMUMU_OK && i < DMUMU_N_AXES; i++) {
        status = dmumu_lookup_axis_new((enum dmumu_axis_id)i, &cube->about.axis[i], &cube->axis[i], error);
    }
    return status;
}

/* Room for the values, NaN all of it, and where each is to lie. */
static enum dmumu_status make_room(const struct dmumu_cube_layout *layout, struct dmumu_cube *cube,
                                   struct dmumu_error *error)
{
    uint64_t size = 0;
    if (dmumu_lookup_bricks_new(layout->n, cube->offset, &size)) {
        cube->ln_d = dmumu_lookup_room_new(size);
        cube->d = dmumu_lookup_room_new(size);
    }
    if (cube->ln_d == NULL || cube->d == NULL) {
        return dmumu_error_set(error, DMUMU_ERROR_MEMORY, "no memory for the values of its %llu curves",
                               (unsigned long long)layout->n_curves);
    }
    for (uint64_t i = 0; i < size; i++) {
        cube->ln_d[i] = cube->d[i] = NAN;
    }
    for (int i = 0; i < DMUMU_N_REGIONS; i++) {
        cube->region_start[i] = -1;
    }
    for (size_t i = 0; i < layout->n[DMUMU_AXIS_REGION]; i++) {
        cube->region_start[(int)layout->axis[DMUMU_AXIS_REGION][i]] = (ptrdiff_t)cube->offset[DMUMU_AXIS_REGION][i];
    }
    return DMUMU_OK;
}

/* The values of one curve that is done to their places; what is no positive number is NaN. */
static void settle(const struct dmumu_cube_layout *layout, uint64_t curve, const double d[], struct dmumu_cube *cube)
{
    size_t at = 0;
    for (int i = DMUMU_AXIS_RIGIDITY - 1; i >= 0; i--) {
        at += cube->offset[i][curve % layout->n[i]];
        curve /= layout->n[i];
    }
    for (size_t i = 0; i < layout->n[DMUMU_AXIS_RIGIDITY]; i++) {
        const size_t to = at + cube->offset[DMUMU_AXIS_RIGIDITY][i];
        if (d[i] > 0.0 && isfinite(d[i])) {
            cube->d[to] = d[i];
            cube->ln_d[to] = log(d[i]);
            cube->about.n_nan--;
        }
    }
}

/* Curves as they come from the file. */
struct slab {
    uint8_t *state; /* [count] */
    double *d;      /* [count][rigidities] */
};

/* The `count` curves from `first` on: checksums, states, values. */
static enum dmumu_status read_slab(const struct dmumu_cube_layout *layout, uint64_t first, size_t count,
                                   const struct slab *slab, struct dmumu_cube *cube, struct dmumu_error *error)
{
    struct dmumu_cube_info info = {.n_done = 0};
    enum dmumu_status status = dmumu_cube_values_read_slab(layout, first, &info, error);
    if (status == DMUMU_OK) {
        status = dmumu_cube_layout_read(layout, DMUMU_CUBE_STATE, first, count, slab->state, error);
    }
    if (status == DMUMU_OK) {
        status = dmumu_cube_layout_read(layout, variable_of(cube->options.quantity), first, count, slab->d, error);
    }
    for (size_t i = 0; status == DMUMU_OK && i < count; i++) {
        if (slab->state[i] == DMUMU_CUBE_DONE) {
            cube->about.n_done++;
            settle(layout, first + i, slab->d + i * layout->n[DMUMU_AXIS_RIGIDITY], cube);
        }
    }
    return status;
}

static enum dmumu_status read_values(const struct dmumu_cube_layout *layout, struct dmumu_cube *cube,
                                     struct dmumu_error *error)
{
    const uint64_t step = dmumu_cube_layout_slab(layout);
    const size_t row = layout->n[DMUMU_AXIS_RIGIDITY];
    const struct slab slab = {malloc((size_t)step), malloc((size_t)step * row * sizeof(double))};
    enum dmumu_status status = DMUMU_OK;
    if (slab.state == NULL || slab.d == NULL) {
        free(slab.state);
        free(slab.d);
        return dmumu_error_set(error, DMUMU_ERROR_MEMORY, "no memory for %llu curves", (unsigned long long)step);
    }
    cube->about.n_nan = layout->n_curves * row;
    for (uint64_t first = 0; status == DMUMU_OK && first < layout->n_curves; first += step) {
        const uint64_t left = layout->n_curves - first;
        status = read_slab(layout, first, (size_t)(left < step ? left : step), &slab, cube, error);
    }
    free(slab.state);
    free(slab.d);
    return status;
}

/* Is everything there that should be? */
static enum dmumu_status check_complete(const struct dmumu_cube *cube, struct dmumu_error *error)
{
    const unsigned long long n = cube->about.n_curves, n_done = cube->about.n_done;
    if (n_done < n && cube->about.data_hash[0] != '\0') {
        return dmumu_error_set(error, DMUMU_ERROR_FILE, "damaged: a complete cube, but %llu of its curves are pending",
                               n - n_done);
    }
    if (n_done < n && !cube->options.partial) {
        return dmumu_error_set(
            error, DMUMU_ERROR_FILE,
            "not complete: %llu of %llu curves are pending (the option `partial` looks up the others)", n - n_done, n);
    }
    return DMUMU_OK;
}

/* Everything that is in the file. */
static enum dmumu_status load(struct dmumu_cube_reader *reader, struct dmumu_cube *cube, struct dmumu_error *error)
{
    struct dmumu_cube_layout *layout = &reader->layout;
    enum dmumu_status status = dmumu_cube_integrity_check(reader->file, layout, error);
    if (status == DMUMU_OK) {
        status = check_choice(layout, &cube->options, error);
    }
    if (status == DMUMU_OK) {
        status = read_texts(reader, cube, error);
    }
    if (status == DMUMU_OK) {
        status = make_room(layout, cube, error);
    }
    cube->about.n_curves = layout->n_curves;
    for (int i = 0; i < DMUMU_N_QUANTITIES; i++) {
        cube->about.has_quantity[i] = layout->variable[variable_of((enum dmumu_quantity)i)] >= 0;
    }
    if (status == DMUMU_OK) {
        status = read_values(layout, cube, error);
    }
    if (status == DMUMU_OK) {
        status = check_complete(cube, error);
    }
    return status == DMUMU_OK ? take_axes(layout, cube, error) : status;
}

/* HDF5's own printing of errors is off while a cube is read, and then as the caller had it. */
static enum dmumu_status load_quietly(const char *path, struct dmumu_cube *cube, struct dmumu_error *error)
{
    struct dmumu_cube_reader reader;
    H5E_auto2_t print = NULL;
    void *print_data = NULL;
    const bool kept = H5Eget_auto2(H5E_DEFAULT, &print, &print_data) >= 0;
    dmumu_hdf_silence();
    enum dmumu_status status = dmumu_cube_reader_open(path, &reader, error);
    if (status == DMUMU_OK) {
        status = dmumu_cube_reader_name(path, load(&reader, cube, error), error);
    }
    dmumu_cube_reader_close(&reader);
    if (kept) {
        H5Eset_auto2(H5E_DEFAULT, print, print_data);
    }
    return status;
}

enum dmumu_status dmumu_cube_open(const char *path, const struct dmumu_cube_options *options, struct dmumu_cube **cube,
                                  struct dmumu_error *error)
{
    struct dmumu_cube_options chosen;
    *cube = NULL;
    dmumu_cube_options_default(&chosen);
    chosen = options != NULL ? *options : chosen;
    enum dmumu_status status = dmumu_cube_reader_name(path, check_options(&chosen, error), error);
    if (status == DMUMU_OK && chosen.guard) {
        status = dmumu_cube_probe(path, error);
    }
    if (status != DMUMU_OK) {
        return status;
    }
    struct dmumu_cube *made = calloc(1, sizeof *made);
    if (made == NULL) {
        return dmumu_error_set(error, DMUMU_ERROR_MEMORY, "no memory to open %s", path);
    }
    made->options = chosen;
    status = load_quietly(path, made, error);
    if (status != DMUMU_OK) {
        dmumu_cube_close(made);
        return status;
    }
    *cube = made;
    return DMUMU_OK;
}

void dmumu_cube_close(struct dmumu_cube *cube)
{
    if (cube == NULL) {
        return;
    }
    for (int i = 0; i < DMUMU_N_AXES; i++) {
        dmumu_lookup_axis_free(&cube->axis[i]);
        free(cube->values[i]);
        free(cube->offset[i]);
    }
    for (int i = 0; i < DMUMU_LOOKUP_N_TEXTS; i++) {
        free(cube->text[i]);
    }
    free(cube->ln_d);
    free(cube->d);
    free(cube);
}

const struct dmumu_cube_about *dmumu_cube_about(const struct dmumu_cube *cube)
{
    return &cube->about;
}
