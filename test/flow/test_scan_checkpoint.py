"""scan --follow --checkpoint: stopped or killed, rotated, cut or copied meanwhile, and nothing is missed or told twice."""
import json
import os
import signal
import subprocess
import time

import pytest

from conftest import BIN, tocsin_run


class Logs:
    """Runs of the same command in a folder; hits of all of them as (file, line, value)."""

    def __init__(self, folder):
        self.folder, self.run = folder, None
        (folder / "i.txt").write_text("".join(f"h{i}.evil.example\n" for i in range(400)))
        (folder / "logs").mkdir()
        (folder / "out").touch()

    def start(self, *words):
        self.run = subprocess.Popen([BIN, "scan", "--json", "--follow", "--checkpoint", "mark", "--ioc", "i.txt", *(words or ["logs"])],
                                    cwd=self.folder, stdout=open(self.folder / "out", "ab"), stderr=open(self.folder / "err", "ab"))
        return self

    def end(self, how=signal.SIGTERM):
        self.run.send_signal(how)
        self.run.wait(20)
        return (self.folder / "err").read_text()

    def write(self, name, text, mode="a"):
        with open(self.folder / name, mode) as out:
            out.write(text)

    @property
    def hits(self):
        rows = [json.loads(line) for line in (self.folder / "out").read_text().splitlines()]
        return [(r["file"], r["line"], r["observable"]["value"].split(".")[0]) for r in rows]

    def wait(self, count):
        end = time.monotonic() + 20
        while time.monotonic() < end and len(self.hits) < count:
            time.sleep(0.05)
        time.sleep(0.5)  # and no more; and the checkpoint is written
        assert len(self.hits) == count, (self.hits, (self.folder / "err").read_text())


@pytest.fixture
def logs(tmp_path):
    made = Logs(tmp_path)
    yield made
    if made.run and made.run.poll() is None:
        made.run.kill()


def hit(i):
    return f"at h{i}.evil.example now\n"


def test_what_came_meanwhile_is_told_and_nothing_else(logs):
    logs.write("logs/a.log", hit(1) + "x\n" + hit(2) + "half h3.evil.exa")
    logs.write("logs/b.log", hit(4))
    logs.start().wait(3)
    logs.end()
    logs.write("logs/a.log", "mple\n" + hit(5))
    logs.start().wait(5)
    logs.end()
    assert logs.hits == [("logs/a.log", 1, "h1"), ("logs/a.log", 3, "h2"), ("logs/b.log", 1, "h4"), ("logs/a.log", 4, "h3"),
                         ("logs/a.log", 5, "h5")]
    logs.start()
    logs.wait(5)
    logs.write("logs/c.log", hit(6))
    logs.wait(6)


def test_a_log_rotated_meanwhile_is_read_to_its_end(logs):
    logs.write("logs/x.log", hit(1))
    logs.start("logs/x.log").wait(1)
    logs.end()
    logs.write("logs/x.log", hit(2))
    os.rename(logs.folder / "logs/x.log", logs.folder / "logs/x.log.1")
    logs.write("logs/x.log", hit(3))
    logs.start("logs/x.log").wait(3)
    assert [h[2] for h in logs.hits] == ["h1", "h2", "h3"] and "x.log.1: on in what logs/x.log was" in logs.end()
    logs.start("logs/x.log").wait(3)


def test_a_log_copied_and_cut_meanwhile_is_read_in_its_copy(logs):
    logs.write("logs/x.log", hit(1) + hit(2))
    logs.start().wait(2)
    logs.end()
    logs.write("logs/x.log", hit(3))
    (logs.folder / "logs/x.log.1").write_bytes((logs.folder / "logs/x.log").read_bytes())
    logs.write("logs/x.log", hit(4), mode="r+")
    os.truncate(logs.folder / "logs/x.log", len(hit(4)))
    logs.start().wait(4)
    assert sorted(h[2] for h in logs.hits) == ["h1", "h2", "h3", "h4"]


def test_a_format_goes_on_with_its_heading_and_its_lines_numbers(logs):
    row = "17000000{:02}.0\t10.0.0.1\th{}.evil.example\n".format
    logs.write("logs/dns.log", "#separator \\x09\n#fields\tts\tid.orig_h\tquery\n" + row(1, 1))
    logs.write("logs/t.csv", "time,who,what\n2026-01-01T00:00:00Z,h2.evil.example,\"a\nb\"\n")
    logs.write("logs/all.json", '[{"time":"2026-01-01T00:00:00Z","a":"h3.evil.example"},\n{"time":"2026-01-01T00:00:01Z",')
    logs.start().wait(3)
    logs.end()
    logs.write("logs/dns.log", row(2, 4))
    logs.write("logs/t.csv", "2026-01-01T00:00:02Z,h5.evil.example,x\n")
    logs.write("logs/all.json", '\n"a":"h6.evil.example"}]\n')
    logs.start().wait(6)
    logs.end()
    rows = {r["observable"]["value"].split(".")[0]: r for r in map(json.loads, (logs.folder / "out").read_text().splitlines())}
    assert rows["h4"]["time"].startswith("2023-11-14T22:13:22") and rows["h4"]["line"] == 4
    assert rows["h5"]["time"].startswith("2026-01-01T00:00:02") and rows["h5"]["line"] == 4
    assert rows["h6"]["time"].startswith("2026-01-01T00:00:01")


def test_killed_at_any_moment_nothing_is_missed(logs, rng):
    """Lines go on being written while it is killed and started; each is told once, or twice where it was killed between."""
    done = 0
    for turn in range(12):
        logs.start()
        for _ in range(rng.randrange(1, 25)):
            logs.write(f"logs/{rng.randrange(3)}.log", hit(done))
            done += 1
            time.sleep(rng.random() * 0.02)
        time.sleep(rng.random() * 0.4)
        logs.end(signal.SIGKILL)
    logs.start()
    end = time.monotonic() + 20
    while time.monotonic() < end and len({h[2] for h in logs.hits}) < done:
        time.sleep(0.1)
    seen = [h[2] for h in logs.hits]
    assert set(seen) == {f"h{i}" for i in range(done)}
    print(f"{done} lines, 12 kills, {len(seen) - done} told twice")


def test_what_is_no_checkpoint_is_refused_and_left_alone(logs):
    (logs.folder / "mark").write_text("my notes\n")
    logs.write("logs/a.log", hit(1))
    said = tocsin_run("scan", "--follow", "--checkpoint", "mark", "--ioc", "i.txt", "logs", cwd=logs.folder, code=3)
    assert "no checkpoint of scan --follow" in said.err and (logs.folder / "mark").read_text() == "my notes\n"
    assert "is for --follow" in tocsin_run("scan", "--checkpoint", "mark", "--ioc", "i.txt", "logs", cwd=logs.folder, code=2).err
