"""Clients that mean harm or know no better: each is refused with its reason, and the node serves on."""
import os
import re
import resource
import socket
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


@pytest.mark.parametrize("body", [
    b'{"objects":' + b"[" * 200000 + b"]" * 200000 + b"}",
    b'{"objects":[' + b'{"a":' * 200000 + b"1" + b"}" * 200000 + b"]}",
    b'{"objects":[{"type":"\xff\xfe"}]}',
    b'{"objects":[{"type":"a\xc0\x80"}]}',
    b'\xef\xbb\xbf{"objects":[]',
    b'{"objects":[{"a":"\\ud800"}]}',
    b"",
    b"\x00" * 1000,
], ids=["depth-arrays", "depth-objects", "utf8", "overlong", "cut", "surrogate", "empty", "nul"])
def test_bodies_that_are_no_json_store_nothing(node, serve, body):
    status, _, told = post(node, serve, body)
    if status == 202:
        assert told["success_count"] == 0 and told["failure_count"] > 0, told
    else:
        assert status in (400, 413, 422), (status, told)
    node.run("quarantine", "list", code=1)
    assert serve.objects(node.id)[2] in ({}, {"more": False})
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


@bounded
def test_a_thousand_idle_tls_connections_leave_room(node):
    serve = Serve(node.folder, plain=False)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096), hard))
    context = strict_tls(node.folder / "keys/ca.pem")

    def private():
        """KB of their own; smaps of a process that lets nobody look into it are root's alone."""
        total = 0
        for pid in serve.pids:
            with open(f"/proc/{pid}/status") as f:
                total += sum(int(line.split()[1]) for line in f if line.startswith("RssAnon:"))
        return total

    held = []
    try:
        before = private()
        for _ in range(1000):
            plain = socket.create_connection(("127.0.0.1", serve.port), timeout=20)
            held.append(context.wrap_socket(plain, server_hostname="127.0.0.1"))
        each = (private() - before) / 1000
        print(f"1,000 idle TLS connections: {each:.1f} KB each")
        assert each < 40
        well(node, serve)
    finally:
        for one in held:
            one.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@bounded
def test_a_million_equal_keys_need_no_half_gigabyte(node, tmp_path):
    """In an import of 512 MB of address space, and in a POST to a server that has it."""
    key = '"k":1,'
    text = '{"type":"indicator","id":"indicator--00000000-0000-4000-8000-000000000001",' + key * 1000000 + '"z":1}'
    file = tmp_path / "keys.json"
    file.write_text('{"type":"bundle","id":"bundle--11111111-1111-4111-8111-111111111111","objects":[' + text + "]}")

    def limit():
        resource.setrlimit(resource.RLIMIT_AS, (512 << 20, 512 << 20))

    start = time.monotonic()
    run = subprocess.run([BIN, "import", str(file), "--collection", "main", "--node", str(node.folder)],
                         capture_output=True, text=True, timeout=60, preexec_fn=limit)
    assert run.returncode in (1, 3) and run.stderr, run
    serve = Serve(node.folder)
    for pid in serve.pids:
        resource.prlimit(pid, resource.RLIMIT_AS, (2 << 30, 2 << 30))
    status, _, told = post(node, serve, ('{"objects":[' + text + "]}").encode())
    assert status in (400, 413, 422) or told["success_count"] == 0, told
    assert time.monotonic() - start < 20
    well(node, serve)
