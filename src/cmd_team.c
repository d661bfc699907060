/* Team: start and end of the commands that run under MPI (see cmd_team.h). */
#include "cmd_team.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int dmumu_cmd_run_team(const char *command, int argc, char **argv, bool quiet, int parsed, dmumu_cmd_work *work,
                       const void *arguments)
{
    struct dmumu_team team;
    struct dmumu_error error = {.status = DMUMU_OK};
    int outcome = parsed;
    if (dmumu_team_start(&argc, &argv, &team, &error) == DMUMU_OK) {
        if (parsed == DMUMU_EXIT_OK)
            outcome = work(&team, arguments);
    } else {
        outcome = DMUMU_EXIT_USAGE;
        if (team.rank == 0 && !quiet)
            dmumu_cmd_failed(command, "%s", error.message);
        else if (team.rank == 0)
            sleep(1);
    }
    dmumu_team_end(&team);
    return outcome;
}

int dmumu_cmd_end_work(const char *command, const struct dmumu_team *team, enum dmumu_status status,
                       const struct dmumu_error *error, bool begun, int outcome)
{
    if (status != DMUMU_OK) {
        const bool refused = !begun && status != DMUMU_ERROR_MEMORY && status != DMUMU_ERROR_INTERNAL;
        outcome = refused ? DMUMU_EXIT_USAGE : DMUMU_EXIT_FAILED;
    }
    if (team->rank == 0) {
        if (status != DMUMU_OK)
            dmumu_cmd_failed(command, "%s", error->message[0] ? error->message : dmumu_status_text(status));
        outcome = dmumu_cmd_flush(command, outcome);
        if (status != DMUMU_OK && begun && team->size > 1)
            dmumu_team_abort(team, outcome);
    }
    uint64_t shared = team->rank == 0 ? (uint64_t)outcome : 0;
    dmumu_team_sum(team, 1, &shared); /* rank 0's word */
    return (int)shared;
}

char *dmumu_cmd_join(int argc, char **argv)
{
    size_t size = sizeof "dmumu";
    for (int i = 0; i < argc; ++i)
        size += strlen(argv[i]) + 1;
    char *command = malloc(size);
    if (!command)
        return NULL;
    size_t at = (size_t)snprintf(command, size, "dmumu");
    for (int i = 0; i < argc; ++i)
        at += (size_t)snprintf(command + at, size - at, " %s", argv[i]);
    return command;
}
