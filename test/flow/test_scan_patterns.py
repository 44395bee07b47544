"""STIX patterns over several records, as somebody who scans sees them."""
import json
import os
import signal
import subprocess
import time

import pytest

from conftest import BIN

AND = "[domain-name:value = 'evil.example'] AND [ipv4-addr:value = '198.51.100.7']"
BEACON = ("([domain-name:value = 'Evil.example'] FOLLOWEDBY [network-traffic:dst_ref.value = '198.51.100.7' AND "
          "network-traffic:dst_port = 443]) WITHIN 300 SECONDS")
LOGINS = ("[network-traffic:src_ref.value ISSUBSET '203.0.113.0/24' AND network-traffic:dst_port IN (22, 23)] "
          "REPEATS 3 TIMES WITHIN 60 SECONDS")
DNS = '{"timestamp":"2026-01-02T10:%02d:00Z","src_ip":"10.0.0.5","dest_ip":"10.0.0.1","dns":{"rrname":"%s"}}\n'
CONN = '{"timestamp":"2026-01-02T10:%02d:00Z","src_ip":"%s","dest_ip":"%s","dest_port":%d}\n'


def indicator(number, pattern, **more):
    return {"type": "indicator", "spec_version": "2.1", "id": f"indicator--0b8a7e3c-6d0e-4d3e-9c51-6a3c1f9b2d{number:02}",
            "created": "2026-01-01T00:00:00.000Z", "modified": "2026-01-01T00:00:00.000Z", "pattern": pattern,
            "pattern_type": "stix", "valid_from": "2026-01-01T00:00:00Z"} | more


@pytest.fixture
def scan(tocsin, tmp_path):
    """scan(patterns, {file: text}, options..., code=0): the files in the order of their names."""
    def run(patterns, files, *options, code=0, plain=True):
        bundle = {"type": "bundle", "id": "bundle--0b8a7e3c-6d0e-4d3e-9c51-6a3c1f9b2d10",
                  "objects": [one if isinstance(one, dict) else indicator(i, one) for i, one in enumerate(patterns)]}
        (tmp_path / "patterns.json").write_text(json.dumps(bundle))
        for name, text in files.items():
            (tmp_path / name).write_text(text)
        said = tocsin("scan", "--ioc", "patterns.json", *options, *files, code=code)
        if plain:
            os.environ["TOCSIN_CPU"] = "plain"
            try:
                again = tocsin("scan", "--ioc", "patterns.json", *options, *files, code=code)
            finally:
                del os.environ["TOCSIN_CPU"]
            assert (said.out, said.err) == (again.out, again.err)
        return said
    return run


def test_a_hit_says_which_lines_make_it_up_over_files(scan):
    said = scan([indicator(0, BEACON, name="beacon", confidence=80)], {
        "conn.log": CONN % (0, "10.0.0.5", "198.51.100.7", 443) + CONN % (3, "10.0.0.5", "198.51.100.7", 80) +
        CONN % (4, "198.51.100.7", "10.0.0.5", 443) + CONN % (6, "10.0.0.5", "198.51.100.7", 443),
        "dns.log": DNS % (2, "evil.example") + DNS % (3, "good.example")})
    assert said.out.splitlines() == [
        "dns.log:1:" + (DNS % (2, "evil.example")).strip(),
        "  ^ pattern: domain evil.example, beacon, indicator--0b8a7e3c-6d0e-4d3e-9c51-6a3c1f9b2d00",
        "    1 of 2: dns.log:1 at 2026-01-02T10:02:00.000000Z: domain evil.example",
        "    2 of 2: conn.log:4 at 2026-01-02T10:06:00.000000Z: ipv4 198.51.100.7"]
    assert "1 hit in 6 records of 2 files" in said.err
    # Five minutes are not reached, or the order is another.
    scan([BEACON], {"a.log": DNS % (2, "evil.example") + CONN % (7, "10.0.0.5", "198.51.100.7", 443)}, code=1)
    scan([BEACON], {"a.log": DNS % (2, "evil.example") + CONN % (1, "10.0.0.5", "198.51.100.7", 443)}, code=1)


def test_hits_in_json_name_the_records(scan):
    log = "".join(CONN % (0, f"203.0.113.{i}", "10.0.0.2", 22 + i % 2) for i in range(20))
    row, *others = scan([LOGINS, LOGINS.replace("3 TIMES", "20 TIMES")], {"c.log": log}, "--json").rows
    assert row["match"] == "pattern" and row["records"] == 3 and row["line"] == 3
    assert [(p["file"], p["line"], p["time"], p["observable"]) for p in row["parts"]] == [
        ("c.log", i + 1, "2026-01-02T10:00:00.000000Z", {"kind": "ipv4", "value": f"203.0.113.{i}"}) for i in range(3)]
    assert log[row["parts"][1]["offset"]:].startswith("203.0.113.1")
    assert [r["line"] for r in others if r["records"] == 3] == [6, 9, 12, 15, 18]
    many, = [r for r in others if r["records"] == 20]
    assert [p["line"] for p in many["parts"]] == [*range(1, 16), 20]


def test_what_cannot_be_selected_is_counted_aloud(scan):
    said = scan([AND, "[domain-name:value != 'evil.example']", "[ipv4-addr:value = '198.51.100.7'] OR [file:size > 9]",
                 AND.replace("AND", "REPEATS 99999 TIMES AND")], {"a.log": "evil.example\n198.51.100.7\n"})
    assert ("2 patterns can be made of records that no value selects (negations alone, ports ...): not armed; the first: "
            "indicator--0b8a7e3c-6d0e-4d3e-9c51-6a3c1f9b2d01") in said.err
    assert "1 patterns want more than 15360 records or 64 parts: not armed" in said.err
    assert said.out.splitlines()[0].startswith("2:")


OPEN = "[domain-name:value = 'evil.example'] FOLLOWEDBY [network-traffic:dst_port = 4444]"


def test_a_part_that_any_record_may_be_is_found_behind_and_before_the_others(scan):
    log = CONN % (1, "10.0.0.5", "10.0.0.1", 4444) + DNS % (2, "evil.example") + CONN % (3, "10.0.0.5", "192.0.2.9", 4444)
    said = scan([indicator(0, OPEN, name="callback")], {"a.log": log})
    assert said.out.splitlines() == [
        "3:" + (CONN % (3, "10.0.0.5", "192.0.2.9", 4444)).strip(),
        "  ^ pattern: domain evil.example, callback, indicator--0b8a7e3c-6d0e-4d3e-9c51-6a3c1f9b2d00",
        "    1 of 2: a.log:2 at 2026-01-02T10:02:00.000000Z: domain evil.example",
        "    2 of 2: a.log:3 at 2026-01-02T10:03:00.000000Z"], said.out
    assert "1 patterns have a part that any record may be" in said.err and "all is read once more" in said.err
    # By time, not by reading, and over files; nothing is told twice.
    for first, second in ("a.log", "b.log"), ("b.log", "a.log"):
        rows = scan([OPEN, AND.replace("evil.example", "other.example"), "[domain-name:value = 'evil.example']"],
                    {first: CONN % (3, "10.0.0.5", "192.0.2.9", 4444), second: DNS % (2, "evil.example")}, "--json").rows
        assert [(r["match"], r["file"]) for r in rows] == [("exact", second), ("pattern", second)]
    scan([OPEN], {"a.log": DNS % (2, "evil.example") + CONN % (1, "10.0.0.5", "192.0.2.9", 4444)}, code=1)
    said = scan([OPEN], {"a.log": DNS % (2, "evil.example") + CONN % (3, "10.0.0.5", "192.0.2.9", 4443)}, code=1)
    assert "0 hits in 2 records of 1 file" in said.err
    # Where nothing of it is seen, nothing is read again.
    assert "once more" not in scan([OPEN], {"a.log": CONN % (3, "10.0.0.5", "192.0.2.9", 4444)}, code=1).err


def test_open_parts_heed_validity_and_the_time_asked_for(scan):
    log = DNS % (2, "evil.example") + CONN % (4, "10.0.0.5", "192.0.2.9", 4444)
    scan([OPEN], {"a.log": log})
    scan([indicator(1, OPEN, valid_until="2026-01-02T10:03:00Z")], {"a.log": log}, code=1)
    scan([OPEN], {"a.log": log}, "--until", "2026-01-02T10:03:00Z", code=1)
    scan([f"({OPEN}) WITHIN 60 SECONDS"], {"a.log": log}, code=1)
    scan([f"({OPEN}) WITHIN 180 SECONDS"], {"a.log": log})


def test_open_parts_are_counted_grouped_and_read_from_pipes(scan, tmp_path):
    files = {"a.log": DNS % (2, "evil.example"), "b.log": CONN % (4, "10.0.0.5", "192.0.2.9", 4444)}
    assert scan([OPEN], files, "-l", plain=False).out.splitlines() == ["b.log"]
    said = scan([OPEN], files, "-c", plain=False)
    assert said.out.splitlines() == ["a.log:0", "b.log:1"] and "every line is read" in said.err
    assert scan([OPEN], files, "--count").out.splitlines() == [f"         1  {OPEN}"]
    run = subprocess.run([BIN, "scan", "--json", "--ioc", "patterns.json", "-"], cwd=tmp_path, capture_output=True, text=True,
                         input="".join(files.values()))
    assert [json.loads(row)["line"] for row in run.stdout.splitlines()] == [2] and run.returncode == 0
    # So is what came before all that selects.
    files = {"a.log": CONN % (4, "10.0.0.5", "192.0.2.9", 4444), "b.log": DNS % (2, "evil.example")}
    assert scan([OPEN], files, "-c", plain=False).out.splitlines() == ["a.log:0", "b.log:1"]
    run = subprocess.run([BIN, "scan", "--json", "--ioc", "patterns.json", "-"], cwd=tmp_path, capture_output=True, text=True,
                         input="".join(files.values()))
    row, = map(json.loads, run.stdout.splitlines())
    assert row["line"] == 2 and [p["line"] for p in row["parts"]] == [2, 1]
    files = {"a.log": files["b.log"], "b.log": files["a.log"]}
    scan([OPEN], files)
    subprocess.run([BIN, "set", "build", "--ioc", "patterns.json", "--out", "a.set"], cwd=tmp_path, check=True, capture_output=True)
    run = subprocess.run([BIN, "scan", "--json", "--set", "a.set", "a.log", "b.log"], cwd=tmp_path, capture_output=True, text=True)
    assert [json.loads(row)["file"] for row in run.stdout.splitlines()] == ["b.log"]


def wait_for_rows(path, count):
    end = time.monotonic() + 20
    while time.monotonic() < end and len(path.read_text().splitlines()) < count:
        time.sleep(0.05)
    return [json.loads(row) for row in path.read_text().splitlines()]


def test_open_parts_are_followed_over_a_restart_and_when_a_node_learns_of_them(tocsin, tmp_path):
    bundle = {"type": "bundle", "id": "bundle--0b8a7e3c-6d0e-4d3e-9c51-6a3c1f9b2d10", "objects": [indicator(1, OPEN)]}
    (tmp_path / "patterns.json").write_text(json.dumps(bundle))
    (tmp_path / "a.log").write_text(DNS % (2, "evil.example"))

    def follow(*words):
        return subprocess.Popen([BIN, "scan", "--json", "--follow", *words, "a.log"], cwd=tmp_path, stderr=subprocess.PIPE, text=True,
                                stdout=open(tmp_path / "out", "w"))
    for _ in range(2):
        run = follow("--ioc", "patterns.json", "--checkpoint", "mark")
        time.sleep(0.8)
        run.send_signal(signal.SIGTERM)
        assert "every line is read" in run.communicate(timeout=20)[1] and (tmp_path / "out").read_text() == ""
    run = follow("--ioc", "patterns.json", "--checkpoint", "mark")
    with open(tmp_path / "a.log", "a") as out:
        out.write(CONN % (3, "10.0.0.5", "192.0.2.9", 4443) + CONN % (4, "10.0.0.5", "192.0.2.9", 4444) + CONN % (5, "10.0.0.5", "192.0.2.9", 4444))
    row, = wait_for_rows(tmp_path / "out", 1)
    assert row["line"] == 3 and [p["line"] for p in row["parts"]] == [1, 3] and "observable" not in row["parts"][1]
    run.send_signal(signal.SIGTERM)
    assert run.wait(20) == 0
    # A node that learns of such a pattern while it is followed.
    tocsin("init", "--name", "Node One", "--country", "NL")
    tocsin("collection", "add", "in")
    (tmp_path / "first.txt").write_text("other.example\n")
    tocsin("import", "--collection", "in", "--format", "list", tmp_path / "first.txt")
    (tmp_path / "a.log").write_text("")
    run = subprocess.Popen([BIN, "--node", tmp_path / "tocsin-node", "scan", "--json", "--follow", "a.log"], cwd=tmp_path, text=True,
                           stdout=open(tmp_path / "out", "w"), stderr=subprocess.PIPE)
    with open(tmp_path / "a.log", "a") as out:
        out.write("other.example\n")
        out.flush()
        assert len(wait_for_rows(tmp_path / "out", 1)) == 1
        tocsin("import", "--collection", "in", tmp_path / "patterns.json")
        time.sleep(1)
        out.write(DNS % (2, "evil.example") + CONN % (4, "10.0.0.5", "192.0.2.9", 4444))
        out.flush()
        rows = wait_for_rows(tmp_path / "out", 2)
    run.send_signal(signal.SIGTERM)
    said = run.communicate(timeout=20)[1]
    assert len(rows) == 2 and rows[1]["match"] == "pattern", (rows, said)
    assert "every line is read" in said


def test_what_waits_for_the_others_is_not_pushed_out_by_what_any_record_may_be(scan):
    """More records fit the open part than are held; the rare ones stay."""
    noise = "".join('{"timestamp":"2026-01-02T11:%02d:%02dZ","src_ip":"10.0.0.5","dest_ip":"10.0.0.1","dest_port":4444}\n'
                    % (i // 60 % 60, i % 60) for i in range(20000))
    pattern = "([domain-name:value = 'evil.example'] FOLLOWEDBY [domain-name:value = 'b.example']) AND [network-traffic:dst_port = 4444]"
    said = scan([pattern], {"a.log": DNS % (2, "evil.example") + noise + (DNS % (5, "b.example")).replace("T10", "T23")}, "--json", plain=False)
    row = said.rows[0]
    assert row["line"] == 20002 and row["parts"][0]["line"] == 1 and row["records"] == 3


def test_records_without_a_time_are_told_where_time_matters(scan):
    said = scan([BEACON.replace("dst_port = 443", "dst_ref.type = 'ipv4-addr'")],
                {"a.log": "evil.example\n198.51.100.7\n"}, "--json", code=1)
    assert "2 records without a time passed over by patterns with WITHIN" in said.err
    assert said.rows == [{"patterns": {"evaluated": 1, "forgetful": 0, "forgotten": 0, "stopped": 0, "undecided": 0, "unheld": 0,
                                       "untimed": 2}}]


def test_what_is_forgotten_is_told(scan):
    text = "".join(f"2026-01-02T{i // 3600:02}:{i // 60 % 60:02}:{i % 60:02}Z evil.example\n" for i in range(20000))
    said = scan([AND], {"a.log": text + "2026-01-02T12:00:00Z 198.51.100.7\n"}, "--json")
    hit, end = said.rows
    assert (hit["line"], hit["parts"][0]["line"]) == (20001, 20000)
    assert end["patterns"]["forgetful"] == 1 and end["patterns"]["forgotten"] == 4096
    assert "1 pattern fitted more records than are held (16384 of one" in said.err and "4096 of the earliest" in said.err
    # Before the window nothing is lost.
    said = scan([f"({AND}) WITHIN 60 SECONDS"], {"a.log": text}, "--json", code=1)
    assert said.rows == [] and "fitted more" not in said.err


def test_validity_time_asked_for_and_confidence_hold_for_each_record(scan):
    log = DNS % (2, "evil.example") + CONN % (4, "10.0.0.5", "198.51.100.7", 443)
    scan([AND], {"a.log": log})
    scan([indicator(1, AND, valid_from="2026-01-02T10:03:00Z")], {"a.log": log}, code=1)
    scan([indicator(1, AND, valid_until="2026-01-02T10:03:00Z")], {"a.log": log}, code=1)
    scan([AND], {"a.log": log}, "--since", "2026-01-02T10:03:00Z", code=1)
    scan([indicator(1, AND, confidence=20)], {"a.log": log}, "--confidence", "30", code=1)


def test_only_names_counts_and_groups(scan):
    files = {"a.log": DNS % (2, "evil.example"), "b.log": CONN % (4, "10.0.0.5", "198.51.100.7", 443)}
    assert scan([AND], files, "-l").out.splitlines() == ["b.log"]
    assert scan([AND], files, "-c").out.splitlines() == ["a.log:0", "b.log:1"]
    assert scan([AND], files, "-o").out.splitlines() == ["b.log:1:198.51.100.7"]
    assert scan([AND], files, "--count").out.splitlines() == [f"         1  {AND}"]


def test_a_compiled_set_holds_patterns_too(scan, tocsin, tmp_path):
    log = DNS % (2, "evil.example") + CONN % (4, "10.0.0.5", "198.51.100.7", 443)
    first = scan([BEACON, AND], {"a.log": log}, "--json")
    tocsin("set", "build", "--ioc", "patterns.json", "--out", "p.set")
    assert tocsin("scan", "--set", "p.set", "--json", "a.log").out == first.out
    # What comes since takes the place of what has its id.
    (tmp_path / "patterns.json").write_text(json.dumps(indicator(1, AND, revoked=True, modified="2026-02-01T00:00:00.000Z")))
    assert len(tocsin("scan", "--set", "p.set", "--ioc", "patterns.json", "--json", "a.log").rows) == 1


def test_sightings_tell_all_that_was_seen_but_for_the_inside(scan, tmp_path):
    log = DNS % (2, "evil.example") + CONN % (4, "203.0.113.9", "10.0.0.5", 22)
    scan(["[domain-name:value = 'evil.example'] AND [ipv4-addr:value = '203.0.113.9'] AND [ipv4-addr:value = '10.0.0.5']"],
         {"a.log": log + CONN % (5, "10.0.0.5", "10.0.0.6", 80)}, "--stix", "seen.json", plain=False)
    made = json.loads((tmp_path / "seen.json").read_text())["objects"]
    sighting, = [o for o in made if o["type"] == "sighting"]
    assert sighting["sighting_of_ref"] == "indicator--0b8a7e3c-6d0e-4d3e-9c51-6a3c1f9b2d00" and sighting["count"] == 1
    assert (sighting["first_seen"], sighting["last_seen"]) == ("2026-01-02T10:02:00.000000Z", "2026-01-02T10:05:00.000000Z")
    assert len(sighting["observed_data_refs"]) == 2
    assert {o["value"] for o in made if o["type"] in ("domain-name", "ipv4-addr")} == {"evil.example", "203.0.113.9"}


def test_pattern_match_says_the_same_of_the_events_as_stix(scan, tocsin, tmp_path):
    log = DNS % (2, "evil.example") + CONN % (4, "10.0.0.5", "198.51.100.7", 443)
    observed = [{"type": "observed-data", "first_observed": f"2026-01-02T10:0{minute}:00Z",
                 "last_observed": f"2026-01-02T10:0{minute}:00Z", "number_observed": 1, "objects": objects}
                for minute, objects in (
                    (2, {"0": {"type": "domain-name", "value": "evil.example"}}),
                    (4, {"0": {"type": "ipv4-addr", "value": "198.51.100.7"}, "1": {"type": "ipv4-addr", "value": "10.0.0.5"},
                         "2": {"type": "network-traffic", "src_ref": "1", "dst_ref": "0", "dst_port": 443}}))]
    (tmp_path / "o.json").write_text(json.dumps(observed))
    for pattern, code in ((AND, 0), (BEACON.replace("Evil", "evil"), 0), (f"({AND}) WITHIN 60 SECONDS", 1),
                          (f"({AND}) REPEATS 2 TIMES", 1)):
        scan([pattern], {"a.log": log}, code=code)
        tocsin("pattern", "match", pattern, "o.json", code=code)


def test_fields_that_are_no_hit_of_their_own_are_read_for_patterns(scan):
    """Nothing is looked for that says the source: it is read all the same."""
    said = scan(["[network-traffic:dst_ref.value = '198.51.100.7' AND network-traffic:src_ref.value != '10.0.0.5']"], {
        "a.log": "".join(CONN % (i, f"10.0.0.{4 + i}", "198.51.100.7", 80) for i in range(4)),
        "b.log": "#separator \\x09\n#fields\tts\tid.orig_h\tid.resp_h\n1700000000.5\t10.0.0.5\t198.51.100.7\n"
                 "1767400000.5\t10.0.0.6\t198.51.100.7\n"}, "--json")
    assert [(hit["file"], hit["line"]) for hit in map(json.loads, said.out.splitlines()) if "file" in hit] == [
        ("a.log", 1), ("a.log", 3), ("a.log", 4), ("b.log", 4)]


def test_what_goes_on_while_following_completes_a_pattern(tmp_path):
    (tmp_path / "patterns.json").write_text(json.dumps(indicator(0, f"({AND}) WITHIN 60 SECONDS")))
    (tmp_path / "a.log").write_text("evil.example\n")
    with open(tmp_path / "err", "wb") as err, subprocess.Popen(
            [BIN, "scan", "--follow", "--json", "--ioc", "patterns.json", "a.log", "b.log"], cwd=tmp_path, stderr=err,
            stdout=subprocess.PIPE) as run:
        try:
            time.sleep(0.5)
            (tmp_path / "b.log").write_text("x 198.51.100.7\n")
            hit = json.loads(run.stdout.readline())
            run.send_signal(signal.SIGTERM)
            assert run.wait(20) == 0
        finally:
            run.kill()
    # Read as they are written, lines without a time happen now.
    assert [(p["file"], p["line"]) for p in hit["parts"]] == [("a.log", 1), ("b.log", 1)]
