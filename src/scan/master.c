/* Master: the decisions of rank 0 (see master.h). */
#include "scan/master.h"

#include "core/error.h"

#include <math.h>
#include <stdlib.h>

/* One M_A: positions next .. end - 1 of the order are still to be handed out. */
struct group {
    size_t next, end;
    double cost_left;
    int threads;   /* of the ranks that work on it */
    bool returned; /* a rank has finished a block of it: tables are built */
};

struct member {
    int threads;
    size_t group; /* index, or NO_GROUP */
    size_t blocks_of_group;
    uint64_t finished;
};

struct dmumu_master {
    const struct dmumu_blocks *blocks;
    size_t n_ranks;
    struct group *group;   /* [blocks->n_groups] */
    struct member *member; /* [n_ranks] */
    int threads;           /* of all ranks */
    double cost_left;      /* of all groups */
    size_t curves_left;    /* of all groups */
    size_t piece;          /* curves that go to one thread in one go: a run, or its part at the end */
    double epoch_s, last_epoch_s;
    uint64_t finished, finished_at_epoch;
    bool epoch_wanted;
};

static const size_t NO_GROUP = SIZE_MAX;

enum dmumu_status dmumu_master_new(const struct dmumu_blocks *blocks, size_t n_ranks, const int threads[],
                                   double epoch_s, struct dmumu_master **master, struct dmumu_error *error)
{
    struct dmumu_master *m = calloc(1, sizeof *m);
    struct group *groups = calloc(blocks->n_groups, sizeof *groups);
    struct member *members = calloc(n_ranks, sizeof *members);
    if (!m || !groups || !members) {
        free(m);
        free(groups);
        free(members);
        return dmumu_error_set(error, DMUMU_ERROR_MEMORY, "no memory for the account of %zu ranks", n_ranks);
    }
    *m = (struct dmumu_master){
        .blocks = blocks, .n_ranks = n_ranks, .group = groups, .member = members, .epoch_s = epoch_s};
    m->curves_left = blocks->n_curves;
    m->piece = blocks->run_length;
    for (size_t i = 0; i < blocks->n_groups; ++i) {
        const struct dmumu_block whole = {blocks->group_first[i], blocks->group_first[i + 1] - blocks->group_first[i]};
        groups[i] = (struct group){.next = whole.first, .end = whole.first + whole.count};
        groups[i].cost_left = dmumu_blocks_sum(blocks, whole);
        m->cost_left += groups[i].cost_left;
    }
    for (size_t i = 0; i < n_ranks; ++i) {
        members[i] = (struct member){.threads = threads[i], .group = NO_GROUP};
        m->threads += threads[i];
    }
    *master = m;
    return DMUMU_OK;
}

void dmumu_master_free(struct dmumu_master *master)
{
    if (!master)
        return;
    free(master->group);
    free(master->member);
    free(master);
}

static bool has_work(const struct group *group)
{
    return group->next < group->end;
}

/* Would a newcomer be ready in time? Where nobody has come back yet, all are still building their tables. */
static bool worth_joining(const struct group *group)
{
    if (!has_work(group))
        return false;
    if (group->threads == 0 || !group->returned)
        return true;
    return (double)(group->end - group->next) > DMUMU_BLOCKS_TABLES_COST * group->threads;
}

/* The group with most work per thread, the newcomer's own threads counted: an untouched one wins over a shared one. */
static size_t choose_group(const struct dmumu_master *master, const struct member *member)
{
    if (member->group != NO_GROUP && has_work(&master->group[member->group]))
        return member->group;
    size_t best = NO_GROUP;
    double best_share = 0.0;
    for (int untouched = 1; untouched >= 0 && best == NO_GROUP; --untouched) {
        for (size_t i = 0; i < master->blocks->n_groups; ++i) {
            const struct group *group = &master->group[i];
            if ((group->threads == 0) != (untouched == 1) || !worth_joining(group))
                continue;
            const double share = group->cost_left / (group->threads + member->threads);
            if (best == NO_GROUP || share > best_share) {
                best = i;
                best_share = share;
            }
        }
    }
    return best;
}

static void move_member(struct dmumu_master *master, struct member *member, size_t to)
{
    if (member->group == to)
        return;
    if (member->group != NO_GROUP)
        master->group[member->group].threads -= member->threads;
    member->group = to;
    member->blocks_of_group = 0;
    if (to != NO_GROUP)
        master->group[to].threads += member->threads;
}

/*
 * At the end, with two threads or more for each run left, runs are cut in equal parts. The length is fixed once: parts
 * of parts would pay the cost of a run's first curve again and again.
 */
static size_t choose_piece(const struct dmumu_master *master)
{
    const size_t run = master->blocks->run_length, threads = (size_t)master->threads;
    const size_t runs_left = (master->curves_left + run - 1) / run;
    if (master->piece < run || runs_left == 0 || threads < 2 * runs_left)
        return master->piece;
    const size_t parts = threads / runs_left;
    return (run + parts - 1) / parts;
}

/* Pieces of a group: one for each of the rank's threads, and more up to its share of a quarter of all that is left. */
static struct dmumu_block cut_block(const struct dmumu_master *master, const struct group *group, int threads)
{
    const double target = 0.25 * master->cost_left * threads / master->threads;
    struct dmumu_block block = {group->next, 0};
    double cost = 0.0;
    for (int pieces = 0; block.first + block.count < group->end; ++pieces) {
        const struct dmumu_block rest = {block.first + block.count, group->end - block.first - block.count};
        const struct dmumu_block piece = dmumu_blocks_piece(master->blocks, rest, master->piece);
        cost += dmumu_blocks_sum(master->blocks, piece);
        if (pieces >= threads && cost > target)
            break;
        block.count += piece.count;
    }
    return block;
}

struct dmumu_block dmumu_master_next(struct dmumu_master *master, size_t rank)
{
    struct member *member = &master->member[rank];
    move_member(master, member, choose_group(master, member));
    if (member->group == NO_GROUP)
        return (struct dmumu_block){0, 0};
    struct group *group = &master->group[member->group];
    /* Ranks ask one block ahead: who asks for a third has finished the first, or nearly. */
    if (++member->blocks_of_group > 2)
        group->returned = true;
    master->piece = choose_piece(master);
    const struct dmumu_block block = cut_block(master, group, member->threads);
    const double cost = dmumu_blocks_sum(master->blocks, block);
    group->next += block.count;
    master->curves_left -= block.count;
    group->cost_left = fmax(0.0, group->cost_left - cost);
    master->cost_left = fmax(0.0, master->cost_left - cost);
    return block;
}

void dmumu_master_report(struct dmumu_master *master, size_t rank, uint64_t finished, bool wants_epoch)
{
    struct member *member = &master->member[rank];
    master->finished += finished - member->finished;
    member->finished = finished;
    master->epoch_wanted = master->epoch_wanted || wants_epoch;
}

uint64_t dmumu_master_finished(const struct dmumu_master *master)
{
    return master->finished;
}

enum dmumu_master_epoch dmumu_master_epoch(const struct dmumu_master *master, double now_s)
{
    if (master->finished == master->blocks->n_curves)
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
