/* libcyaml: fields of a schema from the lists of keys, and a load whose complaints are an error of ours. */
#ifndef DMUMU_SCAN_CONFIG_CYAML_H
#define DMUMU_SCAN_CONFIG_CYAML_H

#include "dmumu.h"

#include <cyaml/cyaml.h>

/** Entries of lists. */
extern const cyaml_schema_value_t dmumu_cyaml_word, dmumu_cyaml_number;

/* One field of a struct that config_keys.h lists, by the kind of its key; optional, NULL where it is not given. */
/* clang-format off */
#define FIELD_STRING(type, name) CYAML_FIELD_STRING_PTR(#name, CYAML_FLAG_OPTIONAL, type, name, 0, CYAML_UNLIMITED),
#define FIELD_TEXT FIELD_STRING
#define FIELD_WORD FIELD_STRING
#define FIELD_NUMBER_OR_SPITZER FIELD_STRING
#define FIELD_NUMBER(type, name) CYAML_FIELD_FLOAT_PTR(#name, CYAML_FLAG_OPTIONAL, type, name),
#define FIELD_COUNT(type, name) CYAML_FIELD_INT_PTR(#name, CYAML_FLAG_OPTIONAL, type, name),
#define FIELD_LIST(type, name, entry)                                                                                  \
    CYAML_FIELD_SEQUENCE(#name, CYAML_FLAG_OPTIONAL | CYAML_FLAG_POINTER, type, name, entry, 0, CYAML_UNLIMITED),
#define FIELD_WORDS(type, name) FIELD_LIST(type, name, &dmumu_cyaml_word)
#define FIELD_NUMBERS(type, name) FIELD_LIST(type, name, &dmumu_cyaml_number)
#define FIELD_MAPPING(type, name, fields) CYAML_FIELD_MAPPING(#name, CYAML_FLAG_OPTIONAL, type, name, fields),
/* clang-format on */

/**
 * Load YAML, already checked, into what the schema describes.
 * @param[out] data  free with dmumu_cyaml_free and the same schema
 * @return DMUMU_OK, DMUMU_ERROR_MEMORY, or DMUMU_ERROR_INTERNAL with libcyaml's own words
 */
enum dmumu_status dmumu_cyaml_load(const char *yaml, const cyaml_schema_value_t *schema, void **data,
                                   struct dmumu_error *error);
void dmumu_cyaml_free(const cyaml_schema_value_t *schema, void *data);

#endif
