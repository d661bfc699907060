/*
 * Keys: the one table of everything that an input file may say.
 *
 * Logic    Each list below names the keys of one section, with kind, range, unit, choices, default and meaning. From
 *          these lists come the C structs that libcyaml fills and its schema (config_schema), the table that the checks
 *          and messages walk (config_keys.c), and, by a test, the contents of inputs/reference.yaml. A new key is one
 *          new line here, its use in config.c and config_text.c, and its entry in reference.yaml.
 * Row      X(KIND, name, low, high, unit, choice, fallback, meaning); fallback NULL: no default.
 */
#ifndef DMUMU_SCAN_CONFIG_KEYS_H
#define DMUMU_SCAN_CONFIG_KEYS_H

#include <stdbool.h>
#include <stddef.h>

enum dmumu_key_kind {
    DMUMU_KEY_TEXT,              /* any text */
    DMUMU_KEY_NUMBER,            /* a number in [low, high] */
    DMUMU_KEY_COUNT,             /* a whole number in [low, high] */
    DMUMU_KEY_WORD,              /* one of the choices */
    DMUMU_KEY_WORDS,             /* a list of choices, none twice */
    DMUMU_KEY_NUMBERS,           /* a list of numbers in [low, high], ascending */
    DMUMU_KEY_NUMBER_OR_SPITZER, /* a number, or the word spitzer */
    DMUMU_KEY_SECTION            /* a mapping with keys of its own */
};

#define DMUMU_TITLE_KEYS(X)                                                                                            \
    X(TEXT, title, 0, 0, NULL, NULL, "Cosmic-ray diffusion on MHD turbulence", "title of the cube")

#define DMUMU_LOOKUP_KEYS(X)                                                                                           \
    X(NUMBER, lookup_tolerance, 1e-8, 1, "1", NULL, NULL, "relative error allowed on look-ups between the nodes")      \
    X(NUMBER, lookup_share, 0.5, 1, "1", NULL, "1", "share of the look-ups that must be within it")                    \
    X(COUNT, lookup_rounds, 1, 99, "1", NULL, "20", "grids to scan at most, one after the other")                      \
    X(NUMBER, lookup_values, 1, 1e12, "1", NULL, "1e7", "values that a grid may have at most")

#define DMUMU_AXES_KEYS(X)                                                                                             \
    X(WORDS, region, 0, 0, NULL, dmumu_choice_region, NULL, "regions to compute; stored disk first")

#define DMUMU_AXIS_KEYS(X, low, high, unit)                                                                            \
    X(NUMBER, from, low, high, unit, NULL, NULL, "first value")                                                        \
    X(NUMBER, to, low, high, unit, NULL, NULL, "last value")                                                           \
    X(COUNT, points, 1, 10000, "1", NULL, NULL, "number of values, both ends included")                                \
    X(WORD, spacing, 0, 0, NULL, dmumu_choice_spacing, NULL, "even steps of the value or of its logarithm")            \
    X(NUMBERS, values, low, high, unit, NULL, NULL, "the values themselves, ascending, instead of from, to, points")

#define DMUMU_ALFVEN_MACH_KEYS(X)     DMUMU_AXIS_KEYS(X, 0.05, 3, "1")
#define DMUMU_BETA_KEYS(X)            DMUMU_AXIS_KEYS(X, 1e-3, 30, "1")
#define DMUMU_INJECTION_SCALE_KEYS(X) DMUMU_AXIS_KEYS(X, 0.1, 1000, "pc")
#define DMUMU_RIGIDITY_KEYS(X)        DMUMU_AXIS_KEYS(X, 0.01, 1e9, "GV")

#define DMUMU_MODEL_KEYS(X)                                                                                            \
    X(WORDS, modes, 0, 0, NULL, dmumu_choice_mode, "[fast, alfven]", "wave modes that scatter")                        \
    X(WORD, broadening, 0, 0, NULL, dmumu_choice_broadening, "yl08", "shape of the resonance")                         \
    X(WORD, alfven_cascade, 0, 0, NULL, dmumu_choice_cascade, "gs95", "anisotropy of Alfven and slow modes")           \
    X(COUNT, harmonics, 1, 32, "1", NULL, "1", "highest gyro-resonance N, |n| <= N")                                   \
    X(WORD, confinement, 0, 0, NULL, dmumu_choice_confinement, "zone", "which pitch angles count in D")                \
    X(WORD, truncation_angle, 0, 0, NULL, dmumu_choice_variant, "formula", "wave angle at which x_max is taken")       \
    X(WORD, disk_prefactor, 0, 0, NULL, dmumu_choice_variant, "formula", "prefactor of D in the disk: 1/4 or 1/8")     \
    X(NUMBER, tolerance, 1e-8, 0.1, "1", NULL, "1e-4", "relative error allowed on D")

#define DMUMU_FRACTION_KEYS(X)                                                                                         \
    X(NUMBER, fast, 0, 1e6, "1", NULL, "1", "factor on the spectrum of the fast modes")                                \
    X(NUMBER, alfven, 0, 1e6, "1", NULL, "1", "factor on the spectrum of the Alfven modes")                            \
    X(NUMBER, slow, 0, 1e6, "1", NULL, "1", "factor on the spectrum of the slow modes")

/* Defaults of B and v_A hold with `beta_follows: temperature`, that of v_A only where no density is given. */
#define DMUMU_REGION_KEYS(X, zone, dampings, cutoff)                                                                   \
    X(NUMBER, magnetic_field_ug, 1e-3, 1e6, "uG", NULL, "1", "magnetic field B")                                       \
    X(NUMBER, alfven_speed_km_s, 0.01, 1e5, "km/s", NULL, "10", "Alfven speed, may stand for the density")             \
    X(NUMBER, density_cm3, 1e-8, 1e6, "cm^-3", NULL, NULL, "gas density n, may stand for the Alfven speed")            \
    X(NUMBER, temperature_k, 1, 1e10, "K", NULL, NULL, "gas temperature T")                                            \
    X(NUMBER, zone_size_pc, 1e-3, 1e7, "pc", NULL, zone, "largest mean free path that counts as confined")             \
    X(WORDS, damping, 0, 0, NULL, dmumu_choice_damping, dampings, "what ends the cascade of the fast modes")           \
    X(NUMBER_OR_SPITZER, x_c, 1e-3, 1e30, "1", NULL, cutoff, "viscous cut-off k_c L across B")                         \
    X(WORD, beta_follows, 0, 0, NULL, dmumu_choice_beta_follows, "temperature", "quantity that beta determines")

#define DMUMU_DISK_KEYS(X) DMUMU_REGION_KEYS(X, "900", "[collisionless, viscous]", "1e6")
#define DMUMU_HALO_KEYS(X) DMUMU_REGION_KEYS(X, "5100", "[collisionless]", "1e6")

struct dmumu_key_section;

/** One key. */
struct dmumu_key {
    const char *name;
    enum dmumu_key_kind kind;
    double low, high;
    const char *unit;                        /* NULL where the value is a word or text */
    const char *(*choice)(size_t i);         /* the i-th allowed word, NULL past the end; or NULL */
    const char *fallback;                    /* the default as YAML; NULL: none */
    const char *meaning;                     /* a phrase */
    const struct dmumu_key_section *section; /* of a section: its keys */
};

struct dmumu_key_section {
    size_t n;
    const struct dmumu_key *keys;
};

/** The whole file: title, lookup_*, axes, model, disk, halo. */
const struct dmumu_key_section *dmumu_key_root(void);
/** The key of that name in one section, or NULL. */
const struct dmumu_key *dmumu_key_in_section(const struct dmumu_key_section *section, const char *name);
/** The key at a dotted path, or NULL. */
const struct dmumu_key *dmumu_key_at_path(const char *path);
/** The index of `word` among the choices of a key, -1 if it is none of them. */
int dmumu_key_choice(const struct dmumu_key *key, const char *word);
/** What a right value would be ("a number from 1e-08 to 0.1", "one of: zone, none"). */
void dmumu_key_describe(const struct dmumu_key *key, size_t size, char text[]);

const char *dmumu_choice_region(size_t i);
const char *dmumu_choice_mode(size_t i);
const char *dmumu_choice_broadening(size_t i);
const char *dmumu_choice_cascade(size_t i);
const char *dmumu_choice_confinement(size_t i);
const char *dmumu_choice_variant(size_t i);
const char *dmumu_choice_beta_follows(size_t i);
const char *dmumu_choice_spacing(size_t i); /* linear, log */
const char *dmumu_choice_damping(size_t i); /* collisionless, viscous */

#endif
