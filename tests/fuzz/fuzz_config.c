/*
 * Fuzz target: the YAML input file and --set.
 *
 * Input: the text of a file; behind a line "%%", one override a line. What must hold: an error says where; what is
 * accepted is a grid and a model that can be computed with, and its own text gives the same configuration again.
 */
#include "fuzz.h"

#include "scan/config.h"

#include <math.h>
#include <string.h>

enum { MOST_OVERRIDES = 16 };

/* Input cut into the file and the overrides, whose text is copied. */
struct input {
    size_t file_size;
    char *lines;
    const char *overrides[MOST_OVERRIDES];
    size_t n;
};

static void cut(const uint8_t *data, size_t size, struct input *input)
{
    static const char mark[] = "\n%%\n";
    const size_t length = sizeof mark - 1;
    *input = (struct input){.file_size = size};
    for (size_t i = 0; i + length <= size && input->file_size == size; i++)
        if (memcmp(data + i, mark, length) == 0)
            input->file_size = i;
    if (input->file_size == size)
        return;
    const size_t first = input->file_size + length;
    input->lines = malloc(size - first + 1);
    FUZZ_REQUIRE(input->lines != NULL, "no memory");
    memcpy(input->lines, data + first, size - first);
    input->lines[size - first] = '\0';
    for (char *line = input->lines, *end; line && input->n < MOST_OVERRIDES; line = end ? end + 1 : NULL) {
        end = strchr(line, '\n');
        if (end)
            *end = '\0';
        input->overrides[input->n++] = line;
    }
}

static void check_axis(const struct dmumu_axis *axis)
{
    for (size_t i = 0; i < axis->n; i++)
        FUZZ_REQUIRE(isfinite(axis->values[i]) && (i == 0 || axis->values[i - 1] < axis->values[i]), "value %zu: %g", i,
                     axis->values[i]);
}

static void check_same(const struct dmumu_config *config, const struct dmumu_config *again)
{
    FUZZ_REQUIRE(strcmp(config->title, again->title) == 0, "title '%s' comes back as '%s'", config->title,
                 again->title);
    FUZZ_REQUIRE(strcmp(config->text, again->text) == 0, "comes back otherwise:\n%s\n%s", config->text, again->text);
    for (int i = 0; i < DMUMU_N_AXES; i++) {
        const struct dmumu_axis *one = &config->grid.axis[i], *other = &again->grid.axis[i];
        FUZZ_REQUIRE(one->n == other->n, "axis %d has %zu values, then %zu", i, one->n, other->n);
        FUZZ_REQUIRE(one->n == 0 || memcmp(one->values, other->values, one->n * sizeof *one->values) == 0, "axis %d",
                     i);
    }
}

/* A configuration that was accepted. */
static void check_config(const struct dmumu_config *config, bool need_axes)
{
    struct dmumu_config again;
    struct dmumu_error error = {.message = ""};
    for (int i = 0; i < DMUMU_N_AXES; i++) {
        FUZZ_REQUIRE(!need_axes || config->grid.axis[i].n > 0, "no axis %d", i);
        check_axis(&config->grid.axis[i]);
    }
    FUZZ_REQUIRE(dmumu_model_check(&config->model, &error) == DMUMU_OK, "%s", error.message);
    FUZZ_REQUIRE(dmumu_config_read_text(config->text, "again", need_axes, &again, &error) == DMUMU_OK, "%s\n%s",
                 error.message, config->text);
    check_same(config, &again);
    char *physics = dmumu_config_physics_text(&config->model), *other = dmumu_config_physics_text(&again.model);
    FUZZ_REQUIRE(physics && other && strcmp(physics, other) == 0, "another physics_hash:\n%s\n%s", physics, other);
    free(physics);
    free(other);
    dmumu_config_free(&again);
}

/* The media at the corners of what the axes may hold: a value or an error, and nothing else. */
static void check_media(const struct dmumu_model *model)
{
    static const double beta[] = {1e-3, 30}, mach[] = {0.05, 3}, scale[] = {0.1, 1000};
    for (unsigned corner = 0; corner < 16; corner++) {
        const struct dmumu_point point = {.region = corner & 1 ? DMUMU_HALO : DMUMU_DISK,
                                          .beta = beta[corner >> 1 & 1],
                                          .alfven_mach = mach[corner >> 2 & 1],
                                          .injection_scale_pc = scale[corner >> 3 & 1]};
        struct dmumu_medium medium;
        struct dmumu_error error = {.message = ""};
        if (dmumu_medium_of_point(model, &point, &medium, &error) == DMUMU_OK)
            FUZZ_REQUIRE(medium.magnetic_field_ug > 0 && medium.density_cm3 > 0 && medium.temperature_k > 0 &&
                             medium.alfven_speed_km_s > 0,
                         "B %g, n %g, T %g, v_A %g", medium.magnetic_field_ug, medium.density_cm3, medium.temperature_k,
                         medium.alfven_speed_km_s);
        else
            FUZZ_REQUIRE(error.message[0] != '\0', "an error without a message");
    }
}

/* The place that a message must name: the file, or an override. */
static void check_refusal(enum dmumu_status status, const struct dmumu_error *error, const char *path)
{
    fuzz_check_error(status, error, NULL);
    FUZZ_REQUIRE(strstr(error->message, path) != NULL || strstr(error->message, "--set ") != NULL,
                 "neither '%s' nor --set: %s", path, error->message);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input;
    cut(data, size, &input);
    struct fuzz_file file = fuzz_file_new(data, input.file_size);
    for (int need_axes = 0; need_axes < 2; need_axes++) {
        struct dmumu_config config = {0};
        struct dmumu_error error = {.message = ""};
        const enum dmumu_status status =
            dmumu_config_read(file.path, input.overrides, input.n, need_axes, &config, &error);
        if (status == DMUMU_OK) {
            check_config(&config, need_axes);
            check_media(&config.model);
        } else {
            check_refusal(status, &error, file.path);
            FUZZ_REQUIRE(!config.title && !config.text, "touched on error");
        }
        dmumu_config_free(&config);
    }
    fuzz_file_remove(&file);
    free(input.lines);
    return 0;
}
