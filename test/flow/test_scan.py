"""The scan command: golden logs, an independent oracle, options, packed files, following, exit codes."""
import bz2
import gzip
import itertools
import io
import ipaddress
import json
import lzma
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tarfile
import time

import pytest

from conftest import BIN, bounded

GOLDEN = pathlib.Path(__file__).resolve().parent.parent / "golden" / "match"
LOGS = ["zeek.log", "eve.json", "access.log", "auth.log", "table.csv", "report.txt"]
MD5 = "44d88612fea8a8f36de82e1278abb02f"


@pytest.fixture
def golden(tmp_path):
    """The golden logs as files last written in 2020, from which dates without a year take theirs."""
    for path in GOLDEN.iterdir():
        shutil.copy(path, tmp_path)
        os.utime(tmp_path / path.name, (1590969600, 1590969600))
    return tmp_path


def rows_of(name):
    return [json.loads(line) for line in (GOLDEN / name).read_text().splitlines()]


def places(rows):
    return [(r["line"], r["offset"], r["match"], r["observable"]["kind"], r["observable"]["value"]) for r in rows]


def test_every_format_gives_the_hits_written_down(tocsin, golden):
    said = tocsin("scan", "--json", "--ioc", "indicators.txt", *LOGS)
    assert said.rows == rows_of("expected.jsonl")


FURTHER = {  # file: its format, and what must be seen in it: line, time, match, value
    "squid.log": ("squid", [
        (1, "2025-11-27T07:27:10.250000Z", "exact", "192.0.2.66"),
        (1, "2025-11-27T07:27:10.250000Z", "url-prefix", "http://drop.example/payload/a"),
        (1, "2025-11-27T07:27:10.250000Z", "cidr", "198.51.100.9"),
        (2, "2025-11-27T07:27:11.000000Z", "subdomain", "www.evil.example")]),
    "iis.log": ("w3c", [
        (5, "2025-11-22T07:37:10.000000Z", "exact", "//drop.example/payload"),
        (5, "2025-11-22T07:37:10.000000Z", "exact", "192.0.2.66"),
        (5, "2025-11-22T07:37:10.000000Z", "url-host", "higan.example"),
        (7, "2025-11-22T07:37:11.000000Z", "cidr", "198.51.100.9")]),
    "exchange.log": ("w3c", [
        (5, "2025-11-22T07:37:10.123000Z", "exact", "192.0.2.66"),
        (5, "2025-11-22T07:37:10.123000Z", "exact", "phisher@mail.example")]),
    "mail.log": ("syslog", [
        (1, "2019-11-22T07:37:10.000000Z", "subdomain", "mx.evil.example"),
        (1, "2019-11-22T07:37:10.000000Z", "exact", "192.0.2.66"),
        (2, "2019-11-22T07:37:11.000000Z", "exact", "phisher@mail.example"),
        (3, "2019-11-22T07:37:12.000000Z", "subdomain", "mx.higan.example"),
        (3, "2019-11-22T07:37:12.000000Z", "cidr", "198.51.100.9")]),
    "bind.log": ("dns", [
        (1, "2025-11-22T07:37:10.123000Z", "exact", "192.0.2.66"),
        (1, "2025-11-22T07:37:10.123000Z", "exact", "evil.example")]),
    "windows-dns.log": ("windows-dns", [
        (3, "2025-11-22T07:37:10.000000Z", "exact", "192.0.2.66"),
        (3, "2025-11-22T07:37:10.000000Z", "subdomain", "www.evil.example")]),
    "structured.log": ("syslog", [
        (1, "2025-11-22T07:37:10.003000Z", "exact", "192.0.2.66"),
        (1, "2025-11-22T07:37:10.003000Z", "exact", "6734f37431670b3ab4292b8f60f29984"),
        (1, "2025-11-22T07:37:10.003000Z", "exact", "evil.example"),
        (2, None, "cidr", "198.51.100.9")]),
    "events.xml": ("windows-xml", [
        (1, "2025-11-22T07:37:10.500000Z", "exact", "evil.example"),
        (1, "2025-11-22T07:37:10.500000Z", "url-prefix", "http://drop.example/payload?a=1&b=2"),
        (3, "2025-11-22T07:37:11.000000Z", "exact", "192.0.2.66")]),
    "ecs.json": ("ecs", [
        (1, "2025-11-22T07:37:10.000000Z", "exact", "192.0.2.66"),
        (1, "2025-11-22T07:37:10.000000Z", "url-prefix", "//drop.example/payload?a=1"),
        (2, "2025-11-22T07:37:11.000000Z", "exact", "evil.example")]),
    "winlog.json": ("windows-json", [
        (1, "2025-11-22T07:37:10.123456Z", "exact", "192.0.2.66"),
        (2, "2025-11-22T07:37:11.000000Z", "subdomain", "www.evil.example")]),
}


@pytest.mark.parametrize("name", FURTHER)
def test_further_formats_give_what_was_written_in_sniffed_and_named(tocsin, golden, name):
    kind, want = FURTHER[name]
    for forced in [], ["--format", kind]:
        rows = tocsin("scan", "--json", *forced, "--ioc", "indicators.txt", name).rows
        assert [(r["line"], r.get("time"), r["match"], r["observable"]["value"]) for r in rows] == want
    raw = (golden / name).read_bytes()
    for row in rows:
        assert raw[:row["offset"]].count(b"\n") + 1 == row["line"]


def test_a_place_leads_to_what_was_seen(tocsin, golden):
    for row in tocsin("scan", "--json", "--ioc", "indicators.txt", *LOGS).rows:
        raw = (golden / row["file"]).read_bytes()
        assert raw[:row["offset"]].count(b"\n") + 1 == row["line"]
        seen = row["observable"]["value"].encode()
        if row["observable"]["kind"] in ("domain", "ipv4", "md5", "ja3", "email") and b"xn--" not in seen:
            assert raw[row["offset"]:row["offset"] + len(seen)].lower() == seen


def test_defanged_reports_are_read_when_asked(tocsin, golden):
    said = tocsin("scan", "--json", "--defanged", "--ioc", "indicators.txt", "report.txt")
    assert said.rows == rows_of("expected-defanged.jsonl")


def test_packed_logs_give_the_same_hits(tocsin, golden):
    plain = (golden / "eve.json").read_bytes()
    (golden / "a.gz").write_bytes(gzip.compress(plain[:200]) + gzip.compress(plain[200:]))
    (golden / "a.xz").write_bytes(lzma.compress(plain))
    names = ["a.gz", "a.xz"]
    if shutil.which("zstd"):
        (golden / "a.zst").write_bytes(subprocess.run(["zstd", "-qc"], input=plain, capture_output=True).stdout)
        names.append("a.zst")
    want = places(tocsin("scan", "--json", "--ioc", "indicators.txt", "eve.json").rows)
    assert want
    for name in names:
        assert places(tocsin("scan", "--json", "--ioc", "indicators.txt", name).rows) == want
    said = tocsin("scan", "--json", "--ioc", "indicators.txt", "-", stdin=(golden / "a.gz").read_bytes())
    assert places(said.rows) == want and all(r["file"] == "-" for r in said.rows)


def test_a_file_cut_off_is_scanned_as_far_as_it_goes_and_exits_3(tocsin, golden):
    lines = b"".join(b"%d 192.0.2.66\n" % i for i in range(20000))
    packed = gzip.compress(lines)
    (golden / "cut.gz").write_bytes(packed[:-2000])
    said = tocsin("scan", "--json", "--ioc", "indicators.txt", "cut.gz", code=3)
    assert "cut.gz: cut off" in said.err
    assert 1000 < len(said.rows) < 20000


def test_utf16_is_read_and_places_are_those_of_the_file(tocsin, golden):
    lines = "first \u20ac line\r\nsecond \U0001f600 evil.example\r\n"
    # Without a mark the first 32 characters say what it is.
    for order, text in itertools.product(("utf-16-le", "utf-16-be"), ("\ufeff" + lines, "2026-01-01T00:00:00Z a line of a log " + lines)):
        raw = text.encode(order)
        (golden / "wide.log").write_bytes(raw)
        (golden / "wide.log.gz").write_bytes(gzip.compress(raw))
        for name in ("wide.log", "wide.log.gz"):
            row, = tocsin("scan", "--json", "--ioc", "indicators.txt", name).rows
            assert row["line"] == 2
            assert raw[row["offset"]:row["offset"] + 24].decode(order) == "evil.example"
        (golden / "wide.txt").write_bytes((text[:1].replace("2", "") + "evil.example\r\n").encode(order))
        assert tocsin("scan", "--json", "--ioc", "wide.txt", "wide.log").rows


def test_a_long_utf16_file_is_read_across_its_buffers(tocsin, golden, rng):
    lines = ["\U0001f600\u20acx"[rng.randrange(3)] * rng.randrange(200) + " evil.example" for _ in range(5000)]
    (golden / "wide.log").write_bytes(("\ufeff" + "\n".join(lines)).encode("utf-16-le"))
    rows = tocsin("scan", "--json", "--ioc", "indicators.txt", "wide.log").rows
    assert [r["line"] for r in rows] == list(range(1, 5001))


def test_archives_and_what_is_packed_twice_are_refused_with_advice(tocsin, golden):
    plain = b"evil.example\n" * 9
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w") as out:
        out.addfile(tarfile.TarInfo("x.log"), io.BytesIO(b""))
    packed = {"a.gz": gzip.compress(gzip.compress(plain)), "a.xz": lzma.compress(lzma.compress(plain)),
              "a.bz2": bz2.compress(plain), "a.tar": tar.getvalue(), "a.tgz": gzip.compress(tar.getvalue()),
              "a.zip": b"PK\3\4" + plain}
    for name, raw in packed.items():
        (golden / name).write_bytes(raw)
        for extra in ([], ["--format", "lines"]):
            said = tocsin("scan", "--ioc", "indicators.txt", *extra, name, code=3)
            assert said.err.count(f"{name}: ") == 1 and "not read; unpack it" in said.err and not said.out
    (golden / "y.log").write_bytes(plain)
    assert len(tocsin("scan", "--json", "--ioc", "indicators.txt", "a.zip", "y.log", code=3).rows) == 9


def test_a_slow_pipe_is_scanned_as_it_comes(tmp_path):
    """What is there is scanned when two lines are there, not when a buffer is full."""
    (tmp_path / "i.txt").write_text("evil.example\n")
    run = subprocess.Popen([BIN, "scan", "--json", "--follow", "--ioc", "i.txt", "-"], cwd=tmp_path, stdin=subprocess.PIPE,
                           stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    run.stdin.write(b"one\nevil.example\n")
    run.stdin.flush()
    assert json.loads(run.stdout.readline())["line"] == 2
    run.stdin.close()
    assert run.wait(20) == 0


def test_unreadable_files_are_told_and_the_rest_is_scanned(tocsin, golden):
    said = tocsin("scan", "--json", "--ioc", "indicators.txt", "nosuch.log", "table.csv", code=3)
    assert "nosuch.log: No such file or directory" in said.err
    assert len(said.rows) == 3


def test_folders_are_walked_in_order_and_links_are_not(tocsin, golden):
    for name in ("b/c/two.log", "a/one.log"):
        path = golden / "tree" / name
        path.parent.mkdir(parents=True)
        path.write_text("evil.example\n")
    (golden / "tree" / "loop").symlink_to(golden / "tree")
    os.mkfifo(golden / "tree" / "pipe")
    said = tocsin("scan", "--json", "--ioc", "indicators.txt", "tree")
    assert [r["file"] for r in said.rows] == ["tree/a/one.log", "tree/b/c/two.log"]


def test_exit_codes_and_usage(tocsin, golden):
    (golden / "none.log").write_text("nothing here\n")
    assert tocsin("scan", "--ioc", "indicators.txt", "none.log", code=1).out == ""
    assert "no such" in tocsin("scan", "--ioc", "nosuch", "none.log", code=3).err.lower()
    assert "--format takes" in tocsin("scan", "--ioc", "indicators.txt", "--format", "pdf", "none.log", code=2).err
    assert "exclude each other" in tocsin("scan", "--ioc", "indicators.txt", "-c", "-l", "none.log", code=2).err
    tocsin("scan", "--ioc", "indicators.txt", "--follow", "-C", "3", "none.log", code=2)
    tocsin("scan", "--ioc", "indicators.txt", code=2)


def test_it_prints_like_grep(tocsin, golden):
    (golden / "x.log").write_text("one\ntwo\nevil.example\nfour\nfive\nsix\nseven\nwww.evil.example 192.0.2.66\n")
    run = lambda *args: tocsin("scan", "--quiet", "--ioc", "indicators.txt", *args).out
    assert run("x.log") == ("3:evil.example\n  ^ exact: domain evil.example\n"
                            "8:www.evil.example 192.0.2.66\n"
                            "  ^ subdomain: domain www.evil.example under evil.example\n"
                            "  ^ exact: ipv4 192.0.2.66\n")
    assert run("-c", "x.log") == "2\n"
    assert run("-c", "x.log", "report.txt") == "x.log:2\nreport.txt:1\n"
    assert run("-l", "x.log", "table.csv") == "x.log\ntable.csv\n"
    assert run("-o", "x.log") == "3:evil.example\n8:www.evil.example\n8:192.0.2.66\n"
    context = [line for line in run("-B1", "-A", "2", "x.log").splitlines() if not line.startswith("  ^")]
    assert context == ["2-two", "3:evil.example", "4-four", "5-five", "--", "7-seven",
                       "8:www.evil.example 192.0.2.66"]
    joined = [line for line in run("-C3", "x.log").splitlines() if not line.startswith("  ^")]
    assert joined == ["1-one", "2-two", "3:evil.example", "4-four", "5-five", "6-six", "7-seven",
                      "8:www.evil.example 192.0.2.66"]


def test_hits_are_counted_by_indicator(tocsin, golden):
    (golden / "x.log").write_text("evil.example\n" * 3 + "192.0.2.66\nhigan.example a.evil.example\n")
    said = tocsin("scan", "--count", "--json", "--ioc", "indicators.txt", "x.log").rows
    assert [(r["hits"], r["pattern"]) for r in said] == [
        (4, "[domain-name:value = 'evil.example']"), (1, "[domain-name:value = 'higan.example']"),
        (1, "[ipv4-addr:value = '192.0.2.66']")]
    assert tocsin("scan", "--top", "1", "--ioc", "indicators.txt", "x.log").out.split() == [
        "4", "[domain-name:value", "=", "'evil.example']"]


def test_events_outside_the_time_asked_for_are_left_out(tocsin, golden):
    run = lambda *args, code=0: [r["line"] for r in tocsin(
        "scan", "--json", "--ioc", "indicators.txt", *args, "zeek.log", code=code).rows]
    assert run("--since", "2026-01-01T00:00:02Z") == [10]
    assert run("--until", "2026-01-01T00:00:01Z") == [8, 8]
    assert run("--since", "2026-01-01T00:00:03Z", code=1) == []


def indicator(pattern, **more):
    made = {"type": "indicator", "spec_version": "2.1", "id": f"indicator--8e2e2d2b-17d4-4cbf-938f-{abs(hash(pattern)) % 10**12:012d}",
            "created": "2020-01-01T00:00:00.000Z", "modified": "2020-01-01T00:00:00.000Z",
            "created_by_ref": "identity--311b2d2d-f010-4473-83ec-1edf84858f4c",
            "pattern": pattern, "pattern_type": "stix", "valid_from": "2020-01-01T00:00:00Z"}
    return made | more


def stix_file(path, objects, shape):
    if shape == "lines":
        path.write_text("".join(json.dumps(o) + "\n" for o in objects))
    else:
        bundle = {"type": "bundle", "id": "bundle--5d0092c5-5f74-4287-9642-33f4c354e56d", "objects": objects}
        path.write_text(json.dumps(bundle, indent=2 if shape == "pretty" else None))


@pytest.mark.parametrize("shape", ["bundle", "pretty", "lines"])
def test_stix_indicators_are_exact_dated_and_say_who(tocsin, tmp_path, shape):
    good = indicator("[domain-name:value = 'evil.example']", name="C2", confidence=70,
                     object_marking_refs=["marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421"])
    stix_file(tmp_path / "i.json", [
        {"type": "identity", "spec_version": "2.1", "id": "identity--311b2d2d-f010-4473-83ec-1edf84858f4c",
         "created": "2020-01-01T00:00:00.000Z", "modified": "2020-01-01T00:00:00.000Z", "name": "CERT-A"},
        good, indicator("[domain-name:value = 'old.example']", valid_until="2021-01-01T00:00:00Z"),
        indicator("[domain-name:value = 'gone.example']", revoked=True),
        indicator("[domain-name:value = 'a.example' AND url:value = 'http://a.example/']"),
        indicator("[domain-name:value = 'a.example'] AND [network-traffic:dst_port = 443]"),
        indicator("alert tcp any any -> any any", pattern_type="snort"),
        indicator("[domain-name:value = "), {"type": "indicator", "id": "indicator--broken"}], shape)
    (tmp_path / "x.log").write_text("2022-01-01T00:00:00Z evil.example www.evil.example old.example gone.example "
                                    "a.example\n2020-06-01T00:00:00Z old.example\n2019-06-01T00:00:00Z evil.example\n")
    said = tocsin("scan", "--json", "--ioc", "i.json", "x.log")
    assert [(r["line"], r["observable"]["value"]) for r in said.rows] == [(1, "evil.example"), (2, "old.example")]
    first = said.rows[0]
    assert (first["indicator"], first["name"], first["confidence"], first["party"]) == (
        good["id"], "C2", 70, "identity--311b2d2d-f010-4473-83ec-1edf84858f4c")
    assert first["pattern"] == good["pattern"] and first["tlp"].startswith("amber")
    assert "1 in other languages" in said.err and "1 revoked" in said.err
    assert "1 patterns have a part that any record may be" in said.err and "2 not understood" in said.err
    assert "2 left out: the indicator was not valid then" in said.err


def test_csv_indicators_and_several_files(tocsin, tmp_path):
    (tmp_path / "i.csv").write_text("type,value,comment\ndomain,evil[.]example,\"loader, two\"\nip,192.0.2.66,\n")
    (tmp_path / "i.txt.gz").write_bytes(gzip.compress(b"other.example\n"))
    (tmp_path / "x.log").write_text("evil.example 192.0.2.66 other.example\n")
    rows = tocsin("scan", "--json", "--ioc", "i.csv", "--ioc", "i.txt.gz", "x.log").rows
    assert [r["observable"]["value"] for r in rows] == ["evil.example", "192.0.2.66", "other.example"]
    assert rows[0]["name"] == "loader, two"


def test_warninglists_keep_quiet_what_is_harmless(tocsin, golden):
    (golden / "warn.json").write_text(json.dumps({"name": "fine", "type": "hostname", "list": ["evil.example"]}))
    (golden / "x.log").write_text("www.evil.example\nhigan.example\n")
    said = tocsin("scan", "--json", "--warninglist", "warn.json", "--ioc", "indicators.txt", "x.log")
    assert [r["observable"]["value"] for r in said.rows] == ["higan.example"]
    assert "1 left out by warninglists" in said.err


def test_sightings_come_out_as_stix_without_the_inside(tocsin, tmp_path):
    red = ["marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1"]
    stix_file(tmp_path / "i.json", [indicator("[ipv4-addr:value ISSUBSET '0.0.0.0/0']"),
                                    indicator("[domain-name:value = 'red.example']", object_marking_refs=red)], "bundle")
    (tmp_path / "x.log").write_text("2026-01-01T00:00:00Z 10.0.0.5 192.0.2.66\n2026-01-01T06:00:00Z 192.0.2.66 red.example\n")
    said = tocsin("scan", "--ioc", "i.json", "--stix", "out.json", "x.log")
    assert "1 hits on indicators under TLP:RED left out" in said.err
    text = (tmp_path / "out.json").read_text()
    objects = json.loads(text)["objects"]
    kinds = {o["type"]: o for o in objects}
    assert sorted(o["type"] for o in objects) == ["ipv4-addr", "observed-data", "sighting"]
    assert "10.0.0.5" not in text and "red.example" not in text
    assert kinds["ipv4-addr"]["value"] == "192.0.2.66"
    assert kinds["observed-data"]["number_observed"] == 2
    assert kinds["observed-data"]["object_refs"] == [kinds["ipv4-addr"]["id"]]
    assert kinds["sighting"]["count"] == 3
    assert kinds["sighting"]["observed_data_refs"] == [kinds["observed-data"]["id"]]
    assert (kinds["sighting"]["first_seen"], kinds["sighting"]["last_seen"]) == (
        "2026-01-01T00:00:00.000000Z", "2026-01-01T06:00:00.000000Z")


class Follower:
    def __init__(self, folder, *names):
        self.out = open(folder / "follow.out", "wb")
        self.path = folder / "follow.out"
        self.run = subprocess.Popen([BIN, "scan", "--json", "--follow", "--ioc", "i.txt", *names], cwd=folder,
                                    stdout=self.out, stderr=subprocess.DEVNULL)

    def wait(self, count):
        end = time.monotonic() + 20
        while time.monotonic() < end:
            rows = [json.loads(line) for line in self.path.read_text().splitlines()]
            if len(rows) >= count:
                return rows
            time.sleep(0.05)
        raise AssertionError(f"{count} hits awaited, got {self.path.read_text()}")

    def stop(self):
        self.run.send_signal(signal.SIGTERM)
        self.run.wait(20)
        self.out.close()


def test_growing_files_are_followed_through_rotation_and_truncation(tmp_path):
    (tmp_path / "i.txt").write_text("evil.example\n")
    log = tmp_path / "x.log"
    log.write_text("evil.example first\n")
    f = Follower(tmp_path, "x.log")
    try:
        f.wait(1)
        with log.open("a") as out:
            out.write("nothing\nwww.evil.ex")
            out.flush()
            time.sleep(0.6)
            out.write("ample half and half\n")
        rows = f.wait(2)
        assert (rows[1]["line"], rows[1]["observable"]["value"]) == (3, "www.evil.example")
        with log.open("a") as out:
            out.write("evil.example unfinished")
        log.rename(tmp_path / "x.log.1")
        log.write_text("evil.example rotated\n")
        rows = f.wait(4)
        assert [(r["line"], r["offset"]) for r in rows[2:]] == [(4, 58), (1, 0)]
        log.write_text("evil.example\n")
        rows = f.wait(5)
        assert len(rows) == 5 and rows[4]["line"] == 1
    finally:
        f.stop()


def test_a_file_that_comes_later_is_followed_and_a_fault_is_told_once(tmp_path):
    (tmp_path / "i.txt").write_text("evil.example\n")
    (tmp_path / "bad.gz").write_bytes(gzip.compress(b"evil.example\n" * 9)[:-4])
    with open(tmp_path / "err", "wb") as err:
        run = subprocess.Popen([BIN, "scan", "--json", "--follow", "--ioc", "i.txt", "late.log", "bad.gz"], cwd=tmp_path,
                               stdout=subprocess.PIPE, stderr=err)
        first = [json.loads(run.stdout.readline()) for _ in range(9)]
        assert {r["file"] for r in first} == {"bad.gz"}
        time.sleep(1)
        (tmp_path / "late.log").write_text("evil.example\n")
        assert json.loads(run.stdout.readline())["file"] == "late.log"
        (tmp_path / "bad.gz").rename(tmp_path / "bad.gz.1")
        (tmp_path / "bad.gz").write_text("evil.example\n")
        assert json.loads(run.stdout.readline())["file"] == "bad.gz"
        run.send_signal(signal.SIGTERM)
        assert run.wait(20) == 3
    said = (tmp_path / "err").read_text()
    assert said.count("bad.gz: cut off") == 1 and said.count("late.log: not there yet") == 1


def test_following_ends_in_order_and_writes_its_sightings(tmp_path):
    (tmp_path / "i.txt").write_text("evil.example\n")
    (tmp_path / "x.log").write_text("evil.example\n")
    for words in (["x.log"], ["-"]):
        run = subprocess.Popen([BIN, "scan", "--json", "--follow", "--stix", "out.json", "--ioc", "i.txt", *words], cwd=tmp_path,
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        run.stdin.write(b"one\nevil.example\n")
        run.stdin.flush()
        assert run.stdout.readline()
        run.send_signal(signal.SIGTERM)
        assert run.wait(20) == 0
        kinds = {o["type"] for o in json.loads((tmp_path / "out.json").read_text())["objects"]}
        assert "sighting" in kinds
        (tmp_path / "out.json").unlink()


def test_only_matching_and_files_with_hits_speak_json_too(tocsin, golden):
    (golden / "x.log").write_text("evil.example\nnothing\n")
    run = lambda *args: tocsin("scan", "--json", "--ioc", "indicators.txt", *args).rows
    assert run("-l", "x.log") == [{"file": "x.log"}]
    assert run("-o", "x.log") == run("x.log") != []


def test_a_reader_that_goes_away_ends_it(tmp_path):
    (tmp_path / "i.txt").write_text("evil.example\n")
    (tmp_path / "x.log").write_text("evil.example\n" * 200000)
    run = subprocess.Popen([BIN, "scan", "--json", "--ioc", "i.txt", "x.log"], cwd=tmp_path, stdout=subprocess.PIPE,
                           stderr=subprocess.DEVNULL)
    assert run.stdout.readline().startswith(b"{")
    run.stdout.close()
    assert run.wait(20) != 0


# ---- an oracle that knows nothing of ours: what the rules for tokens say, in Python ----

NETS = ["198.51.100.0/24", "203.0.113.128/25", "10.0.0.0/8"]
ADDRESSES = ["192.0.2.66", "8.8.4.4", "203.0.113.200", "1.2.3.4"]
NAMES = ["evil.example", "a.b.bad.example", "higan.org", "x-y.example", "under_score.example", "c0.io"]
HASHES = [MD5, "da39a3ee5e6b4b0d3255bfef95601890afd80709",
          "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"]


def oracle(line):
    """What a line of ASCII without escapes, colons, slashes, @ and brackets must give."""
    found = set()
    for word in re.findall(r"[A-Za-z0-9._-]+", line):
        for run in re.findall(r"[A-Za-z0-9]+", word):
            if run.lower() in HASHES:
                found.add(("exact", "hash", run.lower()))
        for part, dotted in split_dots(word):
            inner = part.strip(".-")
            if len(inner) < 4:
                continue
            if re.fullmatch(r"[0-9.-]+", inner):
                if not dotted:
                    for one in addresses(inner):
                        if one in ADDRESSES:
                            found.add(("exact", "ipv4", one))
                        for net in NETS:
                            if ipaddress.ip_address(one) in ipaddress.ip_network(net):
                                found.add(("cidr", "ipv4", one, net))
                continue
            labels = inner.lower().split(".")
            if not is_name(labels):
                continue
            for i in range(len(labels)):
                if ".".join(labels[i:]) in NAMES:
                    found.add(("subdomain" if i else "exact", "domain", ".".join(labels), ".".join(labels[i:])))
    return found


def split_dots(word):
    """Pieces between runs of two and more dots, each with whether one dot alone stands before it."""
    pieces = re.split(r"\.{2,}", word)
    return [(p, i == 0 and p.startswith(".")) for i, p in enumerate(pieces)]


def is_quad(text):
    parts = text.split(".")
    return len(parts) == 4 and all(re.fullmatch(r"0|[1-9][0-9]{0,2}", p) and int(p) < 256 for p in parts)


def addresses(text):
    if is_quad(text):
        return [text]
    first, hyphen, second = text.partition("-")
    return [first, second] if hyphen and is_quad(first) and is_quad(second) else []


def is_name(labels):
    whole = ".".join(labels)
    return (len(labels) > 1 and len(whole) <= 253 and all(1 <= len(x) <= 63 for x in labels)
            and len(labels[-1]) > 1 and re.search("[a-z]", labels[-1]) is not None)


def random_token(rng):
    base = rng.choice(NAMES + ADDRESSES + HASHES + ["198.51.100.7", "203.0.113.127", "10.9.8.7", "1.2.3", "7", "a", "zz"])
    for _ in range(rng.choice([0, 0, 1, 1, 2])):
        way = rng.randrange(9)
        if way == 0:
            base = rng.choice("abz019-_.") + base
        elif way == 1:
            base += rng.choice("abz019-_.")
        elif way == 2:
            base = rng.choice(["www.", "m-", "x_", "..", "v", "a" * 63 + ".", "b" * 64 + ".", "-", "mic"]) + base
        elif way == 3:
            base += rng.choice([".org", ".1", "..", ".com.", "-", "-beta", ".exe"])
        elif way == 4:
            base = base.upper()
        elif way == 5:
            base = base + "-" + rng.choice(ADDRESSES + NAMES)
        elif way == 6:
            cut = rng.randrange(len(base))
            base = base[:cut] + rng.choice(".-_x0") + base[cut:]
        elif way == 7:
            base = base[rng.randrange(len(base)):]
        else:
            base = ".".join([base] * rng.choice([2, 30]))
    return base


def test_ten_thousand_random_lines_agree_with_the_oracle(tocsin, tmp_path, rng):
    (tmp_path / "i.txt").write_text("\n".join(NETS + ADDRESSES + NAMES + HASHES) + "\n")
    lines = [rng.choice([" ", ";", "(", "\"", "=", "<"]).join(random_token(rng) for _ in range(rng.randrange(6)))
             for _ in range(10000)]
    # A first line that is nobody's format, so that each is read as text.
    (tmp_path / "x.log").write_text("text\n" + "\n".join(lines) + "\n")
    got = {}
    for row in tocsin("scan", "--json", "--format", "lines", "--ioc", "i.txt", "x.log").rows:
        seen, pattern = row["observable"], re.search(r"'([^']+)'\]$", row["pattern"]).group(1)
        if seen["kind"] in ("md5", "sha1", "sha256"):
            entry = (row["match"], "hash", seen["value"])
        elif row["match"] == "exact" and seen["kind"] == "ipv4":
            entry = ("exact", "ipv4", seen["value"])
        else:
            entry = (row["match"], seen["kind"], seen["value"], pattern)
        got.setdefault(row["line"] - 2, set()).add(entry)
    hits = 0
    for number, line in enumerate(lines):
        want = oracle(line)
        hits += len(want)
        assert got.get(number, set()) == want, f"line {number}: {line!r}"
    assert hits > 3000


def test_the_same_events_in_five_formats_give_the_same_hits(tocsin, tmp_path, rng):
    (tmp_path / "i.txt").write_text("\n".join(NETS + ADDRESSES + NAMES + HASHES) + "\n")
    rows = [[random_token(rng) for _ in range(3)] for _ in range(800)]
    files = {
        "lines": "\n".join(" ".join(r) for r in rows),
        "json": "\n".join(json.dumps(dict(zip("abc", r))) for r in rows),
        "csv": "aa,bb,cc\n" + "\n".join(",".join(r) for r in rows),
        "zeek": "#separator \\x09\n#fields\ta\tb\tc\n" + "\n".join("\t".join(r) for r in rows),
        "eve": "\n".join(json.dumps({"event_type": "x", "deep": [{"er": x} for x in r]}) for r in rows),
    }
    first = {"csv": 1, "zeek": 2}
    results = {}
    for name, text in files.items():
        (tmp_path / f"{name}.log").write_text(text + "\n")
        said = tocsin("scan", "--json", "--format", name, "--ioc", "i.txt", f"{name}.log").rows
        results[name] = sorted((r["line"] - first.get(name, 0), r["match"], r["observable"]["value"], r["pattern"])
                               for r in said)
    assert len(results["lines"]) > 300
    for name in files:
        assert results[name] == results["lines"], name


def test_a_file_split_at_any_place_between_lines_gives_the_same_hits(tocsin, golden, rng):
    """Buffers of the reader end inside words: lines around each multiple of them."""
    body = bytearray()
    want = 0
    while len(body) < 1_200_000:
        body += b"x" * rng.randrange(2000) + b" "
        if rng.randrange(4) == 0:
            body += b"www.evil.example"
            want += 1
        body += b"\n"
    (golden / "big.log").write_bytes(bytes(body))
    assert len(tocsin("scan", "--json", "--ioc", "indicators.txt", "big.log").rows) == want


@bounded
def test_a_line_of_a_hundred_megabytes_is_scanned_in_little_memory(tmp_path):
    (tmp_path / "i.txt").write_text("evil.example\n")
    with open(tmp_path / "x.log", "wb") as out:
        for _ in range(100):
            out.write(b"word " * 200000)
        out.write(b"evil.example\n")
    run = subprocess.run(["sh", "-c", 'ulimit -v 300000; exec "$0" "$@"', BIN, "scan", "--json", "--ioc", "i.txt", "x.log"],
                         cwd=tmp_path, capture_output=True, timeout=120)
    rows = [json.loads(line) for line in run.stdout.splitlines()]
    assert [(r["line"], r["offset"]) for r in rows] == [(1, 100_000_000)]


def test_the_shared_logs_give_the_same_hits_in_both_of_zeeks_formats(tocsin, tmp_path, shared):
    shared = shared.resolve()
    subprocess.run(["tar", "--zstd", "-xf", shared / "data/logs/logs.tar.zst"], cwd=tmp_path, check=True)
    ioc = shared / "data/indicators/indicators-real.txt.zst"
    counts = {}
    for kind, end in (("zeek-json", "json"), ("zeek-default", "log")):
        names = [f"logs/{kind}/{n}.{end}" for n in ("dns", "ssl", "weird", "x509", "smtp", "ntp")]
        rows = tocsin("scan", "--json", "--ioc", ioc, *names).rows
        for row in rows:
            key = (pathlib.Path(row["file"]).stem, row["pattern"], row["observable"]["value"], row["time"])
            counts.setdefault(key, {}).setdefault(kind, 0)
            counts[key][kind] += 1
    assert sum(c.get("zeek-json", 0) for c in counts.values()) > 1500
    # Times in Zeek's JSON are rounded to whole microseconds as in the tables.
    different = [k for k, c in counts.items() if c.get("zeek-json", 0) != c.get("zeek-default", 0)]
    assert not different, different[:5]


def test_hits_are_told_by_the_machine_they_are_about(tocsin, tmp_path):
    """The inside end of a flow, whichever it is; what a host says of itself; a log in which nobody can tell."""
    (tmp_path / "list").write_text("evil.example\n198.51.100.7\n198.51.100.8\n")
    (tmp_path / "conn.log").write_text(
        "#separator \\x09\n#fields\tts\tid.orig_h\tid.resp_h\tserver_name\n#types\ttime\taddr\taddr\tstring\n"
        "1767225600.0\t10.0.0.9\t198.51.100.7\tevil.example\n1767225660.0\t198.51.100.8\t10.0.0.5\t-\n"
        "1767225720.0\t10.0.0.9\t198.51.100.7\t-\n")
    (tmp_path / "auth.log").write_text("Jan  1 00:00:00 gate sshd[1]: Failed password for root from 198.51.100.7 port 4 ssh2\n"
                                       "Jan  1 00:00:01 gate dhcpd: 10.0.0.9 asked for evil.example\n")
    (tmp_path / "plain").write_text("evil.example was seen by 192.168.1.4 and 127.0.0.1\nevil.example was seen\n")
    logs = ["conn.log", "auth.log", "plain"]
    rows = {r.get("asset", r.get("file")): r for r in tocsin("scan", "--assets", "--json", "--ioc", "list", *logs).rows}
    assert {k: (r["indicators"], r["hits"]) for k, r in rows.items()} == {
        "10.0.0.9": (2, 3), "10.0.0.5": (1, 1), "gate": (2, 2), "192.168.1.4": (1, 1), "plain": (1, 1)}
    assert rows["10.0.0.9"]["first"] == "2026-01-01T00:00:00.000000Z" and rows["10.0.0.9"]["last"] == "2026-01-01T00:02:00.000000Z"
    assert sorted(rows["10.0.0.9"]["patterns"]) == ["[domain-name:value = 'evil.example']", "[ipv4-addr:value = '198.51.100.7']"]
    said = tocsin("scan", "--assets", "--top", 1, "--ioc", "list", *logs).out
    assert said.count("\n") == 1 and "3 hits" in said and "2 indicators  10.0.0.9" in said
    tocsin("scan", "--assets", "--count", "--ioc", "list", *logs, code=2)


def test_what_a_site_knows_to_be_harmless_may_be_a_plain_list(tocsin, tmp_path):
    (tmp_path / "list").write_text("evil.example\nfine.example\n198.51.100.7\n")
    (tmp_path / "ours").write_text("# partners\nfine.example\n198.51.100.0/24\nno value here\n")
    (tmp_path / "log").write_text("evil.example\nwww.fine.example\n198.51.100.7\n")
    said = tocsin("scan", "--json", "--ioc", "list", "--warninglist", "ours", "log")
    assert [r["observable"]["value"] for r in said.rows] == ["evil.example"]
    assert "ours: 1 entry not understood" in said.err and "2 left out by warninglists" in said.err


def test_patterns_of_names_are_expanded_where_no_shell_did(tocsin, tmp_path):
    (tmp_path / "list").write_text("evil.example\n")
    (tmp_path / "logs").mkdir()
    for name in "a.log", "b.log", "c.txt", "d[1].log":
        (tmp_path / "logs" / name).write_text("evil.example\n")
    assert [r["file"] for r in tocsin("scan", "--json", "--ioc", "list", "logs/[ab].*").rows] == ["logs/a.log", "logs/b.log"]
    assert [r["file"] for r in tocsin("scan", "--json", "--ioc", "list", "logs/d[1].log").rows] == ["logs/d[1].log"]
    assert "logs/*.gz: No such file" in tocsin("scan", "--ioc", "list", "logs/*.gz", code=3).err
