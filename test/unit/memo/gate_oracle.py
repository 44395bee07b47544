#!/usr/bin/env python3
"""The gate once more, from the text of doc/gate.md alone: says permit or deny to every line that
gate_table prints and compares. Shares no table with the C code. TAP on stdout."""
import collections
import subprocess
import sys

ORDER = ["CLEAR", "GREEN", "AMBER", "AMBER+STRICT", "RED"]


def own_level(marking):
    """Level of an object by its own markings, the default included."""
    whole = [m for m in marking.split("&") if not m.startswith("part-")]
    parts = [m[5:] for m in marking.split("&") if m.startswith("part-")]
    levels = []
    for mark in whole + parts:
        if mark in ("none", "statement"):  # says nothing about who may have it
            continue
        if mark.startswith("tlp1-"):  # TLP 1: WHITE is CLEAR, AMBER is judged as AMBER+STRICT
            levels.append({"white": "CLEAR", "green": "GREEN", "amber": "AMBER+STRICT", "red": "RED"}[mark[5:]])
        elif mark in ("unknown", "other-kind"):
            levels.append("RED")
        else:
            levels.append(mark.upper())
    unmarked = not [m for m in whole if m not in ("none", "statement")]
    if unmarked:  # the whole bears no TLP, whatever a part of it bears
        levels.append("AMBER")
    return max(levels, key=ORDER.index)


def answer(who, roles, grant, home, action, form, marking, end):
    """(permit?, step)"""
    if who == "self" and action == "send":
        return False, 0  # nonsense, refused as such
    if who == "self" and action in ("show", "act", "keep"):
        return True, 6  # one's own node: no exit
    # 1 hold: what never leaves
    if home == "home":
        return False, 1
    # 2 state of the reader: content is for these roles; strangers are nobody
    content = {"reader", "analyst", "releaser", "officer"}
    may_read = bool(content & set(roles.split(",")))
    if who == "nobody":
        return False, None
    if who == "user" and not may_read:
        return False, 2
    # 6 and 7, for the collection as a whole: is there a clause at all
    if who in ("user", "public") and grant not in ("read", "both"):
        return False, 7
    if who == "party" and (grant not in ("read", "both") or not may_read):
        return False, 7
    if form == "*":
        return None
    # 4 markings: strictest of itself and its ends; a hidden end hides it
    level = own_level(marking)
    hidden = False
    if end != "-":
        if end == "absent":
            level = max(level, "AMBER", key=ORDER.index)
        elif end in ("at-home", "error", "link", "sighting", "translation"):
            hidden = True
        else:
            level = max(level, own_level(end), key=ORDER.index)
    if hidden or level == "RED" or (who == "public" and level != "CLEAR"):
        return False, 4
    return True, 6


counts, wrong, steps = 0, [], collections.Counter()
run = subprocess.Popen([sys.argv[1]], stdout=subprocess.PIPE, text=True)
seen = set()
for line in run.stdout:
    who, roles, grant, home, action, form, marking, end, got, step, clause = line.rstrip("\n").split("\t")
    want = answer(who, roles, grant, home, action, form, marking, end)
    counts += 1
    seen.add((who, form, end, marking))
    fine = want is not None and (got == "permit") == want[0]
    if fine and int(step) and want[1] is not None:
        fine = int(step) == want[1]
    if fine and got == "permit":
        fine = clause == ("local" if who == "self" else "grant:shared")
        fine = fine and int(step) == 6
    steps[got, int(step)] += 1
    if not fine and len(wrong) < 20:
        wrong.append(f"{line.strip()} - wanted {want}")
code = run.wait()
print("1..3")
print("ok 1 - the program ran" if code == 0 else f"not ok 1 - the program ended with {code}")
enough = counts > 80_000 and all(
    sum(n for (g, s), n in steps.items() if g == got) > 1000 for got in ("permit", "deny"))
print(("ok" if enough else "not ok") + f" 2 - {counts} decisions were compared: {sorted(steps.items())}")
print(("not ok" if wrong else "ok") + " 3 - the gate decides as the text says")
for line in wrong:
    print("# " + line)
sys.exit(1 if wrong or code or not enough else 0)
