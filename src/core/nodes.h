/*
 * Nodes: numbers of a panel's 15 Kronrod points in four registers of AVX2, the last of which overlaps the one before it by
 * one number. Any x86-64 has them as pairs, and adds up in the same order.
 */
#ifndef DMUMU_CORE_NODES_H
#define DMUMU_CORE_NODES_H

#include "core/rules.h"

typedef double dmumu_lanes __attribute__((vector_size(32), aligned(8), may_alias));

enum { DMUMU_NODES_LAST = DMUMU_KRONROD_N - 4 };

struct dmumu_nodes {
    dmumu_lanes part[4];
};

static inline struct dmumu_nodes dmumu_nodes_load(const double value[static DMUMU_KRONROD_N])
{
    return (struct dmumu_nodes){{*(const dmumu_lanes *)value, *(const dmumu_lanes *)(value + 4),
                                 *(const dmumu_lanes *)(value + 8), *(const dmumu_lanes *)(value + DMUMU_NODES_LAST)}};
}

static inline void dmumu_nodes_store(const struct dmumu_nodes *nodes, double value[static DMUMU_KRONROD_N])
{
    *(dmumu_lanes *)value = nodes->part[0];
    *(dmumu_lanes *)(value + 4) = nodes->part[1];
    *(dmumu_lanes *)(value + 8) = nodes->part[2];
    *(dmumu_lanes *)(value + DMUMU_NODES_LAST) = nodes->part[3];
}

/** Of all 15. */
static inline double dmumu_nodes_sum(const struct dmumu_nodes *nodes)
{
    const dmumu_lanes once = {0.0, 1.0, 1.0, 1.0};
    const dmumu_lanes sum = (nodes->part[0] + nodes->part[1]) + (nodes->part[2] + once * nodes->part[3]);
    return (sum[0] + sum[2]) + (sum[1] + sum[3]);
}

#endif
