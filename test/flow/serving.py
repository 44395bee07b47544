"""`tocsin serve` under test: started, asked over HTTP, watched process by process, ended."""
import base64
import http.client
import json
import os
import pathlib
import re
import signal
import subprocess
import threading
import time

from conftest import BIN, no_report, strict_tls

MEDIA = "application/taxii+json;version=2.1"
PASSWORD = "correct horse battery"


def indicator(number, **more):
    """A valid indicator, its id made of the number."""
    name = f"host-{number}.flow.example"
    return {"type": "indicator", "spec_version": "2.1",
            "id": f"indicator--{number >> 48 & 0xffffffff:08x}-0000-4000-8000-{number & 0xffffffffffff:012x}",
            "created": "2026-01-01T00:00:00.000Z", "modified": "2026-01-01T00:00:00.000Z", "name": name,
            "pattern": f"[domain-name:value = '{name}']", "pattern_type": "stix",
            "valid_from": "2026-01-01T00:00:00Z"} | more


def envelope(*objects):
    return json.dumps({"objects": list(objects)}).encode()


def children_of(pid):
    try:
        text = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except OSError:
        return []
    return [int(word) for word in text.split()]


def wait_for(what, seconds=20, pause=0.02, serve=None):
    """Calls until it returns something true, which is returned; fails after so many seconds, with what `serve` said."""
    end = time.monotonic() + seconds
    while True:
        got = what()
        if got:
            return got
        assert time.monotonic() < end, f"not within {seconds} s; {serve.said if serve else what}"
        time.sleep(pause)


STARTED = []


def end_all(but=()):
    """For after a test, failed or not: whatever still serves is killed, by its pid; no sanitizer found anything."""
    said = ""
    for one in [one for one in STARTED if one not in but]:
        STARTED.remove(one)
        for pid in one.alive() if one.process.returncode is None else []:
            os.kill(pid, signal.SIGKILL)
        one.process.wait(10)
        if one.reader.ident:
            one.reader.join(5)
        said += one.said
    no_report(said)


class Serve:
    """A running `serve`: three processes, of which self.process is the keeper."""

    def __init__(self, node, *args, plain=True, local=False, port=0, preexec=None, words=None):
        self.node, self.plain, self.lines, self.port = pathlib.Path(node), plain, [], None
        self.reader = threading.Thread(target=self.read, daemon=True)
        words = words or [BIN, "serve", "--node", node, "--listen", f"127.0.0.1:{port}", *args]
        words = [*map(str, words)] + (["--plain"] if plain and "--plain" not in words else [])
        if local:
            words += ["--local", f"127.0.0.1:{local}"]
        self.process = subprocess.Popen(words, stderr=subprocess.PIPE, text=True, preexec_fn=preexec)
        self.pids = [self.process.pid]
        STARTED.append(self)
        for line in self.process.stderr:
            self.lines.append(line)
            found = re.search(r"serve\.ready port=(\d+)", line)
            if found:
                self.port = int(found.group(1))
                break
        assert self.port, f"serve did not get ready: {''.join(self.lines)}"
        self.pids = [self.process.pid, *children_of(self.process.pid)]
        self.reader.start()

    def read(self):
        for line in self.process.stderr:
            self.lines.append(line)

    @property
    def said(self):
        return "".join(self.lines)

    def connect(self, timeout=20):
        if self.plain:
            return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        context = strict_tls(self.node / "keys/ca.pem")
        return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=timeout, context=context)

    def ask(self, method, path, user=None, password=PASSWORD, body=None, headers=None, timeout=20):
        """(status, headers, parsed body) of one request on a connection of its own."""
        connection = self.connect(timeout)
        try:
            send = {"Accept": MEDIA} | ({"Content-Type": MEDIA} if body is not None else {})
            if user:
                pair = base64.b64encode(f"{user}:{password}".encode()).decode()
                send["Authorization"] = f"Basic {pair}"
            connection.request(method, path, body, send | (headers or {}))
            answer = connection.getresponse()
            text = answer.read()
            return answer.status, answer.headers, json.loads(text) if text else None
        finally:
            connection.close()

    def root(self, user="bob"):
        status, _, found = self.ask("GET", "/taxii2/", user)
        assert status == 200, found
        return re.sub(r"^https?://[^/]*", "", found["api_roots"][0])

    def objects(self, alias_id, user="bob", query="", **kw):
        return self.ask("GET", f"{self.root(user)}collections/{alias_id}/objects/{query}", user, **kw)

    def alive(self):
        """Those of the three that still run (zombies do not)."""
        left = []
        for pid in self.pids:
            try:
                state = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
            except OSError:
                continue
            if state != "Z":
                left.append(pid)
        return left

    def gone(self, seconds=20):
        """Waits until all three have ended; how long it took."""
        start = time.monotonic()
        code = self.process.wait(seconds)
        wait_for(lambda: not self.alive(), seconds, 0.002)
        self.reader.join(5)
        self.process.stderr.close()
        return code, time.monotonic() - start

    def stop(self, code=0):
        self.process.send_signal(signal.SIGTERM)
        try:
            got, _ = self.gone()
            assert got == code, f"exit {got}: {self.said}"
        except subprocess.TimeoutExpired:
            os.kill(self.process.pid, signal.SIGKILL)
            raise
