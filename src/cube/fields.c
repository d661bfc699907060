/* Fields: the table of axes and variables (cube.md), and the few questions that are asked of it. */
#include "cube/fields.h"

#include <string.h>

#define F21       "Fornieri et al. 2021, MNRAS 502, 5821"
#define FROM(arr) offsetof(struct dmumu_cube_batch, arr)

static const struct dmumu_cube_field axis_fields[DMUMU_CUBE_N_AXES] = {
    {.name = "region",
     .units = "1",
     .long_name = "region of the Galaxy",
     .comment = "selects the medium, the damping and the size of the confining zone",
     .type = DMUMU_CUBE_U8,
     .flags = DMUMU_CUBE_FLAGS_REGION,
     .n_axes = 1,
     .mode = DMUMU_CUBE_NO_MODE,
     .hashed = true,
     .batch_offset = SIZE_MAX},
    {.name = "alfven_mach",
     .units = "1",
     .long_name = "Alfvenic Mach number of the turbulence",
     .comment = "M_A = delta B / B at the injection scale",
     .type = DMUMU_CUBE_F64,
     .n_axes = 1,
     .mode = DMUMU_CUBE_NO_MODE,
     .hashed = true,
     .batch_offset = SIZE_MAX},
    {.name = "beta",
     .units = "1",
     .long_name = "plasma beta, gas over magnetic pressure",
     .comment = "beta = 3.3 (3 uG / B)^2 (n / cm^-3) (T / 10^4 K)",
     .type = DMUMU_CUBE_F64,
     .n_axes = 1,
     .mode = DMUMU_CUBE_NO_MODE,
     .hashed = true,
     .batch_offset = SIZE_MAX},
    {.name = "injection_scale",
     .units = "pc",
     .long_name = "injection scale of the turbulence",
     .comment = "L, where the cascade starts",
     .type = DMUMU_CUBE_F64,
     .n_axes = 1,
     .mode = DMUMU_CUBE_NO_MODE,
     .hashed = true,
     .batch_offset = SIZE_MAX},
    {.name = "rigidity",
     .units = "GV",
     .long_name = "rigidity of the particle",
     .comment = "p c / (Z e); the Larmor radius is r_L = rigidity / (B c), with the total velocity",
     .type = DMUMU_CUBE_F64,
     .n_axes = 1,
     .mode = DMUMU_CUBE_NO_MODE,
     .hashed = true,
     .batch_offset = SIZE_MAX},
};

static const struct dmumu_cube_field variable_fields[DMUMU_CUBE_N_DATASETS] = {
    [DMUMU_CUBE_D] = {.name = "D",
                      .units = "cm2 s-1",
                      .long_name = "parallel diffusion coefficient",
                      .comment = "D(R) = (v^2/4) int_C dmu (1 - mu^2)^2 / D_mumu, D_mumu summed over all the modes of "
                                 "the model, C the pitch angles that the turbulence confines; " F21,
                      .ancillary = "rel_error mu_star quality",
                      .type = DMUMU_CUBE_F64,
                      .n_axes = 5,
                      .mode = DMUMU_CUBE_NO_MODE,
                      .hashed = true,
                      .batch_offset = FROM(d_cm2_s)},
    [DMUMU_CUBE_D_FAST] = {.name = "D_fast",
                           .units = "cm2 s-1",
                           .long_name = "parallel diffusion coefficient with the fast modes alone",
                           .comment = "as D, with D_mumu of the fast modes (transit-time damping and "
                                      "gyro-resonance) alone; Yan & Lazarian 2008, ApJ 673, 942; " F21,
                           .type = DMUMU_CUBE_F64,
                           .n_axes = 5,
                           .mode = DMUMU_FAST,
                           .hashed = true,
                           .batch_offset = FROM(d_mode_cm2_s[DMUMU_FAST])},
    [DMUMU_CUBE_D_ALFVEN] = {.name = "D_alfven",
                             .units = "cm2 s-1",
                             .long_name = "parallel diffusion coefficient with the Alfven modes alone",
                             .comment = "as D, with D_mumu of the Alfven modes (gyro-resonance) alone; " F21,
                             .type = DMUMU_CUBE_F64,
                             .n_axes = 5,
                             .mode = DMUMU_ALFVEN,
                             .hashed = true,
                             .batch_offset = FROM(d_mode_cm2_s[DMUMU_ALFVEN])},
    [DMUMU_CUBE_D_SLOW] = {.name = "D_slow",
                           .units = "cm2 s-1",
                           .long_name = "parallel diffusion coefficient with the slow modes alone",
                           .comment = "as D, with D_mumu of the slow modes, cascaded passively by the Alfven modes, "
                                      "alone; Yan & Lazarian 2008, ApJ 673, 942; " F21,
                           .type = DMUMU_CUBE_F64,
                           .n_axes = 5,
                           .mode = DMUMU_SLOW,
                           .hashed = true,
                           .batch_offset = FROM(d_mode_cm2_s[DMUMU_SLOW])},
    [DMUMU_CUBE_REL_ERROR] = {.name = "rel_error",
                              .units = "1",
                              .long_name = "estimated relative error of D",
                              .comment = "of the quadratures, not of the model",
                              .type = DMUMU_CUBE_F32,
                              .n_axes = 5,
                              .mode = DMUMU_CUBE_NO_MODE,
                              .hashed = true,
                              .batch_offset = FROM(rel_error)},
    [DMUMU_CUBE_MU_STAR] = {.name = "mu_star",
                            .units = "1",
                            .long_name = "largest confined pitch-angle cosine",
                            .comment = "mu* = sup C, C the mu whose mean free path v (1 - mu^2) / (2 D_mumu) is at "
                                       "most the size of the zone; " F21,
                            .type = DMUMU_CUBE_F32,
                            .n_axes = 5,
                            .mode = DMUMU_CUBE_NO_MODE,
                            .hashed = true,
                            .batch_offset = FROM(mu_star)},
    [DMUMU_CUBE_QUALITY] = {.name = "quality",
                            .units = "1",
                            .long_name = "what became of D",
                            .comment = "not_confined: C is empty, D is NaN; not_converged: rel_error exceeds the "
                                       "tolerance; failed: outside the range of the model or a numerical failure, D "
                                       "is NaN; 255: not computed yet",
                            .type = DMUMU_CUBE_U8,
                            .flags = DMUMU_CUBE_FLAGS_QUALITY,
                            .n_axes = 5,
                            .mode = DMUMU_CUBE_NO_MODE,
                            .hashed = true,
                            .fill_u8 = DMUMU_CUBE_UNSET_U8,
                            .batch_offset = FROM(quality)},
    [DMUMU_CUBE_ALFVEN_SPEED] = {.name = "alfven_speed",
                                 .units = "km s-1",
                                 .long_name = "Alfven speed of the medium",
                                 .comment = "v_A = 6.27 km/s (B / 3 uG) (n / cm^-3)^(-1/2)",
                                 .type = DMUMU_CUBE_F64,
                                 .n_axes = 4,
                                 .mode = DMUMU_CUBE_NO_MODE,
                                 .hashed = true,
                                 .batch_offset = FROM(alfven_speed_km_s)},
    [DMUMU_CUBE_TEMPERATURE] = {.name = "temperature",
                                .units = "K",
                                .long_name = "temperature of the medium",
                                .comment = "T in beta = 3.3 (3 uG / B)^2 (n / cm^-3) (T / 10^4 K)",
                                .type = DMUMU_CUBE_F64,
                                .n_axes = 4,
                                .mode = DMUMU_CUBE_NO_MODE,
                                .hashed = true,
                                .batch_offset = FROM(temperature_k)},
    [DMUMU_CUBE_DENSITY] = {.name = "density",
                            .units = "cm-3",
                            .long_name = "number density of the medium",
                            .comment = "n in beta = 3.3 (3 uG / B)^2 (n / cm^-3) (T / 10^4 K)",
                            .type = DMUMU_CUBE_F64,
                            .n_axes = 4,
                            .mode = DMUMU_CUBE_NO_MODE,
                            .hashed = true,
                            .batch_offset = FROM(density_cm3)},
    [DMUMU_CUBE_MAGNETIC_FIELD] = {.name = "magnetic_field",
                                   .units = "uG",
                                   .long_name = "mean magnetic field of the medium",
                                   .comment = "B in beta = 3.3 (3 uG / B)^2 (n / cm^-3) (T / 10^4 K)",
                                   .type = DMUMU_CUBE_F64,
                                   .n_axes = 4,
                                   .mode = DMUMU_CUBE_NO_MODE,
                                   .hashed = true,
                                   .batch_offset = FROM(magnetic_field_ug)},
    [DMUMU_CUBE_X_C] = {.name = "x_c",
                        .units = "1",
                        .long_name = "viscous cut-off of the fast cascade, k_c L",
                        .comment = "x_c = (6 rho M_A^2 L v_A / eta_0)^(2/3), or as fixed by the configuration; NaN "
                                   "where the region has no viscous damping; Yan & Lazarian 2008, ApJ 673, 942",
                        .type = DMUMU_CUBE_F64,
                        .n_axes = 4,
                        .mode = DMUMU_CUBE_NO_MODE,
                        .hashed = true,
                        .batch_offset = FROM(x_c)},
    [DMUMU_CUBE_STATE] = {.name = "state",
                          .units = "1",
                          .long_name = "ledger of the scan",
                          .comment = "a point is done only after its data are on disk",
                          .type = DMUMU_CUBE_U8,
                          .flags = DMUMU_CUBE_FLAGS_STATE,
                          .n_axes = 4,
                          .mode = DMUMU_CUBE_NO_MODE,
                          .fill_u8 = DMUMU_CUBE_PENDING,
                          .batch_offset = SIZE_MAX},
    [DMUMU_CUBE_COST] = {.name = "cost",
                         .units = "s",
                         .long_name = "computing time of the curve",
                         .comment = "wall-clock seconds of one thread; not part of data_hash",
                         .type = DMUMU_CUBE_F32,
                         .n_axes = 4,
                         .mode = DMUMU_CUBE_NO_MODE,
                         .batch_offset = FROM(cost_s)},
    [DMUMU_CUBE_CHECKSUM] = {.name = DMUMU_CUBE_INTEGRITY "/checksum",
                             .units = "1",
                             .long_name = "CRC-32 of the values of a point that is done",
                             .comment = "over the point's values in all variables but state, in the order of their "
                                        "creation, as little-endian bytes",
                             .type = DMUMU_CUBE_U32,
                             .n_axes = 4,
                             .mode = DMUMU_CUBE_NO_MODE,
                             .batch_offset = SIZE_MAX},
};

const struct dmumu_cube_field *dmumu_cube_axis_field(int axis)
{
    return &axis_fields[axis];
}

const struct dmumu_cube_field *dmumu_cube_variable_field(enum dmumu_cube_variable variable)
{
    return &variable_fields[variable];
}

size_t dmumu_cube_type_size(enum dmumu_cube_type type)
{
    switch (type) {
    case DMUMU_CUBE_F64:
        return sizeof(double);
    case DMUMU_CUBE_F32:
        return sizeof(float);
    case DMUMU_CUBE_U32:
        return sizeof(uint32_t);
    default:
        return sizeof(uint8_t);
    }
}

bool dmumu_cube_field_present(const struct dmumu_cube_field *field, const bool modes[static DMUMU_N_MODES])
{
    return field->mode == DMUMU_CUBE_NO_MODE || modes[field->mode];
}

const void *dmumu_cube_field_source(const struct dmumu_cube_field *field, const struct dmumu_cube_batch *batch)
{
    const void *source;
    if (field->batch_offset == SIZE_MAX) {
        return NULL;
    }
    memcpy(&source, (const char *)batch + field->batch_offset, sizeof source);
    return source;
}

unsigned dmumu_cube_flag_count(enum dmumu_cube_flags flags)
{
    switch (flags) {
    case DMUMU_CUBE_FLAGS_REGION:
        return DMUMU_N_REGIONS;
    case DMUMU_CUBE_FLAGS_QUALITY:
        return DMUMU_N_QUALITIES;
    case DMUMU_CUBE_FLAGS_STATE:
        return DMUMU_CUBE_N_STATES;
    default:
        return 0;
    }
}

const char *dmumu_cube_flag_name(enum dmumu_cube_flags flags, unsigned value)
{
    static const char *const state_names[DMUMU_CUBE_N_STATES] = {"pending", "done"};
    if (value >= dmumu_cube_flag_count(flags)) {
        return NULL;
    }
    switch (flags) {
    case DMUMU_CUBE_FLAGS_REGION:
        return dmumu_region_name((enum dmumu_region)value);
    case DMUMU_CUBE_FLAGS_QUALITY:
        return dmumu_quality_name((enum dmumu_quality)value);
    default:
        return state_names[value];
    }
}
