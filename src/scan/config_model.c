/* Build, part three: the model, from defaults and what the input changes. */
#include "core/error.h"
#include "scan/config_build.h"
#include "scan/config_scalar.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { KEY_PATH_SIZE = 64 };

static const struct dmumu_node *region_member(const struct dmumu_node *root, const char *region, const char *name)
{
    char path[KEY_PATH_SIZE];
    snprintf(path, sizeof path, "%s.%s", region, name);
    return dmumu_node_at_path(root, path);
}

/* The index of a word that the check has already found among the choices of its key; untouched if not given. */
static int chosen(const char *path, const char *word, int fallback)
{
    return word ? dmumu_key_choice(dmumu_key_at_path(path), word) : fallback;
}

static double given_or(const double *value, double fallback)
{
    return value ? *value : fallback;
}

static bool has_word(char *const words[], unsigned n, const char *word)
{
    for (unsigned i = 0; i < n; i++)
        if (strcmp(words[i], word) == 0)
            return true;
    return false;
}

static void apply_model(const struct dmumu_node *root, const struct dmumu_input_model *input, struct dmumu_model *model)
{
    /* libcyaml leaves NULL for an empty list as well as for none: only the tree can tell. */
    if (dmumu_node_at_path(root, "model.modes"))
        for (int mode = 0; mode < DMUMU_N_MODES; mode++)
            model->modes[mode] = has_word(input->modes, input->modes_count, dmumu_mode_name((enum dmumu_mode)mode));
    model->broadening = (enum dmumu_broadening)chosen("model.broadening", input->broadening, (int)model->broadening);
    model->alfven_cascade =
        (enum dmumu_cascade)chosen("model.alfven_cascade", input->alfven_cascade, (int)model->alfven_cascade);
    model->confinement =
        (enum dmumu_confinement)chosen("model.confinement", input->confinement, (int)model->confinement);
    model->truncation_angle =
        (enum dmumu_variant)chosen("model.truncation_angle", input->truncation_angle, (int)model->truncation_angle);
    model->disk_prefactor =
        (enum dmumu_variant)chosen("model.disk_prefactor", input->disk_prefactor, (int)model->disk_prefactor);
    model->harmonics = input->harmonics ? *input->harmonics : model->harmonics;
    model->tolerance = given_or(input->tolerance, model->tolerance);
    const double *fractions[DMUMU_N_MODES] = {
        [DMUMU_FAST] = input->energy_fraction.fast,
        [DMUMU_ALFVEN] = input->energy_fraction.alfven,
        [DMUMU_SLOW] = input->energy_fraction.slow,
    };
    for (int mode = 0; mode < DMUMU_N_MODES; mode++)
        model->energy_fraction[mode] = given_or(fractions[mode], model->energy_fraction[mode]);
}

/* Some mode must scatter. */
static enum dmumu_status check_modes(const struct dmumu_node *root, const struct dmumu_model *model,
                                     struct dmumu_error *error)
{
    bool any_mode = false, any_energy = false;
    for (int mode = 0; mode < DMUMU_N_MODES; mode++) {
        any_mode = any_mode || model->modes[mode];
        any_energy = any_energy || (model->modes[mode] && model->energy_fraction[mode] > 0);
    }
    if (any_energy)
        return DMUMU_OK;
    const struct dmumu_node *node = dmumu_node_at_path(root, any_mode ? "model.energy_fraction" : "model.modes");
    char where[DMUMU_WHERE_SIZE];
    dmumu_origin_text(node ? &node->origin : &root->origin, where);
    if (!any_mode)
        return dmumu_error_set(error, DMUMU_ERROR_INPUT,
                               "%s: model.modes: the list is empty; it must name some of: fast, alfven, slow", where);
    return dmumu_error_set(error, DMUMU_ERROR_INPUT,
                           "%s: model.energy_fraction: every mode in use has 0; one of them must have more than 0",
                           where);
}

/* What each choice of beta_follows asks of the keys that close beta, v_A, B, n and T. */
enum role { FREE, REQUIRED, FORBIDDEN };

static const struct {
    const char *key;
    enum role role[3]; /* by enum dmumu_beta_follows */
} closure[] = {
    {"temperature_k", {FORBIDDEN, REQUIRED, REQUIRED}},
    {"density_cm3", {FREE, FORBIDDEN, REQUIRED}},
    {"alfven_speed_km_s", {FREE, FORBIDDEN, FORBIDDEN}},
    {"magnetic_field_ug", {FREE, REQUIRED, FORBIDDEN}},
};

static enum dmumu_status closure_error(const struct dmumu_node *root, const char *region,
                                       enum dmumu_beta_follows follows, const char *key, struct dmumu_error *error)
{
    static const char *const needs[] = {
        "magnetic_field_ug and one of alfven_speed_km_s, density_cm3",
        "magnetic_field_ug and temperature_k",
        "density_cm3 and temperature_k",
    };
    const struct dmumu_node *node = region_member(root, region, key);
    const struct dmumu_node *rule = region_member(root, region, "beta_follows");
    const struct dmumu_node *place = node ? node : rule ? rule : root;
    char where[DMUMU_WHERE_SIZE];
    dmumu_origin_text(&place->origin, where);
    if (!node)
        return dmumu_error_set(error, DMUMU_ERROR_INPUT, "%s: %s.%s is missing; beta_follows: %s needs %s", where,
                               region, key, dmumu_beta_follows_name(follows), needs[follows]);
    return dmumu_error_set(error, DMUMU_ERROR_INPUT,
                           "%s: %s.%s: '%.40s' contradicts beta_follows: %s, which leaves it to beta; take it out "
                           "(--set %s.%s=null): only %s must be given",
                           where, region, key, node->value, dmumu_beta_follows_name(follows), region, key,
                           needs[follows]);
}

static enum dmumu_status check_closure(const struct dmumu_node *root, const char *region,
                                       enum dmumu_beta_follows follows, struct dmumu_error *error)
{
    for (size_t i = 0; i < sizeof closure / sizeof *closure; i++) {
        const bool given = region_member(root, region, closure[i].key) != NULL;
        const enum role role = closure[i].role[follows];
        if ((given && role == FORBIDDEN) || (!given && role == REQUIRED))
            return closure_error(root, region, follows, closure[i].key, error);
    }
    const struct dmumu_node *speed = region_member(root, region, "alfven_speed_km_s");
    const struct dmumu_node *density = region_member(root, region, "density_cm3");
    if (!speed || !density)
        return DMUMU_OK;
    char where[DMUMU_WHERE_SIZE];
    dmumu_origin_text(&density->origin, where);
    return dmumu_error_set(error, DMUMU_ERROR_INPUT,
                           "%s: %s.density_cm3: '%.40s' and alfven_speed_km_s: '%.40s' are both given; one of them "
                           "stands for the other: take one out",
                           where, region, density->value, speed->value);
}

static void apply_damping(const struct dmumu_node *root, const char *region, const struct dmumu_input_region *input,
                          struct dmumu_region_spec *spec)
{
    if (!region_member(root, region, "damping"))
        return;
    spec->collisionless = has_word(input->damping, input->damping_count, "collisionless");
    spec->viscous = has_word(input->damping, input->damping_count, "viscous");
}

static void apply_region(const struct dmumu_input_region *input, struct dmumu_region_spec *spec)
{
    spec->beta_follows =
        (enum dmumu_beta_follows)chosen("halo.beta_follows", input->beta_follows, (int)spec->beta_follows);
    /* The default medium holds as a whole or not at all: F21's B and v_A belong to a temperature that follows beta. */
    if (spec->beta_follows != DMUMU_BETA_TEMPERATURE)
        spec->magnetic_field_ug = spec->alfven_speed_km_s = NAN;
    if (input->density_cm3)
        spec->alfven_speed_km_s = NAN;
    spec->magnetic_field_ug = given_or(input->magnetic_field_ug, spec->magnetic_field_ug);
    spec->alfven_speed_km_s = given_or(input->alfven_speed_km_s, spec->alfven_speed_km_s);
    spec->density_cm3 = given_or(input->density_cm3, spec->density_cm3);
    spec->temperature_k = given_or(input->temperature_k, spec->temperature_k);
    spec->zone_size_pc = given_or(input->zone_size_pc, spec->zone_size_pc);
    if (input->x_c && dmumu_scalar_number(input->x_c, &spec->x_c) != DMUMU_SCALAR_NUMBER)
        spec->x_c = NAN; /* spitzer */
}

enum dmumu_status dmumu_build_model(const struct dmumu_node *root, const struct dmumu_input *input,
                                    struct dmumu_model *model, struct dmumu_error *error)
{
    dmumu_model_default(model);
    apply_model(root, &input->model, model);
    enum dmumu_status status = check_modes(root, model, error);
    const struct dmumu_input_region *regions[DMUMU_N_REGIONS] = {
        [DMUMU_DISK] = &input->disk, [DMUMU_HALO] = &input->halo};
    for (int region = 0; region < DMUMU_N_REGIONS && status == DMUMU_OK; region++) {
        const char *name = dmumu_region_name((enum dmumu_region)region);
        apply_region(regions[region], &model->region[region]);
        apply_damping(root, name, regions[region], &model->region[region]);
        status = check_closure(root, name, model->region[region].beta_follows, error);
    }
    if (status != DMUMU_OK)
        return status;
    struct dmumu_error detail = {0};
    if (dmumu_model_check(model, &detail) == DMUMU_OK)
        return DMUMU_OK;
    return dmumu_error_set(error, DMUMU_ERROR_INPUT, "%.170s: %.300s", root->origin.source, detail.message);
}
