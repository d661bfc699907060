/*
 * dmumu merge: the parts of a grid, computed as cubes of their own, become the cube of the whole. Alone or under mpirun.
 *
 * Rank 0 finds the grid and checks the partition; then all read and write their shares. As in cmd_scan.c every path to
 * the end passes the same collective calls on every rank.
 */
#include "cmd_team.h"

#include "core/error.h"
#include "cube/read.h"
#include "scan/merge.h"
#include "scan/scan.h"
#include "scan/takeover.h"
#include "scan/target.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char help[] =
    "Usage: dmumu merge A.h5 B.h5 [...] -o C.h5\n"
    "\n"
    "Join cubes that partition a grid, such as the parts of `dmumu scan --part I/N`, to the cube of the whole. Every\n"
    "value of the grid that their coordinates span must be in exactly one of them: an overlap, a hole, other physics "
    "or\n"
    "an incomplete cube is an error. The values are compared with the checksums that were written with them. C.h5 has\n"
    "the data_hash of one scan of the whole grid. Under mpirun the ranks share the work.\n"
    "\n"
    "  -o, --output C.h5  the file to write; an existing one is never replaced\n"
    "      --help         this text\n"
    "\n"
    "Exit status: 0 done, 1 the work failed, 2 bad usage, or cubes that do not fit.\n";

enum { OPTION_HELP = 256, BUFFER_BYTES = 64000000 };

struct arguments {
    const char *output;
    const char *const *cubes; /* [n_cubes] */
    size_t n_cubes;
    const char *command;
    bool help, quiet; /* quiet: another process of this launch says what is wrong */
};

static int parse_arguments(int argc, char **argv, struct arguments *arguments)
{
    static const struct option long_options[] = {
        {"output", required_argument, NULL, 'o'}, {"help", no_argument, NULL, OPTION_HELP}, {NULL, 0, NULL, 0}};
    int option = 0;
    opterr = 0;
    optind = 1;
    while ((option = getopt_long(argc, argv, ":o:", long_options, NULL)) != -1) {
        if (option == 'o')
            arguments->output = optarg;
        else if (option == OPTION_HELP)
            arguments->help = true;
        else
            return arguments->quiet ? DMUMU_EXIT_USAGE : dmumu_cmd_bad_option("merge", option, argv, long_options);
    }
    arguments->cubes = (const char *const *)argv + optind;
    arguments->n_cubes = (size_t)(argc - optind);
    if (arguments->help || (arguments->output && arguments->n_cubes > 0))
        return DMUMU_EXIT_OK;
    if (arguments->quiet)
        return DMUMU_EXIT_USAGE;
    return dmumu_cmd_usage("merge", "%s", arguments->output ? "the cubes to merge are wanted" : "-o C.h5 is wanted");
}

/* The configuration of the whole, the same on every rank. Collective. */
static enum dmumu_status share_config(const struct dmumu_team *team, const struct dmumu_reuse *cubes,
                                      struct dmumu_config *config, struct dmumu_error *error)
{
    enum dmumu_status status = DMUMU_OK;
    if (team->rank == 0) {
        status = dmumu_merge_config(cubes, config, error);
        if (status == DMUMU_OK)
            status = dmumu_merge_check(cubes, &config->grid, error);
    }
    status = dmumu_team_agree(team, status, error);
    if (status != DMUMU_OK)
        return status;
    char *text = config->text;
    status = dmumu_team_share_text(team, &text, error);
    if (status == DMUMU_OK && team->rank != 0)
        status = dmumu_config_read_text(text, "merged configuration", true, config, error);
    if (team->rank != 0)
        free(text);
    return dmumu_team_agree(team, status, error);
}

/* What an interrupted merge has left is gone on with; a complete cube is in the way. */
static struct dmumu_target target_of(const struct arguments *arguments)
{
    char *part = dmumu_target_part(arguments->output);
    const bool left = part && access(part, F_OK) == 0;
    free(part);
    return (struct dmumu_target){arguments->output, false, left};
}

/* Create the cube, or go on with it, and fill it. Collective. */
static enum dmumu_status write_cube(const struct dmumu_team *team, const struct arguments *arguments,
                                    struct dmumu_reuse *cubes, const struct dmumu_config *config, bool *begun,
                                    char data_hash[static 65], struct dmumu_error *error)
{
    struct dmumu_blocks blocks = {0};
    struct dmumu_takeover taken;
    struct dmumu_cube_writer *cube = NULL;
    const struct dmumu_target target = target_of(arguments);
    char *physics_text = dmumu_config_physics_text(&config->model);
    enum dmumu_status status = DMUMU_OK;
    if (!physics_text)
        status = dmumu_error_set(error, DMUMU_ERROR_MEMORY, "no memory for the text of the model");
    if (status == DMUMU_OK)
        status = dmumu_blocks_new(&config->grid, &blocks, error);
    if (status == DMUMU_OK)
        status = dmumu_reuse_map(cubes, &config->grid, error);
    status = dmumu_team_agree(team, status, error);
    if (status == DMUMU_OK) {
        struct dmumu_cube_spec spec = dmumu_scan_cube_spec(team, config, physics_text, arguments->command);
        char sources[DMUMU_SCAN_SOURCES];
        dmumu_reuse_describe(cubes, sizeof sources, sources);
        spec.sources = sources;
        status = dmumu_target_open(team, &target, &spec, &cube, data_hash, error);
    }
    if (status == DMUMU_OK) {
        *begun = true;
        status = dmumu_target_take_out(team, cube, &blocks, error);
        if (status == DMUMU_OK)
            status = dmumu_takeover_run(team, cube, cubes, &config->grid, config->model.modes, BUFFER_BYTES, &blocks,
                                        &taken, error);
        if (status == DMUMU_OK)
            status = dmumu_cube_finish(cube, data_hash, error);
        else if (team->size == 1)
            dmumu_cube_abandon(cube);
        else
            dmumu_cube_unlock(cube); /* see scan.h: closing could hang */
    }
    dmumu_blocks_free(&blocks);
    free(physics_text);
    return status;
}

/* What is to be done, and what came of a first look at the cubes. */
struct request {
    const struct arguments *arguments;
    struct dmumu_error probed;
};

static void print_report(const struct arguments *arguments, size_t n_curves, const char data_hash[static 65])
{
    printf("%zu curves of %zu cubes\ncube: ", n_curves, arguments->n_cubes);
    dmumu_cmd_print(stdout, arguments->output);
    printf("\ndata_hash: %s\n", data_hash);
}

/* dmumu_cmd_work: everything between the start and the end of MPI. */
static int merge_as_team(const struct dmumu_team *team, const void *argument)
{
    const struct request *request = argument;
    const struct arguments *arguments = request->arguments;
    struct dmumu_config config = {0};
    struct dmumu_reuse *cubes = NULL;
    struct dmumu_error error = request->probed;
    char data_hash[65] = "";
    bool begun = false;
    enum dmumu_status status = dmumu_team_agree(team, error.status, &error);
    if (status == DMUMU_OK) {
        status = dmumu_reuse_open(arguments->cubes, arguments->n_cubes, NULL, &cubes, &error);
        status = dmumu_team_agree(team, status, &error);
    }
    if (status == DMUMU_OK)
        status = share_config(team, cubes, &config, &error);
    if (status == DMUMU_OK)
        status = write_cube(team, arguments, cubes, &config, &begun, data_hash, &error);
    if (status == DMUMU_OK && team->rank == 0)
        print_report(arguments, dmumu_grid_n_curves(&config.grid), data_hash);
    dmumu_config_free(&config);
    dmumu_reuse_free(cubes);
    return dmumu_cmd_end_work("merge", team, status, &error, begun, DMUMU_EXIT_OK);
}

/* Before MPI, as cmd_scan.c does, by one rank. */
static enum dmumu_status probe(const struct arguments *arguments, struct dmumu_error *error)
{
    enum dmumu_status status = DMUMU_OK;
    if (arguments->quiet || !arguments->output)
        return DMUMU_OK;
    for (size_t i = 0; i < arguments->n_cubes && status == DMUMU_OK; ++i)
        status = dmumu_cube_probe_header(arguments->cubes[i], error);
    if (status != DMUMU_OK)
        return status;
    if (access(arguments->output, F_OK) == 0)
        return dmumu_error_set(error, DMUMU_ERROR_FILE, "%.400s exists, and merge replaces nothing", arguments->output);
    const struct dmumu_target target = target_of(arguments);
    return dmumu_target_probe(&target, error);
}

int dmumu_cmd_merge(int argc, char **argv)
{
    struct arguments arguments = {.quiet = dmumu_team_launch_rank() != 0};
    struct request request = {.arguments = &arguments, .probed = {.status = DMUMU_OK}};
    char *command = dmumu_cmd_join(argc, argv);
    if (!command)
        return dmumu_cmd_failed("merge", "no memory for the command line");
    arguments.command = command;
    int outcome = parse_arguments(argc, argv, &arguments);
    if (outcome == DMUMU_EXIT_OK && arguments.help) {
        if (!arguments.quiet)
            fputs(help, stdout);
        outcome = dmumu_cmd_flush("merge", outcome);
    } else if (outcome == DMUMU_EXIT_OK || dmumu_team_launched()) {
        if (outcome == DMUMU_EXIT_OK)
            request.probed.status = probe(&arguments, &request.probed);
        outcome = dmumu_cmd_run_team("merge", argc, argv, arguments.quiet, outcome, merge_as_team, &request);
    }
    free(command);
    return outcome;
}
