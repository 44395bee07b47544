"""A MISP server as far as a sync peer sees one, written from MISP's published API description and from what
PyMISP's tests expect of a server: keys, the event index, viewing, adding, editing, publishing, sightings. It
keeps events as JSON in memory and can be told to misbehave. Standard library only."""
import copy
import http.server
import json
import re
import threading
import time
import uuid

KEY = "K" * 40


class Misp:
    def __init__(self, org="MISP-X", org_uuid="0f5bd2a6-11a1-4d2c-8a0c-5d4f2f6b0e0e"):
        self.events, self.log, self.faults = {}, [], []
        self.org, self.lock, self.ids = {"name": org, "uuid": org_uuid}, threading.RLock(), 0
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def log_message(self, *args):
                pass

            def do(self):
                length = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(length)
                with outer.lock:
                    outer.answer(self, self.path, body)

            do_GET = do_POST = do

            def reply(self, status, value, headers=()):
                data = value if isinstance(value, bytes) else json.dumps(value).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json" if not isinstance(value, bytes) else "text/html")
                self.send_header("Content-Length", str(len(data)))
                for name, text in headers:
                    self.send_header(name, text)
                self.end_headers()
                self.wfile.write(data)

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    # ---- what a test does to it ----

    def put(self, event):
        self.ids += 1
        event = copy.deepcopy(event.get("Event", event))
        event.setdefault("id", str(self.ids))
        event.setdefault("Orgc", self.org)
        event.setdefault("sighting_timestamp", "0")
        event.setdefault("Attribute", [])
        self.events[event["uuid"]] = event
        return event

    def attribute(self, wanted):
        for event in self.events.values():
            for holder in [event] + event.get("Object", []):
                for attribute in holder.get("Attribute", []):
                    if attribute["uuid"] == wanted:
                        return event, attribute
        return None, None

    def asked(self, path):
        return [entry for entry in self.log if entry[0].startswith(path)]

    # ---- what it answers ----

    def error(self, h, status, message, more=None, headers=()):
        h.reply(status, {"name": message, "message": message, "url": h.path, **(more or {})}, headers)

    def answer(self, h, path, body):
        if h.headers.get("Authorization") != KEY:
            return self.error(h, 403, "Authentication failed. Please make sure you pass the API key of an API enabled "
                              "user along in the Authorization header.")
        assert h.headers.get("Accept") == "application/json", h.headers
        data = json.loads(body) if body else {}
        self.log.append((path, data))
        for fault in self.faults:
            if re.search(fault["path"], path):
                if not fault.get("for_ever"):
                    self.faults.remove(fault)
                return h.reply(fault["status"], fault["body"])
        if h.command == "POST":
            assert h.headers.get("Content-Type") == "application/json", h.headers
        parts = path.strip("/").split("/")
        action = getattr(self, "_".join(parts[:2]), None)
        if not action:
            return self.error(h, 404, f"Controller not found: {path}")
        return action(h, data, *parts[2:])

    def servers_getVersion(self, h, data):
        h.reply(200, {"version": "2.5.12", "perm_sync": True, "perm_sighting": True, "perm_galaxy_editor": True,
                      "request_encoding": ["gzip", "br"], "filter_sightings": True})

    def events_index(self, h, data):
        chosen = [e for e in self.events.values()
                  if ("published" not in data or bool(e.get("published")) == bool(data["published"]))
                  and int(e["timestamp"]) >= int(data.get("timestamp") or 0)
                  and self.tagged(e, data.get("tags") or []) and e["Orgc"]["name"] == data.get("org", e["Orgc"]["name"])
                  # "only events with attributeCount > 0 will be returned"
                  and (not data.get("minimal") or e["Attribute"] or e.get("Object"))]
        chosen.sort(key=lambda e: int(e["id"]))
        total, limit, page = len(chosen), int(data.get("limit") or 0), int(data.get("page") or 1)
        if limit:
            chosen = chosen[(page - 1) * limit:page * limit]
        chosen = [e for e in chosen if not e.get("protected")]  # signed for other servers; after paging, as there
        h.reply(200, [{"id": e["id"], "timestamp": e["timestamp"], "sighting_timestamp": e["sighting_timestamp"],
                       "published": bool(e.get("published")), "uuid": e["uuid"], "orgc_uuid": e["Orgc"]["uuid"]}
                      for e in chosen], [("X-Result-Count", str(total))])

    @staticmethod
    def tagged(event, wanted):
        names = {tag["name"] for tag in event.get("Tag", [])}
        have = [t for t in wanted if not t.startswith("!")]
        return (not have or any(t in names for t in have)) and not any(t[1:] in names for t in wanted if t[0] == "!")

    def events_view(self, h, data, name):
        if name not in self.events:
            return self.error(h, 404, "Invalid event.")
        event = copy.deepcopy(self.events[name])
        if 1 not in (data.get("deleted") if isinstance(data.get("deleted"), list) else [data.get("deleted")]):
            event["Attribute"] = [a for a in event["Attribute"] if not a.get("deleted")]
        h.reply(200, {"Event": event})

    def events_add(self, h, data):
        event = data["Event"]
        if event["uuid"] in self.events:
            number = self.events[event["uuid"]]["id"]
            message = "Event already exists, if you would like to edit it, use the url in the location header."
            return self.error(h, 404, message, headers=[("Location", f"{self.url}/events/{number}")])
        taken = [a["uuid"] for a in event.get("Attribute", []) if self.attribute(a["uuid"])[0]]
        assert not taken, f"attributes of another event: {taken}"
        event.setdefault("timestamp", str(int(time.time())))
        for attribute in event.get("Attribute", []):
            assert {"uuid", "type", "category", "value"} <= set(attribute), attribute
        h.reply(200, {"Event": self.put(event)})

    def events_edit(self, h, data, name):
        event = data["Event"]
        if name not in self.events:
            return self.error(h, 404, "Invalid event")
        old = self.events[name]
        if "timestamp" in event and int(event["timestamp"]) <= int(old["timestamp"]):
            return self.error(h, 403, "Could not edit Event", {
                "saved": False, "id": old["id"],
                "errors": "Event could not be saved: Event in the request not newer than the local copy."})
        for attribute in event.get("Attribute", []):
            owner, known = self.attribute(attribute["uuid"])
            assert owner in (None, old), "an attribute of another event"
            if not known:
                old["Attribute"].append(attribute)
            elif int(attribute["timestamp"]) > int(known["timestamp"]):
                known.update(attribute)
        old.update({k: v for k, v in event.items() if k not in ("Attribute", "Object", "id")})
        for thing in event.get("Object", []):
            old["Object"] = [o for o in old.get("Object", []) if o["uuid"] != thing["uuid"]] + [thing]
        old["published"] = bool(event.get("published"))  # what is not said again is taken back
        old["timestamp"] = event.get("timestamp") or str(max(int(time.time()), int(old["timestamp"]) + 1))
        h.reply(200, {"Event": old})

    def events_publish(self, h, data, name):
        if name not in self.events:
            return self.error(h, 404, "Invalid event.")
        self.events[name].update(published=True, publish_timestamp=str(int(time.time())))
        h.reply(200, {"saved": True, "success": True, "name": "Job queued", "message": "Job queued",
                      "url": h.path, "id": name})

    def sightings_add(self, h, data, name):
        event, attribute = self.attribute(name)
        if not attribute:
            return h.reply(200, {"message": "Could not add the Sighting. Reason: No valid attributes found that "
                                            "match the criteria."})
        sighting = {"id": str(len(attribute.get("Sighting", [])) + 1), "attribute_id": attribute.get("id", "1"),
                    "event_id": event["id"], "org_id": "1", "date_sighting": str(data["timestamp"]),
                    "uuid": str(uuid.uuid4()), "source": data.get("source", ""), "type": str(data.get("type", "0"))}
        attribute.setdefault("Sighting", []).append({**sighting, "Organisation": self.org})
        event["sighting_timestamp"] = str(int(time.time()))
        h.reply(200, {"Sighting": sighting})
