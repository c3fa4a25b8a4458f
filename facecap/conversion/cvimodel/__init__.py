"""Conversion to `.cvimodel` with the vendor's toolchain, which runs as processes in an environment of its
own."""
