/* What is said of a launch: versions in what libraries say of themselves, and file systems. */
#include "cube/filesystem.h"
#include "cube/libraries.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

static void assert_version(const char *text, const char *expected)
{
    char version[32];
    dmumu_library_version(text, version);
    assert_string_equal(version, expected);
}

static void versions_are_found(void **state)
{
    (void)state;
    assert_version("Open MPI v4.1.4, package: Debian OpenMPI, ident: 4.1.4, repo rev: v4.1.4, May 26, 2022", "4.1.4");
    assert_version("MPICH Version:      4.0.2\nMPICH Release date: Thu Apr  7", "4.0.2");
    assert_version("Intel(R) MPI Library 2021.6 for Linux* OS", "2021.6");
    assert_version("Version 3 of 2.1.", "2.1");
    assert_version("nothing of the kind, 7", "");
    assert_version("", "");
}

static void headers_and_library_fit(void **state)
{
    (void)state;
    const struct dmumu_library hdf5 = dmumu_library_hdf5();
    assert_true(dmumu_library_fits(&hdf5));
    assert_string_equal(hdf5.name, "HDF5");
    const struct dmumu_library other = {.name = "HDF5", .compiled = "1.10.8", .loaded = "1.10.7"};
    assert_false(dmumu_library_fits(&other));
    const struct dmumu_library silent = {.name = "MPI", .loaded = "4.0"};
    assert_true(dmumu_library_fits(&silent));
}

static void file_systems_are_named(void **state)
{
    (void)state;
    char name[DMUMU_FILESYSTEM_NAME];
    dmumu_filesystem_of("/proc/self", name);
    assert_string_equal(name, "proc");
    dmumu_filesystem_of("/sys/x.h5", name);
    assert_string_equal(name, "sysfs");
    dmumu_filesystem_of("x.h5", name);
    assert_string_not_equal(name, "unknown");
    dmumu_filesystem_of("/x.h5", name);
    assert_string_not_equal(name, "unknown");
    dmumu_filesystem_of("/no/such/folder/x.h5", name);
    assert_string_equal(name, "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(versions_are_found),
        cmocka_unit_test(headers_and_library_fit),
        cmocka_unit_test(file_systems_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
