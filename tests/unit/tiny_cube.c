/* A cube of 12 curves, written without MPI. */
#include "tiny_cube.h"

#include "cube/hdf.h"
#include "cube/integrity.h"
#include "cube/provenance.h"
#include "cube/read.h"
#include "cube/rows.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct dmumu_cube_spec tiny_cube_spec(void)
{
    static const double region[] = {0, 1}, mach[] = {0.1, 1.0}, beta[] = {0.14}, scale[] = {10, 20, 30};
    static const double rigidity[] = {1, 10, 100, 1000};
    return (struct dmumu_cube_spec){
        .axis = {{2, region, false}, {2, mach, true}, {1, beta, false}, {3, scale, false}, {4, rigidity, true}},
        .modes = {[DMUMU_ALFVEN] = true},
        .title = "A test",
        .configuration = "title: A test\n",
        .physics_text = "physics\n",
        .command = "test",
        .host_count = 2,
        .ranks = 3,
        .threads = 4,
    };
}

/* Write one variable of the first `count` curves. */
static bool put(const struct dmumu_cube_layout *layout, enum dmumu_cube_variable variable, uint64_t count,
                const void *values)
{
    const struct dmumu_cube_field *field = dmumu_cube_variable_field(variable);
    const struct dmumu_cube_run run = {.first = 0, .count = count};
    struct dmumu_cube_rows rows;
    if (!dmumu_cube_rows_select(layout->n, field->n_axes, 1, &run, &rows)) {
        return false;
    }
    const bool written = dmumu_cube_rows_write(layout->variable[variable], field->type, H5P_DEFAULT, &rows, values);
    dmumu_cube_rows_close(&rows);
    return written;
}

/* The checksums of the first `count` curves, of what is in the file. */
static bool put_checksums(const struct dmumu_cube_layout *layout, uint64_t count)
{
    double *values = calloc((size_t)count * layout->n[DMUMU_CUBE_N_AXES - 1], sizeof *values); /* room for any type */
    uint32_t *checksum = calloc((size_t)count, sizeof *checksum);
    bool done = values != NULL && checksum != NULL;
    struct dmumu_crc32_table table;
    struct dmumu_error error;
    dmumu_crc32_table_fill(&table);
    for (int i = 0; done && i < DMUMU_CUBE_N_VARIABLES; i++) {
        const enum dmumu_cube_variable variable = (enum dmumu_cube_variable)i;
        if (layout->variable[i] < 0 || variable == DMUMU_CUBE_STATE) {
            continue;
        }
        done = dmumu_cube_layout_read(layout, variable, 0, count, values, &error) == DMUMU_OK;
        dmumu_cube_checksum_add(&table, dmumu_cube_variable_field(variable)->type, (size_t)count,
                                dmumu_cube_layout_row(layout, variable), values, checksum);
    }
    done = done && put(layout, DMUMU_CUBE_CHECKSUM, count, checksum);
    free(values);
    free(checksum);
    return done;
}

/* D and quality of the first `done` curves, and that they are done. */
static bool put_values(const struct dmumu_cube_layout *layout, uint64_t done, const double d[], const uint8_t quality[])
{
    uint8_t *state = malloc((size_t)done + 1);
    if (state == NULL) {
        return false;
    }
    memset(state, DMUMU_CUBE_DONE, (size_t)done);
    const bool right =
        done == 0 || (put(layout, DMUMU_CUBE_D, done, d) && put(layout, DMUMU_CUBE_QUALITY, done, quality) &&
                      put_checksums(layout, done) && put(layout, DMUMU_CUBE_STATE, done, state));
    free(state);
    return right;
}

static bool fill(const struct dmumu_cube_layout *layout)
{
    struct dmumu_error error;
    bool filled = true;
    for (int i = 0; i < DMUMU_CUBE_N_DATASETS; i++) {
        for (uint64_t step = 0; layout->variable[i] >= 0 && step < dmumu_cube_layout_fill_steps(layout, 1); step++) {
            filled = filled && dmumu_cube_layout_fill(layout, (enum dmumu_cube_variable)i, H5P_DEFAULT, step, 0, 1,
                                                      &error) == DMUMU_OK;
        }
    }
    return filled;
}

bool tiny_cube_write(const char *path, const struct dmumu_cube_spec *spec, uint64_t done, const double d[],
                     const uint8_t quality[])
{
    struct dmumu_cube_layout layout;
    struct dmumu_error error;
    const hid_t file = dmumu_cube_file_new(path);
    if (file < 0) {
        return false;
    }
    dmumu_cube_layout_init(&layout);
    const bool made = dmumu_cube_provenance_reserve(file, &error) == DMUMU_OK &&
                      dmumu_cube_layout_create(file, spec, &layout, &error) == DMUMU_OK &&
                      dmumu_cube_provenance_begin(file, spec, "2026-01-01T00:00:00Z", &error) == DMUMU_OK &&
                      fill(&layout) && put_values(&layout, done, d, quality);
    const bool datasets = dmumu_cube_layout_close(&layout);
    return H5Fclose(file) >= 0 && datasets && made;
}

bool tiny_cube_make(const char *path, const struct dmumu_cube_spec *spec, uint64_t done, bool minus)
{
    double d[TINY_CURVES * TINY_RIGIDITIES];
    uint8_t quality[TINY_CURVES * TINY_RIGIDITIES] = {0};
    for (int i = 0; i < TINY_CURVES * TINY_RIGIDITIES; i++) {
        d[i] = 1e27 * (i + 1);
    }
    d[1] = minus ? -(double)NAN : (double)NAN;
    quality[1] = DMUMU_QUALITY_NOT_CONFINED;
    return tiny_cube_write(path, spec, done, d, quality);
}

bool tiny_cube_finish(const char *path)
{
    char hash[DMUMU_SHA256_HEX];
    struct dmumu_error error;
    if (dmumu_cube_info_hash(path, hash, &error) != DMUMU_OK) {
        return false;
    }
    const hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    if (file < 0) {
        return false;
    }
    const bool ended = dmumu_cube_provenance_end(file, hash, "2026-01-01T00:01:00Z", &error) == DMUMU_OK;
    return H5Fclose(file) >= 0 && ended;
}
