/* Options: see cmd_options.h. */
#include "cmd_options.h"

#include "cmd_numbers.h"
#include "scan/config_scalar.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void store(const struct dmumu_option_place *place)
{
    if (place->text)
        *place->text = optarg;
    if (place->list)
        place->list[(*place->n_list)++] = optarg;
    if (place->flag)
        *place->flag = true;
}

int dmumu_options_parse(const char *command, int argc, char **argv, const struct option options[], size_t n,
                        const struct dmumu_option_place place[])
{
    opterr = 0;
    optind = 1;
    int option;
    while ((option = getopt_long(argc, argv, ":o:h", options, NULL)) != -1) {
        size_t i = 0;
        while (i < n && place[i].option != option)
            i++;
        if (i == n)
            return dmumu_cmd_bad_option(command, option, argv, options);
        store(&place[i]);
    }
    return DMUMU_EXIT_OK;
}

int dmumu_options_one_cube(const char *command, int argc, char **argv, const char **cube)
{
    if (optind == argc)
        return dmumu_cmd_usage(command, "a cube is wanted");
    if (argc - optind > 1)
        return dmumu_cmd_usage(command, "one cube is wanted, and '%.80s' is a second", argv[optind + 1]);
    *cube = argv[optind];
    return DMUMU_EXIT_OK;
}

int dmumu_options_range(const char *command, const char *text, const char *fallback, double *from_gv, double *to_gv)
{
    const struct dmumu_key key = {.kind = DMUMU_KEY_NUMBER, .low = 1e-3, .high = 1e10, .unit = "GV"};
    text = text ? text : fallback;
    const char *colon = strchr(text, ':');
    if (!colon || strchr(colon + 1, ':'))
        return dmumu_cmd_usage(command, "--range: '%.60s' must be from:to, such as %s", text, fallback);
    int status = dmumu_numbers_one(command, "--range", text, (size_t)(colon - text), &key, from_gv);
    if (status == DMUMU_EXIT_OK)
        status = dmumu_numbers_one(command, "--range", colon + 1, strlen(colon + 1), &key, to_gv);
    if (status == DMUMU_EXIT_OK && !(*to_gv > *from_gv))
        status = dmumu_cmd_usage(command, "--range: '%.60s' is not ascending; to must be larger than from", text);
    return status;
}

int dmumu_options_whole(const char *command, const char *option, const char *text, long low, long high, size_t *value)
{
    long number = 0;
    if (!text)
        return DMUMU_EXIT_OK;
    if (!dmumu_scalar_integer(text, &number) || number < low || number > high)
        return dmumu_cmd_usage(command, "%s: '%.60s'; it must be a whole number from %ld to %ld", option, text, low,
                               high);
    *value = (size_t)number;
    return DMUMU_EXIT_OK;
}

int dmumu_options_nucleus(const char *command, const char *text, enum dmumu_isotope *isotope)
{
    *isotope = text ? dmumu_isotope_find(text) : DMUMU_H1;
    if (*isotope != DMUMU_N_ISOTOPES)
        return DMUMU_EXIT_OK;
    return dmumu_cmd_usage(command,
                           "--nucleus: '%.60s' is unknown; it must be one of: H1, He4, B10, B11, C12, N14, O16, Ne20, "
                           "Mg24, Si28",
                           text);
}

bool dmumu_options_same_file(const char *one, const char *other)
{
    struct stat a, b;
    if (strcmp(one, other) == 0)
        return true;
    return stat(one, &a) == 0 && stat(other, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

int dmumu_options_new_file(const char *command, const char *option, const char *path, const char *cube, bool overwrite)
{
    if (!path)
        return DMUMU_EXIT_OK;
    if (dmumu_options_same_file(path, cube))
        return dmumu_cmd_usage(command, "%s: '%s' is the cube itself", option, path);
    if (!overwrite && access(path, F_OK) == 0)
        return dmumu_cmd_usage(command, "%s: '%s' exists; --overwrite replaces it", option, path);
    return DMUMU_EXIT_OK;
}
