/*
 * Vector: machine code of the innermost loops for wider registers, chosen when the program is loaded.
 *
 * DMUMU_VECTOR before a function compiles it three times, for AVX-512, for AVX2 and for any x86-64, where the compiler
 * and the C library can choose between them (ifunc); elsewhere it is nothing. Sums across iterations are written lane
 * by lane, and nothing is contracted (-ffp-contract=off), so that all give the same bits. The choice is made before the
 * address and thread sanitizers are ready: under them there is only the plain function.
 */
#ifndef DMUMU_CORE_VECTOR_H
#define DMUMU_CORE_VECTOR_H

#include <limits.h> /* any header of the C library: defines __GLIBC__ where it is glibc */

#if defined(__x86_64__) && defined(__GLIBC__) && defined(__GNUC__) && !defined(__clang__) &&                           \
    !defined(__INTEL_COMPILER) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define DMUMU_VECTOR __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define DMUMU_VECTOR
#endif

#endif
