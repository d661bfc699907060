/* Libraries: which MPI and HDF5 the program was compiled with, and which it runs with. */
#ifndef DMUMU_CUBE_LIBRARIES_H
#define DMUMU_CUBE_LIBRARIES_H

#include <stdbool.h>

struct dmumu_library {
    const char *name;  /* "Open MPI", "HDF5" */
    char compiled[32]; /* version of the headers: "4.1.4"; "" where they do not tell */
    char loaded[32];   /* version of the library: the same, or another */
    char in_full[128]; /* what the library says of itself, one line */
};

/** After MPI has started. */
struct dmumu_library dmumu_library_mpi(void);
struct dmumu_library dmumu_library_hdf5(void);
/** Is the library the one that the headers belong to, as far as they tell? */
bool dmumu_library_fits(const struct dmumu_library *library);
/** The first version number in a text, "4.1.4" of "Open MPI v4.1.4, package: ..."; "" if there is none. */
void dmumu_library_version(const char *text, char version[static 32]);

#endif
