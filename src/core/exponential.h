/*
 * Exponential: exp(x) without branches or tables, so that loops over it run in vector registers.
 *
 * x = k ln 2 + r, |r| <= ln(2)/2, and Taylor's polynomial of degree 13 in r, whose remainder is 4e-18. To 2e-16
 * relative for -708 < x < 708, clamped to that range outside. The same bits with every vector width.
 */
#ifndef DMUMU_CORE_EXPONENTIAL_H
#define DMUMU_CORE_EXPONENTIAL_H

#include <stdint.h>
#include <string.h>

/* `limit` where `beyond`, else x. By masks: of a condition compilers make a branch, and no loop with one is vectorised. */
static inline double dmumu_exp_limited(double x, int beyond, double limit)
{
    const uint64_t mask = -(uint64_t)beyond;
    uint64_t bits;
    uint64_t limit_bits;
    double limited;
    memcpy(&bits, &x, sizeof bits);
    memcpy(&limit_bits, &limit, sizeof limit_bits);
    bits = (bits & ~mask) | (limit_bits & mask);
    memcpy(&limited, &bits, sizeof limited);
    return limited;
}

static inline double dmumu_exp(double x)
{
    const double shift = 0x1.8p52; /* added, it leaves the nearest integer in the last bits */
    const double above = dmumu_exp_limited(x, x < -708.0, -708.0);
    const double bounded = dmumu_exp_limited(above, above > 708.0, 708.0);
    const double shifted = bounded * 0x1.71547652b82fep+0 + shift;
    const double k = shifted - shift;
    const double r = (bounded - k * 0x1.62e42fefa0000p-1) - k * 0x1.cf79abc9e3b3ap-40; /* ln 2 in two parts */
    /* in pairs, and pairs of these (Estrin's scheme): one after the other, each would wait for the one before */
    const double r2 = r * r;
    const double r4 = r2 * r2;
    const double p2 = (1.0 / 2.0 + 1.0 / 6.0 * r) + (1.0 / 24.0 + 1.0 / 120.0 * r) * r2;
    const double p6 = (1.0 / 720.0 + 1.0 / 5040.0 * r) + (1.0 / 40320.0 + 1.0 / 362880.0 * r) * r2;
    const double p10 = (1.0 / 3628800.0 + 1.0 / 39916800.0 * r) + (1.0 / 479001600.0 + 1.0 / 6227020800.0 * r) * r2;
    const double p = 1.0 + (r + (p2 + (p6 + p10 * r4) * r4) * r2);
    uint64_t bits;
    double power;
    memcpy(&bits, &shifted, sizeof bits);
    bits = (bits + 1023) << 52; /* 2^k */
    memcpy(&power, &bits, sizeof power);
    return p * power;
}

#endif
