/* Lazy: see lazy.h. */
#include "core/lazy.h"

void dmumu_lazy_init(struct dmumu_lazy *lazy)
{
    omp_init_lock(&lazy->lock);
    atomic_init(&lazy->made, 0);
}

void dmumu_lazy_destroy(struct dmumu_lazy *lazy)
{
    omp_destroy_lock(&lazy->lock);
}

enum dmumu_status dmumu_lazy_make(struct dmumu_lazy *const lazy[], int n, const uint8_t wanted[],
                                  dmumu_lazy_maker *make, void *context)
{
    enum dmumu_status status = DMUMU_OK;
    for (int pass = 0; pass < 2; pass++) {
        for (int i = 0; i < n; i++) {
            if ((wanted && !wanted[i]) || atomic_load(&lazy[i]->made)) {
                continue;
            }
            if (pass == 0 && !omp_test_lock(&lazy[i]->lock)) {
                continue;
            }
            if (pass == 1) {
                omp_set_lock(&lazy[i]->lock);
            }
            if (!atomic_load(&lazy[i]->made)) {
                const enum dmumu_status made = make(context, i);
                atomic_store(&lazy[i]->made, made == DMUMU_OK);
                status = made == DMUMU_OK ? status : made;
            }
            omp_unset_lock(&lazy[i]->lock);
        }
    }
    return status;
}
