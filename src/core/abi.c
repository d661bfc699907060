/* ABI: the public structs as they were compiled, for bindings of other languages. */
#include "dmumu.h"

/* The contents of one entry. */
#define WHOLE(name)        #name, "", 0, sizeof(struct name)
#define FIELD(name, field) #name, #field, offsetof(struct name, field), sizeof(((struct name *)NULL)->field)

static const struct dmumu_abi_entry table[] = {
    {WHOLE(dmumu_error)},
    {FIELD(dmumu_error, status)},
    {FIELD(dmumu_error, message)},
    {WHOLE(dmumu_region_spec)},
    {FIELD(dmumu_region_spec, magnetic_field_ug)},
    {FIELD(dmumu_region_spec, alfven_speed_km_s)},
    {FIELD(dmumu_region_spec, density_cm3)},
    {FIELD(dmumu_region_spec, temperature_k)},
    {FIELD(dmumu_region_spec, zone_size_pc)},
    {FIELD(dmumu_region_spec, x_c)},
    {FIELD(dmumu_region_spec, beta_follows)},
    {FIELD(dmumu_region_spec, collisionless)},
    {FIELD(dmumu_region_spec, viscous)},
    {WHOLE(dmumu_model)},
    {FIELD(dmumu_model, modes)},
    {FIELD(dmumu_model, energy_fraction)},
    {FIELD(dmumu_model, broadening)},
    {FIELD(dmumu_model, alfven_cascade)},
    {FIELD(dmumu_model, harmonics)},
    {FIELD(dmumu_model, confinement)},
    {FIELD(dmumu_model, truncation_angle)},
    {FIELD(dmumu_model, disk_prefactor)},
    {FIELD(dmumu_model, tolerance)},
    {FIELD(dmumu_model, region)},
    {WHOLE(dmumu_point)},
    {FIELD(dmumu_point, region)},
    {FIELD(dmumu_point, alfven_mach)},
    {FIELD(dmumu_point, beta)},
    {FIELD(dmumu_point, injection_scale_pc)},
    {WHOLE(dmumu_medium)},
    {FIELD(dmumu_medium, magnetic_field_ug)},
    {FIELD(dmumu_medium, density_cm3)},
    {FIELD(dmumu_medium, temperature_k)},
    {FIELD(dmumu_medium, alfven_speed_km_s)},
    {FIELD(dmumu_medium, slow_speed_km_s)},
    {FIELD(dmumu_medium, zone_size_pc)},
    {FIELD(dmumu_medium, x_c)},
    {WHOLE(dmumu_curve)},
    {FIELD(dmumu_curve, d_cm2_s)},
    {FIELD(dmumu_curve, d_mode_cm2_s)},
    {FIELD(dmumu_curve, rel_error)},
    {FIELD(dmumu_curve, mu_star)},
    {FIELD(dmumu_curve, quality)},
    {WHOLE(dmumu_pitch)},
    {FIELD(dmumu_pitch, transit_time_per_s)},
    {FIELD(dmumu_pitch, gyro_per_s)},
    {FIELD(dmumu_pitch, total_per_s)},
    {FIELD(dmumu_pitch, mean_free_path_pc)},
    {WHOLE(dmumu_cube_options)},
    {FIELD(dmumu_cube_options, quantity)},
    {FIELD(dmumu_cube_options, interpolation)},
    {FIELD(dmumu_cube_options, outside)},
    {FIELD(dmumu_cube_options, partial)},
    {FIELD(dmumu_cube_options, guard)},
    {WHOLE(dmumu_cube_axis)},
    {FIELD(dmumu_cube_axis, n)},
    {FIELD(dmumu_cube_axis, values)},
    {FIELD(dmumu_cube_axis, log_spaced)},
    {WHOLE(dmumu_cube_about)},
    {FIELD(dmumu_cube_about, axis)},
    {FIELD(dmumu_cube_about, has_quantity)},
    {FIELD(dmumu_cube_about, n_curves)},
    {FIELD(dmumu_cube_about, n_done)},
    {FIELD(dmumu_cube_about, n_nan)},
    {FIELD(dmumu_cube_about, title)},
    {FIELD(dmumu_cube_about, configuration)},
    {FIELD(dmumu_cube_about, physics)},
    {FIELD(dmumu_cube_about, physics_hash)},
    {FIELD(dmumu_cube_about, data_hash)},
    {WHOLE(dmumu_cube_points)},
    {FIELD(dmumu_cube_points, n)},
    {FIELD(dmumu_cube_points, region)},
    {FIELD(dmumu_cube_points, alfven_mach)},
    {FIELD(dmumu_cube_points, beta)},
    {FIELD(dmumu_cube_points, injection_scale_pc)},
    {FIELD(dmumu_cube_points, rigidity_gv)},
    {FIELD(dmumu_cube_points, stride)},
    {WHOLE(dmumu_abi_entry)},
    {FIELD(dmumu_abi_entry, struct_name)},
    {FIELD(dmumu_abi_entry, field)},
    {FIELD(dmumu_abi_entry, offset)},
    {FIELD(dmumu_abi_entry, size)},
};

const struct dmumu_abi_entry *dmumu_abi_table(size_t *n)
{
    *n = sizeof table / sizeof table[0];
    return table;
}

const char *dmumu_version(void)
{
    return DMUMU_VERSION;
}
