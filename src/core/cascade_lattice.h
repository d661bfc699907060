/*
 * Cascade lattice: rates of the Alfven and slow modes at the nodes of one panel, over R.
 *
 * Where the cascade's start lies beyond the resonance and the first lobe of the Bessel function, these rates are smooth
 * functions of ln R: they are made once on a lattice, for all beta, L and regions, and their logarithms interpolated
 * from eight points. Nearer to R = 1 they end as steeply as the resonance is narrow, or carry the Bessel function's
 * lobes: there they are made for each R. What was made at a list of R is kept with it, for the curves of all beta and
 * regions.
 */
#ifndef DMUMU_CORE_CASCADE_LATTICE_H
#define DMUMU_CORE_CASCADE_LATTICE_H

#include "core/cascade.h"
#include "core/lazy.h"
#include "core/rules.h"

#include <stdatomic.h>

/** The lattice is made block by block; its first point lies a stencil's room below the least R. */
enum { DMUMU_CASCADE_BLOCKS = 28, DMUMU_CASCADE_BLOCK = 8 };

/** Room for a panel's nodes in whole vector registers. */
enum { DMUMU_CASCADE_LANES = 16 };

/** Rates of a panel's nodes at one R; errors absolute. */
struct dmumu_cascade_column {
    double gyro[DMUMU_CASCADE_LANES], transit[DMUMU_CASCADE_LANES];
    double gyro_error[DMUMU_CASCADE_LANES], transit_error[DMUMU_CASCADE_LANES];
};

/** Bytes that lists of all lattices share with others, and how many there may be. */
struct dmumu_cascade_room {
    atomic_size_t *bytes;
    const size_t *most;
};

/** Of one mode on one panel. */
struct dmumu_cascade_lattice {
    struct dmumu_lazy lazy[DMUMU_CASCADE_BLOCKS];
    struct dmumu_cascade_column *column; /* [points]: logarithms, errors relative; owned; NULL until the first block */
    omp_lock_t lock;                     /* of `column` and of what follows */
    struct dmumu_cascade_list **list;    /* [n_lists] by their number; NULL where there is none; owned */
    int n_lists;
    size_t list_bytes;
    struct dmumu_cascade_room room; /* {NULL}: enough */
};

/** What rates at a panel's nodes are made from, of one mode; and the last lattice points at which they are smooth. */
struct dmumu_cascade_source {
    const struct dmumu_cascade_common *common;
    const struct dmumu_state *state;
    const struct dmumu_cascade_table *table[DMUMU_KRONROD_N];
    long gyro_reach[DMUMU_KRONROD_N], transit_reach[DMUMU_KRONROD_N], taps_reach[DMUMU_KRONROD_N];
};

/** @param[in] room  must outlive the lattice; {NULL}: lists may take what they need */
void dmumu_cascade_lattice_init(struct dmumu_cascade_lattice *lattice, struct dmumu_cascade_room room);
void dmumu_cascade_lattice_free(struct dmumu_cascade_lattice *lattice);

/** `reach` of a source whose other members are there. */
void dmumu_cascade_source_finish(struct dmumu_cascade_source *source);

/** Where ln R lies on the lattice. */
struct dmumu_place dmumu_cascade_place_of(double larmor_ratio);

/**
 * Make what the R chosen need. Thread-safe.
 * @param[in]     place    [n] of each R
 * @param[in]     chosen   [n] non-zero where wanted
 * @param[in,out] scratch  of the calling thread
 * @return DMUMU_OK or DMUMU_ERROR_MEMORY
 */
enum dmumu_status dmumu_cascade_lattice_make(struct dmumu_cascade_lattice *lattice,
                                             const struct dmumu_cascade_source *source, size_t n,
                                             const struct dmumu_place place[], const uint8_t chosen[],
                                             struct dmumu_wave_nodes *scratch);

/**
 * Rates of all nodes at one R for which the lattice was made. Thread-safe.
 * @return DMUMU_OK or DMUMU_ERROR_MEMORY
 */
enum dmumu_status dmumu_cascade_lattice_rates(const struct dmumu_cascade_lattice *lattice,
                                              const struct dmumu_cascade_source *source, double larmor_ratio,
                                              const struct dmumu_place *place, struct dmumu_wave_nodes *scratch,
                                              struct dmumu_cascade_column *column);

/** Rates of a panel's nodes at one R of a list; errors absolute. */
struct dmumu_cascade_entry {
    double gyro[DMUMU_KRONROD_N], gyro_error[DMUMU_KRONROD_N];
    double *transit, *transit_error; /* [DMUMU_KRONROD_N]; NULL for Alfven modes, which have none */
    double memory[];
};

/** Rates at the R of a list; those that were asked for. */
struct dmumu_cascade_list {
    size_t n;
    bool kept;
    struct dmumu_lazy *lazy;             /* [n] of each entry, owned */
    struct dmumu_cascade_entry *entry[]; /* [n], owned; NULL where nobody has asked yet */
};

/** A list of R to ask for. */
struct dmumu_cascade_ask {
    int number; /* of ratios.h */
    size_t n;
    const double *larmor_ratio;      /* [n] */
    const struct dmumu_place *place; /* [n] of each R */
    const uint8_t *chosen;           /* [n] non-zero where wanted */
};

/**
 * The list of these R, its entries made where chosen. Thread-safe: threads that need the same ones share the work. Those
 * that are made never change.
 * @param[in]     source   need not be finished
 * @param[in,out] scratch  of the calling thread
 * @return to be released; NULL without memory
 */
const struct dmumu_cascade_list *dmumu_cascade_lattice_list(struct dmumu_cascade_lattice *lattice,
                                                            const struct dmumu_cascade_source *source,
                                                            const struct dmumu_cascade_ask *ask,
                                                            struct dmumu_wave_nodes *scratch);
/** Frees a list for which there was no room; may be NULL. */
void dmumu_cascade_list_release(const struct dmumu_cascade_list *list);

#endif
