/* Keys: the table of config_keys.h laid out, and ways to look into it. */
#include "scan/config_keys.h"

#include "dmumu.h"
#include "scan/config.h"

#include <stdio.h>
#include <string.h>

#define CHOICE(noun)                                                                                                   \
    const char *dmumu_choice_##noun(size_t i)                                                                          \
    {                                                                                                                  \
        return dmumu_##noun##_name((enum dmumu_##noun)i);                                                              \
    }

CHOICE(region)
CHOICE(mode)
CHOICE(broadening)
CHOICE(cascade)
CHOICE(confinement)
CHOICE(variant)
CHOICE(beta_follows)

const char *dmumu_choice_spacing(size_t i)
{
    static const char *const words[] = {"linear", "log"};
    return i < sizeof words / sizeof *words ? words[i] : NULL;
}

const char *dmumu_choice_damping(size_t i)
{
    static const char *const words[] = {"collisionless", "viscous"};
    return i < sizeof words / sizeof *words ? words[i] : NULL;
}

/* clang-format off */
#define ROW(kind_, name_, low_, high_, unit_, choice_, fallback_, meaning_)                                            \
    {.name = #name_, .kind = DMUMU_KEY_##kind_, .low = low_, .high = high_, .unit = unit_, .choice = choice_,          \
     .fallback = fallback_, .meaning = meaning_},
#define SECTION(name_, section_, meaning_)                                                                             \
    {.name = name_, .kind = DMUMU_KEY_SECTION, .section = &(section_), .meaning = meaning_},
/* clang-format on */
#define TABLE(table)                                                                                                   \
    {                                                                                                                  \
        .n = sizeof(table) / sizeof *(table), .keys = (table)                                                          \
    }

static const struct dmumu_key alfven_mach_keys[] = {DMUMU_ALFVEN_MACH_KEYS(ROW)};
static const struct dmumu_key beta_keys[] = {DMUMU_BETA_KEYS(ROW)};
static const struct dmumu_key injection_scale_keys[] = {DMUMU_INJECTION_SCALE_KEYS(ROW)};
static const struct dmumu_key rigidity_keys[] = {DMUMU_RIGIDITY_KEYS(ROW)};
static const struct dmumu_key fraction_keys[] = {DMUMU_FRACTION_KEYS(ROW)};
static const struct dmumu_key disk_keys[] = {DMUMU_DISK_KEYS(ROW)};
static const struct dmumu_key halo_keys[] = {DMUMU_HALO_KEYS(ROW)};

static const struct dmumu_key_section alfven_mach_section = TABLE(alfven_mach_keys);
static const struct dmumu_key_section beta_section = TABLE(beta_keys);
static const struct dmumu_key_section injection_scale_section = TABLE(injection_scale_keys);
static const struct dmumu_key_section rigidity_section = TABLE(rigidity_keys);
static const struct dmumu_key_section fraction_section = TABLE(fraction_keys);
static const struct dmumu_key_section disk_section = TABLE(disk_keys);
static const struct dmumu_key_section halo_section = TABLE(halo_keys);

/* clang-format off */
static const struct dmumu_key axes_keys[] = {
    DMUMU_AXES_KEYS(ROW)
    SECTION("alfven_mach", alfven_mach_section, "Alfvenic Mach number M_A")
    SECTION("beta", beta_section, "plasma beta")
    SECTION("injection_scale_pc", injection_scale_section, "injection scale L of the turbulence")
    SECTION("rigidity_gv", rigidity_section, "rigidity of the particles")
};
static const struct dmumu_key_section axes_section = TABLE(axes_keys);

static const struct dmumu_key model_keys[] = {
    DMUMU_MODEL_KEYS(ROW)
    SECTION("energy_fraction", fraction_section, "factor on the spectrum of each mode")
};
static const struct dmumu_key_section model_section = TABLE(model_keys);

static const struct dmumu_key root_keys[] = {
    DMUMU_TITLE_KEYS(ROW)
    DMUMU_LOOKUP_KEYS(ROW)
    SECTION("axes", axes_section, "the coordinates of the scan")
    SECTION("model", model_section, "the physics")
    SECTION("disk", disk_section, "the medium of the disk")
    SECTION("halo", halo_section, "the medium of the halo")
};
static const struct dmumu_key_section root_section = TABLE(root_keys);
/* clang-format on */

const struct dmumu_key_section *dmumu_key_root(void)
{
    return &root_section;
}

const struct dmumu_key *dmumu_key_in_section(const struct dmumu_key_section *section, const char *name)
{
    for (size_t i = 0; i < section->n; i++)
        if (strcmp(section->keys[i].name, name) == 0)
            return &section->keys[i];
    return NULL;
}

const struct dmumu_key *dmumu_key_at_path(const char *path)
{
    const struct dmumu_key_section *section = &root_section;
    for (;;) {
        const size_t length = strcspn(path, ".");
        const struct dmumu_key *key = NULL;
        for (size_t i = 0; section && i < section->n; i++)
            if (strncmp(section->keys[i].name, path, length) == 0 && section->keys[i].name[length] == '\0')
                key = &section->keys[i];
        if (!key || path[length] == '\0')
            return key;
        section = key->section;
        path += length + 1;
    }
}

int dmumu_key_choice(const struct dmumu_key *key, const char *word)
{
    for (size_t i = 0; key->choice(i); i++)
        if (strcmp(key->choice(i), word) == 0)
            return (int)i;
    return -1;
}

static void describe_choices(const struct dmumu_key *key, size_t size, char text[])
{
    const char *article = key->kind == DMUMU_KEY_WORDS ? "a list of some of: " : "one of: ";
    size_t used = (size_t)snprintf(text, size, "%s", article);
    for (size_t i = 0; key->choice(i) && used < size; i++)
        used += (size_t)snprintf(text + used, size - used, "%s%s", i ? ", " : "", key->choice(i));
}

void dmumu_key_describe(const struct dmumu_key *key, size_t size, char text[])
{
    const char *unit = key->unit && strcmp(key->unit, "1") != 0 ? key->unit : "";
    const char *space = *unit ? " " : "";
    switch (key->kind) {
    case DMUMU_KEY_TEXT:
        snprintf(text, size, "text");
        break;
    case DMUMU_KEY_NUMBER:
        snprintf(text, size, "a number from %g to %g%s%s", key->low, key->high, space, unit);
        break;
    case DMUMU_KEY_COUNT:
        snprintf(text, size, "a whole number from %g to %g", key->low, key->high);
        break;
    case DMUMU_KEY_WORD:
    case DMUMU_KEY_WORDS:
        describe_choices(key, size, text);
        break;
    case DMUMU_KEY_NUMBERS:
        snprintf(text, size, "a list of ascending numbers from %g to %g%s%s", key->low, key->high, space, unit);
        break;
    case DMUMU_KEY_NUMBER_OR_SPITZER:
        snprintf(text, size, "a number from %g to %g, or spitzer", key->low, key->high);
        break;
    case DMUMU_KEY_SECTION:
        snprintf(text, size, "a section with keys of its own");
        break;
    }
}

/* Paths for dmumu_config_key, which returns constant strings: spelled by the same lists. */
#define PATH_AXES(kind_, name_, ...)            "axes." #name_,
#define PATH_ALFVEN_MACH(kind_, name_, ...)     "axes.alfven_mach." #name_,
#define PATH_BETA(kind_, name_, ...)            "axes.beta." #name_,
#define PATH_INJECTION_SCALE(kind_, name_, ...) "axes.injection_scale_pc." #name_,
#define PATH_RIGIDITY(kind_, name_, ...)        "axes.rigidity_gv." #name_,
#define PATH_MODEL(kind_, name_, ...)           "model." #name_,
#define PATH_FRACTION(kind_, name_, ...)        "model.energy_fraction." #name_,
#define PATH_DISK(kind_, name_, ...)            "disk." #name_,
#define PATH_HALO(kind_, name_, ...)            "halo." #name_,
#define PATH_ROOT(kind_, name_, ...)            #name_,

/* clang-format off */
static const char *const paths[] = {
    DMUMU_TITLE_KEYS(PATH_ROOT)
    DMUMU_LOOKUP_KEYS(PATH_ROOT)
    DMUMU_AXES_KEYS(PATH_AXES)
    DMUMU_ALFVEN_MACH_KEYS(PATH_ALFVEN_MACH)
    DMUMU_BETA_KEYS(PATH_BETA)
    DMUMU_INJECTION_SCALE_KEYS(PATH_INJECTION_SCALE)
    DMUMU_RIGIDITY_KEYS(PATH_RIGIDITY)
    DMUMU_MODEL_KEYS(PATH_MODEL)
    DMUMU_FRACTION_KEYS(PATH_FRACTION)
    DMUMU_DISK_KEYS(PATH_DISK)
    DMUMU_HALO_KEYS(PATH_HALO)
};
/* clang-format on */

const char *dmumu_config_key(size_t i)
{
    return i < sizeof paths / sizeof *paths ? paths[i] : NULL;
}
