"""Users, grants and the gate from outside: real commands, a real `serve` on loopback, plain HTTP."""
import base64
import json
import re
import signal
import subprocess
import threading
import urllib.error
import urllib.request
import zlib

import pytest

from conftest import BIN, tocsin_run

MEDIA = "application/taxii+json;version=2.1"
TLP = {
    "clear": "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487",
    "green": "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
    "amber": "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421",
    "amber+strict": "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003",
    "red": "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1",
    "tlp1-amber": "marking-definition--f88d31f6-486f-44da-b317-01333bde0b82",
    "unknown": "marking-definition--00000000-0000-4000-8000-00000000dead",
}
STATEMENT = "marking-definition--00000000-0000-4000-8000-00000000beef"


class Served:
    """`tocsin serve` of one node, ready."""

    def __init__(self, node):
        self.process = subprocess.Popen(
            [BIN, "serve", "--node", str(node), "--listen", "127.0.0.1:0", "--plain"],
            stderr=subprocess.PIPE, text=True)
        self.port = None
        for line in self.process.stderr:
            found = re.search(r"serve\.ready port=(\d+)", line)
            if found:
                self.port = int(found.group(1))
                break
        assert self.port, "serve did not get ready"
        threading.Thread(target=self.process.stderr.read, daemon=True).start()

    def get(self, path, user=None, password=None, token=None):
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", headers={"Accept": MEDIA})
        if token:
            request.add_header("Authorization", f"Bearer {token}")
        elif user:
            pair = base64.b64encode(f"{user}:{password}".encode()).decode()
            request.add_header("Authorization", f"Basic {pair}")
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(20) == 0


@pytest.fixture
def node(tmp_path):
    folder = tmp_path / "node"
    tocsin_run("init", "--node", folder, "--name", "A")
    return lambda *args, **kw: tocsin_run(*args, "--node", folder, **kw)


@pytest.fixture
def served(tmp_path, node):
    server = Served(tmp_path / "node")
    yield server
    server.stop()


def add_user(node, name, *args, password="correct horse battery"):
    node("user", "add", name, "--password-stdin", *args, stdin=password + "\n")


def root_of(served, user="bob", password="correct horse battery"):
    _, discovery = served.get("/taxii2/", user, password)
    return re.sub(r"^https?://[^/]*", "", discovery["api_roots"][0])


def test_users_are_added_listed_changed_and_removed(node):
    node("user", "list", code=1)
    add_user(node, "bob", "--role", "reader,analyst", "--party", "jp.example")
    node("user", "add", "bob", code=3)
    node("user", "add", "eve", "--role", "root", code=2)
    node("user", "add", "eve", "--password-stdin", stdin="short\n", code=3)
    token = node("user", "token", "bob").out.strip()
    assert re.fullmatch(r"tocsin_[A-Za-z0-9_-]{43}", token)
    row, = node("user", "list", "--json").rows
    assert (row["name"], row["roles"], row["party"], row["password"], row["tokens"]) == (
        "bob", "reader,analyst", "jp.example", True, 1)
    assert token not in node("user", "list").out
    node("user", "token", "bob", "--drop")
    node("user", "passwd", "bob", "--none")
    row, = node("user", "list", "--json").rows
    assert not row["password"] and row["tokens"] == 0
    node("user", "remove", "bob")
    said = node("user", "remove", "bob", code=3).err
    assert "no such user" in said and "tocsin user list" in said


def test_no_secret_lies_in_the_clear_in_the_node(node, tmp_path):
    add_user(node, "bob", password="an unlikely passphrase 7193")
    token = node("user", "token", "bob").out.strip()
    for path in (tmp_path / "node").rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert b"unlikely passphrase 7193" not in data and token.encode() not in data, path


def test_a_removed_or_changed_user_is_out_at_once(node, served):
    add_user(node, "bob")
    token = node("user", "token", "bob").out.strip()
    for _ in range(3):  # the second and third are remembered
        assert served.get("/taxii2/", "bob", "correct horse battery")[0] == 200
    assert served.get("/taxii2/", token=token)[0] == 200
    assert served.get("/taxii2/", "bob", "wrong")[0] == 401
    assert served.get("/taxii2/")[0] == 401
    node("user", "passwd", "bob", "--password-stdin", stdin="another horse entirely\n")
    assert served.get("/taxii2/", "bob", "correct horse battery")[0] == 401
    assert served.get("/taxii2/", "bob", "another horse entirely")[0] == 200
    node("user", "remove", "bob")
    assert served.get("/taxii2/", "bob", "another horse entirely")[0] == 401
    assert served.get("/taxii2/", token=token)[0] == 401


def test_guessing_is_slowed_and_says_when_to_come_back(node, served):
    add_user(node, "bob")
    assert served.get("/taxii2/", "bob", "correct horse battery")[0] == 200
    codes = [served.get("/taxii2/", "eve", f"guess {i}")[0] for i in range(12)]
    assert codes[0] == 401 and set(codes[6:]) <= {429, 503}, codes
    assert served.get("/taxii2/", "bob", "correct horse battery")[0] == 200  # remembered: not slowed


def malware(name, *marks):
    number = f"{zlib.crc32(name.encode()):012x}"
    return {"type": "malware", "spec_version": "2.1", "id": f"malware--00000000-0000-4000-8000-{number}",
            "created": "2020-01-01T00:00:00.000Z", "modified": "2020-01-01T00:00:00.000Z", "name": name,
            "is_family": True} | ({"object_marking_refs": list(marks)} if marks else {})


def link(name, one, two, *marks):
    number = f"{zlib.crc32(name.encode()):012x}"
    return malware(name, *marks) | {
        "type": "relationship", "id": f"relationship--00000000-0000-4000-8000-{number}",
        "relationship_type": "uses", "source_ref": one["id"], "target_ref": two["id"]}


def test_the_gate_stands_at_pages_and_manifests(node, served, tmp_path):
    marked = {name: malware(name, mark) for name, mark in TLP.items()}
    marked["none"] = malware("none")
    marked["statement"] = malware("statement", STATEMENT)
    clear, red = marked["clear"], marked["red"]
    links = {"seen": link("seen", clear, marked["none"]), "hidden": link("hidden", clear, red),
             "hidden too": link("hidden too", red, clear, TLP["clear"])}
    statement = {"type": "marking-definition", "spec_version": "2.1", "id": STATEMENT,
                 "created": "2020-01-01T00:00:00.000Z", "definition_type": "statement",
                 "definition": {"statement": "Copyright"}}
    objects = [*links.values(), *marked.values(), statement]
    bundle = {"type": "bundle", "id": "bundle--00000000-0000-4000-8000-000000000001", "objects": objects}
    (tmp_path / "bundle.json").write_text(json.dumps(bundle))
    node("collection", "add", "shared")
    node("import", tmp_path / "bundle.json", "--collection", "shared")
    add_user(node, "bob")
    add_user(node, "sue", "--role", "auditor,admin")
    root = root_of(served)
    assert served.get(root + "collections/", "bob", "correct horse battery")[1].get("collections", []) == []
    node("grant", "shared", "bob", "read")
    node("grant", "shared", "sue", "both")
    listed, = served.get(root + "collections/", "bob", "correct horse battery")[1]["collections"]
    assert listed["can_read"] and not listed["can_write"]
    want = {o["id"] for o in objects} - {red["id"], marked["unknown"]["id"], links["hidden"]["id"],
                                         links["hidden too"]["id"]}
    want |= {TLP[level] for level in ("clear", "green", "amber", "amber+strict")}  # as the objects bear them
    for part in ("objects", "manifest"):
        code, page = served.get(f"{root}collections/{listed['id']}/{part}/", "bob", "correct horse battery")
        assert code == 200 and {o["id"] for o in page["objects"]} == want
    objects_url = f"{root}collections/{listed['id']}/objects/"
    absent = served.get(f"{objects_url}malware--00000000-0000-4000-8000-0000000fffff/", "bob",
                        "correct horse battery")
    hidden = served.get(f"{objects_url}{red['id']}/", "bob", "correct horse battery")
    assert hidden == absent  # code and body alike
    # An auditor has no content, whatever is granted; who lost the grant has none at the next request.
    assert served.get(objects_url, "sue", "correct horse battery")[0] in (403, 404)
    node("grant", "shared", "bob", "none")
    assert served.get(objects_url, "bob", "correct horse battery")[0] in (403, 404)


def test_doctor_names_what_is_weak_about_users_keys_and_grants(node, tmp_path):
    def findings(check):
        return [(r["where"], r["grade"], r["todo"]) for r in node("doctor", "--json", code=None).rows
                if r["check"] == check]

    node("collection", "add", "shared")
    add_user(node, "fine")
    node("grant", "shared", "fine", "read")
    assert findings("users") == findings("grants") == findings("keys") == []
    node("user", "add", "idle")
    add_user(node, "king", "--role", "admin,officer")
    add_user(node, "aud", "--role", "auditor")
    node("grant", "shared", "aud", "read")
    node("grant", "shared", "public", "read")
    assert {(w, g) for w, g, _ in findings("users")} == {("idle", "note"), ("king", "weak")}
    assert {w: t for w, _, t in findings("grants")} == {
        "shared to aud": "tocsin grant shared aud none",
        "shared to public": "tocsin grant shared public none"}
    assert {r["user"] for r in node("grant", "--json").rows} == {"fine", "aud", "public"}
    node("collection", "remove", "shared")
    node("grant", code=1)  # grants go with their collection
    key = tmp_path / "node" / "keys" / "mac.key"
    key.chmod(0o640)
    (where, grade, todo), = findings("keys")
    assert where == str(key) and grade == "weak" and todo == f"chmod 600 {key}"
    node("doctor", code=1)


def test_exports_ask_the_gate_too(node, tmp_path):
    objects = [malware(n, m) for n, m in TLP.items()] + [malware("none")]
    (tmp_path / "b.json").write_text(json.dumps(
        {"type": "bundle", "id": "bundle--00000000-0000-4000-8000-000000000001", "objects": objects}))
    node("collection", "add", "shared")
    node("collection", "add", "private", "--never-leaves")
    for collection in ("shared", "private"):
        node("import", tmp_path / "b.json", "--collection", collection)

    def exported(*args):
        out = node("export", "--collection", "shared", "--format", "stix", *args).out
        return {o["name"] for o in json.loads(out).get("objects", []) if o["type"] != "marking-definition"}

    up_to_strict = {"clear", "green", "amber", "amber+strict", "tlp1-amber", "none"}
    assert exported("--to", "self") == up_to_strict
    said = node("export", "--collection", "shared", "--format", "stix", "--to", "public", code=None)
    assert said.code != 0 and "tocsin grant shared public read" in said.err
    node("grant", "shared", "public", "read")
    assert exported("--to", "public") == {"clear"}
    said = node("export", "--collection", "shared", "--format", "stix", "--to", "jp.example", code=None)
    assert said.code != 0 and "--party jp.example" in said.err
    add_user(node, "bob", "--party", "jp.example")
    node("grant", "shared", "bob", "read")
    assert exported("--to", "jp.example") == up_to_strict
    node("grant", "private", "bob", "read", code=3)
    for reader in ("self", "public", "jp.example"):
        said = node("export", "--collection", "private", "--format", "stix", "--to", reader, code=None)
        assert said.code != 0 and "malware" not in said.out


if __name__ == "__main__":
    import sys
    sys.exit(pytest.main([__file__, "-q"]))
