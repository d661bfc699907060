/*
 * Configuration: a YAML input file (and --set overrides) becomes a title, a grid and a model, or a clear error.
 *
 * Every key stands once in this module's table and is documented once in inputs/reference.yaml. Nothing is guessed: an
 * unknown, missing, ill-typed or out-of-range key is DMUMU_ERROR_INPUT, and the message names file, line, key, value
 * and what would be right.
 */
#ifndef DMUMU_SCAN_CONFIG_H
#define DMUMU_SCAN_CONFIG_H

#include "dmumu.h"
#include "scan/axes.h"

/** How right look-ups between the nodes are to be, and what that may cost. */
struct dmumu_lookup_goal {
    double tolerance; /* relative, of D; 0: not asked for, one scan of the grid as it is */
    double share;     /* of the look-ups that must be within it */
    int rounds;       /* grids at most */
    double values;    /* of a grid at most */
};

struct dmumu_config {
    char *title; /* owned */
    struct dmumu_lookup_goal lookup;
    struct dmumu_grid grid;
    struct dmumu_model model;
    char *text; /* owned: the whole effective configuration (file, defaults and overrides) as canonical YAML, readable
                   again */
};

/**
 * Read and check a configuration.
 * @param[in]  path         YAML file, or NULL for the defaults alone (`dmumu curve` without --config)
 * @param[in]  overrides    [n_overrides] strings "section.key=value" (--set), applied over the file, in order; in their
 *                          errors "--set section.key=value" stands where file and line would
 * @param[in]  need_axes    true for a scan: every axis must be there; false for a single curve: axes may be absent
 * @param[out] config       free with dmumu_config_free; untouched on error
 */
enum dmumu_status dmumu_config_read(const char *path, const char *const overrides[], size_t n_overrides, bool need_axes,
                                    struct dmumu_config *config, struct dmumu_error *error);
/** The same from text in memory (rank 0 broadcasts config->text to the others). `name` stands for the file in messages.
 */
enum dmumu_status dmumu_config_read_text(const char *text, const char *name, bool need_axes,
                                         struct dmumu_config *config, struct dmumu_error *error);
/** Write `text` anew, after grid, model or title were changed. DMUMU_OK or DMUMU_ERROR_MEMORY. */
enum dmumu_status dmumu_config_renew_text(struct dmumu_config *config, struct dmumu_error *error);
void dmumu_config_free(struct dmumu_config *config);
/** The parser's own table: the i-th key as a dotted path ("model.tolerance"), NULL past the end. For the tests. */
const char *dmumu_config_key(size_t i);
/**
 * What changes the numbers of a point, axes excluded, as canonical text: the source of `physics_hash`.
 * Owned by the caller (free); NULL when out of memory. Doubles with 17 significant digits.
 */
char *dmumu_config_physics_text(const struct dmumu_model *model);

#endif
