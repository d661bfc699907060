/*
 * Exchange: what thread 0 of each rank says to the others while a scan runs, from the first block to the last epoch. The
 * protocol is described in exchange.c. No MPI and no clock: both are behind struct dmumu_mail, so that the same code
 * runs a scan (exchange_mpi.c) and its simulation on many ranks (tests/bench/simulate.c).
 */
#ifndef DMUMU_SCAN_EXCHANGE_H
#define DMUMU_SCAN_EXCHANGE_H

#include "scan/master.h"
#include "scan/queue.h"

/** Worker to master. Members of eight bytes only: what is sent has no gaps. */
struct dmumu_report {
    uint64_t finished; /* curves since the start */
    uint64_t wants_block, filling_up;
    uint64_t wants_stop;          /* this rank was asked to stop */
    uint64_t dry;                 /* it will finish no more, and asks for no more */
    double in_hand_s;             /* expected time of what it has still to compute */
    struct dmumu_cost_tally news; /* costs of curves since the last report */
};

enum dmumu_order_kind {
    DMUMU_ORDER_BLOCK,
    DMUMU_ORDER_NO_MORE,
    DMUMU_ORDER_EPOCH,
    DMUMU_ORDER_LAST_EPOCH,
    DMUMU_ORDER_STOP
};

/** Master to worker. */
struct dmumu_order {
    uint64_t kind;         /* enum dmumu_order_kind */
    uint64_t first, count; /* of a block */
};

/** How one rank's thread 0 sends and receives. Messages between two ranks arrive in the order sent; nothing blocks. */
struct dmumu_mail {
    void *context; /* first argument of each */
    double (*now_s)(void *context);
    /* on rank 0; next_report is false when no report waits */
    bool (*next_report)(void *context, size_t *from, struct dmumu_report *report);
    void (*send_order)(void *context, size_t to, const struct dmumu_order *order);
    /* on the others; may_report is false while the last report is still on its way out */
    bool (*next_order)(void *context, struct dmumu_order *order);
    bool (*may_report)(void *context);
    void (*send_report)(void *context, const struct dmumu_report *report);
};

struct dmumu_exchange_setup {
    size_t rank, n_ranks;
    const int *rank_threads; /* [n_ranks] */
    const struct dmumu_blocks *blocks;
    struct dmumu_queue *queue; /* this rank's */
    double epoch_s;            /* seconds between epochs; 0: whenever a rank has finished something */
    double limit_s;            /* on the mail's clock: nothing begins any more; 0: no limit. The same on every rank */
    double grace_s;            /* how long what is in hand may take once somebody was asked to stop */
    struct dmumu_mail mail;
    bool (*stop_asked)(
        void *context); /* was this rank asked to stop since the last call? The mail's context; NULL: never */
};

struct dmumu_exchange;

/** What a rank begins with. */
struct dmumu_exchange_first {
    struct dmumu_block block;
    int threads; /* that compute */
};

/** @param[in] setup  copied; what it points to must outlive the exchange. @return DMUMU_OK or DMUMU_ERROR_MEMORY */
enum dmumu_status dmumu_exchange_new(const struct dmumu_exchange_setup *setup, struct dmumu_exchange **exchange,
                                     struct dmumu_error *error);
/**
 * The same for all ranks of one process, which go through the master's first decisions together: `master` has been
 * asked for `first`, and before that for each lower rank's. Rank 0's exchange, to be made last, takes it over.
 */
enum dmumu_status dmumu_exchange_new_from(const struct dmumu_exchange_setup *setup,
                                          const struct dmumu_exchange_first *first, struct dmumu_master *master,
                                          struct dmumu_exchange **exchange, struct dmumu_error *error);
struct dmumu_exchange_first dmumu_exchange_first(struct dmumu_master *master, size_t rank);
void dmumu_exchange_free(struct dmumu_exchange *exchange);

/**
 * Look at the messages, answer, ask; between two curves, and again soon when there is nothing to do. When the answer is
 * an epoch, all ranks get it: write together, then dmumu_exchange_wrote. Until then the steps may go on, but not after
 * the last epoch.
 */
enum dmumu_master_epoch dmumu_exchange_step(struct dmumu_exchange *exchange);
void dmumu_exchange_wrote(struct dmumu_exchange *exchange);

/**
 * Rank 0, in the midst of a curve: answer those who ask for a block, and nothing else. A curve may take a tenth of a second,
 * which nobody is to wait for. Elsewhere it does nothing.
 */
void dmumu_exchange_serve(struct dmumu_exchange *exchange);

/** Why a scan ends before its work does. */
enum dmumu_stopping { DMUMU_STOPPING_NOT, DMUMU_STOPPING_ASKED, DMUMU_STOPPING_TIME };
/** Does this rank finish what it has in hand, and no more? */
enum dmumu_stopping dmumu_exchange_stopping(const struct dmumu_exchange *exchange);

/** Should thread 0 compute? On rank 0 of many it only serves. */
bool dmumu_exchange_computes(const struct dmumu_exchange *exchange);
/** Rank 0: curves that all ranks have finished, as far as it knows. */
uint64_t dmumu_exchange_finished(const struct dmumu_exchange *exchange);
/** Reports that this rank has sent, on rank 0: received. */
uint64_t dmumu_exchange_reports(const struct dmumu_exchange *exchange);
/** Rank 0: the master. NULL elsewhere. */
const struct dmumu_master *dmumu_exchange_master(const struct dmumu_exchange *exchange);

#endif
