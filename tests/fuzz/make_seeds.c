/*
 * Write the seeds of fuzz_cube into a folder: make_seeds FOLDER. Small cubes, whole, unfinished and finished; and bytes for
 * the recipes, one of each kind of step.
 */
#include "fuzz.h"

#include "../unit/tiny_cube.h"
#include "cube/hdf.h"

#include <string.h>

static bool write_recipe(const char *folder, unsigned step, unsigned name)
{
    char path[4096];
    uint8_t bytes[40];
    snprintf(path, sizeof path, "%s/recipe_%u_%u", folder, step, name);
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)(step * 41 + name * 7 + i * 13);
    }
    bytes[0] = (uint8_t)name; /* an unfinished cube, or a finished one */
    bytes[1] = (uint8_t)step;
    bytes[2] = (uint8_t)name;
    FILE *file = fopen(path, "wb");
    const bool written = file != NULL && fwrite(bytes, 1, sizeof bytes, file) == sizeof bytes;
    return file != NULL && fclose(file) == 0 && written;
}

static bool write_cube(const char *folder, const char *name, uint64_t done, bool finished)
{
    char path[4096];
    struct dmumu_cube_spec spec = tiny_cube_spec();
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return tiny_cube_make(path, &spec, done, false) && (!finished || tiny_cube_finish(path));
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: make_seeds FOLDER\n");
        return 2;
    }
    dmumu_hdf_silence();
    bool made = write_cube(argv[1], "new.part", 0, false) && write_cube(argv[1], "begun.part", 5, false) &&
                write_cube(argv[1], "whole.h5", TINY_CURVES, true);
    for (unsigned step = 0; step < 8; step++) {
        for (unsigned name = 0; name < 23; name += 5) {
            made = made && write_recipe(argv[1], step, name + step % 5);
        }
    }
    if (!made) {
        fprintf(stderr, "make_seeds: %s cannot be written\n", argv[1]);
    }
    return made ? 0 : 1;
}
