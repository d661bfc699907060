/*
 * Logarithm: ln x of positive numbers, without branches or tables, so that loops over it run in vector registers.
 *
 * x = 2^k m, 1/2 < m^2 <= 2, and with f = m - 1 and s = f/(2 + f), ln m = 2 artanh s = f - f^2/2 + s (f^2/2 + R), R fdlibm's
 * polynomial in s^2 (e_log.c, error 2^-58). To 2e-16 relative for normal x; between -709.1 and -708.3 for anything that is smaller,
 * 0 as well, and nothing that makes sense for negative ones, -0, infinity and NaN. The same bits with every vector width.
 */
#ifndef DMUMU_CORE_LOGARITHM_H
#define DMUMU_CORE_LOGARITHM_H

#include <stdint.h>
#include <string.h>

static inline double dmumu_log(double x)
{
    const uint64_t least_m = 0x3fe6a09e667f3bcd; /* the bits of 2^-1/2 */
    const uint64_t exponent = 0xfff0000000000000;
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    /* 1023 more than k, in the exponent's place; and from there into the last bits of 2^52, which makes a double of it */
    const uint64_t steps = bits - least_m + ((uint64_t)1023 << 52);
    const uint64_t m_bits = bits - ((steps & exponent) - ((uint64_t)1023 << 52));
    const uint64_t k_bits = steps >> 52 | 0x4330000000000000;
    double m;
    double k;
    memcpy(&m, &m_bits, sizeof m);
    memcpy(&k, &k_bits, sizeof k);
    k -= 0x1p52 + 1023.0;
    const double f = m - 1.0;
    const double s = f / (2.0 + f);
    const double z = s * s;
    const double w = z * z;
    const double odd = z * (0.6666666666666735130 +
                            w * (0.2857142874366239149 + w * (0.1818357216161805012 + w * 0.1479819860511658591)));
    const double even = w * (0.3999999999940941908 + w * (0.2222219843214978396 + w * 0.1531383769920937332));
    const double half_square = 0.5 * f * f;
    return k * 0x1.62e42feep-1 - ((half_square - (s * (half_square + (odd + even)) + k * 0x1.a39ef35793c76p-33)) - f);
}

#endif
