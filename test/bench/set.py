#!/usr/bin/env python3
"""A node's set against arming anew, in one run: how long a scan of nothing takes with it, without it, with what came since,
with what went since; what making it costs, by itself and from the one before; and opening alone.

usage: set.py [INDICATORS]   default 300,000. Wall clock, best of five; ratios are to arming anew. TOCSIN_BIN names the program."""
import json
import os
import pathlib
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time

BIN = os.environ.get("TOCSIN_BIN") or shutil.which("tocsin") or "build/out/src/cmd/tocsin"
NEWS = 1000


def lines(rng, first, count):
    for i in range(first, first + count):
        kind = i % 20
        if kind < 11:
            yield f"host{i}.zone{i % 4099}.example"
        elif kind < 16:
            yield f"{1 + i % 223}.{i >> 8 & 255}.{i >> 16 & 255}.{i & 255}"
        elif kind < 17:
            yield f"http://site{i}.example/a/{i % 977}"
        else:
            yield "%064x" % rng.getrandbits(256)


def timed(*words, env=None, rounds=5, code=(0, 1)):
    """(best wall seconds, largest resident MB) of a command."""
    best, most = None, 0
    for _ in range(rounds):
        start = time.monotonic()
        process = subprocess.Popen([BIN, "--quiet", *map(str, words)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                   env={**os.environ, **(env or {})})
        _, status, usage = os.wait4(process.pid, 0)
        took = time.monotonic() - start
        said = process.stderr.read().decode()
        process.stderr.close()
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in code:
            sys.exit(f"{words}: exit {process.returncode}\n{said}")
        best, most = took if best is None else min(best, took), max(most, usage.ru_maxrss / 1024)
    return best, most


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 300_000
    rng = random.Random(42)
    with tempfile.TemporaryDirectory(prefix="tocsin-bench-set-") as name:
        folder = pathlib.Path(name)
        env, log, listed = {"TOCSIN_NODE": str(folder / "node")}, folder / "log", folder / "list.txt"
        compiled, hidden = folder / "node/set/armed.set", folder / "hidden"
        log.write_text("nothing\n")
        run = lambda *words: timed(*words, env=env, rounds=1)  # noqa: E731
        run("init", "--name", "A", "--country", "NO")
        run("collection", "add", "c")

        def put(first, how_many):
            listed.write_text("\n".join(lines(rng, first, how_many)) + "\n")
            return run("import", "--format", "list", "--collection", "c", listed)[0]

        def show(what, took, note=""):
            print(f"  {what:44} {took[0] * 1000:9.1f} ms {anew[0] / took[0]:8.1f} times faster {took[1]:7.0f} MB  {note}", flush=True)

        imported = put(0, count)
        print(f"{count:,} indicators in a node (imported in {imported:.1f} s) [load {os.getloadavg()[0]:.1f}]")
        anew = timed("scan", log, env=env)
        print(f"  {'scan of nothing, arming anew':44} {anew[0] * 1000:9.1f} ms {'':21} {anew[1]:7.0f} MB")
        built = run("set", "build")
        made = json.loads(subprocess.run([BIN, "set", "show", "--json"], env=os.environ | env, capture_output=True).stdout)
        per = [made[k] / made["indicators"] for k in ("first_bytes", "second_bytes", "node_bytes")]
        show("set build", built, f"{per[0]:.1f} + {per[1]:.1f} + {per[2]:.1f} bytes an indicator")
        show("set show of the file alone (opening)", timed("set", "show", compiled, env=env))
        show("scan of nothing, on the set", timed("scan", log, env=env))
        put(count, NEWS)
        show(f"the same with {NEWS} that came since", timed("scan", log, env=env))
        with sqlite3.connect(folder / "node/tocsin.db") as db:
            went = [row[0] for row in db.execute("select added from object where kind = (select kind from object limit 1) "
                                                 "order by added limit 5000")][::5]
            db.executemany("delete from object where added = ?", [(added,) for added in went])
        show(f"the same with {len(went)} that went besides", timed("scan", log, env=env))
        compiled.rename(hidden)
        again = timed("scan", log, env=env)
        hidden.rename(compiled)
        print(f"  {'arming anew once more':44} {again[0] * 1000:9.1f} ms {'':21} {again[1]:7.0f} MB [load {os.getloadavg()[0]:.1f}]")


main()
