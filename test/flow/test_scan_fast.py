"""The fast pass beside the plain scanner, by the command: for every instruction set the same bytes come out, whatever the
log is, however it is packed and wherever a buffer ends in it."""
import gzip
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
