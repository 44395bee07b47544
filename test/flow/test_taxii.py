"""TAXII over real sockets: what only shows on the wire. The rules themselves are unit tests."""
import base64
import http.client
import json
import os
import pathlib
import socket
import ssl
import subprocess
import threading
import time

import pytest

from conftest import strict_tls

MEDIA = "application/taxii+json;version=2.1"
BUILD = os.environ.get("TOCSIN_BUILD", "")


class Served:
    """A running taxii-serve; ends with its standard input."""

    def __init__(self, folder, *options):
        program = pathlib.Path(BUILD) / "test" / "flow" / "taxii-serve"
        if not program.exists():
            pytest.skip(f"needs {program}")
        self.folder = folder
        self.process = subprocess.Popen([program, str(folder), *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.about = json.loads(self.process.stdout.readline())
        self.port = self.about["port"]

    def close(self):
        self.process.stdin.close()
        assert self.process.wait(timeout=30) == 0
        self.process.stdout.close()

    def connect(self, context=None):
        if self.about.get("tls"):
            context = context or strict_tls(self.folder / "ca.pem")
            return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=30, context=context)
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)

    def ask(self, method, path, user="alice", body=None, headers=None, connection=None):
        own = connection or self.connect()
        fields = {"Accept": MEDIA}
        if user:
            fields["Authorization"] = f"Bearer {self.about[user]}"
        if body is not None:
            fields["Content-Type"] = MEDIA
        fields.update(headers or {})
        own.request(method, path, body=body, headers=fields)
        answer = own.getresponse()
        text = answer.read()
        if not connection:
            own.close()
        return answer, text

    def raw(self, data):
        """Sends bytes as they are; everything that comes back."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as plug:
            plug.sendall(data)
            plug.shutdown(socket.SHUT_WR)
            got = b""
            while chunk := plug.recv(65536):
                got += chunk
        return got


@pytest.fixture
def plain(tmp_path):
    served = Served(tmp_path)
    yield served
    served.close()


@pytest.fixture
def secure(tmp_path):
    served = Served(tmp_path, "--tls")
    yield served
    served.close()


OBJECTS = "/api/collections/shared/objects/"


def indicator(number):
    return {"type": "indicator", "spec_version": "2.1", "id": f"indicator--{number:08x}-0000-4000-8000-000000000000",
            "created": "2024-01-01T00:00:00.000Z", "modified": "2024-01-01T00:00:00.000Z",
            "pattern": f"[domain-name:value = 'x{number}.example']", "pattern_type": "stix",
            "valid_from": "2024-01-01T00:00:00Z"}


def envelope(*numbers):
    return json.dumps({"objects": [indicator(n) for n in numbers]})


def test_the_whole_way_from_discovery_to_deletion(plain):
    answer, text = plain.ask("GET", "/taxii2/")
    assert answer.status == 200 and answer.getheader("Content-Type") == MEDIA
    root = json.loads(text)["default"]
    assert json.loads(plain.ask("GET", root)[1])["versions"] == [MEDIA]
    collections = json.loads(plain.ask("GET", root + "collections/")[1])["collections"]
    objects = f"{root}collections/{collections[0]['id']}/objects/"
    answer, text = plain.ask("POST", objects, body=envelope(1, 2, 3))
    assert answer.status == 202
    status = json.loads(text)
    assert status["success_count"] == 3 and status["status"] == "complete"
    assert json.loads(plain.ask("GET", f"{root}status/{status['id']}/")[1]) == status
    answer, text = plain.ask("GET", objects + "?limit=2")
    page = json.loads(text)
    assert page["more"] and len(page["objects"]) == 2 and page["objects"][0] == indicator(1)
    answer, text = plain.ask("GET", objects + f"?limit=2&next={page['next']}")
    assert json.loads(text)["objects"] == [indicator(3)]
    assert plain.ask("DELETE", objects + indicator(1)["id"] + "/")[0].status == 200
    assert plain.ask("GET", objects + indicator(1)["id"] + "/")[0].status == 404


def test_basic_bearer_and_wrong_credentials(plain):
    def basic(name, password):
        return {"Authorization": "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()}
    assert plain.ask("GET", OBJECTS, user=None, headers=basic("alice", "password of alice"))[0].status == 200
    for name, password in (("alice", "wrong password"), ("nobody", "password of alice"), ("", "")):
        answer, _ = plain.ask("GET", OBJECTS, user=None, headers=basic(name, password))
        assert answer.status in (401, 429)
        assert answer.getheader("Content-Type") == MEDIA
    answer, _ = plain.ask("GET", OBJECTS, user=None)
    assert answer.status == 401 and "Basic" in answer.getheader("WWW-Authenticate")


def test_a_request_without_user_agent_is_served(plain):
    token = plain.about["alice"]
    got = plain.raw(f"GET /taxii2/ HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n".encode())
    assert got.startswith(b"HTTP/1.1 200")


def test_what_the_http_layer_refuses_has_the_media_type(plain):
    token = plain.about["alice"].encode()
    head = b"POST " + OBJECTS.encode() + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer " + token + b"\r\n"
    cases = {
        b"400": head + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        b"413": head + b"Content-Type: application/taxii+json\r\nContent-Length: 4194305\r\n\r\n" + b" " * 4194305,
        b"431": b"GET /taxii2/ HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 6200 + b"\r\n\r\n",
    }
    for status, request in cases.items():
        got = plain.raw(request)
        assert got.startswith(b"HTTP/1.1 " + status), got[:200]
        fields, _, body = got.partition(b"\r\n\r\n")
        assert b"content-type: application/taxii+json;version=2.1" in fields.lower(), fields
        assert json.loads(body)["http_status"] == status.decode()


def test_a_chunked_body_over_the_limit_is_413(plain):
    connection = plain.connect()
    connection.putrequest("POST", OBJECTS)
    for name, value in (("Authorization", f"Bearer {plain.about['alice']}"), ("Content-Type", MEDIA),
                        ("Transfer-Encoding", "chunked")):
        connection.putheader(name, value)
    connection.endheaders()
    chunk = b" " * 65536
    for _ in range(80):  # 5 MiB
        connection.send(b"10000\r\n" + chunk + b"\r\n")
    connection.send(b"0\r\n\r\n")
    answer = connection.getresponse()
    assert answer.status == 413 and answer.getheader("Content-Type") == MEDIA
    connection.close()
    assert plain.ask("GET", OBJECTS)[1] == b"{}"


def test_an_object_nested_without_end_fails_alone(plain):
    deep = '{"type":"indicator","x":' + "[" * 300 + "]" * 300 + "}"
    answer, text = plain.ask("POST", OBJECTS, body='{"objects":[' + deep + "," + json.dumps(indicator(1)) + "]}")
    assert answer.status == 202, text
    assert json.loads(text)["success_count"] == 1 and json.loads(text)["failure_count"] == 1
    assert plain.ask("POST", OBJECTS, body='{"objects":[' + "[" * 100000 + "]}")[0].status in (400, 422)
    assert len(json.loads(plain.ask("GET", OBJECTS)[1])["objects"]) == 1


def test_a_held_answer_comes_within_a_second_of_the_commit(plain):
    got = {}

    def wait():
        start = time.monotonic()
        answer, text = plain.ask("GET", OBJECTS, user="bob", headers={"Prefer": "wait=20"})
        got.update(seconds=time.monotonic() - start, text=text, applied=answer.getheader("Preference-Applied"))

    reader = threading.Thread(target=wait)
    reader.start()
    time.sleep(1)
    committed = time.monotonic()
    assert plain.ask("POST", OBJECTS, body=envelope(7))[0].status == 202
    reader.join(timeout=20)
    assert time.monotonic() - committed < 1
    assert json.loads(got["text"])["objects"] == [indicator(7)] and got["applied"] == "wait=20"
    assert got["seconds"] > 0.9
    start = time.monotonic()
    answer, text = plain.ask("GET", OBJECTS + "?added_after=2100-01-01T00:00:00Z", headers={"Prefer": "wait=1"})
    assert text == b"{}" and 0.9 < time.monotonic() - start < 5


def test_pages_do_not_change_over_a_restart(tmp_path):
    first = Served(tmp_path, "--fill", "50")
    page = json.loads(first.ask("GET", OBJECTS + "?limit=20")[1])
    assert first.ask("POST", OBJECTS, body=envelope(1000))[0].status == 202
    first.close()
    second = Served(tmp_path)
    rest = json.loads(second.ask("GET", OBJECTS + f"?limit=100&next={page['next']}")[1])
    assert len(rest["objects"]) == 31 and "more" not in rest
    assert not {o["id"] for o in page["objects"]} & {o["id"] for o in rest["objects"]}
    second.close()


def connect_with(served, low, high):
    context = strict_tls(served.folder / "ca.pem")
    context.minimum_version, context.maximum_version = low, high
    context.set_ciphers("DEFAULT@SECLEVEL=0")
    with socket.create_connection(("127.0.0.1", served.port), timeout=10) as plug:
        with context.wrap_socket(plug, server_hostname="localhost") as secured:
            return secured.version()


def test_tls_1_2_and_1_3_are_spoken_and_nothing_older(secure):
    assert secure.ask("GET", "/taxii2/")[0].status == 200
    assert connect_with(secure, ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_2) == "TLSv1.2"
    assert connect_with(secure, ssl.TLSVersion.TLSv1_3, ssl.TLSVersion.TLSv1_3) == "TLSv1.3"
    with pytest.raises((ssl.SSLError, OSError)):
        connect_with(secure, ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1)


def test_early_data_is_never_offered(secure):
    run = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{secure.port}", "-tls1_3", "-CAfile",
                          str(secure.folder / "ca.pem"), "-ign_eof"],
                         input=b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", capture_output=True, timeout=30)
    text = run.stdout.decode("utf-8", "replace")
    assert "TLSv1.3" in text
    assert all(line.split(":")[1].strip() == "0" for line in text.splitlines() if "Max Early Data" in line)
    assert "Early data was accepted" not in text


def test_a_client_certificate_is_a_login(secure):
    context = strict_tls(secure.folder / "ca.pem")
    context.load_cert_chain(secure.folder / "client.pem", secure.folder / "client.key")
    answer, _ = secure.ask("POST", OBJECTS, user=None, body=envelope(1), connection=secure.connect(context))
    assert answer.status == 202
    assert secure.ask("GET", OBJECTS, user=None)[0].status == 401
