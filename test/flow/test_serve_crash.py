"""kill -9 at a random microsecond, of any process, while objects come in by import, POST and sync and while the
database is upgraded, saved and restored. What was acknowledged is there; what was not is absent or whole.

TOCSIN_CRASHES=1000 for the full number (40 else); TOCSIN_SEED=N repeats the choices."""
import collections
import http.client
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import threading
import time

import pytest

from conftest import BIN, tocsin_run
from serving import MEDIA, PASSWORD, Serve, envelope, indicator, wait_for

CRASHES = int(os.environ.get("TOCSIN_CRASHES") or 40)
LARGE, TRANSACTION = 26000, 48 << 20  # so many objects of over 2 KB are more than an import stores at once
SHARE = {"post": 0.36, "import": 0.24, "sync": 0.2, "upgrade": 0.1, "backup": 0.05, "restore": 0.05}


def rounds(phase):
    return max(2, round(CRASHES * SHARE[phase]))


class Node:
    """A node that is served, killed and served again, and what it must hold."""

    def __init__(self, folder, name):
        self.folder, self.serve, self.after, self.holds = folder / name, None, "", {}
        self.run("init", "--name", name)
        self.run("collection", "add", "main", "--title", "Main")
        row, = self.run("collection", "list", "--json").rows
        self.id = row["id"]
        self.run("user", "add", "bob", "--role", "reader,analyst", "--password-stdin", stdin=PASSWORD + "\n")
        self.run("grant", "main", "bob", "both")
        self.token = self.run("user", "token", "bob").out.strip()
        self.root = None

    def run(self, *args, **kw):
        return tocsin_run(*args, "--node", self.folder, **kw)

    def start(self):
        self.serve = Serve(self.folder, port=self.serve.port if self.serve else 0)
        if not self.root:
            status, _, found = self.ask("GET", "/taxii2/")
            assert status == 200, found
            self.root = re.sub(r"^https?://[^/]*", "", found["api_roots"][0])

    @property
    def path(self):
        return f"{self.root}collections/{self.id}/objects/"

    def ask(self, method, path, body=None):
        return self.serve.ask(method, path, body=body, headers={"Authorization": f"Bearer {self.token}"})

    def kill(self, rng, tally, delay, also=(), victim=None):
        """One of the processes, or that one, so many seconds from now."""
        names = ["keeper", "fetch", "front", *[name for name, _ in also]]
        which = names.index(victim) if victim else rng.randrange(len(names))
        pid = [*self.serve.pids, *[pid for _, pid in also]][which]
        strike(pid, delay)
        tally["killed " + names[which]] += 1
        if which < 3:
            self.serve.gone()
        return names[which]

    def news(self):
        """Objects added since the last call, by id; nothing that was there before comes again."""
        found, query = {}, f"?limit=5000&added_after={self.after}" if self.after else "?limit=5000"
        where = query
        while True:
            status, headers, body = self.ask("GET", self.path + where)
            assert status == 200, body
            for o in body.get("objects", []):
                assert o["id"] not in found and o["id"] not in self.holds, f"twice: {o['id']}"
                found[o["id"]] = o
            self.after = headers["X-TAXII-Date-Added-Last"] or self.after
            if not body.get("more"):
                return found
            where = f"{query}&next={body['next']}"

    def whole(self):
        """The whole collection, as a stranger's client pages it, is what it must be."""
        self.after, holds, self.holds = "", self.holds, {}
        found = self.news()
        assert found.keys() == holds.keys()
        assert all(found[i] == holds[i] for i in holds)
        self.holds = holds
        db = sqlite3.connect(f"file:{self.folder / 'tocsin.db'}?mode=ro", uri=True)
        assert db.execute("pragma integrity_check").fetchone() == ("ok",)
        assert db.execute("pragma foreign_key_check").fetchall() == []
        db.close()
        self.run("quarantine", "list", code=1)
        return len(found)


def strike(pid, delay):
    end = time.monotonic() + delay
    if delay > 0.002:
        time.sleep(delay - 0.002)
    while time.monotonic() < end:
        pass
    os.kill(pid, signal.SIGKILL)


SERVED = ["killed keeper", "killed front", "killed fetch"]
FATES = ["acknowledged", "cut and absent", "cut but whole"]
OUTCOMES = {
    "post": [*SERVED, *FATES, "deleted", "not deleted"],
    "import": [*SERVED, "killed import", *FATES, "cut between transactions"],
    "sync": [*SERVED, "resumed in the middle", "resumed at an end"],
    "upgrade": FATES,
    "backup": [*SERVED, "killed backup", "acknowledged", "cut and absent"],
    "restore": FATES,
}


def report(phase, kills, tally):
    """How often what happened; with many kills, all of it did."""
    words = ", ".join(f"{count} {what}" for what, count in sorted(tally.items()))
    print(f"\n{phase}: {kills} kills; {words}", flush=True)
    assert kills > 0 and tally
    if CRASHES >= 1000:
        never = [what for what in OUTCOMES[phase] if not tally[what]]
        assert not never, f"{phase}: never {never}"
    elif phase in ("post", "import", "sync") and kills >= 40:
        assert all(tally[who] for who in SERVED), words


class Aim:
    """When in a command's life to strike: anywhere, and half of the time about where it turns from not having happened
    to being acknowledged, which is learnt, for the machine is faster at one time than at another."""

    def __init__(self, took):
        self.edge = took

    def delay(self, rng):
        return self.edge * (rng.uniform(0.85, 1.1) if rng.random() < 0.5 else rng.uniform(0, 1.1))

    def learn(self, acknowledged, absent):
        self.edge *= 0.95 if acknowledged else 1.06 if absent else 1


class Numbers:
    def __init__(self):
        self.next, self.lock = 1, threading.Lock()

    def objects(self, rng, count):
        with self.lock:
            first, self.next = self.next, self.next + count
        return [indicator(first + i, description="x" * rng.randrange(400)) for i in range(count)]


class Poster(threading.Thread):
    """A client that sends envelopes until its server is gone, and writes down what was acknowledged."""

    def __init__(self, node, numbers, rng):
        super().__init__(daemon=True)
        self.node, self.numbers, self.rng = node, numbers, rng
        self.sent, self.faults = [], []  # sent: [objects, status id or None]

    def run(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.node.serve.port, timeout=20)
        head = {"Accept": MEDIA, "Content-Type": MEDIA, "Authorization": f"Bearer {self.node.token}"}
        try:
            while True:
                objects = self.numbers.objects(self.rng, self.rng.choice((1, 3, 40, 300)))
                self.sent.append([objects, None])
                connection.request("POST", self.node.path, envelope(*objects), head)
                answer = connection.getresponse()
                body = json.loads(answer.read())
                if answer.status >= 500:  # the front outlived the keeper: refused, not acknowledged
                    return
                if answer.status != 202 or body["failure_count"]:
                    self.faults.append((answer.status, body))
                self.sent[-1][1] = body["id"]
        except (OSError, http.client.HTTPException, ValueError):
            pass  # cut in the middle: not acknowledged
        finally:
            connection.close()


def judge(node, posters, tally):
    """After a restart: every envelope against what there is."""
    found = node.news()
    for poster in posters:
        assert not poster.faults, poster.faults
        for objects, acknowledged in poster.sent:
            there = [found.pop(o["id"]) for o in objects if o["id"] in found]
            assert len(there) in (0, len(objects)), f"{len(there)} of {len(objects)}: half an envelope"
            assert not (acknowledged and not there), "an acknowledged envelope is lost"
            assert not there or there == objects, "an object is not what was sent"
            node.holds |= {o["id"]: o for o in there}
            tally["acknowledged" if acknowledged else "cut but whole" if there else "cut and absent"] += 1
    assert not found, f"nobody sent {list(found)[:3]}"
    last = next((a for p in posters for _, a in reversed(p.sent) if a), None)
    if last:
        status, _, body = node.ask("GET", f"{node.root}status/{last}/")
        assert status == 200 and body["status"] == "complete" and body["failure_count"] == 0, body


def remove_one(node, rng, gone):
    """DELETE: acknowledged means absent; else absent or whole."""
    victim = rng.choice(list(node.holds))
    try:
        status = node.ask("DELETE", f"{node.path}{victim}/")[0]
    except (OSError, http.client.HTTPException):
        status = 0
    gone.append((victim, status == 200))


def test_post(tmp_path, rng):
    node, numbers, tally = Node(tmp_path, "post"), Numbers(), collections.Counter()
    node.start()
    for turn in range(rounds("post")):
        posters = [Poster(node, numbers, rng.__class__(rng.random())) for _ in range(2)]
        gone = []
        deleter = threading.Thread(target=remove_one, args=(node, rng.__class__(rng.random()), gone))
        for one in posters:
            one.start()
        if turn % 3 == 2 and node.holds:
            deleter.start()
        node.kill(rng, tally, rng.uniform(0, 0.12))
        for one in posters:
            one.join(25)
            assert not one.is_alive()
        if deleter.ident:
            deleter.join(25)
        node.start()
        for victim, acknowledged in gone:
            status, _, body = node.ask("GET", f"{node.path}{victim}/")
            assert status in (200, 404)
            assert not (acknowledged and status == 200), "an acknowledged deletion is undone"
            assert status == 404 or body["objects"] == [node.holds[victim]]
            if status == 404:
                del node.holds[victim]
            tally["deleted" if status == 404 else "not deleted"] += 1
        judge(node, posters, tally)
    tally["objects at the end"] = node.whole()
    report("post", rounds("post"), tally)
    assert tally["acknowledged"] and tally["cut but whole"] + tally["cut and absent"]
    node.serve.stop()


def stored_since(node, child):
    """Waits for the first transaction of a command to be there, or for its end."""
    with sqlite3.connect(f"file:{node.folder / 'tocsin.db'}?mode=ro", uri=True) as db:
        newest = "select max(added) from object"
        before = db.execute(newest).fetchone()
        while child.poll() is None and db.execute(newest).fetchone() == before:
            time.sleep(0.002)


def test_import(tmp_path, rng):
    """Four processes now: the command that imports may be hit too. One in twelve is larger than a transaction."""
    node, numbers, tally = Node(tmp_path, "import"), Numbers(), collections.Counter()
    node.start()
    aims = {500: Aim(0.1), LARGE: Aim(1)}
    for turn in range(rounds("import")):
        count = LARGE if turn % 12 == 11 else 500
        objects = numbers.objects(rng, count)
        if count == LARGE:
            objects = [o | {"x_flow": "x" * 2000} for o in objects]
        file = tmp_path / "import.json"
        file.write_text("\n".join(json.dumps(o) for o in objects))
        words = [BIN, "import", str(file), "--collection", "main", "--node", str(node.folder), "--json"]
        child = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        between = count == LARGE and rng.random() < 0.5
        if between:
            stored_since(node, child)
        delay = rng.uniform(0, 0.1) if between else aims[count].delay(rng)
        struck = node.kill(rng, tally, delay, [("import", child.pid)],
                           "import" if count == LARGE or turn % 3 == 2 else None)
        out, err = child.communicate(timeout=60)
        if struck != "import":
            assert child.returncode == 0, f"an import ended by the death of another process: {err}"
            node.start()
        acknowledged = child.returncode == 0
        found = node.news()
        there = len(found)
        if struck == "import" and not between:
            aims[count].learn(acknowledged, not there)
        assert not acknowledged or there == count
        if there not in (0, count):  # all that came first, and no more than fits
            assert count == LARGE and list(found) == [o["id"] for o in objects[:there]], "half a transaction"
            assert sum(len(json.dumps(o)) for o in objects[:there + 1]) >= TRANSACTION, "less than a transaction"
        again = node.run("import", file, "--collection", "main", "--json").rows[0]
        assert (again["added"], again["duplicate"], again["refused"]) == (count - there, there, 0)
        found |= node.news()
        assert found == {o["id"]: o for o in objects}
        node.holds |= found
        tally["acknowledged" if acknowledged else
              "cut but whole" if there == count else "cut between transactions" if there else "cut and absent"] += 1
    tally["objects at the end"] = node.whole()
    report("import", rounds("import"), tally)
    assert tally["acknowledged"] and (tally["killed import"] or CRASHES < 100)
    node.serve.stop()


def test_sync(tmp_path, rng):
    """B pulls from A while A is written to; B dies again and again and never misses or doubles an object."""
    a, b, numbers, tally = Node(tmp_path, "a"), Node(tmp_path, "b"), Numbers(), collections.Counter()
    a.start()
    b.run("sync", "add", "a", f"http://127.0.0.1:{a.serve.port}/", "--user", "bob", "--password-stdin",
          "--collection", f"{a.id}=main", stdin=PASSWORD + "\n")
    b.start()
    order = []
    for turn in range(rounds("sync")):
        done = threading.Event()

        def feed(count, seed):
            chance = rng.__class__(seed)
            for _ in range(count):
                objects = numbers.objects(chance, chance.choice((1, 40, 300)))
                assert a.ask("POST", a.path, envelope(*objects))[0] == 202
                order.extend(objects)
            done.set()

        threading.Thread(target=feed, args=(4, rng.random()), daemon=True).start()
        b.kill(rng, tally, rng.uniform(0, 0.4))
        assert done.wait(30)
        b.start()
        seen = b.news()
        b.holds |= seen
        assert [o["id"] for o in order[:len(b.holds)]] == list(b.holds), "a gap: not the first ones of A in order"
        tally["resumed in the middle" if 0 < len(b.holds) < len(order) else "resumed at an end"] += 1

        def level():
            b.holds.update(b.news())
            return len(b.holds) >= len(order)
        wait_for(level, 40, 0.1, b.serve)
        assert list(b.holds.values()) == order
    tally["objects at the end"] = b.whole()
    report("sync", rounds("sync"), tally)
    assert tally["objects at the end"] == len(order) > 0
    a.serve.stop()
    b.serve.stop()


@pytest.fixture
def settled(tmp_path):
    """A node of 3,000 objects at rest."""
    node = Node(tmp_path, "settled")
    objects = [indicator(i) for i in range(1, 3001)]
    node.run("import", "-", "--collection", "main", stdin="\n".join(json.dumps(o) for o in objects))
    node.start()
    node.holds = {o["id"]: o for o in objects}
    wait_for(lambda: node.run("search", "host-3000.flow.example", code=None).code == 0)
    node.serve.stop()
    return node


def hurry(node, words, aim, rng):
    """Runs a command and kills it at a random microsecond of its life; whether it ended before."""
    child = subprocess.Popen([BIN, *words, "--node", str(node.folder)], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    strike(child.pid, aim.delay(rng))
    child.communicate(timeout=60)
    assert child.returncode in (0, -signal.SIGKILL)
    return child.returncode == 0


def timed(node, *words):
    start = time.monotonic()
    node.run(*words)
    return time.monotonic() - start


def count_in(path):
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        assert db.execute("pragma integrity_check").fetchone() == ("ok",)
        return db.execute("select count(*) from entry").fetchone()[0]
    finally:
        db.close()


def put_back(node, saved):
    for file in node.folder.glob("tocsin.db*"):
        file.unlink()
    shutil.copy(saved, node.folder / "tocsin.db")


def test_upgrade(tmp_path, rng, settled):
    tally, saved = collections.Counter(), tmp_path / "old.db"
    with sqlite3.connect(settled.folder / "tocsin.db") as db:
        db.executescript("drop table search; drop table search_state;"
                         "update store_schema set version = 1 where name = 'vault'; pragma wal_checkpoint(truncate)")
    db.close()
    shutil.copy(settled.folder / "tocsin.db", saved)
    aim = Aim(timed(settled, "upgrade", "--backup", tmp_path / "first.db"))
    for turn in range(rounds("upgrade")):
        put_back(settled, saved)
        backup = tmp_path / f"before-{turn}.db"
        ended = hurry(settled, ["upgrade", "--backup", str(backup)], aim, rng)
        probe = settled.run("get", indicator(1)["id"], code=None)
        aim.learn(ended, probe.code)
        assert probe.code == 0 or (probe.code == 3 and "tocsin upgrade" in probe.err), probe.err
        assert not (ended and probe.code), "an upgrade that ended did not happen"
        tally["acknowledged" if ended else "cut but whole" if probe.code == 0 else "cut and absent"] += 1
        if probe.code == 0:
            assert count_in(backup) == 3000, "upgraded before the backup was whole"
        elif backup.exists():
            assert count_in(backup) == 3000, "half a backup under its name"
            backup.unlink()
        settled.run("upgrade", "--backup", tmp_path / f"again-{turn}.db")
        settled.start()
        settled.after, holds, settled.holds = "", settled.holds, {}
        assert settled.news() == holds
        settled.holds = holds
        settled.serve.stop()
        for file in tmp_path.glob("*-*.db"):
            file.unlink()
    report("upgrade", rounds("upgrade"), tally)


def test_backup(tmp_path, rng, settled):
    """While the node is served, so that its processes are hit too."""
    tally, aim = collections.Counter(), Aim(timed(settled, "backup", tmp_path / "first.db"))
    settled.start()
    for turn in range(rounds("backup")):
        file = tmp_path / f"b-{turn}.db"
        child = subprocess.Popen([BIN, "backup", str(file), "--node", str(settled.folder)], stderr=subprocess.DEVNULL)
        struck = settled.kill(rng, tally, aim.delay(rng), [("backup", child.pid)])
        ended = child.wait(60) == 0
        if struck == "backup":
            aim.learn(ended, not file.exists())
        assert ended or struck == "backup"
        assert not (ended and not file.exists())
        if file.exists():
            assert count_in(file) == 3000, "half a backup under its name"
        tally["acknowledged" if ended else "cut but whole" if file.exists() else "cut and absent"] += 1
        if struck != "backup":
            settled.start()
        for left in tmp_path.glob("b-*"):
            left.unlink()
    settled.whole()
    settled.serve.stop()
    report("backup", rounds("backup"), tally)


def test_restore(tmp_path, rng, settled):
    tally, saved = collections.Counter(), tmp_path / "full.db"
    settled.run("backup", saved)
    settled.run("collection", "remove", "main")
    less = tmp_path / "less.db"
    settled.run("backup", less)
    aim = Aim(timed(settled, "restore", saved))
    for turn in range(rounds("restore")):
        settled.run("restore", less)
        ended = hurry(settled, ["restore", str(saved)], aim, rng)
        there = count_in(settled.folder / "tocsin.db")
        aim.learn(ended, not there)
        assert there == 3000 if ended else there in (0, 3000), "half a restore"
        tally["acknowledged" if ended else "cut but whole" if there else "cut and absent"] += 1
        settled.run("restore", saved)
        settled.run("get", indicator(3000)["id"])
    settled.start()
    settled.whole()
    settled.serve.stop()
    report("restore", rounds("restore"), tally)
