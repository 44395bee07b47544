"""Indicators and logs of the story: written here, every value reserved for documentation or made up."""
import json
import pathlib
import uuid

HASH = "5f4dcc3b5aa765d61d8327deb882cf995f4dcc3b5aa765d61d8327deb882cf99"
STAMP = "2026-01-15T08:00:00.000Z"


def indicator(author, name, pattern, **more):
    return {"type": "indicator", "spec_version": "2.1", "id": f"indicator--{uuid.uuid4()}", "created_by_ref": author,
            "created": STAMP, "modified": STAMP, "name": name, "indicator_types": ["malicious-activity"],
            "pattern": pattern, "pattern_type": "stix", "pattern_version": "2.1", "valid_from": STAMP,
            "object_marking_refs": ["marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"], **more}


def write_lists(folder, author):
    """list.txt (defanged), plain.txt (for grep), bundle.json. Tells what is in them."""
    values = ["evil-updates.example", "higan.org", "198.51.100.0/24", "10.1.2.3", HASH,
              "http://drop.example/stage2.bin", "mail@phish.example"]
    defanged = ["evil-updates[.]example", "higan[.]org", "198.51.100.0/24", "10.1.2[.]3", HASH,
                "hxxp://drop[.]example/stage2.bin", "mail[@]phish[.]example"]
    folder = pathlib.Path(folder)
    (folder / "list.txt").write_text("# indicators of the day\n" + "\n".join(defanged) + "\n")
    (folder / "plain.txt").write_text("\n".join(values) + "\n")
    revoked = indicator(author, "false alarm", "[domain-name:value = 'innocent.example']")
    objects = [
        revoked,
        indicator(author, "old campaign", "[domain-name:value = 'expired.example']",
                  valid_until="2026-02-01T00:00:00.000Z"),
        indicator(author, "loader", "[ipv4-addr:value = '203.0.113.77' OR url:value = 'http://load.example/a']"),
    ]
    (folder / "bundle.json").write_text(json.dumps({"type": "bundle", "id": f"bundle--{uuid.uuid4()}",
                                                    "objects": objects}, indent=1))
    return {"lines": len(values), "revoked_id": revoked["id"]}


def write_logs(folder, lists):
    """Five logs, one a format; each holds a hit, some hold what only looks like one."""
    folder = pathlib.Path(folder) / "logs"
    folder.mkdir(exist_ok=True)
    inside = "10.20.30.40"
    at = 1773050000  # 2026-03-09
    zeek = ["#separator \\x09", "#set_separator\t,", "#empty_field\t(empty)", "#unset_field\t-", "#path\tdns",
            "#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tquery\tanswers",
            "#types\ttime\tstring\taddr\tport\taddr\tport\tenum\tstring\tvector[string]",
            f"{at}.100000\tC1\t{inside}\t53012\t192.0.2.53\t53\tudp\tcdn.evil-updates.example\t198.51.100.7",
            f"{at + 5}.200000\tC2\t{inside}\t53013\t192.0.2.53\t53\tudp\twww.michigan.org\t192.0.2.80",
            f"{at + 9}.200000\tC3\t{inside}\t53014\t192.0.2.53\t53\tudp\tinnocent.example\t192.0.2.81"]
    eve = [{"timestamp": "2026-03-09T10:00:01.000001+0000", "event_type": "tls", "src_ip": inside, "src_port": 50000,
            "dest_ip": "203.0.113.77", "dest_port": 443, "proto": "TCP", "tls": {"sni": "expired.example"}},
           {"timestamp": "2026-03-09T10:00:02.000001+0000", "event_type": "fileinfo", "src_ip": "192.0.2.9",
            "dest_ip": inside, "proto": "TCP", "fileinfo": {"filename": "/stage2.bin", "sha256": HASH}}]
    web = [f'{inside} - - [09/Mar/2026:10:00:03 +0000] "GET http://drop.example/stage2.bin HTTP/1.1" 200 512 "-" "x"',
           f'{inside} - - [09/Mar/2026:10:00:04 +0000] "GET http://www.michigan.org/ HTTP/1.1" 200 512 "-" "x"']
    syslog = ["Mar  9 10:00:05 gate sshd[311]: Failed password for root from 10.1.2.3 port 22 ssh2",
              "Mar  9 10:00:06 gate sshd[311]: Failed password for root from 110.1.2.33 port 22 ssh2"]
    csv = ["time,client,from,to", f"2026-03-09T10:00:07Z,{inside},mail@phish.example,user@home.example"]
    files = {"dns.log": zeek, "eve.json": [json.dumps(e) for e in eve], "access.log": web, "auth.log": syslog,
             "mail.csv": csv}
    for name, lines in files.items():
        (folder / name).write_text("\n".join(lines) + "\n")
    return [folder / name for name in files]
