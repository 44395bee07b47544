"""pattern check and pattern match, as scripts use them."""
import csv
import io
import json

import pytest


def observed(at, objects, number=1):
    return {"type": "observed-data", "id": f"observed-data--{at}", "first_observed": f"2020-01-01T00:00:{at}Z",
            "last_observed": f"2020-01-01T00:00:{at}Z", "number_observed": number, "objects": objects}


@pytest.fixture
def world(tmp_path):
    """Two files of one observation each: a domain, then an address seen twice."""
    for name, data in (("one", observed("01", {"0": {"type": "domain-name", "value": "evil.example"}})),
                       ("two", observed("05", {"0": {"type": "ipv4-addr", "value": "192.0.2.1"}}, 2))):
        (tmp_path / name).write_text(json.dumps({"type": "bundle", "id": "bundle--1", "objects": [data]}))


def test_each_line_gets_a_verdict_with_the_column_of_its_fault(tocsin):
    text = "[a:b = 1]\n[a:b = ]\r\n\n[a:'\u00e9' = x]"
    said = tocsin("pattern", "check", code=1, stdin=text)
    lines = said.out.splitlines()
    assert [line.split(":")[0] for line in lines] == ["ok", "error 8", "error 1", "error 10"]
    assert all(": " in line for line in lines[1:])
    assert tocsin("pattern", "check", "-", stdin="[a:b = 1]\n").out == "ok\n"
    assert tocsin("pattern", "check", stdin="").out == ""


def test_a_mark_of_byte_order_and_the_line_ends_of_windows_are_no_part_of_a_pattern(tocsin, tmp_path):
    (tmp_path / "list").write_bytes(b"\xef\xbb\xbf[a:b = 1]\r\n\r\n[a:b = 2\r\n")
    said = tocsin("pattern", "check", "list", code=1)
    assert [line.split(":")[0] for line in said.out.splitlines()] == ["ok", "error 1", "error 9"]
    tocsin("pattern", "check", "absent", code=3)


def test_what_is_never_evaluated_is_ok_with_a_warning(tocsin):
    said = tocsin("pattern", "check", stdin="[a:b = 1] WITHIN 0 SECONDS\n")
    assert said.out == "ok\n" and "line 1, column 18: WITHIN" in said.err
    assert tocsin("--quiet", "pattern", "check", stdin="[a:b = 1] WITHIN 0 SECONDS\n").err == ""
    rows = tocsin("--json", "pattern", "check", code=1, stdin="[a:b = 1] WITHIN 0 SECONDS\n[\n").rows
    assert rows[0]["ok"] and rows[0]["column"] == 18 and "WITHIN" in rows[0]["warning"]
    assert rows[1] == {"line": 2, "ok": False, "column": 2, "error": rows[1]["error"]}


def test_all_files_are_one_set_of_observations(tocsin, world):
    assert tocsin("pattern", "match", "[domain-name:value = 'evil.example']", "one").out == "match\n"
    both = "[domain-name:value = 'evil.example'] FOLLOWEDBY [ipv4-addr:value ISSUBSET '192.0.2.0/24'] REPEATS 2 TIMES"
    assert tocsin("pattern", "match", both, "one", "two").out == "match\n"
    assert tocsin("pattern", "match", both, "one", code=1).out == "none\n"
    assert tocsin("pattern", "match", f"({both}) WITHIN 4 SECONDS", "one", "two", code=1).out == "none\n"
    assert tocsin("--json", "pattern", "match", both, "one", "two").rows == [{"match": True}]
    assert tocsin("--quiet", "pattern", "match", both, "one", "two").out == ""


def test_references_lead_from_file_to_file_and_envelopes_are_read(tocsin, tmp_path):
    seen = {"type": "observed-data", "id": "observed-data--1", "first_observed": "2020-01-01T00:00:00Z",
            "last_observed": "2020-01-01T00:00:00Z", "number_observed": 1, "object_refs": ["url--1"]}
    (tmp_path / "data").write_text(json.dumps({"objects": [seen]}))
    (tmp_path / "url").write_text(json.dumps({"more": False, "objects": [{"type": "url", "id": "url--1", "value": "x"}]}))
    for files in (("data", "url"), ("url", "data")):
        assert tocsin("pattern", "match", "[url:value = 'x']", *files).out == "match\n"
    tocsin("pattern", "match", "[url:value = 'x']", "data", code=1)
    assert tocsin("pattern", "match", "[url:value = 'x']", "-", "url", stdin=json.dumps(seen)).out == "match\n"


def test_two_patterns_are_the_same_or_different(tocsin):
    one = "[ipv4-addr:value = '192.0.2.1/32' AND (ipv4-addr:x = 1 OR ipv4-addr:x = 2.0)]"
    two = "[ipv4-addr:x = +1 AND ipv4-addr:value = '192.0.2.1' OR ipv4-addr:value = '192.0.2.1' AND ipv4-addr:x = 2]"
    assert tocsin("pattern", "same", one, two).out == "same\n"
    assert tocsin("pattern", "same", one, "[ipv4-addr:value = '192.0.2.1']", code=1).out == "different\n"
    assert tocsin("--json", "pattern", "same", one, two).rows == [{"same": True}]
    assert tocsin("--quiet", "pattern", "same", one, two).out == ""
    said = tocsin("pattern", "same", one, "[a:b", code=3)
    assert "second pattern, column 5: " in said.err and said.out == ""
    many = "[" + " AND ".join(f"(a:b = {i} OR a:c = {i})" for i in range(20)) + "]"
    assert "alternatives" in tocsin("pattern", "same", many, many, code=3).err
    tocsin("pattern", "same", one, code=2)


@pytest.mark.parametrize("pattern, files, why", [
    ("[domain-name:value = 'x'", ["one"], "column 25: "),
    ("[domain-name:value MATCHES '(']", ["one"], "column 28: no regular expression"),
    ("[domain-name:value = t'2020-01-01T00:00:00Z']", ["one"], "column 2: a timestamp is compared"),
    ("[a:b = 1] REPEATS 0 TIMES", ["one"], "column 19: REPEATS"),
    ("[a:b = 1]", ["one", "three"], "three"),
    ("[a:b = 1]", ["broken"], "broken"),
])
def test_what_cannot_be_judged_is_a_failure_and_no_mismatch(tocsin, tmp_path, world, pattern, files, why):
    (tmp_path / "broken").write_text('{"type":"bundle","objects":[{"type":"observed-data","id":"o"}]}')
    said = tocsin("pattern", "match", pattern, *files, code=3)
    assert why in said.err and said.out == ""


def test_the_lists_of_the_validator_are_told_apart(tocsin, shared):
    valid = tocsin("pattern", "check", shared / "data/stix/patterns-valid.txt").out.splitlines()
    assert len(valid) > 200 and set(valid) == {"ok"}
    invalid = tocsin("pattern", "check", shared / "data/stix/patterns-invalid.txt", code=1).out.splitlines()
    assert len(invalid) > 30 and all(line.startswith("error ") for line in invalid)


def test_exports_hold_what_decides_a_pattern_and_when(tocsin, tmp_path):
    tocsin("init", "--name", "Test", "--country", "EE")
    tocsin("collection", "add", "main")
    patterns = {
        "now": "[domain-name:value = 'now.example'] START t'2020-01-01T00:00:00Z' STOP t'2199-01-01T00:00:00Z'",
        "past": "[domain-name:value = 'past.example'] START t'2020-01-01T00:00:00Z' STOP t'2021-01-01T00:00:00Z'",
        "net": "[ipv4-addr:value = '192.0.2.0/24' AND ipv4-addr:x_seen = 1]",
        "refers": "[domain-name:resolves_to_refs[*].value = '192.0.2.1']",
        "below": "[domain-name:value LIKE '%.below.example' OR domain-name:value = 'below.example']",
        "both": "[network-traffic:dst_ref.type = 'ipv4-addr' AND network-traffic:dst_ref.value = '192.0.2.7']"}
    bundle = {"type": "bundle", "id": "bundle--11111111-1111-4111-8111-111111111111", "objects": [
        {"type": "indicator", "spec_version": "2.1", "id": f"indicator--11111111-1111-4111-8111-{i:012}",
         "created": "2020-01-01T00:00:00.000Z", "modified": "2020-01-01T00:00:00.000Z", "name": name,
         "indicator_types": ["malicious-activity"], "pattern": pattern, "pattern_type": "stix",
         "valid_from": "2019-01-01T00:00:00Z"} for i, (name, pattern) in enumerate(patterns.items())]}
    (tmp_path / "b.json").write_text(json.dumps(bundle))
    tocsin("import", "b.json", "--collection", "main")
    rows = list(csv.reader(io.StringIO(tocsin("export", "--collection", "main", "--format", "csv").out)))
    by_value = {row[0]: row for row in rows[1:]}
    assert set(by_value) == {"now.example", "below.example", "192.0.2.7"}
    assert by_value["now.example"][4:6] == ["2020-01-01T00:00:00.000Z", "2199-01-01T00:00:00.000Z"]
    zone = tocsin("export", "--collection", "main", "--format", "rpz").out
    assert "*.below.example" in zone and "*.now.example" not in zone
