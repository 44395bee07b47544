#!/usr/bin/env python3
"""A node end to end: import, pages against nginx, envelopes, memory and readiness, loading for scan.

usage: serve.py [OBJECTS [SECONDS]]   default 1,000,000 objects of about 670 bytes, 6 s a figure, of pages 2 s in each of five rounds
Rivals in the same run: SQLite alone copying the very rows the import made, with the same durability;
nginx serving the bytes of a page from a file over TLS to the same client (wrk, 4 connections kept alive,
TLS 1.3) while the same writer commits. No URL repeats where one can differ. TOCSIN_BENCH_DIR names the
disk (default: the temporary folder), TOCSIN_BENCH_ONLY some of: import pages post idle scan."""
import base64
import contextlib
import datetime
import hashlib
import http.client
import json
import os
import pathlib
import re
import resource
import shutil
import signal
import socket
import sqlite3
import ssl
import statistics
import subprocess
import sys
import tempfile
import threading
import time

BIN = os.environ.get("TOCSIN_BIN") or shutil.which("tocsin") or "build/out/src/cmd/tocsin"
ONLY = os.environ.get("TOCSIN_BENCH_ONLY", "import pages post idle scan").split()
MEDIA = "application/taxii+json;version=2.1"
USER = "bench:correct horse battery staple"
SMALL = 10_000
CONNECTIONS = 4
ROUNDS = 5

WRK = """
local n, step = 0, 0
local threads = 0
function setup(thread) thread:set("lane", threads) threads = threads + 1 end
function init(args) path = args[1]; base = tonumber(args[2]); head = {["Accept"] = "%(media)s", ["Authorization"] = "%(auth)s"} end
function request()
  n = n + 1
  local k = n * 2 + lane
  local p = path:gsub("@STAMP", function()
    local us = base - k
    return os.date("!%%Y-%%m-%%dT%%H:%%M:%%S", math.floor(us / 1e6)) .. string.format(".%%06dZ", us %% 1e6)
  end):gsub("@N", tostring(k))
  return wrk.format("GET", p, head)
end
function done(summary, latency, requests)
  print(string.format("BENCH %%d %%d %%d %%d", summary.requests, summary.duration, summary.errors.status, latency:percentile(99)))
end
"""

NGINX = """
worker_processes 2; pid {dir}/nginx.pid; error_log {dir}/nginx.log; daemon off; master_process on;
events {{ worker_connections 256; }}
http {{
  access_log off; default_type "application/taxii+json;version=2.1"; keepalive_requests 100000000; keepalive_timeout 300s;
  client_body_temp_path {dir}/b; proxy_temp_path {dir}/p; fastcgi_temp_path {dir}/f; uwsgi_temp_path {dir}/u; scgi_temp_path {dir}/s;
  server {{
    listen 127.0.0.1:{port} ssl; ssl_certificate {cert}; ssl_certificate_key {key}; ssl_protocols TLSv1.3;
    location ~ ^/ {{ alias {dir}/page.json; }}
  }}
}}
"""


def indicators(first, count):
    """Lines of STIX, seeded: ids are of the number alone."""
    for i in range(first, first + count):
        h = hashlib.md5(b"%d" % i).hexdigest()
        at = f"2026-01-{1 + i // 86400000 % 28:02}T{i // 3600000 % 24:02}:{i // 60000 % 60:02}:{i // 1000 % 60:02}.{i % 1000:03}Z"
        yield (
            f'{{"type":"indicator","spec_version":"2.1","id":"indicator--{h[:8]}-{h[8:12]}-4{h[13:16]}-a{h[17:20]}-{h[20:]}",'
            f'"created_by_ref":"identity--f431f809-377b-45e0-aa1c-6a4751cae5ff","created":"{at}","modified":"{at}",'
            f'"name":"Command and control of campaign {i % 977}","description":"Seen in proxy logs of several members; confirmed '
            f'by sandbox run {i}.","indicator_types":["malicious-activity"],"pattern":"[domain-name:value = '
            f"'host-{h[:7]}.example.net' OR url:value = 'http://host-{h[:7]}.example.net/gate.php']\","
            f'"pattern_type":"stix","valid_from":"{at}","object_marking_refs":["marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"]}}')


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def run(*words, **options):
    out = subprocess.run([str(w) for w in words], capture_output=True, text=True, **options)
    if out.returncode not in (0, 1):
        sys.exit(f"{' '.join(map(str, words))}: {out.stderr}")
    return out.stdout


class Node:
    def __init__(self, folder, name):
        self.dir, self.port, self.child = folder / name, free_port(), None
        self.tls = None
        self("init", "--name", "Bench", "--country", "NO", "--kind", "cert")
        self("collection", "add", "main", "--title", "Main")
        self("user", "add", "bench", "--role", "reader,analyst", "--password-stdin", input=USER.split(":")[1] + "\n")
        self("grant", "main", "bench", "both")
        self.tls = ssl.create_default_context(cafile=str(self.dir / "keys/ca.pem"))
        self.head = {"Accept": MEDIA, "Content-Type": MEDIA, "Authorization": "Basic " + base64.b64encode(USER.encode()).decode()}

    def __call__(self, *words, **options):
        return run(BIN, "--node", self.dir, *words, **options)

    def connect(self):
        return http.client.HTTPSConnection("127.0.0.1", self.port, context=self.tls, timeout=60)

    def get(self, path):
        link = self.connect()
        link.request("GET", path, headers=self.head)
        answer = link.getresponse()
        return answer.status, answer.read()

    def start(self):
        """Seconds from spawn to the first answer, to whom nobody knows yet (401) and then to a user."""
        begun = time.monotonic()
        self.child = subprocess.Popen([BIN, "--node", str(self.dir), "serve", "--listen", f"127.0.0.1:{self.port}"],
                                      stderr=(self.dir.parent / "serve.log").open("a"))
        while True:
            link = self.connect()
            try:
                link.request("GET", "/taxii2/", headers={"Accept": MEDIA})
                link.getresponse().read()
                break
            except OSError:
                if self.child.poll() is not None or time.monotonic() - begun > 60:
                    sys.exit("serve did not start: " + (self.dir.parent / "serve.log").read_text()[-2000:])
                time.sleep(0.001)
        ready = time.monotonic() - begun
        root = json.loads(self.get("/taxii2/")[1])["api_roots"][0]
        known = time.monotonic() - begun
        root = re.sub(r"^https://[^/]+", "", root)
        self.objects = f"{root}collections/{json.loads(self.get(root + 'collections/')[1])['collections'][0]['id']}/objects/"
        return ready, known

    def stop(self):
        if self.child:
            self.child.send_signal(signal.SIGTERM)
            self.child.wait(timeout=60)
            self.child = None

    def private(self):
        """Private resident bytes of all its processes, by process."""
        rolls = [pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text() for pid in family(self.child.pid)]
        return [sum(int(n) for n in re.findall(r"^Private_\w+:\s+(\d+) kB", roll, re.M)) << 10 for roll in rolls]


def family(pid):
    """A process and all that descend from it."""
    found, todo = [], [pid]
    while todo:
        found.append(todo.pop())
        todo += [int(p) for t in pathlib.Path(f"/proc/{found[-1]}/task").iterdir() for p in (t / "children").read_text().split()]
    return found


def cpu(pid):
    """Seconds of CPU that a process and its descendants have used: fair where others load the machine."""
    ticks = 0
    for each in family(pid):
        ticks += sum(map(int, pathlib.Path(f"/proc/{each}/stat").read_text().rsplit(")", 1)[1].split()[11:13]))
    return ticks / os.sysconf("SC_CLK_TCK")


def show(text):
    print(f"{text}   [load {os.getloadavg()[0]:.1f}]", flush=True)


def database(node):
    return max(node.dir.rglob("*.db"), key=lambda p: p.stat().st_size)


def sqlite_alone(node, folder):
    """Seconds, and seconds of CPU, in which SQLite copies all rows of the vault's two tables, 50,000 objects a transaction."""
    path = folder / "alone.db"
    db = sqlite3.connect(path, isolation_level=None)
    db.executescript("pragma page_size=8192; pragma journal_mode=wal; pragma synchronous=full; pragma cache_size=-65536;"
                     "pragma wal_autocheckpoint=16384; pragma journal_size_limit=150994944")
    db.execute("attach ? as theirs", (f"file:{database(node)}",))
    for sql, in db.execute("select sql from theirs.sqlite_master where tbl_name in ('object', 'entry') and sql is not null "
                           "order by type desc").fetchall():
        db.execute(sql)
    db.execute("create temp table pair as select * from theirs.entry order by added")
    db.execute("create index temp.pair_added on pair(added)")
    edges = [r[0] for r in db.execute("select added from (select added, row_number() over (order by added) n from theirs.object) "
                                      "where n % 50000 = 0")] + [1 << 62]
    begun, used, low = time.monotonic(), time.process_time(), 0
    for high in edges:
        db.execute("begin immediate")
        db.execute("insert into object select * from theirs.object where added > ? and added <= ?", (low, high))
        db.execute("insert into entry select * from temp.pair where added > ? and added <= ? order by key", (low, high))
        db.execute("commit")
        low = high
    seconds = time.monotonic() - begun, time.process_time() - used
    db.close()
    for p in folder.glob("alone.db*"):
        p.unlink()
    return seconds


def bench_import(node, folder, total):
    source = folder / "objects.jsonl"
    size = 0
    with source.open("w") as out:
        for line in indicators(0, total):
            out.write(line + "\n")
            size += len(line)
    begun, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    told = json.loads(node("--json", "import", source, "--collection", "main").splitlines()[-1])
    ours, after = time.monotonic() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    if told["added"] != total:
        sys.exit(f"import: {told}")
    lag = re.findall(r".*search.*", node("status"))
    if "import" in ONLY:
        theirs, alone = sqlite_alone(node, folder)
        show(f"import of {total:,} objects of {size // total} bytes: {total / ours:,.0f}/s checked and durable; SQLite "
             f"{sqlite3.sqlite_version} alone, same rows and durability, {total / theirs:,.0f}/s; ratio {theirs / ours:.2f}; "
             f"CPU {used / total * 1e6:.1f} and {alone / total * 1e6:.1f} us an object; status: {lag}")
    source.unlink()


def wait_for_search(node):
    """Search is filled behind; its share of the processor would be counted as that of pages."""
    begun, behind = time.monotonic(), 1
    while behind and time.monotonic() - begun < 600:
        time.sleep(0.25)
        behind = json.loads(node("--json", "status").splitlines()[0])["search_behind"]
    if behind:
        sys.exit(f"search does not catch up: {behind} behind")
    return time.monotonic() - begun


class Writer(threading.Thread):
    """Commits an envelope of 20 objects ten times a second until stopped."""
    serial = 500_000_000

    def __init__(self, node):
        super().__init__(daemon=True)
        self.node, self.on, self.done = node, True, 0
        self.start()

    def run(self):
        link = self.node.connect()
        while self.on:
            Writer.serial += 20
            link.request("POST", self.node.objects, '{"objects":[' + ",".join(indicators(Writer.serial, 20)) + "]}", self.node.head)
            answer = link.getresponse()
            answer.read()
            self.done += answer.status == 202
            time.sleep(0.1)


def wrk(folder, pid, port, path, base, seconds):
    """Answers a second, milliseconds of the 99th percentile, milliseconds of the server's CPU each."""
    before = cpu(pid)
    out = run("wrk", "-t2", f"-c{CONNECTIONS}", f"-d{max(1, round(seconds))}s", "--timeout", "20s", "-s", folder / "wrk.lua",
              f"https://127.0.0.1:{port}", "--", path, base)
    count, took, bad, p99 = map(int, re.search(r"BENCH (\d+) (\d+) (\d+) (\d+)", out).groups())
    if bad or not count:
        sys.exit(f"wrk {path}: {bad} of {count} answers are errors\n{out}")
    return count * 1e6 / took, p99 / 1000, (cpu(pid) - before) * 1000 / count


@contextlib.contextmanager
def nginx(folder, node):
    port = free_port()
    keys = {n: folder / f"nginx-{n}.pem" for n in ("cert", "key")}
    run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=localhost",
        "-keyout", keys["key"], "-out", keys["cert"])
    (folder / "nginx.conf").write_text(NGINX.format(dir=folder, port=port, **keys))
    os.chmod(folder, 0o755)
    child = subprocess.Popen(["nginx", "-c", str(folder / "nginx.conf"), "-e", str(folder / "nginx.log")])
    time.sleep(1)
    try:
        yield port, child.pid
    finally:
        child.terminate()
        child.wait(timeout=30)


def cipher(port):
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection(("127.0.0.1", port)) as raw, context.wrap_socket(raw) as link:
        return link.cipher()[0]


def bench_pages(node, small, folder, seconds):
    for tool in ("wrk", "nginx", "openssl"):
        if not shutil.which(tool):
            show(f"pages: left out, no {tool} here")
            return
    (folder / "wrk.lua").write_text(WRK % {"media": MEDIA, "auth": node.head["Authorization"]})
    small.start()
    first = int(datetime.datetime(2025, 1, 1, tzinfo=datetime.timezone.utc).timestamp() * 1e6)
    page = node.get(node.objects + "?limit=1000")[1]
    (folder / "page.json").write_bytes(page)
    if len(json.loads(page)["objects"]) != 1000:
        sys.exit("the page is not of 1,000 objects")
    cases = {}
    for label, which in ((f"{SMALL:,}", small), ("all", node)):
        db = sqlite3.connect(f"file:{database(which)}?mode=ro", uri=True)
        last = db.execute("select added from object order by added desc limit 1 offset 1100").fetchone()[0]
        db.close()
        for what, query, base in (("first, no added_after", "", 0), ("first, added_after", "&added_after=@STAMP", first),
                                  ("last, added_after", "&added_after=@STAMP", last)):
            cases[label, what] = which, f"{which.objects}?limit=1000{query}", base, []
    with nginx(folder, node) as (port, pid):
        names = cipher(port), cipher(node.port)
        if names[0] != names[1]:
            sys.exit(f"the ciphers differ: {names}")
        show(f"pages of 1,000 objects, {len(page):,} bytes, wrk, {CONNECTIONS} connections, {names[0]}; medians of {ROUNDS} rounds:")
        for _ in range(ROUNDS):  # all by turns, so that who else is on this machine disturbs all alike
            for which, path, base, rounds in cases.values():
                writer = Writer(which)
                rounds.append((wrk(folder, which.child.pid, which.port, path, base, seconds / 3),
                               wrk(folder, pid, port, "/@N", 0, seconds / 3)))
                writer.on = False
                writer.join()
                if not writer.done:
                    sys.exit("the writer did not commit")
    small.stop()
    spread = [{}, {}]
    for (label, what), (*_, rounds) in cases.items():
        (ours, p99, work), (theirs, peer99, peer) = ([statistics.median(r[k][i] for r in rounds) for i in range(3)] for k in range(2))
        ratio = statistics.median(r[0][0] / r[1][0] for r in rounds)
        for k, one in enumerate(((ours, min(r[0][2] for r in rounds)), (theirs, min(r[1][2] for r in rounds)))):
            spread[k][label, what] = one
        show(f"  of {label:>7}, {what:22} {ours:7.0f} pages/s, 99% in {p99:6.1f} ms; nginx {theirs:7.0f}, {peer99:6.1f} ms; "
             f"ratio {ratio:.2f} (target 0.7); CPU {work:.2f} and {peer:.2f} ms each, ratio {peer / work:.2f}")
    rate, work, peer_rate, peer_work = (max(column) / min(column) for one in spread for column in zip(*one.values()))
    show(f"  the six, fastest to slowest: {rate:.2f}, of the least CPU a page {work:.2f} (target 1.3); "
         f"nginx, six times the same bytes: {peer_rate:.2f} and {peer_work:.2f}")


def bench_post(node, connections, each=30):
    used = cpu(node.child.pid)
    bodies = [[('{"objects":[' + ",".join(indicators(700_000_000 + connections * 10_000_000 + (c * each + k) * 1000, 1000)) + "]}").encode()
               for k in range(each)] for c in range(connections)]
    faults = []

    def client(mine):
        link = node.connect()
        for body in mine:
            link.request("POST", node.objects, body, node.head)
            answer = link.getresponse()
            told = json.loads(answer.read())
            if answer.status != 202 or told.get("status") != "complete" or told.get("success_count") != 1000:
                faults.append((answer.status, {k: v for k, v in told.items() if k != "successes"}))
                return

    threads = [threading.Thread(target=client, args=(mine,)) for mine in bodies]
    begun = time.monotonic()
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    spent = time.monotonic() - begun
    if faults:
        sys.exit(f"POST: {faults[0]}")
    show(f"POST of 1,000-object envelopes, {connections} connections, TLS, Python: {connections * each * 1000 / spent:,.0f} objects/s "
         f"acknowledged durably; CPU of the server {(cpu(node.child.pid) - used) / connections / each * 1000:.1f} us an object")


def bench_idle(node):
    starts = []
    for _ in range(3):
        node.stop()
        starts.append(node.start())
    ready, known = min(starts)
    show(f"serve: spawn to first answer {ready * 1000:.0f} ms (target 200), to a user's first {known * 1000:.0f} ms, password hashed")
    node.get(node.objects + "?limit=1000")
    time.sleep(3)
    sizes = node.private()
    show(f"serve idle: {sum(sizes) / 1048576:.1f} MiB private resident in {len(sizes)} processes "
         f"({', '.join(f'{s / 1048576:.1f}' for s in sizes)}; target 64)")


def bench_scan(node, folder, total):
    (folder / "empty").write_text("")
    with (folder / "list").open("w") as out:
        out.writelines(f"host-{hashlib.md5(b'%d' % i).hexdigest()[:9]}.example.net\n" for i in range(total))
    for what, words in (("a list", ["--ioc", folder / "list"]), ("the vault", [])):
        took = []
        for _ in range(2):
            begun = time.monotonic()
            node("scan", "--quiet", *words, folder / "empty")
            took.append(time.monotonic() - begun)
        show(f"scan loads {total:,} from {what}: {took[0]:.2f} s, again {took[1]:.2f} s (target 3)")


def main():
    total = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    seconds = int(sys.argv[2]) if len(sys.argv) > 2 else 6
    folder = pathlib.Path(tempfile.mkdtemp(prefix="tocsin-bench-", dir=os.environ.get("TOCSIN_BENCH_DIR")))
    small = node = None
    try:
        print(f"{os.cpu_count()} cores, {folder}")
        node, small = Node(folder, "node"), Node(folder, "small")
        bench_import(node, folder, total)
        if "scan" in ONLY:
            bench_scan(node, folder, total)
        if "idle" in ONLY:
            bench_idle(node)
        elif "pages" in ONLY or "post" in ONLY:
            node.start()
        if "idle" in ONLY or "pages" in ONLY:
            show(f"search caught up with {total:,} objects {wait_for_search(node):.1f} s after serve began (target 60)")
        if "pages" in ONLY:
            (folder / "small.jsonl").write_text("\n".join(indicators(0, SMALL)) + "\n")
            small("import", folder / "small.jsonl", "--collection", "main")
            bench_pages(node, small, folder, seconds)
        if "post" in ONLY:
            for connections in (1, 4, 8):
                bench_post(node, connections)
        if "idle" in ONLY:
            wait_for_search(node)
            time.sleep(8)
            show(f"serve idle after that: {sum(node.private()) / 1048576:.1f} MiB private resident")
    finally:
        for each in (node, small):
            if each:
                each.stop()
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
