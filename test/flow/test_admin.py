"""What an administrator may do wrong, or twice, or while the node runs: nothing is lost, opened to others or silent."""
import os
import pathlib
import pwd
import shutil
import stat
import subprocess
import tempfile

import pytest

from conftest import BIN, free_port, tocsin_run
from serving import Serve, indicator, wait_for
from test_serve_node import Node


@pytest.fixture
def node(tmp_path):
    made = Node(tmp_path, "n")
    made.id = made.collection("main")
    made.user("bob")
    made.run("grant", "main", "bob", "both")
    made.put("main", indicator(1))
    yield made
    made.end()


@pytest.mark.parametrize("listen", ["0.0.0.0:0", "[::]:0", "192.0.2.1:80", "[2001:db8::1]:443"])
def test_plain_http_beyond_this_machine_is_wrong_usage(node, listen):
    said = node.run("serve", "--plain", "--listen", listen, code=2, timeout=20)
    assert "plain HTTP is served on loopback only" in said.err and "serve.ready" not in said.err
    assert "loopback only" in node.run("serve", "--plain", "--local", listen, code=2, timeout=20).err


def test_a_node_is_served_once(node):
    serve = node.serve()
    said = node.run("serve", "--plain", "--listen", "127.0.0.1:0", code=3, timeout=20).err
    assert "this node is being served already" in said
    assert serve.objects(node.id)[0] == 200, "the first goes on"


def test_a_port_that_is_taken_is_said(node):
    port = free_port()
    node.serve(port=port)
    other = Node(node.folder.parent, "m")
    said = other.run("serve", "--plain", "--listen", f"127.0.0.1:{port}", code=3, timeout=20).err
    assert f"127.0.0.1:{port}" in said and "--listen" in said


def test_a_backup_replaces_nothing(node, tmp_path):
    (tmp_path / "there").write_text("precious")
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "there")
    (tmp_path / "loose").symlink_to(tmp_path / "nowhere")
    for name in ("there", "folder", "link", "loose", "no/such/folder"):
        assert name in node.run("backup", tmp_path / name, code=3).err
    assert (tmp_path / "there").read_text() == "precious" and not (tmp_path / "nowhere").exists()
    assert "exists" in node.run("backup", node.folder / "tocsin.db", code=3).err
    assert sorted(p.name for p in tmp_path.iterdir()) == ["folder", "link", "loose", "n", "there"], "no half one is left"


def test_restoring_under_a_running_node_is_seen_by_its_readers(node, tmp_path):
    node.run("backup", tmp_path / "one.db")
    serve = node.serve()
    node.put("main", indicator(2), indicator(3))
    wait_for(lambda: len(serve.objects(node.id)[2]["objects"]) == 3, serve=serve)
    node.run("restore", tmp_path / "one.db")
    wait_for(lambda: len(serve.objects(node.id)[2]["objects"]) == 1, serve=serve)
    node.put("main", indicator(4))
    wait_for(lambda: len(serve.objects(node.id)[2]["objects"]) == 2, serve=serve)
    for wrong in ("/dev/null", tmp_path, tmp_path / "absent", BIN):
        assert "tocsin backup" in node.run("restore", wrong, code=3).err, wrong
    assert len(serve.objects(node.id)[2]["objects"]) == 2, "a wrong file changes nothing"


def test_init_changes_nothing_of_what_is_there(node, tmp_path):
    before = {p: p.read_bytes() for p in node.folder.rglob("*") if p.is_file() and "run" not in p.parts}
    assert "a node already" in node.run("init", "--name", "Other", code=3).err
    assert {p: p.read_bytes() for p in before} == before
    (tmp_path / "file").write_text("x")
    tocsin_run("init", "--node", tmp_path / "file", code=3)
    assert (tmp_path / "file").read_text() == "x"


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_no_umask_opens_a_secret(tmp_path, umask):
    folder, backup = tmp_path / "n", tmp_path / "b.db"
    text = f"""umask {umask:03o}; set -e
        {BIN} --node {folder} init --name N --quiet
        {BIN} --node {folder} collection add main --quiet
        echo 'a secret of ours' | {BIN} --node {folder} sync add p http://127.0.0.1:1/ --user u --password-stdin --quiet
        {BIN} --node {folder} backup {backup} --quiet
        {BIN} --node {folder} restore {backup} --quiet
        """
    subprocess.run(["sh", "-c", text], check=True, capture_output=True)
    public = {"identity.json", "tocsin.conf", "ca.pem", "client.pem", "server.pem", "node.pub"}
    for path in [folder, backup, *folder.rglob("*")]:
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode & 0o077 == 0 or (path.name in public and mode & 0o033 == 0), (path, oct(mode))
    assert tocsin_run("--node", folder, "doctor", code=None).out.count("others may") == 0
    Serve(folder).stop()


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to be somebody else")
def test_who_is_not_the_node_s_user_is_told_whose_it_is():
    """The folder above is open to him, the node's own is not; the program lies where he may run it. Not below pytest's
    own folder, which each pytest that starts meanwhile closes."""
    with tempfile.TemporaryDirectory() as above:
        os.chmod(above, 0o755)
        program, node = shutil.copy(BIN, above), pathlib.Path(above) / "n"
        os.chmod(program, 0o755)
        tocsin_run("init", "--node", node, "--name", "n")
        nobody = pwd.getpwnam("nobody").pw_uid
        for words in (["status"], ["serve"], ["backup", "/dev/null"]):
            run = subprocess.run([program, "--node", node, *words], capture_output=True, text=True, user=nobody, timeout=20)
            assert run.returncode == 3 and "sudo -u root" in run.stderr and "may not look into" in run.stderr, run.stderr
