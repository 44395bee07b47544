"""MISP from end to end: files and feeds in, events out, a server as a peer both ways."""
import copy
import gzip
import json
import pathlib
import resource
import shutil
import subprocess
import uuid

import pytest

from misp_server import KEY, Misp

GOLDEN = pathlib.Path(__file__).parents[1] / "golden" / "feed"
EVENT = json.loads((GOLDEN / "event.json").read_text())
# What one server counts, computes or keeps of its users; drafts of doc/misp.md name them one by one.
LOCAL = {"id", "event_id", "object_id", "org_id", "orgc_id", "user_id", "attribute_id", "tag_id", "RelatedEvent",
         "attribute_count", "publish_timestamp", "sighting_timestamp",
         "proposal_email_lock", "locked", "event_creator_email", "CryptographicKey"}


@pytest.fixture
def node(tocsin):
    """A node with a collection "in"."""
    tocsin("init", "--name", "Node One", "--country", "NL")
    tocsin("collection", "add", "in")
    return tocsin


@pytest.fixture
def misp():
    server = Misp()
    yield server
    server.close()


@pytest.fixture
def other():
    server = Misp("MISP-Y", "0f5bd2a6-11a1-4d2c-8a0c-5d4f2f6b0f0f")
    yield server
    server.close()


def plain(value):
    """Without what belongs to one server, and lists in an order of their own."""
    if isinstance(value, dict):
        pairs = {k: plain(v) for k, v in value.items() if k not in LOCAL}
        return {k: v for k, v in pairs.items() if v not in (None, [], {})}
    if isinstance(value, list):
        return sorted(map(plain, value), key=lambda v: json.dumps(v, sort_keys=True))
    return value


def without_own(event):
    """Distribution 0 never leaves."""
    event = copy.deepcopy(event["Event"])
    event["Attribute"] = [a for a in event["Attribute"] if a["distribution"] != "0"]
    return plain(event)


def objects(node, collection="in"):
    return json.loads(node("export", "--collection", collection).out).get("objects", [])


def add_peer(node, misp, *links, name="x", remote="events"):
    node("sync", "add", name, misp.url, "--kind", "misp", "--token-stdin", *links, stdin=KEY + "\n")


def event_of(number, **more):
    """A small event of one address."""
    name = str(uuid.UUID(int=number + (4 << 76) + (2 << 62)))
    part = str(uuid.UUID(int=number + (1 << 40) + (4 << 76) + (2 << 62)))
    return {"uuid": name, "info": f"event {number}", "date": "2026-03-01", "timestamp": str(1772400000 + number),
            "distribution": "3", "published": True, "threat_level_id": "2", "analysis": "0",
            "Attribute": [{"uuid": part, "type": "ip-dst", "category": "Network activity", "to_ids": True,
                           "timestamp": str(1772400000 + number), "distribution": "5",
                           "value": f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"}], **more}


# ---- files ----

def test_an_event_comes_back_equal(node, tmp_path):
    node("import", "--collection", "in", GOLDEN / "event.json")
    out = json.loads(node("export", "--collection", "in", "--format", "misp").out)["response"]
    assert len(out) == 1
    assert plain(out[0]["Event"]) == without_own(EVENT)


CLUSTER = {"uuid": "6f0a1d52-3c7e-4c55-9a0e-0b6d1b6a7002", "type": "threat-actor", "value": "Kestrel", "version": "3",
           "tag_name": 'misp-galaxy:threat-actor="Kestrel"', "description": "Who they are", "source": "CERT-A",
           "authors": ["A", "B"], "meta": {"country": ["XX"], "synonyms": ["K", "APT 00"], "refs": ["https://x.example/"]}}
GALAXY = {"uuid": "6f0a1d52-3c7e-4c55-9a0e-0b6d1b6a7001", "name": "Threat Actor", "type": "threat-actor", "icon": "user-secret",
          "namespace": "misp", "version": "3", "description": "Actors", "GalaxyCluster": [CLUSTER]}
PROPOSAL = {"uuid": "6f0a1d52-3c7e-4c55-9a0e-0b6d1b6a8001", "type": "domain", "category": "Network activity", "to_ids": True,
            "value": "proposed.example", "comment": "seen by us", "timestamp": "1772450000", "deleted": False,
            "proposal_to_delete": False, "Org": {"uuid": "6f0a1d52-3c7e-4c55-9a0e-0b6d1b6a9001", "name": "CERT-B"}}


@pytest.mark.parametrize("meta", [{}, {"a name with blanks": ["x"], "n\u00e4me": ["y"]}])
def test_galaxies_and_what_their_clusters_say_come_back(node, tmp_path, meta):
    galaxy = copy.deepcopy(GALAXY)
    galaxy["GalaxyCluster"][0]["meta"] |= meta
    event = event_of(1, Galaxy=[galaxy])
    event["Attribute"][0]["Galaxy"] = [galaxy]
    (tmp_path / "e.json").write_text(json.dumps({"Event": event}))
    said = node("import", "--collection", "in", tmp_path / "e.json")
    assert "left out" not in said.out
    for one in objects(node):
        (tmp_path / "one.json").write_text(json.dumps(one))
        node("check", tmp_path / "one.json")
    out = json.loads(node("export", "--collection", "in", "--format", "misp").out)["response"][0]["Event"]
    assert out["Galaxy"] == [galaxy] and out["Attribute"][0]["Galaxy"] == [galaxy]


def test_proposals_are_notes_that_are_never_armed_and_come_back(node, tmp_path):
    gone = PROPOSAL | {"value": "gone.example", "proposal_to_delete": True, "email": "person@x.example", "old_id": "7"}
    event = event_of(1, ShadowAttribute=[PROPOSAL])
    event["Attribute"][0]["ShadowAttribute"] = [gone | {"uuid": event["Attribute"][0]["uuid"]}]
    (tmp_path / "e.json").write_text(json.dumps({"Event": event}))
    said = node("import", "--collection", "in", tmp_path / "e.json")
    assert "left out" not in said.out
    notes = sorted(o["content"] for o in objects(node) if o["type"] == "note")
    assert notes == ["proposed: domain (Network activity) proposed.example, for detection\ncomment: seen by us\nby CERT-B",
                     "to be deleted: domain (Network activity) gone.example, for detection\ncomment: seen by us\nby CERT-B"]
    assert "person@x.example" not in node("export", "--collection", "in").out
    (tmp_path / "log").write_text("proposed.example gone.example\n")
    node("scan", tmp_path / "log", code=1)
    out = json.loads(node("export", "--collection", "in", "--format", "misp").out)["response"][0]["Event"]
    back = {p["value"]: p for p in out["ShadowAttribute"]}
    assert plain(back["proposed.example"]) == plain(PROPOSAL)
    assert back["gone.example"]["proposal_to_delete"] and back["gone.example"]["uuid"] == event["Attribute"][0]["uuid"]
    row, = node("--json", "import", "--collection", "in", tmp_path / "e.json").rows
    assert row["added"] == 0


def test_reading_it_again_changes_nothing(node):
    first = node("--json", "import", "--collection", "in", GOLDEN / "event.json").rows[0]
    again = node("--json", "import", "--collection", "in", GOLDEN / "event.json").rows[0]
    assert first["added"] == again["duplicate"] and again["added"] == 0 and again["quarantined"] == 0


def test_what_no_pattern_says_is_named(node):
    result = node("import", "--collection", "in", GOLDEN / "event.json")
    assert "6f0a1d52-3c7e-4c55-9a0e-0b6d1b6a1019: btc: meant for detection" in result.err
    assert "6f0a1d52-3c7e-4c55-9a0e-0b6d1b6a1023: domain: not what its type says" in result.err
    assert "3 rules in other languages (1 yara, 1 sigma, 1 snort): stored, never armed" in result.err


def test_every_object_made_is_valid(node, tmp_path):
    node("import", "--collection", "in", GOLDEN / "event.json")
    (tmp_path / "out.json").write_text(node("export", "--collection", "in").out)
    node("check", tmp_path / "out.json")


def test_packed_events_and_tables_are_read_alike(node, tmp_path):
    table = "value,type,name\nevil.example,domain,a\n192.0.2.1,ip,b\n"
    texts = {"event.json": (GOLDEN / "event.json").read_text(), "table.csv": table,
             "list.txt": "evil.example\n192.0.2.1\n",
             "stix.json": json.dumps({"type": "bundle", "id": f"bundle--{uuid.uuid4()}", "objects": [
                 {"type": "domain-name", "spec_version": "2.1", "value": "evil.example",
                  "id": "domain-name--bedb4899-d24b-5401-bc86-8f6b4cc18ec7"}]})}
    for name, text in texts.items():
        packed = {".gz": gzip.compress(text.encode())}
        for tool, ending in (("zstd", ".zst"), ("xz", ".xz")):
            if shutil.which(tool):
                packed[ending] = subprocess.run([tool, "-c"], input=text.encode(), capture_output=True,
                                                check=True).stdout
        packed[""] = text.encode()
        counts = set()
        for number, (ending, data) in enumerate(packed.items()):
            alias = f"{name.split('.')[0]}{number}"
            node("collection", "add", alias)
            (tmp_path / (name + ending)).write_bytes(data)
            row = node("--json", "import", "--collection", alias, tmp_path / (name + ending)).rows[0]
            counts.add((row["added"], row["left_out"], row["refused"]))
        assert len(counts) == 1 and counts.pop()[0] > 0, name


def test_a_feed_s_folder_is_read_by_its_manifest(node, tmp_path):
    feed = tmp_path / "feed"
    feed.mkdir()
    events = [event_of(n) for n in range(3)]
    manifest = {e["uuid"]: {"info": e["info"], "timestamp": e["timestamp"]} for e in events}
    for n, e in enumerate(events):
        text = json.dumps({"Event": e}).encode()
        (feed / (e["uuid"] + (".json.gz" if n else ".json"))).write_bytes(gzip.compress(text) if n else text)
    (feed / "stray.json").write_text(json.dumps({"Event": event_of(9)}))
    (feed / "manifest.json.gz").write_bytes(gzip.compress(json.dumps(manifest).encode()))
    node("import", "--collection", "in", feed)
    reports = [o for o in objects(node) if o["type"] == "report"]
    assert sorted(o["id"][8:] for o in reports) == sorted(manifest)
    manifest[str(uuid.uuid4())] = {}
    manifest["../../etc/passwd"] = {}
    (feed / "manifest.json").write_text(json.dumps(manifest))
    result = node("import", "--collection", "in", feed, code=3)
    assert "named by the manifest and not there" in result.err and "no event's uuid" in result.err


def test_rules_of_other_languages_go_out_unchanged(node, tmp_path):
    rules = {"sigma": "title: x\n", "snort": "alert tcp any any -> any any (sid:1;)", "suricata": "alert dns (sid:2;)",
             "yara": "rule x { condition: true }", "pcre": "a.*b", "spl": "index=x | stats count"}
    made = [{"type": "indicator", "spec_version": "2.1", "id": f"indicator--{uuid.uuid4()}",
             "created": "2026-01-01T00:00:00.000Z", "modified": "2026-01-01T00:00:00.000Z", "pattern": text,
             "pattern_type": kind, "valid_from": "2026-01-01T00:00:00Z"} for kind, text in rules.items()]
    (tmp_path / "rules.json").write_text(json.dumps(made))
    result = node("import", "--collection", "in", tmp_path / "rules.json")
    assert "6 rules in other languages" in result.err and "never armed" in result.err
    assert sorted(objects(node), key=lambda o: o["id"]) == sorted(made, key=lambda o: o["id"])
    (tmp_path / "log").write_text("a b\n")
    scan = node("scan", "--ioc", tmp_path / "rules.json", tmp_path / "log", code=1)
    assert "6" in scan.err and "sigma" in scan.err.lower() or "other" in scan.err.lower(), scan.err


def test_native_indicators_become_attributes_with_stable_uuids(node, tmp_path):
    (tmp_path / "list").write_text("evil.example\n192.0.2.0/24\nd41d8cd98f00b204e9800998ecf8427e\n")
    node("import", "--collection", "in", "--tlp", "green", tmp_path / "list")
    first = node("export", "--collection", "in", "--format", "misp").out
    assert node("export", "--collection", "in", "--format", "misp").out == first
    event = json.loads(first)["response"][0]["Event"]
    assert {(a["type"], a["value"]) for a in event["Attribute"]} == {
        ("domain", "evil.example"), ("ip-dst", "192.0.2.0/24"), ("md5", "d41d8cd98f00b204e9800998ecf8427e")}
    assert {a["uuid"] for a in event["Attribute"]} == {
        o["id"][11:] for o in objects(node) if o["type"] == "indicator"}
    assert event["Orgc"]["name"] == "Node One" and event["Tag"] == [{"name": "tlp:green"}]


def test_an_end_of_validity_goes_out_and_comes_back(node, tmp_path):
    ends = {"soon.example": "2998-01-01T00:00:00Z", "over.example": "2026-01-02T00:00:00Z"}
    made = [{"type": "indicator", "spec_version": "2.1", "id": f"indicator--{uuid.uuid4()}", "valid_until": until,
             "created": "2026-01-01T00:00:00.000Z", "modified": "2026-01-01T00:00:00.000Z", "pattern_type": "stix",
             "pattern": f"[domain-name:value = '{name}']", "valid_from": "2026-01-01T00:00:00Z"}
            for name, until in ends.items()]
    (tmp_path / "ends.json").write_text(json.dumps(made))
    node("import", "--collection", "in", tmp_path / "ends.json")
    out = node("export", "--collection", "in", "--format", "misp").out
    attributes = {a["value"]: a for a in json.loads(out)["response"][0]["Event"]["Attribute"]}
    assert attributes["soon.example"]["to_ids"] and not attributes["over.example"]["to_ids"]
    assert all([s["type"] for s in a["Sighting"]] == ["2"] for a in attributes.values())
    (tmp_path / "out.json").write_text(out)
    other = ("--node", tmp_path / "other")
    node(*other, "init", "--name", "Other", "--country", "NL")
    node(*other, "collection", "add", "in")
    node(*other, "import", "--collection", "in", tmp_path / "out.json")
    back = json.loads(node(*other, "export", "--collection", "in").out)["objects"]
    assert [o["valid_until"] for o in back if o["type"] == "indicator"] == ["2998-01-01T00:00:00.000Z"]


def cpu(call):
    """Seconds of processor time that a command took."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    call()
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before


def test_many_sightings_cost_as_much_as_they_are(node, tmp_path):
    """Four times as many cost some four times as much, on the way in and out; sixteen would be a loop in a loop."""
    name = lambda n, kind: str(uuid.UUID(int=n + (count << 16) + (kind << 40) + (4 << 76) + (2 << 62)))
    spent = {}
    for count in (6000, 24000):
        event = event_of(count)
        event["Attribute"] = [{**event["Attribute"][0], "uuid": name(n, 1), "value": f"10.1.{n >> 8}.{n & 255}", "Sighting": [
            {"uuid": name(n, 2), "type": "0", "date_sighting": "1772400000",
             "Organisation": {"uuid": name(n, 3), "name": f"organisation {n}"}}]} for n in range(count)]
        (tmp_path / "big.json").write_text(json.dumps({"Event": event}))
        node("collection", "add", f"c{count}")
        spent[count] = (cpu(lambda: node("import", "--collection", f"c{count}", tmp_path / "big.json")),
                        cpu(lambda: node("export", "--collection", f"c{count}", "--format", "misp")))
    for few, many in zip(spent[6000], spent[24000]):
        assert many < 9 * few + 0.2, spent


def test_an_object_too_large_for_a_pattern_is_kept(node, tmp_path):
    event = event_of(1)
    parts = [{**event["Attribute"][0], "uuid": str(uuid.uuid4()), "value": f"host-{n}.evil.example", "type": "hostname"}
             for n in range(25000)]
    event |= {"Attribute": [], "Object": [{"uuid": str(uuid.uuid4()), "name": "domain-ip", "Attribute": parts}]}
    (tmp_path / "big.json").write_text(json.dumps({"Event": event}))
    result = node("import", "--collection", "in", tmp_path / "big.json")
    assert "too much for one pattern" in result.err
    out = json.loads(node("export", "--collection", "in", "--format", "misp").out)["response"][0]["Event"]
    assert len(out["Object"][0]["Attribute"]) == 25000


def test_nothing_goes_to_the_public_that_is_not_clear(node):
    node("import", "--collection", "in", GOLDEN / "event.json")
    node("grant", "in", "public", "read")
    out = node("export", "--collection", "in", "--format", "misp", "--to", "public", code=None)
    assert json.loads(out.out)["response"] == [] and out.code == 1


def test_an_organisation_that_was_renamed_is_one_identity(node, tmp_path):
    for n, name in enumerate(("CERT-A", "CERT-A (formerly)")):
        event = event_of(n, Orgc={"uuid": "0f5bd2a6-11a1-4d2c-8a0c-5d4f2f6b0a0a", "name": name})
        (tmp_path / f"{n}.json").write_text(json.dumps({"Event": event}))
        node("collection", "add", f"c{n}")
        row = node("--json", "import", "--collection", f"c{n}", tmp_path / f"{n}.json").rows[0]
        assert row["quarantined"] == 0
        assert [o["name"] for o in objects(node, f"c{n}") if o["id"].endswith("5d4f2f6b0a0a")] == ["CERT-A"]


# ---- a server as a peer ----

def test_events_are_pulled_page_by_page(node, misp):
    for n in range(2050):
        misp.put(event_of(n))
    add_peer(node, misp, "--collection", "events=in")
    node("sync", "x")
    assert len([o for o in objects(node) if o["type"] == "indicator"]) == 2050
    assert [data["page"] for _, data in misp.asked("/events/index")] == [1, 2, 3]
    node("sync", "x")
    assert len(misp.asked("/events/view")) == 2050  # nothing is fetched twice


def test_events_behind_protected_ones_are_pulled(node, misp):
    """A server leaves protected events out of a page after cutting it."""
    for n in range(2100):
        misp.put(event_of(n, protected=n < 2050 and n % 50 != 7))
    add_peer(node, misp, "--collection", "events=in")
    node("sync", "x")
    assert len([o for o in objects(node) if o["type"] == "report"]) == 41 + 50


def test_another_event_than_was_asked_for_is_refused(node, misp):
    for n in range(2):
        misp.put(event_of(n))
    names = list(misp.events)
    misp.faults.append({"path": names[0], "status": 200, "body": {"Event": event_of(7)}, "for_ever": True})
    add_peer(node, misp, "--collection", "events=in")
    assert "another event than was asked for" in node("sync", "x").err
    assert {o["id"][8:] for o in objects(node) if o["type"] == "report"} == {names[1]}


def test_only_what_the_remote_names_is_pulled(node, misp):
    misp.put(event_of(1, Tag=[{"name": "tlp:green"}]))
    misp.put(event_of(2, Tag=[{"name": "osint"}]))
    misp.put(event_of(3, Tag=[{"name": "osint"}, {"name": "test"}]))
    misp.put(event_of(4, published=False, Tag=[{"name": "osint"}]))
    add_peer(node, misp, "--collection", "tag:osint+!tag:test=in")
    node("sync", "x")
    assert [o["name"] for o in objects(node) if o["type"] == "report"] == ["event 2"]


def test_a_remote_that_is_no_filter_is_refused(node, misp):
    for link in (("--collection", "evnts=in"), ("--push", "in=org:x")):
        result = node("sync", "add", "x", misp.url, "--kind", "misp", "--token-stdin", *link, stdin=KEY, code=2)
        assert "no events of a MISP server" in result.err


def test_edits_deletions_and_sightings_follow(node, misp):
    one = misp.put(event_of(1))
    one["Attribute"].append({**one["Attribute"][0], "uuid": str(uuid.uuid4()), "value": "192.0.2.2"})
    add_peer(node, misp, "--collection", "events=in")
    node("sync", "x")
    before = {o["id"]: o for o in objects(node)}
    # An edit of one attribute: the other is no news.
    one["timestamp"] = one["Attribute"][0]["timestamp"] = "1772500000"
    one["Attribute"][0]["comment"] = "edited"
    node("sync", "x")
    after = {o["id"]: o for o in objects(node)}
    changed = {i for i in after if before.get(i) != after[i]}
    assert changed == {"indicator--" + one["Attribute"][0]["uuid"], "report--" + one["uuid"]}
    assert after["indicator--" + one["Attribute"][0]["uuid"]]["description"] == "edited"
    # A deletion.
    one["timestamp"] = one["Attribute"][1]["timestamp"] = "1772600000"
    one["Attribute"][1]["deleted"] = True
    node("sync", "x")
    after = {o["id"]: o for o in objects(node)}
    assert after["indicator--" + one["Attribute"][1]["uuid"]]["revoked"] is True
    # A sighting moves no timestamp.
    one["sighting_timestamp"] = "1772700000"
    one["Attribute"][0]["Sighting"] = [{"uuid": str(uuid.uuid4()), "type": "0", "date_sighting": "1772690000",
                                        "source": "", "Organisation": {"uuid": str(uuid.uuid4()), "name": "C"}}]
    node("sync", "x")
    sightings = [o for o in objects(node) if o["type"] == "sighting"]
    assert [s["sighting_of_ref"] for s in sightings] == ["indicator--" + one["Attribute"][0]["uuid"]]
    assert not node("--json", "quarantine", "list", code=None).rows


def test_native_indicators_are_pushed_once_and_never_come_back(node, misp, tmp_path):
    (tmp_path / "list").write_text("evil.example\n192.0.2.7\n")
    node("import", "--collection", "in", "--tlp", "clear", tmp_path / "list")
    add_peer(node, misp, "--collection", "events=in", "--push", "in=events+publish+tag:from-tocsin")
    node("sync", "x")
    assert len(misp.events) == 1
    event = next(iter(misp.events.values()))
    assert {a["value"] for a in event["Attribute"]} == {"evil.example", "192.0.2.7"}
    assert event["published"] and {"name": "from-tocsin"} in event["Tag"]
    count, adds = len(objects(node)), len(misp.asked("/events/add"))
    node("sync", "x")
    node("sync", "x")
    assert len(objects(node)) == count and len(misp.asked("/events/add")) == adds == 1
    # One more the same day is added to the same event.
    (tmp_path / "list").write_text("evil2.example\n")
    node("import", "--collection", "in", "--tlp", "clear", tmp_path / "list")
    node("sync", "x")
    assert len(misp.events) == 1
    assert {a["value"] for a in event["Attribute"]} == {"evil.example", "192.0.2.7", "evil2.example"}


def test_an_event_travels_from_one_server_to_another(node, misp, other):
    misp.put(EVENT)
    add_peer(node, misp, "--collection", "events=in", "--push", "in=events")
    add_peer(node, other, "--collection", "events=in", "--push", "in=events", name="y")
    for _ in range(3):
        node("sync")
    assert list(other.events) == [EVENT["Event"]["uuid"]]
    expected = without_own(EVENT)
    got = plain(other.events[EVENT["Event"]["uuid"]])
    # Sightings are not part of an event that is pushed; they follow one by one.
    for holder in (expected, got):
        for attribute in holder["Attribute"] + [a for o in holder["Object"] for a in o["Attribute"]]:
            attribute["Sighting"] = sorted((s["type"], s["date_sighting"]) for s in attribute.get("Sighting", [])
                                           if s["type"] != "2")
            if not attribute["Sighting"]:
                del attribute["Sighting"]
    key = lambda v: v["uuid"]
    for holder in (expected, got):
        holder["Attribute"].sort(key=key)
        holder["Object"].sort(key=key)
        for thing in holder["Object"]:
            thing["Attribute"].sort(key=key)
    assert got == expected
    # It does not bounce: the first server was never sent it, nor its sightings.
    assert not misp.asked("/events/add") and not misp.asked("/events/edit") and not misp.asked("/sightings/add")
    adds = len(other.asked("/events/add"))
    sights = len(other.asked("/sightings/add"))
    node("sync")
    assert len(other.asked("/events/add")) == adds and len(other.asked("/sightings/add")) == sights


def test_a_sighting_made_here_goes_to_the_server_and_is_not_doubled(node, misp, tmp_path):
    one = misp.put(event_of(1))
    add_peer(node, misp, "--collection", "events=in", "--push", "in=events")
    node("sync", "x")
    target = "indicator--" + one["Attribute"][0]["uuid"]
    seen = {"type": "sighting", "spec_version": "2.1", "id": f"sighting--{uuid.uuid4()}",
            "created": "2026-03-05T00:00:00.000Z", "modified": "2026-03-05T00:00:00.000Z",
            "last_seen": "2026-03-04T00:00:00Z", "sighting_of_ref": target}
    (tmp_path / "seen.json").write_text(json.dumps(seen))
    node("import", "--collection", "in", tmp_path / "seen.json")
    node("sync", "x")
    assert [s["source"] for s in one["Attribute"][0]["Sighting"]] == ["tocsin " + seen["id"]]
    assert one["Attribute"][0]["Sighting"][0]["date_sighting"] == "1772582400"
    node("sync", "x")
    node("sync", "x")
    assert [o["id"] for o in objects(node) if o["type"] == "sighting"] == [seen["id"]]
    assert len(misp.asked("/sightings/add")) == 1


def test_what_must_not_leave_is_not_pushed(node, misp, other):
    misp.put(event_of(1, distribution="0"))
    misp.put(event_of(2, Tag=[{"name": "tlp:red"}]))
    add_peer(node, misp, "--collection", "events=in")
    add_peer(node, other, "--push", "in=events", name="y")
    node("sync", "x")
    node("sync", "y")
    assert not other.events and not other.asked("/events/add")


def test_a_wrong_key_is_said(node, misp):
    node("sync", "add", "x", misp.url, "--kind", "misp", "--token-stdin", "--collection", "events=in", stdin="wrong\n")
    assert "Authentication failed" in node("sync", "x", code=3).err


@pytest.mark.parametrize("fault, word", [
    ({"path": "getVersion", "status": 200, "body": b"<html>log in</html>"}, "no MISP server"),
    ({"path": "events/index", "status": 200, "body": b"<html>log in</html>"}, "no JSON"),
    ({"path": "events/index", "status": 500, "body": {"name": "An Internal Error Has Occurred."}}, "500"),
    ({"path": "events/view", "status": 500, "body": {"name": "An Internal Error Has Occurred."}}, "500"),
    ({"path": "events/view", "status": 200, "body": b"[]"}, "no JSON object"),
    ({"path": "events/view", "status": 403, "body": {"message": "You do not have permission"}}, "permission"),
])
def test_a_fault_is_told_and_the_next_try_goes_on(node, misp, fault, word):
    for n in range(5):
        misp.put(event_of(n))
    misp.faults.append(fault)
    add_peer(node, misp, "--collection", "events=in")
    assert word in node("sync", "x", code=3).err
    node("sync", "x")
    assert len([o for o in objects(node) if o["type"] == "report"]) == 5


def test_a_busy_server_is_asked_again(node, misp):
    for n in range(3):
        misp.put(event_of(n))
    misp.faults.append({"path": "events/view", "status": 429, "body": {"message": "Rate limit exceeded"}})
    add_peer(node, misp, "--collection", "events=in")
    assert "429" in (said := node("sync", "x").err) and "asked again in" in said
    assert len([o for o in objects(node) if o["type"] == "report"]) == 3


def test_one_event_that_is_gone_or_broken_hides_no_other(node, misp):
    for n in range(4):
        misp.put(event_of(n))
    names = list(misp.events)
    misp.faults.append({"path": names[1], "status": 404, "body": {"message": "Invalid event."}, "for_ever": True})
    misp.faults.append({"path": names[2], "status": 200, "body": {"Event": {"info": "no uuid"}}, "for_ever": True})
    add_peer(node, misp, "--collection", "events=in")
    result = node("sync", "x")
    assert names[1] in result.err and "no MISP event" in result.err
    assert {o["id"][8:] for o in objects(node) if o["type"] == "report"} == {names[0], names[3]}


def test_a_refused_event_is_told_and_the_rest_goes_out(node, misp, other):
    misp.put(event_of(1))
    misp.put(event_of(2))
    add_peer(node, misp, "--collection", "events=in")
    add_peer(node, other, "--push", "in=events", name="y")
    node("sync", "x")
    other.faults.append({"path": "events/add", "status": 403, "body": {
        "name": "Could not add Event", "message": "Event blocked by organisation blocklist.", "url": "/events/add"}})
    result = node("sync", "y", code=None)
    assert "blocklist" in result.err
    assert len(other.events) == 1
