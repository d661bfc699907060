/*
 * Check: does a tree say only what the key table allows, each value of the right kind and in its range?
 *
 * Every complaint reads "where: key: value is ...; it must be ...". What a file must hold, and what its values mean
 * together, is not looked at here but in config.c.
 */
#ifndef DMUMU_SCAN_CONFIG_CHECK_H
#define DMUMU_SCAN_CONFIG_CHECK_H

#include "scan/config_keys.h"
#include "scan/config_tree.h"

/**
 * Check a whole tree against the key table.
 * @return DMUMU_OK or DMUMU_ERROR_INPUT. Thread-safe.
 */
enum dmumu_status dmumu_check_tree(const struct dmumu_node *root, struct dmumu_error *error);
/** The same of one mapping against any table of keys; `path` is what stands before a key in messages, may be "". */
enum dmumu_status dmumu_check_keys(const struct dmumu_node *node, const struct dmumu_key_section *section,
                                   const char *path, struct dmumu_error *error);

#endif
