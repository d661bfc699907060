/* Curve sections: see curve_sections.h. */
#include "core/curve_sections.h"

#include "core/damping.h"

#include <math.h>

/* v_A/v, twice that, the kinks of x_max, 0 and 1. */
enum { MOST_ENDS = DMUMU_ANGLES_MOST_ENDS + 4 };

/* Octaves of mu below v_A/v, where there is nothing but powers of mu; and of a section for itself. */
enum { OCTAVES_FIRST = 4, OCTAVES_BEYOND = 2, OCTAVES_UNDIVIDED = 18 };

/* ---- sections ---------------------------------------------------------------------------------------------------- */

struct sections {
    size_t n;
    double end[MOST_ENDS]; /* ascending */
};

/* Kinks that coincide but for rounding make one end. */
static void insert(struct sections *sections, double mu)
{
    const double rounding = 1e-13;
    size_t i = sections->n;
    while (i > 0 && sections->end[i - 1] > mu) {
        i--;
    }
    const bool known = (i > 0 && mu - sections->end[i - 1] <= rounding * mu) ||
                       (i < sections->n && sections->end[i] - mu <= rounding * mu);
    if (known || !(mu < 1.0) || sections->n + 1 >= MOST_ENDS) {
        return;
    }
    for (size_t k = sections->n++; k > i; k--) {
        sections->end[k] = sections->end[k - 1];
    }
    sections->end[i] = mu;
}

/* Sums without fast modes know nothing of them, and may be kept for all beta: they have one section. */
static struct sections sections_of(struct dmumu_curve_work *work)
{
    struct sections sections = {.n = 1, .end = {0.0}};
    const double jump = work->state->alfven_speed_v;
    bool fast = false;
    for (int which = 0; which < DMUMU_N_SUMS; which++) {
        fast = fast || (work->sums[which] && dmumu_curve_mode_in_sum(work, DMUMU_FAST, which));
    }
    if (fast) {
        const struct dmumu_angle_ends *ends = dmumu_workspace_angle_ends(work->workspace);
        insert(&sections, jump);
        insert(&sections, 2.0 * jump); /* so that halving reaches as near to the jump as it is to 0 */
        for (size_t i = 1; i + 1 < ends->n; i++) {
            insert(&sections, jump / dmumu_angle_of_tangent(exp(ends->ln_tangent[i])).cosine);
        }
    }
    sections.end[sections.n++] = 1.0;
    return sections;
}

static int octaves_of(double start, double end)
{
    if (start > 0.0) {
        return OCTAVES_BEYOND + (int)fmax(ceil(log2(end / start)) - 1.0, 0.0);
    }
    return end < 1.0 ? OCTAVES_FIRST : OCTAVES_UNDIVIDED;
}

static void add_section(struct dmumu_curve_work *work, double start, double end)
{
    struct dmumu_panel_key key = {
        .depth = octaves_of(start, end), .index = 0, .start = start, .end = end < 1.0 ? end : 0.0};
    dmumu_curve_add_panel(work, key, NULL);
    for (key.index = 1; work->status == DMUMU_OK && key.depth >= 1; key.depth--) {
        dmumu_curve_add_panel(work, key, NULL);
    }
}

void dmumu_curve_add_sections(struct dmumu_curve_work *work)
{
    const struct sections sections = sections_of(work);
    for (size_t i = 0; i + 1 < sections.n && work->status == DMUMU_OK; i++) {
        add_section(work, sections.end[i], sections.end[i + 1]);
    }
}

/* ---- jumps ------------------------------------------------------------------------------------------------------- */

bool dmumu_curve_jumps_in(const struct dmumu_curve_work *work, struct dmumu_panel_key key, int which, size_t r)
{
    double low;
    double high;
    dmumu_panel_ends(key, &low, &high);
    bool any = dmumu_curve_mode_in_sum(work, DMUMU_FAST, which) && low == work->state->alfven_speed_v;
    const bool cascade =
        dmumu_curve_mode_in_sum(work, DMUMU_ALFVEN, which) || dmumu_curve_mode_in_sum(work, DMUMU_SLOW, which);
    const double start = 1.0 / (work->larmor_ratio[r] * dmumu_spectrum_cascade(work->state, DMUMU_ALFVEN).x_par_min);
    for (int n = 1; cascade && n <= work->state->harmonics; n++) {
        any = any || (low <= n * start && n * start <= high);
    }
    return any;
}
