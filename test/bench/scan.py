#!/usr/bin/env python3
"""Scanning against ripgrep, grep, Vectorscan and cat in the same run: one core, two, packed files, and what is hardest.

usage: scan.py [MEGABYTES [LARGEST]]   default 128 MB of mixed log, lists of 10,000 to 1,000,000 indicators
user+sys seconds, best of five, warm cache, hits written with line numbers into a file; a rival's building of its matcher
counts as its time, ours is shown beside. Substring tools also report what is no token. The log and the lists are those of
the corpus maker in TOCSIN_SHARED, else ../shared, made of real logs; without it our own: five formats, seeded.
TOCSIN_BENCH names the folder of the other programs."""
import json
import os
import pathlib
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time

BIN = os.environ.get("TOCSIN_BIN") or shutil.which("tocsin") or "build/out/src/cmd/tocsin"
TOOLS = pathlib.Path(os.environ.get("TOCSIN_BENCH", "build/bench/test/bench"))
SHARED = pathlib.Path(os.environ.get("TOCSIN_SHARED", "../shared"))
SIZES = {10_000: "10k", 100_000: "100k", 1_000_000: "1m", 10_000_000: "10m"}
CPUS = ("c", "avx2", "avx512", "neon")


def cost(command, rounds=5, timeout=600, env=None, out="out"):
    """(user+sys, wall) seconds, each the best of the rounds; None where it failed or took too long."""
    best = None
    for _ in range(rounds):
        before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
        with open(out, "wb") as to:
            run = subprocess.Popen([str(word) for word in command], stdout=to, stderr=subprocess.DEVNULL, env={**os.environ, **(env or {})})
            limit = threading.Timer(timeout, run.kill)  # waiting with a timeout would look only every so often
            limit.start()
            run.wait()
            limit.cancel()
        wall, after = time.monotonic() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
        if run.returncode not in (0, 1):
            return None
        spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        best = (spent, wall) if best is None else (min(best[0], spent), min(best[1], wall))
        if spent > 20:
            break
    return best


def in_turns(commands, rounds=10):
    """Wall seconds of each, the best of rounds in which they take turns: what else runs here hits all alike."""
    best = [None] * len(commands)
    for _ in range(rounds):
        for i, command in enumerate(commands):
            wall = cost(command, 1)[1]
            best[i] = wall if best[i] is None else min(best[i], wall)
    return best


def cut(folder, log, name, count):
    """The log as so many files of whole lines in a folder."""
    (folder / name).mkdir()
    subprocess.run(["split", "-n", f"l/{count}", "-a", "4", log, f"{folder / name}/"], check=True)
    return folder / name


def own_indicators(rng, count):
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


def own_corpus(rng, path, size, planted):
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


def prepare(folder, size, largest):
    """The log and the lists by size."""
    maker = SHARED / "tools/corpus/make"
    if maker.exists():
        print(f"corpus of {maker}, seed 1")
        subprocess.run([maker, folder, str(size)], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return folder / "corpus.log", {count: folder / f"ind-{name}.txt" for count, name in SIZES.items() if count <= largest}
    print("our own corpus, seed 42")
    rng, lists = random.Random(42), {}
    everything = own_indicators(rng, largest)
    rng.shuffle(everything)
    own_corpus(rng, folder / "corpus.log", size, [x for x in everything[:10_000] if x[-1].isalpha() and "." in x])
    for count, name in SIZES.items():
        if count <= largest:
            lists[count] = folder / f"own-{name}.txt"
            lists[count].write_text("\n".join(everything[:count]) + "\n")
    return folder / "corpus.log", lists


def load():
    return f"[load {os.getloadavg()[0]:.1f}]"


def ours(compiled, *words, threads=1):
    return [BIN, "scan", "--quiet", "--threads", threads, "--set", compiled, *words]


def compile_set(ioc):
    """The list as a set, and what making it cost."""
    made = pathlib.Path(f"{ioc.name}.set").resolve()
    return made, cost([BIN, "--quiet", "set", "build", "--out", made, "--ioc", ioc], 3)


def cpus_here(log, ioc):
    """Which kernels run here: what the sweep program names."""
    said = subprocess.run([TOOLS / "bench-sweep", ioc, log], capture_output=True, text=True).stdout
    return {line.split()[0]: float(line.split()[1]) for line in said.splitlines() if line.split()[0] in CPUS}


def show(label, seconds, size, note=""):
    print(f"  {label:26} {seconds:8.3f} s {size / seconds / 1e6:8.0f} MB/s  {note}", flush=True)


def one_core(folder, log, lists, limit, largest):
    """End to end on one core: rates by instruction set, and rivals in the same minutes."""
    size, rates = log.stat().st_size, {}
    (folder / "empty").write_text("")
    for count, ioc in lists.items():
        memory = cpus_here(log, ioc)
        compiled, (built, by_clock) = compile_set(ioc)
        opened = cost(ours(compiled, folder / "empty"))[0]
        print(f"{count:,} indicators over {size / 1e6:.0f} MB, one core; the list made a set in {built:.2f} s of the processor "
              f"({by_clock:.2f} by the clock), {compiled.stat().st_size / count:.0f} bytes each; a run on nothing {opened * 1000:.0f} ms {load()}")
        best, seconds = None, {}
        for cpu in memory:
            scanned = cost(ours(compiled, log), env={"TOCSIN_CPU": cpu})[0]
            rates[count, cpu], seconds[cpu] = size / scanned, scanned
            best = (scanned + built, scanned) if best is None else min(best, (scanned + built, scanned))
            show(f"tocsin scan, {cpu}", scanned, size, f"in memory {memory[cpu]:.0f} MB/s; {limit / scanned:.2f} of cat"
                 f" (target {'0.30' if cpu == 'avx512' else '0.22'})")
        plain = cost(ours(compiled, log), 1, env={"TOCSIN_CPU": "plain"})[0]
        show("the plain scanner", plain, size, f"{plain / best[1]:.1f} times ours")
        target = {10_000: 20, 100_000: 50, 1_000_000: 80}.get(count)
        if shutil.which("rg") and count <= largest:
            rival = cost(["rg", "-F", "-j1", "-n", "-f", ioc, log], 1 if count > 10_000 else 3)
            if rival:
                show("rg -F -f -j1 -n", rival[0], size, f"{rival[0] / best[1]:.0f} times ours, {rival[0] / best[0]:.0f} with making "
                     f"the set (target {target})")
            else:
                print("  rg -F -f -j1 -n            not finished")
        if count <= 100_000:
            rival = cost(["grep", "-F", "-n", "-f", ioc, log], 1)
            if rival:
                show("grep -F -n -f", rival[0], size, f"{rival[0] / best[1]:.0f} times ours")
            literal(ioc, log, size, seconds, memory)
    for cpu in CPUS:
        if (10_000_000, cpu) in rates and (1_000_000, cpu) in rates:
            print(f"  {cpu}: at 10 million {rates[10_000_000, cpu] / rates[1_000_000, cpu]:.2f} of its rate at one (target 0.8)")


def literal(ioc, log, size, seconds, memory):
    """Like with like: over the log in memory, and from reading the file to lines written with their numbers."""
    if not (TOOLS / "bench-literals").exists():
        print("  Vectorscan                 left out: not here")
        return
    said = subprocess.run([TOOLS / "bench-literals", ioc, log], capture_output=True, text=True)
    if said.returncode:
        print("  Vectorscan                 failed")
        return
    compiled, alone, whole, lines = map(float, said.stdout.split())
    for how, rival, of in (("in memory", alone, {cpu: size / rate / 1e6 for cpu, rate in memory.items()}), ("end to end", whole, seconds)):
        times = ", ".join(f"{rival / of[cpu]:.2f} times {cpu} (target {target})" for cpu, target in (("avx2", 1.5), ("avx512", 2.0)) if cpu in of)
        show(f"Vectorscan, {how}", rival, size, times)
    print(f"    its literals were compiled in {compiled:.2f} s; it tells {lines:,.0f} lines")


def expressions(log, ioc):
    """5,000 regular expressions besides, none or some with words of the log: the program says its figures itself."""
    for common in (0, 5):
        said = subprocess.run([TOOLS / "bench-strings", ioc, log, "5000", str(common)], capture_output=True, text=True)
        print(said.stdout.rstrip() or "  expressions                failed", load(), flush=True)


def hardest(folder, log, ioc):
    """Lines of one kind alone, and a hit on every line, beside the mixed log."""
    rng, size = random.Random(7), 32 << 20
    names = [line for line in ioc.read_text().splitlines() if line[-1:].isalpha() and "/" not in line and "@" not in line]

    def fill(name, line, first=""):
        pool, done = [line() for _ in range(20000)], 0
        with open(folder / name, "w") as out:
            out.write(first)
            while done < size:
                block = "".join(rng.choices(pool, k=2000))
                out.write(block)
                done += len(block)
        return folder / name

    with open(log, errors="replace") as some:
        lines = [line.rstrip("\n") for line, _ in zip(some, range(50000))]
    objects = [line for line in lines if line[:1] == "{" and line[-1:] == "}"] or ['{"ts":"2026-01-01T00:00:00Z","id":1}']
    head = "ts uid id.orig_h id.orig_p id.resp_h id.resp_p proto trans_id rtt query qclass qtype rcode AA TC RD RA Z answers".split()
    cell = lambda: rng.choice(["-", "F", "0", "udp", "C_INTERNET", "NOERROR", "0.000000", four().strip(), str(rng.randrange(65536))])
    zeek = lambda: "\t".join([f"{1.7e9 + rng.random() * 1e5:.6f}", f"C{rng.getrandbits(80):x}", *(cell() for _ in head[3:]), rng.choice(names)])
    four = lambda: ".".join(str(rng.randrange(256)) for _ in range(4)) + "\n"
    compiled, _ = compile_set(ioc)
    mixed = log.stat().st_size / cost(ours(compiled, log))[0]
    print(f"lines of one kind, {ioc.name}, beside the mixed log's {mixed / 1e6:.0f} MB/s (target 0.1) {load()}")
    for label, path in (("nothing but IPv4", fill("fours", four)),
                        ("nothing but IPv6", fill("sixes", lambda: ":".join(f"{rng.randrange(65536):x}" for _ in range(8)) + "\n")),
                        ("nothing but names", fill("names", lambda: f"h{rng.randrange(10 ** 6)}.site{rng.randrange(10 ** 5)}.com\n")),
                        ("a hit on every line", fill("hits", lambda: f"{rng.choice(lines)} {rng.choice(names)}\n")),
                        ("a hit on every line, JSON", fill("hits.json", lambda: f'{rng.choice(objects)[:-1]},"rrname":"{rng.choice(names)}"}}\n')),
                        ("a hit on every line, Zeek", fill("hits.tsv", lambda: zeek() + "\n", "#separator \\x09\n#fields\t" + "\t".join(head) + "\n")),
                        ("Japanese text", fill("wide", lambda: "\u304a\u77e5\u3089\u305b\u3002" * 8 + "\n")),
                        ("JSON, all escaped", fill("escaped", lambda: '{"m":"' + "\\u304a\\u77e5" * 16 + '"}\n'))):
        spent = cost(ours(compiled, path), 3)[0]
        show(label, spent, path.stat().st_size, f"{path.stat().st_size / spent / mixed:.2f} of the mixed rate")


def every_kind(rng, ioc, count=500):
    """The list, and indicators of each other kind that a list can name."""
    digits = lambda n: "%0*x" % (n, rng.getrandbits(4 * n))
    made = {
        "IPv6": lambda: "2a0e:" + ":".join(digits(4).lstrip("0") or "0" for _ in range(7)),
        "networks of IPv6": lambda: f"2a0f:{digits(4)}:{digits(4)}::/48",
        "URLs": lambda: f"http://site{digits(6)}.example/{digits(4)}/{digits(8)}.php?id={digits(4)}",
        "e-mail addresses": lambda: f"user{digits(6)}@mail{digits(4)}.example",
        "MD5": lambda: digits(32), "SHA-1": lambda: digits(40), "SHA-256": lambda: digits(64), "SHA-512": lambda: digits(128),
        "JA3": lambda: f"ja3:{digits(32)}", "JA4": lambda: f"t13d1516h2_{digits(12)}_{digits(12)}",
        "CVE ids": lambda: f"CVE-2025-{rng.randrange(10000, 99999)}",
        "MAC addresses": lambda: ":".join(digits(2) for _ in range(6)),
        "paths": lambda: f"C:\\Users\\Public\\{digits(8)}.exe",
        "keys of the registry": lambda: f"HKLM\\Software\\{digits(8)}\\Run",
        "user agents": lambda: f"[network-traffic:extensions.'http-request-ext'.request_header.'User-Agent' = 'Agent/{digits(6)}']",
        "names of files": lambda: f"[file:name = '{digits(8)}.dll']",
        "mutexes": lambda: f"[mutex:name = 'Global\\\\{digits(10)}']",
    }
    every = pathlib.Path("every-kind.txt").resolve()
    every.write_text(ioc.read_text().rstrip("\n") + "\n" + "".join(f"{make()}\n" for make in made.values() for _ in range(count)))
    return every, list(made)


def by_format(folder, log):
    """Logs of one format each, repeated to some megabytes: those of the corpus, or our own sorted by how lines look."""
    (folder / "formats").mkdir()
    samples = [path for path in sorted((folder / "logs").rglob("*")) if path.is_file() and path.stat().st_size > 1 << 19]
    texts = [path.read_bytes() for path in samples]
    if not samples:
        with open(log, "rb") as some:
            lines = some.read(8 << 20).split(b"\n")[:-1]
        texts = [b"\n".join(line for line in lines if test(line)) + b"\n" for test in (
            lambda x: b'"timestamp"' in x, lambda x: x.startswith(b'{"ts"'), lambda x: b"HTTP/1.1" in x, lambda x: b"sshd[" in x)]
    for i, text in enumerate(texts):
        heading = text[:text.rindex(b"\n#") + 1] if text.startswith(b"#separator") and text.count(b"\n#") > 2 else b""
        with open(folder / "formats" / f"{i:02}.log", "wb") as out:
            done = out.write(text)
            while done < 8 << 20:
                done += out.write(text)
    return folder / "formats"


def every_reader(folder, log, ioc):
    """All kinds of indicators, and logs of one format each, read with their fields."""
    rng = random.Random(3)
    every, kinds = every_kind(rng, ioc)
    formats = by_format(folder, log)
    size = sum(path.stat().st_size for path in formats.iterdir())
    (few, _), (all_kinds, _) = compile_set(ioc), compile_set(every)
    print(f"{ioc.name} and 500 each of {', '.join(kinds)}; {len(list(formats.iterdir()))} logs of one format each (target 0.7) {load()}")
    mixed = log.stat().st_size / cost(ours(few, log))[0]
    for label, compiled, path, length in (("the list, mixed log", few, log, log.stat().st_size),
                                          ("all kinds, mixed log", all_kinds, log, log.stat().st_size),
                                          ("the list, by format", few, formats, size),
                                          ("all kinds, by format", all_kinds, formats, size)):
        spent = cost(ours(compiled, path))[0]
        show(label, spent, length, f"{length / spent / mixed:.2f} of the mixed rate")
    for path in sorted(formats.iterdir()):
        said = subprocess.run([str(x) for x in ours(all_kinds, "--json", "--count", path)], capture_output=True, text=True).stdout.strip()
        spent = cost(ours(all_kinds, path), 3)[0]
        show(f"  {path.name}", spent, path.stat().st_size, said[:60])
    small = folder / "small.log"
    with open(log, "rb") as some:
        small.write_bytes(b"".join(line for line, _ in zip(some, range(1000))))
    first = cost([BIN, "scan", "--quiet", "--ioc", ioc, small], 10)[1]
    print(f"  a small log, {ioc.name} as it is: {first * 1000:.0f} ms by the clock, from the start to the end (target 30)")


def together(folder, log, ioc):
    """Two threads beside one, by the clock: one file, two, many small ones, packed ones; runs take turns."""
    compiled, _ = compile_set(ioc)
    print(f"by the clock, {ioc.name}: two threads as multiples of one (target 1.7) {load()}")
    size = log.stat().st_size
    parts = {"halves": cut(folder, log, "halves", 2), "small": cut(folder, log, "small", 2000), "eight": cut(folder, log, "eight", 8)}
    (folder / "packed").mkdir()
    for part in sorted(parts["eight"].iterdir()):
        with open(folder / "packed" / f"{part.name}.gz", "wb") as out:
            subprocess.run(["gzip", "-c", part], stdout=out, check=True)
    for label, path in (("one file", log), ("two files", parts["halves"]), ("2,000 small files", parts["small"]),
                        ("8 .gz files", folder / "packed")):
        one, two = in_turns([ours(compiled, path, threads=n) for n in (1, 2)])
        show(f"{label}, one thread", one, size)
        show(f"{label}, two threads", two, size, f"{one / two:.2f} times one")
    for tool, ending, target in (("gzip", "gz", "1.0"), ("zstd", "zst", "0.8")):
        packed = folder / f"corpus.log.{ending}"
        with open(packed, "wb") as out:
            subprocess.run([tool, "-c", *(["-1"] if tool == "gzip" else ["-q"]), log], stdout=out, check=True)
        unpack = cost([tool, "-dc", packed], 3, out="/dev/null")[1]
        scan = cost(ours(compiled, packed, threads=2), 3)[1]
        show(f"{ending}, two threads", scan, log.stat().st_size, f"{tool} -dc {unpack:.2f} s, {unpack / scan:.2f} of its speed (target {target})")


def main():
    megabytes = int(sys.argv[1]) if len(sys.argv) > 1 else 128
    largest = int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000
    for tool in ("rg", "grep"):
        if shutil.which(tool):
            print(subprocess.run([tool, "--version"], capture_output=True, text=True).stdout.split("\n")[0])
    with tempfile.TemporaryDirectory(dir=os.environ.get("TOCSIN_BENCH_DIR")) as folder:
        folder = pathlib.Path(folder).resolve()
        shared = SHARED.resolve()
        globals()["SHARED"], globals()["BIN"] = shared, str(pathlib.Path(BIN).resolve())
        globals()["TOOLS"] = TOOLS.resolve()
        os.chdir(folder)
        log, lists = prepare(folder, megabytes << 20, largest)
        limit = cost(["cat", log], out="/dev/null")[0]
        show("cat FILE >/dev/null", limit, log.stat().st_size, load())
        one_core(folder, log, lists, limit, largest)
        every_reader(folder, log, lists[10_000])
        expressions(log, lists[10_000])
        hardest(folder, log, lists[10_000])
        together(folder, log, lists[10_000])


main()
