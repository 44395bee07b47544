"""Following folders: files that come, grow, are renamed, copied, packed, cut and deleted."""
import gzip
import json
import os
import shutil
import signal
import subprocess
import time

import pytest

from conftest import BIN


class Folder:
    """tocsin scan --follow of a folder "logs" as it runs; hits as (file, line)."""

    def __init__(self, path):
        self.path, self.logs = path, path / "logs"
        self.logs.mkdir(exist_ok=True)
        (path / "i.txt").write_text("evil.example\n")
        self.out, self.err = open(path / "out", "wb"), open(path / "err", "wb")

    def start(self, *words):
        self.run = subprocess.Popen([BIN, "scan", "--json", "--follow", "--ioc", "i.txt", *(words or ["logs"])], cwd=self.path,
                                    stdout=self.out, stderr=self.err)
        time.sleep(0.5)

    def write(self, name, text, mode="a"):
        (self.logs / name).parent.mkdir(parents=True, exist_ok=True)
        with open(self.logs / name, mode) as out:
            out.write(text)

    @property
    def hits(self):
        text = (self.path / "out").read_text()
        return [(r["file"].removeprefix("logs/"), r["line"]) for r in map(json.loads, text[:text.rfind("\n") + 1].splitlines())]

    def wait(self, *want):
        """Exactly these, in any order, and no more within a while."""
        end = time.monotonic() + 20
        while time.monotonic() < end and len(self.hits) < len(want):
            time.sleep(0.05)
        time.sleep(0.7)
        assert sorted(self.hits) == sorted(want), (self.path / "err").read_text()

    def stop(self, code=0):
        self.run.send_signal(signal.SIGTERM)
        assert self.run.wait(20) == code
        self.out.close()
        self.err.close()
        return (self.path / "err").read_text()


@pytest.fixture
def folder(tmp_path):
    made = Folder(tmp_path)
    yield made
    if made.run.poll() is None:
        made.run.kill()
        made.run.wait()


def test_files_that_come_later_are_followed_in_folders_below_too(folder):
    folder.write("a.log", "evil.example\n")
    folder.start()
    folder.wait(("a.log", 1))
    folder.write("b.log", "nothing\nevil.example\n")
    folder.write("deep/er/c.log", "evil.example\n")
    folder.wait(("a.log", 1), ("b.log", 2), ("deep/er/c.log", 1))
    folder.write("b.log", "evil.example\n")
    folder.wait(("a.log", 1), ("b.log", 2), ("deep/er/c.log", 1), ("b.log", 3))
    folder.stop()


def test_a_folder_that_comes_later_is_followed(folder):
    folder.logs.rmdir()
    folder.start()
    folder.write("a.log", "evil.example\n")
    folder.wait(("a.log", 1))
    assert "not there yet" in folder.stop()


def test_renamed_files_are_neither_lost_nor_read_twice(folder):
    folder.write("a.log", "evil.example 1\n")
    folder.write("a.log.1", "evil.example 0\n")
    folder.start()
    first = [("a.log", 1), ("a.log.1", 1)]
    folder.wait(*first)
    (folder.logs / "a.log.1").rename(folder.logs / "a.log.2")
    (folder.logs / "a.log").rename(folder.logs / "a.log.1")
    folder.write("a.log", "evil.example new\n")
    folder.wait(*first, ("a.log", 1))
    # Who had the old one open writes on.
    folder.write("a.log.1", "evil.example late\n")
    folder.wait(*first, ("a.log", 1), ("a.log.1", 2))
    (folder.logs / "a.log.2").unlink()
    (folder.logs / "a.log.1").rename(folder.logs / "a.log.2")
    (folder.logs / "a.log").rename(folder.logs / "a.log.1")
    folder.write("a.log", "evil.example newest\n")
    folder.wait(*first, ("a.log", 1), ("a.log.1", 2), ("a.log", 1))
    folder.stop()


def test_the_last_line_of_a_file_that_goes_is_not_lost(folder):
    folder.write("a.log", "evil.example 1\n")
    folder.start()
    folder.wait(("a.log", 1))
    folder.write("a.log", "evil.example without an end")
    time.sleep(0.5)
    (folder.logs / "a.log").unlink()
    folder.write("a.log", "evil.example again\n")
    folder.wait(("a.log", 1), ("a.log", 2), ("a.log", 1))
    folder.write("a.log", "evil.example at the end")
    time.sleep(0.5)
    folder.stop()
    assert len(folder.hits) == 4


def test_cut_files_are_read_from_their_start_however_long(folder):
    folder.write("a.log", "evil.example 1\n")
    folder.start()
    folder.wait(("a.log", 1))
    folder.write("a.log", "evil.example\n", "w")
    folder.wait(("a.log", 1), ("a.log", 1))
    folder.write("a.log", "another and much longer text than before\nevil.example\n", "w")
    folder.wait(("a.log", 1), ("a.log", 1), ("a.log", 2))
    folder.stop()


def test_copies_and_packed_copies_are_not_read_again(folder):
    text = "".join(f"2026-01-01T00:00:{i:02}Z evil.example\n" for i in range(3))
    folder.write("a.log", text)
    folder.start()
    first = [("a.log", i) for i in (1, 2, 3)]
    folder.wait(*first)
    # copytruncate
    shutil.copy(folder.logs / "a.log", folder.logs / "a.log.1")
    folder.write("a.log", "2026-01-02T00:00:00Z evil.example\n", "w")
    folder.wait(*first, ("a.log", 1))
    (folder.logs / "a.log.1.gz").write_bytes(gzip.compress(text.encode()))
    os.utime(folder.logs / "a.log.1.gz", (1, 1))
    (folder.logs / "a.log.1").unlink()
    folder.wait(*first, ("a.log", 1))
    assert "a.log.1.gz: a copy" in folder.stop()


def test_another_packed_file_is_read_once(folder):
    folder.write("a.log", "nothing of the kind here\n")
    folder.start()
    (folder.logs / "b.log.gz").write_bytes(gzip.compress(b"x\nevil.example without an end"))
    os.utime(folder.logs / "b.log.gz", (1, 1))
    folder.wait(("b.log.gz", 2))
    # Named like a copy, and none.
    (folder.logs / "a.log.1.gz").write_bytes(gzip.compress(b"another text\nevil.example\n"))
    folder.wait(("b.log.gz", 2), ("a.log.1.gz", 2))
    folder.stop()


def test_a_heading_alone_is_no_copy(folder):
    """A day's table begins as the one before."""
    head = "time,client,host,what was done, by whom\n"
    folder.write("t.csv", head + "2026-01-01T00:00:00Z,192.0.2.1,evil.example,x,y\n")
    folder.start()
    folder.wait(("t.csv", 2))
    folder.write("t.csv.next", head)
    time.sleep(1)
    folder.write("t.csv.next", "2026-01-02T00:00:00Z,192.0.2.1,evil.example,x,y\n")
    folder.wait(("t.csv", 2), ("t.csv.next", 2))
    folder.stop()


def test_a_file_that_cannot_be_read_is_told_once(folder):
    folder.start()
    (folder.logs / "bad.gz").write_bytes(gzip.compress(b"evil.example\n" * 9)[:-4])
    os.utime(folder.logs / "bad.gz", (1, 1))
    folder.wait(*[("bad.gz", i) for i in range(1, 10)])
    folder.write("a.log", "evil.example\n")
    folder.wait(*[("bad.gz", i) for i in range(1, 10)], ("a.log", 1))
    assert folder.stop(3).count("bad.gz: cut off") == 1
