/* Stages: what the parts of a curve take, and how near the innermost loop is to what the core can do. */
#ifndef DMUMU_BENCH_STAGES_H
#define DMUMU_BENCH_STAGES_H

#include <stdbool.h>

/** Print the times of one M_A, one damping and one curve, stage by stage; false when something failed. */
bool stages_print(double alfven_mach, double beta);

/** Core seconds of a fixed number of multiplications and additions on registers alone; about a second. */
double stages_registers_s(void);

#endif
