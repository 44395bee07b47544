"""The power fails: of a file system only what its device was given is left. kill -9 cannot show that, for the kernel
keeps what it was told. Everything that was acknowledged is on the device by then.

The device is a file; the processes are stopped, the file is copied as it is, and the copy is what the machine finds when
it starts again. TOCSIN_CUTS=N for more than 12; TOCSIN_SEED=N repeats the choices."""
import collections
import json
import os
import shutil
import signal
import subprocess
import threading

import pytest

from conftest import tocsin_run
from crashing import Node, Numbers, Poster, judge, stopped
from serving import end_all, indicator, wait_for

CUTS = int(os.environ.get("TOCSIN_CUTS") or 12)


class Disk:
    """Mounted so that nothing is written by the mere passing of time."""

    def __init__(self, folder):
        self.folder, self.number = folder, 0
        self.image = folder / "image-0"
        with open(self.image, "wb") as f:
            f.truncate(1 << 30)
        made = shutil.which("mkfs.ext4") and subprocess.run(["mkfs.ext4", "-q", "-F", str(self.image)], capture_output=True)
        if not made or made.returncode or not self.mount():
            pytest.skip("only root may mount a file system of its own")

    @property
    def place(self):
        return self.folder / f"disk-{self.number}"

    def mount(self):
        self.place.mkdir()
        return subprocess.run(["mount", "-o", "loop,commit=3000", str(self.image), str(self.place)],
                              capture_output=True).returncode == 0

    def cut(self, pids):
        """What the device holds while nobody runs; then all of them are gone."""
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        wait_for(lambda: all(stopped(pid) for pid in pids), 10, 0.0005)
        after = self.folder / f"image-{self.number + 1}"
        subprocess.run(["cp", "--sparse=always", str(self.image), str(after)], check=True)
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        return after

    def restart(self, image):
        self.umount()
        self.image.unlink()
        self.image, self.number = image, self.number + 1
        assert self.mount(), "the file system is not what it was"

    def umount(self):
        subprocess.run(["umount", "-l", str(self.place)], capture_output=True)


@pytest.fixture
def disk(tmp_path):
    made = Disk(tmp_path)
    yield made
    end_all()
    made.umount()


def test_the_device_forgets_when_it_is_told_nothing(disk):
    """That this is a power cut at all: what was written and not synced is gone."""
    for name in ("synced", "written"):
        with open(disk.place / name, "wb") as f:
            f.write(b"x" * 100000)
            f.flush()
            if name == "synced":
                os.fsync(f.fileno())
    disk.restart(disk.cut([]))
    assert (disk.place / "synced").stat().st_size == 100000
    assert not (disk.place / "written").exists() or (disk.place / "written").stat().st_size == 0


def test_what_was_acknowledged_over_the_wire_outlives_a_power_cut(disk, rng):
    node, numbers, tally = Node(disk.place, "n"), Numbers(), collections.Counter()
    os.sync()  # the node itself was made long ago
    for turn in range(CUTS):
        node.start()
        posters = [Poster(node, numbers, rng.__class__(rng.random()), rng.sample(list(node.holds.values()),
                                                                                   min(40, len(node.holds))))
                   if i == 0 else Poster(node, numbers, rng.__class__(rng.random())) for i in range(2)]
        for one in posters:
            one.start()
        threading.Event().wait(rng.uniform(0.02, 0.3))
        image = disk.cut(node.serve.pids)
        node.serve.gone()
        for one in posters:
            one.join(25)
        disk.restart(image)
        node.folder = disk.place / "n"
        node.start()
        judge(node, posters, tally)
        node.serve.stop()
    node.start()
    tally["objects at the end"] = node.whole()
    print(f"\n{CUTS} cuts; " + ", ".join(f"{count} {what}" for what, count in sorted(tally.items())))
    assert tally["acknowledged"] >= CUTS
    node.serve.stop()


def test_what_a_command_has_done_outlives_a_power_cut(disk, rng):
    """Each ends by saying that it is done; in that moment the power fails."""
    node = Node(disk.place, "n")
    first, more = [indicator(i) for i in range(200)], [indicator(i) for i in range(200, 900)]
    node.run("import", "-", "--collection", "main", stdin="\n".join(map(json.dumps, first)))
    node.run("backup", disk.place / "old.db")
    os.sync()

    def names():
        out = node.run("export", "--collection", "main", "--to", "self", "--quiet").out
        return {o["name"] for o in json.loads(out)["objects"]}

    def count(*words):
        return len(node.run(*words, "--json", code=None).rows)

    steps = [
        ("import", lambda: node.run("import", "-", "--collection", "main", stdin="\n".join(map(json.dumps, more))),
         lambda: names() == {o["name"] for o in first + more}),
        ("user", lambda: node.run("user", "add", "eve", "--role", "reader"), lambda: count("user", "list") == 2),
        ("collection", lambda: node.run("collection", "add", "side", "--title", "s"), lambda: count("collection", "list") == 2),
        ("sync", lambda: node.run("sync", "add", "p", "http://127.0.0.1:1/", "--collection", "x=side"),
         lambda: count("sync", "list") == 1),
        ("backup", lambda: node.run("backup", disk.place / "new.db"),
         lambda: (disk.place / "new.db").exists() and not node.run("restore", disk.place / "new.db").code),
        ("restore", lambda: node.run("restore", disk.place / "old.db"), lambda: names() == {o["name"] for o in first}),
        ("forget", lambda: node.run("forget", first[7]["name"], code=None), lambda: first[7]["name"] not in names()),
        ("remove", lambda: node.run("collection", "remove", "main"), lambda: count("collection", "list") == 0),
        ("init", lambda: tocsin_run("init", "--name", "m", "--node", disk.place / "m"),
         lambda: not tocsin_run("status", "--node", disk.place / "m").code),
    ]
    for name, does, holds in steps:
        does()
        disk.restart(disk.cut([]))
        node.folder = disk.place / "n"
        assert holds(), f"{name} was done and is not"
        os.sync()
