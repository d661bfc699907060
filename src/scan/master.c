/* Master: the decisions of rank 0 (see master.h). */
#include "scan/master.h"

#include "core/error.h"

#include <math.h>
#include <stdlib.h>

/* What is there for one thread: its part of all, in seconds and in curves. */
struct part {
    double seconds, curves;
};

/* What each thread gets: pieces of so many curves, none beyond the end of its run; or exactly so many curves, wherever
 * runs end, when nothing is to be left. */
struct share {
    size_t pieces, curves;
    bool exact;
};

/* One M_A: positions next .. end - 1 of the order are still to be handed out. */
struct group {
    size_t next, end;
    size_t left;           /* curves there that are not done */
    double expected;       /* cost of its curves, as expected, over the mean of all groups */
    double curves, cost_s; /* computed by ranks that work on it, as reported; not while tables were filled */
    struct share share;
    long threads_left; /* that have not had their share of the round */
    long threads;      /* of the ranks that work on it */
    bool returned;     /* a rank has finished a block of it: tables are built */
};

struct member {
    int threads;
    int blocks_of_group;
    size_t group; /* index, or NO_GROUP */
    uint64_t finished;
    bool dry; /* will finish no more */
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
    uint64_t n_blocks; /* given */
    struct part first_part;
    size_t first_left; /* ranks without a first block */
    struct dmumu_cost_tally tally;
    double messages, messages_s;
    double epoch_s, last_epoch_s;
    uint64_t finished, finished_at_epoch;
    bool epoch_wanted;
    double time_s; /* that a block may take */
    bool out_of_time;
    size_t n_dry;
};

static const size_t NO_GROUP = SIZE_MAX;

/* From so many threads on rank 0's first one only serves: what it would compute is less than others would wait. */
enum { SERVES_ONLY_FROM = 128 };

/*
 * What a thread gets of its part of what is left. Curves may cost several times what is expected of their M_A, or of
 * others at the same: where nobody has come back yet, which of those it is, is not known. The price of small shares
 * is messages alone.
 */
static const double first_share_of_part = 1.0 / 16.0, next_share_of_part = 0.25;

/* As how many measured runs the expected cost of a group counts. */
enum { EXPECTED_RUNS = 2 };

/* A message and its answer before any was timed, and as how many timed ones that counts. */
static const double expected_message_s = 3e-6, expected_messages = 100.0;

/* ---- the most promising group ------------------------------------------------------------------------------------ */

/* Mean cost of all curves, not while tables were filled. */
static double mean_cost_s(const struct dmumu_cost_tally *tally)
{
    const double curves = (double)(tally->curves[DMUMU_COST_FIRST] + tally->curves[DMUMU_COST_LATER]);
    return curves > 0.0 ? (tally->seconds[DMUMU_COST_FIRST] + tally->seconds[DMUMU_COST_LATER]) / curves : 0.0;
}

/* Cost of a group's curves over the mean of all: what is expected counts as much as so many runs. */
static double relative_cost(const struct dmumu_master *master, const struct group *group)
{
    const double mean_s = mean_cost_s(&master->tally), n = EXPECTED_RUNS * (double)master->blocks->run_length;
    return mean_s > 0.0 ? (n * group->expected + group->cost_s / mean_s) / (n + group->curves) : group->expected;
}

/* Work per thread if one more rank of average size came, in curves of mean cost; negative when there is none. */
static double promise(const struct dmumu_master *master, size_t index)
{
    if (index >= master->blocks->n_groups || master->group[index].left == 0)
        return -1.0;
    const struct group *group = &master->group[index];
    const double one_rank = (double)master->threads / (double)master->n_ranks;
    return (double)group->left * relative_cost(master, group) / ((double)group->threads + one_rank);
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
        master->group[i].expected = dmumu_blocks_expected(blocks, i);
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
    master->first_left = master->member[0].threads > 0 ? master->n_ranks : master->n_ranks - 1;
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
                               .epoch_s = epoch_s,
                               .time_s = INFINITY};
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

/* Seconds of what is left of a group, on one thread. */
static double group_left_s(const struct dmumu_master *master, const struct dmumu_costs *costs,
                           const struct group *group)
{
    const struct dmumu_block rest = {group->next, group->end - group->next};
    return work_s(costs, group->left, dmumu_blocks_runs(master->blocks, rest)) * relative_cost(master, group);
}

/*
 * Would a newcomer be done in time? It needs its tables and then its share of what each of the others has before it.
 * Where nobody has come back yet, all are still building their tables.
 */
static bool worth_joining(const struct dmumu_master *master, const struct dmumu_costs *costs, const struct group *group,
                          int threads)
{
    if (group->threads == 0 || !group->returned)
        return true;
    return (1.0 - next_share_of_part) * group_left_s(master, costs, group) / (double)group->threads >
           costs->tables / threads;
}

static size_t choose_group(const struct dmumu_master *master, const struct dmumu_costs *costs,
                           const struct member *member)
{
    if (member->group != NO_GROUP && master->group[member->group].left > 0)
        return member->group;
    const size_t best = master->best[1];
    return promise(master, best) > 0.0 && worth_joining(master, costs, &master->group[best], member->threads)
               ? best
               : NO_GROUP;
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
static size_t part_of_run(const struct dmumu_costs *costs, size_t run_length, double per_thread, double share_s)
{
    const double run = (double)run_length, ratio = costs->first / costs->later;
    double n = sqrt(2.0 * per_thread * ratio);
    if (n > per_thread)
        n = least(n, most(per_thread, 0.25 * ratio));
    n = most(n, (share_s - costs->first) / costs->later);
    const double parts = floor(run / most(1.0, least(n, run)));
    return (size_t)ceil(run / parts);
}

/* Seconds of one message with its answer. */
static double message_s(const struct dmumu_master *master)
{
    return (expected_messages * expected_message_s + master->messages_s) / (expected_messages + master->messages);
}

static struct part part_of_all(const struct dmumu_master *master, const struct dmumu_costs *costs)
{
    const double threads = (double)master->threads;
    return (struct part){work_s(costs, master->curves_left, master->runs_left) / threads,
                         (double)master->curves_left / threads};
}

static struct part part_of_group(const struct dmumu_master *master, const struct dmumu_costs *costs,
                                 const struct group *group)
{
    const double threads = (double)group->threads;
    return (struct part){group_left_s(master, costs, group) / threads, (double)group->left / threads};
}

/* A share of at most share_s in a group for each thread, larger if serving so many would be too much, but of no more
 * than its part. */
static struct share make_share(const struct dmumu_master *master, const struct dmumu_costs *costs,
                               const struct group *group, struct part part, double share_s)
{
    const size_t run = master->blocks->run_length;
    const double relative = relative_cost(master, group);
    const struct dmumu_costs here = {costs->tables, costs->first * relative, costs->later * relative};
    const double run_s = work_s(&here, run, 1);
    const double served_s = message_s(master) * (double)master->n_ranks / DMUMU_MASTER_LOAD;
    if (served_s >= part.seconds)
        return (struct share){1, (size_t)ceil(part.curves), true};
    share_s = most(share_s, served_s);
    if (share_s >= run_s)
        return (struct share){(size_t)(share_s / run_s), run, false};
    return (struct share){1, part_of_run(&here, run, part.curves, share_s), false};
}

/* In the first round its seconds are the same for every thread. */
static struct share first_share(struct dmumu_master *master, const struct dmumu_costs *costs, const struct group *group)
{
    if (master->n_blocks == 0)
        master->first_part = part_of_all(master, costs);
    const struct part part = {master->first_part.seconds, master->first_part.curves / relative_cost(master, group)};
    return make_share(master, costs, group, part, first_share_of_part * part.seconds);
}

/* Later it is of what is left in the group, if that is less, but for a rank that is alone there. */
static struct share next_share(const struct dmumu_master *master, const struct dmumu_costs *costs,
                               const struct group *group, int threads)
{
    const struct part all = part_of_all(master, costs), here = part_of_group(master, costs, group);
    const double most_s = group->threads > threads ? next_share_of_part * here.seconds : here.seconds;
    const struct part part = {least(all.seconds, here.seconds),
                              least(all.curves / relative_cost(master, group), here.curves)};
    return make_share(master, costs, group, part, least(next_share_of_part * all.seconds, most_s));
}

/* The share that is a rank's turn. */
static struct share choose_share(struct dmumu_master *master, const struct dmumu_costs *costs, struct group *group,
                                 int threads)
{
    if (master->first_left > 0) {
        --master->first_left;
        return first_share(master, costs, group);
    }
    if (group->threads_left <= 0) {
        group->share = next_share(master, costs, group, threads);
        group->threads_left = group->threads;
    }
    group->threads_left -= threads;
    return group->share;
}

/* A rank's share from a group; the last bit of a run is not left behind. */
static struct dmumu_block cut_block(const struct dmumu_master *master, const struct group *group, struct share share,
                                    int threads)
{
    struct dmumu_block rest = {group->next, group->end - group->next};
    if (master->blocks->fixed > 0 || share.exact) {
        const size_t count = master->blocks->fixed > 0 ? master->blocks->fixed : share.curves * (size_t)threads;
        return (struct dmumu_block){rest.first, count < rest.count ? count : rest.count};
    }
    struct dmumu_block block = {rest.first, 0};
    for (size_t i = share.pieces * (size_t)threads; i > 0 && rest.count > 0; --i) {
        struct dmumu_block piece = dmumu_blocks_piece(master->blocks, rest, share.curves);
        const struct dmumu_block to_end = dmumu_blocks_piece(master->blocks, rest, master->blocks->run_length);
        if (2 * (to_end.count - piece.count) < share.curves)
            piece = to_end;
        block.count += piece.count;
        rest.first += piece.count;
        rest.count -= piece.count;
    }
    return block;
}

/* As much of a block as a rank can finish in time: for each thread a first curve, and others of mean cost. */
static struct dmumu_block fit_block(const struct dmumu_master *master, const struct dmumu_costs *costs,
                                    const struct member *member, struct dmumu_block block)
{
    if (master->time_s == INFINITY)
        return block;
    const size_t run = master->blocks->run_length;
    const double relative = relative_cost(master, &master->group[member->group]);
    const double mean_s = work_s(costs, run, 1) / (double)run * relative;
    const double tables_s = member->blocks_of_group == 1 ? costs->tables : 0.0;
    const double time_s = master->time_s - tables_s - costs->first * relative;
    const double fits = time_s < 0.0 ? 0.0 : (1.0 + floor(time_s / mean_s)) * member->threads;
    if ((double)dmumu_blocks_pending(master->blocks, block) > fits)
        block.count = (size_t)fits;
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
    const struct share share = choose_share(master, &costs, group, member->threads);
    const struct dmumu_block block =
        fit_block(master, &costs, member, cut_block(master, group, share, member->threads));
    master->out_of_time = master->out_of_time || block.count == 0;
    take_block(master, member->group, block);
    ++master->n_blocks;
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
    if (member->group != NO_GROUP) {
        struct group *group = &master->group[member->group];
        group->curves += (double)(news->curves[DMUMU_COST_FIRST] + news->curves[DMUMU_COST_LATER]);
        group->cost_s += news->seconds[DMUMU_COST_FIRST] + news->seconds[DMUMU_COST_LATER];
        play_again(master, member->group);
    }
}

void dmumu_master_set_time(struct dmumu_master *master, double seconds)
{
    master->time_s = seconds;
}

bool dmumu_master_out_of_time(const struct dmumu_master *master)
{
    return master->out_of_time;
}

void dmumu_master_dry(struct dmumu_master *master, size_t rank)
{
    master->n_dry += !master->member[rank].dry;
    master->member[rank].dry = true;
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

uint64_t dmumu_master_blocks(const struct dmumu_master *master)
{
    return master->n_blocks;
}

size_t dmumu_master_bytes(const struct dmumu_master *master)
{
    return sizeof *master + master->blocks->n_groups * sizeof *master->group +
           2 * master->n_leaves * sizeof *master->best + master->n_ranks * sizeof *master->member;
}

enum dmumu_master_epoch dmumu_master_epoch(const struct dmumu_master *master, double now_s)
{
    if (master->finished == master->blocks->n_pending || master->n_dry == master->n_ranks)
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
