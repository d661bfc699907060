/* Angles: see angles.h. */
#include "core/angles.h"

#include "core/damping.h"
#include "core/rules.h"

#include <math.h>
#include <stdlib.h>

enum { N_ARRAYS = 7, MAX_DEPTH = 12 };

/* Where ln(R x_max) lies outside this, waves are either all there or none, for every rigidity: only the width counts.
 */
#define LN_ALL_THERE  9.0
#define LN_NONE_THERE (-50.0)

struct layout {
    const struct dmumu_state *state;
    const struct dmumu_angle_mesh *mesh;
    double ln_r_min, ln_r_max;
    struct dmumu_angles *angles;
    bool out_of_memory;
};

static double ln_x_max_at(const struct dmumu_state *state, double ln_tangent)
{
    return dmumu_damping_ln_x_max(state, dmumu_angle_of_tangent(exp(ln_tangent)));
}

static bool reserve(struct dmumu_angles *angles, size_t n)
{
    if (n <= angles->capacity) {
        return true;
    }
    const size_t capacity = 2 * n;
    double **const array[N_ARRAYS] = {&angles->ln_tangent,   &angles->cosine,        &angles->sine,
                                      &angles->weight,       &angles->weight_coarse, &angles->ln_x_par_max,
                                      &angles->ln_x_perp_max};
    for (int i = 0; i < N_ARRAYS; i++) {
        double *grown = realloc(*array[i], capacity * sizeof *grown);
        if (!grown) {
            return false;
        }
        *array[i] = grown;
    }
    angles->capacity = capacity;
    return true;
}

static bool reserve_panel(struct dmumu_angles *angles)
{
    if (angles->n_panels == angles->panel_capacity) {
        const size_t capacity = 2 * angles->panel_capacity + 64;
        double *grown = realloc(angles->panel_end, 2 * capacity * sizeof *grown);
        if (!grown) {
            return false;
        }
        angles->panel_end = grown;
        angles->panel_capacity = capacity;
    }
    return true;
}

static void add_panel(struct layout *layout, double low, double high)
{
    struct dmumu_angles *angles = layout->angles;
    if (!reserve(angles, angles->n + DMUMU_KRONROD_N) || !reserve_panel(angles)) {
        layout->out_of_memory = true;
        return;
    }
    angles->panel_end[2 * angles->n_panels] = low;
    angles->panel_end[2 * angles->n_panels + 1] = high;
    angles->n_panels++;
    const double centre = 0.5 * (low + high);
    const double half = 0.5 * (high - low);
    for (int i = 0; i < DMUMU_KRONROD_N; i++) {
        const double ln_tangent = centre + half * dmumu_kronrod_node[i];
        const struct dmumu_angle angle = dmumu_angle_of_tangent(exp(ln_tangent));
        const double ln_x_max = dmumu_damping_ln_x_max(layout->state, angle);
        if (!(ln_x_max > 0.0)) {
            continue;
        }
        const double jacobian = half * angle.cosine * angle.cosine * angle.sine_square;
        const size_t at = angles->n++;
        angles->ln_tangent[at] = ln_tangent;
        angles->cosine[at] = angle.cosine;
        angles->sine[at] = sqrt(angle.sine_square);
        angles->weight[at] = jacobian * dmumu_kronrod_weight[i];
        angles->weight_coarse[at] = jacobian * dmumu_kronrod_gauss_weight[i];
        angles->ln_x_par_max[at] = ln_x_max + log(angle.cosine);
        angles->ln_x_perp_max[at] = angles->ln_x_par_max[at] + ln_tangent;
    }
}

/* Does any rigidity see ln x_max change within its resonant range? Between a and b, kink-free. */
static bool damping_matters(const struct layout *layout, double ln_x_max_a, double ln_x_max_b)
{
    const double least = fmin(ln_x_max_a, ln_x_max_b);
    const double most = fmax(ln_x_max_a, ln_x_max_b);
    return least + layout->ln_r_min < LN_ALL_THERE && most + layout->ln_r_max > LN_NONE_THERE && most > 0.0;
}

/* Transit-time damping is exactly resonant at xi = v_A/(mu v), tan(theta) = 1/xi; what counts has mu above 0.3. */
static bool resonates(const struct layout *layout, double low, double high)
{
    const double exact = -log(layout->state->alfven_speed_v);
    return high > exact - 1.2 && low < exact + 0.3;
}

/* An angle, and ln x_max there. */
struct cut {
    double ln_tangent, ln_x_max;
};

static struct cut cut_at(const struct dmumu_state *state, double ln_tangent)
{
    return (struct cut){ln_tangent, ln_x_max_at(state, ln_tangent)};
}

static void split(struct layout *layout, const struct cut *low, const struct cut *high, int depth)
{
    const double width = high->ln_tangent - low->ln_tangent;
    bool too_wide = width > layout->mesh->max_width;
    if (!too_wide && damping_matters(layout, low->ln_x_max, high->ln_x_max)) {
        too_wide = !(fabs(low->ln_x_max - high->ln_x_max) <= layout->mesh->max_change) && width > 1e-6;
    }
    if (layout->mesh->resonant_width > 0.0 && resonates(layout, low->ln_tangent, high->ln_tangent)) {
        too_wide = too_wide || width > layout->mesh->resonant_width;
    }
    if (too_wide && depth < MAX_DEPTH) {
        const struct cut middle = cut_at(layout->state, 0.5 * (low->ln_tangent + high->ln_tangent));
        split(layout, low, &middle, depth + 1);
        split(layout, &middle, high, depth + 1);
    } else {
        add_panel(layout, low->ln_tangent, high->ln_tangent);
    }
}

/*
 * From 45 degrees outwards, the furthest angle at which waves of k r_L = 1 begin to survive for any R of the range; 45
 * degrees where they do there, or nowhere. Not the smallest R alone: where x_max has a ceiling, that may have no such
 * angle while a larger R has.
 */
static double survive_from(const struct dmumu_state *state, const struct dmumu_angle_ends *ends, double step)
{
    double furthest = 0.0;
    double highest = ln_x_max_at(state, 0.0);
    for (double ln_tangent = 0.0; fabs(ln_tangent) < 60.0 && highest + ends->ln_r_min < 0.0; ln_tangent += step) {
        const double ln_x_max = ln_x_max_at(state, ln_tangent);
        if (ln_x_max > highest + 1e-6) {
            highest = ln_x_max;
            furthest = ln_x_max + ends->ln_r_max > 0.0 ? ln_tangent : furthest;
        }
    }
    return furthest;
}

struct dmumu_angle_ends dmumu_angles_find_ends(const struct dmumu_state *state, double tail, double r_min, double r_max)
{
    struct dmumu_angle_ends ends = {.ln_r_min = log(r_min), .ln_r_max = log(r_max)};
    const double beyond = -0.5 * log(tail); /* the integrand falls like tan^2 and xi^2 */
    const double low = survive_from(state, &ends, -0.25) - beyond;
    /* As far as xi = v_A/(mu v), where transit-time damping is exactly resonant however narrow the resonance. */
    const double high = fmax(survive_from(state, &ends, 0.25) + beyond, 1.0 - log(state->alfven_speed_v));
    const size_t n_kinks = dmumu_damping_kinks(state, low, high, DMUMU_ANGLES_MOST_ENDS - 2, ends.ln_tangent + 1);
    ends.ln_tangent[0] = low;
    ends.ln_tangent[n_kinks + 1] = high;
    ends.n = n_kinks + 2;
    return ends;
}

/* Panels from one end to the next, between which x_max has no kink. */
static void lay_out_between(struct layout *layout, double a, double b)
{
    const int parts = (int)ceil((b - a) / layout->mesh->max_width);
    struct cut low = cut_at(layout->state, a);
    for (int k = 1; k <= parts; k++) {
        const struct cut high = cut_at(layout->state, k == parts ? b : a + (b - a) * k / parts);
        split(layout, &low, &high, 0);
        low = high;
    }
}

enum dmumu_status dmumu_angles_lay_out(const struct dmumu_state *state, const struct dmumu_angle_mesh *mesh,
                                       const struct dmumu_angle_ends *ends, struct dmumu_angles *angles)
{
    struct layout layout = {
        .state = state, .mesh = mesh, .ln_r_min = ends->ln_r_min, .ln_r_max = ends->ln_r_max, .angles = angles};
    angles->n = 0;
    angles->n_panels = 0;
    for (size_t i = 0; i + 1 < ends->n; i++) {
        const double a = ends->ln_tangent[i];
        const double b = ends->ln_tangent[i + 1];
        if (b > a && ln_x_max_at(state, 0.5 * (a + b)) > 0.0) {
            lay_out_between(&layout, a, b);
        }
    }
    return layout.out_of_memory ? DMUMU_ERROR_MEMORY : DMUMU_OK;
}

enum dmumu_status dmumu_angles_make(const struct dmumu_state *state, const struct dmumu_angle_mesh *mesh, double r_min,
                                    double r_max, struct dmumu_angles *angles)
{
    const struct dmumu_angle_ends ends = dmumu_angles_find_ends(state, mesh->tail, r_min, r_max);
    return dmumu_angles_lay_out(state, mesh, &ends, angles);
}

void dmumu_angles_free(struct dmumu_angles *angles)
{
    free(angles->panel_end);
    free(angles->ln_tangent);
    free(angles->cosine);
    free(angles->sine);
    free(angles->weight);
    free(angles->weight_coarse);
    free(angles->ln_x_par_max);
    free(angles->ln_x_perp_max);
    *angles = (struct dmumu_angles){0};
}
