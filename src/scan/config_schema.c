/* Schema: the lists of config_keys.h as a libcyaml schema, and the load through it. */
#include "scan/config_schema.h"

#include "core/error.h"

#include <cyaml/cyaml.h>
#include <stdio.h>
#include <string.h>

/* libcyaml takes sizes as uint32_t; all of ours are small constants. */
#pragma GCC diagnostic ignored "-Wconversion"

static const cyaml_schema_value_t word_entry = {CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char *, 0, CYAML_UNLIMITED)};
static const cyaml_schema_value_t number_entry = {CYAML_VALUE_FLOAT(CYAML_FLAG_DEFAULT, double)};

/* clang-format off */
#define FIELD_STRING(type, name) CYAML_FIELD_STRING_PTR(#name, CYAML_FLAG_OPTIONAL, type, name, 0, CYAML_UNLIMITED),
#define FIELD_TEXT FIELD_STRING
#define FIELD_WORD FIELD_STRING
#define FIELD_NUMBER_OR_SPITZER FIELD_STRING
#define FIELD_NUMBER(type, name) CYAML_FIELD_FLOAT_PTR(#name, CYAML_FLAG_OPTIONAL, type, name),
#define FIELD_COUNT(type, name) CYAML_FIELD_INT_PTR(#name, CYAML_FLAG_OPTIONAL, type, name),
#define FIELD_WORDS(type, name)                                                                                        \
    CYAML_FIELD_SEQUENCE(#name, CYAML_FLAG_OPTIONAL | CYAML_FLAG_POINTER, type, name, &word_entry, 0, CYAML_UNLIMITED),
#define FIELD_NUMBERS(type, name)                                                                                      \
    CYAML_FIELD_SEQUENCE(#name, CYAML_FLAG_OPTIONAL | CYAML_FLAG_POINTER, type, name, &number_entry, 0,                \
                         CYAML_UNLIMITED),
#define FIELD_MAPPING(type, name, fields) CYAML_FIELD_MAPPING(#name, CYAML_FLAG_OPTIONAL, type, name, fields),

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
    FIELD_MAPPING(struct dmumu_input, axes, axes_fields)
    FIELD_MAPPING(struct dmumu_input, model, model_fields)
    FIELD_MAPPING(struct dmumu_input, disk, region_fields)
    FIELD_MAPPING(struct dmumu_input, halo, region_fields)
    CYAML_FIELD_END
};
/* clang-format on */

static const cyaml_schema_value_t root_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct dmumu_input, root_fields)};

/* libcyaml's complaints, gathered instead of printed. */
struct complaints {
    char text[300];
    size_t length;
};

static void gather(cyaml_log_t level, void *context, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));

static void gather(cyaml_log_t level, void *context, const char *format, va_list args)
{
    struct complaints *complaints = context;
    const size_t room = sizeof complaints->text - complaints->length;
    if (level < CYAML_LOG_ERROR || room < 2)
        return;
    const int length = vsnprintf(complaints->text + complaints->length, room, format, args);
    if (length > 0)
        complaints->length += (size_t)length < room ? (size_t)length : room - 1;
}

static cyaml_config_t quiet_config(struct complaints *complaints)
{
    return (cyaml_config_t){
        .log_fn = gather,
        .log_ctx = complaints,
        .mem_fn = cyaml_mem,
        .log_level = CYAML_LOG_ERROR,
        .flags = CYAML_CFG_DEFAULT,
    };
}

enum dmumu_status dmumu_input_load(const char *yaml, struct dmumu_input **input, struct dmumu_error *error)
{
    struct complaints complaints = {0};
    const cyaml_config_t config = quiet_config(&complaints);
    cyaml_data_t *data = NULL;
    const cyaml_err_t result = cyaml_load_data((const uint8_t *)yaml, strlen(yaml), &config, &root_schema, &data, NULL);
    if (result == CYAML_ERR_OOM)
        return dmumu_error_set(error, DMUMU_ERROR_MEMORY, "out of memory while reading the configuration");
    if (result != CYAML_OK)
        return dmumu_error_set(error, DMUMU_ERROR_INTERNAL, "configuration: libcyaml says %s: %s",
                               cyaml_strerror(result), complaints.text);
    *input = data;
    return DMUMU_OK;
}

void dmumu_input_free(struct dmumu_input *input)
{
    struct complaints complaints = {0};
    const cyaml_config_t config = quiet_config(&complaints);
    if (input)
        cyaml_free(&config, &root_schema, input, 0);
}
