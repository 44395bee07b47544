#!/usr/bin/env python3
"""The main job, told: one node publishes, the other syncs, scans and reports back.

    test/demo/demo.py [FOLDER]     TOCSIN_BIN names the program (default: build/out/src/cmd/tocsin)
"""
import json
import os
import pathlib
import random
import re
import signal
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from logs import indicator, write_lists, write_logs  # noqa: E402
from story import Broken, Story, free_port  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOCSIN = os.environ.get("TOCSIN_BIN", str(ROOT / "build/out/src/cmd/tocsin"))
MEDIA = "application/taxii+json;version=2.1"
INTERNAL = "10.20.30.40"
RED = "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1"


class Party:
    """One organisation: its node's folder, and how to call tocsin on it."""

    def __init__(self, story, name):
        self.story, self.name = story, name
        self.port = free_port()
        self.url = f"https://127.0.0.1:{self.port}/"

    def run(self, *words, **options):
        return self.story.run("tocsin", "--node", self.name, *words, **options)

    def json(self, *words, **options):
        out = self.run("--json", *words, **options)
        return [json.loads(line) for line in out.splitlines() if line.startswith("{")]

    def serve(self):
        log = f"{self.name}.log"
        child = self.story.start("tocsin", "--node", self.name, "serve", "--listen", f"127.0.0.1:{self.port}", log=log)
        path = self.story.folder / log
        self.story.wait_for(f"{self.name} serves {self.url}", lambda: "serve.ready" in path.read_text())
        return child


def parties(s):
    s.chapter("Two parties, each with a node, keys and an identity of its own")
    a, b = Party(s, "aurora"), Party(s, "borealis")
    told = []
    for party, name, country in ((a, "CERT Aurora", "NO"), (b, "CERT Borealis", "CA")):
        told.append(party.json("init", "--name", name, "--country", country, "--kind", "cert")[0])
    s.holds("each has a fingerprint to compare by telephone, and they differ",
            all(re.fullmatch(r"sha256:[0-9a-f]{64}", t["fingerprint"]) for t in told)
            and told[0]["fingerprint"] != told[1]["fingerprint"], told)
    s.holds("each speaks as a STIX identity of its own",
            told[0]["identity"].startswith("identity--") and told[0]["identity"] != told[1]["identity"])
    a.identity, b.identity = told[0]["identity"], told[1]["identity"]
    return a, b


def publish(s, a, b):
    s.chapter("A publishes: a plain list, defanged, and STIX objects")
    a.run("collection", "add", "indicators", "--title", "Indicators of Aurora")
    a.run("collection", "add", "sightings", "--title", "What partners saw")
    a.run("user", "add", "borealis", "--role", "reader,analyst", "--password-stdin",
          "--identity", b.identity, stdin="correct horse battery staple\n")
    a.run("grant", "indicators", "borealis", "read")
    a.run("grant", "sightings", "borealis", "write")
    lists = write_lists(s.folder, a.identity)
    counts = a.json("import", "list.txt", "--collection", "indicators", "--format", "list", "--tlp", "green")[0]
    s.holds(f"{lists['lines']} lines of the list became {lists['lines']} indicators",
            counts["added"] == lists["lines"], counts)
    counts = a.json("import", "bundle.json", "--collection", "indicators")[0]
    s.holds("three STIX objects came as they are", counts["added"] == 3 and counts["refused"] == 0, counts)
    again = a.json("import", "list.txt", "--collection", "indicators", "--format", "list", "--tlp", "green")[0]
    s.holds("the same list once more adds nothing", again["added"] == 0 and again["duplicate"] == lists["lines"], again)
    return lists


def curl(s, a, path, user="borealis:correct horse battery staple", codes=(0,), extra=()):
    return s.run("curl", "-sS", "--cacert", "aurora/keys/ca.pem", "-u", user, "-H", f"Accept: {MEDIA}", *extra,
                 a.url.rstrip("/") + path, quiet=True, codes=codes)


def share(s, a, b, lists):
    s.chapter("B pulls over TAXII 2.1 and TLS; anybody's curl reads the same page")
    a.serve()
    b.run("collection", "add", "aurora", "--title", "From Aurora")
    b.run("collection", "add", "sightings", "--title", "What we saw")
    b.run("sync", "add", "aurora", a.url, "--user", "borealis", "--password-stdin", "--ca", "aurora/keys/ca.pem",
          "--collection", "indicators=aurora", "--push", "sightings=sightings", stdin="correct horse battery staple\n")
    total = lists["lines"] + 3 + 1  # the list bears TLP:GREEN, whose definition goes along
    pulled = [e for e in b.json("sync", "aurora") if e["event"] == "pulled"]
    s.holds(f"{total} objects are here", sum(e["added"] for e in pulled) == total, pulled)
    roots = json.loads(curl(s, a, "/taxii2/"))
    root = roots["default"] if "default" in roots else roots["api_roots"][0]
    root = re.sub(r"^https://[^/]+", "", root)
    collections = json.loads(curl(s, a, f"{root}collections/"))["collections"]
    ids = {c["title"]: c["id"] for c in collections}
    page = json.loads(curl(s, a, f"{root}collections/{ids['Indicators of Aurora']}/objects/?limit=1000"))
    s.holds(f"curl gets the same {total} objects", len(page["objects"]) == total, len(page.get("objects", [])))
    one = page["objects"][0]
    mine = b.run("get", one["id"], quiet=True)
    s.holds("what curl got and what B stored is the same object", json.loads(mine) == one)
    return root, ids


def scan(s, b, lists):
    s.chapter("B scans logs in five formats, and what grep -F says of them")
    logs = write_logs(s.folder, lists)
    names = [str(p.relative_to(s.folder)) for p in logs]
    hits = b.json("scan", *names)
    by = {(h["match"], h["observable"]["kind"]) for h in hits}
    s.holds("a subdomain is found under its domain",
            any(h["match"] == "subdomain" and h["observable"]["value"] == "cdn.evil-updates.example" for h in hits), by)
    s.holds("an address is found in its range", any(h["match"] == "cidr" for h in hits), by)
    s.holds("a hash is found whole", any(h["observable"]["kind"] == "sha256" for h in hits), by)
    s.holds("all five formats gave hits", {pathlib.Path(h["file"]).name for h in hits} == {p.name for p in logs},
            {h["file"] for h in hits})
    s.holds("no hit in michigan.org, which merely holds higan.org",
            not any("michigan" in h["observable"]["value"] for h in hits))
    false_lines = s.run("grep", "-hF", "-f", "plain.txt", *names, codes=(0, 1), quiet=True).splitlines()
    wrong = [line for line in false_lines if "michigan.org" in line or "110.1.2.33" in line]
    for line in wrong[:3]:
        s.say("  grep -F: " + line[:120])
    s.holds(f"grep -F reports {len(wrong)} lines that are not hits", len(wrong) >= 2, false_lines)
    s.holds("the expired indicator is not reported", not any("expired" in h["observable"]["value"] for h in hits))
    return names


def revoke(s, a, b, lists, names):
    s.chapter("A revokes; within a second B no longer alarms")
    b.serve()
    before = b.json("scan", *names)
    target = lists["revoked_id"]
    s.holds("before: it is reported", any(h.get("indicator") == target for h in before))
    old = json.loads(a.run("get", target, quiet=True))
    old.update(revoked=True, modified=time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(time.time() + 1)))
    (s.folder / "revocation.json").write_text(json.dumps(old))
    time.sleep(0.5)  # B's request is being held by A
    start = time.monotonic()
    a.run("import", "revocation.json", "--collection", "indicators")

    def gone():
        got = json.loads(b.run("get", target, quiet=True))
        return got.get("revoked")
    quiet, s.say = s.say, lambda text="": None
    while not gone() and time.monotonic() - start < 10:
        time.sleep(0.02)
    took = time.monotonic() - start
    s.say = quiet
    s.holds(f"the revocation reached B in {took:.2f} s, the command that imported it included", took < 1, took)
    after = b.json("scan", *names, codes=(0, 1))
    s.holds("after: it is not reported, all else is",
            not any(h.get("indicator") == target for h in after) and len(after) > 0
            and len(after) == len([h for h in before if h.get("indicator") != target]))


def report(s, a, b, names):
    s.chapter("The sighting travels back, without B's internal addresses")
    b.run("scan", "--sight", *names, quiet=True)
    s.wait_for("A has the sightings", lambda: "sighting--" in a.story.run(
        "tocsin", "--node", "aurora", "export", "--collection", "sightings", "--to", "self", quiet=True, codes=(0, 1)),
        seconds=20)
    bundle = json.loads(a.run("export", "--collection", "sightings", "--to", "self", quiet=True))
    kinds = sorted({o["type"] for o in bundle["objects"]})
    sighting = next(o for o in bundle["objects"] if o["type"] == "sighting")
    s.holds("a sighting says how often and when", sighting["count"] >= 1 and "first_seen" in sighting, kinds)
    s.holds("it speaks as B", sighting["created_by_ref"] == b.identity)
    text = json.dumps(bundle)
    s.holds(f"{INTERNAL}, the address of B's own machine, is nowhere in what A got", INTERNAL not in text)


def stranger(s, a, root, ids):
    s.chapter("What a reader may not have is to him as if it never was")
    a.run("collection", "add", "secret", "--title", "Not for Borealis")
    kept = indicator(a.identity, "for our eyes", "[domain-name:value = 'kept.example']")
    red = {**kept, "id": kept["id"][:-4] + "0bad", "object_marking_refs": [RED]}
    for name, collection, one in (("kept.json", "secret", kept), ("red.json", "indicators", red)):
        (s.folder / name).write_text(json.dumps(one))
        a.run("import", name, "--collection", collection)
    secret = next(c["id"] for c in a.json("collection", "list") if c["alias"] == "secret")
    shared, absent = ids["Indicators of Aurora"], "7e1f3a52-0b0e-4f0a-9b1e-1f4d3c2b1a00"
    nobody = f"indicator--{absent}"

    def asked(path, user="borealis:correct horse battery staple"):
        return curl(s, a, f"{root}collections/{path}", user, extra=("-w", "\\n%{http_code} %{content_type}"))

    for what, theirs, nothing in (
            ("a collection of others, and one that never was", f"{secret}/objects/", f"{absent}/objects/"),
            ("an object in it, and none", f"{secret}/objects/{kept['id']}/", f"{secret}/objects/{nobody}/"),
            ("a RED object where he reads, and none", f"{shared}/objects/{red['id']}/", f"{shared}/objects/{nobody}/"),
            ("its versions", f"{shared}/objects/{red['id']}/versions/", f"{shared}/objects/{nobody}/versions/")):
        told = asked(theirs), asked(nothing)
        s.holds(f"{what}: the same bytes, {told[0].splitlines()[-1]}",
                told[0] == told[1] and told[0].splitlines()[-1] == f"404 {MEDIA}", told)
    seen = [asked(path) for path in ("", f"{shared}/objects/", f"{shared}/manifest/")]
    s.holds("neither a page nor the manifest nor the list of collections names them",
            all(one.endswith(f"200 {MEDIA}") for one in seen)
            and not any(name in one for one in seen for name in (secret, kept["id"], red["id"])), seen)
    told = asked("", "mallory:guess")
    s.holds("a wrong password: 401 and nothing else", told.splitlines()[-1] == f"401 {MEDIA}", told)


def crash(s, a):
    s.chapter("kill -9 in mid-import, then again: equal counts")
    a.run("collection", "add", "bulk", "--title", "Bulk")
    chance = random.Random(7)
    count = 60000
    with (s.folder / "bulk.txt").open("w") as out:
        for i in range(count):
            out.write(f"host-{i}-{chance.randrange(1 << 30):x}.bulk.example\n")
    child = s.start("tocsin", "--node", "aurora", "import", "bulk.txt", "--collection", "bulk", log="import.log")
    found = 0
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and child.poll() is None:
        found = versions(s, "bulk")
        if found > 0:
            break
    child.send_signal(signal.SIGKILL)
    child.wait()
    s.running.remove(child)
    found = versions(s, "bulk")
    s.holds(f"killed with {found} of {count} stored", 0 < found < count, found)
    told = a.json("import", "bulk.txt", "--collection", "bulk")[0]
    s.holds(f"the second run adds the other {count - found}", told["added"] == count - found
            and told["duplicate"] == found, told)
    s.holds(f"and now there are {count}", versions(s, "bulk") == count)


def versions(s, alias):
    """Versions in a collection of aurora, asked without telling."""
    import subprocess
    out = subprocess.run(["tocsin", "--node", "aurora", "--json", "status"], cwd=s.folder, text=True,
                         capture_output=True, check=True).stdout
    return next(c["versions"] for c in json.loads(out)["collections"] if c["alias"] == alias)


def main():
    folder = sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp(prefix="tocsin-demo-")
    os.environ["PATH"] = str(pathlib.Path(TOCSIN).resolve().parent) + os.pathsep + os.environ["PATH"]
    s = Story(folder)
    start = time.monotonic()
    try:
        a, b = parties(s)
        lists = publish(s, a, b)
        root, ids = share(s, a, b, lists)
        names = scan(s, b, lists)
        revoke(s, a, b, lists, names)
        report(s, a, b, names)
        stranger(s, a, root, ids)
        crash(s, a)
        s.say()
        s.say(f"{s.ticks} assertions hold, {time.monotonic() - start:.0f} s; all of it is in {folder}")
        s.say(f"{s.ticks} passed, 0 failed")
        return 0
    except Broken as fault:
        s.say(f"\nthe story breaks after {s.ticks} assertions\n{s.last}\n{fault}\nall of it is in {folder}")
        s.say(f"{s.ticks} passed, 1 failed")
        return 1
    finally:
        s.stop_all()


if __name__ == "__main__":
    sys.exit(main())
