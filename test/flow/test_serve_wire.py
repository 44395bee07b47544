"""What HTTP allows and few clients send, and what none may: each on raw sockets, with and without TLS."""
import ctypes
import json
import os
import socket
import subprocess
import threading
import time

import pytest

from conftest import SANITIZED, bounded
from serving import MEDIA, Serve, envelope, indicator, wait_for
from test_serve_attack import (LIMIT, OBJECTS, SMUGGLED, Node, answers, ask, connect, context_of, head, raw, read_all,
                               well)

os.environ.pop("MALLOC_PERTURB_", None)  # touches what is only reserved: memory is measured here


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    made = Node(tmp_path_factory.mktemp("wire") / "n")
    made.run("init", "--name", "n", "--country", "NO")
    with open(made.folder / "tocsin.conf", "a") as conf:
        conf.write(f"max-content-length = {LIMIT}\n")
    made.run("collection", "add", "main", "--title", "main")
    made.user("bob")
    made.run("grant", "main", "bob", "both")
    made.token = made.run("user", "token", "bob").out.strip()
    return made


@pytest.fixture(scope="module")
def serve(node):
    serving = Serve(node.folder, plain=False)
    yield serving
    assert len(serving.alive()) == 3, serving.said
    serving.stop()


@pytest.fixture(scope="module")
def plain(node, tmp_path_factory):
    """Another node, without TLS."""
    made = Node(tmp_path_factory.mktemp("plain") / "n")
    made.run("init", "--name", "n", "--country", "NO")
    made.run("collection", "add", "main", "--title", "main")
    made.user("bob")
    made.run("grant", "main", "bob", "both")
    made.token = made.run("user", "token", "bob").out.strip()
    made.serve = Serve(made.folder)
    yield made
    assert len(made.serve.alive()) == 3, made.serve.said
    made.serve.stop()


def library_version():
    """Of libmicrohttpd, as numbers."""
    version = ctypes.CDLL("libmicrohttpd.so.12").MHD_get_version
    version.restype = ctypes.c_char_p
    return tuple(int(n) for n in version().decode().split(".")[:2])


def stored(node, serve, number):
    return ask(node, serve, "GET", f"{OBJECTS}{indicator(number)['id']}/")[0] == 200


# ---- request lines and heads ----

def test_targets_in_absolute_form_are_served(node, serve):
    """RFC 9112 section 3.2.2: a server must accept them, and whose authority it is does not matter here."""
    for target in ("http://x/taxii2/", "https://127.0.0.1:1/taxii2/", "HTTP://[::1]/taxii2/"):
        got, ended = raw(node, serve, head(node, "Connection: close", path=target))
        assert ended and answers(got)[0][0] == 200, (target, got)
    for target in ("ftp://x/taxii2/", "http:///taxii2/", "http:taxii2/", "x:443", "http://x y/taxii2/", "https://"):
        got, ended = raw(node, serve, head(node, path=target) + SMUGGLED.encode())
        assert ended and answers(got)[0][0] in (400, 404), (target, got)
        assert b"api_roots" not in got
    well(node, serve)


@pytest.mark.parametrize("first", [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"GET /taxii2/\r\n\r\n", b"CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n",
                                   b"TRACE /taxii2/ HTTP/1.1\r\nHost: x\r\n\r\n", b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
                                   b"GET /taxii2/ HTTP/1.1\r\n\r\n", b"\x00\x00\x12\x04\x00\x00\x00\x00\x00",
                                   b"GET /taxii2/ HTTP/1.1\nHost: x\n\n", b"GET * HTTP/1.1\r\nHost: x\r\n\r\n"],
                         ids=["h2", "0.9", "connect", "trace", "options", "no-host", "frames", "lf", "star"])
def test_other_protocols_and_methods_of_proxies_are_refused(node, serve, first):
    got, ended = raw(node, serve, first + SMUGGLED.encode(), 12)
    assert b"api_roots" not in got
    statuses = [a[0] for a in answers(got)]
    assert not statuses or statuses[0] in (400, 401, 404, 405, 426, 501, 505), got
    well(node, serve)


def test_an_upgrade_is_not_taken(node, serve):
    got, ended = raw(node, serve, head(node, "Connection: Upgrade, HTTP2-Settings, close", "Upgrade: h2c, websocket",
                                       "HTTP2-Settings: AAMAAABkAAQAAP__", path="/taxii2/"))
    assert [a[0] for a in answers(got)] == [200], got


@pytest.mark.parametrize("lines,wanted", [
    ([f"X-{i}: y" for i in range(1000)], {431}), ([f"Range: bytes={i}-" for i in range(30)], {200, 400}),
    (["Range: bytes=" + ",".join(f"{i}-" for i in range(500))], {200}), (["X: " + "y" * 7000], {431}),
    (["X" * 7000 + ": y"], {431}), (["Cookie: " + "; ".join(f"a{i}={i}" for i in range(20))], {200}),
    (["Cookie: " + "; ".join(f"a{i}={i}" for i in range(200))], {200, 431}),
    (["X: " + "\t" * 3000 + "y"], {200}), ([f"Accept: {MEDIA}"] * 20, {200}),
], ids=["many", "ranges", "range", "value", "name", "cookies", "many-cookies", "blanks", "accepts"])
def test_heads_that_are_large_or_repeat_themselves(node, serve, lines, wanted):
    got, ended = raw(node, serve, head(node, *lines, "Connection: close", path="/taxii2/"))
    assert ended and answers(got)[0][0] in wanted, got[:300]
    well(node, serve)


@pytest.mark.parametrize("second", ["Bearer wrong", "Basic Ym9iOng=", "Bearer {token}"])
def test_two_authorizations_are_no_authorization(node, serve, second):
    """Whichever a proxy looked at, it may have been the other one."""
    line = "Authorization: " + second.format(token=node.token)
    got, ended = raw(node, serve, head(node, line, "Connection: close", path="/taxii2/"))
    assert ended and answers(got)[0][0] in (400, 401), got


# ---- bodies ----

def chunks(body, *, extension=b"", size=100, trailer=b""):
    text = b""
    for at in range(0, len(body), size):
        piece = body[at:at + size]
        text += b"%x%s\r\n%s\r\n" % (len(piece), extension, piece)
    return text + b"0%s\r\n%s\r\n" % (extension, trailer)


@pytest.mark.parametrize("more", [
    {"extension": b";a=b"}, {"extension": b";a=\"b;c\"; d"}, {"size": 1}, {"trailer": b"X-Sum: 1\r\n"},
    {"trailer": b"Content-Length: 5\r\nHost: y\r\nAuthorization: Bearer wrong\r\n"},
], ids=["extension", "quoted", "bytes", "trailer", "trailers-that-lie"])
def test_chunks_with_all_that_is_allowed_are_one_body(node, serve, more):
    """RFC 9112 section 7.1: extensions are ignored, and so is whatever a trailer says. libmicrohttpd 1.0 refuses extensions."""
    number = 700 + len(str(more))
    body = envelope(indicator(number))
    got, ended = raw(node, serve, head(node, "Transfer-Encoding: chunked", "TE: trailers", method="POST")
                     + chunks(body, **more))
    statuses = [a[0] for a in answers(got)]
    if more.get("extension") and library_version() >= (1,):
        assert ended and statuses == [400] and not stored(node, serve, number), statuses
        return
    assert ended and statuses == [202], statuses
    assert json.loads(answers(got)[0][2])["success_count"] == 1
    assert stored(node, serve, number)


def test_a_flood_of_extensions_trailers_and_empty_lines_ends(node, serve):
    start = head(node, "Transfer-Encoding: chunked", method="POST")
    for flood in (b"1;" + b"x" * 100000, b"0\r\n" + b"X: y\r\n" * 20000, b"0" * 100000, b"\r\n" * 50000):
        got, ended = raw(node, serve, start + flood, timeout=60)  # refused at once, or cut as a body that stands still
        assert ended and b"success_count" not in got, (flood[:20], got[:200])
    got, ended = raw(node, serve, b"\r\n" * 50000 + head(node, "Connection: close", path="/taxii2/"))
    assert ended and (got == b"" or answers(got)[0][0] in (200, 400, 414)), got[:200]
    well(node, serve)


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd", "identity, gzip", "x-unknown"])
def test_bodies_in_codings_are_refused_unread(node, serve, coding):
    """Whatever they would unpack to."""
    got, ended = raw(node, serve, head(node, f"Content-Encoding: {coding}", "Content-Length: 20", "Connection: close",
                                       method="POST") + b"\x1f\x8b\x08" + b"\0" * 17)
    assert [a[0] for a in answers(got)] == [415], got


def test_what_follows_a_body_is_the_next_request_and_nothing_else(node, serve):
    body = envelope(indicator(750))
    got, ended = raw(node, serve, head(node, f"Content-Length: {len(body)}", method="POST") + body + b"\r\n\r\n"
                     + head(node, "Connection: close", path="/taxii2/"))
    assert [a[0] for a in answers(got)][:1] == [202] and ended
    got, ended = raw(node, serve, head(node, f"Content-Length: {len(body) - 1}", method="POST") + body + SMUGGLED.encode())
    assert ended and b"api_roots" not in got and answers(got)[0][0] in (400, 422), got
    well(node, serve)


# ---- ends of connections ----

def test_who_has_closed_his_side_still_gets_the_answer(plain):
    """And the connection ends, though he said nothing of that: within seconds, not when it has been idle for long."""
    body = envelope(indicator(800))
    for request, status in 10 * [(head(plain, path="/taxii2/"), 200),
                                 (head(plain, f"Content-Length: {len(body)}", method="POST") + body, 202)]:
        with socket.create_connection(("127.0.0.1", plain.serve.port), timeout=15) as plug:
            plug.sendall(request)
            plug.shutdown(socket.SHUT_WR)
            got, ended = read_all(plug)
        assert ended and answers(got)[0][0] == status, got


def test_a_body_that_ends_early_stores_nothing(plain):
    body = envelope(indicator(801))
    for start, sent in ((head(plain, f"Content-Length: {len(body)}", method="POST"), body[:-1]),
                        (head(plain, "Transfer-Encoding: chunked", method="POST"), chunks(body)[:-5]),
                        (head(plain, "Transfer-Encoding: chunked", method="POST"), chunks(body)[:-1])):
        with socket.create_connection(("127.0.0.1", plain.serve.port), timeout=15) as plug:
            plug.sendall(start + sent)
            plug.shutdown(socket.SHUT_WR)
            got, ended = read_all(plug)
        assert ended and b"success_count" not in got, got
    assert not stored(plain, plain.serve, 801)


def test_tls_that_ends_without_goodbye_in_mid_body_stores_nothing(node, serve):
    body = envelope(indicator(802))
    with connect(node, serve) as plug:
        plug.sendall(head(node, f"Content-Length: {len(body)}", method="POST") + body[:-1])
        plug.detach()
    with connect(node, serve) as plug:
        plug.sendall(head(node, f"Content-Length: {len(body)}", method="POST") + body[:-1])
        plug.shutdown(socket.SHUT_WR)
    time.sleep(0.3)
    assert not stored(node, serve, 802)
    well(node, serve)


def test_renegotiation_is_refused(node, serve):
    """TLS 1.2 clients that ask for handshake after handshake cost nothing."""
    run = subprocess.Popen(["openssl", "s_client", "-tls1_2", "-connect", f"127.0.0.1:{serve.port}", "-CAfile",
                            str(node.folder / "keys/ca.pem")], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT)
    try:
        time.sleep(0.5)
        run.stdin.write(b"R\n")
        run.stdin.flush()
        time.sleep(0.7)
        run.stdin.write(b"R\n")
        run.stdin.close()
    except BrokenPipeError:
        pass
    said = run.stdout.read()
    run.wait(20)
    assert b"RENEGOTIATING" in said
    assert b"no renegotiation" in said or b"handshake failure" in said or b"closed" in said or b"errno" in said, said[-500:]
    well(node, serve)


def test_a_flood_of_tls_records_and_key_updates_hurts_nobody(node, serve):
    """Empty records, and thousands of small ones."""
    with connect(node, serve) as plug:
        for byte in head(node, "Connection: close", path="/taxii2/"):
            plug.sendall(bytes([byte]))
        got, ended = read_all(plug)
        assert answers(got)[0][0] == 200
    well(node, serve)


# ---- answers nobody reads ----

@pytest.fixture(scope="module")
def heavy(node, serve):
    """40,000 objects of about 1 KB: pages of 10 MB."""
    text = "\n".join(json.dumps(indicator(10000 + i, description="z" * 700)) for i in range(40000))
    node.run("import", "-", "--collection", "main", stdin=text)
    return f"{OBJECTS}?limit=10000"


def anonymous(serve):
    """KB in the front alone."""
    with open(f"/proc/{serve.pids[2]}/status") as f:
        return sum(int(line.split()[1]) for line in f if line.startswith("RssAnon:"))


def was_refused(plug):
    plug.setblocking(False)
    try:
        return plug.recv(64).startswith(b"HTTP/1.1 503")
    except OSError:
        return False


@bounded
@pytest.mark.parametrize("pace", [0, 2000], ids=["never", "slowly"])
def test_who_does_not_read_his_answer_is_cut_and_the_rest_is_served(node, serve, heavy, pace):
    """Eighty ask for 10 MB each, again and again in one go, and read nothing, or just more than a body has to bring in a
    second: what waits to be read is bounded, small answers go out all the time, large ones soon again."""
    before, plugs, context = anonymous(serve), [], context_of(node)
    start, most, slowest, refused, large = time.monotonic(), 0, 0, 0, head(node, path=heavy) * 20

    def come():
        for _ in range(80):
            plain = socket.socket()
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            plain.settimeout(30)
            plain.connect(("127.0.0.1", serve.port))
            plugs.append(context.wrap_socket(plain, server_hostname="127.0.0.1"))
            plugs[-1].sendall(large)

    comes = threading.Thread(target=come, daemon=True)
    comes.start()
    try:
        done = False
        while not done:
            assert time.monotonic() - start < 240, "large answers are refused for ever"
            asked = time.monotonic()
            well(node, serve)
            slowest, most = max(slowest, time.monotonic() - asked), max(most, anonymous(serve))
            status, headers, told = ask(node, serve, "GET", heavy)
            assert status in (200, 503), told
            if status == 503:
                refused += 1
                assert headers["Retry-After"] == "5" and headers["Content-Type"] == MEDIA and "for less" in told["description"]
            for plug in plugs if pace and not comes.is_alive() else ():
                try:
                    plug.setblocking(False)
                    plug.recv(pace)
                except OSError:
                    pass
            # On a busy machine our own may all have come before the room was full and after it was free again.
            done = status == 200 and not comes.is_alive() and (refused or any(map(was_refused, plugs)))
            time.sleep(max(0, asked + 1 - time.monotonic()))
        print(f"{(most - before) >> 10} MB more at most; large answers were refused {refused} times and served again after "
              f"{time.monotonic() - start:.0f} s; others waited {slowest:.2f} s at most")
        assert slowest < 5
        assert most - before < 640 << 10
        if not pace:  # who read something may go on, in the half of the room that is for him
            wait_for(lambda: len(os.listdir(f"/proc/{serve.pids[2]}/fd")) < 40, 20, 0.5, serve)
        assert ask(node, serve, "GET", heavy)[0] == 200
    finally:
        for plug in plugs:
            plug.close()
    well(node, serve)


def test_who_reads_slowly_but_reads_gets_all(node, serve, heavy):
    """Some 100 KB a second for 15 seconds, then the rest."""
    with connect(node, serve, 30) as plug:
        plug.sendall(head(node, "Connection: close", path=f"{OBJECTS}?limit=5000"))
        got, start = b"", time.monotonic()
        while time.monotonic() - start < 15:
            got += plug.recv(20000)
            time.sleep(0.2)
        rest, ended = read_all(plug)
    got += rest
    status, fields, body = answers(got)[0]
    assert status == 200 and len(body) == int(fields[b"content-length"]) and json.loads(body)["more"]


def test_a_thousand_pipelined_requests_are_answered_in_order(plain):
    """Sent in one go, read at leisure; the last one ends the connection."""
    paths = ["/taxii2/", "/nowhere/", "/api/"] * 333
    text = b"".join(head(plain, path=path) for path in paths) + head(plain, "Connection: close", path="/api/")
    with socket.create_connection(("127.0.0.1", plain.serve.port), timeout=30) as plug:
        sender = threading.Thread(target=lambda: plug.sendall(text), daemon=True)
        sender.start()
        got, ended = read_all(plug)
        sender.join(10)
    assert ended and [a[0] for a in answers(got)] == [200, 404, 200] * 333 + [200]


def test_bodies_of_many_writers_are_held_within_bounds(node, serve, heavy):
    """max-content-length each, all but the last byte, from sixty clients: 60 MB, and whoever comes then is served."""
    before, plugs = anonymous(serve), []
    body = envelope(indicator(900, description="w" * (LIMIT - 2000)))
    try:
        for _ in range(60):
            plugs.append(connect(node, serve))
            plugs[-1].sendall(head(node, f"Content-Length: {len(body)}", "Connection: close", method="POST") + body[:-1])
        well(node, serve)
        assert ask(node, serve, "POST", OBJECTS, envelope(indicator(901)))[0] == 202
        # A sanitizer keeps what was freed: memory is judged on the program that is shipped.
        assert SANITIZED or anonymous(serve) - before < 200 << 10
        for plug in plugs:
            plug.sendall(body[-1:])
        for plug in plugs:
            got, ended = read_all(plug)
            assert answers(got)[0][0] == 202, got[:300]
    finally:
        for plug in plugs:
            plug.close()
