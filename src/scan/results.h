/*
 * Results: the finished curves of one rank that are not in the file yet.
 *
 * Two batches of fixed size: the threads of the rank fill one while the other is being written, so that nobody waits
 * for the disk and the memory of a rank is bounded from the start. Not thread-safe: the pool holds its lock.
 */
#ifndef DMUMU_SCAN_RESULTS_H
#define DMUMU_SCAN_RESULTS_H

#include "cube/curves.h"

/** One curve as a thread computes it: the arrays of `curve` are [n_rigidity] and all allocated but those of absent
 * modes. */
struct dmumu_result {
    uint64_t index; /* flat curve index (axes.h) */
    struct dmumu_curve curve;
    struct dmumu_medium medium;
    double cost_s;
};

struct dmumu_results;

/**
 * @param[in]  capacity  curves per batch, > 0
 * @param[in]  modes     [DMUMU_N_MODES] modes of the model; the others have no arrays
 * @return DMUMU_OK or DMUMU_ERROR_MEMORY
 */
enum dmumu_status dmumu_results_new(size_t capacity, size_t n_rigidity, const bool modes[static DMUMU_N_MODES],
                                    struct dmumu_results **results, struct dmumu_error *error);
void dmumu_results_free(struct dmumu_results *results);

/** Copy one finished curve into the batch being filled; false when that is full. */
bool dmumu_results_add(struct dmumu_results *results, const struct dmumu_result *result);

/** Curves in the batch being filled. */
size_t dmumu_results_count(const struct dmumu_results *results);

/**
 * Hand over the batch that was being filled and start the other one, empty. The batch is the caller's until the next
 * call.
 */
struct dmumu_cube_curves *dmumu_results_take(struct dmumu_results *results);

#endif
