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

for file in "${core[@]}" "$objects"/src/scan/*.o "$objects"/src/cube/*.o; do
    while read -r symbol; do
        [ -z "$symbol" ] || complain "$file: exports '$symbol', which does not start with dmumu_"
    done < <(nm --defined-only --extern-only "$file" | awk 'NF == 3 && $3 !~ /^dmumu_/ {print $3}')
done

forbidden='^_?_?(MPI_|PMPI_|H5|v?f?d?printf|f?puts|f?putc|putchar|perror|psignal|fwrite|write|fopen|std(in|out|err)$'
forbidden+='|exit$|_exit$|_Exit$|quick_exit$|abort$|assert_fail|err$|errx$|warn$|warnx$|longjmp|getenv)'
for file in "${core[@]}"; do
    while read -r symbol; do
        [ -z "$symbol" ] || complain "$file: the core refers to '$symbol'"
    done < <(nm --undefined-only "$file" | awk '{print $2}' | sed 's/_chk$//' | grep -E "$forbidden")
    while read -r kind symbol; do
        # .data.rel.ro (tables of pointers) is read-only at run time, though nm calls it 'd'.
        section=$(objdump -t "$file" | awk -v s="$symbol" '$NF == s {for (i = 1; i < NF; i++) if ($i ~ /^\./) print $i}' | head -1)
        [[ $section == .data.rel.ro* ]] || complain "$file: writable global '$symbol' (nm type $kind)"
    done < <(nm --defined-only "$file" | awk 'NF == 3 && $2 ~ /^[BbCDdSs]$/ {print $2, $3}')
done

unbounded='^(system|popen|execl|execlp|execle|execv|execve|execvp|execvpe|posix_spawnp?|wordexp|dlopen'
unbounded+='|strcpy|stpcpy|strcat|v?sprintf|gets|(isoc99_)?v?[fs]?scanf|mktemp|tmpnam|tempnam)$'
for file in "$objects"/src/*.o "$objects"/src/*/*.o; do
    while read -r symbol; do
        case $file:$symbol in */src/cmd_python.o:posix_spawnp | */src/cmd_python.o:execvp) continue ;; esac
        [ -z "$symbol" ] || complain "$file: refers to '$symbol'"
    done < <(nm --undefined-only "$file" | awk '{print $2}' | sed 's/_chk$//; s/^__//' | grep -E "$unbounded")
done
exit $bad
