"""The version of the package, which is that of include/dmumu.h: a library of another one is not used."""

VERSION = "0.2.0"
