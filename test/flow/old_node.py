"""Makes a stored database of today's program for the tests of `upgrade`, before its tables change:

    TOCSIN_BIN=PROGRAM python3 test/flow/old_node.py >test/golden/upgrade/NAME.sql

A small node with something in each table, through the commands and over HTTP, written out as SQL that a person can
read. NAME.sql builds the same database, row by row. What its users log in with stands in comments, for the tests."""
import json
import pathlib
import sqlite3
import sys
import tempfile

from conftest import free_port, tocsin_run
from serving import PASSWORD, Serve, envelope, indicator, wait_for

PARTNER = "identity--a0000000-0000-4000-8000-00000000000a"
RED = "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1"
GREEN = "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"

# Versions, words in several scripts, times finer than the usual, what has no version, a revoked one, an old specification.
CONTENT = [
    indicator(1, name="first of two versions"),
    indicator(1, name="second of two versions", modified="2026-01-02T00:00:00.000Z"),
    indicator(2, name="東京電力を狙う攻撃", labels=["ελληνικά", "it's \"quoted\""]),
    indicator(3, modified="2026-01-01T00:00:00.123456Z", object_marking_refs=[GREEN]),
    indicator(4, object_marking_refs=[RED]),
    indicator(5, revoked=True, modified="2026-01-03T00:00:00.000Z"),
    {"type": "ipv4-addr", "spec_version": "2.1", "id": "ipv4-addr--ff26c055-6336-5bc5-b98d-13d6226742dd",
     "value": "198.51.100.3"},
    {"type": "identity", "spec_version": "2.1", "id": PARTNER, "created": "2026-01-01T00:00:00.000Z",
     "modified": "2026-01-01T00:00:00.000Z", "name": "Partner", "identity_class": "organization"},
]


def fill(folder):
    """The node; what its users log in with, as lines."""
    def run(*args, **kw):
        return tocsin_run("--node", folder, *args, **kw)

    run("init", "--name", "CERT Old", "--country", "NO", "--kind", "cert")
    run("collection", "add", "indicators", "--id", "c0000000-0000-4000-8000-000000000001",
        "--title", "What we saw; it's \"ours\"", "--description", "Täglich\nneu")
    run("collection", "add", "inside", "--id", "c0000000-0000-4000-8000-000000000002", "--never-leaves")
    run("collection", "add", "copy", "--id", "c0000000-0000-4000-8000-000000000003")
    run("user", "add", "bob", "--password-stdin", "--party", "bob.example", stdin=PASSWORD + "\n")
    run("user", "add", "ann", "--role", "analyst,releaser")
    run("user", "add", "partner", "--identity", PARTNER, "--cert", folder / "keys/client.pem")
    token = run("user", "token", "ann").out.strip()
    for words in (("indicators", "bob", "both"), ("indicators", "ann", "read"), ("indicators", "partner", "read"),
                  ("inside", "ann", "write"), ("indicators", "public", "read")):
        run("grant", *words)
    for name, objects in (("first", CONTENT[:1]), ("rest", CONTENT[1:])):
        bundle = {"type": "bundle", "id": "bundle--11111111-1111-4111-8111-111111111111", "objects": objects}
        path = folder.parent / f"{name}.json"
        path.write_text(json.dumps(bundle, ensure_ascii=False, indent=1))
        run("import", path, "--collection", "indicators")
    (folder.parent / "other.json").write_text(json.dumps(indicator(2, name="other content under a known version")))
    run("import", folder.parent / "other.json", "--collection", "indicators", code=1)
    serve = Serve(folder, "--tls-cert", folder / "keys/server.pem", "--tls-key", folder / "keys/server.key", plain=False)
    status, _, said = serve.ask("POST", f"{serve.root()}collections/c0000000-0000-4000-8000-000000000001/objects/", "bob",
                                body=envelope(indicator(6), indicator(7, created_by_ref=PARTNER), {"type": "nothing"}))
    assert status == 202, said
    wait_for(lambda: serve.ask("GET", f"{serve.root()}status/{said['id']}/", "bob")[2]["status"] == "complete")
    run("sync", "add", "itself", f"https://127.0.0.1:{serve.port}/", "--ca", folder / "keys/ca.pem", "--user", "bob",
        "--password-stdin", "--collection", "indicators=copy", "--push", "inside=indicators", stdin=PASSWORD + "\n")
    run("sync", code=3)  # the gate holds the push: a fault to keep
    serve.stop()
    run("search", "versions", code=None)
    return [f"password of bob: {PASSWORD}", f"token of ann: {token}", f"status of bob: {said['id']}"]


def literal(value):
    """SQL of a value that reads back as it is, readable where it can be."""
    if value is None:
        return "null"
    if isinstance(value, int):
        return str(value)
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
    plain = all(c.isprintable() or c == "\n" for c in text) and "\ufffd" not in text
    quoted = "'" + text.replace("'", "''") + "'"
    if isinstance(value, str):
        assert plain, value
        return quoted
    return f"cast({quoted} as blob)" if plain and text else f"x'{value.hex()}'"


def dump(path, out):
    """Everything in the database, tables of full-text search by what lies below them."""
    with sqlite3.connect(path) as db:
        made = db.execute("select type, name, sql from sqlite_schema where sql is not null order by rowid").fetchall()
        virtual = [name for _, name, sql in made if sql.lower().startswith("create virtual")]
        below = [name for _, name, _ in made if any(name.startswith(v + "_") for v in virtual) and name != "search_state"]
        for pragma in ("page_size", "application_id"):
            print(f"pragma {pragma} = {db.execute(f'pragma {pragma}').fetchone()[0]};", file=out)
        print("begin;", file=out)
        for kind, name, sql in made:
            if name not in below and name != "sqlite_sequence":
                print(f"{sql};", file=out)
        for kind, name, _ in made:
            if kind != "table" or name in virtual:
                continue
            if name in below or name == "sqlite_sequence":
                print(f"delete from {name};", file=out)
            for row in db.execute(f"select * from {name}"):
                print(f"insert into {name} values({', '.join(map(literal, row))});", file=out)
        print("commit;", file=out)
    db.close()


def main():
    with tempfile.TemporaryDirectory() as room:
        folder = pathlib.Path(room) / "node"
        told = fill(folder)
        for line in told:
            print(f"-- {line}")
        print(f"-- identity: {json.dumps(json.loads((folder / 'identity.json').read_text()))}")
        dump(folder / "tocsin.db", sys.stdout)


if __name__ == "__main__":
    main()
