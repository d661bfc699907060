/* Refine, the record: see refine_record.h. */
#include "scan/refine_record.h"

#include "core/error.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static void say_sampled(size_t sample, char *text, size_t size)
{
    if (sample == 0)
        snprintf(text, size, "all media");
    else
        snprintf(text, size, "%zu media per cell, and %zu in all for rigidity", sample,
                 sample * DMUMU_REFINE_RIGIDITY_MEDIA);
}

static void say_lookups(const struct dmumu_refine_errors *errors, char *text, size_t size)
{
    const struct dmumu_refine_cells *anywhere = &errors->axis[DMUMU_REFINE_ANYWHERE];
    const uint64_t points = anywhere->points[0], over = anywhere->over[0];
    if (points == 0)
        snprintf(text, size, "none of %" PRIu64 " random look-ups has a value", anywhere->skipped);
    else
        snprintf(text, size,
                 "%" PRIu64 " of %" PRIu64
                 " random look-ups are within %g (%.2f %%), the worst is off by %.2g; %" PRIu64 " have no value",
                 points - over, points, errors->target, 100.0 * (double)(points - over) / (double)points,
                 anywhere->worst[0], anywhere->skipped);
}

static void say_verdict(const struct dmumu_refine_errors *errors, const struct dmumu_refine_goal *goal,
                        enum dmumu_refine_verdict verdict, int rounds, char *text, size_t size)
{
    const struct dmumu_refine_cells *anywhere = &errors->axis[DMUMU_REFINE_ANYWHERE];
    const uint64_t points = anywhere->points[0], over = anywhere->over[0];
    char why[80] = "a finer grid is needed";
    if (verdict == DMUMU_REFINE_ENOUGH && points == 0) {
        snprintf(text, size, "no random look-up has a value that could be wrong");
        return;
    }
    char part[48] = "";
    if (goal->share < 1.0)
        snprintf(part, sizeof part, ", the share of %g that is asked for", goal->share);
    if (verdict == DMUMU_REFINE_ENOUGH) {
        snprintf(text, size, "look-ups are right to %g%s: %" PRIu64 " of %" PRIu64 " random ones are over it",
                 goal->tolerance, part, over, points);
        return;
    }
    if (verdict == DMUMU_REFINE_TOO_MANY)
        snprintf(why, sizeof why, "more nodes would be over the limit of %g values", goal->most_values);
    else if (verdict == DMUMU_REFINE_TOO_NARROW)
        snprintf(why, sizeof why, "the cells that are not are too narrow to be cut: D jumps there");
    else if (rounds > 0)
        snprintf(why, sizeof why, "the limit of %d round%s is reached", rounds, rounds == 1 ? "" : "s");
    snprintf(text, size, "look-ups are not right to %g%s: %" PRIu64 " of %" PRIu64 " random ones are over it; %s",
             goal->tolerance, part, over, points, why);
}

static enum dmumu_status find_middles(struct dmumu_refine_record *record, struct dmumu_error *error)
{
    for (int id = DMUMU_AXIS_ALFVEN_MACH; id < DMUMU_N_AXES; id++) {
        const struct dmumu_cube_axis *axis = &record->refinement.cube->axis[id];
        record->middle[id] = malloc(axis->n * sizeof *record->middle[id]);
        if (!record->middle[id])
            return dmumu_error_set(error, DMUMU_ERROR_MEMORY, "out of memory for the interpolation errors");
        for (size_t cell = 0; cell + 1 < axis->n; cell++)
            record->middle[id][cell] = dmumu_refine_middle(axis, cell);
        record->refinement.middle[id] = record->middle[id];
    }
    return DMUMU_OK;
}

enum dmumu_status dmumu_refine_record_new(const struct dmumu_cube_source_info *cube,
                                          const struct dmumu_refine_errors *errors, size_t sample,
                                          const struct dmumu_refine_goal *goal, enum dmumu_refine_verdict verdict,
                                          int rounds, const char *command, struct dmumu_refine_record *record,
                                          struct dmumu_error *error)
{
    *record = (struct dmumu_refine_record){.refinement = {.cube = cube, .target = errors->target, .command = command}};
    say_sampled(sample, record->sampled, sizeof record->sampled);
    say_lookups(errors, record->lookups, sizeof record->lookups);
    say_verdict(errors, goal, verdict, rounds, record->verdict, sizeof record->verdict);
    record->refinement.sampled = record->sampled;
    record->refinement.lookups = record->lookups;
    record->refinement.verdict = record->verdict;
    for (int id = 0; id < DMUMU_N_AXES; id++) {
        record->refinement.error[id] = errors->axis[id].worst;
        record->refinement.points[id] = errors->axis[id].points;
        record->refinement.over[id] = errors->axis[id].over;
    }
    return find_middles(record, error);
}

void dmumu_refine_record_free(struct dmumu_refine_record *record)
{
    for (int id = 0; id < DMUMU_N_AXES; id++) {
        free(record->middle[id]);
        record->middle[id] = NULL;
    }
}
