#!/usr/bin/env python3
"""Functions of at most 100 lines, files of at most 1,000 (aims: 60 and 600). tools/size.allow lists
exceptions, each with its reason: "PATH LINES reason" or "PATH:FUNCTION LINES reason"."""
import pathlib
import re
import sys

FUNCTION, FILE = 100, 1000
allow = {}
for line in pathlib.Path("tools/size.allow").read_text().splitlines():
    if line.strip() and not line.startswith("#"):
        key, lines, reason = line.split(None, 2)
        allow[key] = int(lines)
faults, used, functions, files = [], set(), 0, 0


def judge(key, lines, limit):
    if lines > limit:
        used.add(key)
        if lines > allow.get(key, limit):
            faults.append(f"{key}: {lines} lines, at most {limit}")


for folder in ("src", "test", "tools"):
    for path in sorted(pathlib.Path(folder).rglob("*")):
        if path.suffix not in (".c", ".h", ".py", ".sh"):
            continue
        text = path.read_text().splitlines()
        files += 1
        judge(str(path), len(text), FILE)
        if path.suffix not in (".c", ".h"):
            continue
        start = name = None
        for number, line in enumerate(text, 1):
            if line == "{":
                start = number
                for back in range(number - 2, max(-1, number - 12), -1):
                    found = re.match(r"(\w+)\(", text[back])
                    if found:
                        name = found.group(1)
                        break
            elif line == "}" and start is not None:
                functions += 1
                judge(f"{path}:{name}", number - start + 1, FUNCTION)
                start = None
for key in set(allow) - used:
    faults.append(f"tools/size.allow: {key} needs no exception any more")
print("\n".join(faults) if faults else f"sizes hold: {functions} functions in {files} files")
sys.exit(1 if faults else 0)
