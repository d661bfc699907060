#!/bin/bash
# Write the linker's version script of the shared library: exports.sh HEADER FILE. What the header declares is exported,
# nothing else.
set -eu
names=$("${CC:-cc}" -E -P "$1" | grep -oE '\bdmumu_[a-z0-9_]+ *\(' | tr -d ' (' | sort -u)
[ -n "$names" ] || { echo "exports.sh: $1 declares no function" >&2; exit 1; }
{
    echo "{"
    echo "global:"
    sed 's/^/    /; s/$/;/' <<<"$names"
    echo "local:"
    echo "    *;"
    echo "};"
} >"$2.new"
mv "$2.new" "$2"
