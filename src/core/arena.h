/* Arena: memory of one thread that is given out piece by piece and taken back all at once, to be used again. */
#ifndef DMUMU_CORE_ARENA_H
#define DMUMU_CORE_ARENA_H

#include <stddef.h>

struct dmumu_arena {
    struct dmumu_arena_chunk *chunk; /* [n_chunks], owned; the chunk in use and how much of it */
    size_t n_chunks, at, used;
};

/** Zeroed, aligned for any type; NULL when out of memory. */
void *dmumu_arena_take(struct dmumu_arena *arena, size_t size);
/** The same, not zeroed: what is there is what somebody left. */
void *dmumu_arena_take_unset(struct dmumu_arena *arena, size_t size);
/** Take back all of it; the memory is kept. */
void dmumu_arena_reset(struct dmumu_arena *arena);
void dmumu_arena_free(struct dmumu_arena *arena);

#endif
