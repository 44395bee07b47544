"""kill -9 at a random microsecond, of any process, while objects come in by import, POST and sync and while the
database is upgraded, saved and restored. What was acknowledged is there; what was not is absent or whole.

TOCSIN_CRASHES=1000 for the full number (make crash; 40 else); TOCSIN_SEED=N repeats the choices."""
import collections
import http.client
import json
import shutil
import signal
import sqlite3
import subprocess
import threading
import time

import pytest

from conftest import BIN
from crashing import (CRASHES, Aim, Node, Numbers, Peer, Poster, Reader, Writing, judge, put_back, runs,
                      settle, strike)
from serving import PASSWORD, indicator, wait_for

LARGE, TRANSACTION = 26000, 48 << 20  # so many objects of over 2 KB are more than an import stores at once
SHARE = {"post": 0.3, "import": 0.2, "sync": 0.2, "upgrade": 0.18, "backup": 0.06, "restore": 0.06}


def rounds(phase):
    return max(2, round(CRASHES * SHARE[phase]))


SERVED = ["killed keeper", "killed front", "killed fetch"]
AT_WORK = [f"{who} at work" for who in SERVED]
FATES = ["acknowledged", "cut and absent", "cut but whole"]
OUTCOMES = {
    "post": [*SERVED, *AT_WORK, *FATES, "deleted", "not deleted", "killed keeper writing"],
    "import": [*SERVED, *AT_WORK, "killed import", *FATES, "cut between transactions", "killed keeper writing",
               "killed import writing"],
    "sync": [*SERVED, *AT_WORK, "resumed in the middle", "resumed at an end", "killed keeper writing", "killed A"],
    "upgrade": [*SERVED, *AT_WORK, *FATES, "killed upgrade writing", "killed upgrade reading"],
    "backup": [*SERVED, "killed backup", "acknowledged", "cut and absent", "killed backup reading"],
    "restore": [*SERVED, *FATES, "killed restore writing"],
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


@pytest.fixture
def peer():
    made = Peer()
    yield made
    made.close()


def behind(node):
    """Whether the peer has more than the node."""
    with sqlite3.connect(f"file:{node.db}?mode=ro", uri=True) as db:
        there, = db.execute("select count(*) from object where collection = (select number from collection where "
                            "alias = 'pulled')").fetchone()
    db.close()
    return there < len(node.peer.objects)


def level(node):
    """In the end all that the peer has is there."""
    wait_for(lambda: not behind(node), 60, 0.05, node.serve)
    node.sound()
    assert node.pulled == len(node.peer.objects)


def remove_one(node, victim, gone):
    """DELETE: acknowledged means absent; else absent or whole."""
    try:
        status = node.ask("DELETE", f"{node.path}{victim}/")[0]
    except (OSError, http.client.HTTPException):
        status = 0
    gone.append((victim, status == 200))


def removed(node, gone, tally):
    for victim, acknowledged in gone:
        status, _, body = node.ask("GET", f"{node.path}{victim}/")
        assert status in (200, 404)
        assert not (acknowledged and status == 200), "an acknowledged deletion is undone"
        assert status == 404 or body["objects"] == [node.holds[victim]]
        if status == 404:
            node.drop(victim)
        tally["deleted" if status == 404 else "not deleted"] += 1


def test_post(tmp_path, rng, peer):
    """Two clients send new objects and newer versions, a third deletes one, while a peer is pulled from."""
    node, numbers, tally = Node(tmp_path, "post"), Numbers(), collections.Counter()
    node.pull_from(peer)
    node.start()
    for turn in range(rounds("post")):
        some = rng.sample(list(node.holds.values()), min(61, len(node.holds)))
        victim = some.pop()["id"] if len(some) == 61 else None
        posters = [Poster(node, numbers, rng.__class__(rng.random()), some[i::2]) for i in range(2)]
        gone = []
        deleter = threading.Thread(target=remove_one, args=(node, victim, gone))
        for one in posters:
            one.start()
        threading.Thread(target=peer.burst, args=(60,), daemon=True).start()
        if turn % 3 == 2 and victim:
            deleter.start()
        aimed = turn % 4 == 3
        node.kill(rng, tally, Writing(rng) if aimed else rng.uniform(0, 0.12), victim="keeper" if aimed else None,
                  busy=lambda who: behind(node) if who == "fetch" else any(one.asking for one in posters))
        for one in posters:
            one.join(25)
            assert not one.is_alive()
        if deleter.ident:
            deleter.join(25)
        node.start()
        removed(node, gone, tally)
        judge(node, posters, tally)
    level(node)
    tally["objects at the end"] = node.whole()
    report("post", rounds("post"), tally)
    assert tally["acknowledged"] and tally["cut but whole"] + tally["cut and absent"]
    node.serve.stop()


def timed(node, *words):
    start = time.monotonic()
    node.run(*words)
    return time.monotonic() - start


def stored_since(node, child):
    """Waits for the first transaction of a command to be there, or for its end."""
    with sqlite3.connect(f"file:{node.db}?mode=ro", uri=True) as db:
        newest = ("select max(added) from object where last = 1 and collection = "
                  "(select number from collection where alias = 'main')")
        before = db.execute(newest).fetchone()
        while child.poll() is None and db.execute(newest).fetchone() == before:
            time.sleep(0.002)
    db.close()


def test_import(tmp_path, rng, peer):
    """Four processes now: the command that imports may be hit too, while a client reads and a peer is pulled from. One
    in twelve is larger than a transaction."""
    node, numbers, tally = Node(tmp_path, "import"), Numbers(), collections.Counter()
    node.pull_from(peer)
    node.start()
    first = tmp_path / "first.json"
    first.write_text("\n".join(json.dumps(o) for o in numbers.objects(rng, 500)))
    aims = {500: Aim(timed(node, "import", first, "--collection", "main")), LARGE: Aim(1)}
    node.take(node.news().values())
    for turn in range(rounds("import")):
        count = LARGE if turn % 12 == 11 else 500
        objects = numbers.objects(rng, count)
        if count == LARGE:
            objects = [o | {"x_flow": "x" * 2000} for o in objects]
        file = tmp_path / "import.json"
        file.write_text("\n".join(json.dumps(o) for o in objects))
        reader = Reader(node)
        threading.Thread(target=peer.burst, args=(60,), daemon=True).start()
        words = [BIN, "import", str(file), "--collection", "main", "--node", str(node.folder), "--json"]
        child = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        between = count == LARGE and rng.random() < 0.5
        if between:
            stored_since(node, child)
        aimed = not between and turn % 5 == 4
        delay = Writing(rng) if aimed else Writing(rng, 0.02) if between else aims[count].delay(rng)
        struck = node.kill(rng, tally, delay, [("import", child.pid)],
                           "import" if count == LARGE or turn % 3 == 2 or aimed else None,
                           lambda who: behind(node) if who == "fetch" else runs(child.pid))
        out, err = child.communicate(timeout=60)
        if struck != "import":
            assert child.returncode == 0, f"an import ended by the death of another process: {err}"
            reader.ended()
            node.start()
        acknowledged = child.returncode == 0
        found = node.news()
        there = len(found)
        if struck == "import" and not between and not aimed:
            aims[count].learn(acknowledged, not there)
        assert not acknowledged or there == count
        if there not in (0, count):  # all that came first, and no more than fits
            assert count == LARGE and list(found) == [o["id"] for o in objects[:there]], "half a transaction"
            assert sum(len(json.dumps(o)) for o in objects[:there + 1]) >= TRANSACTION, "less than a transaction"
        node.take(found.values())
        node.sound()
        again = node.run("import", file, "--collection", "main", "--json").rows[0]
        assert (again["added"], again["duplicate"], again["refused"]) == (count - there, there, 0)
        more = node.news()
        assert found | more == {o["id"]: o for o in objects}
        node.take(more.values())
        tally["acknowledged" if acknowledged else
              "cut but whole" if there == count else "cut between transactions" if there else "cut and absent"] += 1
    level(node)
    tally["objects at the end"] = node.whole()
    report("import", rounds("import"), tally)
    assert (tally["acknowledged"] or CRASHES < 40) and (tally["killed import"] or CRASHES < 100)
    node.serve.stop()


def held_by(node):
    with sqlite3.connect(f"file:{node.db}?mode=ro", uri=True) as db:
        count, = db.execute("select count(*) from object").fetchone()
    db.close()
    return count


def test_sync(tmp_path, rng):
    """B pulls from A while A is written to; B dies again and again, A now and then, and B never misses or doubles an
    object."""
    a, b, numbers, tally = Node(tmp_path, "a"), Node(tmp_path, "b"), Numbers(), collections.Counter()
    a.start()
    b.run("sync", "add", "a", f"http://127.0.0.1:{a.serve.port}/", "--user", "bob", "--password-stdin",
          "--collection", f"{a.id}=main", stdin=PASSWORD + "\n")
    b.start()
    for turn in range(rounds("sync")):
        before = sum(b.rows.values())
        feed = Poster(a, numbers, rng.__class__(rng.random()), most=12)
        feed.start()
        if turn % 5 == 4:
            who = a.kill(rng, collections.Counter(), rng.uniform(0, 0.15))
            tally["killed A"] += 1
        else:
            aimed = turn % 5 == 3
            who = b.kill(rng, tally, Writing(rng) if aimed else rng.uniform(0, 0.15), victim="keeper" if aimed else None,
                         busy=lambda _: held_by(b) < held_by(a))
        feed.join(30)
        assert not feed.is_alive() and who
        there = held_by(b)
        for node in (a, b):
            if len(node.serve.alive()) < 3:
                node.start()
        judge(a, [feed], tally)
        b.take(b.news().values())
        order = list(a.holds.values())
        assert list(b.holds.values()) == order[:len(b.holds)], "a gap: not the first ones of A in order"
        if turn % 5 < 4:
            tally["resumed in the middle" if before < there < sum(a.rows.values()) else "resumed at an end"] += 1

        def level():
            b.take(b.news().values())
            return len(b.holds) >= len(order)
        wait_for(level, 40, 0.05, b.serve)
        assert list(b.holds.values()) == order
        b.sound()
    tally["objects at the end"] = b.whole()
    report("sync", rounds("sync"), tally)
    assert tally["objects at the end"] == len(a.holds) == a.whole() > 0
    a.serve.stop()
    b.serve.stop()


@pytest.fixture
def settled(tmp_path):
    """A node of 3,000 objects at rest."""
    node = Node(tmp_path, "settled")
    objects = [indicator(i) for i in range(1, 3001)]
    node.run("import", "-", "--collection", "main", stdin="\n".join(json.dumps(o) for o in objects))
    node.start()
    node.take(objects)
    settle(node)
    node.serve.stop()
    node.serve = None
    return node


def start(node, words):
    return subprocess.Popen([BIN, *words, "--node", str(node.folder)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def hurry(node, words, delay, rng, tally):
    """Runs a command and kills it, or one of the processes that serve, at a random microsecond of its life: who was
    struck, and whether the command ended by itself."""
    child = start(node, words)
    if node.serve:
        itself = isinstance(delay, Writing) or rng.random() < 0.2
        struck = node.kill(rng, tally, delay, [(words[0], child.pid)], words[0] if itself else None,
                           lambda _: runs(child.pid))
    else:
        strike(child.pid, delay, node.db, tally, words[0])
        struck = words[0]
    _, said = child.communicate(timeout=60)
    assert child.returncode in (0, -signal.SIGKILL), said
    assert child.returncode == 0 or struck == words[0], said
    return struck, child.returncode == 0


def ended(node, reader):
    """Serves no more, whoever was struck."""
    if node.serve and len(node.serve.alive()) == 3:
        node.serve.stop()
    if reader:
        reader.ended()
    node.serve = None


def count_in(path):
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        assert db.execute("pragma integrity_check").fetchone() == ("ok",)
        return db.execute("select count(*) from entry").fetchone()[0]
    finally:
        db.close()


OLDER = ("drop table search; drop table search_state; update store_schema set version = 1 where name = 'vault';")


def test_upgrade(tmp_path, rng, settled):
    """At rest, and in every other turn under processes that serve what is upgraded."""
    tally, saved = collections.Counter(), tmp_path / "old.db"
    with sqlite3.connect(settled.db) as db:
        db.executescript(OLDER + "pragma wal_checkpoint(truncate)")
    db.close()
    shutil.copy(settled.db, saved)
    aim = Aim(timed(settled, "upgrade", "--backup", tmp_path / "first.db"))
    for turn in range(rounds("upgrade")):
        backup, reader = tmp_path / f"before-{turn}.db", None
        if turn % 2:
            settled.start()
            with sqlite3.connect(settled.db, timeout=20) as db:
                db.executescript("begin immediate; " + OLDER + "commit")
            db.close()
            reader = Reader(settled)
        else:
            put_back(settled, saved)
        aimed = turn % 3 == 2
        struck, done = hurry(settled, ["upgrade", "--backup", str(backup)], Writing(rng) if aimed else aim.delay(rng),
                             rng, tally)
        ended(settled, reader)
        probe = settled.run("get", indicator(1)["id"], code=None)
        if struck == "upgrade" and not aimed:
            aim.learn(done, probe.code)
        assert probe.code == 0 or (probe.code == 3 and "tocsin upgrade" in probe.err), probe.err
        assert not (done and probe.code), "an upgrade that ended did not happen"
        tally["acknowledged" if done else "cut but whole" if probe.code == 0 else "cut and absent"] += 1
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
        settled.sound()
        if turn % 10 == 9:
            settle(settled)
            settled.deep()
        settled.serve.stop()
        settled.serve = None
        for file in tmp_path.glob("*-*.db*"):
            file.unlink()
    report("upgrade", rounds("upgrade"), tally)


def test_backup(tmp_path, rng, settled):
    """While the node is served, so that its processes are hit too."""
    tally, aim = collections.Counter(), Aim(timed(settled, "backup", tmp_path / "first.db"))
    for turn in range(rounds("backup")):
        settled.start()
        reader, file = Reader(settled), tmp_path / f"b-{turn}.db"
        struck, done = hurry(settled, ["backup", str(file)], aim.delay(rng), rng, tally)
        if struck == "backup":
            aim.learn(done, not file.exists())
        assert not (done and not file.exists())
        if file.exists():
            assert count_in(file) == 3000, "half a backup under its name"
        tally["acknowledged" if done else "cut but whole" if file.exists() else "cut and absent"] += 1
        ended(settled, reader)
        for left in tmp_path.glob("b-*"):
            left.unlink()
    settled.start()
    settled.whole()
    settled.serve.stop()
    report("backup", rounds("backup"), tally)


def test_restore(tmp_path, rng, settled):
    """At rest, and in two of three turns under processes that serve what is put in another's place."""
    tally, saved = collections.Counter(), tmp_path / "full.db"
    settled.run("backup", saved)
    settled.run("collection", "remove", "main")
    less = tmp_path / "less.db"
    settled.run("backup", less)
    aim = Aim(timed(settled, "restore", saved))
    for turn in range(rounds("restore")):
        settled.run("restore", less)
        if turn % 3:
            settled.start()
        aimed = turn % 3 == 2
        struck, done = hurry(settled, ["restore", str(saved)], Writing(rng) if aimed else aim.delay(rng), rng, tally)
        ended(settled, None)
        there = count_in(settled.db)
        if struck == "restore" and not aimed:
            aim.learn(done, not there)
        assert there == 3000 if done else there in (0, 3000), "half a restore"
        tally["acknowledged" if done else "cut but whole" if there else "cut and absent"] += 1
        settled.run("restore", saved)
        settled.run("get", indicator(3000)["id"])
    settled.start()
    settled.whole()
    settled.serve.stop()
    report("restore", rounds("restore"), tally)
