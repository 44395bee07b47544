#!/usr/bin/env python3
"""Shows that each check is guarded by its test: for every line of test/mutants.txt the named test passes as
it is and fails with that check switched off. Makes a build with -Dmutate=true. Exit 0 when all hold."""
import argparse
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys

parser = argparse.ArgumentParser()
parser.add_argument("--build", default="build/mutate")
parser.add_argument("numbers", nargs="*", help="only these")
args = parser.parse_args()
root = pathlib.Path(__file__).resolve().parent.parent
build = pathlib.Path(args.build).resolve()
if not (build / "build.ninja").exists():
    extra = [f"-Ddeps={os.environ['TOCSIN_DEPS']}"] if "TOCSIN_DEPS" in os.environ else []
    subprocess.run(["meson", "setup", build, root, "-Dmutate=true", *extra], check=True, stdout=subprocess.DEVNULL)
subprocess.run(["ninja", "-C", build], check=True, stdout=subprocess.DEVNULL)


def verdicts(program, number, test):
    """name -> passed, of one run; a test that the crash of an earlier one kept from running is absent."""
    env = {**os.environ, "CMOCKA_MESSAGE_OUTPUT": "TAP", "TOCSIN_MUTANT": str(number)}
    if program.startswith("flow/"):
        command = [sys.executable, "-m", "pytest", "-q", "-rA", "-p", "no:cacheprovider",
                   str(root / "test" / program), "-k", test]
        env |= {"TOCSIN_BUILD": str(build), "TOCSIN_BIN": str(build / "src/cmd/tocsin")}
        run = subprocess.run(command, env=env, capture_output=True, text=True, timeout=300)
        return {m[2]: m[1] == "PASSED" for m in re.finditer(r"^(PASSED|FAILED|ERROR) \S+::(\w+)", run.stdout, re.M)}
    if program.endswith("_oracle.py"):  # of the table that a program of like name prints
        table = build / "test/unit" / (program.removesuffix("_oracle.py") + "-table")
        run = subprocess.run([sys.executable, root / "test/unit" / program, table], env=env, capture_output=True,
                             text=True, timeout=300)
        return {m[2]: m[1] == "ok" for m in re.finditer(r"^(ok|not ok) \d+ - (\w+)", run.stdout, re.M)}
    binary = build / "test" / ("test-" + program.replace("/", "-"))
    try:
        run = subprocess.run([binary], env=env, capture_output=True, text=True, errors="replace", timeout=240)
    except subprocess.TimeoutExpired:
        return {test: False}
    return {m[2]: m[1] == "ok" for m in re.finditer(r"^(ok|not ok) \d+ - (\w+)", run.stdout, re.M)}


lines = [line.split() for line in (root / "test/mutants.txt").read_text().splitlines() if line and line[0] != "#"]
in_source = set()
for path in (root / "src").rglob("*.[chi]*"):
    in_source |= {int(n) for n in re.findall(r"mutant\((\d+)\)", path.read_text())}
    in_source |= {int(n) for m in re.findall(r"mutant\(([^()]*\?[^()]*)\)", path.read_text()) for n in re.findall(r"\d+", m)}
listed = {int(line[0]) for line in lines}
faults = [f"mutant({n}) of the source is not in test/mutants.txt" for n in sorted(in_source - listed)]
faults += [f"{n} of test/mutants.txt is nowhere in the source" for n in sorted(listed - in_source)]
asked = [line for line in lines if not args.numbers or line[0] in args.numbers]


def whole_key(program, test):
    """A unit test's program is run once as it is, a flow test one by one."""
    return program, test if program.startswith("flow/") else ""


noticed = 0
with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
    keys = {whole_key(program, test): test for _, _, program, test in asked}
    whole = dict(zip(keys, pool.map(lambda key: verdicts(key[0], 0, keys[key]), keys)))
    switched = pool.map(lambda line: verdicts(line[2], line[0], line[3]), asked)
    for (number, must, program, test), without in zip(asked, switched):
        if not whole[whole_key(program, test)].get(test):
            faults.append(f"{number}: {program} {test} does not pass as it is")
        elif without.get(test) is not False:
            faults.append(f"{number}: {program} {test} passes with the check of MUST {must} switched off")
        else:
            noticed += 1
            print(f"{number:>4} MUST {must:>2}  {test} fails without it")
musts = {int(line[1]) for line in lines}
print("\n".join(faults))
print(f"{noticed} checks of {len(musts)} MUSTs guarded, {len(faults)} faults")
print(f"{noticed} passed, {len(faults)} failed")
sys.exit(1 if faults else 0)
