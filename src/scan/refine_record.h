/*
 * Refine, the record: what was found, in sentences and as the cube stores it (cube/refinement.h).
 */
#ifndef DMUMU_SCAN_REFINE_RECORD_H
#define DMUMU_SCAN_REFINE_RECORD_H

#include "cube/refinement.h"
#include "scan/refine_cuts.h"

struct dmumu_refine_record {
    char sampled[96], lookups[160], verdict[240];
    double *middle[DMUMU_N_AXES];       /* owned */
    struct dmumu_refinement refinement; /* points into this struct, the errors and the cube: do not copy */
};

/**
 * @param[in]  cube     that was measured
 * @param[in]  errors   of it; must outlive the record, as cube and command
 * @param[in]  sample   as for the plan
 * @param[in]  verdict  a verdict that ends the rounds, or DMUMU_REFINE_CUT: more would be needed
 * @param[in]  rounds   that were allowed; 0: it was not they that ended it
 * @param[out] record   free with dmumu_refine_record_free, on error too
 * @return DMUMU_OK or DMUMU_ERROR_MEMORY
 */
enum dmumu_status dmumu_refine_record_new(const struct dmumu_cube_source_info *cube,
                                          const struct dmumu_refine_errors *errors, size_t sample,
                                          const struct dmumu_refine_goal *goal, enum dmumu_refine_verdict verdict,
                                          int rounds, const char *command, struct dmumu_refine_record *record,
                                          struct dmumu_error *error);
void dmumu_refine_record_free(struct dmumu_refine_record *record);

#endif
