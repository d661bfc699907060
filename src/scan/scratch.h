/*
 * Scratch: what one thread needs to compute curves, and how it computes one with everything the cube stores of it.
 */
#ifndef DMUMU_SCAN_SCRATCH_H
#define DMUMU_SCAN_SCRATCH_H

#include "core/workspace.h"
#include "scan/cache.h"
#include "scan/config.h"
#include "scan/results.h"

struct dmumu_scratch;

/** @return DMUMU_OK or DMUMU_ERROR_MEMORY. Free with dmumu_scratch_free. */
enum dmumu_status dmumu_scratch_new(size_t n_rigidity, const bool modes[static DMUMU_N_MODES],
                                    struct dmumu_scratch **scratch, struct dmumu_error *error);
void dmumu_scratch_free(struct dmumu_scratch *scratch);

/** What the thread does for others while it computes a curve, from the next one on (workspace.h). */
void dmumu_scratch_set_interlude(struct dmumu_scratch *scratch, struct dmumu_interlude interlude);

/** Room for the rigidities of one curve, [n_rigidity], the caller's to fill before dmumu_scratch_compute. */
size_t *dmumu_scratch_which(struct dmumu_scratch *scratch);

/**
 * One curve: its medium, D(R), its cost in seconds. Thread-safe with one scratch per thread.
 * @param[in]  index    flat curve index (axes.h)
 * @param[in]  n_which  rigidities to compute, the first n_which of dmumu_scratch_which: their indices, ascending. With
 *                      all of them the list is not looked at; the others get NaN and DMUMU_CUBE_UNSET_U8
 * @param[out] failure  status DMUMU_OK, or what stopped the curve and at which point; then all its values are NaN and
 *                      `failed`
 * @return the scratch's own result, valid until the next call; never NULL
 */
const struct dmumu_result *dmumu_scratch_compute(struct dmumu_scratch *scratch, const struct dmumu_config *config,
                                                 struct dmumu_cache *cache, uint64_t index, size_t n_which,
                                                 struct dmumu_error *failure);

#endif
