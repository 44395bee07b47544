"""tocsin check: verdicts on files of every shape."""
import json

IDENTITY = {"type": "identity", "spec_version": "2.1", "id": "identity--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f",
            "created": "2016-04-06T20:03:48.000Z", "modified": "2016-04-06T20:03:48.000Z", "name": "ACME"}
BUNDLE = {"type": "bundle", "id": "bundle--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f"}


def without(name):
    return {k: v for k, v in IDENTITY.items() if k != name}


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
        assert not bad or rows[1]["errors"] == [{"code": "required", "path": "name", "what": "missing"}]
    out = tocsin("check", "lines", code=1).out
    assert out == "lines: line 3 %s: MUST required at name: missing\n" % IDENTITY["id"]


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
