"""tocsin check: verdicts on files of every shape."""
import gzip
import json
import lzma
import subprocess

from conftest import BIN, bounded

IDENTITY = {"type": "identity", "spec_version": "2.1", "id": "identity--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f",
            "created": "2016-04-06T20:03:48.000Z", "modified": "2016-04-06T20:03:48.000Z", "name": "ACME"}
BUNDLE = {"type": "bundle", "id": "bundle--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f"}


OTHER = IDENTITY | {"id": "identity--9e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f"}


def without(name):
    return {k: v for k, v in OTHER.items() if k != name}


def test_every_shape_of_file_is_judged_object_by_object(tocsin, tmp_path):
    shapes = {
        "one": json.dumps(IDENTITY, indent=1),
        "bundle": json.dumps(BUNDLE | {"objects": [IDENTITY, without("name")]}, indent=1),
        "array": json.dumps([IDENTITY, without("name")]),
        "lines": json.dumps(IDENTITY) + "\n\n" + json.dumps(without("name")) + "\n",
    }
    for name, text in shapes.items():
        (tmp_path / name).write_text(text)
        bad = name != "one"
        rows = tocsin("check", "--json", name, code=int(bad)).rows
        assert [r["valid"] for r in rows] == ([True, False] if bad else [True]), name
        assert not bad or rows[1]["errors"] == [
            {"code": "required", "path": "name", "what": "missing", "clause": "4.5.1"}]
    out = tocsin("check", "lines", code=1).out
    assert out == "lines: line 3 %s: MUST required at name: missing [STIX 2.1 section 4.5.1]\n" % OTHER["id"]


def test_strict_adds_shoulds_that_can_be_chosen(tocsin):
    text = json.dumps(IDENTITY | {"identity_class": "robot", "x_acme_a": 1})
    assert tocsin("check", "--quiet", "-", stdin=text).out == ""
    assert len(tocsin("check", "--strict", "-", stdin=text, code=1).out.splitlines()) == 2
    assert len(tocsin("check", "--strict", "--disable", "401,custom-prefix", "-", stdin=text, code=1).out.splitlines()) == 1
    tocsin("check", "--strict", "--enable", "uuid-check", "-", stdin=text)
    tocsin("check", "--strict", "--enable", "no-such-check", "-", stdin=text, code=2)


def test_what_is_malformed_is_said_with_its_place(tocsin):
    assert "a comma is missing" in tocsin("check", "-", stdin=json.dumps([IDENTITY]).replace("[", "[1 "), code=1).out
    assert "MUST json" in tocsin("check", "-", stdin='{"type": "tool"', code=1).out
    tocsin("check", "no-such-file", code=3)


def test_references_are_followed_on_demand(tocsin):
    link = {"type": "relationship", "relationship_type": "uses", "source_ref": IDENTITY["id"],
            "target_ref": "tool--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f",
            "id": "relationship--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f"}
    text = json.dumps(BUNDLE | {"objects": [IDENTITY, {**IDENTITY, **link}]})
    tocsin("check", "-", stdin=text)
    assert "unresolved at objects[1].target_ref" in tocsin("check", "--enforce-refs", "-", stdin=text, code=1).out


def test_published_bundles_are_mostly_sound(tocsin, shared):
    bundles = shared / "data" / "stix" / "bundles"
    assert "1826 objects, 0 not valid" in tocsin("check", bundles / "attack" / "ics-attack.json").err
    assert "82 objects, 5 not valid" in tocsin(
        "check", bundles / "oasis-examples" / "sco-examples-bundle.json", code=1).err


def test_packed_files_and_pipes_are_read_too(tocsin, tmp_path):
    text = json.dumps(BUNDLE | {"objects": [IDENTITY, without("name")]}).encode()
    (tmp_path / "b.gz").write_bytes(gzip.compress(text))
    (tmp_path / "b.xz").write_bytes(lzma.compress(text))
    (tmp_path / "cut.gz").write_bytes(gzip.compress(text)[:-9])
    for name in "b.gz", "b.xz":
        assert "2 objects, 1 not valid" in tocsin("check", name, code=1).err
    assert "2 objects, 1 not valid" in tocsin("check", "-", stdin=gzip.compress(text), code=1).err
    assert "cut.gz" in tocsin("check", "cut.gz", code=3).err
    # One file that cannot be read does not hide the verdicts on the others.
    run = tocsin("check", "--json", "no-such-file", "b.gz", ".", code=3)
    assert [row["valid"] for row in run.rows] == [True, False]


def test_objects_of_one_file_are_judged_together(tocsin, tmp_path):
    other = IDENTITY | {"name": "EMCA"}
    shapes = {"bundle": json.dumps(BUNDLE | {"objects": [IDENTITY, other]}), "array": json.dumps([IDENTITY, other]),
              "lines": json.dumps(IDENTITY) + "\n" + json.dumps(other) + "\n"}
    paths = {"bundle": "objects[1].modified", "array": "[1].modified", "lines": "[2].modified"}
    for name, text in shapes.items():
        (tmp_path / name).write_text(text)
        rows = tocsin("check", "--json", name, code=1).rows
        assert [(r["place"], r["valid"]) for r in rows][2:] == [(name, False)], name
        assert [(e["code"], e["path"]) for e in rows[2]["errors"]] == [("version", paths[name])]
    # Files are judged apart: what lies in another one is another party's matter.
    (tmp_path / "one").write_text(json.dumps(IDENTITY))
    (tmp_path / "two").write_text(json.dumps(other))
    tocsin("check", "one", "two")


def test_a_malformed_line_hides_no_other(tocsin):
    lines = [json.dumps(IDENTITY)[:-1] + ",}", json.dumps(IDENTITY), '{"id":', json.dumps(OTHER)]
    rows = tocsin("check", "--json", "-", stdin="\n".join(lines), code=1).rows
    assert [r["valid"] for r in rows] == [False, True, False, True]
    one = '{"type":"bundle","id":"%s","objects":[\n%s\n]}' % (BUNDLE["id"], json.dumps(IDENTITY))
    assert [r["place"] for r in tocsin("check", "--json", "-", stdin=one).rows] == ["objects[0]"]


def test_a_bundle_holds_objects_and_no_bundles(tocsin):
    inner = BUNDLE | {"objects": [IDENTITY]}
    text = json.dumps(BUNDLE | {"objects": [inner]})
    assert "MUST bundle" in tocsin("check", "-", stdin=text, code=1).out
    tocsin("check", "-", stdin=json.dumps([inner]))
    old = {"spec_version": "2.0", "objects": [IDENTITY]}
    tocsin("check", "--stix-2.0", "-", stdin=json.dumps(BUNDLE | old))
    tocsin("check", "--stix-2.0", "-", stdin=json.dumps(BUNDLE | {"objects": [IDENTITY]}), code=1)


def test_hostile_json_is_refused_with_its_place(tocsin):
    head = json.dumps(IDENTITY)[:-1]
    hostile = {
        "twice the key": head + ',"name":"b"}',
        "a lone surrogate": head + ',"x_a":"\\ud800"}',
        "bad UTF-8": (head + ',"x_a":"').encode() + b'\xff"}',
        "a large integer": head + ',"x_a":9007199254740992}',
        "a bomb": head + ',"x_a":' + "[" * 65 + "1" + "]" * 65 + "}",
        "a huge bomb": head + ',"x_a":' + "[" * 100000 + "]" * 100000 + "}",
        "no end": head,
    }
    for what, text in hostile.items():
        assert "MUST json" in tocsin("check", "-", stdin=text, code=1).out, what
        whole = text.encode() if isinstance(text, str) else text
        inside = b'{"type":"bundle","id":"%s","objects":[%s]}' % (BUNDLE["id"].encode(), whole)
        tocsin("check", "-", stdin=inside, code=1)
    good = head + ',"x_a":[9007199254740991,1e2,-0.0,"\\u0041\\u00e9\\ud83d\\ude00"]}'
    tocsin("check", "-", stdin=good)


@bounded
def test_a_large_bundle_costs_little_more_than_its_text(tocsin, tmp_path):
    size = 0
    with open(tmp_path / "large", "w") as out:
        out.write(json.dumps(BUNDLE)[:-1] + ',"objects":[')
        for number in range(20000):
            one = json.dumps(IDENTITY | {"id": "identity--%08x-17d4-4cbf-938f-98ee46b3cd3f" % number,
                                         "description": "d" * 1500})
            out.write("," * bool(number) + one)
            size += len(one)
        out.write("]}")
    run = subprocess.run(["/usr/bin/env", "python3", "-c", LIMITED, BIN, str(size + (64 << 20)), str(tmp_path / "large")],
                         capture_output=True, timeout=120)
    assert run.returncode == 0 and b"20000 objects, 0 not valid" in run.stderr, run.stderr


LIMITED = """
import os, resource, sys
most = int(sys.argv[2])
resource.setrlimit(resource.RLIMIT_AS, (most, most))
os.execv(sys.argv[1], [sys.argv[1], "check", sys.argv[3]])
"""
