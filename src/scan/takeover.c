/* Takeover: each rank reads its share of the grid, all write together (see takeover.h). */
#include "scan/takeover.h"

#include "core/error.h"
#include "scan/stop.h"

/* This rank's share of the grid and how far it is. */
struct share {
    uint64_t next, end;
    struct dmumu_cube_curves curves;
};

/* Is a curve to be taken over: not done, and wholly there? */
static bool is_wanted(const struct dmumu_reuse *reuse, const struct dmumu_blocks *blocks, uint64_t curve)
{
    return !dmumu_blocks_is_done(blocks, dmumu_blocks_position(blocks, curve)) &&
           dmumu_reuse_missing(reuse, curve, NULL) == 0;
}

/* Read the next curves of the share, as many as there is room for. */
static enum dmumu_status read_next(struct share *share, const struct dmumu_reuse *reuse,
                                   const struct dmumu_blocks *blocks, struct dmumu_error *error)
{
    share->curves.n = 0;
    for (; share->next < share->end && share->curves.n < share->curves.capacity; ++share->next) {
        if (!is_wanted(reuse, blocks, share->next))
            continue;
        share->curves.curve[share->curves.n] = share->next;
        dmumu_cube_curves_unset(&share->curves, share->curves.n);
        ++share->curves.n;
    }
    return share->curves.n > 0 ? dmumu_reuse_fill(reuse, &share->curves, error) : DMUMU_OK;
}

static void count(const struct dmumu_cube_curves *curves, struct dmumu_takeover *taken)
{
    const uint8_t *quality = curves->value[DMUMU_CUBE_QUALITY];
    taken->curves += curves->n;
    for (size_t i = 0; i < curves->n * curves->n_rigidity; ++i) {
        if (quality[i] < DMUMU_N_QUALITIES)
            ++taken->quality[quality[i]];
    }
}

/* Until no rank has any more, or one was asked to stop: read, agree, write. Collective. `whole`: none is left. */
static enum dmumu_status copy(const struct dmumu_team *team, struct dmumu_cube_writer *cube,
                              const struct dmumu_reuse *reuse, const struct dmumu_blocks *blocks, struct share *share,
                              struct dmumu_takeover *taken, bool *whole, struct dmumu_error *error)
{
    for (;;) {
        enum dmumu_status status = read_next(share, reuse, blocks, error);
        status = dmumu_team_agree(team, status, error);
        if (status != DMUMU_OK)
            return status;
        uint64_t n[2] = {share->curves.n, dmumu_stop_asked()};
        dmumu_team_sum(team, 2, n);
        taken->asked = n[1] > 0;
        *whole = n[0] == 0;
        if (*whole || taken->asked)
            return DMUMU_OK;
        const struct dmumu_cube_batch batch = dmumu_cube_curves_batch(&share->curves);
        status = dmumu_cube_write_epoch(cube, &batch, error);
        if (status != DMUMU_OK)
            return status;
        count(&share->curves, taken);
    }
}

/* On every rank alike, as the order must be. */
static enum dmumu_status mark_done(const struct dmumu_reuse *reuse, struct dmumu_blocks *blocks,
                                   struct dmumu_error *error)
{
    enum dmumu_status status = DMUMU_OK;
    for (uint64_t curve = 0; curve < blocks->n_curves && status == DMUMU_OK; ++curve) {
        if (is_wanted(reuse, blocks, curve))
            status = dmumu_blocks_set_done(blocks, curve, error);
    }
    return status;
}

enum dmumu_status dmumu_takeover_run(const struct dmumu_team *team, struct dmumu_cube_writer *cube,
                                     const struct dmumu_reuse *reuse, const struct dmumu_grid *grid,
                                     const bool modes[static DMUMU_N_MODES], size_t buffer_bytes,
                                     struct dmumu_blocks *blocks, struct dmumu_takeover *taken,
                                     struct dmumu_error *error)
{
    const size_t n_rigidity = grid->axis[DMUMU_AXIS_RIGIDITY].n;
    const uint64_t n = blocks->n_curves, size = (uint64_t)team->size, rank = (uint64_t)team->rank;
    const uint64_t share_size = n / size + (n % size > 0);
    size_t capacity = buffer_bytes / dmumu_cube_curves_bytes(n_rigidity, modes);
    capacity = capacity > share_size ? share_size : capacity;
    struct share share = {.next = rank * share_size < n ? rank * share_size : n};
    share.end = n - share.next < share_size ? n : share.next + share_size;
    *taken = (struct dmumu_takeover){0};
    enum dmumu_status status = DMUMU_OK;
    bool whole = false;
    if (!dmumu_cube_curves_new(capacity > 0 ? capacity : 1, n_rigidity, modes, &share.curves))
        status = dmumu_error_set(error, DMUMU_ERROR_MEMORY, "no memory to take over curves");
    status = dmumu_team_agree(team, status, error);
    if (status == DMUMU_OK)
        status = copy(team, cube, reuse, blocks, &share, taken, &whole, error);
    if (status == DMUMU_OK && whole)
        status = dmumu_team_agree(team, mark_done(reuse, blocks, error), error);
    dmumu_cube_curves_free(&share.curves);
    return status;
}
