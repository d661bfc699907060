/*
 * Cache: the core's tables of the few M_A that one rank works on at the moment.
 *
 * Shared by the threads of a rank. Tables in use are never freed; of those not in use only the `keep` last used stay.
 */
#ifndef DMUMU_SCAN_CACHE_H
#define DMUMU_SCAN_CACHE_H

#include "dmumu.h"

struct dmumu_cache;

/**
 * @param[in]  model    must outlive the cache
 * @param[in]  keep     tables to keep while nobody uses them, >= 1
 * @param[in]  threads  most that will hold tables at once
 * @return DMUMU_OK or DMUMU_ERROR_MEMORY
 */
enum dmumu_status dmumu_cache_new(const struct dmumu_model *model, int keep, int threads, struct dmumu_cache **cache,
                                  struct dmumu_error *error);
void dmumu_cache_free(struct dmumu_cache *cache);

/** The tables of one M_A, made if need be; give them back with dmumu_cache_release. Thread-safe. */
enum dmumu_status dmumu_cache_acquire(struct dmumu_cache *cache, double alfven_mach, struct dmumu_tables **tables,
                                      struct dmumu_error *error);
void dmumu_cache_release(struct dmumu_cache *cache, const struct dmumu_tables *tables);

#endif
