/* Ratios: see ratios.h. */
#include "core/ratios.h"

#include <stdlib.h>
#include <string.h>

struct dmumu_ratios_list {
    size_t n;
    double larmor_ratio[];
};

void dmumu_ratios_init(struct dmumu_ratios *ratios)
{
    omp_init_lock(&ratios->lock);
    ratios->n = 0;
}

void dmumu_ratios_free(struct dmumu_ratios *ratios)
{
    for (int i = 0; i < ratios->n; i++) {
        free(ratios->list[i]);
    }
    omp_destroy_lock(&ratios->lock);
}

/* The lock is held. */
static int find(const struct dmumu_ratios *ratios, size_t n, const double larmor_ratio[])
{
    for (int i = 0; i < ratios->n; i++) {
        const struct dmumu_ratios_list *list = ratios->list[i];
        if (list->n == n && list->larmor_ratio[0] == larmor_ratio[0] &&
            memcmp(list->larmor_ratio, larmor_ratio, n * sizeof *larmor_ratio) == 0) { /* NOLINT(cert-*) */
            return i;
        }
    }
    return DMUMU_NO_RATIOS;
}

int dmumu_ratios_number(struct dmumu_ratios *ratios, size_t n, const double larmor_ratio[])
{
    omp_set_lock(&ratios->lock);
    int number = find(ratios, n, larmor_ratio);
    if (number == DMUMU_NO_RATIOS && ratios->n < DMUMU_MOST_RATIOS) {
        struct dmumu_ratios_list *list = malloc(sizeof *list + n * sizeof *larmor_ratio);
        if (list) {
            list->n = n;
            memcpy(list->larmor_ratio, larmor_ratio, n * sizeof *larmor_ratio);
            number = ratios->n++;
            ratios->list[number] = list;
        }
    }
    omp_unset_lock(&ratios->lock);
    return number;
}
