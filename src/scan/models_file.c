/* Models: see models_file.h. */
#include "scan/models_file.h"

#include "core/error.h"
#include "scan/config_check.h"
#include "scan/config_cyaml.h"
#include "scan/config_tree.h"
#include "scan/text_file.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* libcyaml takes sizes as uint32_t; all of ours are small constants. */
#pragma GCC diagnostic ignored "-Wconversion"

/* Rows as in config_keys.h: kind, name, low, high, unit, choice, fallback, meaning. */
#define BREAK_KEYS(X)                                                                                                  \
    X(NUMBER, rigidity_gv, 1e-3, 1e9, "GV", NULL, NULL, "where the slope changes")                                     \
    X(NUMBER, slope, -10, 10, "1", NULL, NULL, "slope beyond the break")                                               \
    X(NUMBER, smoothness, 0, 100, "1", NULL, NULL, "s of the break; 0: a kink")

#define MODEL_KEYS(X)                                                                                                  \
    X(TEXT, title, 0, 0, NULL, NULL, NULL, "what it is")                                                               \
    X(TEXT, source, 0, 0, NULL, NULL, NULL, "where it is from")                                                        \
    X(NUMBER, d0_cm2_s, 1e15, 1e45, "cm^2/s", NULL, NULL, "D_0")                                                       \
    X(NUMBER, rigidity_gv, 1e-3, 1e9, "GV", NULL, NULL, "R_0")                                                         \
    X(NUMBER, velocity_power, -10, 10, "1", NULL, NULL, "eta of b^eta")                                                \
    X(NUMBER, slope, -10, 10, "1", NULL, NULL, "delta")                                                                \
    X(NUMBER, halo_height_kpc, 1e-3, 1e3, "kpc", NULL, NULL, "H")                                                      \
    X(NUMBER, alfven_speed_km_s, 0, 1e5, "km/s", NULL, NULL, "v_A")                                                    \
    X(WORD, adds_advection, 0, 0, NULL, truth, NULL, "2 v_A H belongs to D")                                           \
    X(NUMBER, from_gv, 1e-3, 1e9, "GV", NULL, NULL, "first rigidity behind it")                                        \
    X(NUMBER, to_gv, 1e-3, 1e9, "GV", NULL, NULL, "last rigidity behind it")

static const char *truth(size_t i)
{
    static const char *const words[] = {"false", "true"};
    return i < 2 ? words[i] : NULL;
}

/* clang-format off */
#define ROW(kind_, name_, low_, high_, unit_, choice_, fallback_, meaning_)                                            \
    {.name = #name_, .kind = DMUMU_KEY_##kind_, .low = low_, .high = high_, .unit = unit_, .choice = choice_,          \
     .fallback = fallback_, .meaning = meaning_},
#define MEMBER_TEXT(name) char *name;
#define MEMBER_WORD(name) char *name;
#define MEMBER_NUMBER(name) double *name;
#define MEMBER(kind, name, ...) MEMBER_##kind(name)
#define BREAK_FIELD(kind, name, ...) FIELD_##kind(struct input_break, name)
#define MODEL_FIELD(kind, name, ...) FIELD_##kind(struct input, name)

static const struct dmumu_key break_keys[] = {BREAK_KEYS(ROW)};
static const struct dmumu_key_section break_section = {sizeof break_keys / sizeof *break_keys, break_keys};
static const struct dmumu_key model_keys[] = {
    MODEL_KEYS(ROW)
    {.name = "low", .kind = DMUMU_KEY_SECTION, .section = &break_section, .meaning = "the break towards low rigidity"},
    {.name = "high", .kind = DMUMU_KEY_SECTION, .section = &break_section, .meaning = "the break towards high rigidity"},
};
static const struct dmumu_key_section model_section = {sizeof model_keys / sizeof *model_keys, model_keys};

/* What libcyaml fills: NULL where a key is not given. */
struct input_break {
    BREAK_KEYS(MEMBER)
};

struct input {
    MODEL_KEYS(MEMBER)
    struct input_break low, high;
};

static const cyaml_schema_field_t break_fields[] = {
    BREAK_KEYS(BREAK_FIELD)
    CYAML_FIELD_END
};

static const cyaml_schema_field_t model_fields[] = {
    MODEL_KEYS(MODEL_FIELD)
    FIELD_MAPPING(struct input, low, break_fields)
    FIELD_MAPPING(struct input, high, break_fields)
    CYAML_FIELD_END
};
/* clang-format on */

static const cyaml_schema_value_t schema = {CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct input, model_fields)};

static enum dmumu_status out_of_memory(struct dmumu_error *error)
{
    return dmumu_error_set(error, DMUMU_ERROR_MEMORY, "out of memory while reading models");
}

static enum dmumu_status missing(const struct dmumu_node *node, const char *path, const struct dmumu_key *key,
                                 struct dmumu_error *error)
{
    char where[DMUMU_WHERE_SIZE], right[160];
    dmumu_origin_text(&node->origin, where);
    dmumu_key_describe(key, sizeof right, right);
    return dmumu_error_set(error, DMUMU_ERROR_INPUT, "%s: %.60s.%s is missing; it must be %s", where, path, key->name,
                           right);
}

/* The keys without which there is no model, and no break. */
static enum dmumu_status check_complete(const struct dmumu_node *node, struct dmumu_error *error)
{
    static const char *const needed[] = {"d0_cm2_s", "slope"};
    static const char *const breaks[] = {"low", "high"};
    for (size_t i = 0; i < 2; i++) {
        if (!dmumu_node_member(node, needed[i])) {
            return missing(node, node->key, dmumu_key_in_section(&model_section, needed[i]), error);
        }
    }
    for (size_t i = 0; i < 2; i++) {
        const struct dmumu_node *at = dmumu_node_member(node, breaks[i]);
        for (size_t k = 0; at && k < break_section.n; k++) {
            if (!dmumu_node_member(at, break_keys[k].name)) {
                char path[80];
                (void)snprintf(path, sizeof path, "%.60s.%s", node->key, breaks[i]);
                return missing(at, path, &break_keys[k], error);
            }
        }
    }
    return DMUMU_OK;
}

static enum dmumu_status check_name(const struct dmumu_node *node, struct dmumu_error *error)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
    char where[DMUMU_WHERE_SIZE];
    dmumu_origin_text(&node->origin, where);
    const size_t length = strlen(node->key);
    if (length == 0 || length > 32 || strspn(node->key, allowed) != length) {
        return dmumu_error_set(error, DMUMU_ERROR_INPUT,
                               "%s: '%.60s' is no name for a model; it must be 1 to 32 letters, digits, - or _", where,
                               node->key);
    }
    if (dmumu_parametrisation_find(node->key)) {
        return dmumu_error_set(error, DMUMU_ERROR_INPUT,
                               "%s: '%.60s' is a published model; a model of your own needs another name", where,
                               node->key);
    }
    if (node->kind != DMUMU_NODE_MAPPING) {
        return dmumu_error_set(error, DMUMU_ERROR_INPUT,
                               "%s: %.60s is no section; it must hold keys such as d0_cm2_s and slope", where,
                               node->key);
    }
    return DMUMU_OK;
}

static double number(const double *value, double fallback)
{
    return value ? *value : fallback;
}

static struct dmumu_break break_of(const struct input_break *input)
{
    return (struct dmumu_break){.rigidity_gv = number(input->rigidity_gv, (double)NAN),
                                .slope = number(input->slope, 0.0),
                                .smoothness = number(input->smoothness, 0.0)};
}

enum { NAME, TITLE, SOURCE, N_TEXTS };

/* The texts are copied: libcyaml's go. They are freed with the others of `text`, on error too. */
static bool copy_texts(const struct dmumu_node *node, const struct input *input, char *text[static N_TEXTS],
                       struct dmumu_parametrisation *model)
{
    model->name = text[NAME] = strdup(node->key);
    model->title = text[TITLE] = strdup(input->title ? input->title : node->key);
    model->source = text[SOURCE] = strdup(input->source ? input->source : node->origin.source);
    return model->name && model->title && model->source;
}

static enum dmumu_status build(const struct dmumu_node *node, const struct input *input, char *text[static N_TEXTS],
                               struct dmumu_parametrisation *model, struct dmumu_error *error)
{
    *model = (struct dmumu_parametrisation){
        .d0_cm2_s = *input->d0_cm2_s,
        .rigidity_gv = number(input->rigidity_gv, 1.0),
        .velocity_power = number(input->velocity_power, 1.0),
        .slope = *input->slope,
        .low = break_of(&input->low),
        .high = break_of(&input->high),
        .halo_height_kpc = number(input->halo_height_kpc, (double)NAN),
        .alfven_speed_km_s = number(input->alfven_speed_km_s, (double)NAN),
        .adds_advection = input->adds_advection && strcmp(input->adds_advection, "true") == 0,
        .from_gv = number(input->from_gv, (double)NAN),
        .to_gv = number(input->to_gv, (double)NAN),
    };
    if (!copy_texts(node, input, text, model)) {
        return out_of_memory(error);
    }
    struct dmumu_error inner = {DMUMU_OK, ""};
    if (dmumu_parametrisation_check(model, &inner) != DMUMU_OK) {
        char where[DMUMU_WHERE_SIZE];
        dmumu_origin_text(&node->origin, where);
        return dmumu_error_set(error, DMUMU_ERROR_INPUT, "%s: %.250s", where, inner.message);
    }
    return DMUMU_OK;
}

static enum dmumu_status read_model(const struct dmumu_node *node, char *text[static N_TEXTS],
                                    struct dmumu_parametrisation *model, struct dmumu_error *error)
{
    enum dmumu_status status = check_name(node, error);
    if (status == DMUMU_OK) {
        status = dmumu_check_keys(node, &model_section, node->key, error);
    }
    if (status == DMUMU_OK) {
        status = check_complete(node, error);
    }
    if (status != DMUMU_OK) {
        return status;
    }
    char *yaml = dmumu_tree_text(node);
    if (!yaml) {
        return out_of_memory(error);
    }
    void *input = NULL;
    status = dmumu_cyaml_load(yaml, &schema, &input, error);
    free(yaml);
    if (status == DMUMU_OK) {
        status = build(node, input, text, model, error);
    }
    dmumu_cyaml_free(&schema, input);
    return status;
}

static enum dmumu_status read_tree(const char *path, struct dmumu_node **root, struct dmumu_error *error)
{
    char *text = NULL;
    size_t length = 0;
    enum dmumu_status status = dmumu_text_file_read(path, &text, &length, error);
    if (status != DMUMU_OK) {
        return status;
    }
    const struct dmumu_origin origin = {path, 1};
    status = dmumu_tree_parse(text, length, &origin, root, error);
    free(text);
    if (status == DMUMU_OK && (!*root || (*root)->kind != DMUMU_NODE_MAPPING || (*root)->n == 0)) {
        return dmumu_error_set(
            error, DMUMU_ERROR_INPUT,
            "%.200s:1: no models; it must be a mapping from names to keys such as d0_cm2_s and slope", path);
    }
    return status;
}

enum dmumu_status dmumu_models_read(const char *path, struct dmumu_models *models, struct dmumu_error *error)
{
    struct dmumu_node *root = NULL;
    struct dmumu_models read = {0, NULL, NULL};
    enum dmumu_status status = read_tree(path, &root, error);
    if (status == DMUMU_OK) {
        read.model = calloc(root->n, sizeof *read.model);
        read.text = calloc(root->n, N_TEXTS * sizeof *read.text);
    }
    const bool allocated = read.model && read.text;
    for (size_t i = 0; allocated && status == DMUMU_OK && i < root->n; i++) {
        read.n = i + 1;
        status = read_model(root->child[i], &read.text[i * N_TEXTS], &read.model[i], error);
    }
    if (status == DMUMU_OK && !allocated) {
        status = out_of_memory(error);
    }
    dmumu_node_free(root);
    if (status == DMUMU_OK) {
        *models = read;
    } else {
        dmumu_models_free(&read);
    }
    return status;
}

void dmumu_models_free(struct dmumu_models *models)
{
    for (size_t i = 0; models->text && i < models->n * N_TEXTS; i++) {
        free(models->text[i]);
    }
    free(models->text);
    free(models->model);
    *models = (struct dmumu_models){0, NULL, NULL};
}

const struct dmumu_parametrisation *dmumu_models_find(const struct dmumu_models *models, const char *name)
{
    for (size_t i = 0; models && i < models->n; i++) {
        if (strcmp(models->model[i].name, name) == 0) {
            return &models->model[i];
        }
    }
    return dmumu_parametrisation_find(name);
}
