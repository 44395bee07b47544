"""What a person reads when a line was wrong: what, where, what to do; and nothing that steers a terminal."""
import json
import os
import pty
import re
import select
import subprocess
import threading
import time

import pytest

from conftest import BIN


@pytest.fixture
def node(tocsin, tmp_path):
    """tocsin() on a node that has one collection, "indicators"."""
    at = ("--node", tmp_path / "node")
    tocsin(*at, "init", "--name", "CERT One")
    tocsin(*at, "collection", "add", "indicators")
    return lambda *args, **kw: tocsin(*at, *args, **kw)


@pytest.mark.parametrize("args", [
    ["init", "--country", "norway"],
    ["collection", "add", "Bad Alias"],
    ["collection", "add", "x", "--id", "11111111-1111-1111-8111-111111111111"],
    ["user", "add", "a b"],
    ["user", "add", "eve", "--role", "king"],
    ["user", "add", "eve", "--identity", "zz"],
    ["user", "add", "eve", "--party", "Not A Name"],
    ["forget", ""],
    ["forget", "abc"],
    ["sync", "add", "b c", "https://127.0.0.1:1/"],
    ["sync", "add", "b", "https://127.0.0.1:1/", "--collection", "indicators"],
])
def test_a_malformed_word_of_the_line_is_wrong_usage(node, tocsin, args):
    run = tocsin if args[0] == "init" else node
    said = run(*args, code=2)
    assert said.err.startswith("tocsin: ") and f"usage: tocsin {args[0]}" in said.err and said.out == ""
    assert "tocsin.db" not in said.err


@pytest.mark.parametrize("args, near", [
    (["collection", "show", "indicator"], "indicators"),
    (["grant", "idnicators", "eve", "read"], "indicators"),
    (["import", "--collection", "indicatorz", "-"], "indicators"),
    (["export", "--collection", "indicatrs"], "indicators"),
    (["sync", "add", "b", "https://127.0.0.1:1/", "--collection", "x=indicator"], "indicators"),
])
def test_a_misspelt_collection_names_the_nearest(node, args, near):
    assert f"no such collection; did you mean {near}?" in node(*args, code=3).err


def test_a_misspelt_verb_names_the_nearest(tocsin):
    assert 'collection has no "lst"; did you mean list?' in tocsin("collection", "lst", code=2).err
    assert 'user has no "tokn"; did you mean token?' in tocsin("help", "user", "tokn", code=2).err
    assert "did you mean" not in tocsin("collection", "frobnicate", code=2).err


@pytest.mark.parametrize("args, todo", [
    (["user", "list"], '"tocsin user add NAME"'),
    (["sync", "list"], '"tocsin sync add NAME URL'),
    (["grant"], '"tocsin grant ALIAS USER read"'),
    (["quarantine", "list"], "nothing is in quarantine"),
])
def test_an_empty_list_says_so_and_exits_1(node, args, todo):
    said = node(*args, code=1)
    assert todo in said.err and said.out == ""
    said = node("--quiet", *args, code=1)
    assert said.err == said.out == ""


def test_a_kind_of_peer_that_nothing_here_speaks_is_wrong_usage(node):
    said = node("sync", "add", "b", "https://127.0.0.1:1/", "--kind", "csaf", code=2)
    assert '--kind takes taxii|misp, not "csaf"' in said.err


def test_a_peer_without_links_is_listed(node):
    node("sync", "add", "b", "https://127.0.0.1:1/")
    assert "b  taxii  nothing linked" in node("sync", "list").out
    assert node("sync", "list", "--json").rows == [{"peer": "b", "kind": "taxii", "url": "https://127.0.0.1:1/"}]


def test_an_authority_that_is_no_certificate_is_refused_when_the_peer_is_added(node, tmp_path):
    (tmp_path / "ca.pem").write_text("no certificate\n")
    node("sync", "add", "b", "https://127.0.0.1:1/", "--ca", tmp_path / "ca.pem", code=3)
    node("sync", "list", code=1)
    keys = tmp_path / "node/keys"
    pair = ["--cert", keys / "client.pem", "--key", keys / "server.key"]
    node("sync", "add", "b", "https://127.0.0.1:1/", *pair, code=3)
    node("sync", "add", "b", "https://127.0.0.1:1/", *pair[:3], keys / "client.key")


def test_a_backup_that_is_not_there_is_named_and_nothing_is_touched(node, tmp_path):
    before = (tmp_path / "node/tocsin.db").read_bytes()
    said = node("restore", tmp_path / "nosuch", code=3).err
    assert f"tocsin: {tmp_path}/nosuch: " in said and "tocsin backup" in said
    assert (tmp_path / "node/tocsin.db").read_bytes() == before
    assert not [p.name for p in (tmp_path / "node").iterdir() if "rest" in p.name]


def test_names_from_the_line_cannot_steer_the_terminal(tocsin):
    name = "a\x1b[31mred\u202eb"
    for args in (["check", name], ["--node", name, "status"], ["nosuch" + name], ["scan", "--ioc", name, "-"]):
        said = tocsin(*args, code=None).err
        assert "[31mred\\xe2\\x80\\xaeb" in said and "\x1b" not in said and "\u202e" not in said


def on_terminal(args, answer=b"", seconds=20, env=None):
    """Runs tocsin with a terminal for all three streams; what the terminal showed, and the exit code."""
    pid, fd = pty.fork()
    if pid == 0:
        os.execve(BIN, [BIN, *map(str, args)], {"PATH": os.environ["PATH"], "TERM": "xterm"} | (env or {}))
    seen, until, asked = b"", time.monotonic() + seconds, not answer
    while time.monotonic() < until:
        if not asked and b"not shown" in seen:
            os.write(fd, answer)
            asked = True
        if select.select([fd], [], [], 0.1)[0]:
            try:
                piece = os.read(fd, 4096)
            except OSError:
                piece = b""
            if not piece:
                break
            seen += piece
    os.close(fd)
    return seen.decode(), os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def test_a_password_typed_at_a_terminal_is_asked_for_and_not_shown(node, tmp_path):
    shown, code = on_terminal(["--node", tmp_path / "node", "user", "add", "eve", "--password-stdin"],
                              b"a passphrase typed here\n")
    assert code == 0 and "secret (not shown): " in shown and "passphrase" not in shown
    row, = node("user", "list", "--json").rows
    assert row["password"]


def slowly(fifo):
    """Feeds a reader of `fifo` for two seconds, so that the work lasts long enough for a bar."""
    with open(fifo, "wb", buffering=0) as to:
        for _ in range(20):
            to.write(b"2026-11-20T09:14:02Z 192.0.2.1 nothing of note\n" * 1000)
            time.sleep(0.1)


def test_progress_is_for_terminals_and_not_for_files(tocsin, tmp_path):
    (tmp_path / "list").write_text("evil.example\n")
    os.mkfifo(tmp_path / "log")
    args = ["scan", "--ioc", tmp_path / "list", tmp_path / "log"]

    def fed(run):
        feeder = threading.Thread(target=slowly, args=[tmp_path / "log"])
        feeder.start()
        said = run()
        feeder.join()
        return said

    bar = re.compile(r"\r\S+  .*[KM]iB.*/s")
    assert not bar.search(fed(lambda: tocsin(*args, code=1)).err)
    assert bar.search(fed(lambda: on_terminal(args))[0])
    assert fed(lambda: on_terminal([*args, "--quiet"]))[0] == ""


@pytest.mark.parametrize("locale", ["C", "POSIX", "de_DE.ISO-8859-1", "C.UTF-8", "nonsense"])
def test_the_locale_changes_nothing(tocsin, tmp_path, locale):
    (tmp_path / "list").write_text("xn--mnchen-3ya.example\nevil.example\n")
    (tmp_path / "log").write_text("query münchen.example at evil.example\n")
    base = tocsin("scan", "--ioc", "list", "--json", "log", env={"LC_ALL": "C.UTF-8"})
    said = tocsin("scan", "--ioc", "list", "--json", "log", env={"LC_ALL": locale, "NO_COLOR": "1", "TERM": "dumb"})
    assert said.out == base.out and len(said.rows) == 2


def test_colour_is_for_terminals_that_have_it_and_people_who_want_it(tocsin, tmp_path):
    (tmp_path / "list").write_text("evil.example\n")
    (tmp_path / "log").write_text("query evil.example\n")
    args = ["scan", "--ioc", tmp_path / "list", tmp_path / "log"]
    assert "\x1b[1;31mevil.example" in on_terminal(args)[0]
    assert "\x1b[1;31mevil.example" in on_terminal(args, env={"NO_COLOR": ""})[0]
    for env in {"NO_COLOR": "1"}, {"TERM": "dumb"}, {"TERM": ""}:
        assert "\x1b" not in on_terminal([*args, "--quiet"], env=env)[0]
    assert "\x1b" not in tocsin(*args).out


def put(node, *objects, code=0):
    node("import", "-", "--collection", "indicators", code=code, stdin="\n".join(map(json.dumps, objects)))


def sample(name):
    return {"type": "indicator", "spec_version": "2.1", "id": "indicator--22222222-1111-4111-8111-111111111111",
            "created": "2026-01-01T00:00:00.000Z", "modified": "2026-01-01T00:00:00.000Z", "name": name,
            "pattern": "[domain-name:value = 'evil.example']", "pattern_type": "stix",
            "valid_from": "2026-01-01T00:00:00Z"}


def test_status_says_in_words_what_waits_and_who_sees_to_it(node):
    said = node("status").out
    assert "quarantine   empty\n" in said and "search       up to date\n" in said
    assert re.search(r"^collection   indicators +0 objects, 0 versions$", said, re.M)
    put(node, sample("one"))
    put(node, sample("other content"), code=1)
    said = node("status").out
    assert 'quarantine   1 object: "tocsin quarantine list"\n' in said
    assert 'search       1 version behind: "tocsin search" reads them\n' in said
    assert re.search(r"^collection   indicators +1 object, 1 version$", said, re.M)
    row, = node("quarantine", "list", "--json").rows
    assert (row["collection"], row["alias"]) == (1, "indicators")
    assert "for indicators, from local: " in node("quarantine", "list").out


def columns(text, word):
    """Where a word stands in each line."""
    return {line.index(word) for line in text.splitlines()}


def test_lists_keep_their_columns_however_long_a_name_is(node):
    long = "a" * 60
    for name in ("bob", long):
        node("user", "add", name, "--role", "reader" if name == "bob" else "reader,analyst,releaser,officer")
        node("collection", "add", f"{name}.x")
        node("grant", f"{name}.x", name, "read")
        node("sync", "add", name, "https://127.0.0.1:1/", "--collection", f"remote=in{len(name)}", code=3)
    users = node("user", "list").out
    assert len(columns(users, " reader")) == len(columns(users, "cannot log in")) == 1
    assert len(columns(node("grant").out, " read")) == 1
    lists = node("collection", "list").out
    assert len(columns(lists, " objects")) == 1
    put(node, sample("one"))
    assert len(columns(node("collection", "list").out, " object")) == 1
    for name in ("bob", long):
        node("sync", "add", name, "https://127.0.0.1:1/", "--push", "indicators=remote")
    assert len(columns(node("sync", "list").out, "  taxii  push indicators -> remote  0 objects  last never")) == 1


def test_a_collection_is_shown_with_who_may_what(node):
    node("user", "add", "bob")
    node("grant", "indicators", "bob", "both")
    said = node("collection", "show", "indicators").out
    assert re.search(r"^alias        indicators\nid           [0-9a-f-]{36}\n", said)
    assert "\ngrants       bob both\n" in said and "\nleaves       as granted" in said
    node("collection", "add", "inside", "--never-leaves", "--description", "not for others")
    said = node("collection", "show", "inside").out
    assert "\nleaves       never\n" in said and "\ngrants       none\n" in said
    assert "\ndescription  not for others\n" in said


@pytest.mark.parametrize("args", [["user", "remove"], ["collection", "remove"], ["sync", "remove"], ["collection", "show"],
                                  ["user", "passwd", "--none"], ["sync"]])
def test_what_is_told_of_something_that_is_not_there_fails(node, args):
    said = node(*args, "nowhere", code=3)
    assert said.err.startswith("tocsin: nowhere: no such") and "tocsin" in said.err[8:] and said.out == ""


def test_every_command_obeys_quiet_and_json(node):
    for args in (["status"], ["collection", "list"], ["collection", "show", "indicators"], ["config", "show"],
                 ["config", "describe"], ["config", "check"], ["forget", "nothing of that kind"]):
        said = node("--json", "--quiet", *args, code=None)
        assert said.err == "" and said.code in (0, 1) and said.rows, args


def test_a_reader_that_leaves_early_is_no_fault(node, tmp_path):
    node("config", "describe")
    script = f"{BIN} config describe | head -n 1; echo ${{PIPESTATUS[0]}}"
    run = subprocess.run(["bash", "-c", script], capture_output=True, text=True)
    assert run.stderr == "" and re.search(r"^(0|141)$", run.stdout.splitlines()[-1])
