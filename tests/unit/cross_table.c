/* Cross table: see cross_table.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cross_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void cross_table_path(const char *name, size_t size, char path[])
{
    const char *folder = getenv("DMUMU_REFERENCE_DATA");
    (void)snprintf(path, size, "%s/%s", folder && *folder ? folder : "../shared/data", name);
}

/* The isotope of charge and mass number; DMUMU_N_ISOTOPES for one that is not known (C13, N15). */
static enum dmumu_isotope isotope_of(long charge, long mass_number)
{
    int i = 0;
    while (i < DMUMU_N_ISOTOPES && (dmumu_isotope_nuclide((enum dmumu_isotope)i)->charge != charge ||
                                    dmumu_isotope_nuclide((enum dmumu_isotope)i)->mass_number != mass_number)) {
        i++;
    }
    return (enum dmumu_isotope)i;
}

/* "Z6A12->B10": from and to of a column. */
static bool read_name(const char *word, struct dmumu_channel *channel)
{
    char *at = NULL;
    assert_true(word[0] == 'Z');
    const long charge = strtol(word + 1, &at, 10);
    assert_true(*at == 'A');
    const long mass_number = strtol(at + 1, &at, 10);
    assert_int_equal(strncmp(at, "->", 2), 0);
    channel->from = isotope_of(charge, mass_number);
    channel->to = dmumu_isotope_find(at + 2);
    assert_true(channel->to < DMUMU_N_ISOTOPES);
    return channel->from < DMUMU_N_ISOTOPES;
}

/* The names of the columns, in the second comment. */
static size_t read_names(char *line, struct dmumu_channel column[], bool known[])
{
    size_t n = 0;
    char *rest = NULL;
    for (char *word = strtok_r(line, " \t\n#", &rest); word; word = strtok_r(NULL, " \t\n#", &rest)) {
        if (word[0] == 'Z') {
            assert_true(n < CROSS_TABLE_CHANNELS);
            known[n] = read_name(word, &column[n]);
            n++;
        }
    }
    return n;
}

bool cross_table_read(struct cross_table *table)
{
    char path[4096], line[4096];
    cross_table_path("cr/Evoli2019_cumulative_to_B_on_H_mbarn.txt", sizeof path, path);
    FILE *file = fopen(path, "r");
    if (!file) {
        print_message("%s is not there (DMUMU_REFERENCE_DATA names the folder): skipped\n", path);
        return false;
    }
    struct dmumu_channel column[CROSS_TABLE_CHANNELS];
    bool known[CROSS_TABLE_CHANNELS] = {false};
    size_t columns = 0, rows = 0;
    while (fgets(line, sizeof line, file)) {
        if (line[0] == '#') {
            columns = strstr(line, "->") ? read_names(line, column, known) : columns;
            continue;
        }
        assert_true(rows < CROSS_TABLE_ROWS && columns == CROSS_TABLE_CHANNELS);
        char *at = line;
        table->energy_gev_n[rows] = strtod(at, &at);
        for (size_t i = 0; i < columns; i++) {
            table->cross_section_mb[i][rows] = strtod(at, &at);
        }
        rows++;
    }
    (void)fclose(file);
    assert_true(rows > 100);
    size_t n = 0;
    for (size_t i = 0; i < columns; i++) {
        if (known[i]) {
            table->channel[n] = column[i];
            table->channel[n++].cross_section_mb = table->cross_section_mb[i];
        }
    }
    table->sections = (struct dmumu_cross_sections){rows, table->energy_gev_n, n, table->channel};
    return true;
}
