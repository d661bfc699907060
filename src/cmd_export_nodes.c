/* Export, nodes: see cmd_export_nodes.h. Read in pieces, each curve against its checksum. */
#include "cmd_export_nodes.h"

#include "core/error.h"
#include "cube/read.h"
#include "cube/source.h"

#include <stdlib.h>
#include <string.h>

enum { PIECE_BYTES = 16000000 };

static bool copy_axes(const struct dmumu_cube_source_info *info, struct dmumu_export_nodes *nodes)
{
    for (int i = 0; i < DMUMU_N_AXES; i++) {
        struct dmumu_axis *axis = &nodes->grid.axis[i];
        axis->n = info->axis[i].n;
        axis->log_spaced = info->axis[i].log_spaced;
        axis->values = malloc(axis->n * sizeof *axis->values);
        if (!axis->values)
            return false;
        memcpy(axis->values, info->axis[i].values, axis->n * sizeof *axis->values);
    }
    return true;
}

static enum dmumu_status make_room(const struct dmumu_cube_source_info *info, struct dmumu_export_nodes *nodes,
                                   struct dmumu_error *error)
{
    nodes->n_curves = (size_t)info->n_curves;
    nodes->n_rigidity = info->axis[DMUMU_AXIS_RIGIDITY].n;
    const size_t n = nodes->n_curves * nodes->n_rigidity;
    nodes->d_cm2_s = malloc(n * sizeof *nodes->d_cm2_s);
    nodes->rel_error = malloc(n * sizeof *nodes->rel_error);
    nodes->quality = malloc(n);
    nodes->physics_hash = strdup(info->physics_hash);
    nodes->data_hash = strdup(info->data_hash);
    const bool room = copy_axes(info, nodes) && nodes->d_cm2_s && nodes->rel_error && nodes->quality &&
                      nodes->physics_hash && nodes->data_hash;
    return room ? DMUMU_OK : dmumu_error_set(error, DMUMU_ERROR_MEMORY, "no memory for %zu values", n);
}

/* What reading in pieces needs. */
struct piece {
    struct dmumu_cube_curves curves;
    struct dmumu_cube_pair *pair; /* [capacity] */
    size_t *rigidity_to;          /* [n_rigidity] each to itself */
};

static bool piece_new(const struct dmumu_cube_source_info *info, struct piece *piece)
{
    const size_t n_rigidity = info->axis[DMUMU_AXIS_RIGIDITY].n;
    size_t capacity = PIECE_BYTES / dmumu_cube_curves_bytes(n_rigidity, info->modes);
    capacity = capacity < info->n_curves ? capacity : (size_t)info->n_curves;
    capacity = capacity > 0 ? capacity : 1;
    piece->pair = malloc(capacity * sizeof *piece->pair);
    piece->rigidity_to = malloc(n_rigidity * sizeof *piece->rigidity_to);
    for (size_t k = 0; piece->rigidity_to && k < n_rigidity; k++)
        piece->rigidity_to[k] = k;
    return dmumu_cube_curves_new(capacity, n_rigidity, info->modes, &piece->curves) && piece->pair &&
           piece->rigidity_to;
}

static void piece_free(struct piece *piece)
{
    dmumu_cube_curves_free(&piece->curves);
    free(piece->pair);
    free(piece->rigidity_to);
}

static enum dmumu_status read_piece(const struct dmumu_cube_source *source, size_t first, size_t n, struct piece *piece,
                                    struct dmumu_export_nodes *nodes, struct dmumu_error *error)
{
    const size_t at = first * nodes->n_rigidity, count = n * nodes->n_rigidity;
    piece->curves.n = n;
    for (size_t i = 0; i < n; i++) {
        piece->curves.curve[i] = first + i;
        piece->pair[i] = (struct dmumu_cube_pair){first + i, i};
        dmumu_cube_curves_unset(&piece->curves, i);
    }
    const enum dmumu_status status =
        dmumu_cube_source_take(source, n, piece->pair, piece->rigidity_to, &piece->curves, error);
    if (status == DMUMU_OK) {
        memcpy(nodes->d_cm2_s + at, piece->curves.value[DMUMU_CUBE_D], count * sizeof *nodes->d_cm2_s);
        memcpy(nodes->rel_error + at, piece->curves.value[DMUMU_CUBE_REL_ERROR], count * sizeof *nodes->rel_error);
        memcpy(nodes->quality + at, piece->curves.value[DMUMU_CUBE_QUALITY], count);
    }
    return status;
}

static enum dmumu_status read_all(const struct dmumu_cube_source *source, struct dmumu_export_nodes *nodes,
                                  struct dmumu_error *error)
{
    const struct dmumu_cube_source_info *info = dmumu_cube_source_about(source);
    struct piece piece = {.pair = NULL};
    if (info->n_done < info->n_curves)
        return dmumu_error_set(error, DMUMU_ERROR_FILE, "%.300s: not complete: %llu of %llu curves are done",
                               info->path, (unsigned long long)info->n_done, (unsigned long long)info->n_curves);
    enum dmumu_status status = make_room(info, nodes, error);
    if (status == DMUMU_OK && !piece_new(info, &piece))
        status = dmumu_error_set(error, DMUMU_ERROR_MEMORY, "no memory to read curves");
    const size_t step = piece.curves.capacity;
    for (size_t first = 0; status == DMUMU_OK && first < nodes->n_curves; first += step) {
        const size_t left = nodes->n_curves - first;
        status = read_piece(source, first, left < step ? left : step, &piece, nodes, error);
    }
    piece_free(&piece);
    return status;
}

int dmumu_export_nodes_read(const struct dmumu_export *export, struct dmumu_export_nodes *nodes)
{
    struct dmumu_cube_source *source = NULL;
    struct dmumu_error error = {0};
    *nodes = (struct dmumu_export_nodes){.n_curves = 0};
    enum dmumu_status status = dmumu_cube_probe(export->path, &error);
    if (status == DMUMU_OK)
        status = dmumu_cube_source_open(export->path, &source, &error);
    if (status == DMUMU_OK)
        status = read_all(source, nodes, &error);
    dmumu_cube_source_close(source);
    return status == DMUMU_OK ? DMUMU_EXIT_OK : dmumu_export_complain(&error);
}

void dmumu_export_nodes_free(struct dmumu_export_nodes *nodes)
{
    dmumu_grid_free(&nodes->grid);
    free(nodes->d_cm2_s);
    free(nodes->rel_error);
    free(nodes->quality);
    free(nodes->physics_hash);
    free(nodes->data_hash);
}
