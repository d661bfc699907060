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
 *          A cube that a scan has written is looked up with dmumu_cube_open and dmumu_cube_eval.
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

/**
 * Tables of the same model as `beside` for another M_A: they share what depends on the model alone, which takes as long to
 * make as some twenty curves. `beside` may be freed before them or after. Curves are the same, bit for bit. Thread-safe.
 */
enum dmumu_status dmumu_tables_new_beside(const struct dmumu_tables *beside, double alfven_mach,
                                          struct dmumu_tables **tables, struct dmumu_error *error);

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

/* ---- the cube in use: look-ups ---- */

/** The axes of a cube, in its order. `region` is a choice, never interpolated; the others are numbers. */
enum dmumu_axis_id {
    DMUMU_AXIS_REGION,
    DMUMU_AXIS_ALFVEN_MACH,
    DMUMU_AXIS_BETA,
    DMUMU_AXIS_INJECTION_SCALE,
    DMUMU_AXIS_RIGIDITY,
    DMUMU_N_AXES
};

/** What can be looked up: D of all modes together, or with one mode alone (D_fast, D_alfven, D_slow of the cube). */
enum dmumu_quantity {
    DMUMU_QUANTITY_D,
    DMUMU_QUANTITY_D_FAST,
    DMUMU_QUANTITY_D_ALFVEN,
    DMUMU_QUANTITY_D_SLOW,
    DMUMU_N_QUANTITIES
};

/**
 * How to interpolate ln D. Both take ln x along an axis whose axis_scale is "log" and x along a linear one, and give the
 * value of the cube, to the bit, at its nodes. The axes are taken one after the other: alfven_mach, beta,
 * injection_scale, rigidity last, so that D(R) at a point is the curve through its values at the cube's rigidities.
 *
 * CUBIC   Piecewise cubic Hermite. The slope at a node is that of the parabola through it and its two neighbours,
 *         limited as de Boor & Swartz 1977 (J. Approx. Theory 21, 411): 0 where the data turn, at most three times the
 *         smaller of the slopes next to it. At either end of an axis it is the one-sided parabola's, between 0 and three
 *         times the last slope. Two nodes make it linear. Third order where nothing is limited, continuous first
 *         derivatives; the result lies between the least and the greatest corner of the cell, and along a line of nodes
 *         it is monotone where they are. A neighbour of the cell that is NaN is as if the axis ended there.
 * LINEAR  Multilinear. Second order, continuous.
 */
enum dmumu_interpolation { DMUMU_INTERPOLATION_CUBIC, DMUMU_INTERPOLATION_LINEAR, DMUMU_N_INTERPOLATIONS };

/**
 * What a value outside of an axis means. One that rounding alone, a part in 1e12, puts outside is at the end.
 *
 * ERROR      D is NaN, and the call returns DMUMU_ERROR_ARGUMENT
 * CLAMP      the nearest end of the axis
 * POWER_LAW  rigidity alone: D goes on as the power of R that it has at the end of the axis, d ln D / d ln R as there
 *
 * On an axis of one value every other value is outside. A value that is NaN is an error with each of these, and so is one
 * that is not positive where its logarithm is needed, except where it is clamped.
 */
enum dmumu_outside { DMUMU_OUTSIDE_ERROR, DMUMU_OUTSIDE_CLAMP, DMUMU_OUTSIDE_POWER_LAW, DMUMU_N_OUTSIDES };

/** How a cube is to be opened; dmumu_cube_options_default fills it in. */
struct dmumu_cube_options {
    enum dmumu_quantity quantity;
    enum dmumu_interpolation interpolation;
    enum dmumu_outside outside[DMUMU_N_AXES]; /* by enum dmumu_axis_id; of region: error */
    bool partial; /* take a cube that is not complete, the .part of a scan, too: what is pending is NaN */
    bool guard;   /* read it in another process (fork) first, so that a file over which HDF5 crashes is an error: only
                     while no other thread runs and before MPI_Init */
};

/** One axis of a cube, linear values in the unit of the axis; of region: enum dmumu_region. */
struct dmumu_cube_axis {
    size_t n;
    const double *values; /* [n], ascending */
    bool log_spaced;
};

/** What a cube holds. All is owned by it. */
struct dmumu_cube_about {
    struct dmumu_cube_axis axis[DMUMU_N_AXES]; /* by enum dmumu_axis_id: 1, 1, 1, pc, GV */
    bool has_quantity[DMUMU_N_QUANTITIES];     /* which of them the file has */
    uint64_t n_curves, n_done;                 /* points without rigidity; fewer done than there are: not complete */
    uint64_t n_nan; /* values of this quantity that are NaN: not confined, failed or pending */
    const char *title, *configuration, *physics, *physics_hash, *data_hash; /* "" where the file has none */
};

/**
 * Points to look up, as arrays that broadcast: point i takes element i * stride of each; a stride of 0 gives all points
 * the same value, and costs less.
 */
struct dmumu_cube_points {
    size_t n;
    const int32_t *region; /* enum dmumu_region */
    const double *alfven_mach, *beta, *injection_scale_pc, *rigidity_gv;
    size_t stride[DMUMU_N_AXES]; /* in elements, by enum dmumu_axis_id */
};

enum { DMUMU_N_GRADIENT = 4 }; /* alfven_mach, beta, injection_scale, rigidity: enum dmumu_axis_id - 1 */

struct dmumu_cube; /* an open cube: one quantity in memory, the file closed; never changes after dmumu_cube_open */

/** D, cubic, an error outside of every axis, complete cubes only, no guard. */
void dmumu_cube_options_default(struct dmumu_cube_options *options);

/**
 * Read one quantity of a cube into memory (16 bytes per value, and up to half as much again for order), comparing every
 * curve with its checksum.
 *
 * Source  a file of `dmumu scan`, or one that another program has rewritten or compressed (cube.md).
 * Calls   HDF5: not while another thread uses that, unless it was built thread-safe. Never MPI. Not collective: under
 *         MPI each rank may open the file for itself.
 *
 * @param[in]  path     of the file
 * @param[in]  options  NULL: the default
 * @param[out] cube     to be closed with dmumu_cube_close; NULL on error
 * @return DMUMU_OK; DMUMU_ERROR_FILE: cannot be read, is not a cube, is damaged, or is not complete (but see
 *         options->partial); DMUMU_ERROR_ARGUMENT: options that contradict themselves or the file, such as a quantity
 *         that it has not; DMUMU_ERROR_MEMORY. The message names the file
 */
enum dmumu_status dmumu_cube_open(const char *path, const struct dmumu_cube_options *options, struct dmumu_cube **cube,
                                  struct dmumu_error *error);
/** Free. No other thread may be using it; `cube` may be NULL. */
void dmumu_cube_close(struct dmumu_cube *cube);
/** What it holds, as long as it is open. Thread-safe; never NULL. */
const struct dmumu_cube_about *dmumu_cube_about(const struct dmumu_cube *cube);

/**
 * D of one medium at n rigidities.
 *
 * Method  ln D interpolated, see enum dmumu_interpolation. D is NaN where a corner of the cell is that counts (at a node,
 *         the node alone), which is no error: the cube says that there is no D.
 * Calls   thread-safe, any number of threads with the same cube; allocates nothing.
 *
 * @param[in]  point        region, M_A, beta, L
 * @param[in]  n            number of rigidities
 * @param[in]  rigidity_gv  [n] GV, any order; NULL: those of the cube, n of which there must be
 * @param[out] d_cm2_s      [n] cm^2/s; NaN where there is none
 * @return DMUMU_OK, or DMUMU_ERROR_ARGUMENT: something is outside; the message names axis, value and range of the first,
 *         all others have their value
 */
enum dmumu_status dmumu_cube_eval(const struct dmumu_cube *cube, const struct dmumu_point *point, size_t n,
                                  const double rigidity_gv[], double d_cm2_s[], struct dmumu_error *error);

/**
 * D of many points; each has the value, to the bit, that dmumu_cube_eval gives. The fastest way for points in no order:
 * while one is computed, memory fetches the next.
 *
 * Calls   as dmumu_cube_eval.
 *
 * @param[in]  points   n of them, see the struct
 * @param[out] d_cm2_s  [n] cm^2/s; NaN where there is none
 * @return as dmumu_cube_eval; the message names the first point that is outside
 */
enum dmumu_status dmumu_cube_eval_many(const struct dmumu_cube *cube, const struct dmumu_cube_points *points,
                                       double d_cm2_s[], struct dmumu_error *error);

/**
 * D and its logarithmic derivatives d ln D / d ln x along alfven_mach, beta, injection_scale and rigidity: those of the
 * interpolation itself, exact. At a node of a multilinear look-up, where there are two, that of the cell above it, and at
 * the last node that of the cell below. Along an axis on which the value was clamped 0; along an axis of one value that
 * was not clamped NaN: the cube does not know.
 *
 * Calls   as dmumu_cube_eval.
 *
 * @param[in]  points    n of them, see the struct
 * @param[out] d_cm2_s   [n] cm^2/s, as dmumu_cube_eval_many; may be NULL
 * @param[out] gradient  [n][DMUMU_N_GRADIENT], NaN where D is
 * @return as dmumu_cube_eval_many
 */
enum dmumu_status dmumu_cube_gradient(const struct dmumu_cube *cube, const struct dmumu_cube_points *points,
                                      double d_cm2_s[], double gradient[][DMUMU_N_GRADIENT], struct dmumu_error *error);

/* Names as the cube spells them: "injection_scale", "D_fast", "cubic", "power_law"; NULL for a value outside its enum.
 * Thread-safe. */
const char *dmumu_axis_name(enum dmumu_axis_id axis);
const char *dmumu_axis_units(enum dmumu_axis_id axis);
const char *dmumu_quantity_name(enum dmumu_quantity quantity);
const char *dmumu_interpolation_name(enum dmumu_interpolation interpolation);
const char *dmumu_outside_name(enum dmumu_outside outside);

/* ---- for bindings of other languages ---- */

/** DMUMU_VERSION of the library that runs, which the header's must equal. Thread-safe. */
const char *dmumu_version(void);

/** One struct of this header, or one field of it, as the library was compiled. */
struct dmumu_abi_entry {
    const char *struct_name; /* without "struct" */
    const char *field;       /* "" for the struct as a whole */
    size_t offset, size;     /* bytes */
};

/**
 * Every public struct followed by its fields in their order: what a binding compares its own idea of them with.
 * @param[out] n  number of entries
 * @return [n], static. Thread-safe
 */
const struct dmumu_abi_entry *dmumu_abi_table(size_t *n);

/*
 * ---- Against the data ----------------------------------------------------------------------------------------------
 *
 * Published D(R), transport through a disk and a halo, secondary ratios, their fit, and one-line estimates. Everything
 * here is pure and thread-safe; energies are kinetic, per nucleon, in GeV; v is the speed of the nucleus.
 */

/** Nuclei that the transport knows. */
enum dmumu_isotope {
    DMUMU_H1,
    DMUMU_HE4,
    DMUMU_B10,
    DMUMU_B11,
    DMUMU_C12,
    DMUMU_N14,
    DMUMU_O16,
    DMUMU_NE20,
    DMUMU_MG24,
    DMUMU_SI28,
    DMUMU_N_ISOTOPES
};

struct dmumu_nuclide {
    const char *name; /* "B10" */
    int charge, mass_number;
    double mass_gev; /* of the bare nucleus */
};

/** NULL for a value outside the enum. */
const struct dmumu_nuclide *dmumu_isotope_nuclide(enum dmumu_isotope isotope);
/** The isotope of that name; DMUMU_N_ISOTOPES if there is none. */
enum dmumu_isotope dmumu_isotope_find(const char *name);

/* Rigidity p c/(Z e), kinetic energy per nucleon and v/c of a nucleus: p c = (E_k^2 + 2 E_k m)^1/2 with E_k = A T. */
double dmumu_isotope_rigidity_gv(enum dmumu_isotope isotope, double energy_gev_n);
double dmumu_isotope_energy_gev_n(enum dmumu_isotope isotope, double rigidity_gv);
double dmumu_isotope_velocity(enum dmumu_isotope isotope, double rigidity_gv); /* v/c */

/** A change of slope; rigidity_gv NaN: none; smoothness 0: a kink. */
struct dmumu_break {
    double rigidity_gv, slope, smoothness;
};

/**
 * A published D(R) in the form that all of them share,
 *
 *     D = D_0 b^eta (R/R_0)^delta [1 + (R/R_l)^-g_l]^(s_l) [1 + (R/R_h)^g_h]^(-s_h) (+ 2 v_A H),   b = v/c,
 *
 * with slopes delta_l far below R_l and delta_h far above R_h: g = (delta - delta_l)/s_l and (delta - delta_h)/s_h, in
 * which s takes the sign that makes g positive.
 */
struct dmumu_parametrisation {
    const char *name, *title, *source;
    double d0_cm2_s, rigidity_gv; /* D_0 at R_0 */
    double velocity_power;        /* eta */
    double slope;                 /* delta, between the breaks */
    struct dmumu_break low, high;
    double halo_height_kpc;   /* H; NaN: not stated */
    double alfven_speed_km_s; /* v_A; NaN: not stated */
    bool adds_advection;      /* D has the term 2 v_A H */
    double from_gv, to_gv;    /* rigidities of the data behind it; NaN: not stated */
};

/** The i-th of the registry (src/core/parametrisation.c); NULL past the end. */
const struct dmumu_parametrisation *dmumu_parametrisation_at(size_t i);
/** The one of that name; NULL if there is none. */
const struct dmumu_parametrisation *dmumu_parametrisation_find(const char *name);
/** Does it make sense? Names the field that does not. @return DMUMU_OK or DMUMU_ERROR_ARGUMENT */
enum dmumu_status dmumu_parametrisation_check(const struct dmumu_parametrisation *model, struct dmumu_error *error);
/**
 * D(R) of a nucleus.
 * @param[in]  rigidity_gv  [n] GV, > 0
 * @param[out] d_cm2_s      [n]
 */
void dmumu_parametrisation_d(const struct dmumu_parametrisation *model, enum dmumu_isotope isotope, size_t n,
                             const double rigidity_gv[], double d_cm2_s[]);
/** Its local slope d ln D / d ln R, in closed form. */
double dmumu_parametrisation_slope(const struct dmumu_parametrisation *model, enum dmumu_isotope isotope,
                                   double rigidity_gv);

/** How far one curve is from another, in ln D over common rigidities. */
struct dmumu_distance {
    double rms, worst;    /* of ln(D/D_reference), after the normalisation if that is free */
    double normalisation; /* D/D_reference, geometric mean */
    double slope;         /* d ln D/d ln R, least squares over the rigidities */
};

/**
 * @param[in] n                   >= 2 rigidities
 * @param[in] rigidity_gv         [n] ascending, > 0
 * @param[in] d_cm2_s             [n]
 * @param[in] ln_reference        [n] ln(D_reference/(cm^2/s))
 * @param[in] free_normalisation  compare shapes alone
 * @return all NaN where any D is not positive
 */
struct dmumu_distance dmumu_distance_of(size_t n, const double rigidity_gv[], const double d_cm2_s[],
                                        const double ln_reference[], bool free_normalisation);
/**
 * Local slopes d ln D/d ln R of a curve, to second order in the steps: exact for power laws. Of ln(D/D_reference) they
 * are the differences of two curves' slopes.
 * @param[in]  n            rigidities; any number
 * @param[in]  rigidity_gv  [n] ascending, > 0
 * @param[in]  ln_d         [n] NaN: no value
 * @param[out] slope        [n] NaN where there is no value, or none beside it
 */
void dmumu_local_slopes(size_t n, const double rigidity_gv[], const double ln_d[], double slope[]);

/** Disk and halo: sources and gas in a thin sheet at z = 0, D_disk for |z| < z_d, D_halo up to the free edge at H. */
struct dmumu_galaxy {
    double halo_height_kpc;            /* H, > 0 */
    double disk_height_kpc;            /* z_d, 0 .. H */
    double gas_surface_density_mg_cm2; /* mu of the whole disk, > 0 */
    double advection_km_s;             /* w, away from the disk, >= 0 */
};

/** H = 4 kpc, z_d = 0.9 kpc (F21's zone), mu = 2.3 mg/cm^2, w = 0. */
void dmumu_galaxy_default(struct dmumu_galaxy *galaxy);
/** @return DMUMU_OK or DMUMU_ERROR_ARGUMENT with the field's name */
enum dmumu_status dmumu_galaxy_check(const struct dmumu_galaxy *galaxy, struct dmumu_error *error);

/**
 * The stationary solution at one rigidity, without energy losses (src/core/transport.c derives it).
 * NaN where the D of a layer that has a thickness is not positive.
 */
struct dmumu_transport {
    double d_eff_cm2_s;     /* H / int_0^H dz/D */
    double grammage_g_cm2;  /* X: rho v dt along the way out */
    double escape_time_myr; /* mean time from the disk to the edge */
};
struct dmumu_transport dmumu_transport_solve(const struct dmumu_galaxy *galaxy, double velocity, double d_disk_cm2_s,
                                             double d_halo_cm2_s);
/**
 * Density over its value in the disk, n(z)/n(0).
 * @param[in]  z_kpc    [n] 0 .. H
 * @param[out] density  [n]
 */
void dmumu_transport_profile(const struct dmumu_galaxy *galaxy, double d_disk_cm2_s, double d_halo_cm2_s, size_t n,
                             const double z_kpc[], double density[]);

/** One channel of a table of cross sections, on hydrogen, over ascending energies; interpolated in logarithms. */
struct dmumu_channel {
    enum dmumu_isotope from, to;
    const double *cross_section_mb; /* [n_energies] */
};
struct dmumu_cross_sections {
    size_t n_energies;
    const double *energy_gev_n; /* [n_energies] */
    size_t n_channels;
    const struct dmumu_channel *channel; /* [n_channels] */
};

/**
 * Production of one nucleus from another on hydrogen, radioactive parents included, in mb.
 * @param[in] table  NULL: the built-in constants, meant for >= 10 GeV/n (src/core/cross_section.c); beyond its ends a
 *                   table keeps its last value
 * @return 0 for a channel that is not known
 */
double dmumu_cross_section_production_mb(const struct dmumu_cross_sections *table, enum dmumu_isotope from,
                                         enum dmumu_isotope to, double energy_gev_n);
/** Inelastic cross section on hydrogen in mb, >= 0.1 GeV/n: Letaw et al. 1983; of protons Kelner et al. 2006. */
double dmumu_cross_section_inelastic_mb(enum dmumu_isotope isotope, double energy_gev_n);
/** sigma/m in cm^2/g in a gas of hydrogen and helium (0.08 by number), of sigma on hydrogen. */
double dmumu_cross_section_per_gas_cm2_g(double cross_section_mb);

/**
 * What ionisation of interstellar gas, H and He, takes from a nucleus: energy per nucleon per grammage, in MeV cm^2/g.
 *
 * Source  Bethe's formula, without the corrections below 0.1 GeV/n or for recoil (Particle Data Group, passage of
 *         particles through matter); mean excitation 19.2 and 41.8 eV.
 * Use     The transport leaves losses out. Of a flux E^-gamma they take, to first order in X, the fraction
 *         gamma X (dE/dx)/E / (1 + X sigma/m); the test puts numbers to it (docs/transport.md).
 * @param[in] energy_gev_n  > 0
 */
double dmumu_ionisation_mev_cm2_g(enum dmumu_isotope isotope, double energy_gev_n);

/**
 * Interstellar flux of a primary, whose source is a power law in rigidity: N (R/100 GV)^-gamma X / (1 + X sigma/m).
 * @param[in]  rigidity_gv     [n]
 * @param[in]  grammage_g_cm2  [n] X there
 * @param[out] flux            [n] in units of N per g/cm^2
 */
void dmumu_primary_flux(enum dmumu_isotope isotope, double normalisation, double source_slope, size_t n,
                        const double rigidity_gv[], const double grammage_g_cm2[], double flux[]);

/**
 * Solar modulation in the force-field approximation (Gleeson & Axford 1968): flux over p^2 is conserved along
 * T_interstellar = T + (Z/A) phi, with fluxes per energy.
 * @param[in]  potential_gv        phi, >= 0
 * @param[in]  rigidity_gv         [n] at the top of the atmosphere
 * @param[out] interstellar_gv     [n] the rigidity outside
 * @param[out] factor              [n] flux per rigidity here over that outside
 */
void dmumu_modulation_shift(enum dmumu_isotope isotope, double potential_gv, size_t n, const double rigidity_gv[],
                            double interstellar_gv[], double factor[]);

enum dmumu_ratio { DMUMU_RATIO_B_C, DMUMU_RATIO_B_O, DMUMU_N_RATIOS };
enum dmumu_abscissa { DMUMU_PER_RIGIDITY, DMUMU_PER_ENERGY }; /* GV; kinetic energy per nucleon, GeV */

/** A parent of boron: its flux at the same rigidity is per_oxygen that of oxygen plus per_boron that of boron. */
struct dmumu_progenitor {
    enum dmumu_isotope isotope;
    double per_oxygen, per_boron;
};

/** How a ratio follows from a grammage. */
struct dmumu_ratio_model {
    enum dmumu_ratio ratio;
    enum dmumu_abscissa abscissa;
    double flux_slope;                             /* gamma of oxygen, flux ~ R^-gamma */
    double modulation_gv;                          /* phi */
    const struct dmumu_cross_sections *production; /* NULL: constants */
    size_t n_progenitors;                          /* 0: the built-in list, AMS-02 fluxes (src/core/ratio.c) */
    const struct dmumu_progenitor *progenitor;     /* [n_progenitors] */
};

/**
 * One boron isotope at one point: B/O = sum over both of gain X / (1 + loss X), with X at this rigidity and speed;
 * B/C = (B/O) / (a + b B/O).
 */
struct dmumu_ratio_term {
    double rigidity_gv, velocity;  /* interstellar */
    double gain_cm2_g, loss_cm2_g; /* the loss less what boron's own share of C and N brings back */
};
enum { DMUMU_RATIO_TERMS = 2 };
struct dmumu_ratio_point {
    struct dmumu_ratio_term term[DMUMU_RATIO_TERMS];
    double a, b; /* 1, 0 for B/O */
};

/**
 * @param[in]  x      [n] GV or GeV/n, > 0
 * @param[out] point  [n]
 * @return DMUMU_OK or DMUMU_ERROR_ARGUMENT
 */
enum dmumu_status dmumu_ratio_points(const struct dmumu_ratio_model *model, size_t n, const double x[],
                                     struct dmumu_ratio_point point[], struct dmumu_error *error);
/** The ratio at one point from the grammage of each term, g/cm^2. */
double dmumu_ratio_value(const struct dmumu_ratio_point *point, const double grammage_g_cm2[DMUMU_RATIO_TERMS]);

/** One data set of a fit. */
struct dmumu_fit_set {
    size_t n;
    const struct dmumu_ratio_point *point; /* [n] */
    const double *value, *sigma;           /* [n] the measured ratio and its error, > 0 */
    double normalisation_sigma;            /* of a factor k on the model, 1 +- this: 0 fixed, infinite free */
};

/**
 * chi^2 of pairs of curves, one for the disk and one for the halo, against ratios:
 *
 *     chi^2 = sum over sets of min_k { sum_i [(y_i - k m_i)/sigma_i]^2 + [(k - 1)/sigma_k]^2 }
 *
 * with k in closed form. Work is split so that a pair costs a few divisions per point: each curve is turned once into
 * a path [n_nodes], in units that are the fit's own, and pairs are formed from paths.
 */
struct dmumu_fit;

/** Free with dmumu_fit_free. @return DMUMU_OK, DMUMU_ERROR_ARGUMENT or DMUMU_ERROR_MEMORY */
enum dmumu_status dmumu_fit_new(const struct dmumu_galaxy *galaxy, size_t n_sets, const struct dmumu_fit_set set[],
                                struct dmumu_fit **fit, struct dmumu_error *error);
void dmumu_fit_free(struct dmumu_fit *fit);
/** At how many rigidities a curve is wanted, and at which [n_nodes], GV. */
size_t dmumu_fit_n_nodes(const struct dmumu_fit *fit);
const double *dmumu_fit_rigidity_gv(const struct dmumu_fit *fit);
/**
 * The path of one curve.
 * @param[in]  region   which part of the way it stands for
 * @param[in]  d_cm2_s  [n_nodes]; not positive or NaN, in a layer that has a thickness: chi^2 of its pairs is NaN
 * @param[out] path     [n_nodes]
 */
void dmumu_fit_path(const struct dmumu_fit *fit, enum dmumu_region region, const double d_cm2_s[], double path[]);
/**
 * chi^2 of one disk curve with many halo curves.
 * @param[in]  disk   [n_nodes] a path
 * @param[in]  halo   [n_halo][n_nodes] paths
 * @param[out] chi2   [n_halo]
 */
void dmumu_fit_chi2(const struct dmumu_fit *fit, const double disk[], size_t n_halo, const double halo[],
                    double chi2[]);
/**
 * One pair in detail.
 * @param[out] normalisation  [n_sets] k; may be NULL
 * @param[out] chi2           [n_sets] each set's part, the penalty included; may be NULL
 * @param[out] model          [sum of n] the ratio, k not applied; may be NULL
 * @return chi^2
 */
double dmumu_fit_pair(const struct dmumu_fit *fit, const double disk[], const double halo[], double normalisation[],
                      double chi2[], double model[]);

/* One-line estimates (src/core/scales.c), for v = c. */

/** Time to cross `grammage` in gas of a mean density by number (mass 1.222 m_p each): X / (rho c). */
double dmumu_scale_gas_time_myr(double grammage_g_cm2, double density_cm3);
/** Time to cross it where the disk's gas is smeared over the whole height: 2 H X / (mu c), the confinement time. */
double dmumu_scale_confinement_time_myr(double grammage_g_cm2, const struct dmumu_galaxy *galaxy);
/** D that makes that grammage in one zone: c mu H / (2 X). */
double dmumu_scale_d_of_grammage_cm2_s(double grammage_g_cm2, const struct dmumu_galaxy *galaxy);
/** Power per ln k of isotropic waves at k r_L = 1, over that of B: M_A^2 (q - 1) (r_L/L)^(q-1), for q > 1. */
double dmumu_scale_resonant_power(double alfven_mach, double larmor_ratio, double spectral_index);
/** Quasi-linear D of such waves alone: (1/3) c r_L / power (Blasi 2013, A&ARv 21, 70, section 3). */
double dmumu_scale_quasilinear_d_cm2_s(double larmor_radius_pc, double resonant_power);
/** Where strong turbulence begins: L M_A^2 for M_A <= 1, L M_A^-3 above. */
double dmumu_scale_transition_pc(double alfven_mach, double injection_scale_pc);
/** l_par/l_perp of critical balance at l_par: (L/l_par)^1/2 M_A^-2 for M_A <= 1, (L/l_par)^1/2 M_A^-3/2 above. */
double dmumu_scale_anisotropy(double alfven_mach, double injection_scale_pc, double parallel_scale_pc);

#ifdef __cplusplus
}
#endif

#endif
