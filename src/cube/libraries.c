/* Libraries: macros of the headers against what the libraries say (see libraries.h). */
#include "cube/libraries.h"

#include <hdf5.h>
#include <mpi.h>
#include <stdio.h>
#include <string.h>

#if defined OPEN_MPI
#define MPI_NAME "Open MPI"
#elif defined I_MPI_VERSION
#define MPI_NAME "Intel MPI"
#elif defined MPICH_VERSION
#define MPI_NAME "MPICH"
#else
#define MPI_NAME "MPI"
#endif

void dmumu_library_version(const char *text, char version[static 32])
{
    static const char digits[] = "0123456789", of_version[] = "0123456789.";
    version[0] = '\0';
    for (const char *at = text + strcspn(text, digits); *at; at += strcspn(at, digits)) {
        size_t length = strspn(at, of_version);
        if (memchr(at, '.', length)) {
            length -= at[length - 1] == '.';
            snprintf(version, 32, "%.*s", (int)length, at);
            return;
        }
        at += length;
    }
}

struct dmumu_library dmumu_library_mpi(void)
{
    struct dmumu_library library = {.name = MPI_NAME};
    char text[MPI_MAX_LIBRARY_VERSION_STRING];
    int length = 0;
#if defined OPEN_MPI
    snprintf(library.compiled, sizeof library.compiled, "%d.%d.%d", OMPI_MAJOR_VERSION, OMPI_MINOR_VERSION,
             OMPI_RELEASE_VERSION);
#elif defined I_MPI_VERSION
    snprintf(library.compiled, sizeof library.compiled, "%s", I_MPI_VERSION);
#elif defined MPICH_VERSION
    snprintf(library.compiled, sizeof library.compiled, "%s", MPICH_VERSION);
#endif
    MPI_Get_library_version(text, &length);
    snprintf(library.in_full, sizeof library.in_full, "%.*s", (int)strcspn(text, "\n"), text);
    dmumu_library_version(text, library.loaded);
    return library;
}

struct dmumu_library dmumu_library_hdf5(void)
{
    struct dmumu_library library = {.name = "HDF5"};
    unsigned major = 0, minor = 0, release = 0;
    snprintf(library.compiled, sizeof library.compiled, "%d.%d.%d", H5_VERS_MAJOR, H5_VERS_MINOR, H5_VERS_RELEASE);
    if (H5get_libversion(&major, &minor, &release) >= 0)
        snprintf(library.loaded, sizeof library.loaded, "%u.%u.%u", major, minor, release);
    snprintf(library.in_full, sizeof library.in_full, "HDF5 %s", library.loaded);
    return library;
}

bool dmumu_library_fits(const struct dmumu_library *library)
{
    return library->compiled[0] == '\0' || strcmp(library->compiled, library->loaded) == 0;
}
