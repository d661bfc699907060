/* Orphan: a thread that looks for the parent (see orphan.h). */
#include "scan/orphan.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

/* An orphan has another parent: init, or whoever collects orphans. */
static void *watch(void *own)
{
    const struct timespec interval = {.tv_sec = 1};
    const pid_t parent = *(pid_t *)own;
    free(own);
    while (getppid() == parent) {
        nanosleep(&interval, NULL);
    }
    kill(getpid(), SIGKILL);
    return NULL;
}

void dmumu_orphan_watch(void)
{
    const pid_t parent = getppid();
    pthread_t thread;
    sigset_t all, before;
    pid_t *own = malloc(sizeof *own);
    if (own == NULL || parent <= 1) {
        free(own);
        return; /* init itself, or a parent in another space of process numbers */
    }
    *own = parent;
    /* signals are for the threads that compute */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    if (pthread_create(&thread, NULL, watch, own) == 0) {
        pthread_detach(thread);
    } else {
        free(own);
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}
