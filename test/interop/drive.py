#!/usr/bin/env python3
"""Drives a running node with clients nobody here wrote: taxii2-client, stix2, stix2-validator, pymisp.
usage: drive.py JSON, where JSON has url, ca, user, password, reader, reader_password, cert, key (cert and key
may be empty), and tocsin and node where it is a whole node. Each check prints one line; exit 1 when any fails."""
import json
import subprocess
import sys
import tempfile
import traceback

import pymisp
import requests
import stix2
import stix2validator
from taxii2client.common import TokenAuth
from taxii2client.v21 import Collection, Server, as_pages

about = json.loads(sys.argv[1])
failed = 0
checks = []


def check(function):
    checks.append(function)
    return function


def server(**options):
    given = {"user": about["user"], "password": about["password"], "verify": about["ca"]} | options
    return Server(about["url"], **given)


def shared(**options):
    root = server(**options).api_roots[0]
    found = [c for c in root.collections if c.title == "Shared things"]
    assert len(found) == 1, [c.title for c in root.collections]
    return found[0]


def indicators(count, prefix):
    return [stix2.Indicator(name=f"{prefix} {i}", pattern=f"[domain-name:value = '{prefix}{i}.example']",
                            pattern_type="stix", valid_from="2024-01-01T00:00:00Z",
                            object_marking_refs=[stix2.TLP_GREEN]) for i in range(count)]


@check
def discovery_and_root_are_understood():
    node = server()
    assert node.title and node.default and len(node.api_roots) == 1
    root = node.api_roots[0]
    assert "application/taxii+json;version=2.1" in root.versions and root.max_content_length > 0
    collection = shared()
    assert collection.can_read and collection.can_write and collection.media_types


@check
def objects_go_in_and_their_status_is_complete():
    sent = indicators(25, "in")
    status = shared().add_objects({"objects": [json.loads(o.serialize()) for o in sent]}, wait_for_completion=True)
    assert status.status == "complete" and status.success_count == 25 and status.failure_count == 0, status
    assert all(s["id"] and s["version"] for s in status.successes)
    again = server().api_roots[0].get_status(status.id)
    assert again.success_count == 25


@check
def pages_bring_every_object_once():
    collection = shared()
    sent = {o.id for o in indicators_sent(collection, 45, "page")}
    seen = [o["id"] for page in as_pages(collection.get_objects, per_request=10) for o in page.get("objects", [])]
    assert len(seen) == len(set(seen)), "an object came twice"
    assert sent <= set(seen)
    listed = [o["id"] for page in as_pages(collection.get_manifest, per_request=1000) for o in page.get("objects", [])]
    assert set(listed) >= sent


def indicators_sent(collection, count, prefix):
    sent = indicators(count, prefix)
    status = collection.add_objects({"objects": [json.loads(o.serialize()) for o in sent]}, wait_for_completion=True)
    assert status.success_count == count, status
    return sent


@check
def stix2_reads_through_its_own_taxii_source():
    collection = shared()
    one = indicators_sent(collection, 1, "source")[0]
    source = stix2.TAXIICollectionSource(collection)
    got = source.get(one.id)
    assert got == one, got
    assert len(source.all_versions(one.id)) == 1
    assert [o.id for o in source.query([stix2.Filter("id", "=", one.id)])] == [one.id]
    assert source.get("indicator--00000000-0000-4000-8000-00000000dead") is None


@check
def a_bundle_is_refused_with_its_reason():
    """stix2's own sink posts a bundle where TAXII 2.1 section 5.5 wants an envelope."""
    collection = shared()
    one = indicators(1, "sink")[0]
    try:
        stix2.TAXIICollectionSink(collection).add(one)
    except requests.HTTPError as error:
        assert error.response.status_code == 400 and "envelope" in error.response.json()["description"]
    else:
        raise AssertionError("a bundle was taken for an envelope")


@check
def a_new_version_replaces_and_all_are_kept():
    collection = shared()
    first = indicators_sent(collection, 1, "version")[0]
    second = first.new_version(name="changed")
    assert collection.add_objects({"objects": [json.loads(second.serialize())]}).success_count == 1
    assert [o["name"] for o in collection.get_object(first.id)["objects"]] == ["changed"]
    every = collection.get_object(first.id, version="all")["objects"]
    assert len(every) == 2
    assert len(collection.object_versions(first.id)["versions"]) == 2


@check
def deletion_is_deletion():
    collection = shared()
    one = indicators_sent(collection, 1, "gone")[0]
    collection.delete_object(one.id)
    try:
        collection.get_object(one.id)
    except requests.HTTPError as error:
        assert error.response.status_code == 404
    else:
        raise AssertionError("it is still there")


@check
def one_bad_object_fails_alone():
    good = json.loads(indicators(1, "beside")[0].serialize())
    bad = {**json.loads(indicators(1, "bad")[0].serialize()), "created": "yesterday"}
    status = shared().add_objects({"objects": [good, bad]}, wait_for_completion=True)
    assert (status.success_count, status.failure_count) == (1, 1)
    assert status.failures[0]["id"] == bad["id"] and status.failures[0]["message"]


@check
def the_validator_accepts_what_is_served():
    page = shared().get_objects(limit=50)
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(page["objects"], file)
        file.flush()
        for result in stix2validator.validate_file(file.name, stix2validator.ValidationOptions(version="2.1")).object_results:
            assert result.is_valid, [str(e) for e in result.errors]


@check
def filters_are_honoured():
    collection = shared()
    malware = stix2.Malware(name="m", is_family=False)
    assert collection.add_objects({"objects": [json.loads(malware.serialize())]}).success_count == 1
    assert {o["type"] for o in collection.get_objects(type="malware")["objects"]} == {"malware"}
    stamp = collection.get_manifest(type="malware")["objects"][-1]["date_added"]
    assert collection.get_objects(added_after=stamp) == {}


@check
def a_reader_reads_and_cannot_write():
    collection = shared(user=about["reader"], password=about["reader_password"])
    assert collection.can_read and not collection.can_write
    url = collection.url
    answer = requests.post(url + "objects/", json={"objects": [{}]}, verify=about["ca"],
                           auth=(about["reader"], about["reader_password"]),
                           headers={"Content-Type": "application/taxii+json;version=2.1", "Accept": "application/taxii+json;version=2.1"})
    assert answer.status_code == 403, answer.status_code


@check
def wrong_credentials_are_refused():
    try:
        server(password="not the password").title
    except requests.HTTPError as error:
        assert error.response.status_code == 401
    else:
        raise AssertionError("let in")


@check
def a_certificate_is_a_login():
    if not about.get("cert"):
        print("     (no certificate given: left out)")
        return
    node = Server(about["url"], verify=about["ca"], cert=(about["cert"], about["key"]))
    assert node.title
    assert any(c.can_write for c in node.api_roots[0].collections)


@check
def a_token_is_a_login():
    if not about.get("token"):
        print("     (no token given: left out)")
        return
    class Bearer(TokenAuth):
        def __call__(self, request):
            request.headers["Authorization"] = f"Bearer {self.key}"
            return request
    assert Server(about["url"], verify=about["ca"], auth=Bearer(about["token"])).title


def tocsin(*words):
    done = subprocess.run([about["tocsin"], "--node", about["node"], *words], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def said(event):
    """What an event says to whoever detects with it."""
    attributes = event.attributes + [a for o in event.objects for a in o.attributes]
    return (event.uuid, event.info, {t.name for t in event.tags},
            {(a.uuid, a.type, a.category, a.value, bool(a.to_ids), getattr(a, "comment", "")) for a in attributes})


@check
def misp_events_built_by_pymisp_travel_both_ways():
    if not about.get("node"):
        print("     (no node: left out)")
        return
    event = pymisp.MISPEvent()
    event.info, event.distribution = "interop", 3
    event.add_tag("tlp:green")
    domain = event.add_attribute("domain", "misp.example", comment="seen by pymisp")
    event.add_attribute("ip-src", "192.0.2.7", to_ids=False)
    file = event.add_object(name="file")
    file.add_attribute("filename", value="a.exe")
    file.add_attribute("sha256", value="ab" * 32)
    with tempfile.NamedTemporaryFile("w", suffix=".json") as out:
        out.write(json.dumps({"Event": json.loads(event.to_json())}))
        out.flush()
        tocsin("import", "--collection", "shared", "--format", "misp", out.name)
    served = shared().get_object(f"indicator--{domain.uuid}")["objects"][0]
    assert "'misp.example'" in served["pattern"] and stix2.parse(served, allow_custom=True)
    back = []
    for one in json.loads(tocsin("export", "--collection", "shared", "--format", "misp", "--to", about["user"]))["response"]:
        back.append(pymisp.MISPEvent())
        back[-1].load(one)
    assert [said(e) for e in back if e.uuid == event.uuid] == [said(event)], [said(e) for e in back]


for one in checks:
    try:
        one()
        print(f"ok   {one.__name__}")
    except Exception:
        failed += 1
        traceback.print_exc()
        print(f"FAIL {one.__name__}")
print(f"{len(checks) - failed} passed, {failed} failed")
sys.exit(failed > 0)
