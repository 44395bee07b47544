"""The set command: what is compiled answers as the lists did, is replaced whole, and is refused when it is not whole."""
import json
import os
import pathlib
import select
import shutil
import signal
import subprocess

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


VALUES = {"domain-name:value": ["evil.example", "b.evil.example", "two.example"], "ipv4-addr:value": ["192.0.2.1", "198.51.100.7"],
          "url:value": ["http://evil.example/a", "https://two.example/p?q=1"], "email-addr:value": ["bad@mail.example"],
          "file:hashes.MD5": ["d41d8cd98f00b204e9800998ecf8427e"], "file:name": ["evil.exe", "run me.ps1"],
          "process:command_line": ["evil.exe -enc SQBFAFgA"], "process:name": ["evil.exe"], "mutex:name": ["Global\\\\EvilMutex"],
          "windows-registry-key:key": ["HKLM\\\\Software\\\\Evil"], "email-message:subject": ["Your parcel"],
          "network-traffic:extensions.'http-request-ext'.request_header.'User-Agent'[0]": ["evil-bot/1.0"]}
LIKE = {"domain-name:value": ["%.evil.example", "tw_.example"], "file:name": ["evil.%", "%.ps1"], "process:command_line": ["%-enc %"],
        "url:value": ["%two.example/p%"]}
MATCHES = {"domain-name:value": ["^[a-z]\\\\.evil", "two"], "file:name": ["ev[i]l\\\\.exe$"], "process:command_line": ["-enc [A-Z]+"],
           "ipv4-addr:value": ["^192\\\\.0"]}


def make_pattern(rng, depth=0):
    """Of all kinds: values, texts, LIKE, MATCHES, alternatives, several comparisons of one record, several records."""
    def comparison():
        table, op = rng.choice([(VALUES, "="), (VALUES, "="), (VALUES, "IN"), (LIKE, "LIKE"), (MATCHES, "MATCHES")])
        path = rng.choice(list(table))
        if op == "IN":
            return f"{path} IN ({', '.join(repr(v).replace(chr(92) * 4, chr(92) * 2) for v in table[path])})"
        return f"{path} {op} '{rng.choice(table[path])}'"

    def part():
        if rng.random() < 0.1:
            return "[network-traffic:dst_port = 443]"  # any record may be it
        inside = comparison()
        if rng.random() < 0.4:
            inside += f" {rng.choice(['OR', 'AND'])} {comparison()}"
        return f"[{inside}]"
    kind = rng.randrange(8)
    if kind < 4:
        return part()
    if kind == 4:
        return f"{part()} REPEATS 2 TIMES"
    joined = f"{part()} {rng.choice(['AND', 'FOLLOWEDBY', 'OR'])} {part()}"
    return f"({joined}) WITHIN 600 SECONDS" if kind == 5 else joined


def make_log(rng):
    words = [v.replace("\\\\", "\\") for values in VALUES.values() for v in values] + ["a.evil.example", "nothing", "C:\\Temp\\evil.exe"]
    lines = []
    for i in range(60):
        stamp = f"2026-01-02T10:{i:02}:00Z"
        word = rng.choice(words)
        row = {"timestamp": stamp, rng.choice(["note", "CommandLine", "Image", "query", "src_ip", "url", "http_user_agent", "TargetObject",
                                               "subject", "TargetFilename"]): word}
        if rng.random() < 0.3:
            row |= {"dest_ip": "203.0.113.9", "dest_port": rng.choice([443, 80])}
        lines.append(json.dumps(row) if rng.random() < 0.6 else f"{stamp} gw: {word} and {rng.choice(words)}")
    return "".join(line + "\n" for line in lines)


def test_what_is_compiled_finds_what_the_list_finds_whatever_it_holds(tocsin, tmp_path, rng):
    """Generated indicators of all kinds: compiled, or compiled in part and named in part, they make the same hits."""
    kinds, found = set(), 0
    for turn in range(25):
        rows = [indicator(i, make_pattern(rng), name=f"n{i}", confidence=rng.randrange(100)) for i in range(rng.randrange(1, 60))]
        bundle(tmp_path / "all.json", *rows)
        log = "a.json" if turn % 2 else "a.log"
        (tmp_path / log).write_text(make_log(rng))
        want = tocsin("scan", "--json", "--ioc", "all.json", log, code=None)
        built = tocsin("set", "build", "--ioc", "all.json", "--out", "all.set", code=None)
        if built.code:
            assert "no indicator to compile" in built.err and not want.rows
            continue
        assert "left out" not in built.err
        got = tocsin("scan", "--json", "--set", "all.set", log, code=want.code)
        assert sorted(map(json.dumps, got.rows)) == sorted(map(json.dumps, want.rows)), want.err
        cut = rng.randrange(len(rows) + 1)
        bundle(tmp_path / "some.json", *rows[:cut], indicator(99, "[domain-name:value = 'unseen.example']"))
        bundle(tmp_path / "rest.json", *rows[cut:], indicator(98, "[domain-name:value = 'unseen.example']"))
        tocsin("set", "build", "--ioc", "some.json", "--out", "some.set")
        got = tocsin("scan", "--json", "--set", "some.set", "--ioc", "rest.json", log, code=want.code)
        assert sorted(map(json.dumps, got.rows)) == sorted(map(json.dumps, want.rows))
        assert tocsin("set", "verify", "all.set").code == 0
        found += len(want.rows)
        kinds |= {r["match"] for r in want.rows if "match" in r}
    assert found > 200 and {"exact", "pattern", "regex"} <= kinds, (found, kinds)


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
    assert row["format"] == 4 and row["kinds"] == {"cidr4": 1, "domain": 1, "url": 2}


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
