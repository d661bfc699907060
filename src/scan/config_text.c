/*
 * Text: a configuration written as YAML again, in the order of the key table.
 *
 * Two readers: dmumu_config_text writes everything, with the shortest digits that read back; dmumu_config_physics_text
 * writes only what can change a number (the source of physics_hash), with 17 digits.
 */
#include "scan/config_text.h"

#include "scan/config_buffer.h"
#include "scan/config_keys.h"
#include "scan/config_scalar.h"

#include <math.h>
#include <stdio.h>

struct writer {
    struct dmumu_buffer buffer;
    bool physics_only;
};

static void add_number(struct writer *writer, double value)
{
    char text[DMUMU_SCALAR_DIGITS];
    if (writer->physics_only)
        snprintf(text, sizeof text, "%.17g", value);
    else
        dmumu_scalar_format(text, value);
    dmumu_buffer_add(&writer->buffer, "%s", text);
}

/* "  name: value", nothing for a NaN: not given */
static void add_given(struct writer *writer, const char *name, double value)
{
    if (isnan(value))
        return;
    dmumu_buffer_add(&writer->buffer, "  %s: ", name);
    add_number(writer, value);
    dmumu_buffer_add(&writer->buffer, "\n");
}

/* Look-ups: nothing where nothing is asked for. */
static void add_lookup(struct writer *writer, const struct dmumu_lookup_goal *lookup)
{
    if (lookup->tolerance == 0.0)
        return;
    dmumu_buffer_add(&writer->buffer, "lookup_tolerance: ");
    add_number(writer, lookup->tolerance);
    dmumu_buffer_add(&writer->buffer, "\nlookup_share: ");
    add_number(writer, lookup->share);
    dmumu_buffer_add(&writer->buffer, "\nlookup_rounds: %d\nlookup_values: ", lookup->rounds);
    add_number(writer, lookup->values);
    dmumu_buffer_add(&writer->buffer, "\n");
}

static void add_word(struct writer *writer, const char *name, const char *word)
{
    dmumu_buffer_add(&writer->buffer, "  %s: %s\n", name, word ? word : "null");
}

static void add_values(struct writer *writer, const char *name, const struct dmumu_axis *axis)
{
    if (axis->n == 0)
        return;
    if (axis->n > 2)
        dmumu_buffer_add(&writer->buffer, "  # %s: %zu, from %g to %g\n", name, axis->n, axis->values[0],
                         axis->values[axis->n - 1]);
    dmumu_buffer_add(&writer->buffer, "  %s: {spacing: %s, values: [", name, axis->log_spaced ? "log" : "linear");
    for (size_t i = 0; i < axis->n; i++) {
        dmumu_buffer_add(&writer->buffer, "%s", i ? ", " : "");
        add_number(writer, axis->values[i]);
    }
    dmumu_buffer_add(&writer->buffer, "]}\n");
}

static void add_axes(struct writer *writer, const struct dmumu_axis axis[static DMUMU_N_AXES])
{
    size_t given = 0;
    for (int i = 0; i < DMUMU_N_AXES; i++)
        given += axis[i].n;
    if (given == 0)
        return;
    dmumu_buffer_add(&writer->buffer, "axes:\n");
    const struct dmumu_axis *region = &axis[DMUMU_AXIS_REGION];
    if (region->n > 0)
        dmumu_buffer_add(&writer->buffer, "  region: [");
    for (size_t i = 0; i < region->n; i++)
        dmumu_buffer_add(&writer->buffer, "%s%s", dmumu_region_name((enum dmumu_region)region->values[i]),
                         i + 1 < region->n ? ", " : "]\n");
    add_values(writer, "alfven_mach", &axis[DMUMU_AXIS_ALFVEN_MACH]);
    add_values(writer, "beta", &axis[DMUMU_AXIS_BETA]);
    add_values(writer, "injection_scale_pc", &axis[DMUMU_AXIS_INJECTION_SCALE]);
    add_values(writer, "rigidity_gv", &axis[DMUMU_AXIS_RIGIDITY]);
}

static void add_modes(struct writer *writer, const struct dmumu_model *model)
{
    const char *comma = "";
    dmumu_buffer_add(&writer->buffer, "  modes: [");
    for (int mode = 0; mode < DMUMU_N_MODES; mode++) {
        if (!model->modes[mode])
            continue;
        dmumu_buffer_add(&writer->buffer, "%s%s", comma, dmumu_mode_name((enum dmumu_mode)mode));
        comma = ", ";
    }
    dmumu_buffer_add(&writer->buffer, "]\n");
}

static void add_fractions(struct writer *writer, const struct dmumu_model *model)
{
    const char *comma = "";
    dmumu_buffer_add(&writer->buffer, "  energy_fraction: {");
    for (int mode = 0; mode < DMUMU_N_MODES; mode++) {
        if (writer->physics_only && !model->modes[mode])
            continue;
        dmumu_buffer_add(&writer->buffer, "%s%s: ", comma, dmumu_mode_name((enum dmumu_mode)mode));
        add_number(writer, model->energy_fraction[mode]);
        comma = ", ";
    }
    dmumu_buffer_add(&writer->buffer, "}\n");
}

static void add_model(struct writer *writer, const struct dmumu_model *model)
{
    const bool cascade_matters = model->modes[DMUMU_ALFVEN] || model->modes[DMUMU_SLOW];
    dmumu_buffer_add(&writer->buffer, "model:\n");
    add_modes(writer, model);
    add_word(writer, "broadening", dmumu_broadening_name(model->broadening));
    if (!writer->physics_only || cascade_matters)
        add_word(writer, "alfven_cascade", dmumu_cascade_name(model->alfven_cascade));
    dmumu_buffer_add(&writer->buffer, "  harmonics: %d\n", model->harmonics);
    add_word(writer, "confinement", dmumu_confinement_name(model->confinement));
    add_word(writer, "truncation_angle", dmumu_variant_name(model->truncation_angle));
    add_word(writer, "disk_prefactor", dmumu_variant_name(model->disk_prefactor));
    add_given(writer, "tolerance", model->tolerance);
    add_fractions(writer, model);
}

static void add_region(struct writer *writer, const struct dmumu_model *model, enum dmumu_region region)
{
    const struct dmumu_region_spec *spec = &model->region[region];
    dmumu_buffer_add(&writer->buffer, "%s:\n", dmumu_region_name(region));
    add_word(writer, "beta_follows", dmumu_beta_follows_name(spec->beta_follows));
    add_given(writer, "magnetic_field_ug", spec->magnetic_field_ug);
    add_given(writer, "alfven_speed_km_s", spec->alfven_speed_km_s);
    add_given(writer, "density_cm3", spec->density_cm3);
    add_given(writer, "temperature_k", spec->temperature_k);
    if (!writer->physics_only || model->confinement == DMUMU_CONFINEMENT_ZONE)
        add_given(writer, "zone_size_pc", spec->zone_size_pc);
    dmumu_buffer_add(&writer->buffer, "  damping: [%s%s%s]\n", spec->collisionless ? "collisionless" : "",
                     spec->collisionless && spec->viscous ? ", " : "", spec->viscous ? "viscous" : "");
    if (writer->physics_only && !spec->viscous)
        return;
    if (isnan(spec->x_c))
        add_word(writer, "x_c", "spitzer");
    else
        add_given(writer, "x_c", spec->x_c);
}

static void add_physics(struct writer *writer, const struct dmumu_model *model)
{
    add_model(writer, model);
    add_region(writer, model, DMUMU_DISK);
    add_region(writer, model, DMUMU_HALO);
}

char *dmumu_config_text(const struct dmumu_config *config)
{
    struct writer writer = {.physics_only = false};
    dmumu_buffer_add(&writer.buffer, "title: ");
    dmumu_buffer_add_quoted(&writer.buffer, config->title);
    dmumu_buffer_add(&writer.buffer, "\n");
    add_lookup(&writer, &config->lookup);
    add_axes(&writer, config->grid.axis);
    add_physics(&writer, &config->model);
    return dmumu_buffer_take(&writer.buffer);
}

char *dmumu_config_physics_text(const struct dmumu_model *model)
{
    struct writer writer = {.physics_only = true};
    add_physics(&writer, model);
    return dmumu_buffer_take(&writer.buffer);
}
