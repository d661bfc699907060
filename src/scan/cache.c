/* Cache: tables per M_A, counted while in use, the least recently used freed first (see cache.h). */
#include "scan/cache.h"

#include "core/error.h"
#include "core/tables.h"

#include <omp.h>
#include <stdlib.h>

struct slot {
    struct dmumu_tables *tables; /* NULL: free slot */
    double alfven_mach;
    int users;
    unsigned long last_use;
};

struct dmumu_cache {
    const struct dmumu_model *model;
    struct dmumu_shared *shared;
    int keep, n_slots;
    struct slot *slot; /* [n_slots] */
    unsigned long uses;
    omp_lock_t lock;
};

enum dmumu_status dmumu_cache_new(const struct dmumu_model *model, int keep, int threads, struct dmumu_cache **cache,
                                  struct dmumu_error *error)
{
    struct dmumu_cache *made = malloc(sizeof *made);
    const int n_slots = keep + threads;
    struct slot *slots = calloc((size_t)n_slots, sizeof *slots);
    struct dmumu_shared *shared = dmumu_shared_new(model->tolerance, model->harmonics);
    if (!made || !slots || !shared) {
        dmumu_shared_release(shared);
        free(made);
        free(slots);
        return dmumu_error_set(error, DMUMU_ERROR_MEMORY, "no memory for a cache of %d tables", n_slots);
    }
    *made = (struct dmumu_cache){.model = model, .shared = shared, .keep = keep, .n_slots = n_slots, .slot = slots};
    omp_init_lock(&made->lock);
    *cache = made;
    return DMUMU_OK;
}

void dmumu_cache_free(struct dmumu_cache *cache)
{
    if (!cache)
        return;
    for (int i = 0; i < cache->n_slots; ++i)
        dmumu_tables_free(cache->slot[i].tables);
    dmumu_shared_release(cache->shared);
    omp_destroy_lock(&cache->lock);
    free(cache->slot);
    free(cache);
}

static struct slot *find(struct dmumu_cache *cache, double alfven_mach)
{
    for (int i = 0; i < cache->n_slots; ++i) {
        struct slot *slot = &cache->slot[i];
        if (slot->tables && !(slot->alfven_mach < alfven_mach) && !(slot->alfven_mach > alfven_mach))
            return slot;
    }
    return NULL;
}

/* Free the least recently used until at most `limit` unused tables are left. */
static void trim(struct dmumu_cache *cache, int limit)
{
    for (;;) {
        struct slot *oldest = NULL;
        int unused = 0;
        for (int i = 0; i < cache->n_slots; ++i) {
            struct slot *slot = &cache->slot[i];
            if (!slot->tables || slot->users > 0)
                continue;
            ++unused;
            if (!oldest || slot->last_use < oldest->last_use)
                oldest = slot;
        }
        if (!oldest || unused <= limit)
            return;
        dmumu_tables_free(oldest->tables);
        *oldest = (struct slot){0};
    }
}

/* Called after trim(): at most threads - 1 slots are in use and keep - 1 hold unused tables, so one is free. */
static struct slot *free_slot(struct dmumu_cache *cache)
{
    for (int i = 0; i < cache->n_slots; ++i) {
        if (!cache->slot[i].tables)
            return &cache->slot[i];
    }
    return NULL;
}

static enum dmumu_status acquire_locked(struct dmumu_cache *cache, double alfven_mach, struct dmumu_tables **tables,
                                        struct dmumu_error *error)
{
    struct slot *slot = find(cache, alfven_mach);
    if (!slot) {
        trim(cache, cache->keep - 1);
        slot = free_slot(cache);
        if (!slot)
            return dmumu_error_set(error, DMUMU_ERROR_INTERNAL, "more threads than the cache of tables was made for");
        struct dmumu_tables *made = NULL;
        const enum dmumu_status status =
            dmumu_tables_new_sharing(cache->model, alfven_mach, cache->shared, &made, error);
        if (status != DMUMU_OK)
            return status;
        *slot = (struct slot){.tables = made, .alfven_mach = alfven_mach};
    }
    ++slot->users;
    slot->last_use = ++cache->uses;
    *tables = slot->tables;
    return DMUMU_OK;
}

enum dmumu_status dmumu_cache_acquire(struct dmumu_cache *cache, double alfven_mach, struct dmumu_tables **tables,
                                      struct dmumu_error *error)
{
    omp_set_lock(&cache->lock);
    const enum dmumu_status status = acquire_locked(cache, alfven_mach, tables, error);
    omp_unset_lock(&cache->lock);
    return status;
}

void dmumu_cache_release(struct dmumu_cache *cache, const struct dmumu_tables *tables)
{
    omp_set_lock(&cache->lock);
    for (int i = 0; i < cache->n_slots; ++i) {
        if (cache->slot[i].tables == tables)
            --cache->slot[i].users;
    }
    trim(cache, cache->keep);
    omp_unset_lock(&cache->lock);
}
