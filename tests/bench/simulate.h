/*
 * Simulate: a scan on any number of ranks, as a sequence of events on a simulated clock.
 *
 * What the ranks decide and say is the scan's own code: exchange.c with master.c, queue.c, costs.c and blocks.c, driven
 * through struct dmumu_mail. Simulated are the time that curves take (curve_times.h), that messages take to arrive and a
 * core to send, receive and decide, and that threads nap (exchange_mpi.c). The disk is not: an epoch brings all ranks
 * together and takes no longer than that.
 */
#ifndef TESTS_BENCH_SIMULATE_H
#define TESTS_BENCH_SIMULATE_H

#include "curve_times.h"

#include "scan/blocks.h"

struct simulation {
    const struct dmumu_grid *grid;
    const struct dmumu_blocks *blocks;
    const struct curve_times *times;
    size_t n_ranks;
    int threads;                        /* of each rank */
    double latency_s;                   /* of the network, one way */
    double send_s, receive_s, decide_s; /* a core's time for a message; the master's for an answer */
    double nap_s;                       /* at most so long until an idle thread looks again */
    double spread;                      /* ranks are slower or faster by up to this part */
    double epoch_s;
};

struct simulated {
    double seconds;          /* to the end of the last epoch */
    double computing_s;      /* sums over threads: curves, tables included */
    double tables_s;         /* of these for tables */
    double firsts_s;         /* and for first curves of runs, beyond later ones */
    double waiting_s;        /* nothing to do, though more was to come */
    double tail_s;           /* from the first thread that found nothing left to the end */
    double master_s;         /* rank 0's time for messages */
    double reports, blocks;  /* messages to the master; blocks given */
    double curves_per_block; /* mean */
    double master_bytes;     /* that its accounts take */
    double tables;           /* M_A that ranks began with, summed over ranks */
};

enum dmumu_status simulate(const struct simulation *simulation, struct simulated *result, struct dmumu_error *error);

#endif
