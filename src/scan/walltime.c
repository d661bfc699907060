/* Walltime: arithmetic of ends (see walltime.h). */
#include "scan/walltime.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double most_margin_s = 60.0, most_margin_part = 0.1;

/* Digits alone: strtod would take signs, exponents and hexadecimals. `text` moves behind them. */
static bool read_number(const char **text, double *number)
{
    enum { MOST_DIGITS = 9 };
    const size_t n = strspn(*text, "0123456789");
    if (n == 0 || n > MOST_DIGITS)
        return false;
    *number = strtod(*text, NULL);
    *text += n;
    return true;
}

bool dmumu_walltime_parse(const char *text, double *seconds)
{
    double days = 0.0, part = 0.0, sum = 0.0;
    int parts = 0;
    const bool has_days = strchr(text, '-') != NULL;
    if (has_days && (!read_number(&text, &days) || *text++ != '-'))
        return false;
    for (;;) {
        const char *begin = text;
        /* minutes and seconds that follow another part are two digits below 60 */
        if (!read_number(&text, &part) || ++parts > 3 || (parts > 1 && (part >= 60.0 || text - begin > 2)))
            return false;
        sum = 60.0 * sum + part;
        if (*text != ':')
            break;
        ++text;
    }
    if (*text || (has_days && parts < 3))
        return false;
    *seconds = 86400.0 * days + sum;
    return *seconds > 0.0;
}

struct dmumu_walltime dmumu_walltime_of(double start_unix_s, double limit_s, const char *slurm_end, double margin_s)
{
    struct dmumu_walltime walltime = {INFINITY, margin_s};
    double end_unix_s = 0.0;
    if (limit_s > 0.0)
        walltime.end_unix_s = start_unix_s + limit_s;
    if (slurm_end) {
        char *rest = NULL;
        end_unix_s = strtod(slurm_end, &rest);
        if (rest != slurm_end && !*rest && end_unix_s > 0.0)
            walltime.end_unix_s = fmin(walltime.end_unix_s, end_unix_s);
    }
    if (margin_s < 0.0)
        walltime.margin_s = fmin(most_margin_s, most_margin_part * fmax(0.0, walltime.end_unix_s - start_unix_s));
    return walltime;
}

double dmumu_walltime_left_s(const struct dmumu_walltime *walltime, double now_unix_s)
{
    return walltime->end_unix_s - walltime->margin_s - now_unix_s;
}
