/* SHA-256 against the vectors of FIPS 180-4 / NIST CAVP, and that the pieces it is fed in do not matter. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cube/sha256.h"

#include <string.h>

static void hash_text(const char *text, char hex[static DMUMU_SHA256_HEX])
{
    struct dmumu_sha256 hash;
    uint8_t digest[DMUMU_SHA256_BYTES];
    dmumu_sha256_begin(&hash);
    dmumu_sha256_add(&hash, text, strlen(text));
    dmumu_sha256_end(&hash, digest);
    dmumu_sha256_hex(digest, hex);
}

static void standard_vectors(void **state)
{
    static const char *const vectors[][2] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
        {"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqr"
         "stu",
         "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        char hex[DMUMU_SHA256_HEX];
        hash_text(vectors[i][0], hex);
        assert_string_equal(hex, vectors[i][1]);
    }
}

static void million_letters(void **state)
{
    struct dmumu_sha256 hash;
    uint8_t digest[DMUMU_SHA256_BYTES];
    char letters[1000], hex[DMUMU_SHA256_HEX];
    (void)state;
    memset(letters, 'a', sizeof letters);
    dmumu_sha256_begin(&hash);
    for (int i = 0; i < 1000; i++) {
        dmumu_sha256_add(&hash, letters, sizeof letters);
    }
    dmumu_sha256_end(&hash, digest);
    dmumu_sha256_hex(digest, hex);
    assert_string_equal(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

/* Every length around the block and padding boundaries, in two pieces cut anywhere. */
static void pieces_do_not_matter(void **state)
{
    char text[200];
    (void)state;
    memset(text, 'x', sizeof text);
    for (size_t length = 0; length < 150; length++) {
        uint8_t whole[DMUMU_SHA256_BYTES], pieces[DMUMU_SHA256_BYTES];
        struct dmumu_sha256 hash;
        dmumu_sha256_begin(&hash);
        dmumu_sha256_add(&hash, text, length);
        dmumu_sha256_end(&hash, whole);
        for (size_t cut = 0; cut <= length; cut += 7) {
            dmumu_sha256_begin(&hash);
            dmumu_sha256_add(&hash, text, cut);
            dmumu_sha256_add(&hash, text + cut, length - cut);
            dmumu_sha256_end(&hash, pieces);
            assert_memory_equal(pieces, whole, sizeof whole);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(standard_vectors),
        cmocka_unit_test(million_letters),
        cmocka_unit_test(pieces_do_not_matter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
