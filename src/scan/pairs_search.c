/*
 * Pairs, the search: see pairs_search.h.
 *
 * For each galaxy all curves become paths once. Disk curves are taken in blocks and halo curves in tiles, so that a tile
 * stays in the cache while a block's curves pass over it. Each thread keeps minima of its own; they meet at the end of
 * the galaxy.
 */
#include "scan/pairs_search.h"

#include "core/error.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

enum { TILE = 64, MOST_DISKS = 16, BLOCKS_PER_THREAD = 4, POINT_AXES = DMUMU_PAIRS_POINT_AXES };

/* A galaxy at work. */
struct work {
    const struct dmumu_pairs_problem *problem;
    const struct dmumu_pairs_share *share;
    struct dmumu_pairs_result *result;
    struct dmumu_fit *fit;
    size_t galaxy, disks_at_once, n_blocks;
    double *disk_path, *halo_path; /* [n][n_nodes] */
    size_t row;                    /* sum of the lengths of the halo's axes */
    uint32_t *halo_place;          /* [n_halo][POINT_AXES] into a row */
    struct dmumu_progress *progress;
    double start_s;
    uint64_t *done; /* pairs of this rank, of all galaxies */
};

/* What one thread has found. */
struct keeper {
    double *least; /* as in struct dmumu_pairs_result, of one galaxy */
    double *rows;  /* [MOST_DISKS][row]: over the halo's axes, of each disk curve of the block */
    struct dmumu_pair *best;
    size_t n_best, n_found;
    struct dmumu_pair first; /* of this galaxy */
};

static void lower(double *least, double value)
{
    *least = value < *least ? value : *least;
}

static bool keeper_new(const struct work *work, struct keeper *keeper)
{
    const size_t block = work->result->block;
    keeper->n_best = work->result->n_best;
    keeper->n_found = 0;
    keeper->first = (struct dmumu_pair){(double)INFINITY, work->galaxy, UINT64_MAX, UINT64_MAX};
    keeper->least = malloc(block * sizeof *keeper->least);
    keeper->rows = calloc(MOST_DISKS * work->row, sizeof *keeper->rows);
    keeper->best = calloc(keeper->n_best, sizeof *keeper->best);
    if (!keeper->least || !keeper->rows || !keeper->best) {
        return false;
    }
    for (size_t i = 0; i < block; i++) {
        keeper->least[i] = (double)INFINITY;
    }
    return true;
}

static void keeper_free(struct keeper *keeper)
{
    free(keeper->least);
    free(keeper->rows);
    free(keeper->best);
}

/* n values of chi^2: one disk curve with the halo curves from `first` on. */
static void keep_tile(const struct work *work, size_t disk, size_t first, size_t n, const double chi2[], double row[],
                      struct keeper *keeper)
{
    const struct dmumu_pairs_curves *halo = &work->problem->halo;
    const uint64_t disk_point = work->problem->disk.point[disk];
    double *const halo_least = keeper->least + work->problem->grid.n_points;
    double least = (double)INFINITY;
    for (size_t i = 0; i < n; i++) {
        const uint32_t *const place = &work->halo_place[(first + i) * POINT_AXES];
        const uint32_t halo_point = halo->point[first + i];
        lower(&least, chi2[i]);
        lower(&halo_least[halo_point], chi2[i]);
        for (int b = 0; b < POINT_AXES; b++) {
            lower(&row[place[b]], chi2[i]);
        }
        if (keeper->n_found < keeper->n_best || chi2[i] <= keeper->best[keeper->n_best - 1].chi2 ||
            chi2[i] <= keeper->first.chi2) {
            const struct dmumu_pair pair = {chi2[i], work->galaxy, disk_point, halo_point};
            dmumu_pairs_insert(&pair, keeper->n_best, keeper->best, &keeper->n_found);
            keeper->first = dmumu_pairs_before(&pair, &keeper->first) ? pair : keeper->first;
        }
    }
    lower(&keeper->least[disk_point], least);
}

/* The row of a disk curve into the maps of an axis of the disk's and one of the halo's. */
static void keep_row(const struct work *work, size_t disk, const double row[], struct keeper *keeper)
{
    const struct dmumu_pairs_grid *grid = &work->problem->grid;
    const struct dmumu_pair pair = {0.0, 0, work->problem->disk.point[disk], 0};
    size_t index[DMUMU_PAIRS_AXES];
    dmumu_pairs_index(grid, &pair, index);
    for (int a = 0; a < POINT_AXES; a++) {
        const double *from = row;
        for (int b = 0; b < POINT_AXES; b++) {
            const size_t n = grid->n[DMUMU_PAIRS_HALO_MACH + b];
            double *const to = &keeper->least[dmumu_pairs_cross_offset(grid, a, b) + index[a] * n];
            for (size_t i = 0; i < n; i++) {
                lower(&to[i], from[i]);
            }
            from += n;
        }
    }
}

/* All pairs of a block of disk curves. Returns how many. */
static uint64_t search_block(const struct work *work, size_t block, struct keeper *keeper)
{
    const size_t n_nodes = work->problem->disk.n_nodes;
    const size_t n_disk = work->problem->disk.n;
    const size_t n_halo = work->problem->halo.n;
    const size_t begin = block * work->disks_at_once;
    const size_t end = begin + work->disks_at_once < n_disk ? begin + work->disks_at_once : n_disk;
    double chi2[TILE] = {0.0};
    for (size_t i = 0; i < (end - begin) * work->row; i++) {
        keeper->rows[i] = (double)INFINITY;
    }
    for (size_t first = 0; first < n_halo; first += TILE) {
        const size_t n = first + TILE < n_halo ? TILE : n_halo - first;
        for (size_t disk = begin; disk < end; disk++) {
            dmumu_fit_chi2(work->fit, work->disk_path + disk * n_nodes, n, work->halo_path + first * n_nodes, chi2);
            keep_tile(work, disk, first, n, chi2, keeper->rows + (disk - begin) * work->row, keeper);
        }
    }
    for (size_t disk = begin; disk < end; disk++) {
        keep_row(work, disk, keeper->rows + (disk - begin) * work->row, keeper);
    }
    return (uint64_t)(end - begin) * n_halo;
}

static void put_together(const struct work *work, const struct keeper *keeper)
{
    struct dmumu_pairs_result *result = work->result;
    double *const least = result->least + work->galaxy * result->block;
    for (size_t i = 0; i < result->block; i++) {
        lower(&least[i], keeper->least[i]);
    }
    for (size_t i = 0; i < keeper->n_found; i++) {
        dmumu_pairs_insert(&keeper->best[i], result->n_best, result->best, &result->n_found);
    }
    if (dmumu_pairs_before(&keeper->first, &result->galaxy_best[work->galaxy])) {
        result->galaxy_best[work->galaxy] = keeper->first;
    }
}

/* The first thread says how far this rank is, as if that were how far all are. */
static void say(const struct work *work, uint64_t done)
{
    const struct dmumu_pairs_share *share = work->share;
    const double all = (double)done * (double)share->all / (double)share->n;
    if (work->progress && omp_get_thread_num() == 0) {
        const uint64_t total = work->progress->total;
        dmumu_progress_update(work->progress, all < (double)total ? (uint64_t)all : total,
                              omp_get_wtime() - work->start_s);
    }
}

static bool is_mine(const struct dmumu_pairs_share *share, size_t block)
{
    const size_t slot = block % share->all;
    return slot >= share->first && slot < share->first + share->n;
}

/* False when a thread had no memory. */
static bool search_galaxy(const struct work *work)
{
    bool good = true;
#pragma omp parallel default(none) shared(work, good)
    {
        struct keeper keeper;
        const bool ready = keeper_new(work, &keeper);
#pragma omp for schedule(dynamic, 1)
        for (size_t block = 0; block < work->n_blocks; block++) {
            if (ready && is_mine(work->share, block)) {
                const uint64_t pairs = search_block(work, block, &keeper);
                uint64_t done = 0;
#pragma omp atomic capture
                done = *work->done += pairs;
                say(work, done);
            }
        }
#pragma omp critical
        {
            good = good && ready;
            if (ready) {
                put_together(work, &keeper);
            }
        }
        keeper_free(&keeper);
    }
    return good;
}

static void make_paths(const struct dmumu_fit *fit, enum dmumu_region region, const struct dmumu_pairs_curves *curves,
                       double *path)
{
#pragma omp parallel for default(none) shared(fit, region, curves, path)
    for (size_t i = 0; i < curves->n; i++) {
        dmumu_fit_path(fit, region, curves->d_cm2_s + i * curves->n_nodes, path + i * curves->n_nodes);
    }
}

/* Where each halo curve belongs in a row. */
static void find_halo_places(struct work *work)
{
    const struct dmumu_pairs_grid *grid = &work->problem->grid;
    for (size_t i = 0; i < work->problem->halo.n; i++) {
        const struct dmumu_pair pair = {0.0, 0, 0, work->problem->halo.point[i]};
        size_t index[DMUMU_PAIRS_AXES];
        dmumu_pairs_index(grid, &pair, index);
        size_t before = 0;
        for (int b = 0; b < POINT_AXES; b++) {
            work->halo_place[i * POINT_AXES + (size_t)b] = (uint32_t)(before + index[DMUMU_PAIRS_HALO_MACH + b]);
            before += grid->n[DMUMU_PAIRS_HALO_MACH + b];
        }
    }
}

static bool allocate(struct work *work)
{
    const struct dmumu_pairs_problem *problem = work->problem;
    for (int b = 0; b < POINT_AXES; b++) {
        work->row += problem->grid.n[DMUMU_PAIRS_HALO_MACH + b];
    }
    work->disk_path = calloc(problem->disk.n, problem->disk.n_nodes * sizeof *work->disk_path);
    work->halo_path = calloc(problem->halo.n, problem->halo.n_nodes * sizeof *work->halo_path);
    work->halo_place = calloc(problem->halo.n, POINT_AXES * sizeof *work->halo_place);
    return work->disk_path && work->halo_path && work->halo_place;
}

enum dmumu_status dmumu_pairs_search(const struct dmumu_pairs_problem *problem, const struct dmumu_pairs_share *share,
                                     struct dmumu_progress *progress, struct dmumu_pairs_result *result,
                                     struct dmumu_error *error)
{
    uint64_t done = 0;
    struct work work = {.problem = problem, .share = share, .result = result, .progress = progress, .done = &done};
    const size_t fine = problem->disk.n / (BLOCKS_PER_THREAD * share->all);
    work.disks_at_once = fine < 1 ? 1 : (fine < MOST_DISKS ? fine : MOST_DISKS);
    work.n_blocks = (problem->disk.n + work.disks_at_once - 1) / work.disks_at_once;
    work.start_s = omp_get_wtime();
    bool good = problem->disk.n == 0 || problem->halo.n == 0 || allocate(&work);
    enum dmumu_status status = DMUMU_OK;
    if (good && problem->disk.n > 0 && problem->halo.n > 0) {
        find_halo_places(&work);
        for (size_t g = 0; good && status == DMUMU_OK && g < problem->grid.n_galaxies; g++) {
            const struct dmumu_galaxy galaxy = dmumu_pairs_galaxy(&problem->grid, &problem->base, g);
            work.galaxy = g;
            status = dmumu_fit_new(&galaxy, problem->n_sets, problem->set, &work.fit, error);
            if (status == DMUMU_OK) {
                make_paths(work.fit, DMUMU_DISK, &problem->disk, work.disk_path);
                make_paths(work.fit, DMUMU_HALO, &problem->halo, work.halo_path);
                good = search_galaxy(&work);
                dmumu_fit_free(work.fit);
            }
        }
    }
    result->n_pairs = done;
    result->seconds = omp_get_wtime() - work.start_s;
    free(work.disk_path);
    free(work.halo_path);
    free(work.halo_place);
    return good ? status : dmumu_error_set(error, DMUMU_ERROR_MEMORY, "out of memory for the pairs");
}

/* The curve of that point. */
static const double *curve_of(const struct dmumu_pairs_curves *curves, uint64_t point)
{
    size_t i = 0;
    while (i + 1 < curves->n && curves->point[i] != point) {
        i++;
    }
    return curves->d_cm2_s + i * curves->n_nodes;
}

enum dmumu_status dmumu_pairs_detail(const struct dmumu_pairs_problem *problem, const struct dmumu_pair *pair,
                                     double normalisation[], double chi2[], double model[], struct dmumu_error *error)
{
    const struct dmumu_galaxy galaxy = dmumu_pairs_galaxy(&problem->grid, &problem->base, (size_t)pair->galaxy);
    const size_t n_nodes = problem->disk.n_nodes;
    struct dmumu_fit *fit = NULL;
    enum dmumu_status status = dmumu_fit_new(&galaxy, problem->n_sets, problem->set, &fit, error);
    double *path = malloc(2 * n_nodes * sizeof *path);
    if (status == DMUMU_OK && !path) {
        status = dmumu_error_set(error, DMUMU_ERROR_MEMORY, "out of memory for a pair");
    }
    if (status == DMUMU_OK) {
        dmumu_fit_path(fit, DMUMU_DISK, curve_of(&problem->disk, pair->disk), path);
        dmumu_fit_path(fit, DMUMU_HALO, curve_of(&problem->halo, pair->halo), path + n_nodes);
        (void)dmumu_fit_pair(fit, path, path + n_nodes, normalisation, chi2, model);
    }
    free(path);
    dmumu_fit_free(fit);
    return status;
}
