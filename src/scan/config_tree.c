/* Tree: a YAML text as nodes that remember where they stand, and overrides merged into it. */
#include "scan/config_tree.h"

#include "core/error.h"
#include "scan/config_buffer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

/* Bounds on what a document may hold: aliases can make it endless or exponentially large. */
enum { MAX_DEPTH = 16, MAX_NODES = 200000 };

void dmumu_origin_text(const struct dmumu_origin *origin, char text[static DMUMU_WHERE_SIZE])
{
    if (origin->line > 0)
        snprintf(text, DMUMU_WHERE_SIZE, "%.170s:%zu", origin->source, origin->line);
    else
        snprintf(text, DMUMU_WHERE_SIZE, "--set %.170s", origin->source);
}

static enum dmumu_status out_of_memory(struct dmumu_error *error)
{
    return dmumu_error_set(error, DMUMU_ERROR_MEMORY, "out of memory while reading the configuration");
}

void dmumu_node_free(struct dmumu_node *node)
{
    if (!node)
        return;
    for (size_t i = 0; i < node->n; i++)
        dmumu_node_free(node->child[i]);
    free(node->child);
    free(node->key);
    free(node->value);
    free(node);
}

static struct dmumu_node *node_new(enum dmumu_node_kind kind, const struct dmumu_origin *origin)
{
    struct dmumu_node *node = calloc(1, sizeof *node);
    if (node) {
        node->kind = kind;
        node->origin = *origin;
    }
    return node;
}

struct dmumu_node *dmumu_tree_empty(const struct dmumu_origin *origin)
{
    return node_new(DMUMU_NODE_MAPPING, origin);
}

/* Append a child, which the parent then owns; false when out of memory. */
static bool node_append(struct dmumu_node *parent, struct dmumu_node *child)
{
    struct dmumu_node **grown = realloc(parent->child, (parent->n + 1) * sizeof *grown);
    if (!grown)
        return false;
    parent->child = grown;
    parent->child[parent->n++] = child;
    return true;
}

/* One conversion of a libyaml document into nodes. */
struct reading {
    yaml_document_t *document;
    struct dmumu_origin origin;
    size_t nodes;
    struct dmumu_error *error;
};

static enum dmumu_status convert(struct reading *reading, int index, int depth, struct dmumu_node **out);

static struct dmumu_origin origin_of(const struct reading *reading, const yaml_node_t *node)
{
    const bool from_file = reading->origin.line > 0;
    return (struct dmumu_origin){reading->origin.source, from_file ? node->start_mark.line + 1 : 0};
}

static enum dmumu_status convert_sequence(struct reading *reading, const yaml_node_t *yaml, int depth,
                                          struct dmumu_node *sequence)
{
    for (yaml_node_item_t *item = yaml->data.sequence.items.start; item < yaml->data.sequence.items.top; item++) {
        struct dmumu_node *child = NULL;
        const enum dmumu_status status = convert(reading, *item, depth + 1, &child);
        if (status != DMUMU_OK)
            return status;
        if (!node_append(sequence, child)) {
            dmumu_node_free(child);
            return out_of_memory(reading->error);
        }
    }
    return DMUMU_OK;
}

/* Convert one key and its value into a member of `mapping`. */
static enum dmumu_status convert_pair(struct reading *reading, const yaml_node_pair_t *pair, int depth,
                                      struct dmumu_node *mapping)
{
    char where[DMUMU_WHERE_SIZE];
    const yaml_node_t *key = yaml_document_get_node(reading->document, pair->key);
    const struct dmumu_origin origin = origin_of(reading, key);
    dmumu_origin_text(&origin, where);
    if (key->type != YAML_SCALAR_NODE)
        return dmumu_error_set(reading->error, DMUMU_ERROR_INPUT, "%s: a key must be a plain word, not a list", where);
    const char *name = (const char *)key->data.scalar.value;
    const struct dmumu_node *twin = dmumu_node_member(mapping, name);
    if (twin)
        return dmumu_error_set(reading->error, DMUMU_ERROR_INPUT,
                               "%s: the key '%.60s' is given twice (first on line %zu); keep one of the two", where,
                               name, twin->origin.line);
    struct dmumu_node *child = NULL;
    const enum dmumu_status status = convert(reading, pair->value, depth + 1, &child);
    if (status != DMUMU_OK)
        return status;
    child->key = strdup(name);
    child->origin = origin;
    if (!child->key || !node_append(mapping, child)) {
        dmumu_node_free(child);
        return out_of_memory(reading->error);
    }
    return DMUMU_OK;
}

static enum dmumu_status convert_scalar(struct reading *reading, const yaml_node_t *yaml, struct dmumu_node *scalar)
{
    if (strlen((const char *)yaml->data.scalar.value) != yaml->data.scalar.length) {
        char where[DMUMU_WHERE_SIZE];
        dmumu_origin_text(&scalar->origin, where);
        return dmumu_error_set(reading->error, DMUMU_ERROR_INPUT, "%s: a NUL character is not allowed", where);
    }
    scalar->value = strdup((const char *)yaml->data.scalar.value);
    scalar->quoted = yaml->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    return scalar->value ? DMUMU_OK : out_of_memory(reading->error);
}

static enum dmumu_status convert(struct reading *reading, int index, int depth, struct dmumu_node **out)
{
    const yaml_node_t *yaml = yaml_document_get_node(reading->document, index);
    const struct dmumu_origin origin = origin_of(reading, yaml);
    if (depth > MAX_DEPTH || ++reading->nodes > MAX_NODES) {
        char where[DMUMU_WHERE_SIZE];
        dmumu_origin_text(&origin, where);
        return dmumu_error_set(reading->error, DMUMU_ERROR_INPUT,
                               "%s: nested deeper than %d levels, or more than %d values", where, (int)MAX_DEPTH,
                               (int)MAX_NODES);
    }
    struct dmumu_node *node = node_new(DMUMU_NODE_SCALAR, &origin);
    if (!node)
        return out_of_memory(reading->error);
    enum dmumu_status status = DMUMU_OK;
    if (yaml->type == YAML_SCALAR_NODE) {
        status = convert_scalar(reading, yaml, node);
    } else if (yaml->type == YAML_SEQUENCE_NODE) {
        node->kind = DMUMU_NODE_SEQUENCE;
        status = convert_sequence(reading, yaml, depth, node);
    } else {
        node->kind = DMUMU_NODE_MAPPING;
        yaml_node_pair_t *pair = yaml->data.mapping.pairs.start;
        for (; pair < yaml->data.mapping.pairs.top && status == DMUMU_OK; pair++)
            status = convert_pair(reading, pair, depth, node);
    }
    if (status == DMUMU_OK)
        *out = node;
    else
        dmumu_node_free(node);
    return status;
}

/* libyaml's complaint, with the line it names. */
static enum dmumu_status not_yaml(const yaml_parser_t *parser, const struct dmumu_origin *origin,
                                  struct dmumu_error *error)
{
    if (parser->error == YAML_MEMORY_ERROR)
        return out_of_memory(error);
    struct dmumu_origin at = *origin;
    if (at.line > 0)
        at.line = (parser->error == YAML_READER_ERROR ? parser->mark.line : parser->problem_mark.line) + 1;
    char where[DMUMU_WHERE_SIZE];
    dmumu_origin_text(&at, where);
    return dmumu_error_set(error, DMUMU_ERROR_INPUT, "%s: not YAML: %s%s%s", where,
                           parser->context ? parser->context : "", parser->context ? ", " : "",
                           parser->problem ? parser->problem : "unreadable text");
}

static enum dmumu_status convert_document(yaml_document_t *document, const struct dmumu_origin *origin,
                                          struct dmumu_node **root, struct dmumu_error *error)
{
    if (!yaml_document_get_root_node(document))
        return DMUMU_OK;
    struct reading reading = {.document = document, .origin = *origin, .error = error};
    return convert(&reading, 1, 0, root);
}

static enum dmumu_status no_second_document(yaml_parser_t *parser, const struct dmumu_origin *origin,
                                            struct dmumu_error *error)
{
    yaml_document_t document;
    if (!yaml_parser_load(parser, &document))
        return not_yaml(parser, origin, error);
    const yaml_node_t *second = yaml_document_get_root_node(&document);
    const size_t line = second ? second->start_mark.line + 1 : 0;
    yaml_document_delete(&document);
    if (!second)
        return DMUMU_OK;
    return dmumu_error_set(error, DMUMU_ERROR_INPUT, "%.170s:%zu: a second YAML document begins; one is allowed",
                           origin->source, line);
}

enum dmumu_status dmumu_tree_parse(const char *text, size_t length, const struct dmumu_origin *origin,
                                   struct dmumu_node **root, struct dmumu_error *error)
{
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser))
        return out_of_memory(error);
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, length);
    yaml_document_t document;
    enum dmumu_status status;
    *root = NULL;
    if (!yaml_parser_load(&parser, &document)) {
        status = not_yaml(&parser, origin, error);
    } else {
        status = convert_document(&document, origin, root, error);
        yaml_document_delete(&document);
        if (status == DMUMU_OK && *root) {
            status = no_second_document(&parser, origin, error);
            if (status != DMUMU_OK) {
                dmumu_node_free(*root);
                *root = NULL;
            }
        }
    }
    yaml_parser_delete(&parser);
    return status;
}

/* The member slot of that name (also one taken out), or NULL. */
static struct dmumu_node **member_slot(const struct dmumu_node *mapping, const char *key, size_t length)
{
    for (size_t i = 0; i < mapping->n; i++) {
        const char *name = mapping->child[i]->key;
        if (name && strncmp(name, key, length) == 0 && name[length] == '\0')
            return &mapping->child[i];
    }
    return NULL;
}

struct dmumu_node *dmumu_node_member(const struct dmumu_node *mapping, const char *key)
{
    if (mapping->kind != DMUMU_NODE_MAPPING)
        return NULL;
    struct dmumu_node **slot = member_slot(mapping, key, strlen(key));
    return slot && (*slot)->kind != DMUMU_NODE_ABSENT ? *slot : NULL;
}

struct dmumu_node *dmumu_node_at_path(const struct dmumu_node *root, const char *path)
{
    const struct dmumu_node *node = root;
    for (;;) {
        const size_t length = strcspn(path, ".");
        if (node->kind != DMUMU_NODE_MAPPING)
            return NULL;
        struct dmumu_node **slot = member_slot(node, path, length);
        if (!slot || (*slot)->kind == DMUMU_NODE_ABSENT)
            return NULL;
        if (path[length] == '\0')
            return *slot;
        node = *slot;
        path += length + 1;
    }
}

/* Put `node` under `key` in a mapping, in place of what is there; takes the node over, also on failure. */
static bool member_put(struct dmumu_node *mapping, const char *key, size_t length, struct dmumu_node *node)
{
    free(node->key);
    node->key = strndup(key, length);
    struct dmumu_node **slot = member_slot(mapping, key, length);
    if (node->key && slot) {
        dmumu_node_free(*slot);
        *slot = node;
        return true;
    }
    if (node->key && node_append(mapping, node))
        return true;
    dmumu_node_free(node);
    return false;
}

/* Go down to the mapping that holds the last word of `path`, making what is missing; *path then is that word. */
static enum dmumu_status descend(struct dmumu_node **mapping, const char **path, size_t *length,
                                 const struct dmumu_origin *origin, struct dmumu_error *error)
{
    for (;;) {
        *length = strcspn(*path, ".=");
        if (*length == 0)
            return dmumu_error_set(error, DMUMU_ERROR_INPUT,
                                   "--set %.170s: must be section.key=value, such as model.harmonics=3",
                                   origin->source);
        if ((*path)[*length] == '=')
            return DMUMU_OK;
        struct dmumu_node **slot = member_slot(*mapping, *path, *length);
        if (!slot || (*slot)->kind != DMUMU_NODE_MAPPING) {
            struct dmumu_node *made = dmumu_tree_empty(origin);
            if (!made || !member_put(*mapping, *path, *length, made))
                return out_of_memory(error);
            slot = member_slot(*mapping, *path, *length);
        }
        *mapping = *slot;
        *path += *length + 1;
    }
}

static bool is_null(const struct dmumu_node *node)
{
    return node->kind == DMUMU_NODE_SCALAR && node->value && !node->quoted &&
           (strcmp(node->value, "null") == 0 || strcmp(node->value, "~") == 0);
}

enum dmumu_status dmumu_tree_override(struct dmumu_node *root, const char *override, struct dmumu_error *error)
{
    const struct dmumu_origin origin = {override, 0};
    const char *equals = strchr(override, '=');
    if (!equals)
        return dmumu_error_set(error, DMUMU_ERROR_INPUT,
                               "--set %.170s: must be section.key=value, such as model.harmonics=3", override);
    struct dmumu_node *value = NULL;
    enum dmumu_status status = dmumu_tree_parse(equals + 1, strlen(equals + 1), &origin, &value, error);
    if (status != DMUMU_OK)
        return status;
    if (!value)
        return dmumu_error_set(error, DMUMU_ERROR_INPUT,
                               "--set %.170s: no value after '='; write null to take a key out", override);
    if (is_null(value))
        value->kind = DMUMU_NODE_ABSENT;
    const char *path = override;
    size_t length = 0;
    status = descend(&root, &path, &length, &origin, error);
    if (status != DMUMU_OK) {
        dmumu_node_free(value);
        return status;
    }
    return member_put(root, path, length, value) ? DMUMU_OK : out_of_memory(error);
}

static void write_node(struct dmumu_buffer *buffer, const struct dmumu_node *node)
{
    const bool mapping = node->kind == DMUMU_NODE_MAPPING;
    if (node->kind == DMUMU_NODE_SCALAR) {
        dmumu_buffer_add_quoted(buffer, node->value);
        return;
    }
    const char *comma = "";
    dmumu_buffer_add(buffer, mapping ? "{" : "[");
    for (size_t i = 0; i < node->n; i++) {
        if (node->child[i]->kind == DMUMU_NODE_ABSENT)
            continue;
        dmumu_buffer_add(buffer, "%s", comma);
        if (mapping) {
            dmumu_buffer_add_quoted(buffer, node->child[i]->key);
            dmumu_buffer_add(buffer, ": ");
        }
        write_node(buffer, node->child[i]);
        comma = ", ";
    }
    dmumu_buffer_add(buffer, mapping ? "}" : "]");
}

char *dmumu_tree_text(const struct dmumu_node *root)
{
    struct dmumu_buffer buffer = {0};
    write_node(&buffer, root);
    return dmumu_buffer_take(&buffer);
}
