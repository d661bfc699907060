/* Directions: see directions.h. */
#include "core/directions.h"

#include "core/damping.h"

#include <math.h>
#include <stdlib.h>

/* To begin with: adaptive quadrature halves what needs it. */
static const struct dmumu_angle_mesh mesh = {.max_width = 2.0, .max_change = 3.0, .tail = 1e-9};

/* Panels of one R, with their halves: 5 MB. A rate ends with 30 to 40 of them (M_A = 0.1 and 1). */
enum { MOST_KEPT = 4000 };

void dmumu_directions_fill(const struct dmumu_state *state, double ln_larmor_ratio, struct dmumu_direction_panel *panel)
{
    const double larmor_ratio = exp(ln_larmor_ratio);
    for (int i = 0; i < DMUMU_KRONROD_N; i++) {
        const double ln_tangent =
            0.5 * (panel->low + panel->high) + 0.5 * (panel->high - panel->low) * dmumu_kronrod_node[i];
        const struct dmumu_angle angle = dmumu_angle_of_tangent(exp(ln_tangent));
        const double ln_x_max = dmumu_damping_ln_x_max(state, angle);
        const double ln_cosine = log(angle.cosine);
        const double ln_u_end = -(ln_larmor_ratio + ln_x_max + ln_cosine);
        panel->node[i] = (struct dmumu_direction){.cosine = angle.cosine,
                                                  .sine = sqrt(angle.sine_square),
                                                  .ln_sine = ln_cosine + ln_tangent,
                                                  .ln_x_perp_max = ln_x_max + ln_cosine + ln_tangent,
                                                  .ln_u_start = -(ln_larmor_ratio + ln_cosine),
                                                  .ln_u_end = ln_u_end,
                                                  .u_start = 1.0 / (larmor_ratio * angle.cosine),
                                                  .u_end = exp(ln_u_end),
                                                  .ln_measure = 5.5 * ln_cosine + 2.0 * ln_tangent,
                                                  .ln_transit_measure = 5.5 * ln_cosine + 3.5 * ln_tangent};
    }
}

static enum dmumu_status reserve(struct dmumu_directions *directions, size_t n)
{
    if (n > directions->capacity) {
        const size_t capacity = n + n / 2 + 16;
        struct dmumu_direction_panel *grown = realloc(directions->panel, capacity * sizeof *grown);
        if (!grown) {
            return DMUMU_ERROR_MEMORY;
        }
        directions->panel = grown;
        directions->capacity = capacity;
    }
    return DMUMU_OK;
}

/* A panel in its place. */
static void put(const struct dmumu_state *state, double low, double high, size_t at,
                struct dmumu_directions *directions)
{
    struct dmumu_direction_panel *panel = &directions->panel[at];
    panel->low = low;
    panel->high = high;
    panel->halves = 0;
    dmumu_directions_fill(state, directions->ln_larmor_ratio, panel);
}

enum dmumu_status dmumu_directions_make(const struct dmumu_state *state, double larmor_ratio,
                                        struct dmumu_directions *directions)
{
    const struct dmumu_angles *angles = &directions->angles;
    enum dmumu_status status = dmumu_angles_make(state, &mesh, larmor_ratio, larmor_ratio, &directions->angles);
    if (status == DMUMU_OK) {
        status = reserve(directions, angles->n_panels);
    }
    directions->ln_larmor_ratio = log(larmor_ratio);
    directions->n = status == DMUMU_OK ? angles->n_panels : 0;
    directions->n_all = directions->n;
    for (size_t i = 0; i < directions->n; i++) {
        put(state, angles->panel_end[2 * i], angles->panel_end[2 * i + 1], i, directions);
    }
    return status;
}

size_t dmumu_directions_halve(const struct dmumu_state *state, size_t panel, struct dmumu_directions *directions)
{
    if (directions->panel[panel].halves == 0 && directions->n_all < MOST_KEPT &&
        reserve(directions, directions->n_all + 2) == DMUMU_OK) {
        const size_t first = directions->n_all;
        const double low = directions->panel[panel].low;
        const double high = directions->panel[panel].high;
        put(state, low, 0.5 * (low + high), first, directions);
        put(state, 0.5 * (low + high), high, first + 1, directions);
        directions->panel[panel].halves = first;
        directions->n_all += 2;
    }
    return directions->panel[panel].halves;
}

void dmumu_directions_free(struct dmumu_directions *directions)
{
    dmumu_angles_free(&directions->angles);
    free(directions->panel);
    *directions = (struct dmumu_directions){0};
}
