"""Processes killed on purpose: who is struck and what he was about, what there was before, and whether what is there
afterwards is whole."""
import collections
import fcntl
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import sqlite3
import struct
import threading
import time

from conftest import tocsin_run
from fake_taxii import ID, PASSWORD as PEERS, USER, Fake, stamp
from serving import MEDIA, PASSWORD, Serve, envelope, indicator, wait_for

CRASHES = int(os.environ.get("TOCSIN_CRASHES") or 40)
WRITER, READERS = 120, range(123, 128)  # bytes of the database's -shm that SQLite locks: section 2.3.1 of walformat.html


class Node:
    """A node that is served, killed and served again, and what it must hold."""

    def __init__(self, folder, name):
        self.folder, self.serve, self.after = folder / name, None, ""
        self.holds, self.rows = {}, collections.Counter()  # by id: the newest version, and how many there are
        self.statuses, self.unnamed = {}, collections.Counter()  # totals by id, and of those whose id nobody was told
        self.run("init", "--name", name)
        self.run("collection", "add", "main", "--title", "Main")
        row, = self.run("collection", "list", "--json").rows
        self.id = row["id"]
        self.run("user", "add", "bob", "--role", "reader,analyst", "--password-stdin", stdin=PASSWORD + "\n")
        self.run("grant", "main", "bob", "both")
        self.token = self.run("user", "token", "bob").out.strip()
        self.root, self.peer, self.pulled, self.pulled_to = None, None, 0, 0

    def run(self, *args, **kw):
        return tocsin_run(*args, "--node", self.folder, **kw)

    @property
    def db(self):
        return self.folder / "tocsin.db"

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

    def pull_from(self, peer):
        """From here on it also pulls from that server, into a collection of its own."""
        self.peer = peer
        self.run("collection", "add", "pulled", "--title", "Pulled")
        self.run("sync", "add", "peer", peer.url, "--user", USER, "--password-stdin", "--collection", f"{ID}=pulled",
                 stdin=PEERS + "\n")

    def take(self, objects):
        """They are there now, each a version more."""
        self.holds |= {o["id"]: o for o in objects}
        self.rows.update(o["id"] for o in objects)

    def drop(self, victim):
        del self.holds[victim], self.rows[victim]

    def kill(self, rng, tally, delay, also=(), victim=None, busy=None):
        """One of the processes, or that one, so many seconds from now, or from when it writes. `busy` tells of a name
        whether it had work at that moment."""
        names = ["keeper", "fetch", "front", *[name for name, _ in also]]
        which = names.index(victim) if victim else rng.randrange(len(names))
        pid = [*self.serve.pids, *[pid for _, pid in also]][which]
        working = strike(pid, delay, self.db, tally, names[which], busy)
        tally["killed " + names[which]] += 1
        if working:
            tally[f"killed {names[which]} at work"] += 1
        if which < 3:
            self.serve.gone()
        return names[which]

    def news(self):
        """Objects added since the last call, by id; what was there before comes again in a newer version alone."""
        found, query = {}, f"?limit=5000&added_after={self.after}" if self.after else "?limit=5000"
        where = query
        while True:
            status, headers, body = self.ask("GET", self.path + where)
            assert status == 200, body
            for o in body.get("objects", []):
                assert o["id"] not in found, f"twice: {o['id']}"
                assert o["id"] not in self.holds or o["modified"] > self.holds[o["id"]]["modified"], f"again: {o['id']}"
                found[o["id"]] = o
            self.after = headers["X-TAXII-Date-Added-Last"] or self.after
            if not body.get("more"):
                return found
            where = f"{query}&next={body['next']}"

    def sound(self):
        """Nothing half there, in any table: after every restart."""
        db = sqlite3.connect(f"file:{self.db}?mode=ro", uri=True)

        def one(sql):
            return db.execute(sql).fetchone()[0]

        try:
            db.execute("begin")
            pulled = self.pulled_sound(db) if self.peer else 0
            assert one("select count(*) from object") == sum(self.rows.values()) + pulled
            assert one("select count(*) from object where last = 1") == len(self.holds) + pulled
            assert one("select count(*) from entry") == sum(self.rows.values()) + pulled
            assert one("select count(*) from (select added from object except select added from entry)") == 0
            assert one("select last from vault_state") >= one("select coalesce(max(added), 0) from object")
            assert one("select count(*) from object where collection not in (select number from collection)") == 0
            assert one("select count(*) from quarantine") == 0 == one("select quarantined from vault_state")
            # What search knows is what there is, up to where it says that it is.
            done = one("select done from search_state")
            assert one(f"select count(*) from object where added <= {done} and added not in "
                       "(select id from search_docsize)") == 0, "search misses some"
            assert one(f"select count(*) from search_docsize where id > {done} or id not in "
                       "(select added from object)") == 0, "search knows what is not there"
            self.statuses_sound(db.execute("select id, total, successes, failures, complete from status").fetchall())
        finally:
            db.close()

    def pulled_sound(self, db):
        """The first ones of what the peer has, in its order, none left out, and no fewer than there were."""
        there = [json.loads(bytes) for bytes, in db.execute(
            "select bytes from object where collection = (select number from collection where alias = 'pulled') "
            "and added > ? order by added", (self.pulled_to,))]
        assert there == self.peer.objects[self.pulled:self.pulled + len(there)], "not what the peer has, or a gap"
        self.pulled += len(there)
        self.pulled_to = db.execute("select max(?, coalesce(max(added), 0)) from object where collection = "
                                    "(select number from collection where alias = 'pulled')",
                                    (self.pulled_to,)).fetchone()[0]
        return self.pulled

    def statuses_sound(self, rows):
        """One of each envelope that is there, with its counts, and of no other."""
        left = collections.Counter()
        known = dict(self.statuses)
        for key, total, successes, failures, complete in rows:
            h = key.hex()
            name = f"{h[:8]}-{h[8:12]}-{h[12:16]}-{h[16:20]}-{h[20:]}"
            assert (successes, failures, complete) == (total, 0, 1), f"status {name}: {successes} and {failures} of {total}"
            if name in known:
                assert known.pop(name) == total, f"status {name} counts {total}"
            else:
                left[total] += 1
        assert not known, f"statuses are lost: {list(known)[:3]}"
        assert left == self.unnamed, "statuses of envelopes that are not there, or none of some that are"

    def whole(self):
        """The whole collection, as a stranger's client pages it, is what it must be; so are manifest and search."""
        self.after, holds, self.holds = "", self.holds, {}
        found = self.news()
        assert found.keys() == holds.keys()
        assert all(found[i] == holds[i] for i in holds)
        self.holds = holds
        self.sound()
        listed, more, after = {}, True, ""
        while more:
            status, headers, body = self.ask("GET", self.path.replace("/objects/", "/manifest/") + "?limit=10000" + after)
            assert status == 200
            listed |= {o["id"]: o["version"] for o in body.get("objects", [])}
            more, after = body.get("more"), f"&added_after={headers['X-TAXII-Date-Added-Last']}"
        assert listed == {o["id"]: o["modified"] for o in holds.values()}
        self.deep()
        self.run("quarantine", "list", code=1)
        assert [f for f in self.run("doctor", "--json", code=None).rows if f.get("check") == "files"] == []
        return len(found)

    def deep(self):
        """SQLite's own judgement, and that of its full text search, of a copy."""
        copy = self.folder.parent / f"{self.folder.name}.copy"
        with sqlite3.connect(f"file:{self.db}?mode=ro", uri=True) as db:
            assert db.execute("pragma integrity_check").fetchone() == ("ok",)
            assert db.execute("pragma foreign_key_check").fetchall() == []
            with sqlite3.connect(copy) as other:
                db.backup(other)
                other.execute("insert into search(search) values('integrity-check')")
            other.close()
        db.close()
        copy.unlink()


# ---- killing ----

def holder(fd, byte):
    """Whose lock keeps others from writing that byte; 0: nobody's."""
    asked = fcntl.fcntl(fd, fcntl.F_GETLK, struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, byte, 1, 0))
    kind, _, _, _, pid = struct.unpack("hhqqi4x", asked)
    return 0 if kind == fcntl.F_UNLCK else pid


def locks_of(pid, path):
    """"writing", "reading": what it holds of that database, as the kernel lists it."""
    try:
        inode = os.stat(f"{path}-shm").st_ino
    except OSError:
        return set()
    found = set()
    for line in pathlib.Path("/proc/locks").read_text().splitlines():
        word = line.split()
        if word[1] == "->" or word[4] != str(pid) or word[5].rpartition(":")[2] != str(inode) or word[7] == "EOF":
            continue
        if int(word[6]) <= WRITER <= int(word[7]) and word[3] == "WRITE":
            found.add("writing")
        elif any(int(word[6]) <= byte <= int(word[7]) for byte in READERS):
            found.add("reading")
    return found


def runs(pid):
    """Not yet a zombie, and not waited for either."""
    return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"


def stopped(pid):
    try:
        return all(pathlib.Path(f"/proc/{pid}/task/{t}/stat").read_text().rpartition(")")[2].split()[0] in "TZX"
                   for t in os.listdir(f"/proc/{pid}/task"))
    except OSError:
        return True


def await_writer(pid, path, seconds):
    end = time.monotonic() + seconds
    while not os.path.exists(f"{path}-shm") and time.monotonic() < end and not stopped(pid):
        pass
    try:
        fd = os.open(f"{path}-shm", os.O_RDWR)
    except OSError:
        return
    while time.monotonic() < end and holder(fd, WRITER) != pid and not stopped(pid):
        pass
    os.close(fd)


def strike(pid, delay, path, tally, name, busy=None):
    """Stopped at that microsecond, looked at, killed; what it held is counted. Whether it had work."""
    if isinstance(delay, Writing):
        await_writer(pid, path, delay.wait)
        delay = delay.then
    end = time.monotonic() + delay
    if delay > 0.002:
        time.sleep(delay - 0.002)
    while time.monotonic() < end:
        pass
    os.kill(pid, signal.SIGSTOP)
    for _ in range(10000):
        if stopped(pid):
            break
    held = locks_of(pid, path)
    working = bool(busy and busy(name))
    os.kill(pid, signal.SIGKILL)
    for what in held:
        tally[f"killed {name} {what}"] += 1
    return working


class Writing:
    """A delay for strike(): when it has begun to write, and up to so many seconds later."""

    def __init__(self, rng, most=0.003, wait=2):
        self.wait, self.then = wait, rng.uniform(0, most)


class Aim:
    """When in a command's life to strike: anywhere, and half of the time about where it turns from not having happened
    to being acknowledged, which is learnt, for the machine is faster at one time than at another."""

    def __init__(self, took):
        self.edge = took

    def delay(self, rng):
        return self.edge * (rng.uniform(0.85, 1.1) if rng.random() < 0.5 else rng.uniform(0, 1.1))

    def learn(self, acknowledged, absent):
        self.edge *= 0.95 if acknowledged else 1.06 if absent else 1


# ---- around it ----

class Peer(Fake):
    """A server to pull from: small pages, and it holds an empty answer for as long as it is asked to."""

    def __init__(self):
        super().__init__(twist=lambda a: self.held(a) if a.path.endswith("/objects/") and a.method == "GET" else None)
        self.page = 25

    def burst(self, count):
        for _ in range(count):
            self.put()

    def held(self, asked):
        asks, after = asked.headers.get("Prefer", ""), asked.get("added_after")
        start = 0
        if after:
            hour, minute, second = after[11:13], after[14:16], after[17:19]
            start = int(hour) * 3600 + int(minute) * 60 + int(second) + 1
            assert stamp(start - 1) == after
        if asked.get("next"):
            start = int(asked.get("next").removeprefix("at-"))
        end = time.monotonic() + 5
        with self.lock:
            while asks.startswith("wait=") and len(self.objects) <= start and time.monotonic() < end:
                self.lock.wait(0.5)
            status, headers, body = self.envelope(start, min(len(self.objects), start + self.page))
        return status, headers | ({"Preference-Applied": asks} if asks else {}), body


class Reader(threading.Thread):
    """A client that reads pages until its server is gone: every answer is whole."""

    def __init__(self, node):
        super().__init__(daemon=True)
        self.node, self.fault = node, None
        self.start()

    def run(self):
        try:
            while True:
                status, _, body = self.node.ask("GET", self.node.path + "?limit=2000")
                if status != 200 or len(body.get("objects", [])) < min(2000, len(self.node.holds)) - 5:
                    self.fault = self.fault or (status, str(body)[:200])
        except (OSError, http.client.HTTPException, ValueError):
            pass

    def ended(self):
        self.join(25)
        assert not self.is_alive() and (not self.fault or self.fault[0] >= 500), self.fault


# ---- writing ----

class Numbers:
    def __init__(self):
        self.next, self.lock = 1, threading.Lock()

    def objects(self, rng, count):
        with self.lock:
            first, self.next = self.next, self.next + count
        return [indicator(first + i, description="x" * rng.randrange(400)) for i in range(count)]


def newer(objects):
    """The same in a later version."""
    return [o | {"modified": f"2026-01-01T00:00:00.{int(o['modified'][20:23]) + 1:03}Z"} for o in objects]


class Poster(threading.Thread):
    """A client that sends envelopes until its server is gone, or so many, and writes down what was acknowledged. Some
    of what it sends are newer versions of `known`, each once."""

    def __init__(self, node, numbers, rng, known=(), most=10 ** 9):
        super().__init__(daemon=True)
        self.node, self.numbers, self.rng, self.known, self.most = node, numbers, rng, list(known), most
        self.sent, self.faults = [], []  # sent: [objects, status id or None]
        self.asking = False

    def objects(self):
        objects = self.numbers.objects(self.rng, self.rng.choice((1, 3, 40, 300)))
        again = [self.known.pop() for _ in range(min(len(self.known), self.rng.choice((0, 0, 1, 20))))]
        return objects + newer(again)

    def run(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.node.serve.port, timeout=20)
        head = {"Accept": MEDIA, "Content-Type": MEDIA, "Authorization": f"Bearer {self.node.token}"}
        try:
            while len(self.sent) < self.most:
                objects = self.objects()
                body = envelope(*objects)
                self.sent.append([objects, None])
                self.asking = True
                connection.request("POST", self.node.path, body, head)
                answer = connection.getresponse()
                told = json.loads(answer.read())
                self.asking = False
                if answer.status >= 500:  # the front outlived the keeper: refused, not acknowledged
                    return
                if answer.status != 202 or told["failure_count"]:
                    self.faults.append((answer.status, told))
                self.sent[-1][1] = told["id"]
        except (OSError, http.client.HTTPException, ValueError):
            pass  # cut in the middle: not acknowledged
        finally:
            connection.close()


def judge(node, posters, tally):
    """After a restart: every envelope against what there is, byte for byte, and every status that was given."""
    found = node.news()
    for poster in posters:
        assert not poster.faults, poster.faults
        for objects, acknowledged in poster.sent:
            there = [found.pop(o["id"]) for o in objects if o["id"] in found]
            assert len(there) in (0, len(objects)), f"{len(there)} of {len(objects)}: half an envelope"
            assert not (acknowledged and not there), "an acknowledged envelope is lost"
            assert not there or there == objects, "an object is not what was sent"
            node.take(there)
            if acknowledged:
                node.statuses[acknowledged] = len(objects)
            elif there:
                node.unnamed[len(objects)] += 1
            tally["acknowledged" if acknowledged else "cut but whole" if there else "cut and absent"] += 1
    assert not found, f"nobody sent {list(found)[:3]}"
    node.sound()
    last = next((a for p in posters for _, a in reversed(p.sent) if a), None)
    if last:
        status, _, body = node.ask("GET", f"{node.root}status/{last}/")
        assert status == 200 and body["status"] == "complete" and body["failure_count"] == 0, body
        assert body["success_count"] == body["total_count"] == node.statuses[last]


def put_back(node, saved):
    for file in node.folder.glob("tocsin.db*"):
        file.unlink()
    shutil.copy(saved, node.db)


def settle(node):
    """Waits until search has caught up."""
    wait_for(lambda: node.run("search", node.holds[list(node.holds)[-1]]["name"], code=None).code == 0)
