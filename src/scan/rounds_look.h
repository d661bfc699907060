/* Rounds, the look: what an earlier scan of the same cube has left to go on with. Not collective; rank 0 alone. */
#ifndef DMUMU_SCAN_ROUNDS_LOOK_H
#define DMUMU_SCAN_ROUNDS_LOOK_H

#include "scan/scan.h"

struct dmumu_rounds_found {
    bool all;      /* the cube itself, complete */
    bool complete; /* the cube of a round */
    int round;     /* to go on with */
};

/**
 * What there is: the cube itself, rounds of an interrupted scan, or nothing. Removes rounds that are not wanted.
 * @param[in,out] config  its grid and text become those of what was found
 * @return DMUMU_OK; DMUMU_ERROR_FILE: something is in the way, or of other physics, another grid or another goal;
 *         DMUMU_ERROR_MEMORY
 */
enum dmumu_status dmumu_rounds_look(struct dmumu_config *config, const struct dmumu_scan_options *options,
                                    struct dmumu_rounds_found *found, struct dmumu_error *error);

#endif
