/*
 * Guard: do something with a file that anyone may have made or damaged, in a process of its own.
 *
 * HDF5 checks most of what it reads, not all: over a damaged or hostile file it may crash, loop or ask for any amount of
 * memory. In a child process, with a limit on memory and on computing time, each of these becomes an error like any
 * other. Nothing that the child changes in memory comes back; what it prints does.
 */
#ifndef DMUMU_CUBE_GUARD_H
#define DMUMU_CUBE_GUARD_H

#include "dmumu.h"

/** What is to be done in the child; its status and message are what dmumu_cube_guard returns. */
typedef enum dmumu_status dmumu_guard_work(const char *path, void *argument, struct dmumu_error *error);

/**
 * Run `work` in a child process and wait. To be called before MPI_Init (a fork afterwards is not safe with every
 * network) and with no other thread running. SIGINT and the like, when they end the child, end the caller too.
 *
 * @param[in] path  the file that `work` reads; its size sets the limit of time: 5 s of computing, and 1 s per MB
 * @return what `work` returned; DMUMU_ERROR_FILE: it crashed or met a limit, which the message tells in terms of the
 *         file; DMUMU_ERROR_MEMORY: there is no room for another process
 */
enum dmumu_status dmumu_cube_guard(const char *path, dmumu_guard_work *work, void *argument, struct dmumu_error *error);

#endif
