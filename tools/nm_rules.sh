#!/bin/bash
# The rules that the object files must keep: nm_rules.sh FOLDER, the folder that holds src/{core,scan,cube}/*.o.
#
#   1. every symbol that core, scan or cube export starts with dmumu_;
#   2. core refers to no MPI, no HDF5, nothing that prints or ends the process (snprintf and vsnprintf print nowhere);
#   3. core holds no writable global data, exported or not (nm types B, C, D, S and their lower-case kin);
#   4. nothing in src runs a command, or copies a text without a bound (the formats are the compiler's: -Wformat=2); but
#      cmd_python.c, whose business it is, starts a Python, by a list of words and without a shell.
set -u
objects=${1:?folder of objects}
bad=0
complain() { echo "$1"; bad=1; }
shopt -s nullglob
core=("$objects"/src/core/*.o)
[ ${#core[@]} -gt 0 ] || { echo "nm_rules.sh: no objects in $objects/src/core"; exit 2; }

# Each rule reads the symbols of all its files from one nm -A, whose lines begin with `FILE:`.
while read -r file symbol; do
    complain "$file: exports '$symbol', which does not start with dmumu_"
done < <(nm -A --defined-only --extern-only "${core[@]}" "$objects"/src/scan/*.o "$objects"/src/cube/*.o |
    sed 's/:/ /' | awk 'NF == 4 && $4 !~ /^dmumu_/ {print $1, $4}')

# undefined FILE...: lines `FILE SYMBOL`, the C library's checked forms of its functions under the names of these.
undefined() { nm -A --undefined-only "$@" | awk '{sub(/:$/, "", $1); sub(/_chk$/, "", $NF); print $1, $NF}'; }

forbidden='^_?_?(MPI_|PMPI_|H5|v?f?d?printf|f?puts|f?putc|putchar|perror|psignal|fwrite|write|fopen|std(in|out|err)$'
forbidden+='|exit$|_exit$|_Exit$|quick_exit$|abort$|assert_fail|err$|errx$|warn$|warnx$|longjmp|getenv)'
while read -r file symbol; do
    complain "$file: the core refers to '$symbol'"
done < <(undefined "${core[@]}" | awk -v forbidden="$forbidden" '$2 ~ forbidden')
while read -r file kind symbol; do
    # .data.rel.ro (tables of pointers) is read-only at run time, though nm calls it 'd'.
    section=$(objdump -t "$file" | awk -v s="$symbol" '$NF == s {for (i = 1; i < NF; i++) if ($i ~ /^\./) print $i}' | head -1)
    [[ $section == .data.rel.ro* ]] || complain "$file: writable global '$symbol' (nm type $kind)"
done < <(nm -A --defined-only "${core[@]}" | sed 's/:/ /' | awk 'NF == 4 && $3 ~ /^[BbCDdSs]$/ {print $1, $3, $4}')

unbounded='^(system|popen|execl|execlp|execle|execv|execve|execvp|execvpe|posix_spawnp?|wordexp|dlopen'
unbounded+='|strcpy|stpcpy|strcat|v?sprintf|gets|(isoc99_)?v?[fs]?scanf|mktemp|tmpnam|tempnam)$'
while read -r file symbol; do
    case $file:$symbol in */src/cmd_python.o:posix_spawnp | */src/cmd_python.o:execvp) continue ;; esac
    complain "$file: refers to '$symbol'"
done < <(undefined "$objects"/src/*.o "$objects"/src/*/*.o | sed 's/ __/ /' | awk -v unbounded="$unbounded" '$2 ~ unbounded')
exit $bad
