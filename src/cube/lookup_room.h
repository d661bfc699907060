/* Look-up, room: memory for many values that are read in no order. */
#ifndef DMUMU_CUBE_LOOKUP_ROOM_H
#define DMUMU_CUBE_LOOKUP_ROOM_H

#include <stdint.h>

/**
 * Room for n doubles, in pages of 2 MB where the system has them: looking up the address of a page takes longer than
 * reading what is there, when there are too many for the processor to remember. To be freed with free; NULL: no memory.
 */
double *dmumu_lookup_room_new(uint64_t n);

#endif
