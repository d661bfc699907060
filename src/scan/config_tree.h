/*
 * Tree: a YAML text as nodes that remember where they stand, and overrides merged into it.
 *
 * libcyaml turns YAML into C structs but forgets the lines on the way; this tree (libyaml, which libcyaml itself uses)
 * keeps them, so that every later complaint can name file and line, or the --set that brought the value. It knows
 * syntax only, no key of ours.
 */
#ifndef DMUMU_SCAN_CONFIG_TREE_H
#define DMUMU_SCAN_CONFIG_TREE_H

#include "dmumu.h"

enum dmumu_node_kind {
    DMUMU_NODE_SCALAR,
    DMUMU_NODE_MAPPING,
    DMUMU_NODE_SEQUENCE,
    DMUMU_NODE_ABSENT /* taken out by an override: as if it had never been given */
};

/** Where a node was read. The strings are the caller's and outlive the tree. */
struct dmumu_origin {
    const char *source; /* name of the file, or the override as given */
    size_t line;        /* from 1; 0: the source is an override */
};

struct dmumu_node {
    enum dmumu_node_kind kind;
    struct dmumu_origin origin; /* of the key where there is one, else of the value */
    char *key;                  /* of a member of a mapping; NULL otherwise */
    char *value;                /* of a scalar */
    bool quoted;                /* a scalar in quotes, or a block of text: never a number */
    size_t n;
    struct dmumu_node **child; /* [n] */
};

enum { DMUMU_WHERE_SIZE = 200 };

/** "file:line" or "--set section.key=value". */
void dmumu_origin_text(const struct dmumu_origin *origin, char text[static DMUMU_WHERE_SIZE]);

/**
 * Parse one YAML document.
 * @param[in]  origin  its source; line 0 if it is the value of an override, else 1
 * @param[out] root    free with dmumu_node_free; NULL if the text holds no document
 * @return DMUMU_OK, DMUMU_ERROR_INPUT (not YAML, key given twice, too large) or DMUMU_ERROR_MEMORY
 */
enum dmumu_status dmumu_tree_parse(const char *text, size_t length, const struct dmumu_origin *origin,
                                   struct dmumu_node **root, struct dmumu_error *error);

/** An empty mapping; NULL when out of memory. */
struct dmumu_node *dmumu_tree_empty(const struct dmumu_origin *origin);

/**
 * Merge one "section.key=value" into the tree: the value is YAML and replaces what stood there; `null` takes it out.
 * @return DMUMU_OK, DMUMU_ERROR_INPUT or DMUMU_ERROR_MEMORY
 */
enum dmumu_status dmumu_tree_override(struct dmumu_node *root, const char *override, struct dmumu_error *error);

/** The member of a mapping, or NULL if it is not there (or was taken out). */
struct dmumu_node *dmumu_node_member(const struct dmumu_node *mapping, const char *key);
/** The node at a dotted path, or NULL. */
struct dmumu_node *dmumu_node_at_path(const struct dmumu_node *root, const char *path);
/** The whole tree as YAML in flow style, for libcyaml. Free it; NULL when out of memory. */
char *dmumu_tree_text(const struct dmumu_node *root);
void dmumu_node_free(struct dmumu_node *node);

#endif
