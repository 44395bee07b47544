#!/usr/bin/env python3
"""Every header compiles alone and starts with #pragma once and a paragraph that says what it is."""
import argparse
import json
import os
import pathlib
import shlex
import subprocess
import sys

parser = argparse.ArgumentParser()
parser.add_argument("--build", required=True, help="build folder, for the compiler flags it recorded")
build = pathlib.Path(parser.parse_args().build)
flags = set()
for entry in json.loads((build / "compile_commands.json").read_text()):
    words = shlex.split(entry["command"])
    for word in words:
        if word.startswith(("-I/", "-isystem/", "-D_")):
            flags.add(word)
    for i, word in enumerate(words[:-1]):
        if word == "-isystem":
            flags.add("-isystem" + words[i + 1])
faults, source, headers = [], "", sorted(pathlib.Path("src").rglob("*.h"))
for path in headers:
    text = path.read_text()
    if not text.startswith("#pragma once\n"):
        faults.append(f"{path}: does not start with #pragma once")
    if not text.split("\n", 1)[-1].lstrip().startswith("/*"):
        faults.append(f"{path}: no opening paragraph")
command = [os.environ.get("CC", "cc"), "-std=gnu2x", "-fsyntax-only", "-Wall", "-Werror", "-Isrc", *sorted(flags), "-x", "c", "-"]
for path in headers:
    one = f'#include "{path.relative_to("src")}"\nint main(void) {{ return 0; }}\n'
    run = subprocess.run(command, input=one, text=True, capture_output=True)
    if run.returncode:
        faults.append(f"{path}: does not compile alone:\n{run.stderr}")
print("\n".join(faults) if faults else f"{len(headers)} headers compile alone")
sys.exit(1 if faults else 0)
