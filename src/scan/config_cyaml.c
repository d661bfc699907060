/* libcyaml: see config_cyaml.h. */
#include "scan/config_cyaml.h"

#include "core/error.h"

#include <stdio.h>
#include <string.h>

/* libcyaml takes sizes as uint32_t; all of ours are small constants. */
#pragma GCC diagnostic ignored "-Wconversion"

const cyaml_schema_value_t dmumu_cyaml_word = {CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char *, 0, CYAML_UNLIMITED)};
const cyaml_schema_value_t dmumu_cyaml_number = {CYAML_VALUE_FLOAT(CYAML_FLAG_DEFAULT, double)};

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

enum dmumu_status dmumu_cyaml_load(const char *yaml, const cyaml_schema_value_t *schema, void **data,
                                   struct dmumu_error *error)
{
    struct complaints complaints = {0};
    const cyaml_config_t config = quiet_config(&complaints);
    cyaml_data_t *loaded = NULL;
    const cyaml_err_t result = cyaml_load_data((const uint8_t *)yaml, strlen(yaml), &config, schema, &loaded, NULL);
    if (result == CYAML_ERR_OOM)
        return dmumu_error_set(error, DMUMU_ERROR_MEMORY, "out of memory while reading the configuration");
    if (result != CYAML_OK)
        return dmumu_error_set(error, DMUMU_ERROR_INTERNAL, "configuration: libcyaml says %s: %s",
                               cyaml_strerror(result), complaints.text);
    *data = loaded;
    return DMUMU_OK;
}

void dmumu_cyaml_free(const cyaml_schema_value_t *schema, void *data)
{
    struct complaints complaints = {0};
    const cyaml_config_t config = quiet_config(&complaints);
    if (data)
        cyaml_free(&config, schema, data, 0);
}
