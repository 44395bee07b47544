#!/usr/bin/env python3
"""Checks doc/taxii-conformance.md: each row names a test or says why there is none, and each test it names exists."""
import pathlib
import re
import sys

root = pathlib.Path(__file__).resolve().parent.parent
levels = {"MUST", "MUST NOT", "SHOULD", "SHOULD NOT", "MAY", "should", "required", "text", "table"}
faults, rows, named = [], 0, set()


def exists(program, test):
    """Whether that program has a test of that name, and runs it."""
    if program.startswith("flow/"):
        path, pattern = root / "test" / program, rf"^def {test}\("
    else:
        path, pattern = root / "test/unit" / (program + ".c"), rf"^{test}\(void \*\*state\)"
    if not path.exists():
        return False
    text = path.read_text()
    if not re.search(pattern, text, re.M):
        return False
    return program.startswith("flow/") or len(re.findall(rf"\b{test}\b", text)) > 1


for number, line in enumerate((root / "doc/taxii-conformance.md").read_text().splitlines(), 1):
    if not line.startswith("|") or line.startswith(("| section", "| ---")):
        continue
    rows += 1
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    if len(cells) != 5 or not all(cells) or cells[1] not in levels:
        faults.append(f"line {number}: not section, level, requirement, how and test")
        continue
    tests = re.findall(r"`([\w/.]+) (\w+)`", cells[4])
    if cells[4] != "not here" and ", ".join(f"`{a} {b}`" for a, b in tests) != cells[4]:
        faults.append(f"line {number}: the last column is neither tests nor \"not here\"")
    for program, test in tests:
        named.add((program, test))
        if not exists(program, test):
            faults.append(f"line {number}: {program} has no test {test}")
print("\n".join(faults) if faults else f"conformance holds: {rows} requirements, {len(named)} tests")
sys.exit(1 if faults or not rows else 0)
