"""Tells a story of commands: prints each command, runs it, checks what it said.

Every line printed with a tick is an assertion; the first that does not hold ends the story with exit 1 and the
command that made it. Standard library only.
"""
import contextlib
import os
import pathlib
import shlex
import signal
import socket
import subprocess
import sys
import time

COLOUR = sys.stdout.isatty() and "NO_COLOR" not in os.environ


def paint(code, text):
    return f"\033[{code}m{text}\033[0m" if COLOUR else text


class Broken(Exception):
    """An assertion of the story does not hold."""


class Story:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.log = (self.folder / "story.log").open("w")
        self.running = []
        self.ticks = 0
        self.last = ""

    def say(self, text=""):
        print(text, flush=True)
        self.log.write(text + "\n")
        self.log.flush()

    def chapter(self, text):
        self.say()
        self.say(paint("1", f"== {text}"))

    def run(self, *words, stdin=None, codes=(0,), quiet=False, env=None):
        """Prints and runs a command in the story's folder; its exit code must be one of codes."""
        words = [str(word) for word in words]
        self.last = "$ " + " ".join(shlex.quote(word) for word in words)
        if stdin is not None and len(stdin) < 80:
            self.last += f" <<< {shlex.quote(stdin.strip())}"
        self.say(paint("36", self.last))
        done = subprocess.run(words, cwd=self.folder, input=stdin, text=True, capture_output=True, timeout=120,
                              env={**os.environ, **(env or {})})
        if not quiet:
            for line in (done.stdout + done.stderr).splitlines()[:12]:
                self.say("  " + line[:160])
        if done.returncode not in codes:
            raise Broken(f"exit {done.returncode}, expected {codes}\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
        return done.stdout

    def start(self, *words, log, env=None):
        """Starts a command in the background, its talk in a file; it ends with the story."""
        words = [str(word) for word in words]
        self.last = "$ " + " ".join(shlex.quote(word) for word in words) + f" >{log} 2>&1 &"
        self.say(paint("36", self.last))
        with (self.folder / log).open("w") as out:
            child = subprocess.Popen(words, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                     start_new_session=True, env={**os.environ, **(env or {})})
        self.running.append(child)
        return child

    def stop(self, child):
        with contextlib.suppress(ProcessLookupError):
            child.send_signal(signal.SIGTERM)
        try:
            child.wait(10)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        if child in self.running:
            self.running.remove(child)

    def stop_all(self):
        for child in list(self.running):
            self.stop(child)

    def holds(self, text, truth, detail=""):
        """One line of the story: an assertion."""
        if not truth:
            raise Broken(f"does not hold: {text}\n{detail}")
        self.ticks += 1
        self.say(paint("32", "  ok ") + text)

    def wait_for(self, text, probe, seconds=10):
        """Asserts that probe() becomes true within so many seconds; says how long it took."""
        start = time.monotonic()
        while time.monotonic() - start < seconds:
            value = probe()
            if value:
                self.holds(f"{text} ({time.monotonic() - start:.2f} s)", True)
                return value
            time.sleep(0.02)
        raise Broken(f"not within {seconds} s: {text}")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]
