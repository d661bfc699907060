/* Look-up, room: large pages, asked for as Linux wants it. */
#define _DEFAULT_SOURCE /* madvise, which POSIX does not have */

#include "cube/lookup_room.h"

#include <stdlib.h>
#include <sys/mman.h>

enum { LARGE_PAGE = 1 << 21 };

double *dmumu_lookup_room_new(uint64_t n)
{
    if (n > (SIZE_MAX / 2 - LARGE_PAGE) / sizeof(double)) {
        return NULL;
    }
    const size_t bytes = (size_t)n * sizeof(double), rounded = (bytes + LARGE_PAGE - 1) / LARGE_PAGE * LARGE_PAGE;
    if (bytes < LARGE_PAGE) {
        return malloc(bytes);
    }
    double *room = aligned_alloc(LARGE_PAGE, rounded);
#ifdef MADV_HUGEPAGE
    if (room != NULL) {
        (void)madvise(room, rounded, MADV_HUGEPAGE); /* without it, the same but slower */
    }
#endif
    return room;
}
