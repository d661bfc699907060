/* Arena: pieces are zeroed, aligned and apart from each other; what is taken back is given out again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/arena.h"

#include <stdalign.h>
#include <string.h>

enum { PIECES = 200, BIG = 3 << 20 };

/* Sizes from 1 to 40000, of all residues: several of the arena's chunks together. */
static size_t size_of_piece(size_t i)
{
    return 1 + i * 201;
}

static unsigned char *take(struct dmumu_arena *arena, size_t size)
{
    unsigned char *piece = dmumu_arena_take(arena, size);
    assert_non_null(piece);
    assert_int_equal((uintptr_t)piece % alignof(max_align_t), 0);
    return piece;
}

static void assert_filled(const unsigned char *piece, size_t size, unsigned char with)
{
    for (size_t i = 0; i < size; i++) {
        if (piece[i] != with) {
            fail_msg("byte %zu of %zu is %u, not %u", i, size, piece[i], with);
        }
    }
}

/* Take all pieces, see that each is zero, and write on it. */
static void take_pieces(struct dmumu_arena *arena, unsigned char *piece[static PIECES])
{
    for (size_t i = 0; i < PIECES; i++) {
        piece[i] = take(arena, size_of_piece(i));
        assert_filled(piece[i], size_of_piece(i), 0);
        memset(piece[i], (int)(i + 1), size_of_piece(i));
    }
}

static void test_zeroed_aligned_apart(void **state)
{
    (void)state;
    struct dmumu_arena arena = {0};
    unsigned char *piece[PIECES];
    take_pieces(&arena, piece);
    for (size_t i = 0; i < PIECES; i++) {
        assert_filled(piece[i], size_of_piece(i), (unsigned char)(i + 1));
    }
    dmumu_arena_free(&arena);
}

static void test_reset_reuses(void **state)
{
    (void)state;
    struct dmumu_arena arena = {0};
    unsigned char *first[PIECES];
    unsigned char *again[PIECES];
    take_pieces(&arena, first);
    const size_t n_chunks = arena.n_chunks;
    assert_true(n_chunks > 1);
    for (int round = 0; round < 3; round++) {
        dmumu_arena_reset(&arena);
        take_pieces(&arena, again); /* zeroed again as well */
        assert_memory_equal(again, first, sizeof first);
        assert_int_equal(arena.n_chunks, n_chunks);
    }
    dmumu_arena_free(&arena);
}

static void test_big_requests(void **state)
{
    (void)state;
    struct dmumu_arena arena = {0};
    unsigned char *small = take(&arena, 24);
    memset(small, 1, 24);
    for (int i = 0; i < 3; i++) {
        unsigned char *big = take(&arena, BIG);
        assert_filled(big, BIG, 0);
        memset(big, 2, BIG);
        unsigned char *next = take(&arena, 40);
        assert_filled(next, 40, 0);
        memset(next, 3, 40);
        assert_filled(big, BIG, 2);
    }
    assert_filled(small, 24, 1);
    const size_t n_chunks = arena.n_chunks;
    for (int round = 0; round < 3; round++) { /* a big one first: what is there suffices */
        dmumu_arena_reset(&arena);
        assert_filled(take(&arena, BIG), BIG, 0);
        assert_int_equal(arena.n_chunks, n_chunks);
    }
    dmumu_arena_free(&arena);
}

/* A piece that just fills a chunk, and one of nothing. */
static void test_limits(void **state)
{
    (void)state;
    struct dmumu_arena arena = {0};
    take(&arena, 0);
    unsigned char *full = take(&arena, (size_t)1 << 18);
    memset(full, 5, (size_t)1 << 18);
    assert_int_equal(arena.n_chunks, 1);
    unsigned char *next = take(&arena, 1);
    assert_int_equal(arena.n_chunks, 2);
    assert_filled(next, 1, 0);
    assert_filled(full, (size_t)1 << 18, 5);
    dmumu_arena_free(&arena);
}

static void test_given_back(void **state)
{
    (void)state;
    struct dmumu_arena arena = {0};
    dmumu_arena_free(&arena); /* of nothing */
    take(&arena, 1000);
    dmumu_arena_free(&arena);
    assert_true(!arena.chunk && arena.n_chunks == 0 && arena.at == 0 && arena.used == 0);
    take(&arena, 1000); /* usable again */
    dmumu_arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_zeroed_aligned_apart), cmocka_unit_test(test_reset_reuses),
        cmocka_unit_test(test_big_requests),         cmocka_unit_test(test_limits),
        cmocka_unit_test(test_given_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
