/* Differ: in which keys two canonical texts differ (the physics of a cube and that of a scan; cube.h). */
#ifndef DMUMU_CUBE_DIFFER_H
#define DMUMU_CUBE_DIFFER_H

#include <stddef.h>

/**
 * Compare two texts of lines "section:" and "  key: value", key by key.
 * @param[in]  theirs, ours  the texts; of a damaged file they may be anything
 * @param[out] text          [size] "model.tolerance (0.01 there, 0.0001 here), halo.x_c (none there, spitzer here)"; what
 *                           does not fit is counted: ", and 3 more". Numbers with as many digits as show the difference
 * @return number of keys that differ
 */
size_t dmumu_cube_differ(const char *theirs, const char *ours, size_t size, char text[]);

#endif
