/* Check: does a tree say only what the key table allows, each value of the right kind and in its range? */
#include "scan/config_check.h"

#include "core/error.h"
#include "scan/config_scalar.h"

#include <stdio.h>
#include <string.h>

enum { PATH_SIZE = 128, RIGHT_SIZE = 160, SHOWN_SIZE = 64, MAX_SECTION_KEYS = 32 };

/* "where: path: what is wrong; it must be what is right" */
static enum dmumu_status bad(const struct dmumu_node *node, const struct dmumu_key *key, const char *path,
                             const char *wrong, struct dmumu_error *error)
{
    char where[DMUMU_WHERE_SIZE], right[RIGHT_SIZE];
    dmumu_origin_text(&node->origin, where);
    dmumu_key_describe(key, sizeof right, right);
    return dmumu_error_set(error, DMUMU_ERROR_INPUT, "%s: %s: %s; it must be %s", where, path, wrong, right);
}

/* The value as a person would recognise it. */
static void show(const struct dmumu_node *node, char text[static SHOWN_SIZE])
{
    if (node->kind == DMUMU_NODE_MAPPING)
        snprintf(text, SHOWN_SIZE, "a section");
    else if (node->kind == DMUMU_NODE_SEQUENCE)
        snprintf(text, SHOWN_SIZE, "a list");
    else if (node->quoted)
        snprintf(text, SHOWN_SIZE, "the text '%.40s'", node->value);
    else if (node->value[0] == '\0')
        snprintf(text, SHOWN_SIZE, "nothing");
    else
        snprintf(text, SHOWN_SIZE, "'%.40s'", node->value);
}

static enum dmumu_status bad_kind(const struct dmumu_node *node, const struct dmumu_key *key, const char *path,
                                  const char *what, struct dmumu_error *error)
{
    char shown[SHOWN_SIZE], wrong[SHOWN_SIZE + 64];
    show(node, shown);
    snprintf(wrong, sizeof wrong, "%s is %s", shown, what);
    return bad(node, key, path, wrong, error);
}

static enum dmumu_status check_number(const struct dmumu_node *node, const struct dmumu_key *key, const char *path,
                                      struct dmumu_error *error)
{
    if (node->kind != DMUMU_NODE_SCALAR)
        return bad_kind(node, key, path, "given", error);
    double value = 0;
    const enum dmumu_scalar scalar = node->quoted ? DMUMU_SCALAR_OTHER : dmumu_scalar_number(node->value, &value);
    if (scalar == DMUMU_SCALAR_OTHER)
        return bad_kind(node, key, path, "not a number", error);
    if (scalar == DMUMU_SCALAR_NOT_FINITE)
        return bad_kind(node, key, path, "not a finite number", error);
    if (value < key->low || value > key->high)
        return bad_kind(node, key, path, "out of range", error);
    return DMUMU_OK;
}

static enum dmumu_status check_count(const struct dmumu_node *node, const struct dmumu_key *key, const char *path,
                                     struct dmumu_error *error)
{
    if (node->kind != DMUMU_NODE_SCALAR)
        return bad_kind(node, key, path, "given", error);
    long value = 0;
    const bool is_whole = !node->quoted && dmumu_scalar_integer(node->value, &value);
    if (!is_whole && node->value[0] == '0' && !node->quoted)
        return bad_kind(node, key, path, "not clear: a number with a leading zero is octal to some", error);
    if (!is_whole)
        return bad_kind(node, key, path, "not a whole number", error);
    if ((double)value < key->low || (double)value > key->high)
        return bad_kind(node, key, path, "out of range", error);
    return DMUMU_OK;
}

static enum dmumu_status check_word(const struct dmumu_node *node, const struct dmumu_key *key, const char *path,
                                    struct dmumu_error *error)
{
    if (node->kind != DMUMU_NODE_SCALAR)
        return bad_kind(node, key, path, "given", error);
    if (dmumu_key_choice(key, node->value) < 0)
        return bad_kind(node, key, path, "unknown", error);
    return DMUMU_OK;
}

static enum dmumu_status check_words(const struct dmumu_node *node, const struct dmumu_key *key, const char *path,
                                     struct dmumu_error *error)
{
    if (node->kind != DMUMU_NODE_SEQUENCE)
        return bad_kind(node, key, path, "not a list", error);
    for (size_t i = 0; i < node->n; i++) {
        const enum dmumu_status status = check_word(node->child[i], key, path, error);
        if (status != DMUMU_OK)
            return status;
        for (size_t j = 0; j < i; j++)
            if (strcmp(node->child[i]->value, node->child[j]->value) == 0)
                return bad_kind(node->child[i], key, path, "given twice", error);
    }
    return DMUMU_OK;
}

static enum dmumu_status check_numbers(const struct dmumu_node *node, const struct dmumu_key *key, const char *path,
                                       struct dmumu_error *error)
{
    if (node->kind != DMUMU_NODE_SEQUENCE)
        return bad_kind(node, key, path, "not a list", error);
    if (node->n == 0 || node->n > 10000)
        return bad(node, key, path, node->n ? "the list is longer than 10000" : "the list is empty", error);
    double last = 0;
    for (size_t i = 0; i < node->n; i++) {
        const struct dmumu_node *child = node->child[i];
        const enum dmumu_status status = check_number(child, key, path, error);
        if (status != DMUMU_OK)
            return status;
        double value = 0;
        dmumu_scalar_number(child->value, &value);
        if (i > 0 && value <= last) {
            char wrong[2 * SHOWN_SIZE];
            snprintf(wrong, sizeof wrong, "not ascending: '%.40s' comes after '%.40s'", child->value,
                     node->child[i - 1]->value);
            return bad(child, key, path, wrong, error);
        }
        last = value;
    }
    return DMUMU_OK;
}

static enum dmumu_status check_section(const struct dmumu_node *node, const struct dmumu_key_section *section,
                                       const char *path, struct dmumu_error *error);

static enum dmumu_status check_value(const struct dmumu_node *node, const struct dmumu_key *key, const char *path,
                                     struct dmumu_error *error)
{
    switch (key->kind) {
    case DMUMU_KEY_TEXT:
        return node->kind == DMUMU_NODE_SCALAR && node->value[0] ? DMUMU_OK : bad_kind(node, key, path, "given", error);
    case DMUMU_KEY_NUMBER:
        return check_number(node, key, path, error);
    case DMUMU_KEY_COUNT:
        return check_count(node, key, path, error);
    case DMUMU_KEY_WORD:
        return check_word(node, key, path, error);
    case DMUMU_KEY_WORDS:
        return check_words(node, key, path, error);
    case DMUMU_KEY_NUMBERS:
        return check_numbers(node, key, path, error);
    case DMUMU_KEY_NUMBER_OR_SPITZER:
        if (node->kind == DMUMU_NODE_SCALAR && strcmp(node->value, "spitzer") == 0)
            return DMUMU_OK;
        return check_number(node, key, path, error);
    case DMUMU_KEY_SECTION:
        if (node->kind != DMUMU_NODE_MAPPING)
            return bad_kind(node, key, path, "given", error);
        return check_section(node, key->section, path, error);
    }
    return dmumu_error_set(error, DMUMU_ERROR_INTERNAL, "a key of unknown kind: %s", path);
}

static enum dmumu_status unknown_key(const struct dmumu_node *node, const struct dmumu_key_section *section,
                                     const char *path, struct dmumu_error *error)
{
    char where[DMUMU_WHERE_SIZE], known[240];
    const char *names[MAX_SECTION_KEYS];
    size_t n = 0, used = 0;
    for (; n < section->n && n < MAX_SECTION_KEYS; n++) {
        names[n] = section->keys[n].name;
        if (used < sizeof known)
            used += (size_t)snprintf(known + used, sizeof known - used, "%s%s", n ? ", " : "", names[n]);
    }
    dmumu_origin_text(&node->origin, where);
    const char *nearest = dmumu_scalar_nearest(node->key, n, names);
    if (nearest)
        return dmumu_error_set(error, DMUMU_ERROR_INPUT, "%s: %s: unknown key '%.60s'; did you mean '%s'?", where, path,
                               node->key, nearest);
    return dmumu_error_set(error, DMUMU_ERROR_INPUT, "%s: %s: unknown key '%.60s'; known here: %s", where, path,
                           node->key, known);
}

static enum dmumu_status check_section(const struct dmumu_node *node, const struct dmumu_key_section *section,
                                       const char *path, struct dmumu_error *error)
{
    for (size_t i = 0; i < node->n; i++) {
        const struct dmumu_node *child = node->child[i];
        char child_path[PATH_SIZE];
        snprintf(child_path, sizeof child_path, "%s%s%.60s", path, *path ? "." : "", child->key);
        const struct dmumu_key *key = dmumu_key_in_section(section, child->key);
        if (!key)
            return unknown_key(child, section, child_path, error);
        if (child->kind == DMUMU_NODE_ABSENT)
            continue;
        const enum dmumu_status status = check_value(child, key, child_path, error);
        if (status != DMUMU_OK)
            return status;
    }
    return DMUMU_OK;
}

enum dmumu_status dmumu_check_keys(const struct dmumu_node *node, const struct dmumu_key_section *section,
                                   const char *path, struct dmumu_error *error)
{
    return check_section(node, section, path, error);
}

enum dmumu_status dmumu_check_tree(const struct dmumu_node *root, struct dmumu_error *error)
{
    return check_section(root, dmumu_key_root(), "", error);
}
