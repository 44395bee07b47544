"""`sync` against servers that are hostile, broken or merely different: nothing is lost, nothing is taken twice,
nothing leaks, and what is wrong is said."""
import json
import os
import re
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import threading
import time

import pytest

from conftest import BIN, tocsin_run
from fake_taxii import BASIC, ID, MEDIA, PASSWORD, USER, Fake, Raw, stamp
from serving import Serve, wait_for


class Node:
    def __init__(self, folder):
        self.folder, self.running = folder, []

    def run(self, *args, **kw):
        return tocsin_run(*args, "--node", self.folder, **kw)

    def link(self, url, *more, remote=ID, name="peer", code=0):
        return self.run("sync", "add", name, url, "--user", USER, "--password-stdin", "--collection",
                        f"{remote}=got", *more, stdin=PASSWORD + "\n", code=code)

    def sync(self, code=0, **kw):
        return self.run("sync", "--json", code=code, **kw)

    def follow(self):
        self.running.append(subprocess.Popen([BIN, "sync", "--follow", "--json", "--node", str(self.folder)],
                                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True))
        return self.running[-1]

    def names(self):
        out = self.run("export", "--collection", "got", "--to", "self", "--quiet", code=None).out
        return sorted(o["name"] for o in json.loads(out).get("objects", [])) if out.strip() else []

    def end(self):
        for one in self.running:
            one.kill()
            one.wait(10)
            if one.stdout:
                one.stdout.close()


@pytest.fixture(scope="module")
def fresh(tmp_path_factory):
    """A node as `init` leaves it, with one collection; each test has a copy."""
    made = Node(tmp_path_factory.mktemp("fresh") / "n")
    made.run("init", "--name", "n", "--country", "NO")
    made.run("collection", "add", "got", "--title", "got")
    with open(made.folder / "tocsin.conf", "a") as conf:
        conf.write("sync-every = 1s\n")
    return made.folder


@pytest.fixture
def node(tmp_path, fresh):
    made = Node(shutil.copytree(fresh, tmp_path / "n"))
    yield made
    made.end()


@pytest.fixture
def fake():
    made = []

    def make(*args, **kw):
        made.append(Fake(*args, **kw))
        return made[-1]

    yield make
    for one in made:
        one.close()


def secure(node, ciphers=None, highest=None):
    """A server's context with this node's own certificate; the peer is added with --ca of the same node."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(node.folder / "keys/server.pem", node.folder / "keys/server.key")
    if highest:
        context.maximum_version = highest
    if ciphers:
        context.set_ciphers(ciphers)
    return context


def all_of(fake):
    return sorted(o["name"] for o in fake.objects)


def on_pages(answer):
    """A twist of the pages of objects alone."""
    def twist(asked):
        return answer(asked) if asked.path.endswith("/objects/") and asked.method == "GET" else None
    return twist


# ---- what any server may do ----

def test_every_request_is_as_the_text_wants_it(node, fake):
    """TAXII 2.1 sections 3.1 and 8.4: paths end in "/", Accept names TAXII, User-Agent name and version."""
    server = fake(250)
    node.link(server.url)
    node.sync()
    assert node.names() == all_of(server)
    assert {a.path for a in server.asked} == {"/", "/taxii2/", "/api/", "/api/collections/",
                                              f"/api/collections/{ID}/objects/"} | {a.path for a in server.asked[:3]}
    for asked in server.asked:
        assert asked.path.endswith("/") and asked.headers["Accept"] == MEDIA
        assert re.fullmatch(r"tocsin/\d+\.\d+\.\d+", asked.headers["User-Agent"])
        assert asked.headers["Accept-Encoding"] == "identity", "no coding is understood here"
    assert [a.get("next") for a in server.pages] == [None, "at-100", "at-200"]
    assert node.sync().code == 0 and len(server.pages) == 4
    assert server.pages[-1].get("added_after") == stamp(249)


@pytest.mark.parametrize("roots", [
    ["/api/"], ["/api"], ["{url}/api/"], ["{url}/api"], ["https://other.example/api/", "/api/"], ["../up/", "/api/"],
], ids=["path", "path-open", "url", "url-open", "foreign-first", "malformed-first"])
def test_roots_are_paths_or_urls(node, fake, roots):
    server = fake(3)
    server.twist = lambda a: (200, {}, {"title": "t", "api_roots": [r.format(url=server.url) for r in roots]}) \
        if a.path == "/taxii2/" else None
    node.link(server.url + "/taxii2", remote="Things")
    node.sync()
    assert node.names() == all_of(server)


def test_a_root_on_another_server_is_told_and_not_asked(node, fake):
    other = fake(1)
    server = fake(1, twist=lambda a: (200, {}, {"title": "t", "api_roots": [other.url + "/api/"]})
                  if a.path == "/taxii2/" else None)
    node.link(server.url + "/taxii2/")
    said = node.sync(code=3).err
    assert "another server" in said and other.url in said
    assert other.asked == []


@pytest.mark.parametrize("accept", ["application/taxii+json; version=2.1", "application/taxii+json"])
def test_servers_that_spell_the_media_type_otherwise(node, fake, accept):
    def twist(asked):
        if asked.headers["Accept"] != accept:
            return 406, {"Content-Type": "text/html"}, b"<html>not acceptable</html>"
        return None
    server = fake(150, twist=twist)
    node.link(server.url)
    node.sync()
    assert node.names() == all_of(server)


def test_answers_of_another_type_are_read_all_the_same(node, fake):
    server = fake(5)
    for kind in ("application/json", "application/vnd.oasis.taxii+json; version=2.0", "text/plain", None):
        server.twist = lambda a: (lambda s, h, b: (s, h | {"Content-Type": kind}, b))(*server.answer(a))
        node.run("sync", "remove", "peer", code=None)
        node.link(server.url)
        node.sync()
    assert node.names() == all_of(server)


@pytest.mark.parametrize("form", [
    lambda s: s.replace("Z", "+00:00"), lambda s: s.replace("T", " "), lambda s: s[:-1] + "000Z",
    lambda s: s.replace("T", "t").replace("Z", "z"), lambda s: s.replace("Z", "-00:00"),
], ids=["offset", "blank", "nine-digits", "lower-case", "minus-zero"])
def test_stamps_in_other_forms_move_reading_on(node, fake, form):
    server = fake(250)
    server.cursors = False

    def twist(asked):
        status, headers, body = server.objects_page(asked)
        return status, {k: form(v) for k, v in headers.items()}, body
    server.twist = on_pages(twist)
    node.link(server.url)
    node.sync()
    assert node.names() == all_of(server)
    assert len(server.pages) == 3


def test_a_server_without_next_is_read_by_stamp(node, fake):
    server = fake(450)
    server.cursors = False
    node.link(server.url)
    node.sync()
    assert node.names() == all_of(server)
    assert [a.get("added_after") for a in server.pages] == [None, stamp(99), stamp(199), stamp(299), stamp(399)]


# ---- servers that lead nowhere ----

def test_a_server_that_repeats_its_pages_is_noticed(node, fake):
    server = fake(200)
    server.twist = on_pages(lambda a: server.envelope(0, 100, more=True))
    node.link(server.url)
    said = node.sync(code=3, timeout=60).err
    assert "repeats its pages" in said
    assert len(node.names()) == 100 and len(server.pages) < 10


def test_next_that_never_ends_with_empty_pages_is_given_up(node, fake):
    server = fake(1)
    count = iter(range(10 ** 9))
    server.twist = on_pages(lambda a: (200, {}, {"more": True, "next": f"token-{next(count)}"}))
    node.link(server.url)
    said = node.sync(code=3, timeout=60).err
    assert "repeats its pages" in said and len(server.pages) < 100


def test_more_without_a_way_on_stores_what_was_shown(node, fake):
    server = fake(200)
    server.twist = on_pages(lambda a: (200, {}, {"more": True, "objects": server.objects[:100]}))
    node.link(server.url)
    said = node.sync(code=3).err
    assert "neither next nor" in said
    assert len(node.names()) == 100


def test_a_server_that_ignores_added_after_is_not_asked_in_a_loop(node, fake):
    """It says that it holds answers, too."""
    server = fake(20)
    server.twist = on_pages(lambda a: (200, {"Preference-Applied": "wait=60",
                                             "X-TAXII-Date-Added-Last": stamp(len(server.asked))},
                                       {"objects": server.objects}))
    node.link(server.url)
    node.follow()
    wait_for(lambda: len(node.names()) == 20)
    before = len(server.pages)
    time.sleep(3)
    assert len(server.pages) - before <= 5


def test_a_peer_added_anew_is_read_from_the_start(node, fake):
    server = fake(250)
    node.link(server.url)
    node.sync()
    node.run("sync", "remove", "peer")
    node.link(server.url)
    rows = node.sync().rows
    assert sum(row["objects"] for row in rows) == sum(row["duplicate"] for row in rows) == 250
    assert node.names() == all_of(server)


def test_an_exchange_under_way_moves_no_cursor_of_a_peer_added_anew(node, fake):
    server, go_on = fake(250), threading.Event()
    server.twist = on_pages(lambda a: go_on.wait(20) and None if a.get("next") == "at-200" else None)
    node.link(server.url)
    once = subprocess.Popen([BIN, "sync", "--quiet", "--node", node.folder], stdout=subprocess.DEVNULL)
    wait_for(lambda: len(server.pages) == 3)
    assert node.run("sync", "list", "--json").rows[0]["objects"] == 200
    node.run("sync", "remove", "peer")
    node.link(server.url)
    go_on.set()
    assert once.wait(30) == 0 and node.names() == all_of(server)
    row, = node.run("sync", "list", "--json").rows
    assert row["objects"] == 0 and "succeeded" not in row, "what the former one had come to is not this one's"
    before = len(server.pages)
    node.sync()
    assert [a.get("next") for a in server.pages[before:]] == [None, "at-100", "at-200"]
    assert server.pages[before].get("added_after") is None


@pytest.mark.parametrize("named", [(), ("peer",)])
def test_following_ends_when_its_peer_is_removed(node, fake, named):
    server = fake(10)
    node.link(server.url)
    follower = subprocess.Popen([BIN, "sync", "--follow", "--quiet", "--node", node.folder, *named],
                                stdout=subprocess.DEVNULL)
    node.running.append(follower)
    wait_for(lambda: len(node.names()) == 10)
    node.run("sync", "remove", "peer")
    assert follower.wait(20) == 0
    before = len(server.asked)
    time.sleep(0.5)
    assert len(server.asked) == before


def test_following_takes_up_a_peer_that_is_added(node, fake):
    first, second = fake(10), fake(10)
    second.objects[:] = [one | {"id": one["id"][:-4] + "beef", "name": "second " + one["name"]} for one in second.objects]
    node.link(first.url, name="one")
    node.follow()
    wait_for(lambda: len(node.names()) == 10)
    node.link(second.url, name="two")
    wait_for(lambda: len(node.names()) == 20)
    assert len(first.pages) and node.running[-1].poll() is None


# ---- servers that fail ----

@pytest.mark.parametrize("status,after", [(429, "2"), (503, "date"), (500, None)])
def test_retry_after_is_heeded(node, fake, status, after):
    server = fake(150)
    failed = []

    def twist(asked):
        if asked.get("next") and len(failed) < 2:
            failed.append(asked.at)
            headers = {"Retry-After": time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + 3))
                       if after == "date" else after}
            return status, headers, {"title": "later"}
        return None
    server.twist = on_pages(twist)
    node.link(server.url)
    node.follow()
    wait_for(lambda: len(node.names()) == 150, 30)
    asked = [a.at for a in server.pages if a.get("next")]
    pauses = [b - a for a, b in zip(asked, asked[1:])][:2]
    least = 0.45 if after is None else 1.9
    assert all(least <= pause < 10 for pause in pauses), pauses
    assert len(server.pages) <= 5, "nothing was asked twice but what failed"


@pytest.mark.parametrize("status,where", [(429, "page"), (503, "page"), (429, "find")])
def test_one_exchange_waits_for_a_busy_server(node, fake, status, where):
    server, refused = fake(150), []

    def twist(asked):
        if (asked.get("next") if where == "page" else asked.path.endswith("/collections/")) and len(refused) < 2:
            refused.append(asked.at)
            return status, {"Retry-After": "1"}, {"title": "come back"}
        return None
    server.twist = twist
    node.link(server.url)
    said = node.sync()
    assert len(node.names()) == 150 and len(refused) == 2
    asked = [a.at for a in server.asked if a.path == server.asked[-1].path and a.get("next")] if where == "page" else [
        a.at for a in server.asked if a.path.endswith("/collections/")]
    assert all(b - a >= 1 for a, b in zip(asked, asked[1:3])), "not before it asked for"
    assert len(re.findall(rf"peer, {ID}: the server answered {status}: come back; asked again in [12] s", said.err)) == 2
    assert [row["event"] for row in said.rows].count("waits") == 2
    assert not node.run("sync", "list", "--json").rows[0].get("fault"), "what passed is no fault"


def test_one_exchange_waits_a_minute_in_all(node, fake):
    server = fake(150, twist=on_pages(lambda a: (429, {"Retry-After": "3600"}, {"title": "come back"})))
    node.link(server.url)
    start = time.monotonic()
    said = node.sync(code=3)
    assert time.monotonic() - start < 20 and len(server.pages) == 1
    assert "busy for 3600 s or more" in said.err and [row["event"] for row in said.rows] == ["fault"]
    assert "429" in node.run("sync", "list", "--json").rows[0]["fault"]


def test_one_exchange_does_not_wait_for_a_broken_server(node, fake):
    server = fake(1, twist=on_pages(lambda a: (500, {"Retry-After": "1"}, {"title": "broken"})))
    node.link(server.url)
    assert "asked again" not in node.sync(code=3).err and len(server.pages) == 1


def test_pauses_widen_and_differ(node, fake):
    server = fake(1, twist=on_pages(lambda a: (500, {}, {"title": "broken"})))
    node.link(server.url)
    node.follow()
    wait_for(lambda: len(server.pages) >= 4, 30)
    at = [a.at for a in server.pages[:4]]
    pauses = [b - a for a, b in zip(at, at[1:])]
    for i, pause in enumerate(pauses):
        assert 2 ** i / 2 - 0.05 <= pause < 2 ** i + 5, pauses
    assert len({round(pause * 2 ** -i, 3) for i, pause in enumerate(pauses)}) > 1, "drawn, not fixed"


def test_a_silent_server_is_given_up(node, fake):
    """sync-timeout of tocsin.conf; a request that is held may be silent for as long as it asked."""
    with open(node.folder / "tocsin.conf", "a") as conf:
        conf.write("sync-timeout = 1s\nwait-cap = 4s\n")
    server = fake(5)

    def hold(asked):
        time.sleep(3)
        return 200, {}, {}
    server.twist = on_pages(hold)
    node.link(server.url)
    start = time.monotonic()
    assert "no byte in 1 seconds" in node.sync(code=3).err
    assert time.monotonic() - start < 6
    server.twist = on_pages(lambda a: hold(a) if "Prefer" in a.headers else None)
    running = node.follow()
    wait_for(lambda: len([a for a in server.pages if "Prefer" in a.headers]) >= 2, 20)
    running.kill()
    assert "fault" not in running.stdout.read() and len(node.names()) == 5


def test_an_answer_that_comes_late_is_not_slow(node, fake):
    """Held for a while, then its head, then its body: only the last is judged by its speed."""
    with open(node.folder / "tocsin.conf", "a") as conf:
        conf.write("sync-timeout = 1s\nwait-cap = 4s\n")
    server, holds = fake(5), iter([1.7, 1.8, 1.9, 1.95])

    def late(asked):
        if "Prefer" not in asked.headers:
            return None
        time.sleep(next(holds, 0.1))

        def body():
            for piece in (b"{", b"}"):
                time.sleep(0.15)
                yield piece
        return Raw(b"HTTP/1.1 200 OK\r\nContent-Type: " + MEDIA.encode() + b"\r\nContent-Length: 2\r\n\r\n", pieces=body())
    server.twist = on_pages(late)
    node.link(server.url)
    running = node.follow()
    wait_for(lambda: len([a for a in server.pages if "Prefer" in a.headers]) >= 5, 30)
    running.kill()
    assert "slower than" not in running.stdout.read()


CUTS = {
    "length": lambda text: b"HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nContent-Length: %d\r\n\r\n" % len(text) + text[:-20],
    "chunked": lambda text: b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n" % len(text) + text[:-20],
    "last-chunk": lambda text: b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n" % len(text) + text + b"\r\n",
    "close": lambda text: b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + text[:-20],
    "whole-but-cut": lambda text: b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + text,
    "head": lambda text: b"HTTP/1.1 200 OK\r\nContent-Le",
    "nothing": lambda text: b"",
}


@pytest.mark.parametrize("how", CUTS)
@pytest.mark.parametrize("reset", [False, True], ids=["end", "reset"])
def test_answers_cut_short_under_tls_store_nothing_and_are_asked_again(node, fake, how, reset):
    server = fake(40, context=secure(node))
    cuts = []

    def twist(asked):
        if len(cuts) < 2:
            cuts.append(how)
            return Raw(CUTS[how](json.dumps(server.envelope(0, 40)[2]).encode()), reset=reset)
        return None
    server.twist = on_pages(twist)
    node.link(server.url, "--ca", node.folder / "keys/ca.pem")
    said = node.sync(code=3).err
    assert said and node.names() == []
    if how != "nothing":  # that one is asked again by itself, on a new connection
        assert node.sync(code=3).code == 3
        assert node.names() == []
    node.sync()
    assert node.names() == all_of(server)


def test_bodies_without_end_are_cut_and_smaller_pages_asked(node, fake):
    server = fake(60)
    flood = b"100000\r\n" + b" " * (1 << 20) + b"\r\n"

    def twist(asked):
        if int(asked.get("limit")) > 30:
            if len(server.pages) == 1:
                return Raw(b"HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\n{")
            return Raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", pieces=(flood for _ in range(2000)))
        return None
    server.twist = on_pages(twist)
    node.link(server.url)
    node.sync(timeout=100)
    assert node.names() == all_of(server)
    assert [int(a.get("limit")) for a in server.pages][:6] == [1000, 500, 250, 125, 62, 31]


@pytest.mark.parametrize("body", [
    b"", b"null", b"[]", b"<html>welcome</html>", b'{"objects":{}}', b'{"objects":[1]}', b'{"objects":[{}],"objects":[]}',
    b'{"objects":[' + b'{"a":' * 100000, b'{"objects":[{"id":"\xff"}]', b'\x1f\x8b\x08\x00\x00\x00\x00\x00',
    b'{"type":"bundle","objects":[{}]}', b'{"next":' + b"[" * 100000,
], ids=["empty", "null", "list", "html", "no-list", "number", "twice", "deep", "utf8", "gzip", "bundle", "deep-next"])
def test_what_is_no_envelope_is_a_fault_and_stores_nothing(node, fake, body):
    server = fake(3, twist=on_pages(lambda a: (200, {}, body)))
    node.link(server.url)
    said = node.sync(code=3).err
    assert said.startswith("tocsin: ") and node.names() == []
    server.twist = None
    node.sync()
    assert node.names() == all_of(server)


def test_words_of_a_server_cannot_write_to_the_terminal(node, fake):
    server = fake(1, twist=on_pages(lambda a: (403, {}, {"title": "\x1b]0;owned\x07\x1b[2Jno\r\nfake line"})))
    node.link(server.url)
    said = node.sync(code=3).err
    assert "403" in said and not set("\x1b\x07\r") & set(said) and said.count("\n") == 1
    shown = node.run("sync", "list").out
    assert "\x1b" not in shown and shown.count("\n") == 1


# ---- servers that are not whom they seem ----

@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_to_another_server_leaks_nothing(node, fake, status):
    other = fake(5)
    server = fake(5)
    server.twist = lambda a: (status, {"Location": other.url + a.path}, b"")
    node.link(server.url + "/taxii2/")
    said = node.sync(code=3).err
    assert other.asked == [] and node.names() == []
    assert f"{status}: it moved to {other.url}/taxii2/" in said
    assert "add the peer with it" in said


def test_a_redirect_of_the_same_server_is_followed_a_few_times(node, fake):
    server = fake(5)
    server.twist = lambda a: (308, {"Location": "/moved" + a.path}, b"") if a.path == "/taxii2/" else \
        server.answer_at(a) if a.path == "/moved/taxii2/" else None
    server.answer_at = lambda a: (200, {}, {"title": "t", "api_roots": ["/api/"]})
    node.link(server.url + "/taxii2/")
    node.sync()
    assert node.names() == all_of(server)
    server.twist = lambda a: (302, {"Location": a.path}, b"")
    before = len(server.asked)
    node.run("sync", "remove", "peer")
    node.link(server.url + "/taxii2/")
    node.sync(code=3)
    assert len(server.asked) - before <= 8


@pytest.mark.parametrize("suite", ["AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-SHA"])
def test_a_forbidden_cipher_suite_is_not_used(node, fake, suite, tmp_path):
    """RFC 7540 appendix A: no static key exchange, nothing without AEAD (TAXII 2.1 section 8.5.1)."""
    key, pem = tmp_path / "rsa.key", tmp_path / "rsa.pem"
    kind = ["rsa:2048"] if suite.startswith("AES") else ["ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
    subprocess.run(["openssl", "req", "-x509", "-newkey", *kind, "-nodes", "-keyout", key, "-out", pem, "-days", "2",
                    "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)

    def listen(ciphers):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem, key)
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers(ciphers + ":@SECLEVEL=0")
        return fake(2, context=context)
    server = listen(suite)
    node.link(server.url, "--ca", pem)
    said = node.sync(code=3).err
    assert server.asked == [] and "RFC 7540" in said
    good = listen("ECDHE+AESGCM")
    node.run("sync", "remove", "peer")
    node.link(good.url, "--ca", pem)
    node.sync()
    assert len(node.names()) == 2


def test_credentials_go_to_nobody_else(node, fake, tmp_path):
    """A certificate of another authority, and one that has expired: the request is never made."""
    pem, key = tmp_path / "o.pem", tmp_path / "o.key"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-keyout", key, "-out", pem, "-days", "2", "-subj", "/CN=x", "-addext",
                    "subjectAltName=IP:127.0.0.2"], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, key)
    server = fake(1, context=context)
    for trusted in (node.folder / "keys/ca.pem", pem):
        node.run("sync", "remove", "peer", code=None)
        node.link(server.url, "--ca", trusted)
        said = node.sync(code=3).err
        assert "not trusted" in said and server.asked == []


def test_taxii_is_https_but_on_this_machine(node):
    for url in ("http://192.0.2.1/taxii2/", "http://taxii.example/", "http://127.evil.example/"):
        assert "https" in node.link(url, code=2).err
    node.run("sync", "list", code=1)


def name_server(records):
    """Answers SRV queries on 127.0.0.1:53 with (priority, weight, port, host); None where the port is taken."""
    def labels(name):
        return b"".join(bytes([len(part)]) + part.encode() for part in name.split(".")) + b"\0"

    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        udp.bind(("127.0.0.1", 53))
    except OSError:
        udp.close()
        return None
    asked = []

    def run():
        while True:
            try:
                query, client = udp.recvfrom(4096)
            except OSError:
                return
            end = query.index(b"\0", 12) + 5
            asked.append(query[12:end])
            found = records if query[12:end].lower() == labels("_taxii2._tcp.partner.example") + b"\0\x21\0\1" else []
            answer = query[:2] + struct.pack(">HHHHH", 0x8180 if found else 0x8183, 1, len(found), 0, 0) + query[12:end]
            for priority, weight, port, host in found:
                data = struct.pack(">HHH", priority, weight, port) + labels(host)
                answer += b"\xc0\x0c\0\x21\0\1\0\0\0\x3c" + struct.pack(">H", len(data)) + data
            udp.sendto(answer, client)
    threading.Thread(target=run, daemon=True).start()
    return udp, asked


def test_what_a_domain_announces_is_told_and_not_trusted(node, tmp_path):
    """TAXII 2.1 sections 3.9 and 8.4.2; with a name server and a resolv.conf of our own."""
    served = name_server([(10, 0, 443, "b.partner.example"), (0, 5, 8443, "taxii.partner.example"),
                          (20, 0, 443, "evil\x1b[2J.example")])
    if not served:
        pytest.skip("port 53 is not ours")
    conf = tmp_path / "resolv.conf"
    conf.write_text("nameserver 127.0.0.1\n")

    def add(domain):
        return subprocess.run(["unshare", "-m", "sh", "-c", 'mount --bind "$0" /etc/resolv.conf && exec "$@"', str(conf), BIN,
                               "sync", "add", "peer", domain, "--collection", "x=got", "--node", str(node.folder)],
                              capture_output=True, text=True, timeout=60)
    try:
        said = add("partner.example")
        if "unshare" in said.stderr or "mount" in said.stderr:
            pytest.skip("only root may mount another resolv.conf")
        assert said.returncode == 2
        lines = [line for line in said.stderr.splitlines() if "announces" in line]
        assert lines == ["partner.example announces https://taxii.partner.example:8443/taxii2/",
                         "partner.example announces https://b.partner.example:443/taxii2/"]
        assert "is no URL" in said.stderr and "\x1b" not in said.stderr
        said = add("other.example")
        assert said.returncode == 2 and "announces" not in said.stderr and "https" in said.stderr
        assert len(served[1]) >= 2
    finally:
        served[0].close()
    node.run("sync", "list", code=1)


# ---- going on where it was ----

def test_a_killed_sync_goes_on_exactly_where_it_was(node, fake):
    """kill -9 in the middle of a page's answer: pages stored are not asked again, the other one is."""
    server = fake(1000)
    hit = threading.Event()

    def twist(asked):
        if asked.get("next") == "at-500" and not hit.is_set():
            hit.set()
            time.sleep(3)
        return None
    server.twist = on_pages(twist)
    node.link(server.url)
    running = node.follow()
    assert hit.wait(20)
    wait_for(lambda: len(node.names()) == 500)
    os.kill(running.pid, signal.SIGKILL)
    running.wait(10)
    before = len(server.pages)
    node.sync()
    assert node.names() == all_of(server)
    assert [a.get("next") for a in server.pages[before:]] == [f"at-{n}" for n in range(500, 1000, 100)]


def test_a_token_forgotten_over_a_crash_is_replaced_by_the_stamp(node, fake):
    server = fake(500)
    server.twist = on_pages(lambda a: (500, {}, {}) if a.get("next") == "at-300" else None)
    node.link(server.url)
    node.sync(code=3)
    assert len(node.names()) == 300
    server.twist = on_pages(lambda a: (400, {}, {"title": "no such cursor"}) if a.get("next") == "at-300" else None)
    before = len(server.pages)
    node.sync()
    assert node.names() == all_of(server)
    assert [(a.get("next"), a.get("added_after")) for a in server.pages[before:]][:2] == \
        [("at-300", None), (None, stamp(299))]


def test_a_held_request_brings_what_is_new_within_a_second(node, fake):
    server = fake(10)

    def twist(asked):
        end = time.monotonic() + 20
        with server.lock:
            while asked.headers.get("Prefer", "").startswith("wait=") and time.monotonic() < end and \
                    server.objects_page(asked)[2] == {}:
                server.lock.wait(1)
        status, headers, body = server.objects_page(asked)
        return status, headers | {"Preference-Applied": asked.headers.get("Prefer")}, body
    server.twist = on_pages(twist)
    node.link(server.url)
    running = node.follow()
    wait_for(lambda: any("Prefer" in a.headers for a in server.pages))
    took = []
    for number in range(10, 13):
        start = time.monotonic()
        server.put()
        for line in running.stdout:
            if json.loads(line)["event"] == "pulled" and json.loads(line)["added"] == 1:
                break
        took.append(time.monotonic() - start)
        assert len(node.names()) == number + 1
    assert min(took) < 1 and max(took) < 10, took
    assert all("Prefer" not in a.headers for a in server.pages[:1])


# ---- sending ----

def test_what_is_pushed_is_an_envelope_and_its_status_is_followed_to_the_end(node, fake):
    """TAXII 2.1 sections 3.1, 4.3 and 5.5: Accept and Content-Type, an envelope within max_content_length, polled
    while it is pending and never again once it is complete."""
    server = fake()
    asked = {}

    def twist(a):
        if a.method == "POST":
            number = f"2d086da7-4bdc-4f91-900e-{len(server.posted):012x}"
            objects = json.loads(a.body)["objects"]
            server.posted.append((a.headers, a.body))
            asked[number] = [0, objects]
            return 202, {}, status(number)
        if "/status/" in a.path:
            number = a.path.split("/")[-2]
            asked[number][0] += 1
            return 200, {}, status(number)
        return None

    def status(number):
        times, objects = asked[number]
        details = [{"id": o["id"], "version": o["modified"]} for o in objects]
        done = {"success_count": len(objects), "successes": details, "pending_count": 0} if times == 2 else \
            {"success_count": 0, "pending_count": len(objects), "pendings": details}
        return {"id": number, "status": "complete" if times == 2 else "pending", "total_count": len(objects),
                "failure_count": 0, "x_acme_queue": {"length": 3}} | done
    server.twist = twist
    node.run("collection", "add", "out", "--title", "out")
    many = [{"type": "indicator", "spec_version": "2.1", "id": f"indicator--{n:08x}-0000-4000-8000-00000000ffff",
             "created": "2026-01-01T00:00:00.000Z", "modified": "2026-01-01T00:00:00.000Z", "name": f"m{n}",
             "description": "x" * 300, "pattern": f"[domain-name:value = 'm{n}.fake.example']", "pattern_type": "stix",
             "valid_from": "2026-01-01T00:00:00Z"} for n in range(400)]
    node.run("import", "-", "--collection", "out", stdin="\n".join(map(json.dumps, many)))
    node.run("sync", "add", "peer", server.url, "--user", USER, "--password-stdin", "--push", f"out={ID}",
             stdin=PASSWORD + "\n")
    node.sync()
    sent = []
    for headers, body in server.posted:
        assert headers["Accept"] == headers["Content-Type"] == MEDIA and len(body) <= 100000
        assert list(json.loads(body)) == ["objects"]
        sent += [o["id"] for o in json.loads(body)["objects"]]
    assert sorted(sent) == sorted(o["id"] for o in many) and len(server.posted) > 1
    assert {times for times, _ in asked.values()} == {2}
    before = len(server.asked)
    node.sync()
    assert not [a for a in server.asked[before:] if a.method == "POST" or "/status/" in a.path]


def test_what_a_busy_server_does_not_take_at_once_is_sent_again_once(node, fake):
    server, refused = fake(), []

    def twist(a):
        if a.method == "POST" and not refused:
            refused.append(a)
            return 503, {"Retry-After": "1"}, {"title": "later"}
        if a.method == "POST":
            server.posted.append(json.loads(a.body)["objects"])
            return 202, {}, {"id": ID, "status": "complete", "total_count": 1, "success_count": 1,
                             "failure_count": 0, "pending_count": 0}
        return None
    server.twist = twist
    node.run("import", "-", "--collection", "got", stdin="evil.example\n")
    node.run("sync", "add", "peer", server.url, "--user", USER, "--password-stdin", "--push", f"got={ID}",
             stdin=PASSWORD + "\n")
    assert "the server answered 503: later; asked again in" in node.sync().err
    assert [len(one) for one in server.posted] == [1]
    node.sync()
    assert len(server.posted) == 1


# ---- the whole way ----

def test_what_a_partner_publishes_is_armed_here_within_a_second(node, tmp_path):
    """A publishes, B pulls with a held request, B's scan of a growing log knows it: at best of three, in a second."""
    partner = Node(tmp_path / "partner")
    partner.run("init", "--name", "partner", "--country", "SE")
    partner.run("collection", "add", "got", "--title", "got")
    partner.run("user", "add", USER, "--role", "reader", "--password-stdin", stdin=PASSWORD + "\n")
    partner.run("grant", "got", USER, "read")
    serve = Serve(partner.folder)
    node.link(f"http://127.0.0.1:{serve.port}/", remote="got")
    running = node.follow()
    log = tmp_path / "dns.log"
    log.write_text("nothing yet\n")
    scan = subprocess.Popen([BIN, "scan", "--follow", "--json", str(log), "--node", str(node.folder)],
                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    node.running.append(scan)
    hits = {}
    threading.Thread(target=lambda: [hits.setdefault(json.loads(line)["observable"]["value"], time.monotonic())
                                     for line in scan.stdout], daemon=True).start()
    took = []
    try:
        for turn in range(3):
            time.sleep(1.5)
            name = f"evil-{turn}.partner.example"
            partner.run("import", "-", "--collection", "got", "--format", "list", stdin=name + "\n")
            start = time.monotonic()
            with open(log, "a") as lines:
                while name not in hits:
                    assert time.monotonic() - start < 15, running.poll()
                    lines.write(f"query {name} from 192.0.2.7\n")
                    lines.flush()
                    time.sleep(0.05)
            took.append(hits[name] - start)
    finally:
        serve.stop()
    print("armed after " + ", ".join(f"{t:.2f} s" for t in took))
    assert min(took) < 1
