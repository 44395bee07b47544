"""Collections, get, search, quarantine, backup, restore, upgrade, forget, as a user types them."""
import json
import sqlite3

import pytest

ID = "indicator--22222222-1111-4111-8111-111111111111"


def indicator(name, number=0, **more):
    text = f"{number:012x}"
    return {"type": "indicator", "spec_version": "2.1",
            "id": ID if not number else f"indicator--22222222-1111-4111-8111-{text}",
            "created": "2026-01-01T00:00:00.000Z", "modified": "2026-01-01T00:00:00.000Z", "name": name,
            "pattern": "[domain-name:value = 'evil.example.com']", "pattern_type": "stix",
            "valid_from": "2026-01-01T00:00:00Z"} | more


@pytest.fixture
def node(tocsin, tmp_path):
    tocsin("init", "--name", "Test", "--country", "EE")
    tocsin("collection", "add", "main", "--title", "Main one")

    def put(*objects, code=0):
        bundle = {"type": "bundle", "id": "bundle--11111111-1111-4111-8111-111111111111",
                  "objects": list(objects)}
        (tmp_path / "b.json").write_text(json.dumps(bundle, indent=1))
        return tocsin("import", "b.json", "--collection", "main", code=code)

    return put


def test_collections_are_added_listed_shown_and_removed(tocsin, node):
    uuid = "11111111-1111-4111-8111-111111111111"
    tocsin("collection", "add", "second", "--id", uuid, "--never-leaves", "--description", "About")
    rows = tocsin("collection", "list", "--json").rows
    assert [r["alias"] for r in rows] == ["main", "second"]
    assert rows[1]["id"] == uuid and rows[1]["never_leaves"] and rows[1]["description"] == "About"
    assert tocsin("collection", "show", uuid, "--json").rows == rows[1:]
    assert "exists" in tocsin("collection", "add", "main", code=3).err
    assert "a-z" in tocsin("collection", "add", "Bad Alias", code=2).err
    tocsin("collection", "add", "x", "--id", "11111111-1111-1111-8111-111111111111", code=2)
    tocsin("collection", "remove", "second")
    tocsin("collection", "show", "second", code=3)
    tocsin("collection", "remove", "main")
    tocsin("collection", "list", code=1)


def test_objects_are_got_byte_for_byte_and_found_by_their_words(tocsin, node):
    node(indicator("Evil Turla host"), indicator("東京電力を狙う攻撃", 7))
    got = tocsin("get", ID)
    assert json.loads(got.out) == indicator("Evil Turla host") and "\n " in got.out
    row, = tocsin("get", ID, "--json").rows
    assert row["object"] == indicator("Evil Turla host") and row["source"] == "local"
    tocsin("get", ID[:-1] + "9", code=1)
    tocsin("get", "nonsense", code=1)
    assert "Evil Turla host" in tocsin("search", "turla", "HOST").out
    assert len(tocsin("search", "evil.example.com", "--json").rows) == 2
    assert len(tocsin("search", "電力", "--json").rows) == 1
    tocsin("search", "absent", code=1)


@pytest.mark.parametrize("text", ['"', '""', '"""', "*", ".", "''", "^", '" * "', "( )"])
def test_a_text_without_words_finds_nothing_and_blames_nobody(tocsin, node, text):
    node(indicator("Evil Turla host"))
    said = tocsin("search", text, code=1)
    assert "no letter and no digit" in said.err and "tocsin.db" not in said.err and not said.out


@pytest.mark.parametrize("text", ['turla"', '"turla', 'turla *', '*turla', 'turla^2', 'turla AND*', "name:turla",
                                  'NEAR(turla', '{turla}', '"evil turla', 'turla OR', "turla'", 'turla) OR (1'])
def test_any_text_is_words_to_search_for(tocsin, node, text):
    node(indicator("Evil Turla 2, name turla, near turla and, or 1"))
    assert len(tocsin("search", "--json", text).rows) == 1


def test_a_phrase_must_stand_in_its_order(tocsin, node):
    node(indicator("Evil Turla host"))
    tocsin("search", '"evil turla"', "host")
    tocsin("search", '"turla evil"', code=1)
    tocsin("search", 'turla', 'evil')


def test_a_text_that_is_no_utf8_or_too_long_is_usage(tocsin, node):
    node()
    assert "UTF-8" in tocsin("search", b"\xff\xfe".decode("utf-8", "surrogateescape"), code=2).err
    assert "1000 bytes" in tocsin("search", "x" * 1001, code=2).err


def test_get_and_search_name_the_collection(tocsin, node):
    tocsin("collection", "add", "earlier")
    node(indicator("Evil Turla host"))
    row, = tocsin("get", ID, "--json").rows
    assert row["collection"] == "main"
    assert [r["collection"] for r in tocsin("search", "turla", "--json").rows] == ["main"]


def test_export_as_json_is_an_object_a_line(tocsin, node):
    """The object came with line ends inside."""
    node(indicator("One"), indicator("Two", 7))
    rows = tocsin("export", "--collection", "main", "--json").rows
    assert rows == [indicator("One"), indicator("Two", 7)]
    rows = tocsin("export", "--collection", "main", "--json", "--format", "csv").rows
    assert [(r["kind"], r["value"], r["id"]) for r in rows] == [
        ("domain", "evil.example.com", o["id"]) for o in (indicator("One"), indicator("Two", 7))]
    for form in ("list", "rpz", "suricata", "zeek"):
        row, = tocsin("export", "--collection", "main", "--json", "--format", form).rows
        assert row["value"] == "evil.example.com" and "evil.example.com" in row["text"]
    events = tocsin("export", "--collection", "main", "--json", "--format", "misp").rows
    assert events and all("Event" in e for e in events)


def test_export_to_an_unknown_party_says_what_to_do(tocsin, node):
    node(indicator("One"))
    said = tocsin("export", "--collection", "main", "--to", "nobody", code=3)
    assert "--to nobody" in said.err and "tocsin user list" in said.err and not said.out
    assert "tocsin user add" in tocsin("export", "--collection", "main", "--to", "cert.example", code=3).err


@pytest.mark.parametrize("args, formats", [(["import", "b.json"], "stix|misp|csv|list"), (["export"], "stix|misp|list|csv")])
def test_an_unknown_format_is_usage_and_lists_them(tocsin, args, formats):
    """With or without a node."""
    said = tocsin(*args, "--collection", "main", "--format", "zip", code=2)
    assert formats in said.err


def test_quarantine_is_decided_by_a_person(tocsin, node):
    node(indicator("first"))
    assert "quarantined" in node(indicator("second"), code=1).err
    node(indicator("third"), code=1)
    rows = tocsin("quarantine", "list", "--json").rows
    assert [r["object"]["name"] for r in rows] == ["second", "third"]
    assert "other content" in rows[0]["reason"]
    assert "other content" in tocsin("quarantine", "accept", rows[0]["number"], code=3).err
    tocsin("quarantine", "drop", rows[0]["number"])
    tocsin("quarantine", "drop", rows[0]["number"], code=3)
    tocsin("quarantine", "drop", "x", code=2)
    tocsin("collection", "remove", "main")
    tocsin("quarantine", "list", code=1)


def test_backup_and_restore_bring_back_what_was_there(tocsin, node, tmp_path):
    node(indicator("kept"))
    tocsin("backup", "b.db")
    assert "exists" in tocsin("backup", "b.db", code=3).err
    assert (tmp_path / "b.db").stat().st_mode & 0o777 == 0o600
    tocsin("collection", "remove", "main")
    tocsin("get", ID, code=1)
    tocsin("restore", "b.db")
    assert json.loads(tocsin("get", ID).out)["name"] == "kept"
    assert (tmp_path / "tocsin-node/tocsin.db.before-restore").exists()
    (tmp_path / "junk").write_bytes(b"no database" * 1000)
    tocsin("restore", "junk", code=3)
    tocsin("restore", "absent", code=3)
    assert json.loads(tocsin("get", ID).out)["name"] == "kept"


def test_older_databases_are_upgraded_and_newer_ones_refused(tocsin, node, tmp_path):
    node(indicator("kept"))
    tocsin("upgrade")
    path = tmp_path / "tocsin-node/tocsin.db"
    with sqlite3.connect(path) as db:
        db.executescript("drop table search; drop table search_state;"
                         "update store_schema set version = 1 where name = 'vault'")
    db.close()
    assert "tocsin upgrade" in tocsin("get", ID, code=3).err
    tocsin("upgrade", "--backup", "before.db")
    assert (tmp_path / "before.db").exists()
    assert json.loads(tocsin("get", ID).out)["name"] == "kept"
    tocsin("search", "kept")
    with sqlite3.connect(path) as db:
        db.execute("update store_schema set version = 99 where name = 'vault'")
    db.close()
    assert "newer" in tocsin("get", ID, code=3).err
    assert "newer" in tocsin("upgrade", code=3).err


def test_a_value_is_forgotten_and_backups_that_hold_it_are_named(tocsin, node, tmp_path):
    node(indicator("mail of vera@example.org", 1), indicator("nothing", 2))
    tocsin("search", "vera")
    tocsin("backup", "b.db")
    tocsin("restore", "b.db")
    said = tocsin("forget", "-", "--json", stdin="Vera@EXAMPLE.org\n", code=1)
    assert said.rows[0]["versions"] == 1 and said.rows[0]["remains"] == 0 and said.rows[0]["backups"] == 1
    assert "before-restore" in said.err
    (tmp_path / "tocsin-node/tocsin.db.before-restore").unlink()
    assert tocsin("forget", "vera@example.org", "--json").rows[0]["versions"] == 0
    for file in (tmp_path / "tocsin-node").glob("tocsin.db*"):
        assert b"vera@example" not in file.read_bytes().lower()
    assert len(tocsin("search", "nothing", "--json").rows) == 1
    tocsin("forget", "abc", code=2)
