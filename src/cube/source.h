/*
 * Source: an older cube, whole or not, to take values from. Serial: each rank opens it for itself. Whoever opens one
 * has asked dmumu_cube_probe_header before MPI began (read.h); the values are compared with their checksums here.
 */
#ifndef DMUMU_CUBE_SOURCE_H
#define DMUMU_CUBE_SOURCE_H

#include "cube/curves.h"

struct dmumu_cube_source;

/** What a source is; all owned by it. */
struct dmumu_cube_source_info {
    const char *path;
    struct dmumu_cube_axis axis[DMUMU_CUBE_N_AXES];
    uint64_t n_curves, n_done;
    const uint8_t *state; /* [n_curves] enum dmumu_cube_state */
    bool modes[DMUMU_N_MODES];
    bool finished;                                                                         /* has its data_hash */
    const char *title, *configuration, *physics, *physics_hash, *data_hash, *git_revision; /* "" where missing */
};

/**
 * Open a cube, or the .part of a scan that was interrupted.
 * @param[out] source  to be closed with dmumu_cube_source_close; NULL on error
 * @return DMUMU_OK; DMUMU_ERROR_FILE: cannot be read, is not a cube or is damaged; DMUMU_ERROR_MEMORY. The message names
 *         the file
 */
enum dmumu_status dmumu_cube_source_open(const char *path, struct dmumu_cube_source **source,
                                         struct dmumu_error *error);
void dmumu_cube_source_close(struct dmumu_cube_source *source);
const struct dmumu_cube_source_info *dmumu_cube_source_about(const struct dmumu_cube_source *source);
/** Has it the physics of this text, and this version's numbers? DMUMU_OK, or DMUMU_ERROR_FILE with the keys. */
enum dmumu_status dmumu_cube_source_has_physics(const struct dmumu_cube_source *source, const char *physics_text,
                                                struct dmumu_error *error);

/** A curve of a source, and the place that its values go to. */
struct dmumu_cube_pair {
    uint64_t from; /* flat index in the source; done */
    size_t to;     /* place in struct dmumu_cube_curves */
};

/**
 * Take values where there are none yet: those rigidities of a place whose quality is DMUMU_CUBE_UNSET_U8, and in the
 * variables without rigidities those of a place that has no other value yet.
 * @param[in]     pair         [n] by ascending `from`
 * @param[in]     rigidity_to  [rigidities of the source] index among those of `curves`, or SIZE_MAX: not wanted
 * @return DMUMU_OK; DMUMU_ERROR_FILE: unreadable, or a curve that has not its checksum; DMUMU_ERROR_MEMORY
 */
enum dmumu_status dmumu_cube_source_take(const struct dmumu_cube_source *source, size_t n,
                                         const struct dmumu_cube_pair pair[], const size_t rigidity_to[],
                                         struct dmumu_cube_curves *curves, struct dmumu_error *error);

#endif
