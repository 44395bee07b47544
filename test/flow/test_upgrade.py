"""Databases that older programs made, stored as SQL in test/golden/upgrade: brought up to date with every row as it
was, after a backup, whole or not at all. old_node.py makes such a file."""
import datetime
import json
import os
import pathlib
import re
import sqlite3
import subprocess

import pytest

from conftest import BIN, SANITIZED, tocsin_run
from serving import Serve

FOLDER = pathlib.Path(__file__).parents[1] / "golden" / "upgrade"
OLDER = ["vault-1"]  # as programs made them whose tables were older than today's
STORED = [path.stem for path in sorted(FOLDER.glob("*.sql"))]
COLLECTION = "c0000000-0000-4000-8000-000000000001"
RED = "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1"
KILLED = pathlib.Path(os.environ.get("TOCSIN_BUILD", ".")) / "test/flow/killed"
HOLDS = [f"indicator--00000000-0000-4000-8000-00000000000{n}" for n in range(1, 7)] + [
    "ipv4-addr--ff26c055-6336-5bc5-b98d-13d6226742dd", "identity--a0000000-0000-4000-8000-00000000000a"]


def content(path):
    """Every row of every table but those of full-text search, which are made from the others."""
    with sqlite3.connect(path) as db:
        assert db.execute("pragma integrity_check").fetchone() == ("ok",)
        names = [name for name, in db.execute("select name from sqlite_schema where type = 'table'")]
        rows = {name: sorted(db.execute(f"select * from {name}"), key=repr)
                for name in names if not name.startswith(("search", "sqlite_"))}
    db.close()
    return rows


def stamp(added):
    """A date added as it is served."""
    second = datetime.datetime.fromtimestamp(added // 1000000, datetime.timezone.utc)
    return f"{second:%Y-%m-%dT%H:%M:%S}.{added % 1000000:06d}Z"


class Old:
    """A node's folder around a stored database; `told` is what its users log in with."""

    def __init__(self, folder, name):
        text = (FOLDER / f"{name}.sql").read_text()
        self.told = dict(re.findall(r"^-- ([a-z ]+): (.*)$", text, re.M))
        self.folder, self.db = folder, folder / "tocsin.db"
        self.run("init", "--name", "Placeholder")
        (folder / "identity.json").write_text(self.told["identity"])
        self.before = folder.parent / f"{name}.db"
        with sqlite3.connect(self.before) as db:
            db.executescript(text)
        db.close()
        self.put_back()

    def put_back(self):
        for file in self.folder.glob("tocsin.db*"):
            file.unlink()
        self.db.write_bytes(self.before.read_bytes())

    def run(self, *args, **kw):
        return tocsin_run("--node", self.folder, *args, **kw)


@pytest.fixture
def old(tmp_path, request):
    return Old(tmp_path / "node", request.param)


def versions(rows):
    return dict(rows["store_schema"])


def all_are_there(before, after):
    for table, rows in before.items():
        if table != "store_schema":
            missing = [row for row in rows if row not in after[table]]
            assert not missing, (table, missing)


@pytest.mark.parametrize("old", OLDER, indirect=True)
def test_an_upgrade_keeps_every_row_and_writes_a_backup_first(old, tmp_path):
    before = content(old.before)
    said = old.run("upgrade", "--backup", tmp_path / "saved.db").err
    assert "upgraded" in said and "saved.db" in said
    after = content(old.db)
    all_are_there(before, after)
    assert versions(after) != versions(before)
    assert content(tmp_path / "saved.db") == before, "the backup is the database as it was"
    assert "nothing to upgrade" in old.run("upgrade").err
    old.run("restore", tmp_path / "saved.db")
    all_are_there({k: v for k, v in before.items() if k != "vault_state"}, content(old.db))


def api_root(serve, headers):
    status, _, found = serve.ask("GET", "/taxii2/", headers=headers)
    assert status == 200, found
    return re.sub(r"^https?://[^/]*", "", found["api_roots"][0])


@pytest.mark.parametrize("old", STORED, indirect=True)
def test_an_old_node_is_what_it_was_to_its_users_and_partners(old, tmp_path):
    before = content(old.before)
    kept = {row[5]: row[0] for row in before["object"] if row[1] == 1}  # bytes: date added
    old.run("upgrade", "--backup", tmp_path / "saved.db")
    conf = old.folder / "tocsin.conf"
    conf.write_text(conf.read_text() + "\nstatus-keep = 3650d\n")
    for one in HOLDS:
        assert old.run("get", one).out.encode().rstrip(b"\n") in kept, "byte for byte"
    assert old.run("search", "東京電力").out.count("indicator--") >= 1
    reasons = {row["reason"] for row in old.run("quarantine", "list", "--json").rows}
    assert reasons == {row[4] for row in before["quarantine"]} and len(reasons) == 2
    users = {row["name"]: row for row in old.run("user", "list", "--json").rows}
    assert set(users) == {"ann", "bob", "partner", "itself"} and users["bob"]["password"]
    assert users["ann"]["tokens"] == 1 and users["partner"]["certificates"] == 1
    assert len(old.run("grant", "--json").rows) == len(before["memo_grant"])
    links = old.run("sync", "list", "--json").rows
    assert [(row["remote"], row["local"], row["objects"]) for row in links] == [
        ("indicators", "copy", 7), ("indicators", "inside", 0)]
    assert "nothing of this collection leaves the node" in links[1]["fault"]
    serve = Serve(old.folder)
    bearer = {"Authorization": f"Bearer {old.told['token of ann']}"}
    root = api_root(serve, bearer)
    assert serve.root("bob") == root
    status, _, page = serve.ask("GET", f"{root}collections/{COLLECTION}/manifest/?match[version]=all", headers=bearer)
    assert status == 200
    stored = {(one["id"], one["version"]): one["date_added"] for one in page["objects"]}
    for data, added in kept.items():
        one = json.loads(data)
        if RED not in one.get("object_marking_refs", []) and "modified" in one:
            assert stored.pop((one["id"], one["modified"])) == stamp(added)
    (_, sco), = stored.items()
    assert sco in map(stamp, kept.values())
    status, _, said = serve.ask("GET", f"{root}status/{old.told['status of bob']}/", "bob")
    assert (status, said["status"], said["success_count"], said["failure_count"]) == (200, "complete", 1, 2)
    assert [one["message"] for one in said["failures"]] == [
        "its creator is known here and did not send it", "id: missing"]
    assert serve.ask("GET", "/taxii2/", "bob", "another password")[0] == 401
    serve.stop()


@pytest.mark.parametrize("old", OLDER, indirect=True)
def test_every_command_says_that_an_old_database_wants_an_upgrade(old, tmp_path):
    (tmp_path / "list").write_text("evil.example\n")
    for words in (("serve", "--listen", "127.0.0.1:0"), ("import", "--collection", "indicators", tmp_path / "list"),
                  ("get", HOLDS[0]), ("status",), ("doctor",), ("sync",), ("user", "list"), ("collection", "list"),
                  ("export", "--collection", "indicators", "--to", "self"), ("quarantine", "list"), ("grant",)):
        said = old.run(*words, code=3)
        assert "tocsin upgrade" in said.err and not said.out, words
    assert content(old.db) == content(old.before), "and changes nothing"
    old.run("backup", tmp_path / "copy.db")
    assert content(tmp_path / "copy.db") == content(old.before)


@pytest.mark.parametrize("old", STORED, indirect=True)
def test_a_newer_database_is_refused_by_everything(old):
    with sqlite3.connect(old.db) as db:
        db.execute("update store_schema set version = version + 50 where name = 'memo'")
    db.close()
    before = content(old.db)
    for words in (("upgrade",), ("serve", "--listen", "127.0.0.1:0"), ("status",), ("get", HOLDS[0]), ("user", "list")):
        said = old.run(*words, code=3).err
        assert "newer program" in said and "tocsin upgrade" not in said, words
    assert content(old.db) == before
    assert not list(old.folder.glob("*before-upgrade*"))


def test_every_stored_database_is_named_where_it_belongs():
    assert set(OLDER) <= set(STORED)


@pytest.mark.parametrize("old", OLDER, indirect=True)
def test_an_upgrade_killed_at_any_write_leaves_the_old_or_the_new(old, tmp_path):
    before, news, halfway = content(old.before), None, 0
    for turn in range(1, 2000):
        saved = tmp_path / f"saved-{turn}.db"
        run = subprocess.run([KILLED, str(turn), BIN, "--node", old.folder, "upgrade", "--backup", saved],
                             capture_output=True, text=True, timeout=60,
                             env=os.environ | ({"ASAN_OPTIONS": "detect_leaks=0"} if SANITIZED else {}))
        if run.returncode == 77:
            pytest.skip("nobody is traced here")
        assert run.returncode in (0, 137), run.stderr
        after = content(old.db)
        if versions(after) == versions(before):
            assert after == before and run.returncode == 137
        else:
            all_are_there(before, after)
            assert news in (None, after)
            news = after
            assert content(saved) == before, "upgraded before the backup was whole"
        if saved.exists():
            assert content(saved) == before, "half a backup under its name"
            halfway += versions(after) == versions(before)
        if run.returncode == 0:
            break
        if news is None and turn % 16 == 0:
            old.run("upgrade", "--backup", tmp_path / f"again-{turn}.db")
            all_are_there(before, content(old.db))
        old.put_back()
        saved.unlink(missing_ok=True)
    assert run.returncode == 0 and halfway > 3, f"{turn} places, {halfway} between the backup and the new tables"
