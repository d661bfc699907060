/* Arena: see arena.h. */
#include "core/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct dmumu_arena_chunk {
    size_t size;
    char *memory;
};

#define CHUNK_SIZE ((size_t)1 << 18)

static int add_chunk(struct dmumu_arena *arena, size_t size)
{
    struct dmumu_arena_chunk *grown = realloc(arena->chunk, (arena->n_chunks + 1) * sizeof *grown);
    if (!grown) {
        return -1;
    }
    arena->chunk = grown;
    char *memory = malloc(size);
    if (!memory) {
        return -1;
    }
    arena->chunk[arena->n_chunks++] = (struct dmumu_arena_chunk){.size = size, .memory = memory};
    return 0;
}

void *dmumu_arena_take_unset(struct dmumu_arena *arena, size_t size)
{
    const size_t alignment = alignof(max_align_t);
    if (size > SIZE_MAX - alignment) {
        return NULL;
    }
    const size_t rounded = (size + alignment - 1) / alignment * alignment;
    while (arena->at < arena->n_chunks && arena->used + rounded > arena->chunk[arena->at].size) {
        arena->at++;
        arena->used = 0;
    }
    if (arena->at == arena->n_chunks && add_chunk(arena, rounded > CHUNK_SIZE ? rounded : CHUNK_SIZE) != 0) {
        return NULL;
    }
    void *taken = arena->chunk[arena->at].memory + arena->used;
    arena->used += rounded;
    return taken;
}

void *dmumu_arena_take(struct dmumu_arena *arena, size_t size)
{
    void *taken = dmumu_arena_take_unset(arena, size);
    return taken ? memset(taken, 0, size) : NULL;
}

void dmumu_arena_reset(struct dmumu_arena *arena)
{
    arena->at = 0;
    arena->used = 0;
}

void dmumu_arena_free(struct dmumu_arena *arena)
{
    for (size_t i = 0; i < arena->n_chunks; i++) {
        free(arena->chunk[i].memory);
    }
    free(arena->chunk);
    *arena = (struct dmumu_arena){0};
}
