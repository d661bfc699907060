/*
 * Build, part one: which form of a quantity counts where the file gives one and an override another.
 *
 * An axis is a range or a list of values, and the density is given as such or by the Alfven speed. An override that
 * uses one form takes the other, from the file, out.
 */
#include "core/error.h"
#include "scan/config_build.h"

#include <stdio.h>

static struct dmumu_node *member(const struct dmumu_node *root, const char *section, const char *name)
{
    char path[64];
    snprintf(path, sizeof path, "%s.%s", section, name);
    return dmumu_node_at_path(root, path);
}

static bool is_override(const struct dmumu_node *node)
{
    return node && node->origin.line == 0;
}

static void take_out(struct dmumu_node *node)
{
    if (node)
        node->kind = DMUMU_NODE_ABSENT;
}

static enum dmumu_status settle_axis(struct dmumu_node *root, const char *path, struct dmumu_error *error)
{
    struct dmumu_node *values = member(root, path, "values");
    struct dmumu_node *range[] = {member(root, path, "from"), member(root, path, "to"), member(root, path, "points")};
    struct dmumu_node *spacing = member(root, path, "spacing");
    if (!values || (!range[0] && !range[1] && !range[2]))
        return DMUMU_OK;
    const bool range_overrides = is_override(range[0]) || is_override(range[1]) || is_override(range[2]);
    if (is_override(values) && !range_overrides) {
        for (int i = 0; i < 3; i++)
            take_out(range[i]);
        if (!is_override(spacing))
            take_out(spacing);
        return DMUMU_OK;
    }
    if (!is_override(values) && range_overrides) {
        take_out(values);
        return DMUMU_OK;
    }
    char where[DMUMU_WHERE_SIZE];
    dmumu_origin_text(&values->origin, where);
    return dmumu_error_set(error, DMUMU_ERROR_INPUT,
                           "%s: %s: both values and a range are given; give {from, to, points, spacing} or {values}",
                           where, path);
}

static void settle_density(struct dmumu_node *root, const char *region)
{
    struct dmumu_node *density = member(root, region, "density_cm3");
    struct dmumu_node *speed = member(root, region, "alfven_speed_km_s");
    if (density && speed && is_override(density) != is_override(speed))
        take_out(is_override(density) ? speed : density);
}

enum dmumu_status dmumu_build_settle(struct dmumu_node *root, struct dmumu_error *error)
{
    static const char *const axes[] = {"axes.alfven_mach", "axes.beta", "axes.injection_scale_pc", "axes.rigidity_gv"};
    for (size_t i = 0; i < sizeof axes / sizeof *axes; i++) {
        const enum dmumu_status status = settle_axis(root, axes[i], error);
        if (status != DMUMU_OK)
            return status;
    }
    for (int region = 0; region < DMUMU_N_REGIONS; region++)
        settle_density(root, dmumu_region_name((enum dmumu_region)region));
    return DMUMU_OK;
}
