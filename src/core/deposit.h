/*
 * Deposit: the directions of one damping, laid onto rows of ln tan(theta) and lattice points of ln X, X = x xi.
 *
 * A direction asks for J_n'^2 at a t between rows, and ends at an X = x_max xi between lattice points. What it is asked for is
 * smooth in both once it has been integrated over the resonance, and interpolation is linear, so the weights of all
 * directions can be summed first, once per damping, whatever mu: for each row a short list of weights over consecutive
 * lattice points, its taps, however many directions there were. Columns (columns.h) are made of them. The embedded
 * coarser rule of wave angles has taps of its own, for the error.
 */
#ifndef DMUMU_CORE_DEPOSIT_H
#define DMUMU_CORE_DEPOSIT_H

#include "core/angles.h"
#include "core/filter.h"
#include "core/lattice.h"

#include <stdbool.h>

/**
 * Classes of lattices: the step of class k is 2^-k of that of class 0, for resonances so much narrower. The
 * transit-time sum has no resonance to resolve, but the lobes of J_1^2, which all directions may share.
 */
enum { DMUMU_DEPOSIT_CLASSES = 4, DMUMU_TRANSIT_CLASS = 1 };
double dmumu_deposit_step(double tolerance, int step_class);
/** The classes in use, the finest for tight tolerances alone: from the first of them, on to before the end. */
int dmumu_deposit_first_class(double tolerance);
int dmumu_deposit_classes_end(double tolerance);
/**
 * Is the tolerance so tight that the lobes of J'^2 count? The waves across B that survive collisionless damping begin at
 * an angle that hardly depends on R, and so sharply that lobes do not cancel in the sum over directions: 1e-5 of D_F is made
 * of such boundary terms where resonances are narrow.
 */
bool dmumu_deposit_follows_lobes(double tolerance);
/** Rows over t, denser for tighter tolerances: how many, and which t (dmumu_rows_position). */
enum { DMUMU_MAX_ROWS = 424 };
struct dmumu_rows {
    int n;
    double density; /* rows per unit of ln t, where J'^2 has its lobes */
};
struct dmumu_rows dmumu_rows_of(double tolerance);
/** Position of a direction among the rows: a real number, row 0 first. */
double dmumu_rows_position(const struct dmumu_rows *rows, double ln_tangent);

/** Gyro-resonance: for each row, where the cascade ends (x_max) and, to be subtracted, where it starts (x = 1). */
struct dmumu_deposit {
    double step;
    struct dmumu_rows rows;
    struct dmumu_taps end[DMUMU_MAX_ROWS], start[DMUMU_MAX_ROWS]; /* [rows.n] */
    double *memory;                                               /* owned: all taps */
    size_t capacity;
};

/** @return DMUMU_OK or DMUMU_ERROR_MEMORY */
enum dmumu_status dmumu_deposit_make(const struct dmumu_angles *angles, const struct dmumu_rows *rows, double step,
                                     struct dmumu_deposit *deposit);
void dmumu_deposit_free(struct dmumu_deposit *deposit);

#endif
