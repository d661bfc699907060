/*
 * dmumu: cosmic-ray diffusion on MHD turbulence. The public interface.
 *
 * Purpose  Pitch-angle scattering on Alfven, fast and slow modes, and the spatial diffusion coefficient D(R) it makes.
 * Logic    A `struct dmumu_model` says what the physics is and what the two regions (disk, halo) are made of. A
 *          `struct dmumu_point` names one point of a scan: region, M_A, beta, L. One `struct dmumu_tables` per (model,
 * M_A) holds everything that all beta, L, regions and rigidities share; any number of threads may use it at once, each
 *          with a `struct dmumu_workspace` of its own.
 *
 *              dmumu_model_default(&model);
 *              dmumu_tables_new(&model, alfven_mach, &tables, &error);
 *              dmumu_workspace_new(&workspace, &error);
 *              dmumu_curve_compute(tables, &point, n, rigidity_gv, &curve, workspace, &error);
 *
 * Units    Every dimensional name ends in its unit. No MPI, HDF5 or GSL type appears here.
 * Source   Fornieri et al. 2021, MNRAS 502, 5821 (F21); Yan & Lazarian 2008, ApJ 673, 942 (YL08).
 */
#ifndef DMUMU_H
#define DMUMU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define DMUMU_VERSION "0.2.0"

/* Status codes: the enum and its messages come from this one list (src/core/error.c). */
#define DMUMU_STATUS_LIST(X)                                                                                           \
    X(DMUMU_OK, "no error")                                                                                            \
    X(DMUMU_ERROR_ARGUMENT, "an argument is outside its valid range")                                                  \
    X(DMUMU_ERROR_MODEL, "the model contradicts itself")                                                               \
    X(DMUMU_ERROR_MEMORY, "out of memory")                                                                             \
    X(DMUMU_ERROR_NUMERIC, "a quadrature failed")                                                                      \
    X(DMUMU_ERROR_INPUT, "bad input")                                                                                  \
    X(DMUMU_ERROR_FILE, "a file could not be read or written")                                                         \
    X(DMUMU_ERROR_INTERNAL, "internal error, please report it")

#define DMUMU_STATUS_ENUM(name, text) name,
enum dmumu_status { DMUMU_STATUS_LIST(DMUMU_STATUS_ENUM) DMUMU_STATUS_COUNT };
#undef DMUMU_STATUS_ENUM

/** Status and the sentence that says what happened where; filled by every call that can fail. May be NULL. */
struct dmumu_error {
    enum dmumu_status status;
    char message[512];
};

/** The fixed text of a status. Thread-safe; never NULL. */
const char *dmumu_status_text(enum dmumu_status status);

enum dmumu_region { DMUMU_DISK, DMUMU_HALO, DMUMU_N_REGIONS };
enum dmumu_mode { DMUMU_FAST, DMUMU_ALFVEN, DMUMU_SLOW, DMUMU_N_MODES };
enum dmumu_broadening { DMUMU_BROADENING_YL08, DMUMU_BROADENING_GAUSSIAN, DMUMU_BROADENING_NONE };
enum dmumu_cascade { DMUMU_CASCADE_GS95, DMUMU_CASCADE_B06 };
enum dmumu_confinement { DMUMU_CONFINEMENT_ZONE, DMUMU_CONFINEMENT_NONE };
enum dmumu_variant { DMUMU_VARIANT_FORMULA, DMUMU_VARIANT_PUBLISHED };
enum dmumu_beta_follows { DMUMU_BETA_TEMPERATURE, DMUMU_BETA_DENSITY, DMUMU_BETA_MAGNETIC_FIELD };
enum dmumu_kernel { DMUMU_KERNEL_FAST, DMUMU_KERNEL_REF };

/** What became of one value. `not_converged` keeps its value; the others but `ok` are NaN. */
enum dmumu_quality {
    DMUMU_QUALITY_OK,
    DMUMU_QUALITY_NOT_CONFINED,  /* no pitch angle has a mean free path within the zone: not the diffusive regime */
    DMUMU_QUALITY_NOT_CONVERGED, /* the estimated error exceeds the tolerance */
    DMUMU_QUALITY_FAILED,        /* outside the model's range (R), divergent, or a numerical failure */
    DMUMU_N_QUALITIES
};

/**
 * One region as the input gives it. NaN stands for 'not given'.
 * beta = 3.3 (3 uG/B)^2 (n/cm^-3)(T/10^4 K) and v_A = 6.27e5 (B/3 uG)(n/cm^-3)^-1/2 cm/s tie B, n, T, v_A;
 * `beta_follows` names the one of T, n, B that beta determines, and exactly the other two (v_A may stand for n) must be
 * given.
 */
struct dmumu_region_spec {
    double magnetic_field_ug; /* B, uG */
    double alfven_speed_km_s; /* v_A, km/s; may stand for the density */
    double density_cm3;       /* n, cm^-3 */
    double temperature_k;     /* T, K */
    double zone_size_pc;      /* l, pc: the largest mean free path that counts as confined */
    double x_c;               /* k_c L of the viscous cut-off at xi = 0; NaN: from the Spitzer viscosity */
    enum dmumu_beta_follows beta_follows;
    bool collisionless; /* damping that ends the fast cascade */
    bool viscous;
};

/** The physics of a scan: all that is not an axis. */
struct dmumu_model {
    bool modes[DMUMU_N_MODES];
    double energy_fraction[DMUMU_N_MODES]; /* multiplies each spectrum, >= 0 */
    enum dmumu_broadening broadening;
    enum dmumu_cascade alfven_cascade;
    int harmonics; /* N >= 1: |n| <= N */
    enum dmumu_confinement confinement;
    enum dmumu_variant truncation_angle; /* published: x_max taken at wave angle arccos(sin(pi xi/2)) */
    enum dmumu_variant disk_prefactor;   /* published: 1/8 for the disk where the formula has 1/4 */
    double tolerance;                    /* relative, on D; 1e-8 .. 0.1 */
    struct dmumu_region_spec region[DMUMU_N_REGIONS];
};

/** One point of a scan, all but its rigidities. */
struct dmumu_point {
    enum dmumu_region region;
    double alfven_mach;        /* M_A, 0.05 .. 3 */
    double beta;               /* plasma beta, 1e-3 .. 30 */
    double injection_scale_pc; /* L, 0.1 .. 1000 pc */
};

/** The medium that a point stands for, every quantity resolved. */
struct dmumu_medium {
    double magnetic_field_ug;
    double density_cm3;
    double temperature_k;
    double alfven_speed_km_s;
    double
        slow_speed_km_s; /* c_s v_A / (c_s^2 + v_A^2)^1/2: phase speed along B of the slow mode for k_perp >> k_par */
    double zone_size_pc;
    double x_c; /* k_c L; NaN where the region has no viscous damping */
};

/** Arrays of one curve, each [n], the caller's. Mode arrays may be NULL, and are not touched for modes not in the
 * model. */
struct dmumu_curve {
    double *d_cm2_s;                     /* D, cm^2/s; NaN where quality is not_confined or failed */
    double *d_mode_cm2_s[DMUMU_N_MODES]; /* D with that mode alone, cm^2/s; NaN where that alone does not confine */
    double *rel_error;                   /* estimated relative error of D */
    double *mu_star;                     /* largest confined pitch-angle cosine; NaN where none is */
    uint8_t *quality;                    /* enum dmumu_quality, of D */
};

/** D_mumu at one (rigidity, mu), s^-1, per mode and per kind of resonance. */
struct dmumu_pitch {
    double transit_time_per_s[DMUMU_N_MODES]; /* n = 0 */
    double gyro_per_s[DMUMU_N_MODES];         /* 1 <= |n| <= N */
    double total_per_s;
    double mean_free_path_pc; /* v (1 - mu^2) / (2 D_mumu) */
};

struct dmumu_tables;    /* per (model, M_A); shared between threads */
struct dmumu_workspace; /* per thread */

/** The defaults of inputs/reference.yaml: F21's media and choices. */
void dmumu_model_default(struct dmumu_model *model);

/** Does the model make sense (ranges, closure of B, n, T, v_A and beta)? Names the offending field. Thread-safe. */
enum dmumu_status dmumu_model_check(const struct dmumu_model *model, struct dmumu_error *error);

/**
 * The medium of one point: closes beta = 3.3 (3 uG/B)^2 n T_4 and v_A = 6.27e5 (B/3 uG) n^-1/2 cm/s (physics.md, YL08).
 * @param[in]  model, point
 * @param[out] medium
 * @return DMUMU_OK, DMUMU_ERROR_MODEL or DMUMU_ERROR_ARGUMENT. Thread-safe.
 */
enum dmumu_status dmumu_medium_of_point(const struct dmumu_model *model, const struct dmumu_point *point,
                                        struct dmumu_medium *medium, struct dmumu_error *error);

/** Larmor radius r_L = rigidity / (B c) with the total velocity, in pc. */
double dmumu_larmor_radius_pc(double rigidity_gv, double magnetic_field_ug);

/**
 * Everything that one (model, M_A) shares between all beta, L, regions and rigidities. Filled lazily, under a lock:
 * what it holds never depends on who asks first. Free with dmumu_tables_free.
 */
enum dmumu_status dmumu_tables_new(const struct dmumu_model *model, double alfven_mach, struct dmumu_tables **tables,
                                   struct dmumu_error *error);
void dmumu_tables_free(struct dmumu_tables *tables);

/** Scratch memory of one thread. Free with dmumu_workspace_free. */
enum dmumu_status dmumu_workspace_new(struct dmumu_workspace **workspace, struct dmumu_error *error);
void dmumu_workspace_free(struct dmumu_workspace *workspace);

/**
 * D(R) of one point at n rigidities, with the production kernel.
 *
 * Source  F21, D(R); resonance broadening after YL08.
 * Valid   1e-12 <= R = r_L/L <= 1; a rigidity outside is NaN and `failed`, and the rest goes on.
 * Calls   thread-safe with one workspace per thread; not collective.
 *
 * @param[in]  tables       of this M_A; point->alfven_mach must equal theirs
 * @param[in]  rigidity_gv  [n] GV, > 0, any order
 * @param[out] curve        arrays [n]
 * @return DMUMU_OK, or what stopped the whole curve; failures of single rigidities are in curve->quality
 */
enum dmumu_status dmumu_curve_compute(struct dmumu_tables *tables, const struct dmumu_point *point, size_t n,
                                      const double rigidity_gv[], struct dmumu_curve *curve,
                                      struct dmumu_workspace *workspace, struct dmumu_error *error);

/** The same by plain nested adaptive quadrature of the formulas: slow, and the oracle of the tests. Thread-safe. */
enum dmumu_status dmumu_curve_compute_ref(const struct dmumu_model *model, const struct dmumu_point *point, size_t n,
                                          const double rigidity_gv[], struct dmumu_curve *curve,
                                          struct dmumu_error *error);

/**
 * D_mumu(mu) of one point at one rigidity, per mode and kind of resonance.
 * @param[in]  kernel  fast or ref; `fast` needs tables and workspace, `ref` ignores them (may be NULL)
 * @param[in]  mu      [n] cosines in [0, 1)
 * @param[out] pitch   [n]
 */
enum dmumu_status dmumu_pitch_compute(const struct dmumu_model *model, enum dmumu_kernel kernel,
                                      struct dmumu_tables *tables, const struct dmumu_point *point, double rigidity_gv,
                                      size_t n, const double mu[], struct dmumu_pitch pitch[],
                                      struct dmumu_workspace *workspace, struct dmumu_error *error);

/** Mean free path 3 D / v, in pc, for a particle at the speed of light. */
double dmumu_mean_free_path_pc(double d_cm2_s);

/** Perpendicular diffusion coefficient M_A^4 D for M_A < 1 (YL08); NaN otherwise. cm^2/s. */
double dmumu_d_perpendicular_cm2_s(double d_cm2_s, double alfven_mach);

/* Names as the input files and the command line spell them; NULL for a value outside its enum. Thread-safe. */
const char *dmumu_region_name(enum dmumu_region region);
const char *dmumu_mode_name(enum dmumu_mode mode);
const char *dmumu_quality_name(enum dmumu_quality quality);
const char *dmumu_broadening_name(enum dmumu_broadening broadening);
const char *dmumu_cascade_name(enum dmumu_cascade cascade);
const char *dmumu_confinement_name(enum dmumu_confinement confinement);
const char *dmumu_variant_name(enum dmumu_variant variant);
const char *dmumu_beta_follows_name(enum dmumu_beta_follows beta_follows);

#ifdef __cplusplus
}
#endif

#endif
