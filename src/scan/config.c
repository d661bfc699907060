/*
 * Configuration: the way from a YAML file and --set overrides to a grid and a model.
 *
 *   text --libyaml--> tree with lines, overrides merged (config_tree)
 *        --> known keys, kinds, ranges (config_check, against the table of config_keys)
 *        --> an override in another form wins over the file (config_settle)
 *        --libcyaml--> typed structs (config_schema, made from the same table)
 *        --> grid (config_axes), model (config_model), look-ups (config_lookup)
 *        --> canonical text (config_text)
 */
#include "scan/config.h"

#include "core/error.h"
#include "scan/config_build.h"
#include "scan/config_check.h"
#include "scan/config_schema.h"
#include "scan/config_text.h"
#include "scan/text_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum dmumu_status parse_root(const char *text, size_t length, const char *name, struct dmumu_node **root,
                                    struct dmumu_error *error)
{
    const struct dmumu_origin origin = {name, 1};
    const enum dmumu_status status = dmumu_tree_parse(text, length, &origin, root, error);
    if (status != DMUMU_OK || (*root && (*root)->kind == DMUMU_NODE_MAPPING))
        return status;
    const bool empty = !*root;
    const size_t line = empty ? 1 : (*root)->origin.line;
    dmumu_node_free(*root);
    *root = NULL;
    return dmumu_error_set(error, DMUMU_ERROR_INPUT, "%.170s:%zu: %s; it must be a mapping with sections such as %s",
                           name, line, empty ? "the file is empty" : "the file holds no 'key: value' lines",
                           "axes, model, disk, halo");
}

static enum dmumu_status build(const struct dmumu_node *root, const struct dmumu_input *input, bool need_axes,
                               struct dmumu_config *config, struct dmumu_error *error)
{
    enum dmumu_status status = dmumu_build_model(root, input, &config->model, error);
    if (status == DMUMU_OK)
        status = dmumu_build_lookup(root, input, &config->model, &config->lookup, error);
    if (status == DMUMU_OK)
        status = dmumu_build_grid(root, &input->axes, need_axes, &config->grid, error);
    if (status != DMUMU_OK)
        return status;
    config->title = strdup(input->title ? input->title : dmumu_key_at_path("title")->fallback);
    config->text = config->title ? dmumu_config_text(config) : NULL;
    return config->text ? DMUMU_OK : dmumu_error_set(error, DMUMU_ERROR_MEMORY, "out of memory for the configuration");
}

/* From a tree with all overrides merged to the configuration. */
static enum dmumu_status interpret(struct dmumu_node *root, bool need_axes, struct dmumu_config *config,
                                   struct dmumu_error *error)
{
    enum dmumu_status status = dmumu_check_tree(root, error);
    if (status == DMUMU_OK)
        status = dmumu_build_settle(root, error);
    if (status != DMUMU_OK)
        return status;
    char *yaml = dmumu_tree_text(root);
    if (!yaml)
        return dmumu_error_set(error, DMUMU_ERROR_MEMORY, "out of memory while reading the configuration");
    struct dmumu_input *input = NULL;
    status = dmumu_input_load(yaml, &input, error);
    free(yaml);
    if (status != DMUMU_OK)
        return status;
    struct dmumu_config built = {0};
    status = build(root, input, need_axes, &built, error);
    dmumu_input_free(input);
    if (status == DMUMU_OK)
        *config = built;
    else
        dmumu_config_free(&built);
    return status;
}

static enum dmumu_status read_tree(const char *path, struct dmumu_node **root, struct dmumu_error *error)
{
    if (!path) {
        const struct dmumu_origin origin = {"built-in defaults", 1};
        *root = dmumu_tree_empty(&origin);
        return *root ? DMUMU_OK : dmumu_error_set(error, DMUMU_ERROR_MEMORY, "out of memory for the configuration");
    }
    char *text = NULL;
    size_t length = 0;
    enum dmumu_status status = dmumu_text_file_read(path, &text, &length, error);
    if (status == DMUMU_OK)
        status = parse_root(text, length, path, root, error);
    free(text);
    return status;
}

enum dmumu_status dmumu_config_read(const char *path, const char *const overrides[], size_t n_overrides, bool need_axes,
                                    struct dmumu_config *config, struct dmumu_error *error)
{
    struct dmumu_node *root = NULL;
    enum dmumu_status status = read_tree(path, &root, error);
    for (size_t i = 0; i < n_overrides && status == DMUMU_OK; i++)
        status = dmumu_tree_override(root, overrides[i], error);
    if (status == DMUMU_OK)
        status = interpret(root, need_axes, config, error);
    dmumu_node_free(root);
    return status;
}

enum dmumu_status dmumu_config_read_text(const char *text, const char *name, bool need_axes,
                                         struct dmumu_config *config, struct dmumu_error *error)
{
    struct dmumu_node *root = NULL;
    enum dmumu_status status = parse_root(text, strlen(text), name, &root, error);
    if (status == DMUMU_OK)
        status = interpret(root, need_axes, config, error);
    dmumu_node_free(root);
    return status;
}

enum dmumu_status dmumu_config_renew_text(struct dmumu_config *config, struct dmumu_error *error)
{
    char *text = dmumu_config_text(config);
    if (!text)
        return dmumu_error_set(error, DMUMU_ERROR_MEMORY, "out of memory for the configuration");
    free(config->text);
    config->text = text;
    return DMUMU_OK;
}

void dmumu_config_free(struct dmumu_config *config)
{
    dmumu_grid_free(&config->grid);
    free(config->title);
    free(config->text);
    *config = (struct dmumu_config){0};
}
