/* Alone: see alone.h. */
#include "core/alone.h"

#include <stdlib.h>
#include <string.h>

/* Lists of R: one per L and region, and where beta moves B one per beta besides. Further ones are made each time. */
enum { MAX_ENTRIES = 512 };

struct dmumu_alone_entry {
    size_t n;
    double zone_l;
    struct dmumu_alone_entry *next;
    double array[]; /* n larmor_ratio, n values */
};

void dmumu_alone_init(struct dmumu_alone *alone)
{
    omp_init_lock(&alone->lock);
    alone->first = NULL;
    alone->n = 0;
}

void dmumu_alone_free(struct dmumu_alone *alone)
{
    while (alone->first) {
        struct dmumu_alone_entry *next = alone->first->next;
        free(alone->first);
        alone->first = next;
    }
    omp_destroy_lock(&alone->lock);
}

/* The lock is held. */
static const struct dmumu_alone_entry *find(const struct dmumu_alone *alone, size_t n, const double larmor_ratio[],
                                            double zone_l)
{
    const struct dmumu_alone_entry *entry = alone->first;
    while (entry && !(entry->zone_l == zone_l && entry->n == n &&
                      memcmp(entry->array, larmor_ratio, n * sizeof *larmor_ratio) == 0)) { /* NOLINT(cert-*) */
        entry = entry->next;
    }
    return entry;
}

const double *dmumu_alone_find(struct dmumu_alone *alone, size_t n, const double larmor_ratio[], double zone_l)
{
    omp_set_lock(&alone->lock);
    const struct dmumu_alone_entry *entry = find(alone, n, larmor_ratio, zone_l);
    omp_unset_lock(&alone->lock);
    return entry ? entry->array + n : NULL;
}

void dmumu_alone_keep(struct dmumu_alone *alone, size_t n, const double larmor_ratio[], double zone_l,
                      const double value[])
{
    omp_set_lock(&alone->lock);
    if (alone->n < MAX_ENTRIES && !find(alone, n, larmor_ratio, zone_l)) {
        struct dmumu_alone_entry *entry = malloc(sizeof *entry + 2 * n * sizeof entry->array[0]);
        if (entry) {
            *entry = (struct dmumu_alone_entry){.n = n, .zone_l = zone_l, .next = alone->first};
            memcpy(entry->array, larmor_ratio, n * sizeof *larmor_ratio);
            memcpy(entry->array + n, value, n * sizeof *value);
            alone->first = entry;
            alone->n++;
        }
    }
    omp_unset_lock(&alone->lock);
}
