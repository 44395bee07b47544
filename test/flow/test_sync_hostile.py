"""`sync` against servers that mean harm: whatever they send, nothing leaks, nothing grows without bound, other peers
are read, and a server that comes to its senses is read to the end."""
import gzip
import json
import os
import signal
import socket
import threading
import time

import pytest

from conftest import bounded
from fake_taxii import BASIC, MEDIA, Raw, stamp
from serving import children_of, wait_for
from test_sync_servers import all_of, fake, fresh, node, on_pages, secure  # noqa: F401 (fixtures)

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/taxii+json;version=2.1\r\n"


def recovers(node, server):
    """Told once, and read to the end when the server behaves."""
    server.twist = None
    node.sync()
    assert node.names() == all_of(server)


def set_conf(node, name, value):
    path = node.folder / "tocsin.conf"
    lines = [line for line in path.read_text().splitlines() if not line.startswith(name)]
    path.write_text("\n".join([*lines, f"{name} = {value}", ""]))


def events(running):
    for line in running.stdout:
        if line.startswith("{"):
            yield json.loads(line)


def hungry(pid):
    """KB of memory of its own."""
    with open(f"/proc/{pid}/status") as f:
        return sum(int(line.split()[1]) for line in f if line.startswith("RssAnon:"))


# ---- where it is sent ----

@pytest.mark.parametrize("place", [
    "file:///etc/passwd", "ftp://127.0.0.1/taxii2/", "gopher://127.0.0.1/", "dict://127.0.0.1:11211/stat", "data:,x",
    "//{other}/taxii2/", "http://carol:x@{other}/taxii2/", "http://{other}@127.0.0.1:1/", "\\\\{other}\\x", "",
    "http://127.1:{port}/taxii2/", "https://{here}/taxii2/", "http://[::1]:{port}/taxii2/", "/" + "a" * 100000,
], ids=["file", "ftp", "gopher", "dict", "data", "no-scheme", "user", "user-like", "backslash", "empty", "short", "tls", "six",
        "long"])
def test_a_redirect_leads_nowhere_else(node, fake, place):  # noqa: F811
    """Not to other schemes, hosts or ports, however it is spelled; credentials neither."""
    other, server = fake(1), fake(2)
    there = place.format(other=f"127.0.0.1:{other.port}", here=f"127.0.0.1:{server.port}", port=other.port)
    server.twist = lambda a: (302, {"Location": there}, b"") if a.path == "/taxii2/" else None
    node.link(server.url + "/taxii2/")
    said = node.sync(code=3, timeout=30).err
    assert other.asked == [] and said.startswith("tocsin: ") and "root:" not in said
    assert len(said) < 3000 and said.count("\n") == 1
    recovers(node, server)


def test_a_redirect_from_tls_to_the_clear_is_not_followed(node, fake):  # noqa: F811
    clear = fake(1)
    server = fake(2, context=secure(node))
    server.twist = lambda a: (307, {"Location": f"http://127.0.0.1:{clear.port}/taxii2/"}, b"") if a.path == "/taxii2/" else None
    node.link(server.url + "/taxii2/", "--ca", node.folder / "keys/ca.pem")
    node.sync(code=3)
    assert clear.asked == []
    recovers(node, server)


@pytest.mark.parametrize("scheme", ["Negotiate", "NTLM TlRMTVNTUAACAAAA", 'Digest realm="x", nonce="y", algorithm=MD5', "Bearer", ""])
def test_credentials_are_given_in_no_other_way_than_was_configured(node, fake, scheme):  # noqa: F811
    server = fake(2)
    server.twist = lambda a: (401, {"WWW-Authenticate": scheme}, {"title": "no"})
    node.link(server.url + "/taxii2/")
    said = node.sync(code=3).err
    assert "401" in said or "credential" in said.lower() or "password" in said.lower(), said
    assert {a.headers.get("Authorization") for a in server.asked} <= {BASIC, None}
    assert len(server.asked) <= 3
    recovers(node, server)


def test_cookies_are_neither_kept_nor_sent(node, fake):  # noqa: F811
    server = fake(150)
    server.twist = lambda a: (lambda s, h, b: (s, h | {"Set-Cookie": "id=1; Path=/"}, b))(*server.answer(a))
    node.link(server.url)
    node.sync()
    assert node.names() == all_of(server) and not [a for a in server.asked if "Cookie" in a.headers]


# ---- how much it is sent ----

@bounded
@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd", "gzip, gzip"])
def test_a_compressed_bomb_is_not_unpacked(node, fake, coding):  # noqa: F811
    """None was asked for: 2 GB of blanks in 2 MB."""
    server = fake(3)
    bomb = gzip.compress(b" " * (1 << 20)) * 2048
    server.twist = on_pages(lambda a: (200, {"Content-Encoding": coding}, bomb))
    node.link(server.url)
    said = node.sync(code=3, timeout=60).err
    assert said.startswith("tocsin: ") and node.names() == []
    recovers(node, server)


FLOODS = {
    "interim": (b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 1000),
    "early-hints": (b"", b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" * 1000),
    "fields": (HEAD, b"X-A: b\r\n" * 2000),
    "one-field": (HEAD + b"X: ", b"a" * 16000),
    "status-line": (b"HTTP/1.1 200 ", b"a" * 16000),
    "blank-lines": (b"", b"\r\n" * 8000),
    "chunk-size": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"0" * 16000),
    "extension": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n1;", b"a" * 16000),
    "trailers": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n", b"X-A: b\r\n" * 2000),
    "tiny-chunks": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n" * 3000),
    "body": (HEAD + b"Connection: close\r\n\r\n", b" " * 16000),
    "garbage": (b"\x00\x01\x02\x03" * 20, os.urandom(16000)),
}


@bounded
@pytest.mark.parametrize("what", FLOODS)
def test_a_flood_without_end_is_cut(node, fake, what):  # noqa: F811
    """In each part of an answer, as fast as it goes, for as long as it is taken."""
    first, again = FLOODS[what]
    set_conf(node, "sync-timeout", "5s")
    server, most, sent, over = fake(3), 0, [0], threading.Event()

    def flood():
        end = time.monotonic() + 60
        try:
            while time.monotonic() < end:
                sent[0] += len(again)
                yield again
                if sent[0] % (len(again) * 64) == 0:
                    time.sleep(0.001)
        finally:
            over.set()

    def twist(asked):
        return Raw(first, pieces=flood()) if len(server.pages) <= 1 else (500, {}, b"")
    server.twist = on_pages(twist)
    node.link(server.url)
    running = node.follow()
    start = time.monotonic()
    try:
        while not over.wait(0.05):
            assert time.monotonic() - start < 30, f"{sent[0] >> 20} MB were taken and more would be"
            for pid in [running.pid, *children_of(running.pid)]:
                most = max(most, hungry(pid))
        print(f"{what}: {sent[0] >> 20} MB taken in {time.monotonic() - start:.1f} s, {most >> 10} MB of memory at most")
        assert most < 200 << 10
        assert next(events(running))["event"] == "fault"
    finally:
        running.kill()
        running.wait(10)
    assert node.names() == []
    recovers(node, server)


def test_a_flood_of_roots_and_collections_is_bounded(node, fake):  # noqa: F811
    server = fake(2)
    many = [f"/r{i}/" for i in range(50000)]
    server.twist = lambda a: (200, {}, {"title": "t" * 100000, "api_roots": many}) if a.path == "/taxii2/" else \
        (404, {}, {"title": "none"}) if a.path.startswith("/r") else None
    node.link(server.url + "/taxii2/")
    start = time.monotonic()
    node.sync(code=3, timeout=60)
    assert len(server.asked) < 200 and time.monotonic() - start < 30
    server.twist = lambda a: (200, {}, {"collections": [{"id": f"{i:08x}-0000-4000-8000-000000000000", "title": "x" * 100,
                                                         "can_read": True, "can_write": False} for i in range(50000)]}) \
        if a.path == "/api/collections/" else None
    node.sync(code=None, timeout=60)
    recovers(node, server)


# ---- what it is sent ----

@pytest.mark.parametrize("token", ["x&added_after=2000-01-01T00:00:00Z&limit=1", "a b+c%20d/?#", "\u00e4\u6f22\U0001f512",
                                   "\r\nX-Evil: 1\r\n\r\n", "\x00", "a" * 5000, "a" * 1000000, "'\"><", "{}", " ", ""],
                         ids=["query", "signs", "unicode", "header", "nul", "long", "huge", "quotes", "braces", "blank", "empty"])
def test_any_text_may_be_a_token_and_is_nothing_else(node, fake, token):  # noqa: F811
    """Given back as it came, or not used; it sets no parameter and no header of ours."""
    server = fake(150)

    def twist(asked):
        if asked.get("next") == token and token:
            return server.envelope(100, 150)
        return (lambda s, h, b: (s, h, b | ({"next": token} if b.get("more") else {})))(*server.objects_page(asked)) \
            if not asked.get("next") else None
    server.twist = on_pages(twist)
    node.link(server.url)
    said = node.sync(code=None).err
    for asked in server.pages:
        assert "X-Evil" not in asked.headers and len(asked.query.get("limit", [])) <= 1
        assert asked.query.get("added_after", []) in ([], [stamp(99)]) and asked.query.get("next", []) in ([], [token])
    if len(token) > 100000:
        assert said.startswith("tocsin: ") and node.names() == []
        recovers(node, server)
    assert node.names() == all_of(server), said


@pytest.mark.parametrize("status", [100, 199, 204, 206, 226, 300, 304, 402, 407, 408, 418, 421, 425, 451, 507, 599, 999])
def test_statuses_nobody_expects_are_faults(node, fake, status):  # noqa: F811
    server = fake(3)
    text = json.dumps(server.envelope(0, 3)[2]).encode()
    server.twist = on_pages(lambda a: Raw(b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n" % (status, len(text)) + text))
    node.link(server.url)
    said = node.sync(code=3, timeout=90).err
    assert said.startswith("tocsin: ") and node.names() == []
    recovers(node, server)


@pytest.mark.parametrize("head", [
    b"Content-Length: 5\r\nContent-Length: 6\r\n", b"Content-Length: -1\r\n", b"Content-Length: 18446744073709551617\r\n",
    b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n", b"Transfer-Encoding: gzip, chunked\r\n", b"Content-Length: x\r\n",
    b"Content-Length: 2\r\n folded: x\r\n", b"Content-Length\x00: 2\r\n",
], ids=["two", "minus", "overflow", "both", "coding", "word", "folded", "nul"])
def test_answers_with_two_readings_store_nothing_false(node, fake, head):  # noqa: F811
    server = fake(3)
    server.twist = on_pages(lambda a: Raw(b"HTTP/1.1 200 OK\r\n" + head + b'\r\n{"objects":[{"type":"x"}]}'))
    node.link(server.url)
    node.sync(code=None, timeout=60)
    assert node.names() == []
    recovers(node, server)


# ---- when it is sent ----

@pytest.mark.parametrize("after", ["99999999999999999999", "1000000000", "-5", "soon", "1e9", "0", "Fri, 31 Dec 9999 23:59:59 GMT",
                                   "Thu, 01 Jan 1970 00:00:00 GMT", "0x10", "\u0663"])
def test_a_retry_after_of_any_kind_neither_stops_nor_hurries(node, fake, after):  # noqa: F811
    """A day at most, however far away it is; and not at once, however near."""
    server = fake(3, twist=on_pages(lambda a: (503, {"Retry-After": after}, {"title": "later"})))
    node.link(server.url)
    running = node.follow()
    assert next(events(running))["event"] == "fault"
    time.sleep(2)
    assert 1 <= len(server.pages) <= 4
    running.kill()
    running.wait(10)
    row, = node.run("sync", "list", "--json").rows
    assert row
    recovers(node, server)


def test_a_peer_that_drips_holds_up_no_other(node, fake):  # noqa: F811
    """One sends two bytes each second and one never answers a handshake; the third is read meanwhile, and anew."""
    set_conf(node, "sync-timeout", "4s")
    good, drip = fake(150), fake(3)

    def slowly():
        for _ in range(60):
            time.sleep(0.5)
            yield b" "
    drip.twist = on_pages(lambda a: Raw(HEAD + b"Content-Length: 100\r\n\r\n", pieces=slowly()))
    mute = socket.create_server(("127.0.0.1", 0))
    node.link(drip.url, name="drip")
    node.link(f"https://127.0.0.1:{mute.getsockname()[1]}/", "--ca", node.folder / "keys/ca.pem", name="mute")
    node.link(good.url, name="good")
    start = time.monotonic()
    running = node.follow()
    try:
        wait_for(lambda: len(node.names()) == 150, 10, 0.1)
        took = time.monotonic() - start
        good.put()
        wait_for(lambda: len(node.names()) == 151, 10, 0.1)
        assert took < 5
        faults = set()
        for event in events(running):
            if event["event"] == "fault":
                faults.add(event["peer"])
            if faults == {"drip", "mute"}:
                break
            assert time.monotonic() - start < 40, faults
    finally:
        running.kill()
        mute.close()


def test_a_plain_server_is_polled_at_its_pace(node, fake):  # noqa: F811
    """One that knows no "Prefer" is asked every sync-every, a tenth more or less, and asked to hold all the same."""
    set_conf(node, "sync-every", "2s")
    server = fake(10)
    node.link(server.url)
    node.follow()
    wait_for(lambda: len(server.pages) >= 5, 20)
    server.put()
    wait_for(lambda: len(node.names()) == 11, 5)
    at = [a.at for a in server.pages][1:]
    pauses = [b - a for a, b in zip(at, at[1:])]
    assert all(1.7 <= pause <= 2.6 for pause in pauses), pauses
    assert len({round(pause, 2) for pause in pauses}) > 1, "all peers of a server in step"


def test_kills_at_any_moment_lose_and_repeat_nothing(node, fake, rng):  # noqa: F811
    """Thirty kills of `sync --follow` while objects come: each time it asks for what comes behind what is stored."""
    server = fake(0)
    server.page = 7
    node.link(server.url)
    stop = threading.Event()

    def publish():
        while not stop.is_set():
            server.put()
            time.sleep(0.004)
    feed = threading.Thread(target=publish, daemon=True)
    feed.start()
    middle = 0
    for _ in range(30):
        before = len(server.pages)
        running = node.follow()
        time.sleep(rng.uniform(0.05, 0.3))
        os.kill(running.pid, signal.SIGKILL)
        running.wait(10)
        running.stdout.close()
        node.running.remove(running)
        pages = server.pages[before:]
        names = node.names()
        assert len(names) == len(set(names)) and set(names) == {f"n{i}" for i in range(len(names))}, "a gap"
        starts = [int(a.get("next").removeprefix("at-")) if a.get("next") else
                  next(i + 1 for i in range(len(server.objects)) if stamp(i) == a.get("added_after"))
                  if a.get("added_after") else 0 for a in pages]
        assert starts == sorted(starts), "it went back"
        middle += len(starts) > 1
    stop.set()
    feed.join()
    node.sync()
    assert node.names() == all_of(server) and middle > 5


def test_tls_that_is_none_or_ends_in_mid_handshake_is_a_fault(node, fake, tmp_path):  # noqa: F811
    """Garbage, an alert, a plain HTTP answer, an end, and silence where TLS was to come."""
    replies = [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x15\x03\x03\x00\x02\x02\x28", os.urandom(2000), b"",
               b"\x16\x03\x03\xff\xff" + b"\0" * 70000]
    listener = socket.create_server(("127.0.0.1", 0))
    reply = [b""]

    def serve():
        while True:
            try:
                plug, _ = listener.accept()
            except OSError:
                return
            with plug:
                try:
                    plug.settimeout(2)
                    plug.recv(4096)
                    plug.sendall(reply[0])
                except OSError:
                    pass
    threading.Thread(target=serve, daemon=True).start()
    node.link(f"https://127.0.0.1:{listener.getsockname()[1]}/", "--ca", node.folder / "keys/ca.pem")
    try:
        for reply[0] in replies:
            said = node.sync(code=3, timeout=30).err
            assert said.startswith("tocsin: ") and said.count("\n") == 1, said
    finally:
        listener.close()
