"""Doctor names each weakness, and the command it names mends it: made here one by one, found, mended by what was
said, not found again."""
import ctypes
import json
import os
import pathlib
import pwd
import resource
import shutil
import sqlite3
import subprocess

import pytest

from conftest import BIN
from serving import PASSWORD, indicator
from test_serve_node import Node


@pytest.fixture
def node(tmp_path):
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/tocsin").symlink_to(BIN)
    made = Node(tmp_path, "n")
    made.collection("main")
    return made


def findings(node, **kw):
    """By (check, where): the rest."""
    run = node.run("doctor", "--json", code=None, **kw)
    assert run.code in (0, 1), run.err
    assert (run.code == 1) == any(r["grade"] != "note" for r in run.rows)
    return {(r["check"], r["where"], r["what"]): r for r in run.rows}


def mend(node, todo):
    """What the finding says, as a tired analyst types it."""
    env = os.environ | {"TOCSIN_NODE": str(node.folder), "PATH": f"{node.folder.parent / 'bin'}:{os.environ['PATH']}"}
    run = subprocess.run(["sh", "-ec", todo], env=env, capture_output=True, text=True, input=PASSWORD + "\n")
    assert run.returncode == 0, (todo, run.stderr)


def found(node, check, what, grade, before):
    """What to do about it; SQLite gives its log the owner and mode of the database, so that three may be named."""
    fresh = [r for key, r in findings(node).items() if key not in before]
    assert fresh and all((r["check"], r["grade"]) == (check, grade) and what in r["what"] and r["todo"] for r in fresh), fresh
    assert len(fresh) == 1 or all("tocsin.db" in r["where"] for r in fresh), fresh
    return [r["todo"] for r in fresh]


def user(*args):
    return lambda node: node.run("user", "add", *args, stdin=PASSWORD + "\n")


def grant(node):
    user("eve", "--role", "auditor", "--password-stdin")(node)
    node.run("grant", "main", "eve", "read")


def password_beside(node):
    user("eve", "--password-stdin")(node)
    node.run("user", "token", "eve")


def gone_grant(node):
    user("eve", "--password-stdin")(node)
    node.run("grant", "main", "eve", "read")
    node.run("collection", "remove", "main")


def peer(node):
    node.run("sync", "add", "p", "http://127.0.0.1:1/", "--user", "u", "--password-stdin", stdin="x\n")


chmod = lambda mode, name: lambda node: os.chmod(node.folder / name, mode)  # noqa: E731
put = lambda name: lambda node: (node.folder / name).write_text("x")  # noqa: E731
other = next(u.pw_uid for u in pwd.getpwall() if u.pw_uid)
root = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
chown = lambda name: lambda node: os.chown(node.folder / name, other, -1)  # noqa: E731


@pytest.mark.parametrize("weaken,check,what,grade", [
    (chmod(0o755, ""), "folder", "others may look into", "weak"),
    (chmod(0o644, "keys/node.key"), "keys", "", "weak"),
    (chmod(0o640, "keys/mac.key"), "keys", "", "weak"),
    (chmod(0o644, "keys/server.key"), "keys", "", "weak"),
    (chmod(0o755, "keys"), "keys", "", "weak"),
    (chmod(0o644, "tocsin.db"), "files", "others may read", "weak"),
    (chmod(0o666, "tocsin.conf"), "files", "others may write", "weak"),
    (chmod(0o664, "identity.json"), "files", "others may write", "weak"),
    pytest.param(chown("tocsin.db"), "files", "another user", "weak", marks=root),
    pytest.param(chown("tocsin.conf"), "files", "another user", "weak", marks=root),
    (user("both", "--role", "admin,officer", "--password-stdin"), "users", "configures and approves", "weak"),
    (user("idle"), "users", "nothing to log in with", "note"),
    (password_beside, "users", "a password beside", "note"),
    (grant, "grants", "the grant opens nothing", "weak"),
    (lambda node: node.run("grant", "main", "public", "read"), "grants", "anybody may read", "note"),
    (lambda node: node.put("main", indicator(1)), "backup", "no backup was ever made", "weak"),
], ids=lambda v: None if callable(v) else str(v)[:24])
def test_the_command_it_names_mends_it(node, tmp_path, weaken, check, what, grade):
    before = findings(node)
    weaken(node)
    for todo in found(node, check, what, grade, before):
        command = todo.rpartition(", or ")[2].partition(", on another disk")[0].partition(", then ")[0]
        mend(node, command.replace("FILE", str(tmp_path / "saved")))
    left = {key: r for key, r in findings(node).items() if key not in before}
    assert not left, left


def test_files_that_are_none_of_its_own_are_named(node):
    before = findings(node)
    put("keys/node.key.bak")(node)
    put("old.db")(node)
    fresh = {pathlib.Path(r["where"]).name: r for key, r in findings(node).items() if key not in before}
    assert set(fresh) == {"node.key.bak", "old.db"} and {r["check"] for r in fresh.values()} == {"files"}
    for one in fresh.values():
        mend(node, one["todo"].rpartition(", or ")[2])
    assert findings(node).keys() == before.keys()


def at(node, tmp_path, monkeypatch, days):
    clock = tmp_path / "clock"
    clock.write_text(str(days * 86400 * 1000000))
    monkeypatch.setenv("TOCSIN_FAKE_CLOCK", str(clock))


def test_a_certificate_is_named_before_and_after_it_ends(node, tmp_path, monkeypatch):
    before = findings(node)
    assert not [key for key in before if key[0] == "tls"]
    grades = {}
    for days in (0, 300, 700, 1000, 4000):
        at(node, tmp_path, monkeypatch, days)
        for (check, _, _), row in findings(node).items():
            if check == "tls":
                grades[days] = row["grade"]
                assert "SIGHUP" in row["todo"]
    assert "broken" in grades.values(), grades
    assert 0 not in grades


def test_a_key_that_is_not_the_certificates_is_broken(node, tmp_path):
    Node(tmp_path, "other")
    shutil.copy(tmp_path / "other/keys/server.key", node.folder / "keys/server.key")
    assert "broken" in [r["grade"] for r in findings(node).values() if r["check"] == "tls"]
    (node.folder / "keys/server.key").unlink()
    assert "broken" in [r["grade"] for r in findings(node).values() if r["check"] == "tls"]


def test_a_backup_grows_old(node, tmp_path, monkeypatch):
    node.put("main", indicator(1))
    node.run("backup", tmp_path / "b.db")
    assert not [r for r in findings(node).values() if r["check"] == "backup"]
    at(node, tmp_path, monkeypatch, 30)
    assert not [r for r in findings(node).values() if r["check"] == "backup"], "nothing new since"
    node.put("main", indicator(2))
    row, = [r for r in findings(node).values() if r["check"] == "backup"]
    assert "30 days old" in row["what"]
    node.run("backup", tmp_path / "c.db")
    assert not [r for r in findings(node).values() if r["check"] == "backup"]


def test_a_clock_that_went_back_is_named(node, tmp_path, monkeypatch):
    at(node, tmp_path, monkeypatch, 365)
    node.put("main", indicator(1))
    at(node, tmp_path, monkeypatch, 0)
    row, = [r for r in findings(node).values() if r["check"] == "clock"]
    assert "was ahead" in row["what"] and "NTP" in row["todo"]


def test_peers_in_the_clear_and_failing_are_named(node):
    peer(node)
    rows = [r for r in findings(node).values() if r["check"] == "sync"]
    assert any("in the clear" in r["what"] for r in rows), rows
    mend(node, next(r["todo"] for r in rows if "in the clear" in r["what"]).partition(", then")[0])
    assert not [r for r in findings(node).values() if r["check"] == "sync"]


def test_too_few_open_files_are_named(node):
    small = lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (1024, 1024))  # noqa: E731
    run = subprocess.run([BIN, "doctor", "--json", "--node", node.folder], capture_output=True, text=True, preexec_fn=small)
    row, = [r for r in map(json.loads, run.stdout.splitlines()) if r["check"] == "limits"]
    assert "ulimit" in row["todo"] and "max-connections" in row["todo"]
    with open(node.folder / "tocsin.conf", "a") as conf:
        conf.write("max-connections = 100\n")
    run = subprocess.run([BIN, "doctor", "--json", "--node", node.folder], capture_output=True, text=True, preexec_fn=small)
    assert not [r for r in map(json.loads, run.stdout.splitlines()) if r["check"] == "limits"]


def test_grants_of_what_is_gone_are_named(node):
    before = findings(node)
    gone_grant(node)
    fresh = [r for key, r in findings(node).items() if key not in before]
    assert all(r["check"] == "grants" for r in fresh), fresh


def test_an_older_and_a_newer_database_name_the_way_out(node):
    with sqlite3.connect(node.folder / "tocsin.db") as db:
        db.execute("update store_schema set version = 99 where name = 'vault'")
    db.close()
    assert "newer" in node.run("doctor", code=3).err
    with sqlite3.connect(node.folder / "tocsin.db") as db:
        db.executescript("drop table search; drop table search_state;"
                         "update store_schema set version = 1 where name = 'vault'")
    db.close()
    assert "tocsin upgrade" in node.run("doctor", code=3).err
    mend(node, "tocsin upgrade")
    node.run("doctor", code=None)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_what_root_does_to_a_node_leaves_it_its_owner_s(node, tmp_path):
    """A node of a user of its own, administered with sudo: what is made in its folder stays readable there."""
    folder, user = node.folder, pwd.getpwnam("nobody")
    for path in [folder, *folder.rglob("*")]:
        os.chown(path, user.pw_uid, user.pw_gid)
    node.run("collection", "add", "made-by-root")
    node.run("sync", "add", "p", "http://127.0.0.1:1/", "--user", "x", "--password-stdin", "--collection",
             "a=made-by-root", stdin="a secret of ours\n")
    node.run("sync", code=3)
    node.run("backup", tmp_path / "outside.db")
    node.run("restore", tmp_path / "outside.db")
    node.run("backup", folder / "tocsin.db.inside")
    (folder / "tocsin.db.inside").unlink()
    assert not [path for path in [folder, *folder.rglob("*")] if path.stat().st_uid != user.pw_uid]
    assert (tmp_path / "outside.db").stat().st_uid == 0, "a backup elsewhere is whose it was asked by"
    assert (folder / "keys/peer-p").read_text() == "a secret of ours"


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_root_gives_away_no_file_of_others(node, tmp_path):
    """A second name of root's file, laid where a lock is opened, stays root's."""
    folder, user = node.folder, pwd.getpwnam("nobody")
    for path in [folder, *folder.rglob("*")]:
        os.chown(path, user.pw_uid, user.pw_gid)
    secret = tmp_path / "roots"
    secret.write_text("")
    os.link(secret, folder / "run/sync.lock")
    node.run("sync", code=None)
    assert secret.stat().st_uid == 0
    (folder / "run/sync.lock").unlink()
    os.symlink(secret, folder / "run/sync.lock")
    assert "sync.lock" in node.run("sync", code=3).err and secret.stat().st_uid == 0


def test_init_makes_again_what_a_node_lost_and_no_other(node):
    """What doctor advises for a lost or ending certificate works on a node with a database."""
    before = node.run("status", "--json").rows[0]
    node.user("bob")
    keys = node.folder / "keys"
    old = {path.name: path.read_bytes() for path in keys.iterdir()}
    for name in ("server.pem", "client.pem", "client.key", "mac.key"):
        (keys / name).unlink()
    (node.folder / "tocsin.conf").rename(node.folder.parent / "conf")
    said = node.run("init", "--host", "taxii.example")
    assert before["fingerprint"] in said.out and before["identity"] in said.out
    new = {path.name: path.read_bytes() for path in keys.iterdir()}
    assert {name for name in old if new[name] != old[name]} == {"server.pem", "client.pem", "client.key", "mac.key"}
    text = subprocess.run(["openssl", "x509", "-in", keys / "server.pem", "-noout", "-ext", "subjectAltName"],
                          capture_output=True, text=True, check=True).stdout
    assert "taxii.example" in text and not findings(node).keys() & {"keys", "tls"}
    subprocess.run(["openssl", "verify", "-CAfile", keys / "ca.pem", keys / "server.pem", keys / "client.pem"], check=True,
                   capture_output=True)
    assert [row["name"] for row in node.run("user", "list", "--json").rows] == ["bob"]
    assert f"title = {before['name']}" in (node.folder / "tocsin.conf").read_text()
    assert "already" in node.run("init", code=3).err, "nothing is missing: nothing is made"


@pytest.mark.parametrize("lost", ["keys/node.key", "identity.json", "keys/ca.key"])
def test_what_others_know_a_node_by_is_not_made_again(node, lost):
    node.run("backup", node.folder.parent / "b.db")
    (node.folder / lost).unlink()
    (node.folder / "keys/client.pem").unlink()
    said = node.run("init", code=3).err
    assert pathlib.Path(lost).name in said and ("bring it back" in said or "restore it" in said), said
    assert not (node.folder / lost).exists()


def test_links_that_go_nowhere_are_found_and_stop_no_other(node):
    for alias in ("gone", "out"):
        node.collection(alias)
    for name, words in (("one", ("--collection", "r=gone")), ("two", ("--push", "out=r"))):
        node.run("sync", "add", name, "https://127.0.0.1:1/", *words)
    assert not [key for key in findings(node) if key[0] in ("sync", "users")], "a peer's own user needs no login"
    node.run("collection", "remove", "gone")
    node.run("user", "remove", "two")
    found = {key[:2]: row for key, row in findings(node).items() if key[0] == "sync"}
    assert set(found) == {("sync", "one"), ("sync", "two")}
    said = node.run("sync", code=3)
    assert "one, gone: no such collection" in said.err, "told"
    assert "127.0.0.1" in said.err, "and the other peer is asked all the same"
    mend(node, found["sync", "two"]["todo"])
    mend(node, found["sync", "one"]["todo"].split(", or ")[0])
    left = [row["what"] for key, row in findings(node).items() if key[0] == "sync"]
    assert len(left) == 1 and "Failed to connect" in left[0], left


def test_a_tls_key_that_others_may_read_is_found(node):
    key = node.folder / "keys/server.key"
    conf = node.folder / "tocsin.conf"
    outside = node.folder.parent / "outside.key"
    shutil.copy(key, outside)
    conf.write_text(conf.read_text().replace("keys/server.key", str(outside)))
    outside.chmod(0o640)  # as a group for TLS keys has it
    assert not [k for k in findings(node) if k[0] == "tls"]
    outside.chmod(0o644)
    (finding,) = [row for k, row in findings(node).items() if k[0] == "tls"]
    mend(node, finding["todo"])
    assert not [k for k in findings(node) if k[0] == "tls"] and outside.stat().st_mode & 0o777 == 0o600


def test_a_missing_vectorscan_is_worth_knowing_and_no_fault(node):
    def said(env):
        return [row for key, row in findings(node, env=env).items() if key[0] == "expressions"]
    without = node.folder.parent / "lib"
    without.mkdir()
    (without / "libhs.so.5").write_bytes(b"")
    (row,) = said({"LD_LIBRARY_PATH": str(without)})
    assert row["grade"] == "note" and "one by one, which finds the same and takes longer" in row["what"] and row["todo"]
    if "libhs" in row["what"]:
        assert "apt install libhyperscan5" in row["todo"]
    try:
        ctypes.CDLL("libhs.so.5")
    except OSError:
        return
    assert "built without" in row["what"] or not [r for r in said({}) if "libhs" in r["what"]]
