/*
 * Ratios: boron over carbon and over oxygen, from a grammage.
 *
 * A secondary b without losses of energy has at the same energy per nucleon, which spallation keeps,
 *
 *     I_b(T) = sum_j (sigma_jb/m) I_j(T) / (1/X + sigma_b/m),
 *
 * with X at the rigidity and speed of b. Measured is the flux per rigidity or per energy per nucleon, at the top of the
 * atmosphere: with R_j the rigidity of j at the energy of b, I_j ~ R^-gamma and modulation factors f,
 *
 *     I_b(R_b)/I_O(R_O) = sum_j (sigma_jb/m) r_j (R_j/R_O)^-gamma (dR_j/dR_b) f_b/f_O / (1/X + sigma_b/m)
 *
 * (without modulation, at fixed rigidity, (2 Z/A)^(1-gamma)); at fixed energy dR_j/dR_b becomes dR_j/dR_O.
 *
 * Parents have fluxes that AMS-02 finds to be sums of one like oxygen's and one like boron's (Aguilar et al. 2021, PRL
 * 127, 021101, for N): r_j = per_oxygen + per_boron (B/O). Boron's part is taken to the left-hand side, each isotope's
 * in proportion to its share of all boron: it makes the loss smaller. The shares depend a little on X, which is
 * neglected (below 1e-3 of the ratio, tested). B/C follows from B/O with the same decomposition of carbon.
 */
#include "core/error.h"

#include "dmumu.h"

#include <math.h>

enum { ISOTOPES = DMUMU_RATIO_TERMS };
static const enum dmumu_isotope boron[ISOTOPES] = {DMUMU_B10, DMUMU_B11};

/*
 * C: least squares to C/O = (B/O)/(B/C) of AMS-02 (Aguilar et al. 2021, Phys. Rep. 894, 1) above 20 GV. N: 0.090 and
 * 0.62, Aguilar et al. 2018, PRL 121, 051103. Ne, Mg, Si: flux over oxygen's at 100 GV, Aguilar et al. 2020, PRL 124,
 * 211102, constant to 10 % from 20 to 500 GV. N/O, Ne/O, Mg/O, Si/O of these agree with CRDB's tables to 5 % at 100 GV.
 */
static const struct dmumu_progenitor ams02[] = {
    {DMUMU_C12, 0.842, 0.631}, {DMUMU_N14, 0.090, 0.62}, {DMUMU_O16, 1.0, 0.0},
    {DMUMU_NE20, 0.161, 0.0},  {DMUMU_MG24, 0.195, 0.0}, {DMUMU_SI28, 0.172, 0.0},
};

struct parents {
    size_t n;
    const struct dmumu_progenitor *list;
};

static struct parents parents_of(const struct dmumu_ratio_model *model)
{
    if (model->n_progenitors > 0) {
        return (struct parents){model->n_progenitors, model->progenitor};
    }
    return (struct parents){sizeof ams02 / sizeof *ams02, ams02};
}

/* dR/dT of a nucleus, GV per GeV/n: (A/Z) c/v. */
static double rigidity_per_energy(enum dmumu_isotope isotope, double rigidity_gv)
{
    const struct dmumu_nuclide *nuclide = dmumu_isotope_nuclide(isotope);
    return (double)nuclide->mass_number / nuclide->charge / dmumu_isotope_velocity(isotope, rigidity_gv);
}

/* A nucleus where it was measured, and outside the heliosphere. */
struct place {
    double interstellar_gv;
    double factor; /* flux, per rigidity or energy as measured, here over outside */
};

static struct place place_of(const struct dmumu_ratio_model *model, enum dmumu_isotope isotope, double x)
{
    const bool per_energy = model->abscissa == DMUMU_PER_ENERGY;
    const double rigidity_gv = per_energy ? dmumu_isotope_rigidity_gv(isotope, x) : x;
    struct place place = {0.0, 0.0};
    dmumu_modulation_shift(isotope, model->modulation_gv, 1, &rigidity_gv, &place.interstellar_gv, &place.factor);
    if (per_energy) { /* J(T)/p^2 is conserved */
        const double ratio = rigidity_gv / place.interstellar_gv;
        place.factor = ratio * ratio;
    }
    return place;
}

/* Sums over the parents of one isotope: what is made per oxygen, and per boron. */
struct made {
    double per_oxygen, per_boron; /* cm^2/g */
};

static struct made made_of(const struct dmumu_ratio_model *model, enum dmumu_isotope isotope, const struct place *place,
                           const struct place *oxygen)
{
    const struct parents parents = parents_of(model);
    const bool per_energy = model->abscissa == DMUMU_PER_ENERGY;
    const double energy_gev_n = dmumu_isotope_energy_gev_n(isotope, place->interstellar_gv);
    struct made made = {0.0, 0.0};
    for (size_t j = 0; j < parents.n; j++) {
        const enum dmumu_isotope parent = parents.list[j].isotope;
        const double parent_gv = dmumu_isotope_rigidity_gv(parent, energy_gev_n);
        /* The fluxes are compared per rigidity: at fixed energy, oxygen's per energy is I_O dR_O/dT. */
        const double unit = per_energy ? rigidity_per_energy(DMUMU_O16, oxygen->interstellar_gv)
                                       : rigidity_per_energy(isotope, place->interstellar_gv);
        const double flux = pow(parent_gv / oxygen->interstellar_gv, -model->flux_slope) *
                            rigidity_per_energy(parent, parent_gv) / unit * place->factor / oxygen->factor;
        const double sigma = dmumu_cross_section_per_gas_cm2_g(
            dmumu_cross_section_production_mb(model->production, parent, isotope, energy_gev_n));
        made.per_oxygen += sigma * flux * parents.list[j].per_oxygen;
        made.per_boron += sigma * flux * parents.list[j].per_boron;
    }
    return made;
}

static void fill_point(const struct dmumu_ratio_model *model, double x, struct dmumu_ratio_point *point)
{
    const struct parents parents = parents_of(model);
    const struct place oxygen = place_of(model, DMUMU_O16, x);
    struct made made[ISOTOPES];
    double all = 0.0;
    for (int i = 0; i < ISOTOPES; i++) {
        const struct place place = place_of(model, boron[i], x);
        made[i] = made_of(model, boron[i], &place, &oxygen);
        all += made[i].per_oxygen;
        point->term[i].rigidity_gv = place.interstellar_gv;
        point->term[i].velocity = dmumu_isotope_velocity(boron[i], place.interstellar_gv);
    }
    for (int i = 0; i < ISOTOPES; i++) {
        const double energy_gev_n = dmumu_isotope_energy_gev_n(boron[i], point->term[i].rigidity_gv);
        const double loss = dmumu_cross_section_per_gas_cm2_g(dmumu_cross_section_inelastic_mb(boron[i], energy_gev_n));
        point->term[i].gain_cm2_g = made[i].per_oxygen;
        point->term[i].loss_cm2_g =
            made[i].per_oxygen > 0.0 ? loss - made[i].per_boron * all / made[i].per_oxygen : loss;
    }
    point->a = 1.0;
    point->b = 0.0;
    for (size_t j = 0; model->ratio == DMUMU_RATIO_B_C && j < parents.n; j++) {
        if (parents.list[j].isotope == DMUMU_C12) {
            point->a = parents.list[j].per_oxygen;
            point->b = parents.list[j].per_boron;
        }
    }
}

static bool good_table(const struct dmumu_cross_sections *table)
{
    if (table->n_energies < 1 || !(table->energy_gev_n[0] > 0.0)) {
        return false;
    }
    for (size_t i = 1; i < table->n_energies; i++) {
        if (!(table->energy_gev_n[i] > table->energy_gev_n[i - 1])) {
            return false;
        }
    }
    return true;
}

static bool has_carbon(const struct dmumu_ratio_model *model)
{
    const struct parents parents = parents_of(model);
    for (size_t j = 0; j < parents.n; j++) {
        if (parents.list[j].isotope == DMUMU_C12 && parents.list[j].per_oxygen > 0.0) {
            return true;
        }
    }
    return false;
}

enum dmumu_status dmumu_ratio_points(const struct dmumu_ratio_model *model, size_t n, const double x[],
                                     struct dmumu_ratio_point point[], struct dmumu_error *error)
{
    if ((unsigned)model->ratio >= DMUMU_N_RATIOS || (unsigned)model->abscissa > DMUMU_PER_ENERGY) {
        return dmumu_error_set(error, DMUMU_ERROR_ARGUMENT, "ratio %d or abscissa %d names nothing", (int)model->ratio,
                               (int)model->abscissa);
    }
    if (!(model->modulation_gv >= 0.0 && isfinite(model->modulation_gv) && isfinite(model->flux_slope))) {
        return dmumu_error_set(error, DMUMU_ERROR_ARGUMENT,
                               "modulation_gv is %g and flux_slope %g; both must be finite, the first >= 0",
                               model->modulation_gv, model->flux_slope);
    }
    if (model->production && !good_table(model->production)) {
        return dmumu_error_set(error, DMUMU_ERROR_ARGUMENT,
                               "the energies of the cross sections must be > 0 and ascending");
    }
    if (model->ratio == DMUMU_RATIO_B_C && !has_carbon(model)) {
        return dmumu_error_set(error, DMUMU_ERROR_ARGUMENT, "B/C needs C12 among the progenitors");
    }
    for (size_t i = 0; i < n; i++) {
        if (!(x[i] > 0.0 && isfinite(x[i]))) {
            return dmumu_error_set(error, DMUMU_ERROR_ARGUMENT, "abscissa %zu is %g; it must be finite and > 0", i,
                                   x[i]);
        }
        fill_point(model, x[i], &point[i]);
    }
    return DMUMU_OK;
}

double dmumu_ratio_value(const struct dmumu_ratio_point *point, const double grammage_g_cm2[DMUMU_RATIO_TERMS])
{
    double per_oxygen = 0.0;
    for (int i = 0; i < DMUMU_RATIO_TERMS; i++) {
        const double x = grammage_g_cm2[i];
        per_oxygen += point->term[i].gain_cm2_g * x / (1.0 + point->term[i].loss_cm2_g * x);
    }
    return per_oxygen / (point->a + point->b * per_oxygen);
}
