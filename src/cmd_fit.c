/*
 * dmumu fit: chi^2 of every pair of a disk point and a halo point against measured ratios. Alone or under mpirun.
 *
 * Every rank reads the cube and the data for itself; then all search their shares. As in cmd_scan.c every path to the end
 * passes the same collective calls on every rank.
 */
#include "cmd_fit.h"

#include "cmd_team.h"
#include "core/error.h"
#include "cube/read.h"
#include "scan/pairs_file.h"
#include "scan/pairs_mpi.h"

#include <stdlib.h>
#include <unistd.h>

static const char COMMAND[] = "fit";

/* What is to be done, and what came of a first look at the cube. */
struct request {
    const struct dmumu_fit_arguments *arguments;
    struct dmumu_error probed;
};

/* What a rank holds. */
struct holding {
    struct dmumu_cube_source *source;
    struct dmumu_pairs_data data;
    struct dmumu_pairs_problem problem;
    struct dmumu_pairs_result result;
    struct dmumu_pairs_details details;
};

static void set_grid(const struct dmumu_fit_arguments *arguments, struct holding *holding)
{
    const struct dmumu_cube_source_info *cube = dmumu_cube_source_about(holding->source);
    struct dmumu_pairs_grid *grid = &holding->problem.grid;
    grid->n_points = 1;
    for (int i = 0; i < DMUMU_PAIRS_POINT_AXES; i++) {
        grid->n[DMUMU_PAIRS_DISK_MACH + i] = grid->n[DMUMU_PAIRS_HALO_MACH + i] = cube->axis[1 + i].n;
        grid->values[DMUMU_PAIRS_DISK_MACH + i] = grid->values[DMUMU_PAIRS_HALO_MACH + i] = cube->axis[1 + i].values;
        grid->n_points *= cube->axis[1 + i].n;
    }
    grid->n[DMUMU_PAIRS_DISK_SIZE] = arguments->n_disk_sizes;
    grid->values[DMUMU_PAIRS_DISK_SIZE] = arguments->disk_size_kpc;
    grid->n[DMUMU_PAIRS_HALO_HEIGHT] = arguments->n_halo_heights;
    grid->values[DMUMU_PAIRS_HALO_HEIGHT] = arguments->halo_height_kpc;
    grid->n_galaxies = arguments->n_disk_sizes * arguments->n_halo_heights;
}

/* The curves of both regions at the rigidities that the data need. */
static enum dmumu_status read_curves(struct holding *holding, struct dmumu_error *error)
{
    struct dmumu_pairs_problem *problem = &holding->problem;
    const struct dmumu_galaxy galaxy = dmumu_pairs_galaxy(&problem->grid, &problem->base, 0);
    struct dmumu_fit *fit = NULL; /* for its rigidities, which are those of every galaxy */
    enum dmumu_status status = dmumu_fit_new(&galaxy, problem->n_sets, problem->set, &fit, error);
    if (status == DMUMU_OK)
        status = dmumu_pairs_curves_read(holding->source, DMUMU_DISK, dmumu_fit_n_nodes(fit),
                                         dmumu_fit_rigidity_gv(fit), &problem->disk, error);
    if (status == DMUMU_OK)
        status = dmumu_pairs_curves_read(holding->source, DMUMU_HALO, dmumu_fit_n_nodes(fit),
                                         dmumu_fit_rigidity_gv(fit), &problem->halo, error);
    dmumu_fit_free(fit);
    return status;
}

static enum dmumu_status prepare(const struct dmumu_fit_arguments *arguments, struct holding *holding,
                                 struct dmumu_error *error)
{
    enum dmumu_status status = dmumu_pairs_data_read(&arguments->data, &holding->data, error);
    if (status == DMUMU_OK)
        status = dmumu_cube_source_open(arguments->cube, &holding->source, error);
    if (status != DMUMU_OK)
        return status;
    set_grid(arguments, holding);
    holding->problem.base = arguments->base;
    holding->problem.n_sets = holding->data.n_sets;
    holding->problem.set = holding->data.set;
    return read_curves(holding, error);
}

/* Rank 0. */
static enum dmumu_status report(const struct dmumu_fit_arguments *arguments, struct holding *holding,
                                struct dmumu_error *error)
{
    enum dmumu_status status =
        dmumu_pairs_details_make(&holding->problem, &holding->result, holding->data.n_points, &holding->details, error);
    const struct dmumu_cube_source_info *cube = dmumu_cube_source_about(holding->source);
    if (status == DMUMU_OK && arguments->output) {
        const struct dmumu_pairs_file file = {.cube = cube,
                                              .problem = &holding->problem,
                                              .options = &arguments->data,
                                              .data = &holding->data,
                                              .result = &holding->result,
                                              .details = &holding->details,
                                              .command = arguments->command};
        status = dmumu_pairs_file_write(arguments->output, arguments->overwrite, &file, error);
    }
    if (status == DMUMU_OK)
        dmumu_fit_print(arguments, cube, &holding->problem, &holding->data, &holding->result, &holding->details);
    return status;
}

/* dmumu_cmd_work: everything between the start and the end of MPI. */
static int fit_as_team(const struct dmumu_team *team, const void *argument)
{
    const struct request *request = argument;
    struct holding holding = {.source = NULL};
    struct dmumu_error error = request->probed;
    bool begun = false;
    enum dmumu_status status = dmumu_team_agree(team, error.status, &error);
    if (status == DMUMU_OK)
        status = dmumu_team_agree(team, prepare(request->arguments, &holding, &error), &error);
    if (status == DMUMU_OK)
        status = dmumu_pairs_run(team, &holding.problem, request->arguments->n_best, &holding.result, &error);
    if (status == DMUMU_OK) {
        begun = true;
        if (team->rank == 0)
            status = report(request->arguments, &holding, &error);
        status = dmumu_team_agree(team, status, &error);
    }
    dmumu_pairs_details_free(&holding.details);
    dmumu_pairs_result_free(&holding.result);
    dmumu_pairs_curves_free(&holding.problem.disk);
    dmumu_pairs_curves_free(&holding.problem.halo);
    dmumu_pairs_data_free(&holding.data);
    dmumu_cube_source_close(holding.source);
    return dmumu_cmd_end_work(COMMAND, team, status, &error, begun, DMUMU_EXIT_OK);
}

/* Before MPI, as cmd_scan.c does, by one rank. */
static enum dmumu_status probe(const struct dmumu_fit_arguments *arguments, struct dmumu_error *error)
{
    if (arguments->quiet)
        return DMUMU_OK;
    if (arguments->output && !arguments->overwrite && access(arguments->output, F_OK) == 0)
        return dmumu_error_set(error, DMUMU_ERROR_FILE, "--output: %.400s exists; --overwrite replaces it",
                               arguments->output);
    return dmumu_cube_probe_header(arguments->cube, error);
}

int dmumu_cmd_fit(int argc, char **argv)
{
    struct dmumu_fit_arguments arguments = {.quiet = dmumu_team_launch_rank() != 0};
    struct request request = {.arguments = &arguments, .probed = {.status = DMUMU_OK}};
    int outcome = dmumu_fit_arguments_parse(argc, argv, &arguments);
    if (outcome == DMUMU_EXIT_OK && arguments.help) {
        outcome = arguments.quiet ? DMUMU_EXIT_OK : dmumu_fit_help();
    } else if (outcome == DMUMU_EXIT_OK || dmumu_team_launched()) {
        if (outcome == DMUMU_EXIT_OK)
            request.probed.status = probe(&arguments, &request.probed);
        outcome = dmumu_cmd_run_team(COMMAND, argc, argv, arguments.quiet, outcome, fit_as_team, &request);
    }
    dmumu_fit_arguments_free(&arguments);
    return outcome;
}
