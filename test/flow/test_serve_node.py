"""A node that serves while its users change everything around it."""
import json
import os
import pathlib
import re
import shutil
import signal
import sqlite3
import ssl
import subprocess
import threading
import time
import urllib.error
import urllib.request

import pytest

from conftest import BIN, free_port, tocsin_run
from serving import PASSWORD, Serve, envelope, indicator, wait_for


class Node:
    """One node and its command line; `serve` at will."""

    def __init__(self, folder, name):
        self.folder, self.running = folder / name, []
        self.run("init", "--name", name, "--country", "NO")

    def run(self, *args, **kw):
        return tocsin_run(*args, "--node", self.folder, **kw)

    def serve(self, *args, **kw):
        self.running.append(Serve(self.folder, *args, **kw))
        return self.running[-1]

    def user(self, name, *args, password=PASSWORD):
        self.run("user", "add", name, "--password-stdin", *args, stdin=password + "\n")

    def collection(self, alias):
        self.run("collection", "add", alias, "--title", alias)
        row, = [r for r in self.run("collection", "list", "--json").rows if r["alias"] == alias]
        return row["id"]

    def put(self, alias, *objects, code=0):
        return self.run("import", "-", "--collection", alias, code=code,
                        stdin="\n".join(json.dumps(o) for o in objects))

    def names(self, alias):
        out = self.run("export", "--collection", alias, "--to", "self", "--quiet", code=None).out
        objects = json.loads(out).get("objects", []) if out.strip() else []
        return sorted(o["name"] for o in objects if o["type"] != "identity")  # their author goes along

    def end(self):
        for one in self.running:
            if one.process.poll() is None:
                one.stop()


@pytest.fixture
def make_node(tmp_path):
    made = []

    def make(name):
        made.append(Node(tmp_path, name))
        return made[-1]

    yield make
    for node in made:
        node.end()


@pytest.fixture
def aurora(make_node):
    node = make_node("aurora")
    node.id = node.collection("main")
    node.user("bob", "--role", "reader,analyst")
    node.run("grant", "main", "bob", "both")
    return node


def local(port, path):
    import urllib.error
    import urllib.request
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def metric(port, name):
    _, text = local(port, "/metrics")
    return float(next(line.split()[1] for line in text.splitlines() if line.startswith(f"tocsin_{name} ")))


def test_metrics_and_health_are_on_the_local_port_only(aurora):
    port = free_port()
    serve = aurora.serve(local=port)
    status, text = local(port, "/health")
    assert status == 200 and json.loads(text)["status"] == "ok"
    assert metric(port, "objects_added_total") == 0 and metric(port, "writer_ok") == 1
    path = f"{serve.root()}collections/{aurora.id}/objects/"
    assert serve.ask("POST", path, "bob", body=envelope(indicator(1), indicator(2)))[0] == 202
    wait_for(lambda: metric(port, "objects_added_total") == 2)
    assert metric(port, "posts_total") == 1 and metric(port, "commits_total") == 1
    assert local(port, "/taxii2/")[0] == 404
    assert serve.ask("GET", "/metrics")[0] in (401, 404)
    assert serve.ask("GET", "/health", "bob")[0] == 404
    _, text = local(port, "/metrics")
    for line in text.splitlines():
        assert line.startswith("# ") or len(line.split()) == 2, line


def test_metrics_are_as_their_format_wants_them(aurora):
    """Each name once, explained and typed before its value, counters ending in _total; promtool's word where it is."""
    port = free_port()
    serve = aurora.serve(local=port)
    path = f"{serve.root()}collections/{aurora.id}/objects/"
    assert serve.ask("POST", path, "bob", body=envelope(indicator(1)))[0] == 202
    _, text = local(port, "/metrics")
    assert text.endswith("\n")
    seen, expected = {}, "HELP"
    for line in text.splitlines():
        found = re.fullmatch(r"# (HELP|TYPE) (tocsin_[a-z_]+) (.+)|(tocsin_[a-z_]+) ([0-9.e+-]+)", line)
        assert found, line
        kind, name = found[1] or "value", found[2] or found[4]
        assert kind == expected, line
        expected = {"HELP": "TYPE", "TYPE": "value", "value": "HELP"}[kind]
        if kind == "HELP":
            assert name not in seen and found[3].strip()
            seen[name] = None
        elif kind == "TYPE":
            assert found[3] in ("counter", "gauge") and (found[3] == "counter") == name.endswith("_total"), line
        else:
            seen[name] = float(found[5])
    assert len(seen) > 20 and None not in seen.values() and seen["tocsin_objects_added_total"] == 1
    tool = shutil.which("promtool")
    if tool:
        run = subprocess.run([tool, "check", "metrics"], input=text, capture_output=True, text=True)
        assert run.returncode == 0 and not run.stdout + run.stderr, run


def test_search_catches_up_behind_what_comes_in(aurora):
    """While it serves, though nobody searches: what it does not know yet grows less to nothing."""
    port = free_port()
    serve = aurora.serve(local=port)
    aurora.put("main", *[indicator(i) for i in range(30000)])
    behind = []

    def level():
        behind.append(aurora.run("status", "--json").rows[0]["search_behind"])
        return behind[-1] == 0
    start = time.monotonic()
    wait_for(level, 60, 0.05, serve)
    print(f"30,000 versions known to search {time.monotonic() - start:.1f} s after their import")
    assert behind == sorted(behind, reverse=True)
    assert aurora.run("search", "host-29999.flow.example", "--json").rows[0]["id"] == indicator(29999)["id"]
    wait_for(lambda: metric(port, "search_behind") == 0, 10)


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd-analyze here")
def test_the_unit_is_whole_and_leaves_little_open(tmp_path):
    unit = tmp_path / "tocsin.service"
    text = (pathlib.Path(os.environ["TOCSIN_BUILD"]) / "data/tocsin.service").read_text()
    unit.write_text(re.sub(r"^ExecStart=\S+", f"ExecStart={BIN}", text, flags=re.M))
    run = subprocess.run(["systemd-analyze", "verify", "--man=no", unit], capture_output=True, text=True)
    assert run.returncode == 0 and not run.stderr, run
    run = subprocess.run(["systemd-analyze", "security", "--offline=true", "--threshold=20", "--no-pager", unit],
                         capture_output=True, text=True)
    assert run.returncode == 0, run.stdout


def test_threads_log_side_by_side_each_a_line_at_once(make_node):
    """What is written at once comes at once out of a pipe of packets."""
    node = make_node("n")
    ours, theirs = os.pipe2(os.O_DIRECT)
    serve = subprocess.Popen([BIN, "serve", "--node", node.folder, "--plain", "--listen", "127.0.0.1:0"], stderr=theirs)
    os.close(theirs)
    said = []
    try:
        while not said or b"serve.ready" not in said[-1]:
            said.append(os.read(ours, 65536))
            assert said[-1].endswith(b"\n") and said[-1].count(b"\n") == 1, said
    finally:
        serve.terminate()
        code = serve.wait(20)
        os.close(ours)
    assert code == 0


def test_a_node_is_served_once(aurora):
    serve = aurora.serve()
    said = aurora.run("serve", "--plain", "--listen", "127.0.0.1:0", code=3, timeout=20).err
    assert "served already" in said
    assert serve.root()
    serve.stop()
    assert aurora.serve().root()


@pytest.mark.parametrize("which", ["keeper", "front", "fetch"])
def test_when_one_process_dies_all_end(aurora, which):
    serve = aurora.serve()
    assert len(serve.pids) == 3
    keeper, fetch, front = serve.pids
    os.kill({"keeper": keeper, "front": front, "fetch": fetch}[which], signal.SIGKILL)
    code, took = serve.gone(10)
    assert code == (-signal.SIGKILL if which == "keeper" else 3), serve.said
    assert took < 5
    assert aurora.serve().root()


def test_statuses_survive_a_restart(aurora):
    serve = aurora.serve()
    path = f"{serve.root()}collections/{aurora.id}/objects/"
    bad = indicator(3)
    del bad["pattern"]
    code, _, first = serve.ask("POST", path, "bob", body=envelope(indicator(1), indicator(2), bad))
    assert code == 202
    status = f"{serve.root()}status/{first['id']}/"
    before = wait_for(lambda: (lambda s: s if s["status"] == "complete" else None)(
        serve.ask("GET", status, "bob")[2]))
    assert (before["total_count"], before["success_count"], before["failure_count"]) == (3, 2, 1)
    serve.stop()
    assert aurora.serve().ask("GET", status, "bob")[2] == before


def test_what_is_deleted_over_the_wire_is_gone_for_everybody(aurora):
    aurora.put("main", indicator(1), indicator(2))
    serve = aurora.serve()
    one = f"{serve.root()}collections/{aurora.id}/objects/{indicator(1)['id']}/"
    assert serve.ask("GET", one, "bob")[0] == 200
    assert serve.ask("DELETE", one, "bob")[0] == 200
    assert serve.ask("GET", one, "bob")[0] == 404
    aurora.run("get", indicator(1)["id"], code=1)
    assert aurora.names("main") == [indicator(2)["name"]]
    aurora.run("grant", "main", "bob", "read")
    two = one.replace(indicator(1)["id"], indicator(2)["id"])
    assert serve.ask("DELETE", two, "bob")[0] in (403, 404)
    assert aurora.names("main") == [indicator(2)["name"]]


def test_what_is_taken_away_is_taken_away_at_once(aurora):
    aurora.put("main", indicator(1))
    serve = aurora.serve()
    assert serve.objects(aurora.id)[0] == 200
    assert serve.objects(aurora.id)[0] == 200
    aurora.run("grant", "main", "bob", "none")
    assert serve.objects(aurora.id)[0] == 404
    aurora.run("grant", "main", "bob", "read")
    assert serve.objects(aurora.id)[0] == 200
    path = f"{serve.root()}collections/{aurora.id}/objects/"
    assert serve.ask("POST", path, "bob", body=envelope(indicator(2)))[0] in (403, 404)
    aurora.run("user", "remove", "bob")
    assert serve.ask("GET", path, "bob")[0] == 401
    aurora.user("bob", password="another one entirely")
    assert serve.ask("GET", path, "bob")[0] == 401
    assert serve.ask("GET", path, "bob", "another one entirely")[0] == 404


def test_a_held_request_answers_within_a_second_of_an_import(aurora):
    aurora.put("main", indicator(1))
    serve = aurora.serve()
    path = f"{serve.root()}collections/{aurora.id}/objects/"
    _, headers, _ = serve.ask("GET", path, "bob")
    after = headers["X-TAXII-Date-Added-Last"]
    got = {}

    def hold():
        got["answer"] = serve.ask("GET", f"{path}?added_after={after}", "bob",
                                  headers={"Prefer": "wait=20"}, timeout=30)
        got["at"] = time.monotonic()

    thread = threading.Thread(target=hold)
    start = time.monotonic()
    thread.start()
    time.sleep(1.5)
    assert "at" not in got, "it was not held"
    aurora.put("main", indicator(2))
    done = time.monotonic()
    thread.join(25)
    status, headers, body = got["answer"]
    assert status == 200 and [o["id"] for o in body["objects"]] == [indicator(2)["id"]]
    print(f"held {got['at'] - start:.2f} s, answered {(got['at'] - done) * 1000:.0f} ms after the import ended")
    assert got["at"] - done < 1


def test_certificates_are_read_again_on_sighup(aurora, make_node):
    other = make_node("other")
    serve = aurora.serve(plain=False)

    def shown():
        return ssl.get_server_certificate(("127.0.0.1", serve.port))

    before = shown()
    held = serve.connect()
    held.connect()
    keys = aurora.folder / "keys"
    names = sorted(p.name for p in keys.iterdir() if p.suffix == ".pem")
    conf = (aurora.folder / "tocsin.conf").read_text()
    used = [line.split("=", 1)[1].strip() for line in conf.splitlines()
            if line.startswith(("tls-cert", "tls-key"))]
    assert len(used) == 2, (conf, names)
    for path in used:
        name = pathlib.Path(path).name
        shutil.copy(other.folder / "keys" / name, keys / (name + ".new"))
        os.rename(keys / (name + ".new"), keys / name)
    assert shown() == before
    serve.process.send_signal(signal.SIGHUP)
    wait_for(lambda: shown() != before, 5)
    after = shown()
    held.request("GET", "/taxii2/")
    assert held.getresponse().status == 401, "who is connected stays connected"
    cert, = [p for p in used if "key" not in pathlib.Path(p).name] or used[:1]
    (keys / pathlib.Path(cert).name).write_text("no certificate")
    serve.process.send_signal(signal.SIGHUP)
    wait_for(lambda: "reload.failed" in serve.said, 5)
    assert shown() == after, "what was good stays"


def test_a_reload_judges_the_configuration_and_says_what_became_of_it(aurora):
    port = free_port()
    serve, conf = aurora.serve(local=port), aurora.folder / "tocsin.conf"
    good = conf.read_text()

    def told(event):
        number = len(serve.lines)
        serve.process.send_signal(signal.SIGHUP)
        return wait_for(lambda: [line for line in serve.lines[number:] if event in line], 10, serve=serve)[0]
    conf.write_text(good + "page-cap = plenty\n")
    line = told("reload.failed")
    assert re.search(r"^\d{4}-\S+Z reload\.failed \S+/tocsin\.conf:\d+ ", line), line
    assert "reload.done" not in serve.said, "nothing of it is taken"
    conf.write_text(re.sub("^title = .*$", "title = Renamed", good, flags=re.M) + "page-cap = 5000\n")
    assert "keys=title,page-cap (" in told("reload.waits")
    wait_for(lambda: "reload.done" in serve.said, 10)
    assert serve.ask("GET", "/taxii2/", "bob")[2]["title"] != "Renamed"
    conf.write_text(good)
    before = serve.said.count("reload.waits")
    told("reload.done")
    assert serve.said.count("reload.waits") == before
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", data=b"x", timeout=10)
    assert refused.value.code == 405
    serve.stop()


def link(b, a_serve, name="aurora", *extra):
    b.run("sync", "add", name, f"http://127.0.0.1:{a_serve.port}/", "--user", "bob", "--password-stdin",
          *extra, stdin=PASSWORD + "\n")


def test_peers_come_and_go_while_the_node_serves(aurora, make_node):
    b = make_node("borealis")
    b.collection("got")
    b.collection("more")
    a = aurora.serve()
    second = aurora.collection("second")
    aurora.run("grant", "second", "bob", "both")
    serve = b.serve()
    aurora.put("main", indicator(1))
    aurora.put("second", indicator(100))
    link(b, a, "aurora", "--collection", f"{aurora.id}=got")
    wait_for(lambda: b.names("got") == [indicator(1)["name"]], 10)
    link(b, a, "again", "--collection", f"{second}=more")
    wait_for(lambda: b.names("more") == [indicator(100)["name"]], 10)
    aurora.put("main", indicator(2))
    wait_for(lambda: len(b.names("got")) == 2, 5)
    # The line is written after the objects are there.
    pulled = wait_for(lambda: (lambda told: told if len(told) > 1 else None)(
        [line for line in serve.lines if "sync.pulled" in line and "peer=aurora" in line]), 5)
    assert ["objects=1 added=1" in line for line in pulled] == [True, True], "the first link went on where it was"
    b.run("sync", "remove", "aurora")
    time.sleep(1)
    aurora.put("main", indicator(3))
    aurora.put("second", indicator(101))
    wait_for(lambda: len(b.names("more")) == 2, 5)
    assert len(b.names("got")) == 2, "a removed peer is asked no more"
    link(b, a, "aurora", "--collection", f"{aurora.id}=got")
    wait_for(lambda: len(b.names("got")) == 3, 10)
    assert "sync.fault" not in serve.said, serve.said


def test_a_peer_that_was_away_is_resumed_exactly(aurora, make_node):
    b = make_node("borealis")
    b.collection("got")
    port = free_port()
    a = aurora.serve(port=port)
    aurora.put("main", *[indicator(i) for i in range(2500)])
    link(b, a, "aurora", "--collection", f"{aurora.id}=got")
    serve = b.serve()
    wait_for(lambda: len(b.names("got")) == 2500, 20, 0.2)
    serve.stop()
    aurora.put("main", *[indicator(i) for i in range(2500, 2600)])
    a.stop()
    serve = b.serve()
    wait_for(lambda: "sync.fault" in serve.said, 10)
    a = aurora.serve(port=port)
    wait_for(lambda: len(b.names("got")) == 2600, 20, 0.2, serve)
    pulled = [line for line in serve.lines if "sync.pulled" in line]
    assert len(pulled) == 1 and "objects=100 added=100" in pulled[0], "only what was missing was asked for"


def test_a_newer_database_is_refused(aurora):
    with sqlite3.connect(aurora.folder / "tocsin.db") as db:
        db.execute("update store_schema set version = 99 where name = 'vault'")
    db.close()
    said = aurora.run("serve", "--plain", "--listen", "127.0.0.1:0", code=3, timeout=20).err
    assert "newer" in said
    assert "newer" in aurora.put("main", indicator(1), code=3).err


CONTENT = {"reader", "analyst", "releaser", "officer"}  # doc/roles.md: who may read, and put where granted


def test_every_role_may_over_taxii_what_the_table_says(aurora):
    """A grant of both is given to each: the role decides, and no word tells the others that there is a collection."""
    roles = ["reader", "analyst", "releaser", "officer", "auditor", "admin", "auditor,admin", "admin,reader"]
    aurora.put("main", indicator(1))
    for role in roles:
        aurora.user(role.replace(",", "-"), "--role", role)
        aurora.run("grant", "main", role.replace(",", "-"), "both")
    aurora.user("nobody", "--role", "reader")
    serve = aurora.serve()
    root = serve.root("nobody")
    path = f"{root}collections/{aurora.id}/"
    absent = serve.ask("GET", path, "nobody")
    assert absent[0] == 404
    for number, role in enumerate(roles, 100):
        user, may = role.replace(",", "-"), bool(CONTENT & set(role.split(",")))
        assert serve.ask("GET", "/taxii2/", user)[0] == serve.ask("GET", root, user)[0] == 200
        listed = serve.ask("GET", f"{root}collections/", user)[2].get("collections", [])
        assert [(one["can_read"], one["can_write"]) for one in listed] == ([(True, True)] if may else []), role
        one = f"{path}objects/{indicator(1)['id']}/"
        for tail in ("", "objects/", "manifest/", f"objects/{indicator(1)['id']}/", f"objects/{indicator(1)['id']}/versions/"):
            assert serve.ask("GET", path + tail, user)[0] == (200 if may else 404), (role, tail)
        assert serve.ask("POST", path + "objects/", user, body=envelope(indicator(number)))[0] == (202 if may else 404), role
        assert serve.ask("DELETE", one, user)[0] == (200 if may else 404), role
        if may:
            wait_for(lambda: serve.ask("GET", one, "reader")[0] == 404, 10)
            aurora.put("main", indicator(1))
        else:
            assert serve.ask("GET", path, user)[2] == absent[2], "as one who was granted nothing"
    serve.stop()
