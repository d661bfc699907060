/* Alone: see alone.h. */
#include "core/alone.h"

#include "core/ratios.h"

#include <stdlib.h>
#include <string.h>

/* Lists of R, in either region. Further ones are made each time. */
enum { MAX_ENTRIES = 2 * DMUMU_MOST_RATIOS };

struct dmumu_alone_entry {
    int number;
    double zone_l;
    struct dmumu_alone_entry *next;
    double value[];
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
static const struct dmumu_alone_entry *find(const struct dmumu_alone *alone, int number, double zone_l)
{
    const struct dmumu_alone_entry *entry = alone->first;
    while (entry && !(entry->zone_l == zone_l && entry->number == number)) {
        entry = entry->next;
    }
    return entry;
}

const double *dmumu_alone_find(struct dmumu_alone *alone, int number, double zone_l)
{
    omp_set_lock(&alone->lock);
    const struct dmumu_alone_entry *entry = number == DMUMU_NO_RATIOS ? NULL : find(alone, number, zone_l);
    omp_unset_lock(&alone->lock);
    return entry ? entry->value : NULL;
}

void dmumu_alone_keep(struct dmumu_alone *alone, int number, double zone_l, size_t n, const double value[])
{
    omp_set_lock(&alone->lock);
    if (number != DMUMU_NO_RATIOS && alone->n < MAX_ENTRIES && !find(alone, number, zone_l)) {
        struct dmumu_alone_entry *entry = malloc(sizeof *entry + n * sizeof entry->value[0]);
        if (entry) {
            *entry = (struct dmumu_alone_entry){.number = number, .zone_l = zone_l, .next = alone->first};
            memcpy(entry->value, value, n * sizeof *value);
            alone->first = entry;
            alone->n++;
        }
    }
    omp_unset_lock(&alone->lock);
}
