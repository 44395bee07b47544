#!/usr/bin/env python3
"""Scanning against grep -F and ripgrep -F in the same run, and loading a million indicators.

usage: scan.py [MEGABYTES [LARGEST]]   default 16 MB of mixed log, lists up to 100,000 indicators
user+sys seconds, best of three, warm cache, building the matcher included; substring tools also report what
is no token, so their lines are shown beside ours. The corpus is our own: five formats, seeded."""
import json
import os
import pathlib
import random
import resource
import shutil
import subprocess
import sys
import tempfile

BIN = os.environ.get("TOCSIN_BIN") or shutil.which("tocsin") or "build/out/src/cmd/tocsin"
SIZES = (10_000, 100_000, 1_000_000)


def cost(command, timeout=300):
    """(user+sys seconds, lines of output) of the best of three runs; None where it took too long."""
    best, lines = None, 0
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        try:
            run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=timeout)
        except subprocess.TimeoutExpired:
            return None, 0
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        if run.returncode not in (0, 1):
            return None, 0
        spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        best = spent if best is None else min(best, spent)
        lines = run.stdout.count(b"\n")
        if spent > 20:
            break
    return best, lines


def indicators(rng, count):
    made = set()
    words = ["cloud", "mail", "login", "cdn", "shop", "news", "secure", "update", "bank", "portal", "media", "data"]
    while len(made) < count:
        kind = rng.random()
        if kind < 0.55:
            made.add(f"{rng.choice(words)}{rng.choice(words)}{rng.randrange(10 ** 6)}.{rng.choice(['com', 'net', 'top', 'ru', 'xyz'])}")
        elif kind < 0.9:
            made.add(f"{rng.randrange(1, 224)}.{rng.randrange(256)}.{rng.randrange(256)}.{rng.randrange(1, 255)}")
        elif kind < 0.92:
            made.add(f"{rng.randrange(1, 224)}.{rng.randrange(256)}.{rng.randrange(256)}.0/24")
        else:
            made.add("%0*x" % rng.choice([(32, rng.getrandbits(128)), (40, rng.getrandbits(160)), (64, rng.getrandbits(256))]))
    return sorted(made)


def corpus(rng, path, size, planted):
    def address():
        return f"{rng.randrange(1, 224)}.{rng.randrange(256)}.{rng.randrange(256)}.{rng.randrange(256)}"

    def name():
        if rng.randrange(2000) == 0:
            return rng.choice(["", "www."]) + rng.choice(planted)
        return f"{rng.choice(['www', 'cdn', 'api', 'mail'])}.site{rng.randrange(50000)}.{rng.choice(['com', 'org', 'de'])}"

    def line(i):
        t = 1767225600 + i * 0.01
        kind = i % 5
        if kind == 0:
            return f"{t:.6f}\tC{rng.getrandbits(80):x}\t10.0.{i % 256}.7\t49152\t{address()}\t443\ttcp\tssl\t{name()}\t1.25\t117\t3120\tSF"
        if kind == 1:
            return json.dumps({"timestamp": "2026-01-01T00:00:00.000000+0000", "flow_id": rng.getrandbits(50), "event_type": "dns",
                               "src_ip": "10.0.0.9", "dest_ip": address(), "dns": {"type": "query", "rrname": name(), "rrtype": "A"}})
        if kind == 2:
            return (f'{address()} - - [01/Jan/2026:00:00:00 +0000] "GET /a/{rng.randrange(10 ** 6)}.png HTTP/1.1" 200 2326 '
                    f'"http://{name()}/x" "Mozilla/5.0 (X11; Linux x86_64) Chrome/120.0.0.0 Safari/537.36"')
        if kind == 3:
            return f"Jan  1 00:00:00 host sshd[{rng.randrange(30000)}]: Failed password for root from {address()} port {rng.randrange(65536)} ssh2"
        return json.dumps({"ts": t, "uid": "C%x" % rng.getrandbits(80), "id.orig_h": "10.0.0.3", "id.resp_h": address(),
                           "md5": "%032x" % rng.getrandbits(128), "server_name": name()})

    pool = [line(i) for i in range(40000)]
    done = 0
    with open(path, "w") as out:
        while done < size:
            block = "\n".join(rng.choices(pool, k=2000)) + "\n"
            out.write(block)
            done += len(block)
    return done


def show(label, seconds, size, lines, base):
    if seconds is None:
        print(f"  {label:14} not finished")
        return
    ratio = f"{seconds / base:8.1f}" if base else "        "
    print(f"  {label:14} {seconds:8.2f} s {size / seconds / 1e6:9.1f} MB/s  times ours {ratio}  {lines:9,} lines", flush=True)


def main():
    megabytes = int(sys.argv[1]) if len(sys.argv) > 1 else 16
    largest = int(sys.argv[2]) if len(sys.argv) > 2 else 100_000
    rng = random.Random(42)
    rivals = [("rg -F -f -j1", ["rg", "-F", "-j1", "-N", "-f"])] if shutil.which("rg") else []
    rivals += [("grep -F -f", ["grep", "-F", "-f"])]
    version = [subprocess.run([tool, "--version"], capture_output=True, text=True).stdout.split("\n")[0]
               for tool in ("rg", "grep") if shutil.which(tool)]
    print("\n".join(version))
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        everything = indicators(rng, SIZES[-1])
        rng.shuffle(everything)
        names = [x for x in everything[:10_000] if x[-1].isalpha() and "." in x]
        size = corpus(rng, folder / "log", megabytes << 20, names)
        (folder / "empty").write_text("")
        for count in SIZES:
            ioc = folder / f"ind-{count}"
            ioc.write_text("\n".join(everything[:count]) + "\n")
            ours = [BIN, "scan", "--quiet", "--json", "--ioc", str(ioc)]
            load, _ = cost(ours + [str(folder / "empty")])
            whole, lines = cost(ours + [str(folder / "log")])
            if load is None or whole is None:
                sys.exit("tocsin scan failed")
            print(f"{count:,} indicators, {size / 1e6:.1f} MB, load {load:.2f} s")
            show("tocsin scan", whole, size, lines, None)
            show("  without load", max(whole - load, 0.001), size, lines, None)
            if count == SIZES[-1]:
                peer, _ = cost(["sort", "-u", "-o", str(folder / "sorted"), str(ioc)])
                print(f"  load of {count:,}: {load:.2f} s, {load / peer:.2f} times sort -u of the same list ({peer:.2f} s)")
            for label, command in rivals:
                if count > largest:
                    print(f"  {label:14} left out; scan.py {megabytes} {count} runs it")
                    continue
                seconds, found = cost(command + [str(ioc), str(folder / "log")])
                show(label, seconds, size, found, whole)


main()
