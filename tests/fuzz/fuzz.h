/*
 * Fuzz: what the libFuzzer targets share. Each target gives bytes to a part of dmumu as a file or a command line, and
 * checks what must hold of the answer, whatever they were: FUZZ_REQUIRE ends the process when it does not.
 */
#ifndef DMUMU_TESTS_FUZZ_H
#define DMUMU_TESTS_FUZZ_H

#include "dmumu.h"

#include <stdio.h>
#include <stdlib.h>

#define FUZZ_REQUIRE(condition, ...)                                                                                   \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            fuzz_fail(__FILE__, __LINE__, #condition, __VA_ARGS__);                                                    \
        }                                                                                                              \
    } while (0)

/** Say what is not true, and end the process. */
void fuzz_fail(const char *file, int line, const char *condition, const char *format, ...)
    __attribute__((noreturn, format(printf, 4, 5)));
/** From now on, say it to where stderr goes now. */
void fuzz_keep_stderr(void);

enum { FUZZ_PATH_SIZE = 256 };

/** A new file in the folder of this process, under a name that was never used before. */
struct fuzz_file {
    char path[FUZZ_PATH_SIZE];
};

/** A folder of this process alone, made at the first call in $TMPDIR (else /dev/shm), removed at its end. */
const char *fuzz_folder(void);
/** Remove every file in the folder. */
void fuzz_folder_clean(void);

/** A new file of these bytes. Ends the process when there is none to be had. */
struct fuzz_file fuzz_file_new(const uint8_t *data, size_t size);
/** The bytes of a file, owned by the caller. */
uint8_t *fuzz_file_take(const struct fuzz_file *file, size_t *size);
void fuzz_file_remove(const struct fuzz_file *file);

/** An error must have one of the statuses for bad input, and a message that ends; `path`, unless NULL, is in it. */
void fuzz_check_error(enum dmumu_status status, const struct dmumu_error *error, const char *path);

/* libFuzzer's interface. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

#endif
