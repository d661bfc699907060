/* Rounds: see rounds.h. What there is to go on with is in rounds_look.c, what one round measures in rounds_measure.c. */
#include "scan/rounds.h"

#include "core/error.h"
#include "cube/lock.h"
#include "scan/refine_record.h"
#include "scan/rounds_look.h"
#include "scan/rounds_measure.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const double PATIENCE_S = 90.0; /* for a sign of life of another scan of the same cube */

/* Everything that belongs to the rounds of one cube. */
struct rounds {
    const struct dmumu_team *team;
    struct dmumu_config *config;
    const struct dmumu_scan_options *options;
    struct dmumu_rounds_report *report;
    struct dmumu_refine_goal goal;
    struct dmumu_lock *lock; /* rank 0 */
    bool complete;           /* the cube of report->round is there */
};

static enum dmumu_status no_memory(struct dmumu_error *error)
{
    return dmumu_error_set(error, DMUMU_ERROR_MEMORY, "no memory for the rounds of a scan");
}

/* ---- the beginning ----------------------------------------------------------------------------------------------- */

static enum dmumu_status take_lock(struct rounds *rounds, struct dmumu_error *error)
{
    const size_t size = strlen(rounds->options->output) + sizeof ".lock";
    char *path = malloc(size);
    if (!path)
        return no_memory(error);
    snprintf(path, size, "%s.lock", rounds->options->output);
    const enum dmumu_status status = dmumu_lock_take(path, PATIENCE_S, &rounds->lock, error);
    free(path);
    return status;
}

/* Rank 0's configuration to all. Collective. */
static enum dmumu_status share_config(const struct rounds *rounds, struct dmumu_error *error)
{
    const struct dmumu_team *team = rounds->team;
    char *text = team->rank == 0 ? rounds->config->text : NULL;
    enum dmumu_status status = dmumu_team_share_text(team, &text, error);
    if (status == DMUMU_OK && team->rank != 0) {
        struct dmumu_config config = {0};
        status = dmumu_config_read_text(text, "the grid of the next round", true, &config, error);
        if (status == DMUMU_OK) {
            dmumu_config_free(rounds->config);
            *rounds->config = config;
        }
    }
    if (team->rank != 0)
        free(text);
    return dmumu_team_agree(team, status, error);
}

/* Collective. */
static enum dmumu_status begin(struct rounds *rounds, struct dmumu_error *error)
{
    const struct dmumu_team *team = rounds->team;
    enum dmumu_status status = DMUMU_OK;
    if (team->rank == 0)
        status = take_lock(rounds, error);
    struct dmumu_rounds_found found = {0};
    if (team->rank == 0 && status == DMUMU_OK)
        status = dmumu_rounds_look(rounds->config, rounds->options, &found, error);
    status = dmumu_team_agree(team, status, error);
    if (status != DMUMU_OK)
        return status;
    uint64_t word[3] = {found.all, found.complete, (uint64_t)found.round}; /* rank 0's: others have found nothing */
    dmumu_team_sum(team, 3, word);
    rounds->report->was_there = word[0] > 0;
    rounds->complete = word[1] > 0;
    rounds->report->round = (int)word[2];
    return share_config(rounds, error);
}

/* ---- a round ----------------------------------------------------------------------------------------------------- */

/* Scan the grid of this round, with what the one before and older cubes have. Collective. */
static enum dmumu_status scan_round(struct rounds *rounds, struct dmumu_error *error)
{
    const struct dmumu_scan_options *options = rounds->options;
    struct dmumu_rounds_report *report = rounds->report;
    struct dmumu_scan_options mine = *options;
    char *before = report->round > 0 ? dmumu_rounds_path(options->output, report->round - 1) : NULL;
    const char **reuse = calloc(options->n_reuse + 1, sizeof *reuse);
    enum dmumu_status status = reuse && (before || report->round == 0) ? DMUMU_OK : no_memory(error);
    status = dmumu_team_agree(rounds->team, status, error);
    if (status == DMUMU_OK && reuse) {
        size_t n = 0;
        if (before)
            reuse[n++] = before;
        for (size_t i = 0; i < options->n_reuse; ++i)
            reuse[n++] = options->reuse[i];
        mine.output = report->path;
        mine.overwrite = false;
        mine.reuse = reuse;
        mine.n_reuse = n;
        status = dmumu_scan_run(rounds->team, rounds->config, &mine, &report->scan, error);
        report->begun |= report->scan.begun || report->scan.was_there;
    }
    free(reuse);
    free(before);
    return status;
}

static void say_round(const struct rounds *rounds, const struct dmumu_refine_errors *errors,
                      const struct dmumu_refine_record *record)
{
    size_t cells = 0, over = 0;
    for (int id = DMUMU_AXIS_ALFVEN_MACH; id < DMUMU_N_AXES; ++id) {
        cells += errors->axis[id].n;
        for (size_t cell = 0; cell < errors->axis[id].n; ++cell)
            over += errors->axis[id].worst[cell] > errors->target;
    }
    const struct dmumu_axis *axis = rounds->config->grid.axis;
    fprintf(stderr, "dmumu scan: round %d, %zu x %zu x %zu x %zu x %zu: %zu of %zu cells are over %g; %s\n",
            rounds->report->round, axis[0].n, axis[1].n, axis[2].n, axis[3].n, axis[4].n, over, cells, errors->target,
            record->lookups);
}

/* Rank 0: the record into the cube of the last round, which gets its name; what else was of that round goes. */
static enum dmumu_status publish(const struct rounds *rounds, const struct dmumu_refine_record *record,
                                 struct dmumu_error *error)
{
    const char *output = rounds->options->output, *path = rounds->report->path;
    enum dmumu_status status = dmumu_refinement_store(path, &record->refinement, error);
    if (status == DMUMU_OK)
        status = dmumu_lock_check(rounds->lock, error);
    if (status == DMUMU_OK && !rounds->options->overwrite && access(output, F_OK) == 0)
        status =
            dmumu_error_set(error, DMUMU_ERROR_FILE, "%.200s has come up meanwhile; the cube is %.200s", output, path);
    if (status == DMUMU_OK && rename(path, output) != 0)
        status = dmumu_error_set(error, DMUMU_ERROR_FILE, "%.200s cannot be renamed to %.200s: %s", path, output,
                                 strerror(errno));
    if (status == DMUMU_OK)
        dmumu_rounds_remove(output, rounds->report->round, rounds->report->round + 1);
    return status;
}

/* Rank 0: say what was found; then either the next grid, or the end. */
static enum dmumu_status conclude(struct rounds *rounds, const struct dmumu_cube_source_info *about,
                                  const struct dmumu_refine_errors *errors, struct dmumu_error *error)
{
    struct dmumu_rounds_report *report = rounds->report;
    struct dmumu_grid finer = {0};
    struct dmumu_refine_record record;
    enum dmumu_status status = dmumu_refine_next(about->axis, errors, &rounds->goal, &finer, &report->verdict, error);
    if (status != DMUMU_OK)
        return status;
    const int most = rounds->config->lookup.rounds;
    const bool at_limit = report->verdict == DMUMU_REFINE_CUT && report->round + 1 >= most;
    status = dmumu_refine_record_new(about, errors, DMUMU_REFINE_SAMPLE, &rounds->goal, report->verdict,
                                     at_limit ? most : 0, rounds->options->command, &record, error);
    if (status == DMUMU_OK) {
        say_round(rounds, errors, &record);
        snprintf(report->verdict_text, sizeof report->verdict_text, "%s", record.verdict);
        snprintf(report->lookups_text, sizeof report->lookups_text, "%s", record.lookups);
    }
    if (status == DMUMU_OK && report->verdict == DMUMU_REFINE_CUT && !at_limit) {
        dmumu_grid_free(&rounds->config->grid);
        rounds->config->grid = finer;
        status = dmumu_config_renew_text(rounds->config, error);
    } else {
        if (status == DMUMU_OK)
            status = publish(rounds, &record, error);
        dmumu_grid_free(&finer);
    }
    dmumu_refine_record_free(&record);
    return status;
}

/* Measure the cube of this round and act on it. Collective. `done`: it was the last. */
static enum dmumu_status finish_round(struct rounds *rounds, bool *done, struct dmumu_error *error)
{
    struct dmumu_rounds_report *report = rounds->report;
    const struct dmumu_team *team = rounds->team;
    struct dmumu_refine_errors errors = {0};
    struct dmumu_cube_source *source = NULL;
    if (team->rank == 0)
        dmumu_rounds_remove(rounds->options->output, 0, report->round);
    enum dmumu_status status = dmumu_rounds_measure(team, report->path, &rounds->config->model,
                                                    rounds->config->lookup.tolerance, &errors, error);
    if (team->rank == 0 && status == DMUMU_OK)
        status = dmumu_cube_source_open(report->path, &source, error);
    if (team->rank == 0 && status == DMUMU_OK)
        status = conclude(rounds, dmumu_cube_source_about(source), &errors, error);
    dmumu_cube_source_close(source);
    dmumu_refine_errors_free(&errors);
    status = dmumu_team_agree(team, status, error);
    if (status != DMUMU_OK)
        return status;
    uint64_t verdict = team->rank == 0 ? (uint64_t)report->verdict : 0;
    dmumu_team_sum(team, 1, &verdict); /* rank 0's word */
    report->verdict = (enum dmumu_refine_verdict)verdict;
    *done = report->verdict != DMUMU_REFINE_CUT || report->round + 1 >= rounds->config->lookup.rounds;
    return *done ? DMUMU_OK : share_config(rounds, error);
}

/* Collective. `done`: all rounds are, or one was stopped. */
static enum dmumu_status run_round(struct rounds *rounds, bool *done, struct dmumu_error *error)
{
    struct dmumu_rounds_report *report = rounds->report;
    free(report->path);
    report->path = dmumu_rounds_path(rounds->options->output, report->round);
    enum dmumu_status status = report->path ? DMUMU_OK : no_memory(error);
    status = dmumu_team_agree(rounds->team, status, error);
    if (status == DMUMU_OK && !rounds->complete)
        status = scan_round(rounds, error);
    if (status == DMUMU_OK && report->scan.incomplete) {
        *done = true;
        return DMUMU_OK;
    }
    report->begun |= rounds->complete;
    rounds->complete = false;
    if (status == DMUMU_OK)
        status = finish_round(rounds, done, error);
    if (status == DMUMU_OK && !*done)
        ++report->round;
    return status;
}

enum dmumu_status dmumu_rounds_run(const struct dmumu_team *team, struct dmumu_config *config,
                                   const struct dmumu_scan_options *options, struct dmumu_rounds_report *report,
                                   struct dmumu_error *error)
{
    *report = (struct dmumu_rounds_report){.scan = {.failed_curve = UINT64_MAX}};
    struct rounds rounds = {.team = team, .config = config, .options = options, .report = report};
    rounds.goal = (struct dmumu_refine_goal){config->lookup.tolerance, config->lookup.share, config->lookup.values};
    enum dmumu_status status = begin(&rounds, error);
    for (bool done = report->was_there; status == DMUMU_OK && !done;)
        status = run_round(&rounds, &done, error);
    dmumu_lock_release(rounds.lock);
    return status;
}

void dmumu_rounds_report_free(struct dmumu_rounds_report *report)
{
    free(report->path);
    report->path = NULL;
}
