"""Objects stay the bytes that came: through import, get, export, TAXII and a second node's copy of them."""
import base64
import json

import pytest

from conftest import tocsin_run
from serving import MEDIA, PASSWORD, Serve, end_all, wait_for

UUID = "4f3a%04x-17d4-4cbf-938f-98ee46b3cd3f"
EXTENSION = "extension-definition--9c59fd79-4215-4ba2-920d-3e4f320e1e62"
# What a program that reads and writes JSON would write otherwise: order, blanks, escapes, forms of numbers.
ODD = [
    '{"name":"b","id":"tool--%s", "type":"tool","modified":"2026-01-01T00:00:00.000Z",'
    '"created":"2026-01-01T00:00:00.0000Z" ,"spec_version":"2.1","x_z":1,"x_a":[1e2,1E+2,1.0,0.10,-0,-0.0,1e-7,5e-324]}',
    '{"type":"tool","id":"tool--%s","spec_version":"2.1","created":"2026-01-01T00:00:00.123456789Z",'
    '"modified":"2026-01-01T00:00:00.123456789Z","name":"\\u0041\\u00e9\\ud83d\\ude00\\/\\b\\u001f \\"é😀",'
    '"x_big":[9007199254740991,-9007199254740991,123456789012345680000.0,1e300]}',
    '{"type":"x-example-com-thing","id":"x-example-com-thing--%s","spec_version":"2.1",\t'
    '"created":"2026-01-01T00:00:00.000Z","modified":"2026-01-01T00:00:00.000Z","zeta":{"b":{},"a":[[],[{}]],"B":null},'
    '"extensions":{"' + EXTENSION + '":{"extension_type":"new-sdo"}}}',
    '{"type":"x-example-com-seen","id":"x-example-com-seen--%s","value":"\\u0061", "extensions":{"' + EXTENSION +
    '":{"extension_type":"new-sco","rank":1.50,"Unknown":0}}}'.replace('"Unknown":0', '"unknown":{"Q":0e0}'),
    '{"type":"indicator","spec_version":"2.1","id":"indicator--%s","created":"2026-01-01T00:00:00.000Z",'
    '"modified":"2026-01-01T00:00:00.000Z","pattern":"[url:value = \'http:\\/\\/a.example\\/\']","pattern_type":"stix",'
    '"valid_from":"2026-01-01T00:00:00Z","extensions":{"' + EXTENSION +
    '":{"rank":5, "extension_type":"property-extension" ,"deep":' + "[" * 40 + "1" + "]" * 40 + "}}}",
]
ODD = [text % (UUID % number) for number, text in enumerate(ODD)]
OTHER = [text.replace("4f3a", "5f3a") for text in ODD]


@pytest.fixture
def node(tmp_path):
    def run(*args, **kw):
        return tocsin_run(*args, "--node", tmp_path / "a", **kw)

    run("init", "--name", "a", "--country", "NO")
    run("collection", "add", "main", "--title", "Main", "--id", "11111111-1111-4111-8111-111111111111")
    run("user", "add", "bob", "--password-stdin", "--role", "reader,analyst", stdin=PASSWORD + "\n")
    run("grant", "main", "bob", "both")
    yield run
    end_all()


def ask(serve, method, path, body=None):
    connection = serve.connect()
    pair = base64.b64encode(f"bob:{PASSWORD}".encode()).decode()
    head = {"Accept": MEDIA, "Authorization": f"Basic {pair}"} | ({"Content-Type": MEDIA} if body else {})
    connection.request(method, serve.root() + path, body.encode() if body else None, head)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, text


def test_objects_keep_their_bytes_through_every_door(node, tmp_path):
    bundle = '{"type":"bundle","id":"bundle--%s","objects":[ %s\n]}' % (UUID % 99, " ,\n".join(ODD))
    tocsin_run("check", "-", stdin=bundle)
    node("import", "-", "--collection", "main", stdin=bundle)
    for text in ODD:
        assert text in node("get", json.loads(text)["id"]).out
    exported = node("export", "--collection", "main", "--to", "self", "--quiet").out
    assert [text in exported for text in ODD] == [True] * len(ODD)
    serve = Serve(tmp_path / "a")
    collection = "collections/11111111-1111-4111-8111-111111111111/objects/"
    status, page = ask(serve, "GET", collection)
    assert status == 200 and [text in page for text in ODD] == [True] * len(ODD)
    # In over TAXII, out again.
    status, said = ask(serve, "POST", collection, '{"objects":[%s]}' % ",".join(OTHER))
    assert status == 202, said
    link = "status/" + json.loads(said)["id"] + "/"
    done = wait_for(lambda: json.loads(ask(serve, "GET", link)[1])["status"] == "complete", serve=serve)
    assert done and json.loads(ask(serve, "GET", link)[1])["failure_count"] == 0
    for text in OTHER:
        assert text in ask(serve, "GET", collection + json.loads(text)["id"] + "/")[1]
    # And a second node's copy.
    there = tmp_path / "b"
    tocsin_run("init", "--name", "b", "--country", "NO", "--node", there)
    tocsin_run("collection", "add", "copy", "--title", "Copy", "--node", there)
    url = f"http://127.0.0.1:{serve.port}{serve.root()}"
    tocsin_run("sync", "add", "a", url, "--user", "bob", "--password-stdin", "--collection", "main=copy",
               "--node", there, stdin=PASSWORD + "\n")
    tocsin_run("sync", "a", "--node", there)
    copy = tocsin_run("export", "--collection", "copy", "--to", "self", "--quiet", "--node", there).out
    assert [text in copy for text in ODD + OTHER] == [True] * 2 * len(ODD)


def test_what_is_no_object_is_refused_and_the_others_come_in(node):
    head = ODD[0][:-1].replace("4f3a", "6f3a")
    hostile = [head + ',"name":"c"}', head + ',"x_b":"\\udc00"}', head + ',"x_b":9007199254740993}',
               head + ',"x_b":' + "[" * 70 + "]" * 70 + "}", head + ',"x_b":01}', head + ',"x_b":NaN}']
    for text in hostile:
        run = node("import", "-", "--collection", "main", code=None, stdin=text + "\n" + ODD[1] + "\n")
        assert run.code == 1 and json.loads(head + "}")["id"] not in node("export", "--collection", "main", "--to", "self",
                                                                         "--quiet").out, text[-60:]
        assert ODD[1] in node("get", json.loads(ODD[1])["id"]).out
