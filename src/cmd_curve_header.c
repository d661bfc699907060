/* `dmumu curve`: the `#` lines above the tables, from which the curve can be computed again. */
#include "cmd.h"
#include "cmd_curve.h"
#include "scan/config_text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The configuration with this point as its whole grid, as YAML; NULL when out of memory. */
static char *point_text(const struct dmumu_curve_request *request)
{
    const struct dmumu_point *point = &request->point;
    double region = point->region, alfven_mach = point->alfven_mach, beta = point->beta;
    double injection_scale_pc = point->injection_scale_pc;
    const struct dmumu_config config = {
        .title = request->config.title,
        .model = request->config.model,
        .grid.axis = {[DMUMU_AXIS_REGION] = {1, &region, false},
                      [DMUMU_AXIS_ALFVEN_MACH] = {1, &alfven_mach, false},
                      [DMUMU_AXIS_BETA] = {1, &beta, false},
                      [DMUMU_AXIS_INJECTION_SCALE] = {1, &injection_scale_pc, false},
                      [DMUMU_AXIS_RIGIDITY] = {request->n, request->rigidity_gv, true}},
    };
    return dmumu_config_text(&config);
}

static void write_indented(const char *text, FILE *out)
{
    while (*text) {
        const size_t length = strcspn(text, "\n");
        fprintf(out, "#   %.*s\n", (int)length, text);
        text += length + (text[length] == '\n');
    }
}

static void write_medium(const struct dmumu_medium *medium, FILE *out)
{
    fprintf(out,
            "# Medium: B = %.10g uG, n = %.10g cm^-3, T = %.10g K, v_A = %.10g km/s, v_s = %.10g km/s, l = %.10g pc",
            medium->magnetic_field_ug, medium->density_cm3, medium->temperature_k, medium->alfven_speed_km_s,
            medium->slow_speed_km_s, medium->zone_size_pc);
    if (isnan(medium->x_c))
        fputs(", no viscous damping\n", out);
    else
        fprintf(out, ", x_c = %.10g\n", medium->x_c);
}

int dmumu_curve_write_header(const struct dmumu_curve_request *request, FILE *out)
{
    struct dmumu_medium medium;
    struct dmumu_error error = {0};
    if (dmumu_medium_of_point(&request->config.model, &request->point, &medium, &error) != DMUMU_OK)
        return dmumu_cmd_usage("curve", "%s", error.message);
    char *text = point_text(request);
    if (!text)
        return dmumu_cmd_failed("curve", "out of memory");
    fprintf(out, "# dmumu %s (git %.12s%s), %s kernel\n", DMUMU_VERSION, DMUMU_GIT_REVISION,
            DMUMU_GIT_DIRTY ? ", with changes" : "", request->kernel == DMUMU_KERNEL_REF ? "ref" : "fast");
    fputs("# The model and the point, as an input file of dmumu scan:\n", out);
    write_indented(text, out);
    free(text);
    write_medium(&medium, out);
    return DMUMU_EXIT_OK;
}
