/* The table of fields against cube.md: names, types, axes, what is hashed; and that each variable has its array. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cube/fields.h"

#include <string.h>

struct expected {
    const char *name;
    enum dmumu_cube_type type;
    int n_axes;
    bool hashed;
};

static void axes_are_those_of_the_contract(void **state)
{
    static const char *const names[] = {"region", "alfven_mach", "beta", "injection_scale", "rigidity"};
    static const char *const units[] = {"1", "1", "1", "pc", "GV"};
    (void)state;
    for (int i = 0; i < DMUMU_CUBE_N_AXES; i++) {
        const struct dmumu_cube_field *field = dmumu_cube_axis_field(i);
        assert_string_equal(field->name, names[i]);
        assert_string_equal(field->units, units[i]);
        assert_int_equal(field->type, i == 0 ? DMUMU_CUBE_U8 : DMUMU_CUBE_F64);
        assert_int_equal(field->n_axes, 1);
    }
}

static void variables_are_those_of_the_contract(void **state)
{
    static const struct expected expected[DMUMU_CUBE_N_VARIABLES] = {
        {"D", DMUMU_CUBE_F64, 5, true},
        {"D_fast", DMUMU_CUBE_F64, 5, true},
        {"D_alfven", DMUMU_CUBE_F64, 5, true},
        {"D_slow", DMUMU_CUBE_F64, 5, true},
        {"rel_error", DMUMU_CUBE_F32, 5, true},
        {"mu_star", DMUMU_CUBE_F32, 5, true},
        {"quality", DMUMU_CUBE_U8, 5, true},
        {"alfven_speed", DMUMU_CUBE_F64, 4, true},
        {"temperature", DMUMU_CUBE_F64, 4, true},
        {"density", DMUMU_CUBE_F64, 4, true},
        {"magnetic_field", DMUMU_CUBE_F64, 4, true},
        {"x_c", DMUMU_CUBE_F64, 4, true},
        {"state", DMUMU_CUBE_U8, 4, false},
        {"cost", DMUMU_CUBE_F32, 4, false},
    };
    (void)state;
    for (int i = 0; i < DMUMU_CUBE_N_VARIABLES; i++) {
        const struct dmumu_cube_field *field = dmumu_cube_variable_field((enum dmumu_cube_variable)i);
        assert_string_equal(field->name, expected[i].name);
        assert_int_equal(field->type, expected[i].type);
        assert_int_equal(field->n_axes, expected[i].n_axes);
        assert_int_equal(field->hashed, expected[i].hashed);
        assert_true(strlen(field->units) > 0 && strlen(field->long_name) > 0 && strlen(field->comment) > 0);
    }
}

static void mode_variables_follow_the_model(void **state)
{
    const bool slow_only[DMUMU_N_MODES] = {[DMUMU_SLOW] = true};
    (void)state;
    for (int mode = 0; mode < DMUMU_N_MODES; mode++) {
        const struct dmumu_cube_field *field =
            dmumu_cube_variable_field((enum dmumu_cube_variable)(DMUMU_CUBE_D_FAST + mode));
        assert_int_equal(field->mode, mode);
        assert_string_equal(field->name + 2, dmumu_mode_name((enum dmumu_mode)mode));
        assert_int_equal(dmumu_cube_field_present(field, slow_only), mode == DMUMU_SLOW);
    }
    assert_true(dmumu_cube_field_present(dmumu_cube_variable_field(DMUMU_CUBE_D), slow_only));
}

/* Each variable takes its own array of a batch, and none takes another's. */
static void every_variable_has_its_array(void **state)
{
    static const double d, fast, alfven, slow, speed, temperature, density, field_ug, x_c;
    static const float rel_error, mu_star, cost;
    static const uint8_t quality;
    const struct dmumu_cube_batch batch = {
        .d_cm2_s = &d,
        .d_mode_cm2_s = {&fast, &alfven, &slow},
        .rel_error = &rel_error,
        .mu_star = &mu_star,
        .quality = &quality,
        .alfven_speed_km_s = &speed,
        .temperature_k = &temperature,
        .density_cm3 = &density,
        .magnetic_field_ug = &field_ug,
        .x_c = &x_c,
        .cost_s = &cost,
    };
    const void *const expected[DMUMU_CUBE_N_VARIABLES] = {&d,        &fast,    &alfven, &slow,        &rel_error,
                                                          &mu_star,  &quality, &speed,  &temperature, &density,
                                                          &field_ug, &x_c,     NULL,    &cost};
    (void)state;
    for (int i = 0; i < DMUMU_CUBE_N_VARIABLES; i++) {
        const struct dmumu_cube_field *field = dmumu_cube_variable_field((enum dmumu_cube_variable)i);
        assert_ptr_equal(dmumu_cube_field_source(field, &batch), expected[i]);
    }
}

static void flags_have_names(void **state)
{
    (void)state;
    assert_int_equal(dmumu_cube_flag_count(DMUMU_CUBE_FLAGS_NONE), 0);
    assert_null(dmumu_cube_flag_name(DMUMU_CUBE_FLAGS_NONE, 0));
    assert_string_equal(dmumu_cube_flag_name(DMUMU_CUBE_FLAGS_REGION, 1), "halo");
    assert_null(dmumu_cube_flag_name(DMUMU_CUBE_FLAGS_REGION, 2));
    assert_string_equal(dmumu_cube_flag_name(DMUMU_CUBE_FLAGS_QUALITY, 2), "not_converged");
    assert_string_equal(dmumu_cube_flag_name(DMUMU_CUBE_FLAGS_STATE, 0), "pending");
    assert_string_equal(dmumu_cube_flag_name(DMUMU_CUBE_FLAGS_STATE, 1), "done");
    assert_null(dmumu_cube_flag_name(DMUMU_CUBE_FLAGS_STATE, 2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(axes_are_those_of_the_contract),
        cmocka_unit_test(variables_are_those_of_the_contract),
        cmocka_unit_test(mode_variables_follow_the_model),
        cmocka_unit_test(every_variable_has_its_array),
        cmocka_unit_test(flags_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
