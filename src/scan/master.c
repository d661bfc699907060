/* Master: the decisions of rank 0 (see master.h). */
#include "scan/master.h"

#include "core/error.h"

#include <math.h>
#include <stdlib.h>

/* One M_A: positions next .. end - 1 of the order are still to be handed out. */
struct group {
    size_t next, end;
    size_t left;   /* curves there that are not done */
    long threads;  /* of the ranks that work on it */
    bool returned; /* a rank has finished a block of it: tables are built */
};

struct member {
    int threads;
    int blocks_of_group;
    size_t group; /* index, or NO_GROUP */
    uint64_t finished;
};

/* What each thread gets in the present round: pieces of so many curves, none beyond the end of its run; or exactly so
 * many curves, wherever runs end, when nothing is to be left. */
struct share {
    size_t pieces, curves;
    bool exact;
    double seconds;
    long threads_left; /* that have not had theirs */
};

struct dmumu_master {
    const struct dmumu_blocks *blocks;
    size_t n_ranks;
    struct group *group;   /* [blocks->n_groups] */
    size_t n_leaves;       /* the least power of two >= n_groups */
    size_t *best;          /* [2 n_leaves] tournament of the groups: node i plays 2i against 2i + 1, leaves last */
    struct member *member; /* [n_ranks] */
    long threads;          /* of all ranks, that compute */
    bool computes;         /* rank 0's thread 0 too */
    size_t curves_left, runs_left;
    struct share share;
    struct dmumu_cost_tally tally;
    double messages, messages_s;
    double epoch_s, last_epoch_s;
    uint64_t finished, finished_at_epoch;
    bool epoch_wanted;
};

static const size_t NO_GROUP = SIZE_MAX;

/* From so many threads on rank 0's first one only serves: what it would compute is less than others would wait. */
enum { SERVES_ONLY_FROM = 128 };

/* A message and its answer before any was timed, and as how many timed ones that counts. */
static const double expected_message_s = 3e-6, expected_messages = 100.0;

/* ---- the most promising group ------------------------------------------------------------------------------------ */

/* Curves per thread if one more rank of average size came; negative when there are none. */
static double promise(const struct dmumu_master *master, size_t index)
{
    if (index >= master->blocks->n_groups || master->group[index].left == 0)
        return -1.0;
    const double one_rank = (double)master->threads / (double)master->n_ranks;
    return (double)master->group[index].left / ((double)master->group[index].threads + one_rank);
}

/* Of two equals the first in the order. */
static void play(struct dmumu_master *master, size_t node)
{
    const size_t a = master->best[2 * node], b = master->best[2 * node + 1];
    master->best[node] = promise(master, b) > promise(master, a) ? b : a;
}

static void play_all(struct dmumu_master *master)
{
    for (size_t i = 0; i < master->n_leaves; ++i)
        master->best[master->n_leaves + i] = i;
    for (size_t node = master->n_leaves - 1; node > 0; --node)
        play(master, node);
}

static void play_again(struct dmumu_master *master, size_t group)
{
    for (size_t node = (master->n_leaves + group) / 2; node > 0; node /= 2)
        play(master, node);
}

/* ---- life -------------------------------------------------------------------------------------------------------- */

static size_t power_of_two(size_t least)
{
    size_t n = 1;
    while (n < least)
        n *= 2;
    return n;
}

static void fill(struct dmumu_master *master, const int threads[])
{
    const struct dmumu_blocks *blocks = master->blocks;
    for (size_t i = 0; i < blocks->n_groups; ++i) {
        const struct dmumu_block whole = dmumu_blocks_group(blocks, i);
        master->group[i] = (struct group){.next = whole.first, .end = whole.first + whole.count};
        master->group[i].left = dmumu_blocks_pending(blocks, whole);
        master->curves_left += master->group[i].left;
        master->runs_left += dmumu_blocks_runs(blocks, whole);
    }
    for (size_t i = 0; i < master->n_ranks; ++i) {
        master->member[i] = (struct member){.threads = threads[i], .group = NO_GROUP};
        master->threads += threads[i];
    }
    master->computes = master->threads < SERVES_ONLY_FROM;
    if (!master->computes) {
        --master->member[0].threads;
        --master->threads;
    }
    play_all(master);
}

enum dmumu_status dmumu_master_new(const struct dmumu_blocks *blocks, size_t n_ranks, const int threads[],
                                   double epoch_s, struct dmumu_master **master, struct dmumu_error *error)
{
    struct dmumu_master *m = calloc(1, sizeof *m);
    const size_t n_leaves = power_of_two(blocks->n_groups);
    struct group *groups = calloc(blocks->n_groups, sizeof *groups);
    size_t *best = calloc(2 * n_leaves, sizeof *best);
    struct member *members = calloc(n_ranks, sizeof *members);
    if (!m || !groups || !best || !members) {
        free(m);
        free(groups);
        free(best);
        free(members);
        return dmumu_error_set(error, DMUMU_ERROR_MEMORY, "no memory for the account of %zu ranks", n_ranks);
    }
    *m = (struct dmumu_master){.blocks = blocks,
                               .n_ranks = n_ranks,
                               .group = groups,
                               .n_leaves = n_leaves,
                               .best = best,
                               .member = members,
                               .epoch_s = epoch_s};
    fill(m, threads);
    *master = m;
    return DMUMU_OK;
}

void dmumu_master_free(struct dmumu_master *master)
{
    if (!master)
        return;
    free(master->group);
    free(master->best);
    free(master->member);
    free(master);
}

/* ---- which group ------------------------------------------------------------------------------------------------- */

static double least(double a, double b)
{
    return a < b ? a : b;
}

static double most(double a, double b)
{
    return a > b ? a : b;
}

/* Seconds of so many curves that are parts of so many runs. */
static double work_s(const struct dmumu_costs *costs, size_t curves, size_t runs)
{
    const size_t firsts = runs < curves ? runs : curves;
    return (double)firsts * costs->first + (double)(curves - firsts) * costs->later;
}

/* Would a newcomer be ready in time? Where nobody has come back yet, all are still building their tables. */
static bool worth_joining(const struct dmumu_master *master, const struct dmumu_costs *costs, size_t index)
{
    const struct group *group = &master->group[index];
    if (group->threads == 0 || !group->returned)
        return true;
    const struct dmumu_block rest = {group->next, group->end - group->next};
    const double left_s = work_s(costs, group->left, dmumu_blocks_runs(master->blocks, rest));
    return left_s > costs->tables * (double)group->threads;
}

static size_t choose_group(const struct dmumu_master *master, const struct dmumu_costs *costs,
                           const struct member *member)
{
    if (member->group != NO_GROUP && master->group[member->group].left > 0)
        return member->group;
    const size_t best = master->best[1];
    return promise(master, best) > 0.0 && worth_joining(master, costs, best) ? best : NO_GROUP;
}

static void move_member(struct dmumu_master *master, struct member *member, size_t to)
{
    if (member->group == to)
        return;
    if (member->group != NO_GROUP) {
        master->group[member->group].threads -= member->threads;
        play_again(master, member->group);
    }
    member->group = to;
    member->blocks_of_group = 0;
    if (to != NO_GROUP)
        master->group[to].threads += member->threads;
}

/* ---- how much ---------------------------------------------------------------------------------------------------- */

/*
 * Curves of one part of a run, when there is so little left that whole runs are too much. Cutting the rest into parts of
 * n curves costs first / n later-curves' time more for each curve, and the threads wait half a part for each other at
 * the end: the sum is least at the root below. With more threads than such parts, smaller ones cost nothing, as
 * long as the first curve does not outweigh the rest by far.
 */
static size_t part_of_run(const struct dmumu_master *master, const struct dmumu_costs *costs, double share_s)
{
    const double run = (double)master->blocks->run_length, ratio = costs->first / costs->later;
    const double per_thread = (double)master->curves_left / (double)master->threads;
    double n = sqrt(2.0 * per_thread * ratio);
    if (n > per_thread)
        n = least(n, most(per_thread, 0.25 * ratio));
    n = most(n, (share_s - costs->first) / costs->later);
    const double parts = floor(run / most(1.0, least(n, run)));
    return (size_t)ceil(run / parts);
}

/* A new round: half of what is left in equal shares; more of it, if serving so many shares would be too much. */
static void begin_round(struct dmumu_master *master, const struct dmumu_costs *costs)
{
    const size_t run = master->blocks->run_length;
    const double fair_s = work_s(costs, master->curves_left, master->runs_left) / (double)master->threads;
    const double run_s = work_s(costs, run, 1);
    const double served_s = dmumu_master_message_s(master) * (double)master->n_ranks / DMUMU_MASTER_LOAD;
    struct share share = {.pieces = 1, .curves = run, .threads_left = master->threads};
    share.seconds = least(fair_s, most(0.5 * fair_s, served_s));
    if (served_s >= fair_s) {
        share.exact = true;
        share.curves = (master->curves_left + (size_t)master->threads - 1) / (size_t)master->threads;
    } else if (share.seconds >= run_s) {
        share.pieces = (size_t)(share.seconds / run_s);
    } else {
        share.curves = part_of_run(master, costs, share.seconds);
    }
    master->share = share;
}

/* A rank's share of the round from a group; the last bit of a run is not left behind. */
static struct dmumu_block cut_block(const struct dmumu_master *master, const struct group *group, int threads)
{
    const struct share *share = &master->share;
    struct dmumu_block rest = {group->next, group->end - group->next};
    if (master->blocks->fixed > 0 || share->exact) {
        const size_t count = master->blocks->fixed > 0 ? master->blocks->fixed : share->curves * (size_t)threads;
        return (struct dmumu_block){rest.first, count < rest.count ? count : rest.count};
    }
    struct dmumu_block block = {rest.first, 0};
    for (size_t i = share->pieces * (size_t)threads; i > 0 && rest.count > 0; --i) {
        struct dmumu_block piece = dmumu_blocks_piece(master->blocks, rest, share->curves);
        const struct dmumu_block to_end = dmumu_blocks_piece(master->blocks, rest, master->blocks->run_length);
        if (2 * (to_end.count - piece.count) < share->curves)
            piece = to_end;
        block.count += piece.count;
        rest.first += piece.count;
        rest.count -= piece.count;
    }
    return block;
}

static void take_block(struct dmumu_master *master, size_t index, struct dmumu_block block)
{
    struct group *group = &master->group[index];
    const struct dmumu_block before = {group->next, group->end - group->next};
    group->next += block.count;
    const struct dmumu_block after = {group->next, group->end - group->next};
    const size_t pending = dmumu_blocks_pending(master->blocks, block);
    group->left -= pending;
    master->curves_left -= pending;
    master->runs_left -= dmumu_blocks_runs(master->blocks, before) - dmumu_blocks_runs(master->blocks, after);
    play_again(master, index);
}

struct dmumu_block dmumu_master_next(struct dmumu_master *master, size_t rank)
{
    struct member *member = &master->member[rank];
    if (member->threads == 0)
        return (struct dmumu_block){0, 0};
    const struct dmumu_costs costs = dmumu_costs_of(&master->tally);
    move_member(master, member, choose_group(master, &costs, member));
    if (member->group == NO_GROUP)
        return (struct dmumu_block){0, 0};
    struct group *group = &master->group[member->group];
    /* Ranks ask one block ahead: who asks for a third has finished the first, or nearly. */
    if (++member->blocks_of_group > 2)
        group->returned = true;
    if (master->share.threads_left <= 0)
        begin_round(master, &costs);
    master->share.threads_left -= member->threads;
    const struct dmumu_block block = cut_block(master, group, member->threads);
    take_block(master, member->group, block);
    return block;
}

/* ---- accounts ---------------------------------------------------------------------------------------------------- */

void dmumu_master_report(struct dmumu_master *master, size_t rank, uint64_t finished, bool wants_epoch,
                         const struct dmumu_cost_tally *news)
{
    struct member *member = &master->member[rank];
    master->finished += finished - member->finished;
    member->finished = finished;
    master->epoch_wanted = master->epoch_wanted || wants_epoch;
    dmumu_costs_merge(&master->tally, news, 1);
}

void dmumu_master_served(struct dmumu_master *master, uint64_t messages, double seconds)
{
    master->messages += (double)messages;
    master->messages_s += seconds;
}

int dmumu_master_threads(const struct dmumu_master *master, size_t rank)
{
    return master->member[rank].threads;
}

bool dmumu_master_computes(const struct dmumu_master *master)
{
    return master->computes;
}

uint64_t dmumu_master_finished(const struct dmumu_master *master)
{
    return master->finished;
}

double dmumu_master_share_s(const struct dmumu_master *master)
{
    return master->share.seconds;
}

double dmumu_master_message_s(const struct dmumu_master *master)
{
    return (expected_messages * expected_message_s + master->messages_s) / (expected_messages + master->messages);
}

enum dmumu_master_epoch dmumu_master_epoch(const struct dmumu_master *master, double now_s)
{
    if (master->finished == master->blocks->n_pending)
        return DMUMU_EPOCH_LAST;
    if (master->epoch_wanted)
        return DMUMU_EPOCH_WRITE;
    if (master->finished > master->finished_at_epoch && now_s - master->last_epoch_s >= master->epoch_s)
        return DMUMU_EPOCH_WRITE;
    return DMUMU_EPOCH_NONE;
}

void dmumu_master_epoch_done(struct dmumu_master *master, double now_s)
{
    master->last_epoch_s = now_s;
    master->finished_at_epoch = master->finished;
    master->epoch_wanted = false;
}
