"""Clients that mean harm or know no better: each is refused with its reason, and the node serves on."""
import base64
import json
import os
import re
import resource
import select
import socket
import ssl
import subprocess
import time

import pytest

from conftest import BIN, bounded, strict_tls, tocsin_run
from serving import MEDIA, PASSWORD, Serve, envelope, indicator, wait_for


class Node:
    def __init__(self, folder):
        self.folder = folder / "n"
        self.run("init", "--name", "n")
        self.run("collection", "add", "main", "--title", "Main")
        self.id = self.run("collection", "list", "--json").rows[0]["id"]
        self.run("user", "add", "bob", "--role", "reader,analyst", "--password-stdin", stdin=PASSWORD + "\n")
        self.run("grant", "main", "bob", "both")
        self.token = self.run("user", "token", "bob").out.strip()

    def run(self, *args, **kw):
        return tocsin_run(*args, "--node", self.folder, **kw)


@pytest.fixture
def node(tmp_path):
    return Node(tmp_path)


@pytest.fixture
def serve(node):
    return Serve(node.folder)


def path_of(node, serve):
    return f"{serve.root()}collections/{node.id}/objects/"


def post(node, serve, body):
    return serve.ask("POST", path_of(node, serve), body=body, headers={"Authorization": f"Bearer {node.token}"})


def well(node, serve):
    """Everything is as before: three processes, and an envelope goes in."""
    assert len(serve.alive()) == 3, serve.said
    well.number = getattr(well, "number", 10 ** 6) + 1
    assert post(node, serve, envelope(indicator(well.number)))[0] == 202


def raw(serve, text, seconds=15):
    """All that comes back for these bytes until the server closes."""
    with socket.create_connection(("127.0.0.1", serve.port), timeout=seconds) as s:
        s.sendall(text)
        got = b""
        try:
            while piece := s.recv(65536):
                got += piece
                if b"\r\n\r\n" in got and b"Connection: close" not in got and b"keep-alive" in got.lower():
                    break
        except (ConnectionError, TimeoutError):
            pass
        return got


def head(node, serve, *lines, method="POST"):
    return "\r\n".join([f"{method} {path_of(node, serve)} HTTP/1.1", "Host: x", f"Accept: {MEDIA}",
                        f"Content-Type: {MEDIA}", f"Authorization: Bearer {node.token}", *lines, "", ""]).encode()


def test_bodies_over_the_limit_are_413(node, serve):
    big = b'{"objects":["' + b"x" * (33 << 20) + b'"]}'
    assert post(node, serve, big)[0] == 413
    assert raw(serve, head(node, serve, "Content-Length: 999999999999")).startswith(b"HTTP/1.1 413")
    chunk = b"100000\r\n" + b" " * (1 << 20) + b"\r\n"
    got = raw(serve, head(node, serve, "Transfer-Encoding: chunked", "Connection: close") + chunk * 40 + b"0\r\n\r\n")
    assert got.startswith(b"HTTP/1.1 413"), got[:200]
    well(node, serve)


def flawed(place, flaw, number=2):
    """An envelope of a good object and of one that is good but for this flaw, in a string or in place of a value."""
    bad = json.dumps(indicator(number, description="TEXT", x_flow="VALUE")).encode()
    at = {"text": b"TEXT", "value": b'"VALUE"'}[place]
    assert bad.count(at) == 1
    return b'{"objects":[' + json.dumps(indicator(1)).encode() + b"," + bad.replace(at, flaw) + b"]}"


FLAWS = {
    "array-bomb": ("value", b"[" * 200000 + b"]" * 200000, 422, "nested deeper than"),
    "object-bomb": ("value", b'{"a":' * 200000 + b"1" + b"}" * 200000, 422, "nested deeper than"),
    "deep": ("value", b"[" * 100 + b"]" * 100, 202, "nested deeper than"),
    "no-utf8": ("text", b"a\xff\xfe", 400, "not UTF-8"),
    "overlong": ("text", b"a\xc0\x80", 400, "not UTF-8"),
    "surrogate-bytes": ("text", b"a\xed\xa0\x80", 400, "not UTF-8"),
    "half-surrogate": ("text", b"\\ud800", 400, "surrogate"),
    "control": ("text", b"a\x01b", 400, "control character"),
    "nul": ("text", b"a\x00b", 400, "control character"),
    "no-number": ("value", b"NaN", 400, "valid JSON"),
    "equal-keys": ("value", b'1,"x_k":1,"x_k":1', 202, "stands twice"),
    "a-million-equal-keys": ("value", b"1" + b',"x_k":1' * 1000000, 202, "stands twice"),
}


def test_what_is_refused_below_is_taken_without_its_flaw(node, serve):
    for number, (place, text) in enumerate((("text", b"a"), ("value", b"[1]"), ("text", b"\\ud83d\\ude00 \xc3\xa4"),
                                            ("value", b"[" * 20 + b"]" * 20)), 2):
        status, _, told = post(node, serve, flawed(place, text, number))
        assert status == 202 and told["success_count"] == 2 and told["failure_count"] == 0, told


@pytest.mark.parametrize("flaw", FLAWS)
def test_one_flaw_is_refused_with_its_reason(node, serve, flaw):
    """The envelope where it is no JSON or a bomb, else the object alone; the good one beside it is then stored."""
    place, text, wanted, reason = FLAWS[flaw]
    status, _, told = post(node, serve, flawed(place, text))
    assert status == wanted and reason in json.dumps(told), (status, told)
    if wanted == 202:
        assert (told["success_count"], told["failure_count"]) == (1, 1), told
        assert told["failures"][0]["id"] == indicator(2)["id"]
    there = [o["id"] for o in serve.objects(node.id)[2].get("objects", [])]
    assert there == ([indicator(1)["id"]] if wanted == 202 else [])
    node.run("quarantine", "list", code=1)
    well(node, serve)


@pytest.mark.parametrize("body", [b"", b"\x00" * 1000, b'\xef\xbb\xbf{"objects":[]', b"[]", b"null", b'"objects"', b"{}}"])
def test_a_body_that_is_no_envelope_is_refused(node, serve, body):
    status, _, told = post(node, serve, body)
    assert status in (400, 422), (status, told)
    well(node, serve)


@pytest.mark.parametrize("lines,body", [
    (["Content-Length: 5", "Content-Length: 6"], b"hello!"),
    (["Content-Length: 5", "Transfer-Encoding: chunked"], b"0\r\n\r\n"),
    (["Transfer-Encoding: chunked", "Content-Length: 5"], b"0\r\n\r\n"),
    (["Content-Length: 5, 5"], b"hello"),
    (["Content-Length: -1"], b""),
    (["Content-Length: +5"], b"hello"),
    (["Content-Length: 0x5"], b"hello"),
    (["Transfer-Encoding: chunked, identity"], b"0\r\n\r\n"),
])
def test_two_readings_of_one_length_are_refused_and_the_connection_ends(node, serve, lines, body):
    smuggled = b"GET /taxii2/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    got = raw(serve, head(node, serve, *lines) + body + smuggled)
    statuses = set(re.findall(rb"HTTP/1.1 (\d+)", got))
    assert statuses <= {b"400"} or statuses <= {b"413"} or statuses <= {b"501"}, got
    well(node, serve)


def test_garbage_instead_of_tls_hurts_nobody(node):
    serve = Serve(node.folder, plain=False)
    for text in (b"GET / HTTP/1.1\r\n\r\n", os.urandom(5000), b"\x16\x03\x01\xff\xff" + b"\x00" * 5000,
                 b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00", b"\x80" * 300):
        assert b"HTTP/1.1 200" not in raw(serve, text, 3)
    well(node, serve)


def test_slow_clients_are_cut_and_hold_up_nobody(node, serve):
    start = time.monotonic()
    slow = [socket.create_connection(("127.0.0.1", serve.port), timeout=30) for _ in range(50)]
    for s in slow[:25]:
        s.sendall(b"GET /taxii2/ HTTP/1.1\r\nHost:")
    begun = head(node, serve, "Content-Length: 1000000")
    for s in slow[25:]:
        s.sendall(begun + b"{")
    well(node, serve)
    assert time.monotonic() - start < 5
    for s in slow:
        try:
            while s.recv(4096):
                pass
        except ConnectionError:
            pass
        s.close()
    print(f"50 slow clients cut after {time.monotonic() - start:.1f} s")
    assert time.monotonic() - start < 30
    well(node, serve)


def private(serve):
    """KB of their own, all processes; smaps of a process that lets nobody look into it are root's alone."""
    total = 0
    for pid in serve.pids:
        with open(f"/proc/{pid}/status") as f:
            total += sum(int(line.split()[1]) for line in f if line.startswith("RssAnon:"))
    return total


class Held:
    """Connections over TLS that have each had an authenticated answer and are now idle: by turns a full handshake of
    TLS 1.3 and, where `session` is one, a resumed one of TLS 1.2."""

    def __init__(self, node, serve):
        self.node, self.serve, self.plugs, self.session, self.asked = node, serve, [], None, time.monotonic()
        self.newest, self.older = (strict_tls(node.folder / "keys/ca.pem") for _ in range(2))
        self.older.maximum_version = ssl.TLSVersion.TLSv1_2

    def add(self):
        number = len(self.plugs)
        plain = socket.socket()
        plain.settimeout(20)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        plain.bind((f"127.0.0.{2 + number // 5000}", 0))
        plain.connect(("127.0.0.1", self.serve.port))
        if number % 2:
            plug = self.older.wrap_socket(plain, server_hostname="127.0.0.1", session=self.session)
            self.session = self.session or plug.session
        else:
            plug = self.newest.wrap_socket(plain, server_hostname="127.0.0.1")
        self.plugs.append(plug)
        self.ask(plug)
        if time.monotonic() - self.asked > 25:  # building so many took long: none of them is cut for that
            self.ask_all()

    def ask(self, plug):
        plug.sendall(f"GET /taxii2/ HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {self.node.token}\r\n\r\n".encode())
        got = b""
        while b"}" not in got:
            piece = plug.recv(4096)
            assert piece, "cut"
            got += piece
        assert got.startswith(b"HTTP/1.1 200")

    def ask_all(self):
        self.asked = time.monotonic()
        for plug in self.plugs:
            self.ask(plug)

    def close(self):
        for plug in self.plugs:
            plug.close()


@pytest.fixture
def many():
    """How many connections: TOCSIN_CONNECTIONS=10000 for the full number. Descriptors enough for this end of them."""
    count = int(os.environ.get("TOCSIN_CONNECTIONS") or 2000)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < count + 200:
        pytest.skip(f"{hard} open files are allowed here")
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, count + 1000), hard))
    yield count
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def few_files():
    """What a shell allows: serve raises it by itself."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))


@bounded
def test_idle_tls_connections_cost_little_and_leave_room(node, many):
    with open(node.folder / "tocsin.conf", "a") as conf:
        conf.write("max-connections-per-address = 0\n")
    serve = Serve(node.folder, plain=False, preexec=few_files)
    held = Held(node, serve)
    try:
        for _ in range(4):  # what is made once is no cost of a connection
            held.add()
        before = private(serve)
        start = time.monotonic()
        for _ in range(many):
            held.add()
        took, each = time.monotonic() - start, (private(serve) - before) / many
        there = len(os.listdir(f"/proc/{serve.pids[2]}/fd"))
        print(f"{many} idle TLS connections made in {took:.0f} s: {each:.1f} KB each, {there} descriptors")
        assert there > many, "it is the cost of connections that are there"
        assert 5 < each < 20.5
        slowest = 0
        for _ in range(5):
            start = time.monotonic()
            well(node, serve)
            slowest = max(slowest, time.monotonic() - start)
        assert slowest < 2, "others wait for those who are idle"
        held.ask_all()  # and each is still served
        each = (private(serve) - before) / many
        print(f"after another request {each:.1f} KB each; others were answered within {slowest:.2f} s")
        assert each < 20.5
        if many >= 10000:
            time.sleep(70)
            assert len(os.listdir(f"/proc/{serve.pids[2]}/fd")) > many, "cut before 75 seconds"
            wait_for(lambda: len(os.listdir(f"/proc/{serve.pids[2]}/fd")) < 100, 30, 0.5, serve)
            well(node, serve)
    finally:
        held.close()


def test_one_address_has_no_more_than_its_share(node):
    """Also not by requests that are held; others are served meanwhile, and so is it when some of its own are closed."""
    with open(node.folder / "tocsin.conf", "a") as conf:
        conf.write("max-connections-per-address = 10\n")
    serve = Serve(node.folder)
    at = path_of(node, serve)
    ask = f"GET {at} HTTP/1.1\r\nHost: x\r\nAccept: {MEDIA}\r\nPrefer: wait=60\r\nAuthorization: Bearer {node.token}\r\n\r\n"

    def connect():
        plug = socket.create_connection(("127.0.0.1", serve.port), timeout=15, source_address=("127.0.0.9", 0))
        plug.sendall(ask.encode())
        return plug

    def is_closed(plug, seconds):
        plug.settimeout(seconds)
        try:
            return plug.recv(1) == b""
        except TimeoutError:
            return False
        except OSError:
            return True

    plugs = [connect() for _ in range(10)]
    try:
        assert not any(is_closed(plug, 0.1) for plug in plugs)
        for _ in range(20):
            with connect() as more:
                assert is_closed(more, 10)
        well(node, serve)  # answers those who are held, and keeps them
        plugs.pop().close()
        wait_for(lambda: not is_closed(plugs.append(connect()) or plugs[-1], 0.2), 10, 0.1, serve)
    finally:
        for plug in plugs:
            plug.close()


def test_connections_that_say_nothing_are_cut_in_ten_seconds(node, many):
    """Before, in and behind the handshake; others come and go meanwhile."""
    serve = Serve(node.folder, plain=False, preexec=few_files)
    context, plugs, start = strict_tls(node.folder / "keys/ca.pem"), [], time.monotonic()
    try:
        for i in range(many // 2):
            plain = socket.create_connection(("127.0.0.1", serve.port), timeout=30, source_address=(f"127.0.0.{3 + i % 3}", 0))
            if i % 3 == 1:
                plain.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
            plugs.append(context.wrap_socket(plain, server_hostname="127.0.0.1") if i % 51 == 2 else plain)
        made = time.monotonic()
        well(node, serve)
        wait_for(lambda: len(os.listdir(f"/proc/{serve.pids[2]}/fd")) < 100, 25, 0.25, serve)
        lasted = time.monotonic() - made
        print(f"{len(plugs)} silent connections, made in {made - start:.1f} s, cut {lasted:.1f} s after the last")
        assert lasted < 13
        well(node, serve)
    finally:
        for one in plugs:
            one.close()


def test_fewer_descriptors_than_connections_are_said_and_served_with(node):
    """Where not even the hard limit is enough for max-connections: as many as can be."""
    serve = Serve(node.folder, plain=False, preexec=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (256, 300)))
    line, = [line for line in serve.lines if "limits.low" in line]
    assert "max-connections" in line and "300" in line and "ulimit" in line, line
    plugs = []
    try:
        for _ in range(260):
            try:
                plugs.append(socket.create_connection(("127.0.0.1", serve.port), timeout=5))
            except OSError:
                break
        wait_for(lambda: well(node, serve) or True, 30)
    finally:
        for one in plugs:
            one.close()
    well(node, serve)


@bounded
def test_a_million_equal_keys_need_no_half_gigabyte(node, tmp_path):
    """In an import of 512 MB of address space, and in a POST to a server of which each process gets that much more."""
    text = flawed("value", b"1" + b',"x_k":1' * 1000000)
    file = tmp_path / "keys.json"
    file.write_bytes(text.replace(b"{", b'{"type":"bundle","id":"bundle--11111111-1111-4111-8111-111111111111",', 1))

    def limit():
        resource.setrlimit(resource.RLIMIT_AS, (512 << 20, 512 << 20))

    run = subprocess.run([BIN, "import", str(file), "--collection", "main", "--node", str(node.folder), "--json"],
                         capture_output=True, text=True, timeout=60, preexec_fn=limit)
    assert run.returncode == 1 and "stands twice" in run.stderr, run
    assert (json.loads(run.stdout)["added"], json.loads(run.stdout)["refused"]) == (1, 1)
    serve = Serve(node.folder)
    for pid in serve.pids:
        with open(f"/proc/{pid}/statm") as f:
            most = int(f.read().split()[0]) * resource.getpagesize() + (512 << 20)
        resource.prlimit(pid, resource.RLIMIT_AS, (most, most))
    status, _, told = post(node, serve, text)
    assert status == 202 and told["failure_count"] == 1 and "stands twice" in json.dumps(told), told
    well(node, serve)


# ---- guessing passwords ----

def guess(serve, address, user, password):
    """A connection from an address of its own that has sent a guess and not read the answer."""
    s = socket.create_connection(("127.0.0.1", serve.port), timeout=60, source_address=(address, 0))
    pair = base64.b64encode(f"{user}:{password}".encode()).decode()
    s.sendall(f"GET /taxii2/ HTTP/1.1\r\nHost: x\r\nAccept: {MEDIA}\r\nAuthorization: Basic {pair}\r\n"
              "Connection: close\r\n\r\n".encode())
    return s


def answered(guesses):
    return len(select.select(guesses, [], [], 0)[0])


def status_of(s):
    with s, s.makefile("rb") as answer:
        return int(answer.readline().split()[1])


def test_who_is_known_is_served_while_fifty_guess(node, serve):
    """Counted, not timed: the requests of a known user all come and go before half of the guesses are computed."""
    path = path_of(node, serve)
    assert post(node, serve, envelope(*[indicator(n) for n in range(50)]))[0] == 202
    wait_for(lambda: len(serve.ask("GET", path, "bob")[2].get("objects", [])) == 50)
    connection = serve.connect()
    for by in ("Basic " + base64.b64encode(f"bob:{PASSWORD}".encode()).decode(), f"Bearer {node.token}"):
        guesses = [guess(serve, f"127.0.{1 + (by[1] == 'e')}.{n + 1}", f"user{n % 7}", f"guess {n}") for n in range(50)]
        for _ in range(20):
            connection.request("GET", path, headers={"Accept": MEDIA, "Authorization": by})
            answer = connection.getresponse()
            assert answer.status == 200 and len(json.loads(answer.read())["objects"]) == 50
        done = answered(guesses)
        assert done < 25, f"{done} of 50 guesses were computed meanwhile"
        codes = [status_of(s) for s in guesses]
        assert set(codes) <= {401, 429} and codes.count(401) >= 20, codes
    connection.close()


def test_one_address_takes_no_more_than_its_share_of_the_places(node, serve):
    """A newcomer at another address is let in while one address asks as much as it can."""
    guesses = [guess(serve, "127.0.0.9", f"name{n}", f"guess {n}") for n in range(120)]
    newcomer = guess(serve, "127.0.0.10", "bob", PASSWORD)
    assert status_of(newcomer) == 200
    codes = [status_of(s) for s in guesses]
    assert set(codes) == {401, 429} and codes.count(429) >= 60, codes
    well(node, serve)


def test_many_connections_of_one_user_are_all_let_in_at_once(node, serve):
    """The same password is one computation, however many ask."""
    asked = [guess(serve, "127.0.0.1", "bob", PASSWORD) for _ in range(100)]
    assert [status_of(s) for s in asked] == [200] * 100


def test_an_end_while_passwords_wait_is_clean(serve):
    asked = [guess(serve, f"127.0.0.{n + 1}", f"name{n}", "guess") for n in range(40)]
    serve.stop()
    assert {status_of(s) for s in asked} <= {401, 429, 503}
