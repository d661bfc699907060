/* Numbers of the command line: one value, a list, a range, each within the bounds that its key states. */
#ifndef DMUMU_CMD_NUMBERS_H
#define DMUMU_CMD_NUMBERS_H

#include "scan/config_keys.h"

/**
 * One number. `size` characters of `text`, so that it may stand in a list.
 * @return DMUMU_EXIT_OK, or what dmumu_cmd_usage returns after its message: option, value, and what would be right
 */
int dmumu_numbers_one(const char *command, const char *option, const char *text, size_t size,
                      const struct dmumu_key *key, double *value);

/** A comma list of ascending numbers; *values is the caller's to free, also on failure. */
int dmumu_numbers_list(const char *command, const char *option, const char *text, const struct dmumu_key *key,
                       size_t *n, double **values);

/** from:to:points, even in the logarithm; `text` holds a colon. */
int dmumu_numbers_range(const char *command, const char *option, const char *text, const struct dmumu_key *key,
                        size_t *n, double **values);

#endif
