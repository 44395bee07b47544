"""What the lists and logs of others look like to the scan command, and what it says of those it cannot use."""
import json
import time

import pytest


@pytest.fixture
def scan(tocsin, tmp_path):
    """scan(list, log, *args, code=0): rows of the hits."""

    def run(listed, logged, *args, code=0):
        for name, text in (("list", listed), ("log", logged)):
            (tmp_path / name).write_bytes(text.encode() if isinstance(text, str) else text)
        return tocsin("scan", "--json", "--ioc", "list", *args, "log", code=code)

    return run


def seen(said):
    return [(r["line"], r["observable"]["value"]) for r in said.rows]


# ---- nothing to look for ----

@pytest.mark.parametrize("listed", ["", "\n\n", "# nothing\n; here\n// either\n", "\ufeff", "not readable at all!\n", "value,type\n",
                                    "value,type\n,domain\n", '{"type":"bundle","id":"bundle--5d0092c5-5f74-4287-9642-33f4c354e56d"}',
                                    "[]", "0.0.0.0 localhost\n"])
def test_a_list_without_an_indicator_is_a_failure_that_says_so(scan, listed):
    said = scan(listed, "evil.example\n", code=3)
    line, = [l for l in said.err.splitlines() if "no indicator" in l]
    assert line.startswith("tocsin: list: no indicator") and "one a line" in line and not said.out


def test_one_list_that_arms_nothing_is_told_and_the_others_count(tocsin, tmp_path):
    (tmp_path / "empty").write_text("# none\n")
    (tmp_path / "full").write_text("evil.example\n")
    (tmp_path / "log").write_text("evil.example\n")
    said = tocsin("scan", "--ioc", "empty", "--ioc", "full", "log")
    assert "empty: no indicator in it" in said.err
    tocsin("scan", "--ioc", "full", "--ioc", "full", "log")


@pytest.mark.parametrize("more", [{"revoked": True}, {"pattern_type": "yara"},
                                  {"pattern": "[network-traffic:dst_port = 443]"}])
def test_a_list_of_indicators_that_are_never_armed_is_an_answer(scan, more):
    made = {"type": "indicator", "spec_version": "2.1", "id": "indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f",
            "created": "2020-01-01T00:00:00.000Z", "modified": "2020-01-01T00:00:00.000Z",
            "pattern": "[domain-name:value = 'evil.example']", "pattern_type": "stix", "valid_from": "2020-01-01T00:00:00Z"} | more
    said = scan(json.dumps(made), "evil.example\n", code=1)
    assert "tocsin: list: its indicators are revoked" in said.err


@pytest.mark.parametrize("lines", [False, True])
@pytest.mark.parametrize("apart", [False, True])
def test_of_an_indicators_versions_the_newest_counts(tocsin, tmp_path, lines, apart):
    def version(value, day, **more):
        return {"type": "indicator", "spec_version": "2.1", "id": "indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f",
                "created": "2020-01-01T00:00:00.000Z", "modified": f"2020-01-0{day}T00:00:00.000Z",
                "pattern": f"[domain-name:value = '{value}']", "pattern_type": "stix", "valid_from": "2020-01-01T00:00:00Z"} | more

    def hits(*objects, code=0):
        files = [[o] for o in objects] if apart else [objects]
        names = []
        for i, one in enumerate(files):
            names += ["--ioc", f"{i}.json"]
            (tmp_path / f"{i}.json").write_text("\n".join(map(json.dumps, one)) if lines else json.dumps(
                {"type": "bundle", "id": "bundle--5d0092c5-5f74-4287-9642-33f4c354e56d", "objects": one}))
        (tmp_path / "log").write_text("a.example\nb.example\n")
        return [v for _, v in seen(tocsin("scan", "--json", *names, "log", code=code))]

    a, b, gone = version("a.example", 1), version("b.example", 2), version("b.example", 3, revoked=True)
    assert hits(a, b) == hits(b, a) == ["b.example"]
    assert hits(a, b, gone, code=1) == hits(gone, a, code=1) == hits(b, gone, a, code=1) == []
    assert hits(a, a) == ["a.example"]
    assert hits(a, version("a.example", 1, revoked=True), code=1) == []


def test_a_node_without_indicators_says_so_in_a_line_and_fails(tocsin, tmp_path):
    tocsin("init", "--name", "Test", "--country", "EE")
    (tmp_path / "log").write_text("evil.example\n")
    said = tocsin("scan", "--quiet", "log", code=3)
    assert said.err.count("\n") == 1 and "no indicator is armed" in said.err and "tocsin sync" in said.err
    tocsin("collection", "add", "main")
    (tmp_path / "list").write_text("evil.example\n")
    tocsin("import", "list", "--collection", "main")
    assert not tocsin("scan", "--quiet", "log").err


# ---- times asked for ----

DAYS = "".join(f"2026-{d}T{t}Z evil.example\n" for d, t in
               [("01-30", "23:59:59"), ("01-31", "00:00:00"), ("01-31", "23:59:59"), ("02-01", "00:00:00")])


@pytest.mark.parametrize("args, lines", [
    (["--since", "2026-01-31"], [2, 3, 4]),
    (["--until", "2026-01-31"], [1, 2, 3]),
    (["--since", "2026-01-31", "--until", "2026-01-31"], [2, 3]),
    (["--since", "2026-01-31T01:00:00+01:00"], [2, 3, 4]),
    (["--since", "2026-01-31T00:00:00-01:00"], [3, 4]),
    (["--since", "2026-01-31 00:00:01"], [3, 4]),
    (["--since", "2026-01-31T23:59Z"], [3, 4]),
    (["--until", "2026-01-31T01:00+01:00"], [1]),
    (["--since", "2026-01-31T00:00:00.000001Z"], [3, 4]),
    (["--since", "999mo"], [1, 2, 3, 4]),
    (["--until", "P1D"], [1, 2, 3, 4]),
])
def test_times_are_dates_instants_of_any_zone_or_how_long_ago(scan, args, lines):
    assert [l for l, _ in seen(scan("evil.example", DAYS, *args))] == lines


@pytest.mark.parametrize("text", ["2026-02-30", "2026-1-31", "yesterday", "31.01.2026", "2026-01-31T25:00Z", "9", "-1d"])
def test_what_is_no_time_is_usage_with_examples(scan, text):
    assert "2026-01-31" in scan("evil.example", DAYS, "--since=" + text, code=2).err


# ---- text ----

def test_a_name_behind_a_terminals_colours_is_found_at_its_place(scan):
    log = b"\x1b[31mevil.example\x1b[0m\nx \x1b[01;31m\x1b[Kevil.example\x1b[m\x1b[K y\n#033[31mevil.example\n"
    said = scan("evil.example", log)
    assert [l for l, _ in seen(said)] == [1, 2, 3]
    assert all(log[r["offset"]:].startswith(b"evil.example") for r in said.rows)
    escaped = json.dumps({"msg": "\x1b[31mevil.example\x1b[0m"})
    assert seen(scan("evil.example", escaped)) == [(1, "evil.example")]


# ---- lists of others ----

LISTS = """# list of somebody
evil.example 192.0.2.1
192.0.2.2,other.example
0.0.0.0 sunk.example
192.0.2.16/28 ; SBL1
192.0.2.64-192.0.2.95
third.example # comment
fourth.example // comment
0.0.0.0/0
what is this
"""
NAMED = ["evil.example", "192.0.2.1", "192.0.2.2", "other.example", "sunk.example", "192.0.2.17", "192.0.2.65",
         "third.example", "fourth.example"]


def test_scan_and_import_read_a_list_alike(tocsin, scan, tmp_path):
    log = "\n".join(NAMED + ["198.51.100.1", "what.example"])
    assert [v for _, v in seen(scan(LISTS, log))] == NAMED
    tocsin("init", "--name", "Test", "--country", "EE")
    tocsin("collection", "add", "main")
    said = tocsin("import", "list", "--collection", "main")
    assert "9 added" in said.out and "2 left out" in said.out
    assert "list, line 9: every address there is" in said.err and "list, line 10: " in said.err
    assert [r["observable"]["value"] for r in tocsin("scan", "--json", "log").rows] == NAMED


def test_scan_and_import_read_a_table_alike(tocsin, scan, tmp_path):
    table = "first_seen;type;value;name\n2026-01-01;filename|md5;a.exe|44d88612fea8a8f36de82e1278abb02f;x\n" \
            "2026-01-01;filename;b.example;x\n2026-01-01;ip;192.0.2.64-192.0.2.95;y\n"
    log = "a.exe b.example 44d88612fea8a8f36de82e1278abb02f\n192.0.2.65\n"
    want = [(1, "44d88612fea8a8f36de82e1278abb02f"), (2, "192.0.2.65")]
    assert seen(scan(table, log)) == want
    tocsin("init", "--name", "Test", "--country", "EE")
    tocsin("collection", "add", "main")
    assert "2 added" in tocsin("import", "list", "--collection", "main").out
    assert seen(tocsin("scan", "--json", "log")) == want


def test_very_wide_ranges_are_armed_with_a_warning(tocsin, scan):
    said = scan("64.0.0.0/7\n", "64.1.2.3\n")
    assert "range of much of the internet (64.0.0.0/7)" in said.err
    assert "internet" not in scan("64.0.0.0/8\n", "64.1.2.3\n").err
    tocsin("init", "--name", "Test", "--country", "EE")
    tocsin("collection", "add", "main")
    assert "stdin, line 2: a range of much" in tocsin("import", "-", "--collection", "main", stdin="\n64.0.0.0/7\n").err.replace("-,", "stdin,")


def test_the_index_of_a_misp_feed_is_no_list_of_files(tocsin, scan):
    index = "44d88612fea8a8f36de82e1278abb02f,6f0a1d52-3c7e-4c55-9a0e-0b6d1b6a1001\n"
    said = scan(index, "44d88612fea8a8f36de82e1278abb02f\n", code=3)
    assert "hashes.csv" in said.err and "manifest.json" in said.err
    tocsin("init", "--name", "Test", "--country", "EE")
    tocsin("collection", "add", "main")
    said = tocsin("import", "list", "--collection", "main", code=3)
    assert "hashes.csv" in said.err and "manifest.json" in said.err


@pytest.mark.parametrize("coding", ["utf-8-sig", "utf-16", "utf-16-be"])
def test_scan_and_import_read_lists_in_odd_encodings(tocsin, scan, tmp_path, coding):
    text = "# list\r\nevil.example\r\nb\u00fccher.example\r\n"
    raw = (b"\xfe\xff" if coding == "utf-16-be" else b"") + text.encode(coding)
    log = "evil.example xn--bcher-kva.example\n"
    assert len(seen(scan(raw, log))) == 2
    tocsin("init", "--name", "Test", "--country", "EE")
    tocsin("collection", "add", "main")
    assert "2 added" in tocsin("import", "list", "--collection", "main").out
    assert len(seen(tocsin("scan", "--json", "log"))) == 2


# ---- JSON that is not a value a line ----

TRAIL = {"Records": [{"eventTime": f"2026-01-01T00:00:0{i}Z", "sourceIPAddress": "192.0.2.1", "requestParameters": {"host": "evil.example"}}
                     for i in range(3)]}


@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("shape", [TRAIL, TRAIL["Records"]])
@pytest.mark.parametrize("args", [[], ["--format", "json"]])
def test_each_event_of_an_array_has_its_time_and_place(scan, indent, shape, args):
    text = json.dumps(shape, indent=indent)
    said = scan("evil.example\n192.0.2.1\n", text, *args)
    assert [(r["time"], r["observable"]["value"]) for r in said.rows] == [
        (f"2026-01-01T00:00:0{i}.000000Z", v) for i in range(3) for v in ("192.0.2.1", "evil.example")]
    for row in said.rows:
        assert text[row["offset"]:].startswith(row["observable"]["value"])
        assert text[:row["offset"]].count("\n") + 1 == row["line"]
    said = scan("evil.example\n", text, "--since", "2026-01-01T00:00:01Z", "--until", "2026-01-01T00:00:02Z", *args)
    assert len(said.rows) == 1


def test_validity_is_judged_by_each_events_time(scan):
    listed = "value,name,valid_from,valid_until\nevil.example,x,2026-01-01T00:00:01Z,2026-01-01T00:00:02Z\n"
    assert [r["time"] for r in scan(listed, json.dumps(TRAIL)).rows] == ["2026-01-01T00:00:01.000000Z"]


# ---- lists as they are published: what each names, whoever reads it ----

MD5, SHA1 = "44d88612fea8a8f36de82e1278abb02f", "da39a3ee5e6b4b0d3255bfef95601890afd80709"
PUBLISHED = {
    "a tracker's table": ('# title (CSV)  #\n#\n"first_seen_utc","dst_ip","dst_port","malware"\n"2026-01-01 07:44:46","192.0.2.1","4643","x"\n# END 1 entries',
                          ["192.0.2.1"]),
    "a table of URLs": ('# id,dateadded,url,url_status,threat,tags,urlhaus_link,reporter\n"3","2026-01-01 00:00:01","http://192.0.2.1:555/i","online","x","elf",'
                        '"https://harmless.example/3/","y"', ["http://192.0.2.1:555/i"]),
    "a table with one known column": ("phish_id,url,phish_detail_url,verified\n1,http://evil.example/p,http://harmless.example/1,yes\n", ["http://evil.example/p"]),
    "columns of networks": ("#\nStart\tEnd\tNetmask\tAttacks\n192.0.2.0\t192.0.2.255\t24\t3345\tNAME\tXX\tabuse@harmless.example\n", ["192.0.2.7"]),
    "networks with numbers behind": ("; made 2026/01/01\n192.0.2.0/28 ; SBL256894\n", ["192.0.2.3"]),
    "exits": ("ExitNode 0011BD2485AD45D984EC4159C88FC066E5E3300E\nPublished 2026-01-01 00:00:00\nExitAddress 192.0.2.1 2026-01-01 00:10:00\n", ["192.0.2.1"]),
    "comments with links": ("evil.example # domain - report (see http://harmless.example/)\n192.0.2.1 # ip-dst\n", ["evil.example", "192.0.2.1"]),
    "a hosts file": ("127.0.0.1 localhost\n::1 localhost\n0.0.0.0 evil.example\n127.0.0.1\tc.example d.example # x\n", ["evil.example", "c.example", "d.example"]),
    "an ad blocker's list": ("[Adblock Plus 2.0]\n! Homepage: https://harmless.example\n||evil.example^\n||b.example^$important\n@@||harmless.example^\n",
                             ["evil.example", "b.example"]),
    "a resolver's blocks": ("address=/evil.example/0.0.0.0\nserver=/c.example/\n", ["evil.example", "c.example"]),
    "a policy zone": ("$TTL 60\n@ IN NS localhost.\nevil.example CNAME .\n*.evil.example CNAME .\nc.example. 60 IN CNAME .\n", ["evil.example", "c.example"]),
    "an exchange's table": (f"Indicator type,Indicator,Description\nIPv4,192.0.2.1,\nFileHash-MD5,{MD5},\nCVE,CVE-2026-1,\nMutex,harmless.example,\n",
                            ["192.0.2.1", MD5]),
    "counts behind": ("192.0.2.1\t10\n192.0.2.2\t9\n", ["192.0.2.1", "192.0.2.2"]),
    "digests of files": (f"{MD5}  harmless.com\n{SHA1} *harmless.example\n", [MD5, SHA1]),
    "orders to a firewall": ("add bl 192.0.2.1\n-A INPUT -s 192.0.2.2/32 -j DROP\ndeny 192.0.2.16/28;\n", ["192.0.2.1", "192.0.2.2", "192.0.2.17"]),
    "a JSON array": ('["evil.example", "192.0.2.1"]', ["evil.example", "192.0.2.1"]),
    "a JSON array over lines": ('[\n  "evil.example",\n  "192.0.2.1"\n]\n', ["evil.example", "192.0.2.1"]),
    "addresses in brackets": ("[2001:db8::1]:443\n[192.0.2.1]\n", ["2001:db8::1", "192.0.2.1"]),
    "a table of Markdown": ("| Indicator | Type |\n|---|---|\n| evil[.]example | domain |\n", ["evil.example"]),
    "one column with its name": ("ip\n192.0.2.1\n", ["192.0.2.1"]),
    "two values a row": ("domain;ip;first_seen\nevil.example;192.0.2.1;2026-01-01\n", ["evil.example", "192.0.2.1"]),
    "an array of objects": (json.dumps([{"ip_address": "192.0.2.1", "port": 443, "status": "online", "malware": "x", "tags": ["a"]},
                                        {"ip_address": "192.0.2.2", "port": 80, "malware": None}]), ["192.0.2.1", "192.0.2.2"]),
    "objects a line": ('{"cidr":"192.0.2.0/28","sblid":"SBL1","rir":"x"}\n{"cidr":"192.0.2.64/28","sblid":"SBL2"}\n', ["192.0.2.3", "192.0.2.65"]),
    "wrapped objects": (json.dumps({"meta": {"generatedAt": "2026-01-01"}, "data": [{"ipAddress": "192.0.2.1"}]}, indent=1), ["192.0.2.1"]),
    "objects with types": (json.dumps([{"type": "domain", "value": "evil.example", "link": "https://harmless.example/1"},
                                       {"type": "filename", "value": "harmless.example"}]), ["evil.example"]),
    "a table of vulnerabilities": ("cveID,vendorProject,product,dateAdded\nCVE-2021-44228,Apache,Log4j2,2021-12-10\n", ["CVE-2021-44228"]),
    "vulnerabilities beside what exploits them": ("ip,cve,first_seen\n192.0.2.1,CVE-2021-44228,2026-01-01\n", ["192.0.2.1"]),
    "vulnerabilities by their type": ("type,value\ncve,cve-2021-44228\nvulnerability,CVE-2024-1234\n", ["CVE-2021-44228", "CVE-2024-1234"]),
    "hardware": ("mac,comment\n001B44113AB7,printer\n00-1B-44-11-3A-B8,harmless.example\n", ["00:1b:44:11:3a:b7", "00:1b:44:11:3a:b8"]),
    "Zeek's intelligence": ("#fields\tindicator\tindicator_type\tmeta.source\nevil.example\tIntel::DOMAIN\tx\nharmless.example\tIntel::FILE_NAME\tx\n", ["evil.example"]),
}


@pytest.mark.parametrize("form", PUBLISHED)
def test_published_lists_name_the_same_for_scan_and_import(tocsin, scan, form):
    listed, named = PUBLISHED[form]
    log = "\n".join([*named, "harmless.example", "http://harmless.example/1", "harmless.com", "abuse@harmless.example", "0.0.0.0", "127.0.0.1",
                              *(["CVE-2021-44228"] if "beside" in form else [])])
    want = [(i + 1, v) for i, v in enumerate(named)]
    assert seen(scan(listed, log)) == want
    tocsin("init", "--name", "Test", "--country", "EE")
    tocsin("collection", "add", "main")
    tocsin("import", "list", "--collection", "main")
    assert seen(tocsin("scan", "--json", "log")) == want


def test_events_of_misp_are_a_list_too(scan):
    event = {"Event": {"uuid": "6f0a1d52-3c7e-4c55-9a0e-0b6d1b6a0001", "info": "x", "date": "2026-03-02", "timestamp": "1772445600", "Attribute": [
        {"uuid": f"6f0a1d52-3c7e-4c55-9a0e-0b6d1b6a100{i}", "type": t, "category": "Network activity", "value": v, "to_ids": d, "timestamp": "1772440000"}
        for i, (t, v, d) in enumerate([("domain", "evil.example", True), ("ip-dst", "192.0.2.1", True), ("domain", "harmless.example", False)])]}}
    for text in (json.dumps(event), json.dumps([event]), json.dumps({"response": [event]}, indent=1)):
        rows = scan(text, "evil.example\n192.0.2.1\nharmless.example\n").rows
        assert [r["observable"]["value"] for r in rows] == ["evil.example", "192.0.2.1"]
        assert rows[0]["indicator"] == "indicator--6f0a1d52-3c7e-4c55-9a0e-0b6d1b6a1000"
