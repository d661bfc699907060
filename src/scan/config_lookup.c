/* Build, part four: how right look-ups are to be. */
#include "core/error.h"
#include "scan/config_build.h"
#include "scan/config_scalar.h"

/* A value as given, or the default of the table; 0 where there is none. */
static double given_or_default(const double *value, const char *path)
{
    double fallback = 0.0;
    const char *text = dmumu_key_at_path(path)->fallback;
    if (!value && text)
        (void)dmumu_scalar_number(text, &fallback);
    return value ? *value : fallback;
}

static enum dmumu_status below_the_model(const struct dmumu_node *root, const struct dmumu_lookup_goal *lookup,
                                         const struct dmumu_model *model, struct dmumu_error *error)
{
    char where[DMUMU_WHERE_SIZE];
    dmumu_origin_text(&dmumu_node_at_path(root, "lookup_tolerance")->origin, where);
    return dmumu_error_set(error, DMUMU_ERROR_INPUT,
                           "%s: lookup_tolerance: '%g' is below model.tolerance, which is %g: the values at the nodes "
                           "have that error, and no grid makes it smaller; it must be %g or more",
                           where, lookup->tolerance, model->tolerance, model->tolerance);
}

/* A key that changes nothing without lookup_tolerance is a mistake. */
static enum dmumu_status check_alone(const struct dmumu_node *root, const struct dmumu_lookup_goal *lookup,
                                     struct dmumu_error *error)
{
    const struct {
        const char *key;
        double value;
    } keys[] = {{"lookup_share", lookup->share}, {"lookup_rounds", lookup->rounds}, {"lookup_values", lookup->values}};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        char where[DMUMU_WHERE_SIZE];
        if (keys[i].value == given_or_default(NULL, keys[i].key))
            continue;
        dmumu_origin_text(&dmumu_node_at_path(root, keys[i].key)->origin, where);
        return dmumu_error_set(error, DMUMU_ERROR_INPUT,
                               "%s: %s: '%g' is given without lookup_tolerance; it must stand beside it, or not at all",
                               where, keys[i].key, keys[i].value);
    }
    return DMUMU_OK;
}

enum dmumu_status dmumu_build_lookup(const struct dmumu_node *root, const struct dmumu_input *input,
                                     const struct dmumu_model *model, struct dmumu_lookup_goal *lookup,
                                     struct dmumu_error *error)
{
    *lookup = (struct dmumu_lookup_goal){
        .tolerance = given_or_default(input->lookup_tolerance, "lookup_tolerance"),
        .share = given_or_default(input->lookup_share, "lookup_share"),
        .rounds = input->lookup_rounds ? *input->lookup_rounds : (int)given_or_default(NULL, "lookup_rounds"),
        .values = given_or_default(input->lookup_values, "lookup_values"),
    };
    if (lookup->tolerance == 0.0)
        return check_alone(root, lookup, error);
    return lookup->tolerance < model->tolerance ? below_the_model(root, lookup, model, error) : DMUMU_OK;
}
