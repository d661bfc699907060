/*
 * Python: how the program starts a module of analysis/dmumu.
 *
 * Which Python: $DMUMU_PYTHON, else /usr/bin/python3, else python3 of PATH. The package is looked for beside the
 * program: in the checkout that it was built in (analysis/), or where `make install` puts it
 * (PREFIX/share/dmumu/python); where it is in neither, Python may have it.
 */
#ifndef DMUMU_CMD_PYTHON_H
#define DMUMU_CMD_PYTHON_H

#include <stddef.h>

struct dmumu_python {
    const char *module;       /* such as dmumu.report */
    const char *const *needs; /* [n_needs] modules that it imports, by the names that pip knows them by */
    size_t n_needs;
    const char *const *argument; /* [n_arguments] */
    size_t n_arguments;
};

/**
 * Become that module: this process ends as Python ends. Returns only where that cannot be, the status of what was said
 * about it: no Python, one too old, or modules that it has not.
 */
int dmumu_python_become(const char *command, const struct dmumu_python *python);

/** Print what a shell would be told, on one line, and flush; returns an exit status. */
int dmumu_python_print(const char *command, const struct dmumu_python *python);

#endif
