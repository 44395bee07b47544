#!/usr/bin/env python3
"""Checks every #include of src/ against src/LAYERS. Exit 0 when the tree follows it."""
import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "src")
allowed, order, faults = {}, [], []
for line in (root / "LAYERS").read_text().splitlines():
    if line.startswith("#") or not line.strip():
        continue
    name, _, used = line.partition(":")
    used = used.split()
    allowed[name] = set(order) if used == ["*"] else set(used)
    for word in allowed[name] - set(order):
        faults.append(f"LAYERS: {name} names {word}, which does not stand above it")
    order.append(name)
count = 0
for path in sorted(root.rglob("*.[ch]")):
    module = path.relative_to(root).parts[0]
    if module not in allowed:
        faults.append(f"{path}: module {module} has no line in LAYERS")
        continue
    for number, line in enumerate(path.read_text().splitlines(), 1):
        found = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
        if not found:
            continue
        count += 1
        target = found.group(1)
        other = target.split("/")[0]
        if "/" not in target:
            faults.append(f"{path}:{number}: write \"{module}/{target}\", paths start at src/")
        elif other != module and other not in allowed[module]:
            faults.append(f"{path}:{number}: {module} may not include {other}")
        elif other != module and target.endswith("-internal.h"):
            faults.append(f"{path}:{number}: {target} belongs to {other} alone")
print("\n".join(faults) if faults else f"layers hold: {count} includes in {len(order)} modules")
sys.exit(1 if faults else 0)
