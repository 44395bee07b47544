"""scan --follow --checkpoint: stopped or killed, rotated, cut or copied meanwhile, and nothing is missed or told twice."""
import hashlib
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

    def as_text(self, size, *options):
        """A run that prints no JSON, until there is so much of it; all that was ever printed."""
        with open(self.folder / "out", "ab") as out, open(self.folder / "err", "ab") as err:
            self.run = subprocess.Popen([BIN, "scan", *options, "--follow", "--checkpoint", "mark", "--ioc", "i.txt", "logs"],
                                        cwd=self.folder, stdout=out, stderr=err)
        end = time.monotonic() + 20
        while time.monotonic() < end and os.path.getsize(self.folder / "out") < size:
            time.sleep(0.05)
        time.sleep(0.5)
        self.end()
        return (self.folder / "out").read_bytes()

    def end(self, how=signal.SIGTERM):
        self.run.send_signal(how)
        self.run.wait(20)
        return (self.folder / "err").read_text()

    def write(self, name, text, mode="a"):
        with open(self.folder / name, mode) as out:
            out.write(text)

    @property
    def hits(self):
        text = (self.folder / "out").read_text()
        rows = [json.loads(line) for line in text[:text.rfind("\n") + 1].splitlines()]
        return [(r["file"], r["line"], r["observable"]["value"].split(".")[0]) for r in rows]

    def wait(self, count):
        end = time.monotonic() + 20
        while time.monotonic() < end and len(self.hits) < count:
            time.sleep(0.05)
        time.sleep(0.5)  # and no more; and the checkpoint is written
        assert len(self.hits) == count, (self.hits, (self.folder / "err").read_text())


def until_ended(made):
    """A fixture's: of a test that fails no run goes on."""
    yield made
    if made.run and made.run.poll() is None:
        made.run.kill()


@pytest.fixture
def logs(tmp_path):
    yield from until_ended(Logs(tmp_path))


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


def test_killed_at_any_moment_nothing_is_missed_or_told_twice(logs, rng):
    """Lines go on being written while it is killed and started; what is appended to a file is there once."""
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
    time.sleep(0.5)
    assert sorted(h[2] for h in logs.hits) == sorted(f"h{i}" for i in range(done))


def told(logs):
    """The offset that the checkpoint says hits were appended up to."""
    rows = [row.split() for row in (logs.folder / "mark").read_text().splitlines()]
    return next((int(row[3]) for row in rows if row[0] == "told"), None)


def set_back(logs, old):
    """As if the run had been killed before its last checkpoint."""
    (logs.folder / "mark").write_bytes(old)


def test_what_was_told_after_the_checkpoint_is_not_told_again(logs):
    """Half a line that a kill left is completed; lines of others stay; the same line once more in a log is one more hit."""
    logs.write("logs/a.log", hit(1))
    logs.start().wait(1)
    logs.end()
    old = (logs.folder / "mark").read_bytes()
    assert told(logs) == os.path.getsize(logs.folder / "out")
    logs.write("logs/a.log", hit(2) + hit(3) + "x\n" + hit(3))
    logs.start().wait(4)
    logs.end()
    whole = (logs.folder / "out").read_bytes()
    lines = whole.splitlines(keepends=True)
    for cut in (0, 1, len(lines[3]) - 1, len(lines[3]), len(lines[3]) + 1, len(lines[3]) + len(lines[2]) // 2):
        (logs.folder / "out").write_bytes(whole[:len(whole) - cut])
        set_back(logs, old)
        logs.start().wait(4)
        logs.end()
        assert (logs.folder / "out").read_bytes() == whole, cut
    other = b'{"file":"-","line":0,"observable":{"value":"of.another"}}\n'
    (logs.folder / "out").write_bytes(b"".join(lines[:2]) + other + lines[3])
    set_back(logs, old)
    logs.start().wait(5)
    logs.end()
    assert (logs.folder / "out").read_bytes() == b"".join(lines[:2]) + other + lines[3] + lines[2]


def test_lines_that_belong_together_are_completed(logs):
    """Of a hit as text, line and reason: whatever part a kill left is there once."""
    logs.write("logs/a.log", hit(1))
    logs.as_text(20)
    old = (logs.folder / "mark").read_bytes()
    logs.write("logs/a.log", hit(2) + hit(3))
    whole = logs.as_text(120)
    lines = whole.splitlines(keepends=True)
    assert len(lines) == 6 and b"h3.evil" in lines[5]
    for left in (2, 3, 4, 5, 6):
        for torn in (b"", lines[left][:5] if left < 6 else b""):
            (logs.folder / "out").write_bytes(b"".join(lines[:left]) + torn)
            set_back(logs, old)
            assert logs.as_text(len(whole)) == whole, (left, torn)


def test_of_hits_that_look_alike_as_many_are_left_out_as_were_told(logs):
    logs.as_text(0, "--only-matching")
    old = (logs.folder / "mark").read_bytes()
    logs.write("logs/a.log", "[" + ",".join(['{"a":"h1.evil.example"}'] * 3) + "]\n")
    whole = logs.as_text(70, "--only-matching")
    lines = whole.splitlines(keepends=True)
    assert len(lines) == 3 and len(set(lines)) == 1
    for left in range(4):
        (logs.folder / "out").write_bytes(lines[0] * left)
        set_back(logs, old)
        assert logs.as_text(len(whole), "--only-matching") == whole, left


def test_a_run_that_was_killed_before_its_first_hits_were_marked(logs):
    """A checkpoint is there before the first log is read."""
    logs.start()
    end = time.monotonic() + 20
    while time.monotonic() < end and not (logs.folder / "mark").exists():
        time.sleep(0.02)
    logs.end(signal.SIGKILL)
    first = (logs.folder / "mark").read_bytes()
    assert told(logs) == 0
    logs.write("logs/a.log", "".join(hit(i) for i in range(50)))
    logs.start().wait(50)
    logs.end(signal.SIGKILL)
    set_back(logs, first)
    logs.start().wait(50)


def test_what_is_no_checkpoint_is_refused_and_left_alone(logs):
    (logs.folder / "mark").write_text("my notes\n")
    logs.write("logs/a.log", hit(1))
    said = tocsin_run("scan", "--follow", "--checkpoint", "mark", "--ioc", "i.txt", "logs", cwd=logs.folder, code=3)
    assert "no checkpoint of scan --follow" in said.err and (logs.folder / "mark").read_text() == "my notes\n"
    assert "is for --follow" in tocsin_run("scan", "--checkpoint", "mark", "--ioc", "i.txt", "logs", cwd=logs.folder, code=2).err


# ---- patterns over several records ----

PATTERNS = ["[domain-name:value = 'a.example'] FOLLOWEDBY [domain-name:value = 'b.example']",
            "([domain-name:value = 'c.example'] AND [ipv4-addr:value = '198.51.100.7']) WITHIN 300 SECONDS",
            "[domain-name:value = 'a.example'] REPEATS 3 TIMES",
            "[file:name = 'evil.exe'] FOLLOWEDBY ([domain-name:value = 'c.example'] REPEATS 2 TIMES)"]
WORDS = ["a.example", "b.example", "c.example", "198.51.100.7", "C:\\Temp\\evil.exe", "nothing", "a.example b.example"]


class Patterns(Logs):
    def arm(self, *patterns, number=0):
        rows = [{"type": "indicator", "spec_version": "2.1", "id": f"indicator--0b8a7e3c-6d0e-4d3e-9c51-6a3c1f9b2d{number + i:02}",
                 "created": "2026-01-01T00:00:00.000Z", "modified": "2026-01-01T00:00:00.000Z", "pattern": one,
                 "pattern_type": "stix", "valid_from": "2020-01-01T00:00:00Z"} for i, one in enumerate(patterns)]
        (self.folder / "i.txt").write_text(json.dumps({"type": "bundle", "id": rows[0]["id"].replace("indicator", "bundle"), "objects": rows}))
        return self

    @property
    def hits(self):
        rows = [json.loads(line) for line in (self.folder / "out").read_text().splitlines()]
        return [(r["indicator"][-2:], *((p["file"], p["line"]) for p in r["parts"])) for r in rows if "parts" in r]

    def read_to_its_end(self, *names):
        """Waits until the checkpoint says so of these."""
        want = {str(os.stat(self.folder / n).st_ino): os.path.getsize(self.folder / n) for n in names}
        end = time.monotonic() + 20
        while time.monotonic() < end:
            rows = [r.split() for r in (self.folder / "mark").read_text().splitlines()] if (self.folder / "mark").exists() else []
            seen = {r[1]: int(r[3]) for r in rows if len(r) == 6 and r[0].isdigit()}
            if all(seen.get(inode) == size for inode, size in want.items()):
                return
            time.sleep(0.02)
        raise AssertionError((self.folder / "err").read_text())

    def one_run(self):
        """What one run over the same logs tells that nobody stopped."""
        said = tocsin_run("scan", "--json", "--ioc", "i.txt", "logs", cwd=self.folder, code=None)
        return [(r["indicator"][-2:], *((p["file"], p["line"]) for p in r["parts"])) for r in said.rows if "parts" in r]


@pytest.fixture
def patterns(tmp_path):
    yield from until_ended(Patterns(tmp_path))


def stamped(second, word):
    return f"2026-01-02T{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}Z {word}\n"


def test_a_pattern_whose_first_half_was_read_before_is_told(patterns):
    for how in (signal.SIGTERM, signal.SIGKILL):
        patterns.arm(PATTERNS[0])
        (patterns.folder / "logs/a.log").write_text(stamped(1, "a.example"))
        (patterns.folder / "out").write_text("")
        (patterns.folder / "mark").unlink(missing_ok=True)
        patterns.start().read_to_its_end("logs/a.log")
        patterns.end(how)
        assert patterns.hits == []
        patterns.write("logs/a.log", stamped(2, "b.example") + stamped(3, "b.example"))
        patterns.start().wait(1)
        assert "on with 1 record that 1 pattern waited with" in patterns.end(how)
        # Neither once more.
        patterns.write("logs/a.log", stamped(4, "b.example"))
        patterns.start().read_to_its_end("logs/a.log")
        patterns.end(how)
        assert patterns.hits == [("00", ("logs/a.log", 1), ("logs/a.log", 2))]


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_ended_at_every_step_of_a_log_the_hits_are_those_of_one_run(patterns, rng, how):
    """Ended once what was written is in the checkpoint: then not even a kill has anything told twice."""
    patterns.arm(*PATTERNS)
    (patterns.folder / "logs/a.log").touch()
    second = 0
    for step in range(18):
        for _ in range(rng.randrange(1, 4)):
            second += rng.randrange(1, 90)
            patterns.write("logs/a.log", stamped(second, rng.choice(WORDS)))
        patterns.start().read_to_its_end("logs/a.log")
        patterns.end(how)
    assert patterns.hits == patterns.one_run() and patterns.hits


def test_killed_at_any_moment_no_pattern_is_missed_and_none_is_made_up(patterns, rng):
    patterns.arm(*PATTERNS)
    (patterns.folder / "logs/a.log").touch()
    second = 0
    for turn in range(14):
        patterns.start()
        for _ in range(rng.randrange(1, 20)):
            second += rng.randrange(1, 60)
            patterns.write("logs/a.log", stamped(second, rng.choice(WORDS)))
            time.sleep(rng.random() * 0.02)
        time.sleep(rng.random() * 0.4)
        patterns.end(signal.SIGKILL)
    patterns.start().read_to_its_end("logs/a.log")
    patterns.end()
    assert set(patterns.hits) == set(patterns.one_run())
    print(f"{len(patterns.hits)} hits, {len(patterns.hits) - len(set(patterns.hits))} told twice")


def test_indicators_that_changed_meanwhile_begin_anew(patterns):
    patterns.arm(PATTERNS[0])
    patterns.write("logs/a.log", stamped(1, "a.example"))
    patterns.start().read_to_its_end("logs/a.log")
    patterns.end()
    patterns.arm(PATTERNS[0] + " WITHIN 300 SECONDS")
    patterns.write("logs/a.log", stamped(2, "b.example"))
    patterns.start().read_to_its_end("logs/a.log")
    assert "1 pattern of which records were held is gone or changed: dropped" in patterns.end()
    assert patterns.hits == [] and "=a.example" not in (patterns.folder / "mark").read_text()


def test_a_checkpoint_of_the_version_before_still_says_how_far_logs_were_read(logs):
    logs.write("logs/a.log", hit(1))
    logs.start().wait(1)
    logs.end()
    rows = (logs.folder / "mark").read_text().splitlines()
    (logs.folder / "mark").write_text("tocsin scan checkpoint 1\n" + "".join(r + "\n" for r in rows if r[0].isdigit()))
    logs.write("logs/a.log", hit(2))
    logs.start().wait(2)
    logs.end()
    assert [h[2] for h in logs.hits] == ["h1", "h2"]


def test_a_damaged_or_forged_checkpoint_is_refused_and_nothing_crashes(patterns, rng):
    patterns.arm(*PATTERNS)
    patterns.write("logs/a.log", "".join(stamped(i, w) for i, w in enumerate(WORDS * 3)))
    patterns.start().read_to_its_end("logs/a.log")
    patterns.end()
    mark = patterns.folder / "mark"
    good = mark.read_bytes()

    def refused(text, what):
        mark.write_bytes(text)
        said = tocsin_run("scan", "--follow", "--checkpoint", "mark", "--ioc", "i.txt", "logs", cwd=patterns.folder, code=3)
        assert what in said.err and "name another file, or remove it" in said.err, said.err
        assert mark.read_bytes() == text

    def sealed(text):
        return text + b"end " + hashlib.sha256(text).hexdigest().encode() + b"\n"

    body = good[:good.rindex(b"end ")]
    assert sealed(body) == good
    for _ in range(10):
        at = rng.randrange(25, len(good))
        refused(good[:at], "damaged or cut short")
        refused(good[:at] + bytes([good[at] ^ 1 << rng.randrange(8)]) + good[at + 1:], "damaged or cut short")
    refused(sealed(body.replace(b"seen ", b"seen x", 1)), "of what patterns hold")
    refused(sealed(body.replace(b"pattern 2 ", b"pattern 64 ", 1)), "of what patterns hold")
    refused(sealed(body.split(b"stream")[0] + b"stream 1 9223372036854775807\n"), "line 1 of what patterns hold")
    refused(sealed(b"tocsin scan checkpoint 2\n1 2 3\n"), "how far logs were read")
    refused(b"tocsin scan checkpoint 4\n", "or a later one")
    refused(sealed(b"tocsin scan checkpoint 3\ntold 1 2\n"), "how far logs were read")
    refused(sealed(b"tocsin scan checkpoint 3\ntold 1 2 3 4\n"), "how far logs were read")


# ---- sightings that are stored with it ----

class Sighted(Logs):
    """The node's own indicators; what it sees goes into its collection of sightings."""

    def __init__(self, folder):
        super().__init__(folder)
        tocsin_run("init", "--node", "node", "--name", "A", cwd=folder)
        tocsin_run("collection", "add", "known", "--node", "node", cwd=folder)
        tocsin_run("import", "--node", "node", "--collection", "known", "i.txt", cwd=folder)

    def start(self):
        self.run = subprocess.Popen([BIN, "scan", "--json", "--follow", "--checkpoint", "mark", "--sight", "--node", "node", "logs"],
                                    cwd=self.folder, stdout=open(self.folder / "out", "ab"), stderr=open(self.folder / "err", "ab"))
        return self

    @property
    def seen(self):
        """How often each indicator was sighted, by all sightings stored."""
        said = tocsin_run("export", "--node", "node", "--collection", "sightings", cwd=self.folder, code=None)
        counts = {}
        for o in json.loads(said.out)["objects"] if said.out.strip() else ():
            if o["type"] == "sighting":
                counts[o["sighting_of_ref"]] = counts.get(o["sighting_of_ref"], 0) + o["count"]
        return counts


@pytest.fixture
def sighted(tmp_path):
    yield from until_ended(Sighted(tmp_path))


def test_sightings_are_stored_once_wherever_a_kill_falls(sighted):
    mark, beside = sighted.folder / "mark", sighted.folder / "mark.next"
    sighted.write("logs/a.log", hit(1) + hit(2))
    sighted.start().wait(2)
    sighted.end()
    old = mark.read_bytes()
    assert sum(sighted.seen.values()) == 2 and b"\nsighting sighting--" in old
    sighted.write("logs/a.log", hit(3) + hit(1))
    sighted.start().wait(4)
    sighted.end()
    new = mark.read_bytes()
    assert sum(sighted.seen.values()) == 4 and not beside.exists()
    # Stored, and killed before the new one had its name.
    beside.write_bytes(new)
    mark.write_bytes(old)
    sighted.start().wait(4)
    sighted.end()
    assert sum(sighted.seen.values()) == 4 and not beside.exists()
    # Killed before it was stored: what is beside says nothing. (That node holds four: they are counted again.)
    lines = [b"sighting sighting--00000000-0000-4000-8000-000000000000" if line.startswith(b"sighting ") else line
             for line in new.splitlines()[:-1]]
    text = b"".join(line + b"\n" for line in lines)
    beside.write_bytes(text + b"end " + hashlib.sha256(text).hexdigest().encode() + b"\n")
    mark.write_bytes(old)
    sighted.start().wait(4)
    sighted.end()
    assert sum(sighted.seen.values()) == 6 and not beside.exists()
    # Nor does what is damaged.
    beside.write_bytes(new[:-9])
    sighted.start().wait(4)
    sighted.end()
    assert sum(sighted.seen.values()) == 6 and not beside.exists()


def test_ended_and_killed_meanwhile_each_hit_is_sighted_once(sighted, rng):
    done = 0
    for turn in range(12):
        sighted.start()
        for _ in range(rng.randrange(1, 12)):
            sighted.write("logs/a.log", hit(done))
            done += 1
        time.sleep(0.3 + rng.random() * 0.3)
        sighted.run.send_signal(signal.SIGTERM)
        time.sleep(rng.random() * 0.25)
        sighted.end(signal.SIGKILL)
    sighted.start().wait(done)
    sighted.end()
    seen = sighted.seen
    assert sum(seen.values()) == done and set(seen.values()) == {1}
