"""What every flow test shares: the program under test, a printed seed, free ports, nodes that are gone
when the test is. Standard library only. With TOCSIN_TAP=1 (set by meson) results are printed as TAP."""
import json
import os
import pathlib
import random
import re
import socket
import ssl
import subprocess
import sys

import pytest

BIN = os.environ.get("TOCSIN_BIN", "")
SANITIZED = os.environ.get("TOCSIN_SANITIZED", "")  # "address,undefined" or "thread" where the program is
SEED = int(os.environ.get("TOCSIN_SEED") or random.SystemRandom().randrange(1 << 32))


class Result:
    """What a command said: code, out, err as text; rows when it was asked for JSON lines."""

    def __init__(self, run):
        self.code = run.returncode
        self.out = run.stdout.decode("utf-8", "replace")
        self.err = run.stderr.decode("utf-8", "replace")

    @property
    def rows(self):
        return [json.loads(line) for line in self.out.splitlines()]


def no_report(said):
    """What a process said holds no report of a sanitizer, however its end looked to others."""
    found = re.search(r"^.*(ERROR: \w+Sanitizer|WARNING: ThreadSanitizer|runtime error: |\w+Sanitizer has |\w+Sanitizer:DEADLYSIGNAL)",
                      said, re.M)
    assert not found, said[found.start():][:20000]


def tocsin_run(*args, code=0, stdin=b"", env=None, cwd=None, timeout=120):
    """Runs tocsin; the exit code must be `code` (None: any)."""
    if isinstance(stdin, str):
        stdin = stdin.encode()
    environment = {k: v for k, v in os.environ.items() if k != "TOCSIN_NODE"} | (env or {})
    run = subprocess.run([BIN, *map(str, args)], input=stdin, capture_output=True, env=environment,
                         cwd=cwd, timeout=timeout)
    result = Result(run)
    no_report(result.err)
    if code is not None:
        assert result.code == code, f"tocsin {args}: exit {result.code}, not {code}\n{result.err}"
    return result


@pytest.fixture(autouse=True)
def nothing_left_running():
    """What serves a whole module was there before the test and stays."""
    before = list(sys.modules["serving"].STARTED) if "serving" in sys.modules else []
    yield
    if "serving" in sys.modules:
        sys.modules["serving"].end_all(before)


bounded = pytest.mark.skipif(bool(SANITIZED), reason="a sanitizer maps terabytes and doubles what is used: "
                             "bounds of memory are judged on the program that is shipped")


@pytest.fixture
def tocsin(tmp_path):
    """tocsin(*args, code=0, stdin=b"") in a folder of its own."""
    return lambda *args, **kw: tocsin_run(*args, **{"cwd": tmp_path, **kw})


@pytest.fixture
def rng(request):
    """Seeded chance; TOCSIN_SEED=N repeats a run."""
    return random.Random(f"{SEED}:{request.node.nodeid}")


@pytest.fixture
def shared():
    """The folder of real cases; the test is skipped where it is missing."""
    folder = pathlib.Path(os.environ.get("TOCSIN_SHARED", "../shared"))
    if not (folder / "data").is_dir():
        pytest.skip(f"needs {folder}")
    return folder


def strict_tls(authority):
    """What trusts only `authority`, and judges certificates as clients of Python 3.13 do by themselves."""
    context = ssl.create_default_context(cafile=authority)
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    return context


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Tap:
    """Prints each test as one TAP line, before it what it said; how it failed goes to stderr."""

    def __init__(self):
        self.count = 0
        print(f"# seed {SEED}", flush=True)

    def line(self, good, name, note=""):
        self.count += 1
        print(f"{'ok' if good else 'not ok'} {self.count} - {name}{note}", flush=True)

    def pytest_runtest_logreport(self, report):
        name = report.nodeid.split("::", 1)[-1].replace("#", "")
        if report.skipped:
            reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else "expected"
            self.line(True, name, f" # SKIP {reason}")
        elif report.failed:
            print(f"{report.longreprtext}\n{report.capstdout}\n{report.capstderr}", file=sys.stderr)
            self.line(False, name if report.when == "call" else f"{name} ({report.when})")
        elif report.when == "call":
            for line in filter(str.strip, report.capstdout.splitlines()):
                print(f"# said: {line}", flush=True)
            self.line(True, name)

    def pytest_collectreport(self, report):
        if report.failed:
            print(report.longreprtext, file=sys.stderr)
            self.line(False, report.nodeid or "collection")

    def pytest_sessionfinish(self):
        print(f"1..{self.count}", flush=True)


def pytest_report_header():
    return f"seed {SEED} (TOCSIN_SEED repeats it), {BIN}"


@pytest.hookimpl(trylast=True)
def pytest_configure(config):
    config.option.importmode = "prepend"
    if not BIN or not os.access(BIN, os.X_OK):
        pytest.exit("TOCSIN_BIN names no program: meson test -C build/dev --suite flow", returncode=2)
    if os.environ.get("TOCSIN_TAP"):
        terminal = config.pluginmanager.getplugin("terminalreporter")
        if terminal:
            config.pluginmanager.unregister(terminal)
            config.get_terminal_writer = lambda: terminal._tw  # pytest 8 asks for its colours, to show a difference
        config.pluginmanager.register(Tap())
        sys.stdout.flush()
