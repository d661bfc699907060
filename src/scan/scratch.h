/*
 * Scratch: what one thread needs to compute curves, and how it computes one with everything the cube stores of it.
 */
#ifndef DMUMU_SCAN_SCRATCH_H
#define DMUMU_SCAN_SCRATCH_H

#include "scan/cache.h"
#include "scan/config.h"
#include "scan/results.h"

struct dmumu_scratch;

/** @return DMUMU_OK or DMUMU_ERROR_MEMORY. Free with dmumu_scratch_free. */
enum dmumu_status dmumu_scratch_new(size_t n_rigidity, const bool modes[static DMUMU_N_MODES],
                                    struct dmumu_scratch **scratch, struct dmumu_error *error);
void dmumu_scratch_free(struct dmumu_scratch *scratch);

/**
 * One curve: its medium, D(R) at all rigidities, its cost in seconds. Thread-safe with one scratch per thread.
 * @param[in]  index    flat curve index (axes.h)
 * @param[out] failure  status DMUMU_OK, or what stopped the curve and at which point; then all its values are NaN and
 *                      `failed`
 * @return the scratch's own result, valid until the next call; never NULL
 */
const struct dmumu_result *dmumu_scratch_compute(struct dmumu_scratch *scratch, const struct dmumu_config *config,
                                                 struct dmumu_cache *cache, uint64_t index,
                                                 struct dmumu_error *failure);

#endif
