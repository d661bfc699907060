/* Cross table: the file cr/Evoli2019_cumulative_to_B_on_H_mbarn.txt of the reference data, where it is there. */
#ifndef TESTS_UNIT_CROSS_TABLE_H
#define TESTS_UNIT_CROSS_TABLE_H

#include "dmumu.h"

enum { CROSS_TABLE_ROWS = 1024, CROSS_TABLE_CHANNELS = 16 };

struct cross_table {
    double energy_gev_n[CROSS_TABLE_ROWS];
    double cross_section_mb[CROSS_TABLE_CHANNELS][CROSS_TABLE_ROWS];
    struct dmumu_channel channel[CROSS_TABLE_CHANNELS];
    struct dmumu_cross_sections sections; /* of the channels whose nuclei dmumu knows; points into this struct */
};

/** False, with a message, when the file is not there; fails the test when it is not what it should be. */
bool cross_table_read(struct cross_table *table);

/** "FOLDER/name" of the reference data. */
void cross_table_path(const char *name, size_t size, char path[]);

#endif
