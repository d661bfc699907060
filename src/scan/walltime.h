/*
 * Walltime: when a job will be ended from outside, and when its scan must stop by itself to be written in time.
 *
 * Times are seconds; those called unix count from 1970, as Slurm gives them. Pure: no clock, no environment.
 */
#ifndef DMUMU_SCAN_WALLTIME_H
#define DMUMU_SCAN_WALLTIME_H

#include <stdbool.h>

struct dmumu_walltime {
    double end_unix_s; /* when the job will be ended; INFINITY: nobody knows */
    double margin_s;   /* kept free before it for the last write; also how long after a signal work may go on */
};

/** "5400", "90:00", "1:30:00" or "0-01:30:00": seconds, or with minutes, hours and days as Slurm writes them. */
bool dmumu_walltime_parse(const char *text, double *seconds);

/**
 * @param[in]  start_unix_s  when the program began
 * @param[in]  limit_s       what the user says it may take; 0: nothing
 * @param[in]  slurm_end     the value of SLURM_JOB_END_TIME, or NULL; the earlier end counts
 * @param[in]  margin_s      negative: 60 s, and no more than a tenth of the time that there is
 */
struct dmumu_walltime dmumu_walltime_of(double start_unix_s, double limit_s, const char *slurm_end, double margin_s);

/** Seconds until no more work should begin; INFINITY, or negative when that is past. */
double dmumu_walltime_left_s(const struct dmumu_walltime *walltime, double now_unix_s);

#endif
