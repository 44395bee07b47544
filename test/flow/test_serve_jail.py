"""The processes of `serve` are really confined: what their user may open, the kernel refuses them, and what they
live on they keep. `tools/landlock` runs this under kernels of other ages."""
import ctypes
import json
import os
import pathlib
import re
import shutil
import signal
import ssl
import subprocess
import tempfile

import pytest

from conftest import BIN, SANITIZED, tocsin_run
from serving import PASSWORD, Serve, envelope, indicator, wait_for

# landlock_create_ruleset(NULL, 0, LANDLOCK_CREATE_RULESET_VERSION)
ABI = max(0, ctypes.CDLL(None).syscall(444, None, ctypes.c_size_t(0), 1))
landlocked = pytest.mark.skipif(ABI == 0, reason="this kernel has no Landlock")


class Node:
    def __init__(self, folder, *args):
        self.folder = pathlib.Path(folder)
        self.run("init", "--name", self.folder.name, *args)
        self.run("collection", "add", "main", "--title", "Main")
        self.id = self.run("collection", "list", "--json").rows[0]["id"]
        self.run("user", "add", "bob", "--role", "reader,analyst", "--password-stdin", stdin=PASSWORD + "\n")
        self.run("grant", "main", "bob", "both")

    def run(self, *args, **kw):
        return tocsin_run(*args, "--node", self.folder, **kw)

    def put(self, *objects):
        self.run("import", "-", "--collection", "main", stdin="\n".join(json.dumps(o) for o in objects))

    def ids(self):
        out = self.run("export", "--collection", "main", "--to", "self", "--quiet", code=None).out
        return {o["id"] for o in json.loads(out).get("objects", [])} if out.strip() else set()


@pytest.fixture
def node(tmp_path):
    return Node(tmp_path / "n")


def test_what_the_kernel_lacks_is_said_and_may_be_required(node):
    expected = os.environ.get("TOCSIN_LANDLOCK")
    assert expected is None or int(expected) == ABI, "the kernel is not the one this run is about"
    serve = Serve(node.folder)
    assert f" landlock={ABI}" in next(line for line in serve.lines if "serve.ready" in line)
    assert ("jail.partial" in serve.said) == (ABI == 0)
    serve.stop()
    doctor = [row for row in node.run("doctor", "--json", code=None).rows if row.get("check") == "jail"]
    assert len(doctor) == (1 if ABI == 0 else 0), doctor
    if ABI:
        Serve(node.folder, "--require-jail").stop()
    else:
        said = node.run("serve", "--plain", "--listen", "127.0.0.1:0", "--require-jail", code=3, timeout=60).err
        assert "cannot confine" in said and "--require-jail" in said


@pytest.mark.skipif(bool(SANITIZED), reason="the run time of a sanitizer is admitted more")
def test_every_process_is_under_a_filter_without_privileges(node):
    serve = Serve(node.folder)
    for pid in serve.pids:
        status = dict(line.split(":", 1) for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines())
        assert status["NoNewPrivs"].strip() == "1" and status["Seccomp"].strip() == "2"
        for kind in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
            assert int(status[kind], 16) == 0, (pid, kind)
    serve.stop()


@landlocked
def test_the_keeper_opens_no_database_outside_of_its_folder(node, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    for file in list(node.folder.glob("tocsin.db*")):
        shutil.move(file, outside / file.name)
        (node.folder / file.name).symlink_to(outside / file.name)
    node.run("status")  # for its user it is as good as before
    said = node.run("serve", "--plain", "--listen", "127.0.0.1:0", code=3, timeout=60).err
    assert "tocsin.db" in said or "database" in said, said
    assert "serve.ready" not in said


def certificate(node):
    """A fresh key and certificate of its own making, PEM."""
    other = node.folder.parent / f"fresh-{len(list(node.folder.parent.glob('fresh-*')))}"
    tocsin_run("init", "--name", "fresh", "--node", other)
    return (other / "keys/server.pem").read_bytes(), (other / "keys/server.key").read_bytes()


def shown(serve):
    return ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate(("127.0.0.1", serve.port)))


def put_file(path, data):
    """As who renews certificates does: a new file gets the old one's name."""
    fresh = path.with_suffix(".fresh")
    fresh.write_bytes(data)
    fresh.chmod(0o600)
    os.rename(fresh, path)


@pytest.mark.parametrize("linked", [False, True], ids=["replaced", "linked"])
def test_certificates_outside_of_the_folder_are_renewed(node, tmp_path, linked):
    live, archive = tmp_path / "live", tmp_path / "archive"
    live.mkdir()
    archive.mkdir()
    served = None

    def renew(number):
        pem, key = certificate(node)
        for name, data in (("chain.pem", pem), ("key.pem", key)):
            if linked:
                (archive / f"{number}-{name}").write_bytes(data)
                (live / "new").symlink_to(f"../archive/{number}-{name}")
                os.rename(live / "new", live / name)
            else:
                put_file(live / name, data)
        return ssl.PEM_cert_to_DER_cert(pem.decode().partition("-----END CERTIFICATE-----")[0] + "-----END CERTIFICATE-----\n")

    first = renew(1)
    served = Serve(node.folder, "--tls-cert", live / "chain.pem", "--tls-key", live / "key.pem", plain=False)
    assert shown(served) == first
    second = renew(2)
    served.process.send_signal(signal.SIGHUP)
    wait_for(lambda: shown(served) == second, 10, serve=served)
    assert "reload.failed" not in served.said
    served.stop()


@landlocked
def test_the_front_reads_no_file_outside_of_what_it_was_given(node, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    serve = Serve(node.folder, plain=False)
    before = shown(serve)
    pem, key = certificate(node)
    for name, data in (("server.pem", pem), ("server.key", key)):
        (outside / name).write_bytes(data)
        (node.folder / "keys" / name).unlink()
        (node.folder / "keys" / name).symlink_to(outside / name)
    serve.process.send_signal(signal.SIGHUP)
    wait_for(lambda: "reload.failed" in serve.said, 10)
    assert "Permission denied" in serve.said
    assert shown(serve) == before
    serve.stop()
    serve = Serve(node.folder, plain=False)  # shown to it before it narrows itself, the link is good
    assert shown(serve) != before
    serve.stop()


# Another file in the place of one of /etc: for root, and not within a chroot, whose root is no mount.
own_mounts = pytest.mark.skipif(subprocess.run(["unshare", "-m", "true"], capture_output=True).returncode != 0,
                                reason="no mounts of its own may be made here")


@landlocked
@own_mounts
@pytest.mark.skipif(not shutil.which("setpriv"), reason="needs setpriv, to become somebody else")
def test_names_are_looked_up_in_files_that_were_renewed(tmp_path):
    """As /etc/resolv.conf is with each lease: the fetch of a service's user reads the new one."""
    a_node = Node(tmp_path / "a", "--host", "aurora.flow.example")
    a_node.put(indicator(1))
    a = Serve(a_node.folder, plain=False)
    home = pathlib.Path(tempfile.mkdtemp())  # whose parents anybody may enter
    try:
        etc = home / "etc"
        etc.mkdir()
        for name in ("passwd", "group", "nsswitch.conf"):
            shutil.copy(f"/etc/{name}", etc)
        shutil.copytree("/etc/ssl/certs", etc / "ssl/certs", symlinks=True)
        (etc / "hosts").write_text("127.0.0.1 localhost\n")
        b = Node(home / "b")
        b.run("sync", "add", "a", f"https://aurora.flow.example:{a.port}/", "--user", "bob", "--password-stdin",
              "--ca", a_node.folder / "keys/ca.pem", "--collection", f"{a_node.id}=main", stdin=PASSWORD + "\n")
        shutil.copy(BIN, home / "tocsin")
        subprocess.run(["chown", "-R", "65534:65534", home], check=True)
        home.chmod(0o755)
        words = ["unshare", "-m", "sh", "-c", 'mount --bind "$1" /etc; shift; exec "$@"', "sh", etc,
                 "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", home / "tocsin",
                 "serve", "--node", b.folder, "--plain", "--listen", "127.0.0.1:0"]
        serve = Serve(b.folder, words=words)
        wait_for(lambda: "resolve" in serve.said, 30, 0.1, serve)
        put_file(etc / "hosts", b"127.0.0.1 localhost aurora.flow.example\n")
        (etc / "hosts").chmod(0o644)
        wait_for(lambda: "sync.pulled" in serve.said, 60, 0.2, serve)
        serve.stop()
        a.stop()
    finally:
        shutil.rmtree(home)


def mounted(pid, source, target):
    return subprocess.run(["nsenter", "-t", str(pid), "-m", "mount", "--bind", str(source), str(target)],
                          capture_output=True).returncode == 0


@landlocked
@own_mounts
def test_fetch_reads_no_file_that_took_the_place_of_its_own(tmp_path):
    """A second node follows the first by a name; when the hosts file of its fetch is another file, it cannot."""
    a_node = Node(tmp_path / "a", "--host", "aurora.flow.example")
    a = Serve(a_node.folder, plain=False)
    hosts, other = tmp_path / "hosts", tmp_path / "other"
    for file in (hosts, other):
        file.write_text("127.0.0.1 localhost aurora.flow.example\n")
        file.chmod(0o644)
    b = Node(tmp_path / "b")
    b.run("collection", "add", "more", "--title", "More")

    def follow(name, alias):
        b.run("sync", "add", name, f"https://aurora.flow.example:{a.port}/", "--user", "bob", "--password-stdin",
              "--ca", a_node.folder / "keys/ca.pem", "--collection", f"{a_node.id}={alias}", stdin=PASSWORD + "\n")

    follow("before", "main")
    words = ["unshare", "-m", "sh", "-c", 'mount --bind "$1" /etc/hosts; shift; exec "$@"', "sh", hosts,
             BIN, "serve", "--node", b.folder, "--plain", "--listen", "127.0.0.1:0"]
    serve = Serve(b.folder, words=words)
    a_node.put(indicator(1))
    wait_for(lambda: b.ids() >= {indicator(1)["id"]}, 30, 0.2, serve)
    assert mounted(serve.process.pid, other, "/etc/hosts")
    follow("after", "more")  # whom it has not asked yet, it must look up
    wait_for(lambda: re.search(r"sync.fault peer=after .*resolve", serve.said), 30, 0.1, serve)
    serve.stop()
    a.stop()
