"""Several threads beside one, by the command: not one byte differs, whatever the files are and however many; and it ends when told to."""
import bz2
import gzip
import lzma
import os
import resource
import shutil
import signal
import subprocess
import time

import pytest

from conftest import BIN, SANITIZED

BLOCK = 256 << 10  # that threads read at a time
LONGEST = 1 << 20  # line that is read whole
SEEN = ["evil.example", "www.EVIL.example.", "198.51.100.7", "203.0.113.9", "http://evil.example/a/b", "d41d8cd98f00b204e9800998ecf8427e"]
FORMS = [["--json"], ["-C", "1"], [], ["-c"], ["-l"], ["-o"], ["--count"]]
READERS = ["lines", "json", "csv"]
if SANITIZED:  # ten times slower, and what is looked for there shows in few
    FORMS, READERS = FORMS[:2], READERS[:1]


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "list").write_text("evil.example\n198.51.100.7\n203.0.113.0/28\nd41d8cd98f00b204e9800998ecf8427e\n")
    return tmp_path


def said(folder, threads, *words, **more):
    run = subprocess.run([BIN, "scan", "--ioc", "list", "--threads", str(threads), *map(str, words)], cwd=folder, capture_output=True,
                         timeout=120, **more)
    assert run.returncode in (0, 1, 3), run.stderr
    return run.returncode, run.stdout, run.stderr


def all_agree(folder, *words, threads=(3,) if SANITIZED else (2, 5), least=1, **more):
    one = said(folder, 1, *words, **more)
    assert one[1].count(b"\n") >= least, one
    for n in threads:
        assert said(folder, n, *words, **more) == one, n
    return one


def quiet(rng, size):
    """Lines of many lengths with nothing on them."""
    out, done = [], 0
    while done < size:
        line = rng.choice(["", "\r", "x", "a b c 10.0.0.1 quiet.example", "y " * rng.randrange(200)]) + "\n"
        out.append(line)
        done += len(line)
    return "".join(out)


def text(rng, size, every=20000):
    out, done = [], 0
    while done < size:
        piece = quiet(rng, rng.randrange(every)) + rng.choice(["", "at ", "<"]) + rng.choice(SEEN) + rng.choice(["", " ", "\r"]) + "\n"
        out.append(piece)
        done += len(piece)
    return "".join(out)


def test_a_line_is_found_wherever_a_block_ends_in_it(folder, rng):
    """One hit moved over each of the edges by a byte at a time; the first block ends at a line's end, the next count from there."""
    for back in range(0, 24, 3):
        body, line = [], "x" * 63 + "\n"
        size = 0
        for edge in range(1, 6):
            want = edge * BLOCK - back - size
            fill = line * (want // len(line)) + ("z" * (want % len(line) - 1) + "\n" if want % len(line) else "")
            body += [fill, "evil.example\n"]
            size += len(fill) + 13
        (folder / "log").write_text("".join(body) + rng.choice(["", "evil.example", "\n"]))
        one = all_agree(folder, "--json", "log")
        assert one[1].count(b'"offset"') in (5, 6)


@pytest.mark.parametrize("turn", range(6))
def test_lines_longer_than_is_read_whole_anywhere(folder, rng, turn):
    parts = []
    for _ in range(6):
        parts.append(text(rng, rng.choice([0, 100, BLOCK - 5, BLOCK, 2 * BLOCK + 77])))
        length = rng.choice([10, BLOCK - 1, BLOCK, 2 * BLOCK + 1, LONGEST - 2, LONGEST - 1, LONGEST, LONGEST + 1, LONGEST + BLOCK, 3 * LONGEST])
        word = rng.choice(["w" * 7 + " ", "evil.example ", "a", "q" * 50 + '"'])
        parts.append((word * (length // len(word) + 1))[:length] + "\n")
    log = "".join(parts)[:None if turn % 2 else -1]
    (folder / "plain").write_text(log)
    (folder / "packed").write_bytes(gzip.compress(log.encode(), 1))
    for name in ("plain", "packed"):
        all_agree(folder, "--json", name)
    all_agree(folder, "-c", "plain", "packed", "plain")
    with open(folder / "plain") as one, open(folder / "plain") as two:
        two.seek(log.find("\n") + 1)  # a shell may have read some already
        one.seek(two.tell())
        assert said(folder, 1, "--json", "-", stdin=one) == said(folder, 3, "--json", "-", stdin=two)
    all_agree(folder, "--json", "-", input=log.encode())


def test_long_lines_count_the_same_wherever_blocks_end(folder, rng):
    """A line longer than is read whole is several records, with a hit or without one."""
    for _ in range(4):
        log = "".join(quiet(rng, rng.randrange(BLOCK)) + "w " * (LONGEST // 2 + rng.choice([-1, 0, 1, 10, 30000, 65000])) + "\n" for _ in range(6))
        (folder / "log").write_text(log + "evil.example\n")
        one = all_agree(folder, "log")
        assert said(folder, 1, "log", env={**os.environ, "TOCSIN_CPU": "plain"}) == one


def shapes(folder, rng):
    """Files of every kind, small and large; their names."""
    def put(name, data):
        (folder / name).write_bytes(data if isinstance(data, bytes) else data.encode())

    large = text(rng, 5 * BLOCK)
    put("a-empty", b"")
    put("b-byte", b"x")
    put("c-open", "a\nb evil.example")
    put("d-large", large)
    put("e-large-open", large + "evil.example")
    put("f-wide", b"\xff\xfe" + (text(rng, 30000) * 20).encode("utf-16-le"))
    put("g-wide.gz", gzip.compress(b"\xfe\xff" + text(rng, 300000).encode("utf-16-be")))
    put("h.gz", gzip.compress(large.encode()))
    put("i.xz", lzma.compress(text(rng, 3 * BLOCK).encode(), preset=0))
    put("j-cut.gz", gzip.compress(large.encode())[:-5000])
    put("k-bad.gz", gzip.compress(large.encode())[:5000] + b"rubbish" * 900)
    put("l-members.gz", gzip.compress(b"evil.example\n") * 300)
    put("m.bz2", bz2.compress(b"evil.example\n"))
    put("n-wide-open", b"\xff\xfe")
    put("o-zeek", "#separator \\x09\n#fields\tts\tid.orig_h\tquery\n" + "".join(
        f"17000{i % 100000:05}.0\t10.0.0.1\t{rng.choice(SEEN + ['quiet.example'] * 40)}\n" + ("#fields\tts\tquery\tid.orig_h\n" if i == 20000 else "")
        for i in range(40000)))
    put("p-table.csv", "time,who,what\n" + "".join(
        f'2026-01-01T00:00:00Z,{rng.choice(SEEN + ["quiet.example"] * 40)},{rng.choice(["x"] * 300 + [chr(34) + "a" + chr(10) + "evil.example" + chr(34)])}\n'
        for _ in range(40000)))
    put("q-w3c", "#Software: x\n" + "#Remark: nothing\n" * 20000 + "#Fields: date time c-ip cs-host\n" + "".join(
        f"2026-01-01 00:00:00 10.0.0.1 {rng.choice(SEEN + ['quiet.example'] * 40)}\n" for _ in range(20000)))
    put("r.json", '[\n{"a":"evil.example"},\n' * 1 + '{"b":[1,2,3]},\n' * 40000 + '{"c":"198.51.100.7"}]\n')
    put("s-eve", '{"timestamp":"2026-01-01T00:00:00.000000+0000","dns":{"rrname":"quiet.example"}}\n' * 9000 + '{"src_ip":"198.51.100.7"}\n')
    put("t-windows", "(4)evil(7)example(0)\n" + "(5)quiet(7)example(0)\n" * 30000 + "(4)evil(7)example(0)\n")
    put("u-dense", "evil.example 198.51.100.7\n" * 30000)
    put("v-nul", bytes(range(256)) * 3000 + b"\nevil.example\n")
    put("w-twice.gz", gzip.compress(gzip.compress(b"evil.example\n")))
    put("x-one-line", "evil.example " * 50000)
    some = lambda: rng.choice(SEEN + ["quiet.example"] * 40)
    end = lambda: rng.choice(["", "\n", "\r\n"])
    put("y-events", "<Events>" + "".join(
        f"<Event xmlns='http://x'>{end()}<System><TimeCreated SystemTime='2026-01-01T00:00:00Z'/></System>{end()}"
        f"<EventData><Data Name='q'>{some()}</Data>{end()}</EventData></Event>{end()}" for _ in range(6000)) + "</Events>\n")
    put("z-documents", '{"Records":[' + ",".join(f'{end()}{{"eventTime":"2026-01-01T00:00:00Z",{end()}"h":"{some()}"}}' for _ in range(15000)) + "]}\n")
    return sorted(p.name for p in folder.iterdir() if p.name != "list")


def test_files_of_every_kind_agree_alone_and_together(folder, rng):
    names = shapes(folder, rng)
    for name in names:
        all_agree(folder, "--json", name, threads=(2,), least=0)
    for name in ("y-events", "z-documents", "p-table.csv"):
        (folder / f"{name}.xz").write_bytes(lzma.compress((folder / name).read_bytes(), preset=0))
        names.append(f"{name}.xz")
    for form in FORMS:
        all_agree(folder, *form, *names)
    for reader in READERS:
        all_agree(folder, "--format", reader, "--json", *names)
    rng.shuffle(names)
    all_agree(folder, "--json", "missing", *names, "also-missing", *names[:5], folder, threads=(16,) if SANITIZED else (2, 3, 16))


def test_what_cannot_be_read_is_told_at_its_turn(folder, rng):
    os.mkdir(folder / "logs")
    for i in range(300):
        (folder / f"logs/{i:03}").write_text(f"line\nevil.example {i}\n")
    for i in range(0, 300, 7):
        (folder / f"logs/{i:03}").unlink()
        if i % 2:
            os.symlink("nowhere", folder / f"logs/{i:03}")
    words = [f"logs/{i:03}" for i in range(300)]
    for n in (1, 2, 7):
        run = subprocess.run([BIN, "scan", "--ioc", "list", "--threads", str(n), *words], cwd=folder, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT)
        assert run.returncode == 3
        if n == 1:
            want = run.stdout
        assert run.stdout == want
    if os.geteuid():
        os.chmod(folder / "logs/001", 0)
        all_agree(folder, *words)


def test_thousands_of_files_need_few_descriptors(folder, rng):
    os.mkdir(folder / "logs")
    for i in range(3000):
        (folder / f"logs/{i:04}").write_text(quiet(rng, rng.randrange(2000)) + (f"evil.example {i}\n" if i % 10 == 0 else ""))
    one = all_agree(folder, "-c", "logs", threads=(2, 16))
    assert one[1].count(b":1\n") == 300
    few = lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (16, 16))
    assert said(folder, 16, "-c", "logs", preexec_fn=few) == one


def test_a_pipe_among_the_files_is_opened_once_at_its_turn(folder):
    os.mkfifo(folder / "pipe")
    (folder / "log").write_text("evil.example\n" * 100)
    for n in (1, 2, 4):
        with subprocess.Popen([BIN, "scan", "--ioc", "list", "--threads", str(n), "-c", "log", "pipe", "log"], cwd=folder,
                              stdout=subprocess.PIPE) as run:
            with open(folder / "pipe", "wb") as to:
                to.write(b"x\nevil.example\n" * 50000)
            assert run.stdout.read() == b"log:100\npipe:50000\nlog:100\n"


def test_no_more_threads_run_than_were_asked_for(folder, rng):
    os.mkfifo(folder / "pipe")
    (folder / "log").write_text(text(rng, 20 * BLOCK))
    for n in (1, 2, 4):
        with subprocess.Popen([BIN, "scan", "--ioc", "list", "--threads", str(n), "-c", *["log"] * 9, "pipe"], cwd=folder, stdout=subprocess.PIPE) as run:
            with open(folder / "pipe", "wb") as to:  # by now it has read all others
                running = len(os.listdir(f"/proc/{run.pid}/task"))
                to.write(b"evil.example\n")
            assert run.stdout.read().endswith(b"pipe:1\n")
        most = n + ("thread" in SANITIZED)  # which adds one of its own to others
        assert (running == 1 if n == 1 else 1 < running <= most), (n, running)


def test_it_ends_at_once_when_told_to_or_nobody_reads(folder, rng):
    line = b"nothing here 10.0.0.1 quiet.example\n"
    for i in range(6):
        with gzip.open(folder / f"{i}.gz", "wb", compresslevel=1) as out:
            out.write(line * 2_000_000 + b"evil.example\n" * 200_000 + line * 2_000_000)
    words = [BIN, "scan", "--ioc", "list", "--threads", "4", *[f"{i}.gz" for i in range(6)] * 5]
    for stop in (signal.SIGINT, signal.SIGTERM):
        run = subprocess.Popen(words, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(0.3)
        began = time.monotonic()
        run.send_signal(stop)
        assert run.wait(20) == -stop and time.monotonic() - began < 5
    run = subprocess.Popen(words, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    run.stdout.readline()
    run.stdout.close()
    began = time.monotonic()
    assert run.wait(20) != 0 and time.monotonic() - began < 5


def test_of_a_file_whose_name_is_asked_for_the_rest_is_left(folder):
    """-l: what was read ahead of a file that needs no more is dropped, those behind are not."""
    line = "nothing here 10.0.0.1 quiet.example\n"
    for i in range(8):
        log = "evil.example\n" * (i % 3 > 0) + line * 100_000 + "evil.example\n" * (i % 3 > 1)
        (folder / f"{i}.log").write_text(log)
        (folder / f"{i}.log.gz").write_bytes(gzip.compress(log.encode(), 1))
    names = sorted(p.name for p in folder.iterdir() if ".log" in p.name)
    all_agree(folder, "-l", *names, threads=(2, 3, 8))
