/*
 * Damping: the truncation of the fast cascade and its kinks.
 *
 * Everything is a logarithm: near xi = 0 collisionless damping lets x_max grow like exp(2/(beta gamma xi^2)), far past
 * the largest double. Kinks are found by scanning in ln tan(theta) and bisecting; quadratures over the wave angle split
 * there.
 */
#include "core/damping.h"

#include "core/constants.h"

#include <math.h>

struct dmumu_angle dmumu_angle_of_tangent(double tangent)
{
    const double t2 = tangent * tangent;
    return (struct dmumu_angle){.cosine = 1.0 / sqrt(1.0 + t2), .sine_square = t2 / (1.0 + t2)};
}

double dmumu_damping_collisionless(const struct dmumu_state *state, struct dmumu_angle angle)
{
    const double gamma = DMUMU_PROTON_ELECTRON_MASS_RATIO;
    const double m2 = state->alfven_mach * state->alfven_mach;
    const double xi2 = angle.cosine * angle.cosine;
    return log(4.0 * m2 * m2 * gamma * xi2 / (DMUMU_PI * state->beta * angle.sine_square * angle.sine_square)) +
           2.0 / (state->beta * gamma * xi2);
}

double dmumu_damping_viscous(const struct dmumu_state *state, struct dmumu_angle angle)
{
    if (state->beta < 1.0) {
        return log(state->x_c) - 2.0 / 3.0 * log(angle.sine_square);
    }
    return log(state->x_c) - 4.0 / 3.0 * log(fabs(1.0 - 3.0 * angle.cosine * angle.cosine));
}

/* The published scripts took x_max at wave angle arccos(sin(pi xi/2)) (physics.md, 'Published curves'). */
static struct dmumu_angle published_angle(struct dmumu_angle angle)
{
    const double one_minus_xi = angle.sine_square / (1.0 + angle.cosine);
    const double sine = sin(0.5 * DMUMU_PI * one_minus_xi);
    return (struct dmumu_angle){.cosine = sin(0.5 * DMUMU_PI * angle.cosine), .sine_square = sine * sine};
}

static struct dmumu_angle damping_angle(const struct dmumu_state *state, struct dmumu_angle angle)
{
    return state->truncation_angle == DMUMU_VARIANT_PUBLISHED ? published_angle(angle) : angle;
}

double dmumu_damping_ln_x_max(const struct dmumu_state *state, struct dmumu_angle angle)
{
    const struct dmumu_angle at = damping_angle(state, angle);
    double ln_x_max = (double)INFINITY;
    if (state->collisionless) {
        ln_x_max = dmumu_damping_collisionless(state, at);
    }
    if (state->viscous) {
        ln_x_max = fmin(ln_x_max, dmumu_damping_viscous(state, at));
    }
    return ln_x_max;
}

/* The functions of the wave angle whose sign changes mark kinks. */
typedef double kink_function(const struct dmumu_state *state, struct dmumu_angle angle);

static double ln_x_max_of(const struct dmumu_state *state, struct dmumu_angle angle)
{
    return dmumu_damping_ln_x_max(state, angle);
}

static double scales_cross(const struct dmumu_state *state, struct dmumu_angle angle)
{
    const struct dmumu_angle at = damping_angle(state, angle);
    return dmumu_damping_collisionless(state, at) - dmumu_damping_viscous(state, at);
}

static double viscous_pole(const struct dmumu_state *state, struct dmumu_angle angle)
{
    const struct dmumu_angle at = damping_angle(state, angle);
    return 1.0 - 3.0 * at.cosine * at.cosine;
}

static double bisect(const struct dmumu_state *state, kink_function *f, double low, double high)
{
    const bool negative = f(state, dmumu_angle_of_tangent(exp(low))) < 0.0;
    for (int i = 0; i < 60 && high - low > 1e-15 * (1.0 + fabs(low)); i++) {
        const double middle = 0.5 * (low + high);
        if ((f(state, dmumu_angle_of_tangent(exp(middle))) < 0.0) == negative) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return 0.5 * (low + high);
}

struct kink_list {
    size_t n, max;
    double *ln_tangent;
};

static void insert_sorted(struct kink_list *list, double value)
{
    if (list->n == list->max) {
        return;
    }
    size_t i = list->n++;
    for (; i > 0 && list->ln_tangent[i - 1] > value; i--) {
        list->ln_tangent[i] = list->ln_tangent[i - 1];
    }
    list->ln_tangent[i] = value;
}

static void add_sign_changes(const struct dmumu_state *state, kink_function *f, double min, double max,
                             struct kink_list *list)
{
    const int cells = 16 + (int)(24.0 * (max - min)); /* features are at least 1/24 wide in ln tan(theta) */
    const double step = (max - min) / cells;
    double at = min;
    double value = f(state, dmumu_angle_of_tangent(exp(at)));
    for (int i = 1; i <= cells; i++) {
        const double next = i == cells ? max : min + i * step;
        const double next_value = f(state, dmumu_angle_of_tangent(exp(next)));
        if ((value < 0.0) != (next_value < 0.0)) {
            insert_sorted(list, bisect(state, f, at, next));
        }
        at = next;
        value = next_value;
    }
}

/*
 * All sign changes between two angles across which ln x_max has no pole. Where the two scales cross, ln x_max may have a
 * peak: one that is above 0 by so little that it is so in a fraction of a cell is not missed when cells end there.
 */
static void add_kinks_between(const struct dmumu_state *state, double min, double max, struct kink_list *list)
{
    enum { MOST = 8 };
    double crossing[MOST];
    struct kink_list crossings = {.n = 0, .max = MOST, .ln_tangent = crossing};
    if (state->collisionless && state->viscous) {
        add_sign_changes(state, scales_cross, min, max, &crossings);
    }
    double from = min;
    for (size_t i = 0; i < crossings.n; i++) {
        add_sign_changes(state, ln_x_max_of, from, crossing[i], list);
        insert_sorted(list, crossing[i]);
        from = crossing[i];
    }
    add_sign_changes(state, ln_x_max_of, from, max, list);
}

size_t dmumu_damping_kinks(const struct dmumu_state *state, double ln_tangent_min, double ln_tangent_max, size_t max,
                           double ln_tangent[])
{
    struct kink_list list = {.n = 0, .max = max, .ln_tangent = ln_tangent};
    if (!state->collisionless && !state->viscous) {
        return 0;
    }
    if (state->viscous && state->beta >= 1.0) {
        /* The scales cross on both sides of the pole, however narrow it is: scan each side by itself. */
        add_sign_changes(state, viscous_pole, ln_tangent_min, ln_tangent_max, &list);
    }
    const size_t n_poles = list.n;
    const double pole = n_poles ? ln_tangent[0] : ln_tangent_max;
    add_kinks_between(state, ln_tangent_min, pole, &list);
    if (n_poles) {
        add_kinks_between(state, pole, ln_tangent_max, &list);
    }
    return list.n;
}
