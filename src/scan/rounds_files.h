/*
 * Rounds, the files: the cube of each round is called CUBE.round-0, CUBE.round-1, ... beside CUBE, with .part while it is
 * computed. Only the last one that is complete is needed; it becomes CUBE in the end. Not collective; rank 0 alone.
 */
#ifndef DMUMU_SCAN_ROUNDS_FILES_H
#define DMUMU_SCAN_ROUNDS_FILES_H

#include "dmumu.h"

enum { DMUMU_ROUNDS_MOST = 100, DMUMU_ROUNDS_NONE = -1 };

/** The path of a round's cube. Owned by the caller; NULL when out of memory. */
char *dmumu_rounds_path(const char *output, int round);
/** The last round whose cube is complete, or DMUMU_ROUNDS_NONE. */
int dmumu_rounds_complete(const char *output);
/** The last round that has a file, complete or not, or DMUMU_ROUNDS_NONE. */
int dmumu_rounds_begun(const char *output);
/**
 * Remove the files of rounds first .. end - 1: cubes, what was begun of them, and locks, which a scan leaves that is killed
 * before it can unlock. For who has the lock of the whole.
 */
void dmumu_rounds_remove(const char *output, int first, int end);
/** A first look at the files of all rounds, each in a process of its own (cube/read.h). Before MPI. DMUMU_OK or damaged. */
enum dmumu_status dmumu_rounds_probe(const char *output, struct dmumu_error *error);

#endif
