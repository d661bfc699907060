/*
 * Schema: the structs that libcyaml fills, made from the lists of config_keys.h.
 *
 * A NULL pointer stands for a key that is not given. Words stay text here; config.c turns them into enums.
 */
#ifndef DMUMU_SCAN_CONFIG_SCHEMA_H
#define DMUMU_SCAN_CONFIG_SCHEMA_H

#include "dmumu.h"
#include "scan/config_keys.h"

/* clang-format off */
#define DMUMU_MEMBER_TEXT(name) char *name;
#define DMUMU_MEMBER_NUMBER(name) double *name;
#define DMUMU_MEMBER_COUNT(name) int *name;
#define DMUMU_MEMBER_WORD(name) char *name;
#define DMUMU_MEMBER_WORDS(name) char **name; unsigned name##_count;
#define DMUMU_MEMBER_NUMBERS(name) double *name; unsigned name##_count;
#define DMUMU_MEMBER_NUMBER_OR_SPITZER(name) char *name;
#define DMUMU_MEMBER(kind, name, ...) DMUMU_MEMBER_##kind(name)

struct dmumu_input_axis {
    DMUMU_AXIS_KEYS(DMUMU_MEMBER, 0, 0, "")
};

struct dmumu_input_axes {
    DMUMU_AXES_KEYS(DMUMU_MEMBER)
    struct dmumu_input_axis alfven_mach, beta, injection_scale_pc, rigidity_gv;
};

struct dmumu_input_fraction {
    DMUMU_FRACTION_KEYS(DMUMU_MEMBER)
};

struct dmumu_input_model {
    DMUMU_MODEL_KEYS(DMUMU_MEMBER)
    struct dmumu_input_fraction energy_fraction;
};

struct dmumu_input_region {
    DMUMU_REGION_KEYS(DMUMU_MEMBER, "", "", "")
};

struct dmumu_input {
    DMUMU_TITLE_KEYS(DMUMU_MEMBER)
    DMUMU_LOOKUP_KEYS(DMUMU_MEMBER)
    struct dmumu_input_axes axes;
    struct dmumu_input_model model;
    struct dmumu_input_region disk, halo;
};
/* clang-format on */

/**
 * Load YAML, already checked, through libcyaml.
 * @param[out] input  free with dmumu_input_free
 * @return DMUMU_OK, or DMUMU_ERROR_INTERNAL with libcyaml's own words: the checks should have caught it
 */
enum dmumu_status dmumu_input_load(const char *yaml, struct dmumu_input **input, struct dmumu_error *error);
void dmumu_input_free(struct dmumu_input *input);

#endif
