#!/usr/bin/env python3
"""Reads the built program with readelf: position-independent, read-only after relocation, no executable stack,
stack protectors, fortified calls, no search path of its own; on x86-64 every object of ours is marked for CET
(Debian's start files are not, so the mark of the whole is the C library's to give)."""
import argparse
import pathlib
import platform
import re
import subprocess
import sys

parser = argparse.ArgumentParser()
parser.add_argument("--build", required=True)
build = pathlib.Path(parser.parse_args().build)
program = build / "src/cmd/tocsin"


def readelf(*args):
    return subprocess.run(["readelf", "-W", *args], capture_output=True, text=True, check=True).stdout


def check():
    header, segments, dynamic, symbols = (readelf(how, program) for how in ("-h", "-l", "-d", "--dyn-syms"))
    flags = re.search(r"\(FLAGS_1\)\s+Flags: (.*)", dynamic)
    yield "position-independent", "Type:" in header and "DYN" in header and bool(flags) and "PIE" in flags[1]
    yield "all relocations before main, then read-only", bool(flags) and "NOW" in flags[1] and "GNU_RELRO" in segments
    yield "no executable stack", bool(re.search(r"GNU_STACK .* RW +0x", segments))
    yield "no segment both writable and executable", not re.search(r"LOAD .* RWE ", segments)
    yield "no search path for libraries", "RPATH" not in dynamic and "RUNPATH" not in dynamic
    yield "stack protectors", "__stack_chk_fail" in symbols
    yield "fortified calls", len(set(re.findall(r"__\w+_chk\b", symbols)) - {"__stack_chk_fail"}) >= 4
    if platform.machine() == "x86_64":
        objects = sorted((build / "src").rglob("*.c.o"))
        marked = readelf("-n", *objects).count("IBT, SHSTK")
        yield f"{marked} of {len(objects)} objects marked for CET", objects and marked == len(objects)


faults = [what for what, holds in check() if not holds]
print("\n".join(f"{program}: not so: {fault}" for fault in faults) or "the program is hardened")
sys.exit(1 if faults else 0)
