/*
 * Entries of columns (columns.h): what each row's directions contribute to C at each X, by X, to be cumulated.
 *
 * A row's list of taps (deposit.h) says where its waves end, or start, between lattice points of ln X. Weights at the
 * end of a sum that stands for an integral, as Euler and Maclaurin have them, make of each tap eight entries.
 */
#ifndef DMUMU_CORE_COLUMN_ENTRIES_H
#define DMUMU_CORE_COLUMN_ENTRIES_H

#include "core/deposit.h"

#include <stdint.h>

/** Of one row at one X: in all, and by how much the coarser rule has less. */
struct dmumu_column_entry {
    double value;
    float gap;
    int32_t row;
};

/**
 * Of one damping. Memory is used again; begin with zeros.
 *
 * X come in chunks: what all entries before a chunk add up to, row by row, is there as well, so that columns can be
 * cumulated from any chunk on.
 */
struct dmumu_column_entries {
    long first_x;                      /* lattice index of 1/X; before that, nothing is there */
    size_t n_x;                        /* until nothing changes */
    struct dmumu_column_entry *entry;  /* owned: those of one X after those of another */
    size_t *end;                       /* [n_x] owned: of those of each X */
    size_t chunk, n_chunks;            /* points of X; of n_x and one block more */
    struct dmumu_column_entry *before; /* [n_chunks][rows] owned: sums of those before each chunk */
    size_t *n_before;                  /* [n_chunks] owned: how many rows have any; they come first */
    size_t capacity, x_capacity, before_capacity, chunk_capacity;
};

/** @return DMUMU_OK or DMUMU_ERROR_MEMORY */
enum dmumu_status dmumu_column_entries_make(const struct dmumu_deposit *deposit, struct dmumu_column_entries *entries);
void dmumu_column_entries_free(struct dmumu_column_entries *entries);

#endif
