/* Direct: see direct.h. */
#include "core/direct.h"

#include "core/kernel_direct.h"

enum dmumu_status dmumu_direct_fast_rate(struct dmumu_tables *tables, const struct dmumu_state *state,
                                         struct dmumu_workspace *workspace, double mu, double s2, double larmor_ratio,
                                         struct dmumu_fast_rate *rate)
{
    const struct dmumu_fast_direct direct = {.common = tables->fast,
                                             .bessel = dmumu_shared_bessel(tables->shared),
                                             .state = state,
                                             .directions = dmumu_workspace_directions(workspace, larmor_ratio)};
    if (!direct.bessel || !direct.directions) {
        return DMUMU_ERROR_MEMORY;
    }
    *rate = dmumu_fast_direct_rate(&direct, mu, s2, larmor_ratio);
    return DMUMU_OK;
}
