/* Schema: the lists of config_keys.h as a libcyaml schema, and the load through it. */
#include "scan/config_schema.h"

#include "scan/config_cyaml.h"

/* libcyaml takes sizes as uint32_t; all of ours are small constants. */
#pragma GCC diagnostic ignored "-Wconversion"

/* clang-format off */
#define AXIS_FIELD(kind, name, ...) FIELD_##kind(struct dmumu_input_axis, name)
#define AXES_FIELD(kind, name, ...) FIELD_##kind(struct dmumu_input_axes, name)
#define FRACTION_FIELD(kind, name, ...) FIELD_##kind(struct dmumu_input_fraction, name)
#define MODEL_FIELD(kind, name, ...) FIELD_##kind(struct dmumu_input_model, name)
#define REGION_FIELD(kind, name, ...) FIELD_##kind(struct dmumu_input_region, name)
#define ROOT_FIELD(kind, name, ...) FIELD_##kind(struct dmumu_input, name)

static const cyaml_schema_field_t axis_fields[] = {
    DMUMU_AXIS_KEYS(AXIS_FIELD, 0, 0, "")
    CYAML_FIELD_END
};

static const cyaml_schema_field_t axes_fields[] = {
    DMUMU_AXES_KEYS(AXES_FIELD)
    FIELD_MAPPING(struct dmumu_input_axes, alfven_mach, axis_fields)
    FIELD_MAPPING(struct dmumu_input_axes, beta, axis_fields)
    FIELD_MAPPING(struct dmumu_input_axes, injection_scale_pc, axis_fields)
    FIELD_MAPPING(struct dmumu_input_axes, rigidity_gv, axis_fields)
    CYAML_FIELD_END
};

static const cyaml_schema_field_t fraction_fields[] = {
    DMUMU_FRACTION_KEYS(FRACTION_FIELD)
    CYAML_FIELD_END
};

static const cyaml_schema_field_t model_fields[] = {
    DMUMU_MODEL_KEYS(MODEL_FIELD)
    FIELD_MAPPING(struct dmumu_input_model, energy_fraction, fraction_fields)
    CYAML_FIELD_END
};

static const cyaml_schema_field_t region_fields[] = {
    DMUMU_REGION_KEYS(REGION_FIELD, "", "", "")
    CYAML_FIELD_END
};

static const cyaml_schema_field_t root_fields[] = {
    DMUMU_TITLE_KEYS(ROOT_FIELD)
    DMUMU_LOOKUP_KEYS(ROOT_FIELD)
    FIELD_MAPPING(struct dmumu_input, axes, axes_fields)
    FIELD_MAPPING(struct dmumu_input, model, model_fields)
    FIELD_MAPPING(struct dmumu_input, disk, region_fields)
    FIELD_MAPPING(struct dmumu_input, halo, region_fields)
    CYAML_FIELD_END
};
/* clang-format on */

static const cyaml_schema_value_t root_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct dmumu_input, root_fields)};

enum dmumu_status dmumu_input_load(const char *yaml, struct dmumu_input **input, struct dmumu_error *error)
{
    return dmumu_cyaml_load(yaml, &root_schema, (void **)input, error);
}

void dmumu_input_free(struct dmumu_input *input)
{
    dmumu_cyaml_free(&root_schema, input);
}
