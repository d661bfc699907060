/* Constants: the one set that dmumu uses, CODATA 2018 and IAU, cgs unless the name says otherwise. */
#ifndef DMUMU_CORE_CONSTANTS_H
#define DMUMU_CORE_CONSTANTS_H

#define DMUMU_PI      3.14159265358979323846
#define DMUMU_SQRT_PI 1.77245385090551602730

#define DMUMU_SPEED_OF_LIGHT_CM_S        2.99792458e10         /* exact */
#define DMUMU_PARSEC_CM                  3.0856775814913673e18 /* IAU 2015 B2: 648000/pi au */
#define DMUMU_PROTON_ELECTRON_MASS_RATIO 1836.15267343         /* CODATA 2018 */
#define DMUMU_ADIABATIC_INDEX            (5.0 / 3.0)           /* monatomic gas */

#endif
