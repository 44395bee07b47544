"""The node's own set: made whole or not at all, used by itself, kept up in the background, never trusted when it should not be."""
import fcntl
import json
import os
import pathlib
import select
import shutil
import signal
import stat
import subprocess
import tempfile
import time

import pytest

from conftest import BIN, SANITIZED, tocsin_run
from serving import Serve, wait_for

KILLED = pathlib.Path(os.environ.get("TOCSIN_BUILD", ".")) / "test/flow/killed"
MANY = 1200  # enough for a set to be made in the background


def indicator(number, name=None, version=0, **more):
    return {"type": "indicator", "spec_version": "2.1", "id": f"indicator--{number:08x}-0000-4000-8000-{number:012x}",
            "created": "2026-01-01T00:00:00.000Z", "modified": f"2026-01-01T00:00:{version:02}.000Z", "pattern_type": "stix",
            "pattern": f"[domain-name:value = '{name or f'h{number}.example'}']", "valid_from": "2020-01-01T00:00:00Z", **more}


class Node:
    def __init__(self, path):
        self.path, self.dir, self.set = path, path / "node", path / "node/set/armed.set"
        self.run("init", "--name", "A", "--country", "NO")
        self.run("collection", "add", "c")

    def run(self, *words, **more):
        return tocsin_run(*words, cwd=self.path, **{"env": {"TOCSIN_NODE": str(self.dir)}, **more})

    def put(self, *objects, collection="c"):
        (self.path / "b.json").write_text(json.dumps({"type": "bundle", "objects": objects,
                                                      "id": "bundle--00000000-0000-4000-8000-000000000001"}))
        self.run("import", "--collection", collection, "b.json")

    def scan(self, *words, **more):
        run = self.run("scan", *words, "log", **{"code": None, **more})
        return run.code, run.out, run.err

    @property
    def state(self):
        return self.run("set", "show", "--json").rows[0]["node"]

    def follow(self, *words):
        return subprocess.Popen([BIN, "--node", self.dir, "scan", "--json", "--quiet", "--follow", *(words or ["log"])],
                                cwd=self.path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.fixture
def node(tmp_path):
    return Node(tmp_path)


def test_scan_stands_on_the_set_and_says_what_it_said_without(node):
    log = node.path / "log"
    log.write_text("".join(f"h{i}.example x{i}.example\n" for i in range(40)))
    node.put(*[indicator(i) for i in range(30)], indicator(30, pattern_type="sigma", pattern="title: x"),
             indicator(31, revoked=True), indicator(32, pattern="[domain-name:value = 'a.example' AND process:pid = 4]"))

    def both():
        """With the set and without it: the same hits and the same words."""
        with_set = [node.scan(), node.scan("--json"), node.scan("--count")]
        hidden = node.path / "hidden"
        node.set.rename(hidden)
        without = [node.scan(), node.scan("--json"), node.scan("--count")]
        hidden.rename(node.set)
        assert with_set == without
        return with_set[1][1].count("\n")

    node.run("set", "build")
    assert node.state["used"] and both() == 30
    node.put(indicator(3, "x3.example", 1), indicator(4, revoked=True, version=1), indicator(35))
    assert node.state | {"stamp": 0} == {"used": True, "stamp": 0, "came": 3, "went": 2, "due": False}
    assert both() == 30
    node.run("collection", "add", "d")
    node.put(indicator(36), indicator(5, "x5.example", 1), collection="d")
    assert both() == 31
    node.run("collection", "remove", "d")
    assert both() == 30
    node.run("set", "build")
    node.run("forget", "h7.example")
    assert not node.set.exists()
    node.run("set", "build")
    assert both() == 29
    node.run("user", "add", "bob", "--role", "reader")
    state = node.state
    assert not state["used"] and "users or grants" in state["what"] and both() == 29
    assert "users or grants" in node.run("set", "show").out


def test_its_files_are_the_owners_alone(node):
    node.put(indicator(1))
    node.run("set", "build")
    assert stat.S_IMODE(node.set.stat().st_mode) == 0o600 and stat.S_IMODE(node.set.parent.stat().st_mode) == 0o700
    assert os.listdir(node.set.parent) == ["armed.set"]
    if os.geteuid() == 0:  # made with sudo in somebody's node it is that one's
        shutil.rmtree(node.set.parent)
        subprocess.run(["chown", "-R", "1234:1234", node.dir], check=True)
        node.run("set", "build")
        assert node.set.stat().st_uid == 1234 and node.set.parent.stat().st_uid == 1234


def test_killed_at_any_change_of_a_file_the_set_is_the_old_one_or_the_new(node):
    (node.path / "log").write_text("h1.example h2.example\n")
    node.put(indicator(1))
    node.run("set", "build")
    old = node.set.read_bytes()
    node.put(indicator(2))
    kept = replaced = 0
    for calls in range(1, 200):
        run = subprocess.run([KILLED, str(calls), BIN, "--node", node.dir, "set", "build"], capture_output=True,
                             env=os.environ | ({"ASAN_OPTIONS": "detect_leaks=0"} if SANITIZED else {}))
        if run.returncode == 77:
            pytest.skip("nobody may be traced here")
        code, out, err = node.scan("--json", "--quiet")
        assert code == 0 and err == "" and len(out.splitlines()) == 2
        node.run("set", "verify")
        kept += node.set.read_bytes() == old
        replaced += node.set.read_bytes() != old
        if run.returncode == 0:
            break
        node.set.write_bytes(old)
    assert run.returncode == 0 and kept > 3 and replaced >= 1, run.stderr
    assert os.listdir(node.set.parent) == ["armed.set"]


def test_a_full_disk_leaves_the_old_one_and_says_so(node):
    node.put(*[indicator(i) for i in range(2000)])
    node.run("set", "build")
    before = node.set.read_bytes()
    node.put(indicator(5000))
    run = subprocess.run(["bash", "-c", f"ulimit -f 100; trap '' XFSZ; exec {BIN} --node {node.dir} set build"],
                         cwd=node.path, capture_output=True, text=True)
    assert run.returncode == 3 and "armed.set: cannot be written" in run.stderr
    assert node.set.read_bytes() == before and os.listdir(node.set.parent) == ["armed.set"]
    made = node.path / "disk"
    made.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=160k", "none", made], capture_output=True).returncode:
        return
    try:
        shutil.rmtree(node.set.parent)
        node.set.parent.symlink_to(made)
        run = node.run("set", "build", code=3)
        assert "No space left" in run.err and "make room" in run.err and os.listdir(made) == []
    finally:
        subprocess.run(["umount", "-l", made], check=True)


def test_what_is_damaged_is_told_and_not_used(node):
    (node.path / "log").write_text("h1.example\n")
    node.put(*[indicator(i) for i in range(100)])
    node.run("set", "build")
    good = node.set.read_bytes()
    sound = node.scan("--json")

    def told(data, what, mode=0o600):
        node.set.unlink()
        node.set.write_bytes(data)
        node.set.chmod(mode)
        code, out, err = node.scan("--json")
        assert (code, out) == sound[:2] and what in err and "set/armed.set" in err and "set build" in err
        assert what in node.run("set", "verify", code=1).err
        assert what in node.run("set", "show", code=3).err
        finding, = [r for r in node.run("doctor", "--json", code=None).rows if r["check"] == "set"]
        assert finding["grade"] == "weak" and what in finding["what"] and finding["todo"] == "tocsin set build"
        assert node.run("status", "--json").rows[0]["set"]["used"] is False

    told(good[:-64], "cut short")
    told(good[:100] + b"x" + good[101:], "damaged")
    told(b"h1.example\n", "no compiled set")
    told(good, "others than its owner", 0o666)
    node.run("set", "build", "--out", "other.set")
    told((node.path / "other.set").read_bytes(), "does not say what the node held")
    # A wrong body is seen by those who read all of it.
    node.set.write_bytes(good[:5000] + bytes([good[5000] ^ 1]) + good[5001:])
    node.set.chmod(0o600)
    assert "digest" in node.run("set", "verify", code=1).err
    finding, = [r for r in node.run("doctor", "--json", code=None).rows if r["check"] == "set"]
    assert "digest" in finding["what"]
    node.run("set", "build")
    assert node.scan("--json") == sound
    assert [r for r in node.run("doctor", "--json", code=None).rows if r["check"] == "set"] == []


def test_a_backup_holds_no_set_and_a_restore_makes_the_one_that_is_there_void(node):
    (node.path / "log").write_text("h1.example h2.example\n")
    node.put(indicator(1))
    node.run("backup", "backup.db")
    node.put(indicator(2))
    node.run("set", "build")
    assert len(node.scan("--json")[1].splitlines()) == 2
    node.run("restore", "backup.db")
    state = node.state
    assert not state["used"] and "before a restore" in state["what"]
    assert len(node.scan("--json")[1].splitlines()) == 1


def test_serve_makes_it_anew_where_somebody_wants_it(node):
    node.put(*[indicator(i) for i in range(MANY)])
    serve = Serve(node.dir)
    time.sleep(3)
    assert not node.set.exists() and "set.compiled" not in serve.said
    node.run("set", "build")
    assert node.state["used"] and node.run("set", "verify")
    first = node.set.stat().st_ino
    node.put(*[indicator(i) for i in range(MANY, 2 * MANY + 300)])
    wait_for(lambda: node.set.stat().st_ino != first and node.state["came"] == 0, serve=serve)
    wait_for(lambda: "set.compiled" in serve.said, serve=serve)
    assert node.state["used"] and not node.state["due"]
    node.run("user", "add", "bob", "--role", "reader")
    wait_for(lambda: node.state["used"], serve=serve)
    before = time.monotonic()
    serve.process.send_signal(signal.SIGTERM)
    assert serve.process.wait(20) == 0 and time.monotonic() - before < 5


def test_what_comes_is_armed_within_a_second_also_while_the_set_is_made(node):
    log = node.path / "log"
    log.write_text("")
    node.put(*[indicator(i) for i in range(MANY)])
    follow = node.follow()
    made, hits = set(), 0
    try:
        end = time.monotonic() + 60
        while time.monotonic() < end and (len(made) < 2 or hits < 8):
            # Much, so that making it is due again; and one that must be seen.
            number = 100_000 + hits * 2000
            node.put(*[indicator(i) for i in range(number, number + 1100)])
            time.sleep(1 if not SANITIZED else 10)
            with open(log, "a") as to:
                to.write(f"h{number + 7}.example\n")
            row = json.loads(follow.stdout.readline())
            assert row["observable"]["value"] == f"h{number + 7}.example" and row["line"] == hits + 1
            hits += 1
            if node.set.exists():
                made.add(node.set.stat().st_ino)
        assert len(made) >= 2
    finally:
        follow.send_signal(signal.SIGTERM)
        said = follow.communicate(timeout=30)[1]
    assert follow.returncode == 0 and said == ""


def test_one_makes_it_at_a_time_and_the_next_waits_for_it(node):
    node.put(indicator(1))
    (node.dir / "run").mkdir(exist_ok=True)
    for end in None, signal.SIGINT, signal.SIGTERM:
        with open(node.dir / "run/set.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            build = subprocess.Popen([BIN, "--node", node.dir, "set", "build"], stderr=subprocess.PIPE, text=True)
            # One line, and nothing is made meanwhile.
            assert "another process compiles this node's set: waiting for it, 10 minutes at most" in build.stderr.readline()
            assert not select.select([build.stderr], [], [], 0.7)[0] and build.poll() is None
            assert node.set.exists() == (end is not None)
            if end:
                build.send_signal(end)
                assert build.wait(10) == -end
        if not end:
            said = build.communicate(timeout=60)[1]
            assert build.returncode == 0 and "1 indicator in" in said and node.set.exists()
        assert sorted(p.name for p in node.set.parent.iterdir()) == [node.set.name]


@pytest.fixture
def open_node():
    """Of a folder that everybody may read: those of tmp_path become their owner's alone whenever another pytest starts."""
    path = pathlib.Path(tempfile.mkdtemp(prefix="tocsin-set-"))
    yield Node(path)
    shutil.rmtree(path)


def test_who_may_only_read_scans_all_the_same(open_node):
    node = open_node
    if os.geteuid() != 0:
        pytest.skip("only root may become somebody else")
    log = node.path / "log"
    log.write_text("h1.example\n")
    node.put(*[indicator(i) for i in range(MANY)])
    node.run("set", "build")
    mine = shutil.copy(BIN, node.path / "tocsin")  # what is built may lie where only root may look
    # A folder that others may read but not write: what is in it is the owner's, so it is used.
    for path in [node.path, *node.path.rglob("*")]:
        path.chmod(0o755 if path.is_dir() or path.name == "tocsin" else 0o644)
    follow = subprocess.Popen([mine, "--node", node.dir, "scan", "--json", "--quiet", "--follow", log], cwd=node.path, user=1234,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert json.loads(follow.stdout.readline())["line"] == 1
        time.sleep(3)
    finally:
        follow.send_signal(signal.SIGTERM)
    assert follow.communicate(timeout=30)[1] == ""


def test_a_file_that_is_cut_while_it_is_mapped_ends_the_scan_with_a_line(node):
    """Of --set: the node's own is replaced by rename, under a folder that is its owner's."""
    (node.path / "list").write_text("".join(f"h{i}.example\n" for i in range(20000)))
    node.run("set", "build", "--ioc", "list", "--out", "a.set")
    (node.path / "log").write_text("h1.example\n")
    follow = node.follow("--set", "a.set", "log")
    assert json.loads(follow.stdout.readline())["line"] == 1
    os.truncate(node.path / "a.set", 4096)
    with open(node.path / "log", "a") as log:
        log.writelines(f"h{i}.example\n" for i in range(20000))
    said = follow.communicate(timeout=30)[1]
    assert follow.returncode == 3 and "a.set: cut" in said and "set build" in said and "not all" in said
