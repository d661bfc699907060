/* Source: open, describe, and take curves by the slab (see source.h). */
#include "cube/source.h"

#include "core/error.h"
#include "cube/differ.h"
#include "cube/hash.h"
#include "cube/hdf.h"
#include "cube/integrity.h"
#include "cube/layout.h"
#include "cube/provenance.h"
#include "cube/rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct dmumu_cube_source {
    char *path;
    hid_t file;
    struct dmumu_cube_layout layout;
    uint8_t *state;
    char *text[6]; /* title, configuration, physics, physics_hash, data_hash, git_revision */
    struct dmumu_cube_source_info info;
    struct dmumu_crc32_table table;
};

enum { TITLE, CONFIGURATION, PHYSICS, PHYSICS_HASH, DATA_HASH, GIT_REVISION, N_TEXTS };

static const char *const text_names[N_TEXTS] = {"title",        "configuration", "physics",
                                                "physics_hash", "data_hash",     "git_revision"};

/* Put the path in front of a message that does not know it. */
static enum dmumu_status name_file(const char *path, enum dmumu_status status, struct dmumu_error *error)
{
    if (status != DMUMU_OK && error != NULL) {
        const struct dmumu_error inner = *error;
        dmumu_error_set(error, status, "%.200s: %s", path, inner.message);
    }
    return status;
}

static enum dmumu_status read_texts(struct dmumu_cube_source *source, struct dmumu_error *error)
{
    for (int i = 0; i < N_TEXTS; i++) {
        source->text[i] = dmumu_hdf_get_text(source->file, text_names[i]);
        if (source->text[i] == NULL) {
            source->text[i] = strdup("");
        }
        if (source->text[i] == NULL) {
            return dmumu_error_set(error, DMUMU_ERROR_MEMORY, "no memory for its attributes");
        }
    }
    return DMUMU_OK;
}

static enum dmumu_status read_state(struct dmumu_cube_source *source, struct dmumu_error *error)
{
    const uint64_t n = source->layout.n_curves;
    source->state = malloc((size_t)n);
    if (source->state == NULL) {
        return dmumu_error_set(error, DMUMU_ERROR_MEMORY, "no memory for the state of its curves");
    }
    return dmumu_cube_layout_read(&source->layout, DMUMU_CUBE_STATE, 0, n, source->state, error);
}

static void describe(struct dmumu_cube_source *source)
{
    struct dmumu_cube_source_info *info = &source->info;
    const char *hash = source->text[DATA_HASH];
    *info = (struct dmumu_cube_source_info){
        .path = source->path,
        .n_curves = source->layout.n_curves,
        .state = source->state,
        .finished = strlen(hash) == DMUMU_SHA256_HEX - 1,
        .title = source->text[TITLE],
        .configuration = source->text[CONFIGURATION],
        .physics = source->text[PHYSICS],
        .physics_hash = source->text[PHYSICS_HASH],
        .data_hash = hash,
        .git_revision = source->text[GIT_REVISION],
    };
    for (int i = 0; i < DMUMU_CUBE_N_AXES; i++) {
        info->axis[i] =
            (struct dmumu_cube_axis){source->layout.n[i], source->layout.axis[i], source->layout.log_spaced[i]};
    }
    for (int mode = 0; mode < DMUMU_N_MODES; mode++) {
        info->modes[mode] = source->layout.variable[DMUMU_CUBE_D_FAST + mode] >= 0;
    }
    for (uint64_t i = 0; i < info->n_curves; i++) {
        info->n_done += source->state[i] == DMUMU_CUBE_DONE;
    }
}

/* Everything behind the name. */
static enum dmumu_status open_file(struct dmumu_cube_source *source, struct dmumu_error *error)
{
    const hid_t access = dmumu_cube_access_new();
    source->file = H5Fopen(source->path, H5F_ACC_RDONLY, access);
    const hid_t kept = dmumu_hdf_keep();
    H5Pclose(access);
    dmumu_hdf_give_back(kept);
    if (source->file < 0) {
        return dmumu_hdf_fail(error, "not a cube, or damaged");
    }
    enum dmumu_status status = dmumu_cube_layout_open(source->file, &source->layout, error);
    if (status == DMUMU_OK) {
        status = dmumu_cube_integrity_check(source->file, &source->layout, error);
    }
    if (status == DMUMU_OK) {
        status = read_texts(source, error);
    }
    return status == DMUMU_OK ? read_state(source, error) : status;
}

enum dmumu_status dmumu_cube_source_open(const char *path, struct dmumu_cube_source **source, struct dmumu_error *error)
{
    struct dmumu_cube_source *made = calloc(1, sizeof *made);
    *source = NULL;
    if (made == NULL || (made->path = strdup(path)) == NULL) {
        free(made);
        return dmumu_error_set(error, DMUMU_ERROR_MEMORY, "no memory to read %.200s", path);
    }
    made->file = H5I_INVALID_HID;
    dmumu_cube_layout_init(&made->layout);
    dmumu_crc32_table_fill(&made->table);
    dmumu_hdf_silence();
    const enum dmumu_status status = name_file(path, open_file(made, error), error);
    if (status != DMUMU_OK) {
        dmumu_cube_source_close(made);
        return status;
    }
    describe(made);
    *source = made;
    return DMUMU_OK;
}

void dmumu_cube_source_close(struct dmumu_cube_source *source)
{
    if (source == NULL) {
        return;
    }
    dmumu_cube_layout_close(&source->layout);
    if (source->file >= 0) {
        H5Fclose(source->file);
    }
    for (int i = 0; i < N_TEXTS; i++) {
        free(source->text[i]);
    }
    free(source->state);
    free(source->path);
    free(source);
}

const struct dmumu_cube_source_info *dmumu_cube_source_about(const struct dmumu_cube_source *source)
{
    return &source->info;
}

enum dmumu_status dmumu_cube_source_has_physics(const struct dmumu_cube_source *source, const char *physics_text,
                                                struct dmumu_error *error)
{
    return name_file(source->path, dmumu_cube_physics_compare(source->file, physics_text, error), error);
}

/* ---- taking values ---- */

/* Some curves of the source with all their values, and what is needed to read them. */
struct piece {
    size_t n;
    uint64_t *curve;            /* [n] ascending */
    struct dmumu_cube_run *run; /* [n_runs] the same */
    size_t n_runs;
    struct dmumu_cube_curves values;
    uint32_t *sum, *stored_sum; /* [n] */
};

static void piece_free(struct piece *piece)
{
    free(piece->curve);
    free(piece->run);
    free(piece->sum);
    free(piece->stored_sum);
    dmumu_cube_curves_free(&piece->values);
}

static bool piece_new(const struct dmumu_cube_source *source, size_t n, struct piece *piece)
{
    *piece = (struct piece){
        .curve = malloc(n * sizeof *piece->curve),
        .run = malloc(n * sizeof *piece->run),
        .sum = malloc(n * sizeof *piece->sum),
        .stored_sum = malloc(n * sizeof *piece->stored_sum),
    };
    const bool values =
        dmumu_cube_curves_new(n, source->layout.n[DMUMU_CUBE_N_AXES - 1], source->info.modes, &piece->values);
    return values && piece->curve != NULL && piece->run != NULL && piece->sum != NULL && piece->stored_sum != NULL;
}

static enum dmumu_status read_rows(const struct dmumu_cube_source *source, enum dmumu_cube_variable variable,
                                   const struct piece *piece, void *values, struct dmumu_error *error)
{
    const struct dmumu_cube_field *field = dmumu_cube_variable_field(variable);
    struct dmumu_cube_rows rows;
    if (!dmumu_cube_rows_select(source->layout.n, field->n_axes, piece->n_runs, piece->run, &rows)) {
        return dmumu_hdf_fail(error, "cannot select curves of %s", field->name);
    }
    const bool done = dmumu_cube_rows_read(source->layout.variable[variable], field->type, H5P_DEFAULT, &rows, values);
    dmumu_cube_rows_close(&rows);
    return done ? DMUMU_OK : dmumu_hdf_fail(error, "cannot read %s", field->name);
}

static enum dmumu_status check_sums(const struct dmumu_cube_source *source, const struct piece *piece,
                                    struct dmumu_error *error)
{
    if (source->layout.variable[DMUMU_CUBE_CHECKSUM] < 0) {
        return DMUMU_OK; /* another program has written it anew: nothing to compare with */
    }
    const enum dmumu_status status = read_rows(source, DMUMU_CUBE_CHECKSUM, piece, piece->stored_sum, error);
    for (size_t i = 0; status == DMUMU_OK && i < piece->n; i++) {
        if (piece->sum[i] != piece->stored_sum[i]) {
            return dmumu_error_set(error, DMUMU_ERROR_FILE,
                                   "damaged, or changed by another program: the values of curve %llu do not have the "
                                   "checksum that was written with them",
                                   (unsigned long long)piece->curve[i]);
        }
    }
    return status;
}

/* Read the piece's curves, all variables. */
static enum dmumu_status read_piece(const struct dmumu_cube_source *source, struct piece *piece,
                                    struct dmumu_error *error)
{
    piece->n_runs = dmumu_cube_runs_join(piece->n, piece->curve, piece->run);
    memset(piece->sum, 0, piece->n * sizeof *piece->sum);
    for (int v = 0; v < DMUMU_CUBE_N_VARIABLES; v++) {
        const enum dmumu_cube_variable variable = (enum dmumu_cube_variable)v;
        if (piece->values.value[v] == NULL) {
            continue;
        }
        const enum dmumu_status status = read_rows(source, variable, piece, piece->values.value[v], error);
        if (status != DMUMU_OK) {
            return status;
        }
        dmumu_cube_checksum_add(&source->table, dmumu_cube_variable_field(variable)->type, piece->n,
                                dmumu_cube_curves_row(&piece->values, variable), piece->values.value[v], piece->sum);
    }
    return check_sums(source, piece, error);
}

/* Has a place no value at all yet? */
static bool is_empty(const struct dmumu_cube_curves *curves, size_t place)
{
    const uint8_t *quality = dmumu_cube_curves_at(curves, DMUMU_CUBE_QUALITY, place);
    for (size_t i = 0; i < curves->n_rigidity; i++) {
        if (quality[i] != DMUMU_CUBE_UNSET_U8) {
            return false;
        }
    }
    return true;
}

/* One curve of the piece into its place. The qualities come last: until then they say what is missing. */
static void scatter(const struct piece *piece, size_t i, const size_t rigidity_to[], struct dmumu_cube_curves *curves,
                    size_t place)
{
    const uint8_t *missing = dmumu_cube_curves_at(curves, DMUMU_CUBE_QUALITY, place);
    const bool empty = is_empty(curves, place);
    for (int step = 0; step < DMUMU_CUBE_N_VARIABLES; step++) {
        const int v = step + 1 < DMUMU_CUBE_N_VARIABLES ? step + (step >= DMUMU_CUBE_QUALITY) : DMUMU_CUBE_QUALITY;
        const enum dmumu_cube_variable variable = (enum dmumu_cube_variable)v;
        const size_t size = dmumu_cube_type_size(dmumu_cube_variable_field(variable)->type);
        if (curves->value[v] == NULL || piece->values.value[v] == NULL) {
            continue;
        }
        const char *from = dmumu_cube_curves_at(&piece->values, variable, i);
        char *to = dmumu_cube_curves_at(curves, variable, place);
        if (dmumu_cube_variable_field(variable)->n_axes < DMUMU_CUBE_N_AXES) {
            memcpy(to, from, empty ? size : 0);
            continue;
        }
        for (size_t k = 0; k < piece->values.n_rigidity; k++) {
            if (rigidity_to[k] != SIZE_MAX && missing[rigidity_to[k]] == DMUMU_CUBE_UNSET_U8) {
                memcpy(to + rigidity_to[k] * size, from + k * size, size);
            }
        }
    }
}

enum dmumu_status dmumu_cube_source_take(const struct dmumu_cube_source *source, size_t n,
                                         const struct dmumu_cube_pair pair[], const size_t rigidity_to[],
                                         struct dmumu_cube_curves *curves, struct dmumu_error *error)
{
    const size_t slab = (size_t)dmumu_cube_layout_slab(&source->layout), most = slab < n ? slab : n;
    enum dmumu_status status = DMUMU_OK;
    struct piece piece;
    if (n == 0) {
        return DMUMU_OK;
    }
    if (!piece_new(source, most, &piece)) {
        status = dmumu_error_set(error, DMUMU_ERROR_MEMORY, "no memory to read %zu curves", most);
    }
    for (size_t first = 0; status == DMUMU_OK && first < n; first += most) {
        piece.n = n - first < most ? n - first : most;
        for (size_t i = 0; i < piece.n; i++) {
            piece.curve[i] = pair[first + i].from;
        }
        status = read_piece(source, &piece, error);
        for (size_t i = 0; status == DMUMU_OK && i < piece.n; i++) {
            scatter(&piece, i, rigidity_to, curves, pair[first + i].to);
        }
    }
    piece_free(&piece);
    return name_file(source->path, status, error);
}
