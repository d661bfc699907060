/*
 * Spec: what a cube is made of and the values that go into it, as all of this folder know them; no MPI (cube.h has that).
 */
#ifndef DMUMU_CUBE_SPEC_H
#define DMUMU_CUBE_SPEC_H

#include "dmumu.h"

enum { DMUMU_CUBE_N_AXES = DMUMU_N_AXES }; /* struct dmumu_cube_axis: of `region`, stored as integer flags, too */

/** Everything that must be known to create a cube; the same on all ranks. Strings are copied into attributes. */
struct dmumu_cube_spec {
    struct dmumu_cube_axis axis[DMUMU_CUBE_N_AXES]; /* region, alfven_mach, beta, injection_scale, rigidity */
    bool modes[DMUMU_N_MODES];                      /* which D_<mode> variables exist */
    const char *title;
    const char *configuration; /* whole configuration as text */
    const char *physics_text;  /* canonical text whose SHA-256, with the version, is physics_hash */
    const char *command;       /* the command line */
    const char *sources;       /* older cubes whose values go into this one, for its history; NULL: none */
    int host_count, ranks, threads;
};

/**
 * Finished curves of one rank, `n` of them, in any order. curve[i] is the flat row-major index over the first four
 * axes. Arrays over rigidity are [n][n_rigidity] row-major; the others [n].
 */
struct dmumu_cube_batch {
    size_t n;
    const uint64_t *curve;
    const double *d_cm2_s, *d_mode_cm2_s[DMUMU_N_MODES]; /* NULL for absent modes */
    const float *rel_error, *mu_star;
    const uint8_t *quality;
    const double *alfven_speed_km_s, *temperature_k, *density_cm3, *magnetic_field_ug, *x_c;
    const float *cost_s;
};

#endif
