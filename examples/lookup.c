/* D at a few rigidities: lookup CUBE.h5 disk|halo M_A BETA L_PC   (cc lookup.c $(pkg-config --cflags --libs dmumu)) */
#include <dmumu.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    const double rigidity_gv[] = {1, 10, 100, 1e3, 1e4};
    double d_cm2_s[5];
    struct dmumu_cube *cube;
    struct dmumu_error error = {.message = "five arguments are wanted"};
    if (argc != 6 || dmumu_cube_open(argv[1], NULL, &cube, &error) != DMUMU_OK) {
        return fprintf(stderr, "lookup: %s\n", error.message), 1;
    }
    struct dmumu_point point = {argv[2][0] == 'h' ? DMUMU_HALO : DMUMU_DISK, strtod(argv[3], NULL),
                                strtod(argv[4], NULL), strtod(argv[5], NULL)};
    if (dmumu_cube_eval(cube, &point, 5, rigidity_gv, d_cm2_s, &error) != DMUMU_OK) {
        fprintf(stderr, "lookup: %s\n", error.message);
    }
    for (int i = 0; i < 5; i++) {
        printf("%g GV  %.9g cm2/s\n", rigidity_gv[i], d_cm2_s[i]);
    }
    dmumu_cube_close(cube);
}
