"""The fast pass beside the plain scanner, by the command: for every instruction set the same bytes come out, whatever the
log is, however it is packed and wherever a buffer ends in it."""
import gzip
import json
import lzma
import os
import pathlib
import shutil
import subprocess

import pytest

from conftest import BIN

GOLDEN = pathlib.Path(__file__).resolve().parent.parent / "golden" / "match"
CPUS = ["c", "avx2", "avx512", "neon"]  # what this machine lacks is the best it has
SIZE = 1 << 18  # of the buffer


def said(folder, cpu, *words, stdin=None):
    run = subprocess.run([BIN, "scan", "--ioc", "list", *map(str, words)], cwd=folder, capture_output=True, input=stdin,
                         env={**os.environ, "TOCSIN_CPU": cpu}, timeout=120)
    assert run.returncode in (0, 1), run.stderr
    return run.returncode, run.stdout, run.stderr


def all_agree(folder, *words, stdin=None, least=1):
    plain = said(folder, "plain", *words, stdin=stdin)
    assert plain[1].count(b"\n") >= least, plain
    for cpu in CPUS:
        assert said(folder, cpu, *words, stdin=stdin) == plain, cpu


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "list").write_text(
        "evil.example\n198.51.100.7\n203.0.113.0/28\n2001:db8::7\n2001:db8:5::/48\nhttp://url.example/a\nspam@mail.example\n"
        "d41d8cd98f00b204e9800998ecf8427e\nt13d1516h2_8daaf6152771_e5627efa2ab1\nb\u00fccher.example\n")
    return tmp_path


SEEN = ["evil.example", "www.EVIL.example.", "198.51.100.7", "203.0.113.9", "2001:db8:0:0::7", "[2001:db8:5::1]:443",
        "http://url.example/a/b", "spam@mail.example", "D41D8CD98F00B204E9800998ECF8427E",
        "t13d1516h2_8daaf6152771_e5627efa2ab1", "b\u00fccher.example", "xn--bcher-kva.example"]


def test_golden_logs_give_the_same_in_every_format_and_form(folder):
    for path in GOLDEN.iterdir():
        shutil.copy(path, folder)
    shutil.copy(GOLDEN / "indicators.txt", folder / "list")
    logs = [p.name for p in sorted(folder.iterdir()) if p.suffix in (".log", ".json", ".csv", ".txt")]
    for form in ([], ["--json"], ["-c"], ["-l"], ["-o"], ["--count"], ["--top", "3"], ["--since", "2019-01-01"],
                 ["--until", "2026-06-01", "--json"], ["--defanged"], ["-C", "1"]):
        all_agree(folder, *form, *logs)
    all_agree(folder, "--json", folder)


def test_what_lies_across_the_end_of_a_buffer_is_found(folder):
    """One value moved over the buffer's end and over a chunk's, a byte at a time."""
    for edge in (SIZE, 8192):
        blocks = []
        for back in range(0, 48):
            text = "x" * 50 + "\n"
            block = (text * (edge // len(text) + 2))[:edge - 49] + "\n"
            block += " " * back + SEEN[back % len(SEEN)] + "\n"
            blocks.append(block)
        (folder / "log").write_text("".join(blocks))
        all_agree(folder, "--json", "log", least=48)


def test_files_of_every_shape_agree(folder, rng):
    def text(count):
        return "".join(rng.choice([f"{rng.choice(SEEN)} and 10.0.0.{rng.randrange(256)}\n", "nothing at all\n" * rng.randrange(200),
                                   "x" * rng.randrange(3000) + "\n", "\n", "\r\n", f"{{\"a\":\"\\n{rng.choice(SEEN)}\"}}\n",
                                   f"x%2F{rng.choice(SEEN)}%20\n", "\u30c6\u30b9\u30c8\u3002" * rng.randrange(50) + "\n"])
                       for _ in range(count))

    (folder / "empty").write_bytes(b"")
    (folder / "byte").write_bytes(b"x")
    (folder / "end").write_bytes(b"\n")
    (folder / "open").write_text("a\nb evil.example")  # no last line end
    (folder / "long").write_text("y" * 3_000_000 + " evil.example " + "z" * 3_000_000 + " 198.51.100.7\nevil.example\n")
    (folder / "words").write_text("evil.example " * 200_000 + "\n" + text(100))
    (folder / "all").write_bytes(bytes(range(256)) * 300 + b"\nevil.example\n")
    (folder / "plain").write_text(text(3000))
    (folder / "wide").write_bytes(b"\xff\xfe" + text(300).encode("utf-16-le"))
    (folder / "gz").write_bytes(gzip.compress(text(2000).encode()))
    (folder / "xz").write_bytes(lzma.compress(text(500).encode()))
    quoted = "".join(f'2026-01-01T00:00:00Z,"{rng.choice(SEEN)}","a ""b""{rng.choice(["", chr(10)])}"\n' for _ in range(3000))
    (folder / "table.csv").write_text("time,who,what\n" + quoted + "2026-01-01T00:00:00Z,evil.example,x\n" * 3)
    (folder / "zeek").write_text("#separator \\x09\n#fields\tts\tid.orig_h\tquery\n" + "".join(
        f"17000{i:05}.0\t10.0.0.1\t{rng.choice(SEEN + ['quiet.example'] * 20)}\n" for i in range(20000))
        + "#fields\tts\tquery\tid.orig_h\n1700000000.0\tevil.example\t198.51.100.7\n")
    names = ["empty", "byte", "end", "open", "long", "words", "all", "plain", "wide", "gz", "xz", "table.csv", "zeek"]
    for name in names:
        all_agree(folder, "--json", name, least=0 if name in ("empty", "byte", "end") else 1)
    all_agree(folder, *names)
    all_agree(folder, "--json", "-", stdin=(folder / "plain").read_bytes())


ROLES = {"type": "bundle", "id": "bundle--0d1c8b2e-6f3a-4c58-9a51-2f6d5c0e7b11", "objects": [
    {"type": "indicator", "spec_version": "2.1", "id": f"indicator--0d1c8b2e-6f3a-4c58-9a51-2f6d5c0e7b{i}",
     "created": "2025-01-01T00:00:00.000Z", "modified": "2025-01-01T00:00:00.000Z", "pattern": pattern,
     "pattern_type": "stix", "valid_from": "2025-01-01T00:00:00Z"}
    for i, pattern in enumerate(["[network-traffic:dst_ref.value = '192.0.2.50']", "[domain-name:value = 'twice.example']",
                                 "[domain-name:value = 'twice.example' OR domain-name:value LIKE '%.twice.example']",
                                 "[url:value = 'http://h.example/p/q']"], 20)]}


def dense(rng, form, line):
    """Hits on every line, or on nearly every one: beside each other, twice, at the borders of what holds them, near escapes."""
    a, b, c = (rng.choice(SEEN + ["twice.example", "x.twice.example", "192.0.2.50", "00:1b:44:11:3a:b7"]) for _ in range(3))
    second = f"2026-03-0{1 + line % 9}T00:00:{line % 60:02}"
    if form == "json":
        return json.dumps(rng.choice([
            {"timestamp": second + "Z", "src_ip": "192.0.2.50", "dest_ip": a, "dns": {"rrname": b, "answers": [c, {"x": [a]}]}},
            {"timestamp": second + "Z", "src_ip": a, "dest_ip": "192.0.2.50", "http": {"hostname": "h.example", "url": "/p/q"}},
            {"timestamp": second + "Z", a: "key", "m": f"\n{b}\t{c}", "u": "http://url.example/a/b", "p": "192.0.2.50:80"},
            {"timestamp": second + "Z", "ether": {"src_mac": "001b44113ab7"}, "s": "001b44113ab7", "q": "\u00fc" + a, "v": b},
            {"timestamp": second + "Z", "m": "%2Fx%2etwice.example", "v": [a, a, a], "e": "", "w": '"' + b + '"'}]),
            ensure_ascii=rng.random() < 0.5).replace("://", rng.choice(["://", ":\\/\\/"])) + "\n"
    if form == "zeek":
        host, uri = rng.choice([("h.example", "/p/q"), ("-", "(empty)"), (a, "/" + b), ("url.example", "/a/b")])
        return "\t".join([f"17720000{line % 100:02}.5", a, rng.choice(["192.0.2.50", "10.0.0.1"]), host, uri,
                          rng.choice([c, f"{b},{c}", f"\\x20{b}", f"{b}\\x2e", "-", "001b44113ab7"])]) + "\n"
    if form == "csv":
        return ",".join([second + "Z", a, rng.choice([b, f'"{b}"', f'"x ""{b}"" {c}"', f'"{b}\n{c}"'] if line % 3 else [b]), c]) + "\n"
    if form == "clf":
        return f'{a} - {b} [01/Mar/2026:00:00:{line % 60:02} +0000] "GET /{c} HTTP/1.1" 200 5 "http://url.example/a/b" "x"\n'
    return second + " " + rng.choice([a, f"{a} {a} {b}", f'"{a}"', f"[{a}]", f"x={a};y={b}", f"{a},{b},{c}", f"%2F{a} {b}", f"\\n{a}",
                                      f"{a}:443 {b}.", f"-{a}- {b}", f"\x1b[31m{a}\x1b[0m {b}", f"192.0.2.50 > {a}: {b}",
                                      f"{a}%2e {b}", f"u\u0308.{a} {b}", f"{a}.{b}", f"{a}-{b}", f"{a}\u3002{b}", f"evil[.]example {a}"]) + "\n"


HEADS = {"zeek": "#separator \\x09\n#unset_field\t-\n#fields\tts\tid.orig_h\tid.resp_h\thost\turi\tnote_mac\n",
         "csv": "time,src_ip,what,dst_ip\n"}


def test_logs_with_a_hit_on_every_line_agree(folder, rng):
    """Where the fast pass names places, only these are read: the same comes out under every option."""
    with (folder / "list").open("a") as to:
        to.write("twice.example\n00:1b:44:11:3a:b7\n")
    (folder / "roles.json").write_text(json.dumps(ROLES))
    (folder / "known").write_text("203.0.113.9\nxn--bcher-kva.example\n")
    forms = ["text", "json", "zeek", "csv", "clf"]
    for form in forms:
        lines = [dense(rng, form, i) if i % 50 else "2026-03-01 quiet\n" for i in range(4000)]
        (folder / form).write_text(HEADS.get(form, "") + "".join(lines))
        all_agree(folder, "--json", "--ioc", "roles.json", form, least=3000)
    for words in ([], ["-c"], ["-l"], ["-o"], ["--count"], ["--assets"], ["-C", "1"], ["--since", "2026-03-03"],
                  ["--until", "2026-03-05", "--json"], ["--defanged"], ["--warninglist", "known", "--json"]):
        plain = said(folder, "plain", "--ioc", "roles.json", *words, *forms)
        assert said(folder, "best", "--ioc", "roles.json", *words, *forms) == plain, words


def test_a_quiet_log_of_many_megabytes_is_counted_to_its_last_line(folder):
    with (folder / "log").open("w") as out:
        for _ in range(200):
            out.write("Jan  1 00:00:00 host app[1]: nothing to see at 10.0.0.1\n" * 3000)
        out.write("evil.example\n")
    all_agree(folder, "--json", "log")
    assert b"1 hit in 600001 records" in said(folder, "avx2", "log")[2]


def test_the_shared_logs_agree(folder, shared):
    logs = folder / "logs"
    logs.mkdir()
    packed = subprocess.run(["zstd", "-dc", shared / "data/logs/logs.tar.zst"], capture_output=True, check=True).stdout
    subprocess.run(["tar", "-x", "-C", logs], input=packed, check=True)
    real = subprocess.run(["zstd", "-dc", shared / "data/indicators/indicators-real.txt.zst"], capture_output=True, check=True).stdout
    (folder / "list").write_bytes(b"".join(real.splitlines(True)[::20]))
    all_agree(folder, "--json", logs)
