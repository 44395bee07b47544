"""A TAXII 2.1 server as a client sees one, written from the standard's text, with one collection in memory. It
behaves until told otherwise: `twist` is called with each request before the server answers by itself, and answers
in its place where it returns something. Standard library only."""
import base64
import http.server
import json
import socket
import ssl
import struct
import threading
import time
import urllib.parse

MEDIA = "application/taxii+json;version=2.1"
ID = "91a7b528-80eb-42ed-a74d-c6fbd5a26116"
USER, PASSWORD = "carol", "a secret of hers"
BASIC = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
DAY = "2024-05-01T"


def stamp(number):
    """date_added of the object of that number: ascending, six digits."""
    return f"{DAY}{number // 3600:02}:{number // 60 % 60:02}:{number % 60:02}.{number % 1000000:06}Z"


class Asked:
    def __init__(self, method, path, query, headers, body):
        self.method, self.path, self.query, self.headers, self.body = method, path, query, headers, body
        self.at = time.monotonic()

    def get(self, name):
        return self.query.get(name, [None])[0]


class Raw:
    """An answer in bytes as they are; then the connection is cut, with RST where asked."""

    def __init__(self, data, reset=False, pieces=None):
        self.data, self.reset, self.pieces = data, reset, pieces


class Fake:
    def __init__(self, count=0, context=None, twist=None, root="/api/"):
        self.objects, self.asked, self.twist, self.root = [], [], twist, root
        self.page, self.cursors, self.lock = 100, True, threading.Condition()
        self.posted, self.statuses = [], {}
        for _ in range(count):
            self.put()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def log_message(self, *args):
                pass

            def do(self):
                path, _, query = self.path.partition("?")
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                asked = Asked(self.command, path, urllib.parse.parse_qs(query), self.headers, body)
                outer.asked.append(asked)
                answer = outer.twist(asked) if outer.twist else None
                self.send(answer if answer is not None else outer.answer(asked))

            do_GET = do_POST = do_DELETE = do_HEAD = do

            def send(self, answer):
                if isinstance(answer, Raw):
                    return self.send_raw(answer)
                status, headers, value = answer
                data = value if isinstance(value, bytes) else json.dumps(value).encode()
                self.send_response(status)
                for name, text in ({"Content-Type": MEDIA, "Content-Length": str(len(data))} | headers).items():
                    if text is not None:
                        self.send_header(name, text)
                self.end_headers()
                self.wfile.write(data)

            def send_raw(self, answer):
                self.close_connection = True
                try:
                    self.wfile.write(answer.data)
                    for piece in answer.pieces or ():
                        self.wfile.write(piece)
                except OSError:
                    pass
                plain = self.connection
                if answer.reset:
                    plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                # Without TLS's own goodbye: the stream ends as if it was cut.
                fd = plain.detach()
                socket.close(fd)

            def finish(self):
                try:
                    super().finish()
                except (OSError, ValueError):
                    pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 64

            def handle_error(self, request, client_address):
                pass

            def shutdown_request(self, request):
                try:
                    super().shutdown_request(request)
                except (OSError, ValueError):
                    pass

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_port
        self.url = f"{'https' if context else 'http'}://127.0.0.1:{self.port}"
        if context:
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def close(self):
        with self.lock:
            self.lock.notify_all()
        self.server.shutdown()
        self.server.server_close()

    def put(self, **more):
        with self.lock:
            number = len(self.objects)
            self.objects.append({"type": "indicator", "spec_version": "2.1",
                                 "id": f"indicator--{number:08x}-0000-4000-8000-000000000000",
                                 "created": "2024-01-01T00:00:00.000Z", "modified": "2024-01-01T00:00:00.000Z",
                                 "name": f"n{number}", "pattern": f"[domain-name:value = 'n{number}.fake.example']",
                                 "pattern_type": "stix", "valid_from": "2024-01-01T00:00:00Z"} | more)
            self.lock.notify_all()

    @property
    def pages(self):
        """Requests of pages of objects, in order."""
        return [a for a in self.asked if a.path.endswith("/objects/") and a.method == "GET"]

    # ---- what it answers ----

    def answer(self, asked):
        if asked.headers.get("Authorization") != BASIC:
            return 401, {"WWW-Authenticate": 'Basic realm="x"'}, {"title": "no"}
        collection = f"{self.root}collections/{ID}/"
        if asked.path == "/taxii2/":
            return 200, {}, {"title": "fake", "api_roots": [self.root]}
        if asked.path == self.root:
            return 200, {}, {"title": "r", "versions": [MEDIA], "max_content_length": 100000}
        one = {"id": ID, "title": "Things", "can_read": True, "can_write": True}
        if asked.path == f"{self.root}collections/":
            return 200, {}, {"collections": [one]}
        if asked.path == collection:
            return 200, {}, one
        if asked.path == collection + "objects/" and asked.method == "GET":
            return self.objects_page(asked)
        return 404, {}, {"title": "nothing here"}

    def objects_page(self, asked):
        start = 0
        after, token, limit = asked.get("added_after"), asked.get("next"), int(asked.get("limit") or 1000)
        if after:
            start = next((i for i in range(len(self.objects)) if stamp(i) > after), len(self.objects))
        if token:
            start = int(token.removeprefix("at-"))
        end = min(len(self.objects), start + min(limit, self.page))
        return self.envelope(start, end)

    def envelope(self, start, end, more=None):
        body, headers = {}, {}
        if end > start:
            body["objects"] = self.objects[start:end]
            headers = {"X-TAXII-Date-Added-First": stamp(start), "X-TAXII-Date-Added-Last": stamp(end - 1)}
        if end < len(self.objects) if more is None else more:
            body["more"] = True
            if self.cursors:
                body["next"] = f"at-{end}"
        return 200, headers, body
