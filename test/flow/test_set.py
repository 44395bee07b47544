"""The set command: what is compiled answers as the lists did, is replaced whole, and is refused when it is not whole."""
import json
import os
import pathlib
import select
import shutil
import signal
import subprocess
import time

import pytest

from conftest import BIN

GOLDEN = pathlib.Path(__file__).resolve().parent.parent / "golden" / "match"
LOGS = ["zeek.log", "eve.json", "access.log", "auth.log", "table.csv", "report.txt"]


@pytest.fixture
def golden(tmp_path):
    for path in GOLDEN.iterdir():
        shutil.copy(path, tmp_path)
        os.utime(tmp_path / path.name, (1590969600, 1590969600))
    return tmp_path


def indicator(number, pattern, **more):
    return {"type": "indicator", "spec_version": "2.1", "id": f"indicator--{number:08x}-0000-4000-8000-000000000000",
            "created": "2026-01-01T00:00:00.000Z", "modified": "2026-01-01T00:00:00.000Z", "pattern_type": "stix",
            "pattern": pattern, "valid_from": "2020-01-01T00:00:00Z", **more}


def bundle(path, *objects):
    path.write_text(json.dumps({"type": "bundle", "id": "bundle--00000000-0000-4000-8000-000000000001",
                                "objects": objects}))


def test_a_compiled_set_finds_what_its_list_finds(tocsin, golden):
    want = [json.loads(line) for line in (GOLDEN / "expected.jsonl").read_text().splitlines()]
    tocsin("set", "build", "--ioc", "indicators.txt", "--out", "a.set")
    for cpu in ("plain", "c", "avx2", "avx512"):
        assert tocsin("scan", "--json", "--set", "a.set", *LOGS, env={"TOCSIN_CPU": cpu}).rows == want
    # Parted: most of it compiled, the rest named beside it.
    lines = (golden / "indicators.txt").read_text().splitlines(keepends=True)
    for cut in (1, len(lines) // 2, len(lines) - 1):
        (golden / "old.txt").write_text("".join(lines[:cut]) + "unseen.example\n")
        (golden / "new.txt").write_text("".join(lines[cut:]))
        tocsin("set", "build", "--ioc", "old.txt", "--out", "b.set")
        rows = tocsin("scan", "--json", "--set", "b.set", "--ioc", "new.txt", *LOGS).rows
        assert sorted(map(json.dumps, rows)) == sorted(map(json.dumps, want))


def test_what_stix_says_comes_back_and_newer_versions_take_its_place(tocsin, tmp_path):
    facts = {"name": "Dropper", "confidence": 70, "valid_until": "2099-01-01T00:00:00Z",
             "created_by_ref": "identity--00000000-0000-4000-8000-00000000000a"}
    bundle(tmp_path / "a.json", indicator(1, "[domain-name:value = 'evil.example']", **facts),
           indicator(2, "[ipv4-addr:value = '192.0.2.1' OR domain-name:value = 'two.example']", name="Two"),
           indicator(3, "[domain-name:value = 'old.example']", valid_until="2021-01-01T00:00:00Z"),
           indicator(4, "[domain-name:value = 'gone.example']", revoked=True))
    (tmp_path / "log").write_text("evil.example\n192.0.2.1 two.example\nold.example gone.example\n")
    tocsin("set", "build", "--ioc", "a.json", "--out", "a.set")
    want = tocsin("scan", "--json", "--ioc", "a.json", "log").rows
    assert [r["name"] for r in want] == ["Dropper", "Two", "Two"] and want[0]["confidence"] == 70
    assert tocsin("scan", "--json", "--set", "a.set", "log").rows == want
    # What came since: one withdrawn, one changed, one that was not there.
    bundle(tmp_path / "b.json", indicator(1, "[domain-name:value = 'evil.example']", revoked=True),
           indicator(2, "[domain-name:value = 'two.example']", name="Second"),
           indicator(5, "[domain-name:value = 'gone.example']"))
    rows = tocsin("scan", "--json", "--set", "a.set", "--ioc", "b.json", "log").rows
    assert [(r["observable"]["value"], r.get("name")) for r in rows] == [("two.example", "Second"), ("gone.example", None)]


def test_a_node_compiles_what_it_holds(tocsin, tmp_path):
    env = {"TOCSIN_NODE": str(tmp_path / "node")}
    tocsin("init", "--name", "A", "--country", "NO", env=env)
    tocsin("collection", "add", "c", env=env)
    empty = tocsin("set", "build", code=3, env=env)
    assert "no indicator" in empty.err and not (tmp_path / "node/set/armed.set").exists()
    bundle(tmp_path / "a.json", indicator(1, "[domain-name:value = 'evil.example']", name="Dropper"))
    tocsin("import", "--collection", "c", "a.json", env=env)
    assert "node/set/armed.set: 1 indicator in" in tocsin("set", "build", env=env).err
    shown, = tocsin("set", "show", "--json", env=env).rows
    assert shown["indicators"] == 1 and shown["kinds"] == {"domain": 1} and shown["age"] < 100
    assert "sound, 1 indicators" in tocsin("set", "verify", env=env).out
    (tmp_path / "log").write_text("evil.example\n")
    row, = tocsin("scan", "--json", "--set", "node/set/armed.set", "log").rows
    assert row["name"] == "Dropper"
    assert os.listdir(tmp_path / "node/set") == ["armed.set"]


def test_show_tells_kinds_bytes_format_and_age(tocsin, tmp_path):
    (tmp_path / "list").write_text("evil.example\n192.0.2.0/24\nhttp://evil.example/a\nevil.example/b\n")
    tocsin("set", "build", "--ioc", "list", "--out", "a.set")
    words = [line.split() for line in tocsin("set", "show", "a.set").out.splitlines()]
    assert words[:4] == [["cidr4", "1"], ["domain", "1"], ["url", "2"], ["indicators", "4"]]
    row, = tocsin("set", "show", "--json", "a.set").rows
    assert row["bytes"] == os.path.getsize(tmp_path / "a.set") == row["first_bytes"] + row["second_bytes"]
    assert row["format"] == 3 and row["kinds"] == {"cidr4": 1, "domain": 1, "url": 2}


def test_what_is_damaged_is_named_and_exits_1_and_what_is_not_there_3(tocsin, tmp_path):
    (tmp_path / "list").write_text("".join(f"h{i}.example\n" for i in range(1000)))
    tocsin("set", "build", "--ioc", "list", "--out", "a.set")
    good = (tmp_path / "a.set").read_bytes()
    (tmp_path / "log").write_text("h7.example\n")

    def damaged(data):
        (tmp_path / "bad.set").write_bytes(data)
        said = tocsin("set", "verify", "bad.set", code=1)
        assert "bad.set: " in said.err and "set build" in said.err
        row, = tocsin("set", "verify", "--json", "bad.set", code=1).rows
        assert row["sound"] is False and row["what"] in said.err
        return row["what"]

    assert "digest" in damaged(good[:9000] + bytes([good[9000] ^ 1]) + good[9001:])
    # A body that was never verified harms nobody.
    assert tocsin("scan", "--set", "bad.set", "log", code=None).code in (0, 1)
    assert "cut short" in damaged(good[:-100])
    for bad in (good[:-100], good[:300] + bytes([good[300] ^ 1]) + good[301:], b"h7.example\n", b""):
        if bad.startswith(b"TOCSIN"):
            damaged(bad)
        (tmp_path / "bad.set").write_bytes(bad)
        said = tocsin("scan", "--set", "bad.set", "log", code=3)
        assert "bad.set" in said.err and "set build" in said.err
    assert "newer" in damaged(good[:12] + b"\x09" + good[13:])
    for words in (("verify", "none.set"), ("show", "none.set")):
        assert "none.set" in tocsin("set", *words, code=3).err
    said = tocsin("scan", "--set", "none.set", "log", code=3)
    assert "set build --out none.set" in said.err


def test_words_that_do_not_go_together_are_usage(tocsin, tmp_path):
    (tmp_path / "list").write_text("evil.example\n")
    tocsin("set", "build", "--ioc", "list", code=2)
    tocsin("set", "build", "--ioc", "list", "--out", "a.set")
    tocsin("scan", "--set", "a.set", "--sight", "list", code=2)
    (tmp_path / "none").write_text("# nothing\n")
    said = tocsin("set", "build", "--ioc", "none", "--out", "b.set", code=3)
    assert "no indicator" in said.err and not (tmp_path / "b.set").exists()


def test_what_cannot_be_written_leaves_the_old_set_as_it_was(tocsin, tmp_path):
    (tmp_path / "list").write_text("".join(f"h{i}.example\n" for i in range(20000)))
    tocsin("set", "build", "--ioc", "list", "--out", "a.set")
    before = (tmp_path / "a.set").read_bytes()
    (tmp_path / "list").write_text("".join(f"g{i}.example\n" for i in range(60000)))
    run = subprocess.run(["bash", "-c", f"ulimit -f 500; trap '' XFSZ; exec {BIN} set build --ioc list --out a.set"],
                         cwd=tmp_path, capture_output=True, text=True)
    assert run.returncode == 3 and "a.set: cannot be written" in run.stderr
    assert (tmp_path / "a.set").read_bytes() == before
    assert sorted(os.listdir(tmp_path)) == ["a.set", "list"]


def test_a_scan_that_has_the_old_set_goes_on_with_it(tocsin, tmp_path):
    (tmp_path / "list").write_text("evil.example\n")
    tocsin("set", "build", "--ioc", "list", "--out", "a.set")
    (tmp_path / "log").write_text("evil.example 1\n")
    follow = subprocess.Popen([BIN, "scan", "--json", "--quiet", "--follow", "--set", "a.set", "log"], cwd=tmp_path,
                              stdout=subprocess.PIPE, text=True)
    try:
        assert json.loads(follow.stdout.readline())["line"] == 1
        (tmp_path / "list").write_text("other.example\n")
        tocsin("set", "build", "--ioc", "list", "--out", "a.set")
        with open(tmp_path / "log", "a") as log:
            log.write("evil.example 2\n")
        assert json.loads(follow.stdout.readline())["line"] == 2
    finally:
        follow.send_signal(signal.SIGTERM)
        follow.wait(20)
    assert tocsin("scan", "--json", "--set", "a.set", "log", code=1).rows == []


def test_a_large_set_opens_as_fast_as_a_small_one(tocsin, tmp_path):
    took = []
    (tmp_path / "log").write_text("evil.example\n")
    for count in (10, 300_000):
        (tmp_path / "list").write_text("evil.example\n" + "".join(f"h{i}.zone{i % 991}.example\n" for i in range(count)))
        tocsin("set", "build", "--ioc", "list", "--out", "a.set")
        runs = []
        for _ in range(5):
            start = time.monotonic()
            tocsin("set", "show", "a.set")
            runs.append(time.monotonic() - start)
        took.append(min(runs))
    assert took[1] < 10 * took[0] + 0.05


def test_on_a_terminal_who_waits_sees_how_far_it_is(tmp_path):
    """A list that comes slowly, until something was drawn."""
    ours, theirs = os.openpty()
    run = subprocess.Popen([BIN, "set", "build", "--ioc", "-", "--out", "a.set"], cwd=tmp_path, stdin=subprocess.PIPE, stderr=theirs)
    os.close(theirs)
    said, count = b"", 0
    for _ in range(40):
        run.stdin.write("".join(f"h{i}.example\n" for i in range(count, count + 50_000)).encode())
        run.stdin.flush()
        count += 50_000
        if select.select([ours], [], [], 0.3)[0]:
            said += os.read(ours, 4096)
        if b"indicators  " in said:
            break
    run.stdin.close()
    try:
        while piece := os.read(ours, 4096):
            said += piece
    except OSError:
        pass  # the other end is closed
    os.close(ours)
    assert run.wait(60) == 0
    drawn = said.decode().split("\r")
    assert any(line.startswith("reading  ") and "indicators  " in line for line in drawn), said
    assert f"{count} indicators in" in drawn[-2], said
