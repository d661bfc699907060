/*
 * Options: what the command lines of several commands have in common. Each of these that can refuse says why as
 * dmumu_cmd_usage does, and returns an exit status.
 */
#ifndef DMUMU_CMD_OPTIONS_H
#define DMUMU_CMD_OPTIONS_H

#include "cmd.h"

/** Where the value of an option goes: the last one to `text`, all to `list`, and that it was given to `flag`; NULL: nowhere. */
struct dmumu_option_place {
    int option; /* `val` of its struct option */
    const char **text;
    bool *flag;
    const char **list; /* [argc] */
    size_t *n_list;
};

/** Read all options, of which -o has a value; optind is left at the first word that is none. `n` places. */
int dmumu_options_parse(const char *command, int argc, char **argv, const struct option options[], size_t n,
                        const struct dmumu_option_place place[]);

/** The one cube that is left when getopt_long is done. */
int dmumu_options_one_cube(const char *command, int argc, char **argv, const char **cube);

/** --range FROM:TO in GV, ascending; of `fallback` where `text` is NULL. */
int dmumu_options_range(const char *command, const char *text, const char *fallback, double *from_gv, double *to_gv);

/** A whole number from `low` to `high`; *value stays as it is where `text` is NULL. */
int dmumu_options_whole(const char *command, const char *option, const char *text, long low, long high, size_t *value);

/** --nucleus; protons where `text` is NULL. */
int dmumu_options_nucleus(const char *command, const char *text, enum dmumu_isotope *isotope);

/** Are two paths those of one file, of which either may not be there? */
bool dmumu_options_same_file(const char *one, const char *other);

/** A file to be written: not the cube, and new unless it may be overwritten. A NULL path is no file. */
int dmumu_options_new_file(const char *command, const char *option, const char *path, const char *cube, bool overwrite);

#endif
