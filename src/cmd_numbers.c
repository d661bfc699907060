/* Numbers of the command line: see cmd_numbers.h. */
#include "cmd_numbers.h"

#include "cmd.h"
#include "scan/axes.h"
#include "scan/config_scalar.h"

#include <stdlib.h>
#include <string.h>

int dmumu_numbers_one(const char *command, const char *option, const char *text, size_t size,
                      const struct dmumu_key *key, double *value)
{
    char word[DMUMU_SCALAR_DIGITS + 32], right[160];
    snprintf(word, sizeof word, "%.*s", (int)size, text);
    dmumu_key_describe(key, sizeof right, right);
    const char *wrong = NULL;
    const enum dmumu_scalar scalar = size < sizeof word ? dmumu_scalar_number(word, value) : DMUMU_SCALAR_OTHER;
    if (scalar == DMUMU_SCALAR_OTHER)
        wrong = "not a number";
    else if (scalar == DMUMU_SCALAR_NOT_FINITE)
        wrong = "not a finite number";
    else if (*value < key->low || *value > key->high)
        wrong = "out of range";
    return wrong ? dmumu_cmd_usage(command, "%s: '%s' is %s; it must be %s", option, word, wrong, right)
                 : DMUMU_EXIT_OK;
}

int dmumu_numbers_list(const char *command, const char *option, const char *text, const struct dmumu_key *key,
                       size_t *n, double **values)
{
    size_t count = 1;
    for (const char *p = text; *p; p++)
        count += *p == ',';
    *values = calloc(count, sizeof **values);
    if (!*values)
        return dmumu_cmd_failed(command, "out of memory");
    for (*n = 0; *n < count; (*n)++) {
        const size_t size = strcspn(text, ",");
        double *value = &(*values)[*n];
        const int status = dmumu_numbers_one(command, option, text, size, key, value);
        if (status != DMUMU_EXIT_OK)
            return status;
        if (*n > 0 && *value <= value[-1])
            return dmumu_cmd_usage(command, "%s: '%.*s' is not ascending; the list must go up, and %g comes before it",
                                   option, (int)size, text, value[-1]);
        text += size + 1;
    }
    return DMUMU_EXIT_OK;
}

int dmumu_numbers_range(const char *command, const char *option, const char *text, const struct dmumu_key *key,
                        size_t *n, double **values)
{
    const char *second = strchr(text, ':') + 1;
    const char *third = strchr(second, ':');
    if (!third || strchr(third + 1, ':'))
        return dmumu_cmd_usage(command, "%s: '%.60s' must be from:to:points, such as 1:1e6:61", option, text);
    double from = 0, to = 0;
    int status = dmumu_numbers_one(command, option, text, (size_t)(second - 1 - text), key, &from);
    if (status == DMUMU_EXIT_OK)
        status = dmumu_numbers_one(command, option, second, (size_t)(third - second), key, &to);
    if (status != DMUMU_EXIT_OK)
        return status;
    long points = 0;
    if (!dmumu_scalar_integer(third + 1, &points) || points < 2 || points > 10000)
        return dmumu_cmd_usage(command, "%s: '%.60s' points; it must be a whole number from 2 to 10000", option,
                               third + 1);
    if (to <= from)
        return dmumu_cmd_usage(command, "%s: from %g to %g is not ascending; to must be larger than from", option, from,
                               to);
    struct dmumu_axis axis;
    if (dmumu_axis_range(&axis, from, to, (size_t)points, true) != DMUMU_OK)
        return dmumu_cmd_failed(command, "out of memory");
    *n = axis.n;
    *values = axis.values;
    return DMUMU_EXIT_OK;
}
