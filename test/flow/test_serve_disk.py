"""Disks that are full, at a limit, read-only or out of inodes, too few descriptors, too little memory, a clock that
jumps: each is said, nothing acknowledged is lost, reading goes on, and there is room again when there is room."""
import http.client
import json
import os
import pathlib
import resource
import shutil
import sqlite3
import subprocess
import time
import types

import pytest

from conftest import BIN, bounded, free_port, tocsin_run
from serving import PASSWORD, Serve, envelope, indicator, wait_for
from test_serve_node import Node, aurora, link, local, make_node  # noqa: F401 (fixtures)


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 12 MB that is really full when it is full."""
    folder = tmp_path / "disk"
    folder.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=12m", "none", str(folder)], capture_output=True)
    if made.returncode:
        pytest.skip("only root may mount a small file system")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.fixture
def small_node(small_disk):
    node = Node(small_disk, "n")
    node.id = node.collection("main")
    node.user("bob", "--role", "reader,analyst")
    node.run("grant", "main", "bob", "both")
    yield node
    node.end()


def integrity(node):
    db = sqlite3.connect(f"file:{node.folder / 'tocsin.db'}?mode=ro", uri=True)
    said = db.execute("pragma integrity_check").fetchone()[0]
    db.close()
    return said


def test_an_import_into_a_full_disk_says_so_and_loses_nothing(small_node, tmp_path):
    small_node.put("main", *[indicator(i) for i in range(1000)])
    lines = tmp_path / "many.txt"
    lines.write_text("".join(f"host-{i}.more.example\n" for i in range(40000)))
    said = small_node.run("import", lines, "--format", "list", "--collection", "main", code=3).err
    assert "no space left" in said and str(small_node.folder) in said, said
    assert integrity(small_node) == "ok"
    assert set(small_node.names("main")) >= {indicator(i)["name"] for i in range(1000)}
    subprocess.run(["mount", "-o", "remount,size=200m", str(small_node.folder.parent)], check=True)
    told = small_node.run("import", lines, "--format", "list", "--collection", "main", "--json").rows[0]
    assert told["added"] + told["duplicate"] == 40000
    assert len(small_node.names("main")) == 41000


def test_a_full_disk_refuses_posts_and_serving_goes_on(small_node):
    small_node.put("main", *[indicator(i) for i in range(1000)])
    port = free_port()
    serve = small_node.serve(local=port)
    path = f"{serve.root()}collections/{small_node.id}/objects/"

    def post(i):
        return serve.ask("POST", path, "bob", body=envelope(
            *[indicator(i * 10000 + j, description="x" * 300) for j in range(1000)]))

    stored, refused = 1000, []
    for i in range(1, 20):
        status, headers, body = post(i)
        stored += 1000 if status == 202 else 0
        refused += [(status, headers["Retry-After"], body)] if status != 202 else []
    assert stored > 1000 and refused
    assert {(status, after) for status, after, _ in refused} == {(503, "60")}, refused[0]
    assert "no space is left" in json.dumps(refused[0][2])
    assert local(port, "/health")[0] == 503
    assert "write.failed" in serve.said and "no space left" in serve.said
    assert serve.ask("GET", path + "?limit=10", "bob")[0] == 200
    subprocess.run(["mount", "-o", "remount,size=200m", str(small_node.folder.parent)], check=True)
    assert post(50)[0] == 202
    assert local(port, "/health")[0] == 200
    wait_for(lambda: small_node.run("search", indicator(500999)["name"], code=None).code == 0, 20, 0.2, serve)
    serve.stop()
    assert integrity(small_node) == "ok"
    print(f"{stored - 1000} objects acknowledged, then {len(refused)} envelopes refused")
    assert len(small_node.names("main")) == stored + 1000


def room(node, size="200m"):
    subprocess.run(["mount", "-o", f"remount,size={size}", str(node.folder.parent)], check=True)


def fill(node, leave=0):
    """Takes all that is left of the small disk, but so many bytes."""
    file = node.folder.parent / "ballast"
    with open(file, "ab") as out:
        while True:
            try:
                out.write(b"x" * 65536)
                out.flush()
            except OSError:
                break
    os.truncate(file, file.stat().st_size - leave)


def drain(node):
    (node.folder.parent / "ballast").unlink()


def test_a_sync_into_a_full_disk_goes_on_when_there_is_room(small_node, aurora):
    aurora.put("main", *[indicator(i, description="y" * 400) for i in range(20000)])
    a = aurora.serve()
    link(small_node, a, "aurora", "--collection", f"{aurora.id}=main")
    serve = small_node.serve()
    wait_for(lambda: "sync.fault" in serve.said and "no space left" in serve.said, 60, 0.1, serve)
    path = f"{serve.root()}collections/{small_node.id}/objects/?limit=10"
    assert serve.ask("GET", path, "bob")[0] == 200
    room(small_node)
    wait_for(lambda: len(small_node.names("main")) == 20000, 120, 0.5, serve)
    serve.stop()
    assert integrity(small_node) == "ok"


def test_a_backup_into_a_full_disk_leaves_none(small_node, tmp_path):
    small_node.put("main", *[indicator(i) for i in range(3000)])
    fill(small_node, 100000)
    file = small_node.folder.parent / "saved.db"
    said = small_node.run("backup", file, code=3).err
    assert "no space" in said.lower() and "saved.db" in said, said
    assert not list(small_node.folder.parent.glob("saved*")), "nothing is left of it"
    drain(small_node)
    small_node.run("backup", file)
    assert file.exists()


def test_an_upgrade_on_a_full_disk_changes_nothing(small_node, tmp_path):
    small_node.put("main", *[indicator(i) for i in range(3000)])
    with sqlite3.connect(small_node.folder / "tocsin.db") as db:
        db.executescript("drop table search; drop table search_state;"
                         "update store_schema set version = 1 where name = 'vault'; pragma wal_checkpoint(truncate)")
    db.close()
    assert "tocsin upgrade" in small_node.run("status", code=3).err
    fill(small_node)
    for backup in (tmp_path / "elsewhere.db", small_node.folder / "here.db"):
        said = small_node.run("upgrade", "--backup", backup, code=3).err
        assert "no space" in said.lower(), said
        assert "tocsin upgrade" in small_node.run("status", code=3).err, "it is as old as before"
        backup.unlink(missing_ok=True)
    drain(small_node)
    small_node.run("upgrade", "--backup", tmp_path / "whole.db")
    assert integrity(small_node) == "ok"
    assert len(small_node.names("main")) == 3000


def test_a_restore_into_a_full_disk_leaves_what_was_there(small_node, tmp_path):
    small_node.put("main", *[indicator(i) for i in range(3000)])
    small_node.run("backup", tmp_path / "full.db")
    small_node.put("main", indicator(5000))
    fill(small_node, 200000)
    said = small_node.run("restore", tmp_path / "full.db", code=3).err
    assert "no space" in said.lower(), said
    assert integrity(small_node) == "ok"
    assert len(small_node.names("main")) == 3001
    drain(small_node)
    small_node.run("restore", tmp_path / "full.db")
    assert len(small_node.names("main")) == 3000


def test_a_file_at_its_limit_is_a_full_disk(aurora, tmp_path):
    port = free_port()
    serve = aurora.serve(local=port)
    path = f"{serve.root()}collections/{aurora.id}/objects/"

    def post(i):
        status, headers, body = serve.ask("POST", path, "bob", body=envelope(
            *[indicator(i * 1000 + j, description="x" * 300) for j in range(500)]))
        return status, headers["Retry-After"], json.dumps(body)

    def limit(size):
        for pid in serve.pids:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

    limit(1 << 20)
    told = [post(i) for i in range(6)]
    refused = [one for one in told if one[0] != 202]
    assert refused and {one[:2] for one in refused} == {(503, "60")}, refused[0]
    assert "no space is left" in refused[0][2]
    assert len(serve.alive()) == 3
    assert local(port, "/health")[0] == 503
    assert serve.ask("GET", path + "?limit=10", "bob")[0] == 200
    limit(resource.RLIM_INFINITY)
    assert post(10)[0] == 202
    serve.stop()
    assert len(aurora.names("main")) == 500 * (7 - len(refused))
    file = tmp_path / "more.json"
    file.write_text("\n".join(json.dumps(indicator(i)) for i in range(20000, 30000)))
    run = subprocess.run([BIN, "import", file, "--collection", "main", "--node", aurora.folder], capture_output=True,
                         text=True, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (5 << 20, 5 << 20)))
    assert run.returncode == 3 and "no space left" in run.stderr, run
    assert integrity(aurora) == "ok"


def test_a_read_only_disk_is_read_and_refuses_the_rest(small_node):
    small_node.put("main", indicator(1), indicator(2))
    disk = str(small_node.folder.parent)
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    try:
        assert len(small_node.names("main")) == 2
        small_node.run("status")
        small_node.run("get", indicator(1)["id"])
        for words in (["import", "-", "--collection", "main"], ["user", "add", "eve"], ["collection", "add", "x"],
                      ["serve", "--plain", "--listen", "127.0.0.1:0"], ["backup", small_node.folder / "b.db"]):
            said = small_node.run(*words, code=3, stdin=json.dumps(indicator(3)), timeout=60).err
            assert "read-only" in said.lower(), (words, said)
    finally:
        subprocess.run(["mount", "-o", "remount,rw", disk], check=True)
    small_node.put("main", indicator(3))
    assert len(small_node.names("main")) == 3


@pytest.fixture
def broken_disk(tmp_path):
    """A file system of 64 MB that the kernel turns read-only under those who write, as after an error of its device."""
    folder, image = tmp_path / "disk", tmp_path / "image"
    folder.mkdir()
    with open(image, "wb") as f:
        f.truncate(64 << 20)
    mount = ["mount", "-o", "loop,errors=remount-ro", str(image), str(folder)]
    for words in (["mkfs.ext4", "-q", "-F", str(image)], mount):
        if shutil.which(words[0]) is None or subprocess.run(words, capture_output=True).returncode:
            pytest.skip("only root may mount a file system of its own")

    def breaks():
        subprocess.run(["mount", "-o", "remount,abort", str(folder)], check=True)

    def mend():
        """What was durable, in a file of its own: a mount name space made meanwhile may hold on to the broken one."""
        mended = tmp_path / "mended"
        subprocess.run(["umount", str(folder)], check=True)
        shutil.copyfile(image, mended)
        assert subprocess.run(["e2fsck", "-fy", str(mended)], capture_output=True).returncode in (0, 1)
        subprocess.run([*mount[:3], str(mended), str(folder)], check=True)

    yield types.SimpleNamespace(folder=folder, breaks=breaks, mend=mend)
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_disk_that_turns_read_only_refuses_what_is_new_and_loses_nothing(broken_disk, aurora, tmp_path):
    """While the node serves and pulls: reading goes on, each refusal says why, and once the disk is mended all is there
    and goes on."""
    node = Node(broken_disk.folder, "n")
    node.id, got = node.collection("main"), node.collection("got")
    node.user("bob", "--role", "reader,analyst")
    for alias in ("main", "got"):
        node.run("grant", alias, "bob", "both")
    aurora.put("main", *[indicator(i) for i in range(5)])
    a, port = aurora.serve(), free_port()
    link(node, a, "aurora", "--collection", f"{aurora.id}=got")
    serve = node.serve(local=port)
    path = f"{serve.root()}collections/{node.id}/objects/"
    wait_for(lambda: len(node.names("got")) == 5, 20, 0.1, serve)
    acknowledged = []
    for i in range(10):
        assert serve.ask("POST", path, "bob", body=envelope(indicator(100 + i)))[0] == 202
        acknowledged.append(indicator(100 + i)["name"])
    broken_disk.breaks()
    try:
        for i in range(3):
            status, headers, told = serve.ask("POST", path, "bob", body=envelope(indicator(200 + i)))
            assert (status, headers["Retry-After"]) == (503, "60") and "cannot store" in told["description"], told
        status, _, told = serve.ask("DELETE", f"{path}{indicator(100)['id']}/", "bob")
        assert status == 503, told
        aurora.put("main", indicator(6))
        wait_for(lambda: "sync.fault" in serve.said, 30, 0.1, serve)
        assert "write.failed" in serve.said and serve.said.lower().count("read-only") >= 2
        assert serve.ask("GET", path + "?limit=100", "bob")[2]["objects"][9]["name"] == acknowledged[9]
        assert local(port, "/health")[0] == 503
        file = tmp_path / "more.json"
        file.write_text(json.dumps(indicator(300)))
        for words in (["import", file, "--collection", "main"], ["user", "add", "eve"],
                      ["backup", broken_disk.folder / "b.db"], ["forget", "host-1.flow.example"]):
            said = node.run(*words, code=3, timeout=60).err
            assert "read-only" in said.lower(), (words, said)
        assert set(node.names("main")) == set(acknowledged)
        assert len(serve.alive()) == 3, serve.said
        serve.stop()
    finally:
        node.end()
        broken_disk.mend()
    assert integrity(node) == "ok"
    assert set(node.names("main")) == set(acknowledged)
    serve = node.serve()
    assert serve.ask("POST", path, "bob", body=envelope(indicator(400)))[0] == 202
    wait_for(lambda: len(node.names("got")) == 6, 30, 0.1, serve)
    serve.stop()


def test_what_cannot_be_tidied_ends_nothing(aurora):
    """Statuses of long ago that cannot be deleted are told; the node serves and stores on."""
    serve = aurora.serve()
    path = f"{serve.root()}collections/{aurora.id}/objects/"
    assert serve.ask("POST", path, "bob", body=envelope(indicator(1)))[0] == 202
    serve.stop()
    with sqlite3.connect(aurora.folder / "tocsin.db") as db:
        db.executescript("update status set requested = 1; create trigger stuck before delete on status begin "
                         "select raise(abort, 'stuck'); end")
    db.close()
    serve = aurora.serve()
    wait_for(lambda: "write.failed" in serve.said, 20, 0.05)
    assert serve.ask("POST", path, "bob", body=envelope(indicator(2)))[0] == 202
    time.sleep(1.5)
    assert len(serve.alive()) == 3 and serve.said.count("write.failed") == 1, serve.said
    assert len(serve.ask("GET", path, "bob")[2]["objects"]) == 2
    serve.stop()


def test_without_inodes_what_needs_a_new_file_says_so(small_node):
    small_node.put("main", *[indicator(i) for i in range(100)])
    disk = small_node.folder.parent
    serve = small_node.serve()
    path = f"{serve.root()}collections/{small_node.id}/objects/"
    stat = os.statvfs(disk)
    subprocess.run(["mount", "-o", f"remount,nr_inodes={stat.f_files - stat.f_ffree}", str(disk)], check=True)
    assert serve.ask("POST", path, "bob", body=envelope(indicator(200)))[0] == 202, "no new file is needed"
    said = small_node.run("backup", disk / "b.db", code=3).err
    assert "no space" in said.lower(), said
    serve.stop()
    small_node.put("main", indicator(201))
    subprocess.run(["mount", "-o", "remount,nr_inodes=10000", str(disk)], check=True)
    small_node.run("backup", disk / "b.db")
    assert len(small_node.names("main")) == 102


@pytest.mark.parametrize("which", ["keeper", "fetch", "front"])
def test_without_descriptors_a_process_waits_or_ends_and_loses_nothing(aurora, make_node, which):
    b = make_node("borealis")
    b.id = b.collection("got")
    b.user("bob", "--role", "reader,analyst")
    b.run("grant", "got", "bob", "both")
    a = aurora.serve()
    serve = b.serve()
    pid = dict(zip(("keeper", "fetch", "front"), serve.pids))[which]
    path = f"{serve.root()}collections/{b.id}/objects/"
    assert serve.ask("POST", path, "bob", body=envelope(indicator(1)))[0] == 202
    many = len(os.listdir(f"/proc/{pid}/fd"))
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (many, before[1]))
    link(b, a, "aurora", "--collection", f"{aurora.id}=got")
    aurora.put("main", indicator(2))
    held = []
    try:
        for _ in range(20):
            one = serve.connect(3)
            try:
                one.connect()
                held.append(one)
            except OSError:
                break
        time.sleep(2)
        if which == "front":
            with pytest.raises((OSError, http.client.HTTPException)):
                serve.ask("GET", path, "bob", timeout=3)
    finally:
        for one in held:
            one.close()
    assert len(serve.alive()) == 3, serve.said
    resource.prlimit(pid, resource.RLIMIT_NOFILE, before)
    wait_for(lambda: len(b.names("got")) == 2, 60, 0.2, serve)
    assert wait_for(lambda: serve.ask("POST", path, "bob", body=envelope(indicator(3)))[0] == 202)
    serve.stop()


@bounded
@pytest.mark.parametrize("which", ["keeper", "front"])
def test_a_process_without_memory_ends_all_and_loses_nothing(aurora, which):
    serve = aurora.serve()
    pid = dict(zip(("keeper", "fetch", "front"), serve.pids))[which]
    path = f"{serve.root()}collections/{aurora.id}/objects/"
    assert serve.ask("POST", path, "bob", body=envelope(indicator(1)))[0] == 202
    size = int(pathlib.Path(f"/proc/{pid}/statm").read_text().split()[0]) * resource.getpagesize()
    resource.prlimit(pid, resource.RLIMIT_AS, (size + (2 << 20), size + (2 << 20)))
    acknowledged, refused = [indicator(1)], 0
    for turn in range(1, 5):
        objects = [indicator(turn * 10000 + j, description="x" * 2500) for j in range(8000)]
        try:
            if serve.ask("POST", path, "bob", body=envelope(*objects), timeout=60)[0] == 202:
                acknowledged += objects
            else:
                refused += 1
        except (OSError, http.client.HTTPException):
            refused += 1
            if len(serve.alive()) < 3:
                break
    assert refused, "there was memory enough"
    if len(serve.alive()) < 3:
        assert serve.gone()[0] != 0, serve.said
    else:
        resource.prlimit(pid, resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        assert serve.ask("POST", path, "bob", body=envelope(indicator(2)))[0] == 202
        acknowledged.append(indicator(2))
        serve.stop()
    serve = aurora.serve()
    wait_for(lambda: serve.ask("GET", path + "?limit=1", "bob")[0] == 200)
    serve.stop()
    assert integrity(aurora) == "ok"
    names = aurora.names("main")
    assert set(names) >= {o["name"] for o in acknowledged}
    assert len(names) % 8000 in (1, 2), "half an envelope"


def test_a_clock_that_jumps_a_year_reorders_nothing(aurora, make_node, tmp_path, monkeypatch):
    clock = tmp_path / "clock"
    clock.write_text("0")
    monkeypatch.setenv("TOCSIN_FAKE_CLOCK", str(clock))
    aurora.clock = clock
    serve = aurora.serve()
    path = f"{serve.root()}collections/{aurora.id}/objects/"
    after, stamps, year = "", [], 365 * 86400 * 1000000
    for number, offset in enumerate((0, year, -year, 0, -year, year)):
        fresh = tmp_path / "clock.new"
        fresh.write_text(str(offset))
        os.rename(fresh, clock)
        assert serve.ask("POST", path, "bob", body=envelope(indicator(number)))[0] == 202
        status, headers, body = serve.ask("GET", f"{path}?added_after={after}" if after else path, "bob")
        assert status == 200 and [o["id"] for o in body["objects"]] == [indicator(number)["id"]], (number, body)
        after = headers["X-TAXII-Date-Added-Last"]
        stamps.append(after)
    assert stamps == sorted(stamps) and len(set(stamps)) == len(stamps)
    assert serve.ask("GET", path, "bob", password="wrong")[0] == 401
    assert len(serve.alive()) == 3
    serve.stop()
