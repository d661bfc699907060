/* Text: a configuration written as YAML again. */
#ifndef DMUMU_SCAN_CONFIG_TEXT_H
#define DMUMU_SCAN_CONFIG_TEXT_H

#include "scan/config.h"

/**
 * The whole configuration as YAML that reads back to the same bits: axes as lists of values (with the range they came
 * from in a comment: pow() may differ in the last bit between machines), the model with every default spelled out.
 * Axes without values are left out. Owned by the caller (free); NULL when out of memory. Thread-safe.
 */
char *dmumu_config_text(const struct dmumu_config *config);

#endif
