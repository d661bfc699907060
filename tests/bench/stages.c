/*
 * Stages: see stages.h. The parts are called one by one, as a curve calls them (src/core/curve_panels.c), at the nodes
 * of the panels that every curve begins with.
 */
#include "stages.h"

#include "core/cascade_lattice.h"
#include "core/panel.h"
#include "core/vector.h"
#include "core/workspace.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { N_RIGIDITY = 64, N_PANELS = 2, N_NODES = N_PANELS * DMUMU_KRONROD_N, REPEAT = 5 };

static const struct dmumu_panel_key keys[N_PANELS] = {{.depth = 1}, {.depth = 1, .index = 1}};

struct stages {
    struct dmumu_tables *tables;
    struct dmumu_workspace *workspace;
    struct dmumu_state state;
    double larmor_ratio[N_RIGIDITY];
    double rate[N_NODES][N_RIGIDITY];
    double tables_ms, cascade_ms;                          /* of one M_A */
    double directions_ms, transit_ms, columns_ms, sums_ms; /* of one damping */
    double interpolation_ms, alfven_ms, integrals_ms;      /* of one curve */
    double entries; /* that columns were summed from, all groups of one damping */
};

static double now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return 1e3 * (double)now.tv_sec + 1e-6 * (double)now.tv_nsec;
}

static struct dmumu_panel_tables *panel_of(const struct stages *stages, int panel, bool *good)
{
    enum dmumu_status status = DMUMU_OK;
    struct dmumu_panel_tables *tables =
        dmumu_tables_panel(stages->tables, keys[panel], &stages->workspace->panels, &status);
    *good = *good && status == DMUMU_OK;
    return tables;
}

/* Tables of the resonance and of B, and the Alfven modes' rates at the list of R. */
static bool time_tables(struct stages *stages)
{
    bool good = true;
    for (int p = 0; p < N_PANELS && good; p++) {
        struct dmumu_panel_tables *panel = panel_of(stages, p, &good);
        const double start = now_ms();
        good = good && dmumu_tables_complete(stages->tables, panel, DMUMU_FAST) == DMUMU_OK;
        const double middle = now_ms();
        good = good && dmumu_tables_complete(stages->tables, panel, DMUMU_ALFVEN) == DMUMU_OK;
        stages->tables_ms += middle - start;
        stages->cascade_ms += now_ms() - middle;
    }
    return good;
}

static bool time_alfven(struct stages *stages)
{
    bool good = true;
    struct dmumu_place place[N_RIGIDITY];
    for (int r = 0; r < N_RIGIDITY; r++) {
        place[r] = dmumu_cascade_place_of(stages->larmor_ratio[r]);
    }
    uint8_t chosen[N_RIGIDITY];
    memset(chosen, 1, sizeof chosen);
    const struct dmumu_cascade_ask ask = {DMUMU_NO_RATIOS, N_RIGIDITY, stages->larmor_ratio, place, chosen};
    for (int p = 0; p < N_PANELS && good; p++) {
        struct dmumu_panel_tables *panel = panel_of(stages, p, &good);
        struct dmumu_cascade_source source = {.common = &stages->tables->cascade[DMUMU_ALFVEN],
                                              .state = &stages->tables->state};
        for (int node = 0; node < DMUMU_KRONROD_N; node++) {
            source.table[node] = &panel->node[node].cascade[DMUMU_ALFVEN];
        }
        const double start = now_ms();
        const struct dmumu_cascade_list *list =
            dmumu_cascade_lattice_list(&panel->lattice[DMUMU_ALFVEN], &source, &ask, &stages->workspace->wave_nodes);
        stages->alfven_ms += now_ms() - start;
        good = list != NULL;
        dmumu_cascade_list_release(list);
    }
    return good;
}

/* Entries of the chunks that a group of columns has made, and of what comes before each. */
static double count_of_group(const struct dmumu_column_entries *entries, const struct dmumu_column_group *group)
{
    double sum = 0.0;
    for (size_t k = 0; k < entries->n_chunks; k++) {
        const size_t from = k * entries->chunk;
        const size_t to = from + entries->chunk < entries->n_x ? from + entries->chunk : entries->n_x;
        if (group->made[k]) {
            sum += (double)entries->n_before[k];
            sum += to > from ? (double)(entries->end[to - 1] - (from > 0 ? entries->end[from - 1] : 0)) : 0.0;
        }
    }
    return sum;
}

static double count_entries(const struct dmumu_columns *columns)
{
    double sum = 0.0;
    for (size_t i = 0; i < (size_t)columns->harmonics * columns->n_groups; i++) {
        sum += columns->group[i].begun ? count_of_group(&columns->entries, &columns->group[i]) : 0.0;
    }
    return sum;
}

/* All R at one node, as a curve asks for them; ms. */
static double rates_ms(struct stages *stages, const struct dmumu_fast_table *table, struct dmumu_columns *columns,
                       struct dmumu_fast_profile *profile, double rate[])
{
    double ln_ratio[N_RIGIDITY];
    double inverse_sqrt_ratio[N_RIGIDITY];
    uint8_t wanted[N_RIGIDITY];
    for (int r = 0; r < N_RIGIDITY; r++) {
        ln_ratio[r] = log(stages->larmor_ratio[r]);
        inverse_sqrt_ratio[r] = 1.0 / sqrt(stages->larmor_ratio[r]);
        wanted[r] = 1;
    }
    const double start = now_ms();
    for (int r = 0; r < N_RIGIDITY; r += DMUMU_FAST_RATES) {
        const int n = N_RIGIDITY - r < DMUMU_FAST_RATES ? N_RIGIDITY - r : DMUMU_FAST_RATES;
        const struct dmumu_fast_powers powers = {ln_ratio + r, inverse_sqrt_ratio + r};
        struct dmumu_fast_rates rates;
        dmumu_fast_profile_rates(stages->tables->fast, table, columns, profile, (size_t)n, &powers, wanted + r, &rates);
        memcpy(rate + r, rates.value, (size_t)n * sizeof *rate);
    }
    return now_ms() - start;
}

static bool time_node(struct stages *stages, struct dmumu_panel_tables *panel, int node, double rate[])
{
    const struct dmumu_fast_table *table = &panel->node[node].fast;
    const double start = now_ms();
    struct dmumu_columns *columns = dmumu_workspace_columns(stages->workspace, stages->tables, table->step_class);
    const double laid = now_ms();
    const bool made = columns && dmumu_columns_make(columns, table) == DMUMU_OK;
    const double summed = now_ms();
    struct dmumu_fast_profile *profile = dmumu_workspace_profile(stages->workspace, stages->tables, panel, node);
    stages->directions_ms += laid - start;
    stages->columns_ms += summed - laid;
    stages->transit_ms += now_ms() - summed;
    if (!made || !profile) {
        return false;
    }
    const double first = rates_ms(stages, table, columns, profile, rate);
    const double again = rates_ms(stages, table, columns, profile, rate);
    stages->sums_ms += fmax(first - again, 0.0);
    stages->interpolation_ms += again;
    return true;
}

static bool time_fast(struct stages *stages)
{
    bool good = true;
    for (int p = 0; p < N_PANELS && good; p++) {
        struct dmumu_panel_tables *panel = panel_of(stages, p, &good);
        for (int node = 0; node < DMUMU_KRONROD_N && good; node++) {
            good = time_node(stages, panel, node, stages->rate[p * DMUMU_KRONROD_N + node]);
        }
    }
    for (int k = 0; k < DMUMU_DEPOSIT_CLASSES; k++) {
        const struct dmumu_columns *columns = &stages->workspace->columns[k];
        stages->entries += columns->entries.n_x > 0 ? count_entries(columns) : 0.0;
    }
    return good;
}

/* Integrals over mu of both sums: all modes, and the fast ones alone. */
static void time_integrals(struct stages *stages)
{
    const double q_edge = -log(2.0 * stages->state.zone_l);
    const double start = now_ms();
    double sum = 0.0;
    for (int which = 0; which < 2; which++) {
        for (int r = 0; r < N_RIGIDITY; r++) {
            for (int p = 0; p < N_PANELS; p++) {
                struct dmumu_panel_values values = {.error = {0.0}};
                for (int node = 0; node < DMUMU_KRONROD_N; node++) {
                    double mu;
                    dmumu_panel_node(keys[p], node, &mu, &values.s2[node]);
                    values.rate[node] = stages->rate[p * DMUMU_KRONROD_N + node][r];
                }
                sum += dmumu_panel_integrate(&stages->tables->rules, keys[p], &values, q_edge).value;
            }
        }
    }
    stages->integrals_ms = sum > 0.0 ? now_ms() - start : (double)NAN;
}

/* ---- the machine ------------------------------------------------------------------------------------------------- */

typedef double lanes __attribute__((vector_size(32), aligned(8), may_alias));

/* Multiplications and additions on registers alone: the most that code without fused operations can do. */
DMUMU_VECTOR static double register_loop(long n)
{
    lanes sum[8] = {{0.0}};
    lanes factor[8];
    for (int k = 0; k < 8; k++) {
        factor[k] = (lanes){1.0, 2.0, 3.0, 4.0} + (double)k;
    }
    for (long i = 0; i < n; i++) {
        for (int k = 0; k < 8; k++) {
            sum[k] += factor[k] * (double)i;
        }
    }
    double total = 0.0;
    for (int k = 0; k < 8; k++) {
        total += sum[k][0] + sum[k][3];
    }
    return total;
}

static volatile double sink;

enum { REGISTERS_N = 400000000 };

static double peak_gflops(void)
{
    const long n = 4000000;
    double best = 0.0;
    for (int i = 0; i < REPEAT; i++) {
        const double start = now_ms();
        sink = register_loop(n);
        best = fmax(best, 64.0 * (double)n / (now_ms() - start) * 1e-6);
    }
    return best;
}

double stages_registers_s(void)
{
    const double start = now_ms();
    sink = register_loop(REGISTERS_N);
    return 1e-3 * (now_ms() - start);
}

/* ---- in words ---------------------------------------------------------------------------------------------------- */

static void print_times(const struct stages *stages, double alfven_mach, double beta)
{
    printf("stages              halo, M_A %g, beta %g, L 100 pc, %d rigidities, %d pitch angles; ms:\n", alfven_mach,
           beta, (int)N_RIGIDITY, (int)N_NODES);
    printf("  once per M_A      tables of the resonance %.2f, of B %.2f\n", stages->tables_ms, stages->cascade_ms);
    printf("  once per list of R  Alfven modes %.2f\n", stages->alfven_ms);
    printf("  once per damping  directions laid on rows %.2f, transit-time damping %.2f, columns begun %.2f, made as "
           "sums ask for them, and summed %.2f\n",
           stages->directions_ms, stages->transit_ms, stages->columns_ms, stages->sums_ms);
    printf("  each curve        rates %.3f, integrals over mu %.3f\n", stages->interpolation_ms, stages->integrals_ms);
    const double flops = 2.0 * DMUMU_COLUMNS_GROUP * stages->entries;
    printf("  columns           %.0f thousand entries for %d columns each: %.1f Gflop/s at least, sums over them "
           "included, and as much again in single precision; registers alone %.1f; entries read at %.1f GB/s\n",
           1e-3 * stages->entries, (int)DMUMU_COLUMNS_GROUP, flops / stages->sums_ms * 1e-6, peak_gflops(),
           (double)sizeof(struct dmumu_column_entry) * stages->entries / stages->sums_ms * 1e-6);
}

bool stages_print(double alfven_mach, double beta)
{
    static struct stages stages;
    struct dmumu_model model;
    const struct dmumu_point point = {DMUMU_HALO, alfven_mach, beta, 100.0};
    struct dmumu_error error;
    double rigidity_gv[N_RIGIDITY];
    memset(&stages, 0, sizeof stages);
    dmumu_model_default(&model);
    for (int r = 0; r < N_RIGIDITY; r++) {
        rigidity_gv[r] = pow(10.0, 6.0 * r / (N_RIGIDITY - 1));
    }
    bool good =
        dmumu_tables_new(&model, alfven_mach, &stages.tables, &error) == DMUMU_OK &&
        dmumu_workspace_new(&stages.workspace, &error) == DMUMU_OK &&
        dmumu_state_of_point(&model, &point, &stages.state, &error) == DMUMU_OK &&
        dmumu_state_larmor_ratio(&model, &point, N_RIGIDITY, rigidity_gv, stages.larmor_ratio, &error) == DMUMU_OK;
    if (good) {
        dmumu_workspace_set_damping(stages.workspace, stages.tables, &stages.state);
        good = time_tables(&stages) && time_alfven(&stages) && time_fast(&stages);
    }
    if (good) {
        time_integrals(&stages);
        print_times(&stages, alfven_mach, beta);
    }
    dmumu_workspace_free(stages.workspace);
    dmumu_tables_free(stages.tables);
    return good;
}
