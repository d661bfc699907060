/* Constants: the one set that dmumu uses, CODATA 2018 and IAU, cgs unless the name says otherwise. */
#ifndef DMUMU_CORE_CONSTANTS_H
#define DMUMU_CORE_CONSTANTS_H

#define DMUMU_PI      3.14159265358979323846
#define DMUMU_SQRT_PI 1.77245385090551602730

#define DMUMU_SPEED_OF_LIGHT_CM_S        2.99792458e10         /* exact */
#define DMUMU_PARSEC_CM                  3.0856775814913673e18 /* IAU 2015 B2: 648000/pi au */
#define DMUMU_PROTON_ELECTRON_MASS_RATIO 1836.15267343         /* CODATA 2018 */
#define DMUMU_ADIABATIC_INDEX            (5.0 / 3.0)           /* monatomic gas */

#define DMUMU_PROTON_MASS_G     1.67262192369e-24 /* CODATA 2018 */
#define DMUMU_PROTON_MASS_GEV   0.93827208816     /* CODATA 2018 */
#define DMUMU_ATOMIC_MASS_GEV   0.93149410242     /* CODATA 2018: the unit u */
#define DMUMU_ELECTRON_MASS_GEV 0.00051099895     /* CODATA 2018 */
#define DMUMU_MYR_S             3.15576e13        /* Julian years */
#define DMUMU_MILLIBARN_CM2     1e-27

/* Interstellar gas: helium by number of hydrogen, and the mean mass of a nucleus, 1.222 m_p, that follows. */
#define DMUMU_GAS_HELIUM 0.08
#define DMUMU_GAS_MASS_G (DMUMU_PROTON_MASS_G * (1.0 + 4.0 * DMUMU_GAS_HELIUM) / (1.0 + DMUMU_GAS_HELIUM))

#endif
