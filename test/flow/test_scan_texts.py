"""Texts and expressions of STIX patterns: names of files, registry keys, command lines, user agents, LIKE and MATCHES on
names and URLs; by the fast way and the plain one."""
import ctypes
import json
import os
import subprocess

import pytest

from conftest import BIN


def indicator(number, pattern, **more):
    return {"type": "indicator", "spec_version": "2.1", "id": f"indicator--00000000-0000-4000-8000-{number:012d}",
            "created": "2020-01-01T00:00:00.000Z", "modified": "2020-01-01T00:00:00.000Z", "pattern": pattern,
            "pattern_type": "stix", "valid_from": "2020-01-01T00:00:00Z", **more}


def write(folder, *patterns, **more):
    objects = [indicator(i + 1, p, **more) for i, p in enumerate(patterns)]
    (folder / "list").write_text(json.dumps({"type": "bundle", "id": "bundle--5d0092c5-5f74-4287-9642-33f4c354e56d",
                                             "objects": objects}))


def scan(folder, *words, cpu=None, code=0):
    env = {k: v for k, v in os.environ.items() if k != "TOCSIN_CPU"}
    run = subprocess.run([BIN, "--json", "scan", "--ioc", "list", *words], cwd=folder, capture_output=True, text=True,
                         env={**env, **({"TOCSIN_CPU": cpu} if cpu else {})}, timeout=120)
    assert run.returncode == code, run.stderr
    return [json.loads(line) for line in run.stdout.splitlines()], run.stderr


def both(folder, *words, code=0):
    plain = scan(folder, *words, cpu="plain", code=code)
    assert scan(folder, *words, code=code) == plain
    return plain


def told(hits):
    return [(h["line"], int(h["indicator"][-12:]), h["match"], h["observable"]["value"]) for h in hits]


def test_texts_are_found_in_lines_and_fields_under_their_meaning(tmp_path):
    write(tmp_path, "[file:name = 'evil.exe']",
          "[windows-registry-key:key = 'HKEY_LOCAL_MACHINE\\\\SOFTWARE\\\\Evil' OR domain-name:value = 'bad.org']",
          "[process:command_line MATCHES '^powershell.*-enc [A-Za-z0-9+/]{10,}']",
          "[domain-name:value LIKE 'ns%.evil-%.org']",
          "[url:value MATCHES '^http://[a-z.]+/gate[0-9]+\\\\.php$']",
          "[network-traffic:extensions.'http-request-ext'.request_header.'User-Agent' = 'Evil Agent']")
    lines = ["Nov 27 10:00:00 host sshd[1]: nothing here",
             "Nov 27 10:00:01 host app: started /opt/x/evil.exe ok",
             "Nov 27 10:00:02 host app: started /opt/x/notevil.exe and evil.exe.bak ok",
             "Nov 27 10:00:03 host app: visited http://a.b.org/gate12.php ok",
             "Nov 27 10:00:04 host app: query ns3.evil-one.org",
             json.dumps({"TargetObject": "HKLM\\SOFTWARE\\Evil\\Run", "Image": "C:\\evil.exe"}),
             json.dumps({"CommandLine": "powershell -w hidden -enc QUJDREVGR0hJSks", "x": 1}),
             json.dumps({"http": {"http_user_agent": "Evil Agent", "url": "/evil.exe"}}),
             json.dumps({"query": "bad.org"})]
    (tmp_path / "log").write_text("\n".join(lines) + "\n")
    hits, _ = both(tmp_path, "log")
    assert told(hits) == [
        (2, 1, "exact", "evil.exe"), (4, 5, "regex", "http://a.b.org/gate12.php"), (5, 4, "pattern", "ns3.evil-one.org"),
        (6, 2, "exact", "HKLM\\SOFTWARE\\Evil\\Run"), (6, 1, "exact", "evil.exe"),
        (7, 3, "regex", "powershell -w hidden -enc QUJDREVGR0hJSks"), (8, 6, "exact", "Evil Agent"),
        (9, 2, "exact", "bad.org")]
    assert hits[0]["observable"]["kind"] == "text" and hits[0]["offset"] == len(lines[0]) + 1 + lines[1].index("evil.exe")


def test_a_windows_event_in_every_form_says_the_same(tmp_path):
    write(tmp_path, "[windows-registry-key:key = 'HKEY_LOCAL_MACHINE\\\\SOFTWARE\\\\Evil']",
          "[process:image_ref.name LIKE 'ev%.exe']")
    data = {"Image": "C:\\Temp\\evil.exe", "TargetObject": "HKLM\\SOFTWARE\\Evil\\Run"}
    xml = "".join(f'<Data Name="{k}">{v.replace("v", "&#118;")}</Data>' for k, v in data.items())
    (tmp_path / "xml").write_text("<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System>"
                                  f"<EventID>13</EventID></System><EventData>{xml}</EventData></Event>\n")
    (tmp_path / "json").write_text(json.dumps({"winlog": {"event_data": data}}).replace("evil", "e\\u0076il") + "\n")
    (tmp_path / "csv").write_text("Image,TargetObject\n" + ",".join(f'"{v}"' for v in data.values()) + "\n")
    (tmp_path / "utf16").write_bytes(("\ufeff" + json.dumps(data) + "\n").encode("utf-16-le"))
    for form in ("xml", "json", "csv", "utf16"):
        hits, _ = both(tmp_path, form)
        assert sorted(h["observable"]["value"] for h in hits) == ["HKLM\\SOFTWARE\\Evil\\Run", "evil.exe"], form


def test_what_cannot_be_an_expression_is_told_and_the_rest_is_armed(tmp_path):
    write(tmp_path, "[mutex:name MATCHES '(']", "[mutex:name = 'Global-Evil']")
    (tmp_path / "log").write_text("a Global-Evil mutex\n")
    hits, said = both(tmp_path, "log")
    assert told(hits) == [(1, 2, "exact", "Global-Evil")]
    assert "1 not understood" in said and "no regular expression at its byte 2" in said
    write(tmp_path, "[mutex:name MATCHES '(']")
    _, said = scan(tmp_path, "log", code=3)
    assert "no indicator in it" in said


def test_what_makes_every_line_be_read_is_told(tmp_path):
    write(tmp_path, "[process:command_line MATCHES '[a-z]{3}[0-9]{5}']")
    (tmp_path / "log").write_text("quiet\n" * 5000 + "ran abc12345\n" + "quiet\n" * 5000)
    hits, said = both(tmp_path, "log")
    assert told(hits) == [(5001, 1, "regex", "abc12345")] and "every line is read for it" in said


def test_validity_and_revocation_hold_for_texts_too(tmp_path):
    write(tmp_path, "[file:name = 'evil.exe']", valid_until="2021-01-01T00:00:00Z")
    (tmp_path / "log").write_text('{"ts":"2020-06-01T00:00:00Z","Image":"C:\\\\evil.exe"}\n'
                                  '{"ts":"2022-06-01T00:00:00Z","Image":"C:\\\\evil.exe"}\n')
    hits, _ = both(tmp_path, "log")
    assert [h["line"] for h in hits] == [1]
    write(tmp_path, "[file:name = 'evil.exe']", revoked=True)
    _, said = scan(tmp_path, "log", code=1)
    assert "revoked" in said


def test_lists_and_other_languages(tmp_path):
    (tmp_path / "list").write_text("[file:name = 'evil.exe']\nC:\\Windows\\evil.dll\nHKLM\\Software\\Evil\n/tmp/x/miner\n")
    (tmp_path / "log").write_text("ran EVIL.exe\nran evil.exe\nloaded c:\\windows\\EVIL.DLL\nset HKLM\\SOFTWARE\\Evil\n"
                                  "exec /tmp/x/miner -a\n")
    hits, _ = both(tmp_path, "log")
    assert [(h["line"], h["pattern"]) for h in hits] == [
        (2, "[file:name = 'evil.exe']"), (3, "[file:name = 'C:\\\\Windows\\\\evil.dll']"),
        (4, "[windows-registry-key:key = 'HKLM\\\\Software\\\\Evil']"), (5, "[file:name = '/tmp/x/miner']")]
    for language, text in ("yara", "rule x { condition: true }"), ("pcre", "EV[I1]L|evil"):
        write(tmp_path, text, pattern_type=language)
        _, said = scan(tmp_path, "log", code=1)
        assert "in other languages" in said


def test_a_pattern_of_a_value_and_a_text_goes_whole_into_a_compiled_set(tmp_path):
    write(tmp_path, "[domain-name:value = 'evil.example'] FOLLOWEDBY [process:command_line MATCHES '-enc [A-Z]+']", "[file:name = 'evil.exe']")
    run = subprocess.run([BIN, "set", "build", "--out", "set", "--ioc", "list"], cwd=tmp_path, capture_output=True, text=True)
    assert run.returncode == 0 and "3 indicators in" in run.stderr and "left out" not in run.stderr
    (tmp_path / "log").write_text("asked evil.example\nran evil.exe\nps -enc SQBFAFgA\n")
    run = subprocess.run([BIN, "--json", "scan", "--set", "set", "log"], cwd=tmp_path, capture_output=True, text=True)
    assert [(row["line"], row["match"]) for row in map(json.loads, run.stdout.splitlines())] == [(2, "exact"), (3, "pattern")]
    # One text alone is a set, too.
    write(tmp_path, "[file:name = 'evil.exe']")
    run = subprocess.run([BIN, "set", "build", "--out", "set", "--ioc", "list"], cwd=tmp_path, capture_output=True, text=True)
    assert run.returncode == 0 and "1 indicator in" in run.stderr
    run = subprocess.run([BIN, "--json", "scan", "--set", "set", "log"], cwd=tmp_path, capture_output=True, text=True)
    assert [json.loads(line)["line"] for line in run.stdout.splitlines()] == [2]


def test_a_hostile_expression_stops_nothing(tmp_path):
    write(tmp_path, "[process:command_line MATCHES '^(([a-z])+.)+[A-Z]([a-z])+$']", "[file:name = 'evil.exe']")
    (tmp_path / "log").write_text("".join("a" * 45 + f"{i}!\n" for i in range(50)) + "ran evil.exe\n")
    hits, said = scan(tmp_path, "log")
    assert told(hits) == [(51, 2, "exact", "evil.exe")]
    assert "1 expression took too many steps" in said


def test_what_a_node_compiled_is_kept_under_its_key(tocsin, tmp_path):
    """300 expressions that each line may match: tried one by one until compiling pays, then kept for the next scan."""
    try:
        ctypes.CDLL("libhs.so.5")
    except OSError:
        pytest.skip("no Vectorscan here")
    write(tmp_path, *(f"[process:command_line MATCHES 'common-word[0-9]{{2}}x{i}$']" for i in range(300)))
    tocsin("init", "--name", "Node One", "--country", "NL")
    tocsin("collection", "add", "in")
    tocsin("import", "--collection", "in", tmp_path / "list")
    kept, lines = [], 40_000
    while not kept:
        (tmp_path / "log").write_text("a common-word of no harm\n" * lines + "a common-word42x17\n")
        first = tocsin("--json", "scan", tmp_path / "log")
        assert told(map(json.loads, first.out.splitlines())) == [(lines + 1, 18, "regex", "common-word42x17")]
        kept = list((tmp_path / "tocsin-node" / "set").glob("expressions-*"))
        lines *= 3  # a busy machine compiles slowly
        assert lines < 2_000_000
    assert len(kept) == 1 and kept[0].stat().st_mode & 0o777 == 0o600
    # Another's file is none: the answer stays.
    kept[0].write_bytes(kept[0].read_bytes()[:-1] + b"x")
    assert tocsin("--json", "scan", tmp_path / "log").out == first.out
