"""What an attacker, or the engineer of a partner's client, sends to `serve` over TLS: raw bytes on real sockets."""
import base64
import gzip
import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import threading
import time

import pytest

from conftest import tocsin_run
from serving import MEDIA, PASSWORD, Serve, end_all, envelope, indicator, wait_for

LIMIT = 1 << 20
# From 1.0 on libmicrohttpd refuses malformed requests before anybody else sees them, in its own words.
STRICT_LIBRARY = subprocess.run(["pkg-config", "--atleast-version=1.0", "libmicrohttpd"]).returncode == 0


class Node:
    def __init__(self, folder):
        self.folder = folder

    def run(self, *args, **kw):
        return tocsin_run(*args, "--node", self.folder, **kw)

    def user(self, name, *args, password=PASSWORD):
        self.run("user", "add", name, "--role", "reader,analyst", *args, "--password-stdin", stdin=password + "\n")


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    made = Node(tmp_path_factory.mktemp("attack") / "n")
    made.run("init", "--name", "n", "--country", "NO")
    with open(made.folder / "tocsin.conf", "a") as conf:
        conf.write(f"max-content-length = {LIMIT}\n")
    for alias in ("main", "side"):
        made.run("collection", "add", alias, "--title", alias)
    for name in ("bob", "eve"):
        made.user(name)
        for alias in ("main", "side"):
            made.run("grant", alias, name, "both")
    made.token = made.run("user", "token", "bob").out.strip()
    made.other = made.run("user", "token", "eve").out.strip()
    return made


@pytest.fixture(scope="module")
def serve(node):
    serving = Serve(node.folder, plain=False)
    yield serving
    assert len(serving.alive()) == 3, serving.said
    serving.stop()
    end_all()


def context_of(node):
    return ssl.create_default_context(cafile=node.folder / "keys/ca.pem")


def connect(node, serve, timeout=15, context=None):
    plain = socket.create_connection(("127.0.0.1", serve.port), timeout=timeout)
    return (context or context_of(node)).wrap_socket(plain, server_hostname="127.0.0.1")


def read_all(plug):
    """What comes until the server ends the connection, and whether it did."""
    got = b""
    try:
        while piece := plug.recv(65536):
            got += piece
    except TimeoutError:
        return got, False
    except OSError:
        pass
    return got, True


def raw(node, serve, data, timeout=15):
    with connect(node, serve, timeout) as plug:
        try:
            plug.sendall(data)
        except OSError:
            pass
        return read_all(plug)


OBJECTS = "/api/collections/main/objects/"


def head(node, *lines, method="GET", path=OBJECTS, version="HTTP/1.1"):
    return "\r\n".join([f"{method} {path} {version}", "Host: x", f"Accept: {MEDIA}", f"Content-Type: {MEDIA}",
                        f"Authorization: Bearer {node.token}", *lines, "", ""]).encode("latin-1")


def ask(node, serve, method, path, body=None, headers=None, token=None):
    send = {"Authorization": f"Bearer {token or node.token}"} | (headers or {})
    return serve.ask(method, path, body=body, headers=send)


def well(node, serve):
    assert ask(node, serve, "GET", "/taxii2/")[0] == 200


def answers(got):
    """(status, fields in lower case, body) of each answer, read as a client reads them."""
    found = []
    while got:
        fields, empty, rest = got.partition(b"\r\n\r\n")
        if not empty:
            break
        lines = fields.split(b"\r\n")
        names = {k.strip().lower(): v.strip() for k, _, v in (line.partition(b":") for line in lines[1:])}
        length = int(names.get(b"content-length", b"0"))
        found.append((int(lines[0].split()[1]), names, rest[:length]))
        got = rest[length:]
    return found


# ---- two readings of one stream ----

SMUGGLED = "GET /taxii2/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
FRAMES = {
    "length-and-coding": (["Content-Length: 5", "Transfer-Encoding: chunked"], "0\r\n\r\n"),
    "coding-and-length": (["Transfer-Encoding: chunked", "Content-Length: 5"], "0\r\n\r\n"),
    "two-lengths": (["Content-Length: 5", "Content-Length: 6"], "hello!"),
    "same-length-twice": (["Content-Length: 5", "Content-Length: 5"], "hello"),
    "list": (["Content-Length: 5, 5"], "hello"),
    "plus": (["Content-Length: +5"], "hello"),
    "minus": (["Content-Length: -5"], "hello"),
    "hexadecimal": (["Content-Length: 0x5"], "hello"),
    "words": (["Content-Length: five"], "hello"),
    "huge": (["Content-Length: 99999999999999999999999999"], "hello"),
    "overflow": (["Content-Length: 18446744073709551621"], "hello"),
    "no-value": (["Content-Length:"], "hello"),
    "coding-list": (["Transfer-Encoding: gzip, chunked"], "0\r\n\r\n"),
    "coding-identity": (["Transfer-Encoding: identity"], "hello"),
    "coding-twice": (["Transfer-Encoding: chunked", "Transfer-Encoding: chunked"], "0\r\n\r\n"),
    "coding-tab": (["Transfer-Encoding:\tchunked", "Content-Length: 5"], "0\r\n\r\n"),
    "coding-blank": (["Transfer-Encoding : chunked"], "0\r\n\r\n"),
    "coding-quoted": (['Transfer-Encoding: "chunked"'], "0\r\n\r\n"),
    "coding-vertical-tab": (["Transfer-Encoding: \x0bchunked"], "0\r\n\r\n"),
    "folded": (["X: a\r\n b: c"], ""),
    "folded-coding": (["Transfer-Encoding:\r\n chunked"], "0\r\n\r\n"),
    "bare-lf": (["X: a\nContent-Length: 60"], ""),
    "bare-cr": (["X: a\rContent-Length: 60"], ""),
    "nul": (["X: a\0b"], ""),
    "control": (["X: a\x01b"], ""),
    "no-colon": (["X"], ""),
    "empty-name": ([": x"], ""),
    "second-host": (["Host: y"], ""),
}


@pytest.mark.parametrize("name", FRAMES)
def test_a_request_with_two_readings_is_refused_and_nothing_follows(node, serve, name):
    lines, body = FRAMES[name]
    got, ended = raw(node, serve, head(node, *lines, method="POST") + (body + SMUGGLED).encode("latin-1"))
    assert ended and got.startswith(b"HTTP/1.1 "), got
    (status, fields, text), = answers(got)
    assert status in (400, 413, 431, 501), got
    # What is no head at all the library answers by itself, and from 1.0 on more than that.
    if name != "no-colon" and (b"content-type" in fields or not STRICT_LIBRARY):
        assert fields[b"content-type"] == MEDIA.encode() and json.loads(text)["http_status"] == str(status)
    assert b"api_roots" not in got, "what was smuggled was served"
    well(node, serve)


@pytest.mark.parametrize("line", [
    b"GET /taxii2/\0 HTTP/1.1", b"GET\0 /taxii2/ HTTP/1.1", b"GET /taxii2/ HTTP/1.1\0", b"GET /ta\x01xii2/ HTTP/1.1",
    b"GET /taxii2/\t HTTP/1.1", b"GET  /taxii2/ HTTP/1.1", b"GET /taxii2/ x HTTP/1.1", b"GET /taxii2/\x7f HTTP/1.1",
    b"GET /taxii2/\xff HTTP/1.1", b"G\xc3\x89T /taxii2/ HTTP/1.1", b"GET http://u@x/taxii2/ HTTP/1.1", b"GET taxii2/ HTTP/1.1",
    b"GET /taxii2/#a HTTP/1.1", b"GET /taxii2/ HTTP/9.9", b"GET /taxii2/ http/1.1", b"GET /taxii2/", b"\x16\x03\x01",
])
def test_request_lines_that_are_none(node, serve, line):
    rest = f"\r\nHost: x\r\nAuthorization: Bearer {node.token}\r\n\r\n".encode()
    got, ended = raw(node, serve, line + rest + SMUGGLED.encode())
    assert ended and b"api_roots" not in got, got
    assert got == b"" or answers(got)[0][0] in (400, 414, 431, 501, 505), got
    well(node, serve)


@pytest.mark.parametrize("chunks", [
    "fffffffffffffffff\r\nx\r\n0\r\n\r\n", "ffffffffffffffff\r\nx\r\n0\r\n\r\n", "8000000000000000\r\nx\r\n0\r\n\r\n",
    "-1\r\nx\r\n0\r\n\r\n", "0x1\r\nx\r\n0\r\n\r\n", "1 1\r\nx\r\n0\r\n\r\n", "\r\nx\r\n0\r\n\r\n", "1\nx\n0\n\n",
    "1\r\nxy\r\n0\r\n\r\n", "g\r\nx\r\n0\r\n\r\n", "1;" + "a=" * 5000 + "\r\nx\r\n0\r\n\r\n", "1;\0\r\nx\r\n0\r\n\r\n",
    "0" * 9000 + "1\r\nx\r\n0\r\n\r\n", "0\r\nX: " + "y" * 9000 + "\r\n\r\n", "2\r\n{}",
], ids=["overflow", "most", "sign", "minus", "hex", "blank", "empty", "lf", "longer", "word", "extension", "nul", "zeros",
        "trailer", "cut"])
def test_chunks_that_are_none_store_nothing(node, serve, chunks):
    with connect(node, serve) as plug:
        plug.sendall(head(node, "Transfer-Encoding: chunked", method="POST") + chunks.encode("latin-1"))
        if chunks == "2\r\n{}":
            plug.close()
            return well(node, serve)
        plug.sendall(SMUGGLED.encode())
        got, _ = read_all(plug) if chunks[:4] not in ("ffff", "8000") else (b"", True)
    assert b"api_roots" not in got and b"success_count" not in got, got
    # An extension longer than the library's memory is its own 500, and the end of the connection.
    assert got == b"" or answers(got)[0][0] in (400, 413, 431, 500), got
    well(node, serve)


def chunked(total, piece=1 << 16):
    while total > 0:
        size = min(piece, total)
        yield b"%x\r\n" % size + b" " * size + b"\r\n"
        total -= size
    yield b"0\r\n\r\n"


def test_a_chunked_body_past_the_limit_is_drained_to_twice_that(node, serve):
    start = head(node, "Transfer-Encoding: chunked", method="POST")
    got, ended = raw(node, serve, start + b"".join(chunked(LIMIT)))
    assert answers(got)[0][0] == 400, "spaces alone are no envelope, but not too large"
    got, ended = raw(node, serve, start + b"".join(chunked(LIMIT + 1)))
    assert ended and answers(got)[0][0] == 413
    assert json.loads(answers(got)[0][2])["http_status"] == "413"
    got, ended = raw(node, serve, start + b"".join(chunked(2 * LIMIT)))
    assert ended and answers(got)[0][0] == 413
    got, ended = raw(node, serve, start + b"".join(chunked(2 * LIMIT + 70000)))
    assert ended and got == b""
    well(node, serve)


def test_expect_100_continue(node, serve):
    body = envelope(indicator(1))
    with connect(node, serve) as plug:
        plug.sendall(head(node, f"Content-Length: {len(body)}", "Expect: 100-continue", "Connection: close",
                          method="POST"))
        assert plug.recv(1000).startswith(b"HTTP/1.1 100 ")
        plug.sendall(body)
        got, ended = read_all(plug)
        assert ended and answers(got)[0][0] == 202
    with connect(node, serve) as plug:
        plug.sendall(head(node, f"Content-Length: {LIMIT + 1}", "Expect: 100-continue", method="POST"))
        got, ended = read_all(plug)
        assert ended and [a[0] for a in answers(got)] == [413], "refused before a byte of it was sent"
    with connect(node, serve) as plug:
        plug.sendall(b"POST " + OBJECTS.encode() + b" HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n"
                     b"Expect: 100-continue\r\n\r\n")
        got, ended = read_all(plug)
        assert ended and [a[0] for a in answers(got)] == [401]
    got, ended = raw(node, serve, head(node, "Expect: something-else", method="POST"))
    assert answers(got)[0][0] == 417


# ---- slow ones ----

def trickle(plug, data, pause, until):
    start = time.monotonic()
    try:
        for i in range(len(data)):
            plug.sendall(data[i:i + 1])
            plug.settimeout(pause)
            try:
                if plug.recv(4096) == b"":
                    break
            except TimeoutError:
                pass
            assert time.monotonic() - start < until, "not cut"
    except OSError:
        pass
    return time.monotonic() - start


def test_who_trickles_is_cut(node, serve):
    """Three at once: in the handshake, in the head, and in the body at 500 bytes a second."""
    took, errors = {}, []

    def handshake():
        with socket.create_connection(("127.0.0.1", serve.port), timeout=30) as plain:
            took["handshake"] = trickle(plain, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"a" * 400, 0.3, 30)

    def slow_head():
        with connect(node, serve, 30) as plug:
            took["head"] = trickle(plug, head(node) * 3, 0.3, 30)

    def slow_body():
        with connect(node, serve, 30) as plug:
            plug.sendall(head(node, "Content-Length: 100000", method="POST"))
            took["body"] = trickle_blocks(plug, 50)

    def trickle_blocks(plug, until):
        start = time.monotonic()
        try:
            while time.monotonic() - start < until:
                plug.sendall(b" " * 100)
                plug.settimeout(0.2)
                try:
                    if plug.recv(4096) == b"":
                        break
                except TimeoutError:
                    pass
        except OSError:
            pass
        return time.monotonic() - start

    def guard(what):
        try:
            what()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=guard, args=(f,)) for f in (handshake, slow_head, slow_body)]
    for one in threads:
        one.start()
    well(node, serve)
    for one in threads:
        one.join(60)
    assert not errors, errors
    assert 8 < took["handshake"] < 25 and 8 < took["head"] < 25 and 8 < took["body"] < 40, took


# ---- methods, codings, paths ----

ROUTES = {"/taxii2/": "GET, HEAD", "/api/": "GET, HEAD", "/api/collections/": "GET, HEAD",
          "/api/collections/main/": "GET, HEAD", "/api/collections/main/manifest/": "GET, HEAD",
          OBJECTS: "GET, HEAD, POST", OBJECTS + "x--1/": "GET, HEAD, DELETE", OBJECTS + "x--1/versions/": "GET, HEAD",
          "/api/status/11111111-1111-4111-8111-111111111111/": "GET, HEAD"}


@pytest.mark.parametrize("method", ["OPTIONS", "PUT", "PATCH", "POST", "DELETE", "PROPFIND", "get", "BREW"])
def test_methods_that_are_not_served_are_405_with_allow(node, serve, method):
    for path, allowed in ROUTES.items():
        if method in allowed.split(", "):
            continue
        status, headers, told = ask(node, serve, method, path, body=b"{}" if method in ("PUT", "POST") else None)
        assert status == 405 and headers["Allow"] == allowed and headers["Content-Type"] == MEDIA, (path, status)
        assert told["http_status"] == "405"


def test_head_is_get_without_its_body(node, serve):
    for path in (*list(ROUTES)[:6], OBJECTS + "?limit=0", "/nowhere/"):
        got, ended = raw(node, serve, head(node, "Connection: close", path=path))
        status, fields, body = answers(got)[0]
        got, ended = raw(node, serve, head(node, "Connection: close", path=path, method="HEAD"))
        fields.pop(b"date")
        there, _, after = got.partition(b"\r\n\r\n")
        assert after == b"" and there.startswith(b"HTTP/1.1 %d" % status)
        names = {k.lower(): v.strip() for k, _, v in (line.partition(b":") for line in there.split(b"\r\n")[1:])}
        names.pop(b"date")
        assert names == fields, path


def test_codings_of_bodies(node, serve):
    status, headers, told = ask(node, serve, "POST", OBJECTS, gzip.compress(envelope(indicator(9))),
                                {"Content-Encoding": "gzip"})
    assert status == 415 and headers["Accept-Encoding"] == "identity" and "without compression" in told["description"]
    for accepted in ("gzip, br", "*", "identity;q=0, gzip"):
        status, headers, _ = ask(node, serve, "GET", "/taxii2/", headers={"Accept-Encoding": accepted})
        assert status == 200 and headers["Content-Encoding"] is None


def test_paths_in_every_disguise(node, serve):
    for path in ("/api/collections/m%61in/%6Fbjects/", "/api/collections/main/objects",
                 "/api/collections/main/objects/?", "/api/collections/main/objects/?&&"):
        assert ask(node, serve, "GET", path)[0] == 200, path
    for path in ("/api/../api/collections/", "/api/collections/main/%2e%2e/main/", "/api/./collections/",
                 "/api/collections%2fmain/", "/api/collections/main%5cobjects/", "/api/collections/main%00/",
                 "/api/collections/%ff/", "/api/collections/%/", "/api/collections/%0d%0aX: y/".replace(" ", "%20")):
        assert ask(node, serve, "GET", path)[0] == 400, path
    for path in ("//taxii2/", "/taxii2//", "/TAXII2/", "/api//collections/", "/api/collections//", "/taxii2/x/",
                 "/api/collections/main/objects/x--1/versions/y/", "/api/collections/" + "a" * 3000 + "/"):
        assert ask(node, serve, "GET", path)[0] == 404, path
    for length in (*range(6000, 8000, 100), 20000, 200000):
        got, ended = raw(node, serve, head(node, path="/" + "a" * length))
        # Beyond what is read the answer may be lost on the way, as the connection ends under the sender.
        assert ended and (length > 10000 and got == b"" or answers(got)[0][0] in (414, 431)), (length, got[:100])
    well(node, serve)


# ---- connections ----

def test_cipher_suites_that_rfc_7540_forbids_are_refused(node, serve):
    context = context_of(node)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("ALL:@SECLEVEL=0")
    good = bad = 0
    for suite in [c["name"] for c in context.get_ciphers() if c["protocol"] != "TLSv1.3"]:
        context.set_ciphers(suite + ":@SECLEVEL=0")
        allowed = suite.startswith(("ECDHE-", "DHE-")) and any(w in suite for w in ("GCM", "CHACHA20", "CCM"))
        try:
            with connect(node, serve, context=context) as plug:
                assert allowed and plug.cipher()[0] == suite, suite
                good += 1
        except (ssl.SSLError, OSError):
            bad += 1
    assert good >= 2 and bad > 40
    well(node, serve)



def test_http_1_0_and_pipelining(node, serve):
    got, ended = raw(node, serve, head(node, path="/taxii2/", version="HTTP/1.0"))
    assert ended and answers(got)[0][0] == 200 and len(answers(got)) == 1
    got, ended = raw(node, serve, head(node, "Transfer-Encoding: chunked", method="POST", version="HTTP/1.0")
                     + b"0\r\n\r\n")
    assert ended and answers(got)[0][0] == 400
    body = envelope(indicator(20))
    many = (head(node, path="/taxii2/") + head(node, f"Content-Length: {len(body)}", method="POST") + body
            + head(node, method="PUT", path="/api/") + head(node, path="/nowhere/")
            + head(node, "Connection: close", path="/api/"))
    got, ended = raw(node, serve, many + SMUGGLED.encode())
    assert ended and [a[0] for a in answers(got)] == [200, 202, 405, 404, 200]


def test_connections_that_end_at_any_byte_hurt_nobody(node, serve, rng):
    body = envelope(indicator(21))
    whole = head(node, f"Content-Length: {len(body)}", method="POST") + body
    for _ in range(40):
        plug = connect(node, serve)
        plug.sendall(whole[:rng.randrange(1, len(whole))])
        if rng.random() < 0.5:
            plug.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        plug.close()
    well(node, serve)


# ---- cursors ----

def test_a_cursor_serves_its_reader_collection_and_filters_alone(node, serve):
    objects = [indicator(100 + i) for i in range(30)]
    for alias in ("main", "side"):
        assert ask(node, serve, "POST", f"/api/collections/{alias}/objects/", envelope(*objects))[0] == 202
    for query in ("", "&match[type]=indicator", "&added_after=2020-01-01T00:00:00Z", "&match[version]=all"):
        page = ask(node, serve, "GET", f"{OBJECTS}?limit=10{query}")[2]
        assert page["more"] and len(page["objects"]) == 10
        again = f"?limit=5&next={page['next']}"
        assert ask(node, serve, "GET", OBJECTS + again + query)[0] == 200
        assert len(ask(node, serve, "GET", OBJECTS + f"?next={page['next']}{query}")[2]["objects"]) >= 20
        for path, token in ((OBJECTS + again + query, node.other), (OBJECTS.replace("main", "side") + again + query, None),
                            (OBJECTS + again + query + "&match[spec_version]=2.1", None),
                            (OBJECTS.replace("objects", "manifest") + again + query, None),
                            (OBJECTS + objects[0]["id"] + "/" + again + query, None)):
            status, headers, told = ask(node, serve, "GET", path, token=token)
            assert status == 400 and "cursor" in told["description"], path
        flipped = page["next"][:-2] + ("A" if page["next"][-2] != "A" else "B") + page["next"][-1]
        assert ask(node, serve, "GET", f"{OBJECTS}?next={flipped}{query}")[0] == 400


# ---- waiting ----

def newest(node, serve):
    """date_added of the last object of "main"."""
    assert ask(node, serve, "POST", OBJECTS, envelope(indicator(1)))[0] == 202
    return ask(node, serve, "GET", f"{OBJECTS}?limit=10000")[1]["X-TAXII-Date-Added-Last"]


def test_many_who_wait_are_answered_by_one_commit(node, serve):
    after = newest(node, serve)
    request = head(node, "Prefer: wait=30", "Connection: close", path=f"{OBJECTS}?added_after={after}")
    plugs = [connect(node, serve, 30) for _ in range(200)]
    try:
        for plug in plugs:
            plug.sendall(request)
        time.sleep(1)
        start = time.monotonic()
        assert ask(node, serve, "POST", OBJECTS, envelope(indicator(5000)))[0] == 202
        for plug in plugs:
            got, ended = read_all(plug)
            status, fields, body = answers(got)[0]
            assert status == 200 and [o["id"] for o in json.loads(body)["objects"]] == [indicator(5000)["id"]]
        print(f"200 who waited were answered in {time.monotonic() - start:.2f} s")
        assert time.monotonic() - start < 25
    finally:
        for plug in plugs:
            plug.close()


def test_who_is_removed_while_he_waits_gets_nothing(node, serve):
    node.user("gone")
    node.run("grant", "main", "gone", "read")
    token = node.run("user", "token", "gone").out.strip()
    after = newest(node, serve)
    path = f"{OBJECTS}?added_after={after}"
    with connect(node, serve, 30) as plug:
        plug.sendall(head(node, "Prefer: wait=30", "Connection: close", path=path).replace(
            node.token.encode(), token.encode()))
        time.sleep(1)
        node.run("user", "remove", "gone")
        assert ask(node, serve, "POST", OBJECTS, envelope(indicator(5001)))[0] == 202
        got, ended = read_all(plug)
        assert [a[0] for a in answers(got)] == [401] and b"indicator--" not in got


def test_who_waits_leaves_room_for_others(node, tmp_path):
    """Half of the places at most are held; a request beyond that is answered at once, without the preference."""
    own = Node(shutil.copytree(node.folder, tmp_path / "n"))
    own.token = node.token
    with open(own.folder / "tocsin.conf", "a") as conf:
        conf.write("max-connections = 20\n")
    serve = Serve(own.folder, plain=False)
    request = head(own, "Prefer: wait=8", "Connection: close", path=f"{OBJECTS}?added_after=2100-01-01T00:00:00Z")
    plugs = []
    try:
        for _ in range(15):
            plugs.append(connect(own, serve))
            plugs[-1].sendall(request)
            time.sleep(0.05)
        start = time.monotonic()
        assert ask(own, serve, "GET", "/taxii2/")[0] == 200 and time.monotonic() - start < 2
        at_once = 0
        for plug in plugs[10:]:
            status, fields, body = answers(read_all(plug)[0])[0]
            assert status == 200 and body == b"{}"
            at_once += b"preference-applied" not in fields
        assert at_once == 5 and time.monotonic() - start < 6
        held = [answers(read_all(plug)[0])[0] for plug in plugs[:10]]
        assert all(fields[b"preference-applied"] == b"wait=8" for _, fields, _ in held)
        assert time.monotonic() - start > 5
    finally:
        for plug in plugs:
            plug.close()
    serve.stop()


def test_strangers_keep_no_place_where_places_run_out(node, tmp_path):
    """From half of max-connections on a 401 ends its connection: whoever asks again and again without credentials
    cannot shut out those who have some."""
    own = Node(shutil.copytree(node.folder, tmp_path / "n"))
    own.token = node.token
    with open(own.folder / "tocsin.conf", "a") as conf:
        conf.write("max-connections = 20\n")
    serve = Serve(own.folder, plain=False)
    plugs, kept = [], 0
    try:
        for _ in range(30):
            plugs.append(connect(own, serve, 20))
            plugs[-1].sendall(b"GET /taxii2/ HTTP/1.1\r\nHost: x\r\n\r\n")
            got = b""
            while b"}" not in got:
                got += plugs[-1].recv(4096)
            assert got.startswith(b"HTTP/1.1 401")
            kept += b"Connection: close" not in got
        assert kept == 9
        start = time.monotonic()
        for _ in range(5):
            assert ask(own, serve, "GET", "/taxii2/")[0] == 200
        assert time.monotonic() - start < 3
    finally:
        for plug in plugs:
            plug.close()
    serve.stop()


# ---- who asks ----

def basic(text):
    return {"Authorization": "Basic " + base64.b64encode(text if isinstance(text, bytes) else text.encode()).decode()}


def test_basic_with_odd_names_and_passwords(node, serve):
    odd = "a:b:c pässwörd ☂ \U0001f512"
    node.user("odd", password=odd)
    node.run("grant", "main", "odd", "read")
    path = "/api/collections/main/"
    for _ in range(2):  # verified, then remembered
        assert serve.ask("GET", path, headers=basic(f"odd:{odd}"))[0] == 200
    for lead in ("basic ", "BASIC  "):
        assert serve.ask("GET", path, headers={"Authorization": basic(f"odd:{odd}")["Authorization"].replace(
            "Basic ", lead)})[0] == 200
    wrong = [f"odd:{odd} ", f"odd{odd}", f"Odd:{odd}", f":{odd}", "odd:", ":", "", "\x00:x", f"odd\x00:{odd}",
             f"ödd:{odd}", b"\xff\xfe:x", "x" * 5000 + ":y", "odd:" + "y" * 100000]
    for text in wrong:
        status, headers, _ = serve.ask("GET", path, headers=basic(text) if len(text) < 3000 else
                                       {"Authorization": "Basic " + "A" * 4200})
        assert status in (401, 429), (text, status)
        assert headers["Content-Type"] == MEDIA
        if status == 401:
            assert headers.get_all("WWW-Authenticate") == ['Basic realm="TAXII", charset="UTF-8"',
                                                           'Bearer realm="TAXII"']
        else:
            assert int(headers["Retry-After"]) > 0
    assert serve.ask("GET", path, headers=basic(f"odd:{odd}"))[0] == 200, "guessing stops nobody who is known"
    for text in ("Basic", "Basic ", "Basic !!!", "Basic b2Rk", "Digest x", "Bearer", "Bearer a b", "Negotiate x", "",
                 f"Bearer {node.token}, Bearer {node.token}", f"Bearer {node.token}x", f"Bearer {node.token[:-1]}"):
        assert serve.ask("GET", path, headers={"Authorization": text})[0] == 401, text
    node.run("user", "passwd", "odd", "--password-stdin", stdin="quite another one\n")
    assert serve.ask("GET", path, headers=basic(f"odd:{odd}"))[0] in (401, 429), "remembered, and out at once"


def make(folder, name, *lines, signed=None, days=2, start=None):
    """A key and a certificate; signed by the authority of that name, or by itself."""
    def openssl(*args, **kw):
        subprocess.run(["openssl", *map(str, args)], check=True, capture_output=True, cwd=folder, **kw)
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", f"{name}.key"]
    if not signed:
        openssl("req", "-x509", *key, "-out", f"{name}.pem", "-days", days, "-subj", f"/CN={name}", *lines)
        return
    openssl("req", *key, "-out", f"{name}.csr", "-subj", f"/CN={name}")
    (folder / "ext.cnf").write_text("basicConstraints=CA:FALSE\nextendedKeyUsage=clientAuth\n")
    if start is None:
        openssl("x509", "-req", "-in", f"{name}.csr", "-CA", f"{signed}.pem", "-CAkey", f"{signed}.key", "-days", days,
                "-extfile", "ext.cnf", "-out", f"{name}.pem", "-CAcreateserial")
        return
    (folder / "index.txt").write_text("")
    (folder / "serial").write_text("1234\n")
    (folder / "ca.cnf").write_text("[ca]\ndefault_ca=d\n[d]\ndatabase=index.txt\nserial=serial\nnew_certs_dir=.\n"
                                   "default_md=sha256\npolicy=p\n[p]\ncommonName=supplied\n")
    openssl("ca", "-batch", "-config", "ca.cnf", "-in", f"{name}.csr", "-cert", f"{signed}.pem", "-keyfile",
            f"{signed}.key", "-startdate", "20200101000000Z", "-enddate", "20200201000000Z", "-extfile", "ext.cnf",
            "-out", f"{name}.pem", "-notext")


def fingerprint(folder, name):
    der = ssl.PEM_cert_to_DER_cert((folder / f"{name}.pem").read_text())
    import hashlib
    return hashlib.sha256(der).hexdigest()


def test_client_certificates(node, tmp_path):
    """Known, expired, of another authority, of ours but nobody's; the list is read again without a restart."""
    own = Node(shutil.copytree(node.folder, tmp_path / "n"))
    certs = tmp_path / "c"
    certs.mkdir()
    for authority in ("ours", "theirs"):
        make(certs, authority, "-addext", "basicConstraints=critical,CA:TRUE")
    make(certs, "known", signed="ours")
    make(certs, "nobody", signed="ours")
    make(certs, "late", signed="ours")
    make(certs, "foreign", signed="theirs")
    make(certs, "pinned", signed="theirs")
    make(certs, "lone", signed="theirs")
    make(certs, "expired", signed="ours", start="20200101000000Z")
    with open(own.folder / "tocsin.conf", "a") as conf:
        conf.write(f"client-ca = {certs / 'ours.pem'}\n")
    own.run("user", "add", "carl", "--role", "reader", "--cert", certs / "known.pem")
    own.run("user", "add", "past", "--role", "reader", "--cert", certs / "expired.pem", code=None)
    own.run("user", "add", "pete", "--role", "reader", "--cert", certs / "pinned.pem")
    for name in ("carl", "pete"):
        own.run("grant", "main", name, "read")
    serve = Serve(own.folder, plain=False)

    def status(name, headers=None):
        context = context_of(own)
        if name:
            context.load_cert_chain(certs / f"{name}.pem", certs / f"{name}.key")
        with connect(own, serve, context=context) as plug:
            extra = "".join(f"{k}: {v}\r\n" for k, v in (headers or {}).items())
            plug.sendall(f"GET /api/collections/main/ HTTP/1.1\r\nHost: x\r\n{extra}Connection: close\r\n\r\n".encode())
            got, _ = read_all(plug)
            first = answers(got)[0]
            assert first[1][b"content-type"] == MEDIA.encode()
            assert first[0] != 401 or b"www-authenticate" in first[1]
            return first[0]

    assert status("known") == 200 and status("pinned") == 200
    for name in (None, "expired", "foreign", "nobody", "late"):
        assert status(name) == 401, name
    assert status("foreign", {"Authorization": f"Bearer {own.token if hasattr(own, 'token') else node.token}"}) == 401
    assert status("nobody", {"Authorization": f"Bearer {node.token}"}) == 200, "credentials count before a certificate"
    assert status("known", {"Authorization": "Bearer tcs_00000000000000000000000000000000000"}) == 401
    own.run("user", "add", "lena", "--role", "reader", "--cert", certs / "late.pem")
    own.run("grant", "main", "lena", "read")
    wait_for(lambda: status("late") == 200, 10, 0.2, serve)
    assert status("lone") == 401
    own.run("user", "add", "luke", "--role", "reader", "--cert", certs / "lone.pem")
    own.run("grant", "main", "luke", "read")
    wait_for(lambda: status("lone") == 200, 5, 0.1, serve)  # whoever signed it, and without a reload
    own.run("user", "remove", "carl")
    assert status("known") == 401, "removed, and out at once"
    (certs / "ours.pem").write_bytes((certs / "theirs.pem").read_bytes())
    serve.process.send_signal(signal.SIGHUP)
    own.run("user", "add", "fred", "--role", "reader", "--cert", certs / "foreign.pem")
    own.run("grant", "main", "fred", "read")
    wait_for(lambda: status("foreign") == 200, 10, 0.2, serve)
    serve.stop()
