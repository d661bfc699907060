#!/bin/bash
# `make report`: scan inputs/against_data.yaml three times, fit each to B/C and B/O, write report/against_data.{html,pdf}.
#
# The data are read in place: $DMUMU_REFERENCE_DATA, or ../shared/data. What is there from an earlier run is used again: a
# complete cube of the same input, and an interrupted one is gone on with. RANKS (1) and OMP_NUM_THREADS share the work.
set -eu
cd "$(dirname "$0")/.."
dmumu=${BUILD:-build}/dmumu
python=${PYTHON:-/usr/bin/python3}
data=${DMUMU_REFERENCE_DATA:-../shared/data}
out=${REPORT:-report}
ranks=${RANKS:-1}
files=(AMS-02_B_C_rigidity AMS-02_B_O_rigidity DAMPE_B_C_kineticEnergyPerNucleon CALET_B_C_kineticEnergyPerNucleon)

for file in "${files[@]}"; do
    [ -r "$data/cr/$file.txt" ] || {
        echo "make report: $data/cr/$file.txt is not there. The report needs measured ratios: DMUMU_REFERENCE_DATA" \
            "names the folder whose cr/ has them (KISS files of AMS-02, DAMPE and CALET); nothing was made." >&2
        exit 1
    }
done
mkdir -p "$out"
launch=()
if [ "$ranks" -gt 1 ]; then launch=(mpirun --bind-to none -np "$ranks"); fi
if [ "$(id -u)" -eq 0 ]; then export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1; fi

paths=()
for file in "${files[@]}"; do paths+=("$data/cr/$file.txt"); done
variants=()
for variant in formula angle both; do
    settings=()
    [ $variant = formula ] || settings+=(--set model.truncation_angle=published)
    [ $variant != both ] || settings+=(--set model.disk_prefactor=published)
    "${launch[@]}" "$dmumu" scan inputs/against_data.yaml "${settings[@]}" -o "$out/$variant.h5" --resume
    "${launch[@]}" "$dmumu" fit "$out/$variant.h5" --data "${paths[@]}" \
        --disk-size 0.3,0.6,0.9 --halo-height 3,4.5,6,9,12 -o "$out/fit_$variant.h5" --overwrite >"$out/fit_$variant.txt"
    variants+=("$variant=$out/$variant.h5,$out/fit_$variant.h5")
done
"$python" analysis/figures/against_data.py "${variants[@]}" --data "$data/cr" -o "$out/against_data.html" --pdf
