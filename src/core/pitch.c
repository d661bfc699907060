/* Pitch: D_mumu(mu) at single cosines, per mode and kind of resonance, with either kernel. */
#include "core/constants.h"
#include "core/direct.h"
#include "core/error.h"
#include "core/kernel_ref.h"
#include "core/quasilinear.h"
#include "core/resonance.h"
#include "core/workspace.h"

#include <math.h>

static enum dmumu_status sharp_fast_rate(struct dmumu_tables *tables, const struct dmumu_state *state,
                                         double larmor_ratio, double mu, double s2, struct dmumu_workspace *workspace,
                                         struct dmumu_fast_rate *rate)
{
    const struct dmumu_sharp_angles *angles = dmumu_workspace_sharp_angles(workspace);
    if (mu > 0.0) {
        *rate = dmumu_quasilinear_fast_rate(tables->fast, state, angles, mu, s2, larmor_ratio);
    }
    return DMUMU_OK;
}

static enum dmumu_status broadened_fast_rate(struct dmumu_tables *tables, const struct dmumu_state *state,
                                             double larmor_ratio, double mu, double s2,
                                             struct dmumu_workspace *workspace, struct dmumu_fast_rate *rate)
{
    struct dmumu_fast_table table = {0};
    struct dmumu_fast_profile profile = {0};
    enum dmumu_status status = dmumu_fast_table_init(tables->fast, state, mu, s2, &table);
    struct dmumu_transit_deposit *transit =
        status == DMUMU_OK ? dmumu_workspace_transit(workspace, table.width / table.mu) : NULL;
    struct dmumu_columns *columns =
        status == DMUMU_OK ? dmumu_workspace_columns(workspace, tables, table.step_class) : NULL;
    if (status == DMUMU_OK) {
        status = transit && columns ? dmumu_fast_profile_begin(tables->fast, state, &table, columns, transit, &profile)
                                    : DMUMU_ERROR_MEMORY;
    }
    if (status == DMUMU_OK) {
        *rate = dmumu_fast_profile_rate(tables->fast, &table, columns, &profile, larmor_ratio);
    }
    if (status == DMUMU_OK && !dmumu_fast_table_holds(&table, larmor_ratio)) {
        status = dmumu_direct_fast_rate(tables, state, workspace, mu, s2, larmor_ratio, rate);
    }
    dmumu_fast_profile_free(&profile);
    dmumu_fast_table_free(&table);
    return status;
}

/* The production kernel at one mu: the same tables as for D, made for this mu and given up again. */
static enum dmumu_status fast_kernel_rate(struct dmumu_tables *tables, const struct dmumu_state *state,
                                          double larmor_ratio, double mu, struct dmumu_workspace *workspace,
                                          struct dmumu_rate *rate)
{
    const double s2 = (1.0 - mu) * (1.0 + mu);
    enum dmumu_status status = DMUMU_OK;
    *rate = (struct dmumu_rate){{0.0}, {0.0}};
    if (state->modes[DMUMU_FAST]) {
        struct dmumu_fast_rate fast = {0};
        status = state->kappa > 0.0 ? broadened_fast_rate(tables, state, larmor_ratio, mu, s2, workspace, &fast)
                                    : sharp_fast_rate(tables, state, larmor_ratio, mu, s2, workspace, &fast);
        rate->transit[DMUMU_FAST] = fast.transit;
        rate->gyro[DMUMU_FAST] = fast.gyro;
    }
    for (int mode = DMUMU_ALFVEN; mode <= DMUMU_SLOW && status == DMUMU_OK; mode++) {
        if (!state->modes[mode]) {
            continue;
        }
        struct dmumu_cascade_table table = {0};
        struct dmumu_cascade_rate cascade = {0};
        status = dmumu_cascade_table_init(&tables->cascade[mode], state, mu, s2, (double)INFINITY, &table);
        if (status == DMUMU_OK) {
            status = dmumu_cascade_rate(&tables->cascade[mode], state, &table, larmor_ratio, &workspace->wave_nodes,
                                        &cascade);
        }
        rate->gyro[mode] = cascade.gyro;
        if (mode == DMUMU_SLOW && state->kappa > 0.0) {
            rate->transit[mode] = cascade.transit * dmumu_resonance_transit(mu, state->slow_speed_v, table.width);
        }
        dmumu_cascade_table_free(&table);
    }
    return status;
}

static struct dmumu_pitch pitch_of_rate(const struct dmumu_rate *rate, double mu, double unit_per_s)
{
    struct dmumu_pitch pitch = {.total_per_s = 0.0};
    for (int mode = 0; mode < DMUMU_N_MODES; mode++) {
        pitch.transit_time_per_s[mode] = rate->transit[mode] * unit_per_s;
        pitch.gyro_per_s[mode] = rate->gyro[mode] * unit_per_s;
        pitch.total_per_s += pitch.transit_time_per_s[mode] + pitch.gyro_per_s[mode];
    }
    /* v (1 - mu^2) / (2 D_mumu), in pc */
    pitch.mean_free_path_pc =
        DMUMU_SPEED_OF_LIGHT_CM_S * (1.0 - mu) * (1.0 + mu) / (2.0 * pitch.total_per_s) / DMUMU_PARSEC_CM;
    return pitch;
}

/* Were the tables made for this model and M_A, as far as rates depend on them? */
static bool tables_match(const struct dmumu_tables *tables, const struct dmumu_model *model, double alfven_mach)
{
    const struct dmumu_model *made = &tables->model;
    bool match = tables->alfven_mach == alfven_mach && made->harmonics == model->harmonics &&
                 made->broadening == model->broadening && made->alfven_cascade == model->alfven_cascade &&
                 made->truncation_angle == model->truncation_angle;
    for (int mode = 0; mode < DMUMU_N_MODES; mode++) {
        match = match && made->modes[mode] == model->modes[mode] &&
                made->energy_fraction[mode] == model->energy_fraction[mode];
    }
    return match;
}

enum dmumu_status dmumu_pitch_compute(const struct dmumu_model *model, enum dmumu_kernel kernel,
                                      struct dmumu_tables *tables, const struct dmumu_point *point, double rigidity_gv,
                                      size_t n, const double mu[], struct dmumu_pitch pitch[],
                                      struct dmumu_workspace *workspace, struct dmumu_error *error)
{
    struct dmumu_state state;
    double larmor_ratio;
    enum dmumu_status status = dmumu_model_check(model, error);
    if (status == DMUMU_OK) {
        status = dmumu_state_of_point(model, point, &state, error);
    }
    if (status == DMUMU_OK) {
        status = dmumu_state_larmor_ratio(model, point, 1, &rigidity_gv, &larmor_ratio, error);
    }
    if (status == DMUMU_OK && !(larmor_ratio >= DMUMU_R_MIN && larmor_ratio <= DMUMU_R_MAX)) {
        status = dmumu_error_set(error, DMUMU_ERROR_ARGUMENT, "R = r_L/L = %g at %g GV is outside %g .. %g",
                                 larmor_ratio, rigidity_gv, DMUMU_R_MIN, DMUMU_R_MAX);
    }
    if (status == DMUMU_OK && kernel == DMUMU_KERNEL_FAST &&
        !(tables && workspace && tables_match(tables, model, point->alfven_mach))) {
        status = dmumu_error_set(error, DMUMU_ERROR_ARGUMENT,
                                 "the production kernel needs a workspace and tables of the same model and M_A (%g)",
                                 point->alfven_mach);
    }
    if (status == DMUMU_OK && kernel == DMUMU_KERNEL_FAST) {
        dmumu_workspace_set_damping(workspace, tables, &state);
    }
    for (size_t i = 0; status == DMUMU_OK && i < n; i++) {
        if (!(mu[i] >= 0.0 && mu[i] < 1.0)) {
            return dmumu_error_set(error, DMUMU_ERROR_ARGUMENT, "pitch-angle cosine %g is outside 0 <= mu < 1", mu[i]);
        }
        struct dmumu_rate rate;
        if (kernel == DMUMU_KERNEL_REF) {
            rate = dmumu_kernel_ref(&state, larmor_ratio, mu[i], model->tolerance);
        } else {
            status = fast_kernel_rate(tables, &state, larmor_ratio, mu[i], workspace, &rate);
        }
        pitch[i] = pitch_of_rate(&rate, mu[i], dmumu_state_rate_unit_per_s(point));
    }
    return status == DMUMU_ERROR_MEMORY ? dmumu_error_set(error, status, "out of memory for D_mumu") : status;
}
