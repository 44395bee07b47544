"""The gate attacked from outside: what hides an object must hide it at every exit, and redaction must make
objects of their own. Real commands, a real `serve` on loopback."""
import base64
import json
import urllib.error
import urllib.request

import pytest

from conftest import tocsin_run
from test_users import MEDIA, TLP, Served, add_user, malware, root_of

RED, GREEN, CLEAR = TLP["red"], TLP["green"], TLP["clear"]


@pytest.fixture
def node(tmp_path):
    folder = tmp_path / "node"
    tocsin_run("init", "--node", folder, "--name", "A")

    def run(*args, **kw):
        return tocsin_run(*args, "--node", folder, **kw)

    run.path = folder
    run.put = lambda collection, *objects, **kw: put(tmp_path, run, collection, objects, **kw)
    return run


def put(tmp_path, run, collection, objects, **kw):
    (tmp_path / "bundle.json").write_text(json.dumps(
        {"type": "bundle", "id": "bundle--00000000-0000-4000-8000-000000000001", "objects": objects}))
    return run("import", tmp_path / "bundle.json", "--collection", collection, **kw)


@pytest.fixture
def served(node):
    server = Served(node.path)
    yield server
    server.stop()


def post(served, path, objects, user="bob", password="correct horse battery"):
    pair = base64.b64encode(f"{user}:{password}".encode()).decode()
    request = urllib.request.Request(
        f"http://127.0.0.1:{served.port}{path}", data=json.dumps({"objects": objects}).encode(),
        headers={"Accept": MEDIA, "Content-Type": MEDIA, "Authorization": f"Basic {pair}"})
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def indicator(number, value, **more):
    return {"type": "indicator", "spec_version": "2.1",
            "id": f"indicator--00000000-0000-4000-8000-{number:012x}",
            "created": "2020-01-01T00:00:00.000Z", "modified": "2020-01-01T00:00:00.000Z", "name": f"name{number}",
            "pattern": f"[domain-name:value = '{value}']", "pattern_type": "stix",
            "valid_from": "2020-01-01T00:00:00Z"} | more


def partly(number, value, **more):
    return indicator(number, value, description="told by nobody", labels=["one", "two"],
                     created_by_ref="identity--00000000-0000-4000-8000-0000000000cc",
                     object_marking_refs=[GREEN], granular_markings=[
                         {"marking_ref": RED, "selectors": ["description"]},
                         {"marking_ref": GREEN, "selectors": ["labels.[1]"]}]) | more


def exported(node, *args, code=0):
    text = node("export", "--collection", "shared", *args, code=code).out
    objects = json.loads(text).get("objects", []) if code == 0 else []
    return {o["id"]: o for o in objects if o["type"] != "marking-definition"}


def test_what_only_a_part_keeps_back_goes_without_it_as_an_object_of_ours(node, tmp_path):
    node("collection", "add", "shared")
    node.put("shared", partly(1, "one.example"), indicator(2, "two.example", object_marking_refs=[RED]))
    exported(node, code=1)
    made, who = exported(node, "--redact").values()
    again, _ = exported(node, "--redact").values()
    me = json.loads(node("status", "--json").out)["identity"]
    assert who["id"] == me and who["type"] == "identity"
    assert made == again and made["id"] != partly(1, "x")["id"] and made["id"][-22] == "5"
    assert made == {k: v for k, v in partly(1, "one.example").items() if k != "description"} | {
        "id": made["id"], "created_by_ref": me,
        "granular_markings": [{"marking_ref": GREEN, "selectors": ["labels.[1]"]}]}
    (tmp_path / "made.json").write_text(json.dumps(made))
    node("check", tmp_path / "made.json")
    text = node("export", "--collection", "shared", "--redact").out
    for secret in (partly(1, "x")["id"], "told by nobody", partly(1, "x")["created_by_ref"], RED):
        assert secret not in text
    # For the public even the GREEN parts and the GREEN whole stay.
    node("grant", "shared", "public", "read")
    exported(node, "--redact", "--to", "public", code=1)


def test_versions_and_the_revocation_of_the_origin_are_those_of_the_derived(node, tmp_path):
    other = tmp_path / "other"
    tocsin_run("init", "--node", other, "--name", "B")
    tocsin_run("collection", "add", "from-a", "--node", other)
    node("collection", "add", "shared")

    def carry():
        text = node("export", "--collection", "shared", "--redact").out
        said = tocsin_run("import", "-", "--collection", "from-a", "--node", other, "--json", stdin=text, code=None)
        assert "quarantined" not in said.err
        return [o for o in json.loads(text)["objects"] if o["type"] not in ("identity", "marking-definition")]

    node.put("shared", partly(1, "one.example"))
    first, = carry()
    carry()
    # The next version hides nothing, and is a version of what went out all the same.
    open_now = {k: v for k, v in partly(1, "one.example", name="better",
                                        modified="2020-01-02T00:00:00.000Z").items() if k != "granular_markings"}
    node.put("shared", open_now)
    second, = carry()
    assert second["id"] == first["id"] and second["description"] == "told by nobody"
    assert tocsin_run("scan", "-", "--node", other, stdin="x one.example x\n").code == 0
    node.put("shared", open_now | {"revoked": True, "modified": "2020-01-03T00:00:00.000Z"})
    third, = carry()
    assert third["id"] == first["id"] and third["revoked"]
    tocsin_run("scan", "-", "--node", other, stdin="x one.example x\n", code=1)


def test_every_format_exports_the_derived_object(node):
    node("collection", "add", "shared")
    node.put("shared", partly(1, "one.example", name="secret name", granular_markings=[
        {"marking_ref": RED, "selectors": ["name"]}]))
    for form in ("list", "csv", "rpz", "suricata", "zeek"):
        node("export", "--collection", "shared", "--format", form, code=1)
        text = node("export", "--collection", "shared", "--format", form, "--redact").out
        assert "one.example" in text and "secret name" not in text, form
        assert partly(1, "x")["id"] not in text, form
    node("export", "--collection", "shared", "--format", "misp", "--redact", code=2)


def test_what_cannot_be_without_the_part_is_withheld_whole(node):
    node("collection", "add", "shared")

    def marked(number, *selectors, **more):
        return partly(number, f"n{number}.example",
                      granular_markings=[{"marking_ref": RED, "selectors": list(selectors)}], **more)

    sco = {"type": "domain-name", "spec_version": "2.1", "id": "domain-name--00000000-0000-4000-8000-000000000001",
           "value": "sco.example", "x_note": "a", "granular_markings": [
               {"marking_ref": RED, "selectors": ["x_note"]}], "object_marking_refs": [GREEN]}
    node.put("shared", marked(1, "pattern"), marked(2, "id"), marked(3, "valid_from"),
             marked(4, "description", object_marking_refs=[RED]), sco, code=None)
    exported(node, "--redact", code=1)


def test_a_misp_event_takes_no_name_from_another_collection(node):
    who = {"type": "identity", "spec_version": "2.1", "id": "identity--00000000-0000-4000-8000-0000000000cc",
           "created": "2020-01-01T00:00:00.000Z", "modified": "2020-01-01T00:00:00.000Z",
           "name": "Ministry of Secrets", "identity_class": "organization", "object_marking_refs": [GREEN]}
    node("collection", "add", "shared")
    node("collection", "add", "home", "--never-leaves")
    node.put("home", who)
    node.put("shared", indicator(1, "one.example", created_by_ref=who["id"], object_marking_refs=[GREEN]))
    text = node("export", "--collection", "shared", "--format", "misp").out
    assert "one.example" in text and "Secrets" not in text
    node.put("shared", who)  # the same bytes, here as well
    assert "Secrets" in node("export", "--collection", "shared", "--format", "misp").out


def test_who_made_what_goes_out_goes_along_as_far_as_the_gate_permits(node, tmp_path):
    node("collection", "add", "shared")
    (tmp_path / "list").write_text("evil.example\n")
    node("import", tmp_path / "list", "--collection", "shared", "--tlp", "clear")
    for args in ([], ["--json"]):
        text = node("export", "--collection", "shared", *args).out
        out = [json.loads(l) for l in text.splitlines()] if args else json.loads(text)["objects"]
        _, made, who = out  # the marking's definition lies there already
        assert who["type"] == "identity" and who["id"] == made["created_by_ref"]
    # It is unmarked, which is AMBER.
    node("grant", "shared", "public", "read")
    assert [o["type"] for o in exported(node, "--to", "public").values()] == ["indicator"]
    node.put("shared", who)
    assert [o["type"] for o in map(json.loads, node("export", "--collection", "shared", "--json").out.splitlines())].count("identity") == 1
    # Sightings in a bundle name who saw.
    node("scan", "-", "--stix", tmp_path / "seen.json", stdin="evil.example\n")
    seen = json.loads((tmp_path / "seen.json").read_text())["objects"]
    assert [o["name"] for o in seen if o["type"] == "identity"] == [who["name"]]
    # A collection of nothing of ours names nobody.
    node("collection", "add", "other")
    node.put("other", indicator(1, "one.example", object_marking_refs=[GREEN]))
    types = [o["type"] for o in json.loads(node("export", "--collection", "other").out)["objects"]]
    assert sorted(types) == ["indicator", "marking-definition"]


def test_markings_of_tlp_2_go_along_for_readers_that_do_not_have_them(node):
    """STIX 2.1 defines the four of TLP 1 itself; those of TLP 2.0 are an extension, which python-stix2 does not know."""
    def markings(*args):
        objects = json.loads(node("export", "--collection", "shared", *args).out)["objects"]
        named = {ref for o in objects for ref in o.get("object_marking_refs", [])}
        named |= {g["marking_ref"] for o in objects for g in o.get("granular_markings", []) if "marking_ref" in g}
        brought = [o for o in objects if o["type"] == "marking-definition"]
        assert {o["id"] for o in brought} == named & TLP_2 and len(brought) == len(named & TLP_2)
        return {o["name"]: o for o in brought}

    tlp_2 = {n: m for n, m in TLP.items() if n in ("clear", "green", "amber", "amber+strict", "red")}
    TLP_2 = set(tlp_2.values())
    node("collection", "add", "shared")
    node.put("shared", *(malware(n, m) for n, m in TLP.items()), malware("none"))
    got = markings()
    assert set(got) == {"TLP:CLEAR", "TLP:GREEN", "TLP:AMBER", "TLP:AMBER+STRICT"}
    node("grant", "shared", "public", "read")
    assert set(markings("--to", "public")) == {"TLP:CLEAR"}
    node.put("shared", got["TLP:GREEN"])
    assert set(markings()) == set(got)


def page(served, collection):
    """What bob sees of it."""
    request = urllib.request.Request(f"http://127.0.0.1:{served.port}/api/collections/{collection}/objects/", headers={
        "Accept": MEDIA, "Authorization": "Basic " + base64.b64encode(b"bob:correct horse battery").decode()})
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.load(answer)["objects"]


def test_what_this_node_marks_by_tlp_2_comes_with_its_definition(node, served, tmp_path):
    """Lists and sightings: in the pages of a collection the definition lies before the first that bears it."""
    node("collection", "add", "shared")
    add_user(node, "bob")
    names = tmp_path / "names.txt"
    names.write_text("one.example\ntwo.example\n")
    assert node("import", "--collection", "shared", "--tlp", "green", names).out.startswith("2 added, 0 known")
    assert node("import", "--collection", "shared", "--tlp", "green", names).out.startswith("0 added, 2 known")
    node("scan", "-", "--sight", stdin="x one.example x\n")
    for collection in "shared", "sightings":
        node("grant", collection, "bob", "read")
        ids = [o["id"] for o in page(served, collection)]
        bear = [o["id"] for o in page(served, collection) if GREEN in o.get("object_marking_refs", [])]
        assert len(bear) == 2 and ids.count(GREEN) == 1 and ids.index(GREEN) < ids.index(bear[0])


def test_what_is_seen_inside_alone_comes_with_the_definition_of_its_mark(node, served, tmp_path):
    """No observed-data goes along, for that would name an address of ours: the sighting alone bears the mark."""
    node("collection", "add", "shared")
    add_user(node, "bob")
    (tmp_path / "list").write_text("10.1.2.3\n")
    node("import", "--collection", "shared", "--tlp", "green", tmp_path / "list")
    node("scan", "-", "--sight", stdin="x 10.1.2.3 x\n")
    node("grant", "sightings", "bob", "read")
    sent = [o for o in page(served, "sightings") if o["type"] != "identity"]
    assert [o["type"] for o in sent] == ["marking-definition", "sighting"]
    assert sent[1]["object_marking_refs"] == [sent[0]["id"]] == [GREEN]


def test_what_is_seen_of_an_indicator_that_never_leaves_is_not_told(node, tmp_path):
    node("collection", "add", "home", "--never-leaves")
    node("collection", "add", "shared")
    node.put("home", indicator(1, "home.example", object_marking_refs=[CLEAR]))
    node.put("shared", indicator(2, "shared.example", object_marking_refs=[CLEAR]))
    log = "x home.example x\nx shared.example x\n"
    out = tmp_path / "seen.json"
    said = node("scan", "-", "--stix", out, "--sight", stdin=log)
    assert "home.example" in said.out and "shared.example" in said.out  # one's own terminal is no exit
    text = out.read_text()
    assert "shared.example" in text and "home.example" not in text and indicator(1, "x")["id"] not in text
    assert "home.example" not in node("export", "--collection", "sightings").out
    assert "shared.example" in node("export", "--collection", "sightings").out


def test_parties_and_the_public_get_what_was_granted_to_them_and_no_more(node):
    node("collection", "add", "shared")
    node.put("shared", *(malware(n, m) for n, m in TLP.items()), malware("none"))
    add_user(node, "jp", "--party", "jp.example")
    add_user(node, "aud", "--party", "fr.example", "--role", "auditor")
    node("grant", "shared", "aud", "read")
    exported(node, "--to", "jp.example", code=3)
    exported(node, "--to", "fr.example", code=3)  # its only user here reads no content
    exported(node, "--to", "public", code=3)
    node("grant", "shared", "jp", "write")
    exported(node, "--to", "jp.example", code=3)
    node("grant", "shared", "jp", "read")
    names = {o["name"] for o in exported(node, "--to", "jp.example").values()}
    assert names == set(TLP) - {"red", "unknown"} | {"none"}
    node("grant", "shared", "public", "read")
    assert {o["name"] for o in exported(node, "--to", "public").values()} == {"clear"}
    node("user", "remove", "jp")
    exported(node, "--to", "jp.example", code=3)


def test_a_new_user_or_collection_of_an_old_name_inherits_nothing(node, served):
    node("collection", "add", "shared")
    add_user(node, "bob")
    node("grant", "shared", "bob", "both")
    url = root_of(served) + "collections/shared/objects/"
    key = ("bob", "correct horse battery")
    code, status = post(served, url, [malware("x", GREEN)])
    assert code == 202 and status["success_count"] == 1
    assert [o["id"] for o in served.get(url, *key)[1]["objects"]] == [GREEN, malware("x")["id"]]
    status_url = f"{root_of(served)}status/{status['id']}/"
    assert served.get(status_url, *key)[0] == 200
    node("user", "remove", "bob")
    add_user(node, "bob")
    assert served.get(url, *key)[0] == 404
    assert served.get(status_url, *key)[0] == 404
    node("grant", "shared", "bob", "both")
    assert served.get(url, *key)[0] == 200
    # What the former bob brought is not the new one's to version.
    later = malware("x", GREEN) | {"modified": "2021-01-01T00:00:00.000Z", "name": "y"}
    assert post(served, url, [later])[1]["failure_count"] == 1
    assert {r["source"] for r in node("quarantine", "list", "--json").rows} == {"user:bob"}
    assert node("get", malware("x")["id"], "--json").rows[0]["source"].startswith("user:bob#")
    node("collection", "remove", "shared")
    node("collection", "add", "shared")
    node.put("shared", malware("new", GREEN))
    assert served.get(url, *key)[0] == 404


def test_nobody_versions_or_revokes_in_anothers_name_by_taxii(node, served):
    """What is set aside is neither armed nor exported, and an officer decides."""
    ours, theirs = (f"identity--00000000-0000-4000-8000-00000000000{n}" for n in "ab")
    node("collection", "add", "shared")
    for name, identity in (("amy", ours), ("bob", theirs)):
        add_user(node, name, "--identity", identity)
        node("grant", "shared", name, "both")
    node("user", "add", "eve", "--identity", ours, code=3)  # an identity is one user's
    me = json.loads(node("status", "--json").out.splitlines()[0])["identity"]
    assert "own identity" in node("user", "add", "eve", "--identity", me, code=3).err  # or the node's
    url = root_of(served) + "collections/shared/objects/"
    first = indicator(1, "one.example", created_by_ref=ours)
    person = {"type": "identity", "spec_version": "2.1", "id": ours, "created": "2020-01-01T00:00:00.000Z",
              "modified": "2020-01-01T00:00:00.000Z", "name": "Amy", "identity_class": "organization"}
    assert post(served, url, [person | {"name": "Not Amy"}])[1]["failure_count"] == 1  # who Amy is, says Amy
    assert post(served, url, [first, person], "amy")[1]["success_count"] == 2
    later = {"modified": "2021-01-01T00:00:00.000Z"}
    attacks = [first | later | {"revoked": True}, first | later | {"pattern": "[domain-name:value = 'x.example']"},
               first | later | {"created_by_ref": theirs, "revoked": True},
               {k: v for k, v in (first | later).items() if k != "created_by_ref"} | {"revoked": True},
               first | {"modified": "2019-01-01T00:00:00.000Z", "created": "2019-01-01T00:00:00.000Z",
                        "revoked": True},
               first | {"name": "other content"}, person | later | {"name": "Not Amy"},
               indicator(2, "two.example", created_by_ref=ours)]
    for attack in attacks:
        code, status = post(served, url, [attack])
        assert (code, status["failure_count"]) == (202, 1), attack
    assert post(served, url, [first])[1]["success_count"] == 1  # unchanged bytes may come from anybody
    page = served.get(url + "?match[version]=all", "bob", "correct horse battery")[1]["objects"]
    assert {json.dumps(o, sort_keys=True) for o in page} == {
        json.dumps(o, sort_keys=True) for o in (first, person)}
    assert set(exported(node)) == {first["id"], ours}
    node("scan", "-", stdin="a one.example\n")
    node("scan", "-", stdin="a two.example\n", code=1)
    node("scan", "-", stdin="a x.example\n", code=1)
    rows = node("quarantine", "list", "--json").rows
    assert len(rows) == len(attacks) + 1 and {r["source"] for r in rows} == {"user:bob"}
    revocation = next(r for r in rows if r["object"] == attacks[0])
    node("quarantine", "accept", revocation["number"])
    node("scan", "-", stdin="a one.example\n", code=1)
    number = next(r["number"] for r in rows if r["object"] == attacks[-1])
    node("quarantine", "drop", number)
    node("quarantine", "accept", number, code=3)


def test_tlp_marks_cannot_be_forged_nor_outvoted(node, served):
    """Neither under the fixed ids, nor by a mark that marks a mark, nor by two TLPs at once."""
    node("collection", "add", "shared")
    add_user(node, "bob")
    node("grant", "shared", "bob", "both")
    url = root_of(served) + "collections/shared/objects/"

    def marking(number, **more):
        return {"type": "marking-definition", "spec_version": "2.1",
                "id": f"marking-definition--00000000-0000-4000-8000-{number:012x}",
                "created": "2020-01-01T00:00:00.000Z", "definition_type": "statement",
                "definition": {"statement": "x"}} | more

    forged = marking(0, id=RED, created="2022-10-01T00:00:00.000Z")
    assert post(served, url, [forged])[1]["failure_count"] == 1
    chain = [marking(n, object_marking_refs=[marking(n + 1)["id"]]) for n in range(1, 4)]
    chain.append(marking(4, object_marking_refs=[RED]))
    circle = [marking(5, object_marking_refs=[marking(6)["id"]]), marking(6, object_marking_refs=[marking(5)["id"]])]
    own_tlp = marking(7, definition_type="tlp", definition={"tlp": "white"})
    second = marking(8, extensions={"extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d": {
        "extension_type": "property-extension", "tlp_2_0": "clear"}})
    plain = marking(9)
    bearers = {"chain": [marking(1)["id"]], "circle": [marking(5)["id"]], "own tlp": [own_tlp["id"]],
               "second clear": [second["id"]], "clear and red": [CLEAR, "marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed"],
               "white and amber": ["marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9", TLP["amber"]],
               "statement": [plain["id"], GREEN], "green": [GREEN]}
    post(served, url, [*chain, *circle, own_tlp, second, plain,
                       *(malware(name, *marks) for name, marks in bearers.items())])
    page = served.get(url + "?match[type]=malware&limit=100", "bob", "correct horse battery")[1]["objects"]
    assert {o["name"] for o in page} == {"white and amber", "statement", "green"}


def test_the_values_of_a_red_misp_event_stay(node, tmp_path):
    """MISP marks events; the addresses in them are objects of their own here, and as RED as the event."""
    def event(number, tag, value):
        uuid = f"{number}1111111-1111-4111-8111-111111111111"
        return {"Event": {"uuid": uuid, "info": f"event {number}", "date": "2024-01-01", "timestamp": "1704067200",
                          "published": True, "threat_level_id": "1", "analysis": "2", "distribution": "3",
                          "Orgc": {"uuid": "22222222-2222-4222-8222-222222222222", "name": "Org"},
                          "Tag": [{"name": tag}], "Attribute": [
                              {"uuid": f"{number}3333333-3333-4333-8333-333333333333", "type": "ip-dst",
                               "category": "Network activity", "value": value, "to_ids": False,
                               "timestamp": "1704067200"}]}}

    node("collection", "add", "shared")
    for number, tag, value in ((1, "tlp:red", "198.51.100.77"), (2, "tlp:green", "198.51.100.78")):
        (tmp_path / "e.json").write_text(json.dumps(event(number, tag, value)))
        node("import", tmp_path / "e.json", "--format", "misp", "--collection", "shared")
    for form in ("stix", "misp", "csv", "list"):
        text = node("export", "--collection", "shared", "--format", form, code=None).out
        assert "198.51.100.77" not in text, form
    assert "198.51.100.78" in node("export", "--collection", "shared").out
