/* Target: look, open, take out what is done (see target.h). */
#include "scan/target.h"

#include "core/error.h"
#include "cube/fields.h"
#include "cube/read.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum existing { NOTHING_THERE = 0, PART_THERE, CUBE_THERE };

char *dmumu_target_part(const char *path)
{
    const size_t size = strlen(path) + sizeof ".part";
    char *part = malloc(size);
    if (part)
        snprintf(part, size, "%s.part", path);
    return part;
}

/* What there is to go on with. */
static enum existing look(const struct dmumu_target *target)
{
    if (!target->resume)
        return NOTHING_THERE;
    char *part = dmumu_target_part(target->path);
    if (!part)
        return PART_THERE; /* who opens it will say what is wrong */
    const bool part_there = access(part, F_OK) == 0;
    free(part);
    if (part_there)
        return PART_THERE;
    return !target->overwrite && access(target->path, F_OK) == 0 ? CUBE_THERE : NOTHING_THERE;
}

enum dmumu_status dmumu_target_probe(const struct dmumu_target *target, struct dmumu_error *error)
{
    const enum existing existing = look(target);
    char *part = dmumu_target_part(target->path);
    enum dmumu_status status = DMUMU_OK;
    if (!part)
        return dmumu_error_set(error, DMUMU_ERROR_MEMORY, "no memory for the name of a file");
    if (existing != NOTHING_THERE)
        status = dmumu_cube_probe_header(existing == PART_THERE ? part : target->path, error);
    free(part);
    if (status == DMUMU_ERROR_FILE) {
        const struct dmumu_error inner = *error;
        dmumu_error_set(error, status, "cannot continue: %.440s (--overwrite starts again)", inner.message);
    }
    return status;
}

enum dmumu_status dmumu_target_open(const struct dmumu_team *team, const struct dmumu_target *target,
                                    const struct dmumu_cube_spec *spec, struct dmumu_cube_writer **cube,
                                    char data_hash[static 65], struct dmumu_error *error)
{
    uint64_t existing = team->rank == 0 ? (uint64_t)look(target) : NOTHING_THERE;
    dmumu_team_sum(team, 1, &existing); /* rank 0's word */
    *cube = NULL;
    data_hash[0] = '\0';
    if (existing == PART_THERE)
        return dmumu_cube_resume(team->comm, target->path, target->overwrite, spec, cube, error);
    if (existing == NOTHING_THERE)
        return dmumu_cube_create(team->comm, target->path, target->overwrite, spec, cube, error);
    const enum dmumu_status status =
        team->rank == 0 ? dmumu_cube_is_of(target->path, spec, data_hash, error) : DMUMU_OK;
    return dmumu_team_agree(team, status, error);
}

enum dmumu_status dmumu_target_take_out(const struct dmumu_team *team, const struct dmumu_cube_writer *cube,
                                        struct dmumu_blocks *blocks, struct dmumu_error *error)
{
    const uint8_t *state = dmumu_cube_found_state(cube);
    enum dmumu_status status = DMUMU_OK;
    for (size_t curve = 0; state && status == DMUMU_OK && curve < blocks->n_curves; ++curve) {
        if (state[curve] == DMUMU_CUBE_DONE)
            status = dmumu_blocks_set_done(blocks, curve, error);
    }
    return dmumu_team_agree(team, status, error);
}
