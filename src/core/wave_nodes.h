/*
 * Wave nodes: points in w = R s x_perp for the Alfven and slow modes' integrals, of one mode and harmonic.
 *
 * Panels of at most 2.4 in ln w up to w = 2, of 6 in w through the lobes up to where the oscillations have been faded
 * out, and of 2.4 in ln w again, far enough for the lowest R, where critical balance puts the waves that matter at w ~
 * R^-1/2. Kronrod's 15 points on each, Gauss's 7 among them for the error.
 */
#ifndef DMUMU_CORE_WAVE_NODES_H
#define DMUMU_CORE_WAVE_NODES_H

#include "core/bessel.h"
#include "core/state.h"

/** Weights of int dw/w f, with the (faded) Bessel factor. Owned. */
struct dmumu_wave_nodes {
    size_t n, capacity;
    double *ln_w;
    double *weight;        /* Kronrod, x Bessel factor */
    double *weight_coarse; /* the embedded Gauss, x Bessel factor */
    size_t tail; /* of all nodes: the first beyond w = 2; from there on those of all starts below it are the same */
    size_t far;  /* of all nodes: the first from which on the factor is the mean over the phase alone */
    double *lobe, *mean; /* of all nodes: Kronrod's weights on panels from w = 2 on, x Bessel factor and x its mean */
};

/** Nodes from so little w on that nothing is left out. `nodes` are zeroed. */
enum dmumu_status dmumu_wave_nodes_make_all(enum dmumu_bessel_kind kind, int n, struct dmumu_wave_nodes *nodes);

/** Nodes from w_start on, where the cascade begins; `all` of the same kind and n. Memory is reused. */
enum dmumu_status dmumu_wave_nodes_make_from(enum dmumu_bessel_kind kind, int n, double w_start,
                                             const struct dmumu_wave_nodes *all, struct dmumu_wave_nodes *nodes);

void dmumu_wave_nodes_free(struct dmumu_wave_nodes *nodes);

#endif
