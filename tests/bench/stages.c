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
    double tables_ms, cascade_ms;                     /* of one M_A */
    double directions_ms, transit_ms, filter_ms;      /* of one damping */
    double interpolation_ms, alfven_ms, integrals_ms; /* of one curve */
    double taps;                                      /* that the filter went through, of one damping */
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

/* Tables of K and of B, and the Alfven modes' rates at the list of R. */
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

static size_t clamped(long i, size_t n)
{
    return i < 0 ? 0 : ((size_t)i < n ? (size_t)i : n);
}

/* Taps that one block of one list and row goes through, as in dmumu_filter_add. */
static double taps_of(const struct dmumu_taps *taps, long first, size_t n, long b)
{
    const size_t begin = clamped(first - (b + DMUMU_FILTER_BLOCK - 1) - taps->first, taps->n);
    const size_t end = clamped(first + (long)n - 1 - b - taps->first, taps->n);
    return end > begin ? (double)(end - begin) : 0.0;
}

static double count_taps(const struct dmumu_fast_table *table, const struct dmumu_deposit *deposit,
                         const struct dmumu_fast_profile *profile)
{
    double sum = 0.0;
    for (size_t block = 0; block < profile->n_blocks; block++) {
        const long b = profile->begin + (long)(profile->n_blocks - 1 - block) * DMUMU_FILTER_BLOCK;
        for (int row = 0; profile->done[block] && row < deposit->rows.n; row++) {
            sum += taps_of(&deposit->end[row], table->first, table->row_end[row], b);
            sum += taps_of(&deposit->start[row], table->first, table->row_end[row], b);
        }
    }
    return sum;
}

/* All R at one node; ms. */
static double rates_ms(struct stages *stages, const struct dmumu_fast_table *table, const struct dmumu_deposit *deposit,
                       struct dmumu_fast_profile *profile, const struct dmumu_place place[], double rate[])
{
    const double start = now_ms();
    for (int r = 0; r < N_RIGIDITY; r++) {
        const struct dmumu_fast_rate fast =
            dmumu_fast_profile_rate(stages->tables->fast, table, deposit, profile, &place[r], stages->larmor_ratio[r]);
        rate[r] = fast.gyro + fast.transit;
    }
    return now_ms() - start;
}

static bool time_node(struct stages *stages, struct dmumu_panel_tables *panel, int node, double rate[])
{
    const struct dmumu_fast_table *table = &panel->node[node].fast;
    const double start = now_ms();
    const struct dmumu_deposit *deposit = dmumu_workspace_deposit(stages->workspace, table->step_class);
    const double middle = now_ms();
    struct dmumu_fast_profile *profile = dmumu_workspace_profile(stages->workspace, stages->tables, panel, node);
    stages->directions_ms += middle - start;
    stages->transit_ms += now_ms() - middle;
    if (!deposit || !profile) {
        return false;
    }
    struct dmumu_place place[N_RIGIDITY];
    for (int r = 0; r < N_RIGIDITY; r++) {
        place[r] = dmumu_place_of(log(stages->larmor_ratio[r]) / stages->tables->fast->step[table->step_class]);
    }
    const double first = rates_ms(stages, table, deposit, profile, place, rate);
    const double again = rates_ms(stages, table, deposit, profile, place, rate);
    stages->filter_ms += fmax(first - again, 0.0);
    stages->interpolation_ms += again;
    stages->taps += count_taps(table, deposit, profile);
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

/* The filter's loop over one list of 64 taps in the first-level cache. */
static double loop_gflops(void)
{
    enum { TAPS = 64 };
    static double tap[TAPS];
    static double from[TAPS + DMUMU_FILTER_BLOCK];
    double sum[DMUMU_FILTER_BLOCK] = {0.0};
    double best = 0.0;
    const int n = 40000;
    for (int i = 0; i < TAPS; i++) {
        tap[i] = from[i] = 1e-3 * i;
    }
    for (int i = 0; i < REPEAT; i++) {
        const double start = now_ms();
        for (int k = 0; k < n; k++) {
            dmumu_filter_block(TAPS, tap, from, 1.0, sum);
        }
        best = fmax(best, 2.0 * TAPS * DMUMU_FILTER_BLOCK * n / (now_ms() - start) * 1e-6);
    }
    sink = sum[3];
    return best;
}

/* ---- in words ---------------------------------------------------------------------------------------------------- */

static void print_times(const struct stages *stages, double alfven_mach, double beta)
{
    printf("stages              halo, M_A %g, beta %g, L 100 pc, %d rigidities, %d pitch angles; ms:\n", alfven_mach,
           beta, (int)N_RIGIDITY, (int)N_NODES);
    printf("  once per M_A      tables of K %.2f, tables of B %.2f\n", stages->tables_ms, stages->cascade_ms);
    printf("  once per list of R  Alfven modes %.2f\n", stages->alfven_ms);
    printf("  once per damping  directions laid on rows %.2f, transit-time damping %.2f, filter %.2f\n",
           stages->directions_ms, stages->transit_ms, stages->filter_ms);
    printf("  each curve        rates %.3f, integrals over mu %.3f\n", stages->interpolation_ms, stages->integrals_ms);
    const double flops = 2.0 * DMUMU_FILTER_BLOCK * stages->taps;
    printf("  filter            %.0f thousand taps on %d points of R each: %.1f Gflop/s; its loop alone %.1f, "
           "registers alone "
           "%.1f; rows read at %.1f GB/s\n",
           1e-3 * stages->taps, (int)DMUMU_FILTER_BLOCK, flops / stages->filter_ms * 1e-6, loop_gflops(), peak_gflops(),
           4.0 * stages->taps / stages->filter_ms * 1e-6);
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
