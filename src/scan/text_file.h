/* Text file: a whole YAML file in memory. */
#ifndef DMUMU_SCAN_TEXT_FILE_H
#define DMUMU_SCAN_TEXT_FILE_H

#include "dmumu.h"

/**
 * Read a file of at most 16 MiB, with a NUL behind it.
 * @param[out] text, length  the caller's to free; untouched on error
 * @return DMUMU_OK, DMUMU_ERROR_FILE or DMUMU_ERROR_MEMORY
 */
enum dmumu_status dmumu_text_file_read(const char *path, char **text, size_t *length, struct dmumu_error *error);

#endif
