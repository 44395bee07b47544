"""What is exported, judged by the tools it is for: each loads the file whole and matches what it should. A tool that
is not there is said and its test skipped (tools/deps peers installs them; PyMISP and stix2 come with make interop)."""
import csv
import hashlib
import io
import json
import os
import pathlib
import re
import shutil
import subprocess
import uuid

import pytest

import pcap

ROOT = pathlib.Path(__file__).parents[2]
HOSTILE = "a\"; drop\n\r\tb\\ ' |x| ; sid:1;)\x1b[2J\x7f */ =cmd é ${x} }\n#fields\tx"
SAMPLE = b"what a sample holds"
DOMAINS = ["evil.example", "bücher.example", "xn--bcher-kva.example", "_dmarc.evil.example", "*.wild.example",
           "a" * 63 + ".example", ("a" * 63 + ".") * 3 + "example", ("b" * 61 + ".") * 4 + "example", "under_score.example",
           "例え.テスト", "trailing.example.", "-dash.example", "co.uk", "com", "x..y.example", "evil;.example",
           "evil\\.example", 'ev"il.example', "a'b.example", "evil example.test"]
NETWORKS = ["192.0.2.1", "192.0.2.0/24", "192.0.2.0/25", "192.0.2.128/25", "10.0.0.0/8", "10.1.0.0/16", "10.1.2.3",
            "255.255.255.255", "192.0.2.77/24", "0.0.0.0/0", "128.0.0.0/1"]
NETWORKS6 = ["2001:db8::1", "2001:db8::/32", "2001:db8:1::/48", "::1", "::ffff:192.0.2.5", "2001:db8:0:0:1:0:0:1",
             "1:0:0:2::", "::", "::/0", "2001:DB8::A", "fe80::1%eth0"]
URLS = ["http://evil.example/", "http://evil.example", "http://evil.example/a\"b;c|d\\e:f", "http://evil.example/ä?x=1;y=2|z",
        "https://user:pw@evil.example:8443/x#frag", "http://192.0.2.1/x", "http://[2001:db8::1]:8080/x", "ftp://evil.example/x",
        "http://evil.example/a b", "http://evil.example/a\nb: c", "http://bücher.example/x", "http://evil.example/" + "x" * 5000,
        "http://evil.example/%00%0a", "//evil.example/x", "hxxp://evil.example/x", "http://evil.example/$(x)`y`",
        "http://evil.example/x;", "http://evil.example/x,", "http://evil.example/a[.]b", "http://evil.example/{x}/*/"]
MAILS = ["a@evil.example", "ä@bücher.example", "a+b@evil.example", "a'b@evil.example", "#a@evil.example", "=a@evil.example",
         "-a@evil.example", ";a@evil.example", '"a b"@evil.example']


def quote(text):
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def indicator(number, pattern, **more):
    name = uuid.UUID(int=number + (4 << 76) + (2 << 62))
    return {"type": "indicator", "spec_version": "2.1", "id": f"indicator--{name}", "created": "2026-01-01T00:00:00.000Z",
            "modified": "2026-01-01T00:00:00.000Z", "pattern": pattern, "pattern_type": "stix",
            "valid_from": "2026-01-01T00:00:00Z", "name": f"number {number}"} | more


def patterns():
    for name in DOMAINS:
        yield f"[domain-name:value = {quote(name)}]"
        yield f"[domain-name:value = {quote(name)} OR domain-name:value LIKE {quote('%.' + name)}]"
    for kind, values in (("ipv4", NETWORKS), ("ipv6", NETWORKS6)):
        for value in values:
            yield f"[{kind}-addr:value = {quote(value)}]"
            yield f"[{kind}-addr:value ISSUBSET {quote(value)}]"
    yield from (f"[url:value = {quote(value)}]" for value in URLS)
    yield from (f"[email-addr:value = {quote(value)}]" for value in MAILS)
    for kind, tool in (("MD5", "md5"), ("SHA-1", "sha1"), ("SHA-224", "sha224"), ("SHA-256", "sha256"), ("SHA-384", "sha384"),
                       ("SHA-512", "sha512"), ("SHA3-256", "sha3_256")):
        yield f"[file:hashes.'{kind}' = '{hashlib.new(tool, SAMPLE).hexdigest()}']"
    yield "[file:hashes.MD5 = 'd41d8cd98f00b204e9800998ecf8427e' OR file:hashes.'SHA-1' = '" + "a" * 40 + "']"
    yield "[network-traffic:x_ja3 = 'e7d705a3286e19ea42f587b344ee6865']"
    yield "[network-traffic:x_ja4 = 't13d1516h2_8daaf6152771_e5627efa2ab1']"
    yield "[vulnerability:name = 'CVE-2024-1234']"
    yield "[mac-addr:value = '00:1b:44:11:3a:b7']"
    yield "[file:name = 'a\"b.exe']"
    yield "[file:name = 'x' AND file:size = 3]"
    yield r"[windows-registry-key:key = 'HKEY_LOCAL_MACHINE\\a\\b']"
    yield "[ipv4-addr:value = '198.51.100.7'] AND [domain-name:value = 'two.example']"
    yield "[domain-name:value = 'half.example' OR file:name = 'half']"
    yield r"[domain-name:value MATCHES '^a+\\.example$']"


def objects():
    made = [indicator(n, pattern) for n, pattern in enumerate(patterns(), 1)]
    dead = len(made) + 1
    return made + [
        indicator(dead, "[domain-name:value = 'expired.example']", valid_until="2026-01-02T00:00:00Z"),
        indicator(dead + 1, "[domain-name:value = 'revoked.example']", revoked=True),
        indicator(dead + 2, "[domain-name:value = 'early.example']", valid_from="2999-01-01T00:00:00Z"),
        indicator(dead + 3, "rule x { condition: true }", pattern_type="yara"),
        indicator(dead + 4, 'alert tcp any any -> any any (msg:"x"; sid:1;)', pattern_type="snort"),
        indicator(dead + 5, "[domain-name:value = 'named.example']", name=HOSTILE, confidence=70)]


@pytest.fixture
def odd(tocsin, tmp_path):
    """odd(FORMAT): that export of a node full of odd indicators."""
    tocsin("init", "--name", 'Node "One" */ ;', "--country", "NL")
    tocsin("collection", "add", "in")
    tocsin("collection", "add", "back")
    (tmp_path / "odd.json").write_text(json.dumps({"type": "bundle", "id": f"bundle--{uuid.uuid4()}", "objects": objects()}))
    tocsin("import", "--collection", "in", tmp_path / "odd.json")

    def export(format, *more, code=0):
        result = tocsin("export", "--collection", "in", "--format", format, *more, code=code)
        (tmp_path / f"out.{format}").write_text(result.out)
        return result
    export.path, export.tocsin = tmp_path, tocsin
    return export


def tool(name):
    path = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if not path:
        pytest.skip(f"needs {name} (tools/deps peers)")
    return path


def run(*args, code=0, **more):
    result = subprocess.run([str(a) for a in args], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300, **more)
    assert code is None or result.returncode == code, result.stdout[-4000:]
    return result.stdout


# ---- what every format says of what it leaves out ----

def test_what_a_format_leaves_out_is_counted_by_its_reason(odd):
    said = odd("rpz").err
    for line in ("1 left out: revoked", "1 left out: no longer valid", "1 left out: not valid yet",
                 "2 left out: rules in other languages", "left out: this format has no word for their kind",
                 "left out: they cover too much of the internet", "said already by another indicator",
                 "left out: no single observable decides their pattern",
                 " say more than the observables that were written of them"):
        assert line in said, said
    assert "names written without what lies below them" in odd("zeek").err


def test_half_the_internet_is_told_to_no_sensor(odd):
    for format in ("rpz", "nft", "suricata"):
        odd(format)
        text = (odd.path / f"out.{format}").read_text()
        for wide in ("0.0.0.0/0", "128.0.0.0/1", "::/0", "*.co.uk", ".co.uk\"", "0.0.0.0.0.rpz-ip", "1.0.0.0.128.rpz-ip"):
            assert wide not in text.replace("10.0.0.0/8", ""), (format, wide)


def test_a_zone_that_is_none_is_refused(odd):
    for zone in ("x y", "a;b", "x\n$INCLUDE /etc/passwd", "a..b", ".", "z" * 101, "rpz.", "$ORIGIN"):
        assert "--zone" in odd("rpz", "--zone", zone, code=2).err


# ---- people and scripts ----

def test_a_list_read_again_is_the_same_list(odd):
    lines = odd("list").out.splitlines()
    assert len(lines) == len(set(lines)) and "ja3:e7d705a3286e19ea42f587b344ee6865" in lines
    assert '"#a@evil.example"' in lines and '"http://evil.example/x;"' in lines
    result = odd.tocsin("--json", "import", "--collection", "back", odd.path / "out.list")
    assert result.rows[0]["left_out"] == 0 and result.rows[0]["added"] == len(lines)
    again = odd.tocsin("export", "--collection", "back", "--format", "list").out.splitlines()
    # Two values that mean the same written otherwise.
    same = {"::ffff:192.0.2.5": {"192.0.2.5"}, "evil.example/x": {"http://evil.example/x", "https://evil.example/x"}}
    assert set(again) == {v for line in lines for v in same.get(line, {line})}


def test_a_table_is_what_python_s_csv_reads_and_comes_back(odd):
    text = odd("csv").out
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert text.count("\r\n") == len(rows) + 1 == text.count("\n")
    assert all(None not in row and None not in row.values() for row in rows)
    assert {row["id"] for row in rows} <= {o["id"] for o in objects()}
    assert not [cell for row in rows for cell in row.values() if re.match(r"\s*[=+@-]", cell)]
    values = {(row["kind"], re.sub(r"^'(?=[=+@-])", "", row["value"])) for row in rows}
    assert ("email", "=a@evil.example") in values and ("ja3", "e7d705a3286e19ea42f587b344ee6865") in values
    other = ("--node", odd.path / "other")
    odd.tocsin(*other, "init", "--name", "Other", "--country", "NL")
    odd.tocsin(*other, "collection", "add", "back")
    result = odd.tocsin(*other, "--json", "import", "--collection", "back", odd.path / "out.csv")
    assert result.rows[0]["left_out"] == result.rows[0]["quarantined"] == 0
    again = odd.tocsin(*other, "export", "--collection", "back", "--format", "csv").out
    got = {(row["kind"], re.sub(r"^'(?=[=+@-])", "", row["value"])) for row in csv.DictReader(io.StringIO(again, newline=""))}
    assert got - {("url", "http://evil.example/x"), ("url", "https://evil.example/x")} == values - {("url", "//evil.example/x")}


# ---- name servers ----

def test_named_loads_the_zone(odd):
    checker = tool("named-checkzone")
    odd("rpz")
    assert "OK" in run(checker, "-k", "fail", "-n", "fail", "rpz.tocsin", odd.path / "out.rpz")
    zone = ("z" * 30 + ".") * 3 + "tld"
    odd("rpz", "--zone", zone)
    assert "OK" in run(checker, zone, odd.path / "out.rpz")


def test_a_zone_s_owner_names_are_in_named_s_own_form(odd):
    text = odd("rpz").out
    assert "128.1.zz.db8.2001.rpz-ip CNAME ." in text and "48.zz.1.db8.2001.rpz-ip CNAME ." in text
    assert "24.0.2.0.192.rpz-ip CNAME ." in text and "*.evil.example CNAME ." in text
    assert not [line for line in text.splitlines()[4:] if not re.fullmatch(r"@ NS localhost\.|[a-z0-9_.*-]+ CNAME \.", line)]


# ---- Suricata ----

def suricata(odd, *args):
    (odd.path / "sensor").mkdir(exist_ok=True)
    return run(tool("suricata"), *args, "-S", odd.path / "out.suricata", "-l", odd.path / "sensor", code=None)


def test_suricata_loads_every_rule(odd):
    rules = odd("suricata").out.splitlines()
    numbers = [int(re.search(r" sid:(\d+); rev:\d+;\)$", rule)[1]) for rule in rules]
    assert len(set(numbers)) == len(numbers) and min(numbers) >= 10**9 and max(numbers) < 2**32 - 1
    assert odd("suricata").out.splitlines() == rules  # the same numbers every time
    said = suricata(odd, "-T")
    assert "successfully loaded" in said and not re.search("^E: ", said, re.M), said[-4000:]


def test_a_newer_version_is_a_later_revision_of_the_same_rule(odd):
    first = odd("suricata").out
    url = next(o for o in objects() if "192.0.2.1/x" in o["pattern"])
    newer = url | {"modified": "2026-02-01T00:00:00.000Z", "name": "renamed"}
    (odd.path / "newer.json").write_text(json.dumps([newer]))
    odd.tocsin("import", "--collection", "in", odd.path / "newer.json")
    numbers = [dict(re.findall(r"sid:(\d+); rev:(\d+);", text)) for text in (first, odd("suricata").out)]
    assert numbers[0].keys() == numbers[1].keys()
    assert sorted(int(numbers[1][n]) - int(numbers[0][n]) for n in numbers[0])[-2:] == [0, 31 * 86400]


def test_suricata_matches_what_it_should_and_no_more(odd):
    odd("suricata")
    talk = {
        41000: ("number 2", pcap.query(41000, "sub.evil.example")), 41001: (None, pcap.query(41001, "notevil.example")),
        41002: ("number 17", pcap.hello(41002, "under_score.example")), 41003: (None, pcap.hello(41003, "good.example")),
        41004: ("number 17", pcap.get(41004, "under_score.example:8080", b"/")),
        41005: (None, pcap.query(41005, "x.under_score.example")),
    }
    base = next(n for n, p in enumerate(patterns(), 1) if p.startswith("[url:"))
    wire = [(0, "evil.example", b"/"), (2, "evil.example", b'/a"b;c|d/e:f'), (2, "evil.example", b"/a%22b;c%7cd%5ce:f"),
            (3, "evil.example", b"/%C3%A4?x=1;y=2%7Cz"), (3, "evil.example", b"/%C3%A4?x=1;y=2%7Cz"), (5, "192.0.2.1", b"/x"),
            (8, "evil.example", b"/a%20b"), (10, "xn--bcher-kva.example", b"/x"), (11, "evil.example", b"/" + b"x" * 5000),
            (12, "evil.example", b"/%00%0A"), (None, "evil.example", b"/nothing"), (None, "evil.example", b"/" + b"x" * 4999)]
    for n, (which, host, target) in enumerate(wire, 42000):
        talk[n] = (None if which is None else f"number {base + which}", pcap.get(n, host, target))
    talk[43000] = (f"number {base + 6}", pcap.get(43000, "[2001:db8::1]:8080", b"/x", server=8080))
    talk[43001] = (None, pcap.get(43001, "[2001:db8::1]", b"/x"))  # another port
    pcap.write(odd.path / "talk.pcap", [packet for _, packets in talk.values() for packet in packets])
    said = suricata(odd, "-r", odd.path / "talk.pcap", "-k", "none")
    assert (odd.path / "sensor" / "eve.json").exists(), said
    alerts = {}
    for line in (odd.path / "sensor" / "eve.json").read_text().splitlines():
        event = json.loads(line)
        if event["event_type"] == "alert" and event["alert"]["signature"].startswith("tocsin "):
            port = next(p for p in (event["src_port"], event["dest_port"]) if p > 40999)
            alerts.setdefault(port, set()).add(event["alert"]["signature"][7:])
    plain = {"number 1", "number 2"}  # the host alone, by name
    for port, (wanted, _) in talk.items():
        got = alerts.get(port, set()) - (plain if port >= 42000 else set())
        got = {g for g in got if not (port >= 42000 and re.fullmatch("number [3456]", g))}
        assert got == ({wanted} if wanted else set()), (port, wanted, got)


# ---- YARA ----

def test_yara_compiles_the_rules_and_finds_what_they_are_about(odd):
    yara = tool("yara")
    rules = odd("yara").out
    assert odd("yara").out == rules
    (odd.path / "sample").write_bytes(SAMPLE)
    found = run(yara, "-s", odd.path / "out.yara", odd.path / "sample")
    assert "error" not in found and len(re.findall("^tocsin_", found, re.M)) == 3  # MD5, SHA-1, SHA-256
    (odd.path / "text").write_bytes(b"get HTTP://EVIL.example/a%22b;c%7Cd%5Ce:f now " + "a+b@evil.example".encode("utf-16-le"))
    meta = run(yara, "-m", odd.path / "out.yara", odd.path / "text")
    base = next(n for n, p in enumerate(patterns(), 1) if p.startswith("[url:"))
    mail = next(n for n, p in enumerate(patterns(), 1) if p.startswith("[email"))
    for number in (1, base, base + 2, mail + 2):
        assert f'name="number {number}"' in meta, meta
    (odd.path / "other").write_bytes(b"notevil.example and evil.examples")
    assert run(yara, odd.path / "out.yara", odd.path / "other") == ""


# ---- nftables ----

def test_nftables_takes_the_sets_and_holds_what_it_should(odd):
    nft = tool("nft")
    if subprocess.run(["unshare", "-rn", nft, "list", "ruleset"], capture_output=True).returncode:
        pytest.skip("no network namespace of our own here")
    odd("nft")
    said = run("unshare", "-rn", "sh", "-ec", f"""
        {nft} -c -f out.nft
        {nft} -f out.nft
        {nft} -f out.nft
        {nft} list ruleset
        for a in 192.0.2.200 10.255.0.1 255.255.255.255; do {nft} get element inet tocsin bad4 "{{ $a }}" >/dev/null; done
        for a in 2001:db8:ffff::1 ::1 1:0:0:2::; do {nft} get element inet tocsin bad6 "{{ $a }}" >/dev/null; done
        {nft} get element inet tocsin badmac "{{ 00:1b:44:11:3a:b7 }}" >/dev/null
        for a in 192.0.3.1 11.0.0.0; do ! {nft} get element inet tocsin bad4 "{{ $a }}" 2>/dev/null; done
        echo all there""", cwd=odd.path)
    assert said.endswith("all there\n"), said


# ---- Zeek: its documented file format ----

def unescaped(text):
    return re.sub(r"\\x([0-9a-f]{2})", lambda m: chr(int(m[1], 16)), text)


def test_zeek_s_intelligence_file_has_its_fields(odd):
    lines = odd("zeek").out.split("\n")
    assert lines[0] == "#fields\tindicator\tindicator_type\tmeta.source\tmeta.desc" and lines.pop() == ""
    rows = [line.split("\t") for line in lines[1:]]
    assert all(len(row) == 4 and row[0] and not row[0].startswith("#") for row in rows)
    types = {"ADDR", "SUBNET", "DOMAIN", "URL", "EMAIL", "FILE_HASH"}
    assert {row[1] for row in rows} == {"Intel::" + t for t in types}
    assert not [row for row in rows if row[1] == "Intel::URL" and "//" in row[0]]
    values = {unescaped(row[0]): unescaped(row[3]) for row in rows}
    assert values["named.example"] == HOSTILE and "#a@evil.example" in values
    assert values["evil.example:8443/x"]  # neither user nor fragment


# ---- STIX and MISP, judged by their own libraries ----

def judge(code, path):
    python = pathlib.Path(os.environ.get("TOCSIN_PEERS_PYTHON", ROOT / "build" / "interop" / "bin" / "python"))
    if not python.exists():
        pytest.skip("needs PyMISP and stix2 (make interop)")
    return run(python, "-c", code, path)


def test_stix2_parses_every_object(odd):
    odd("stix")
    code = "import sys, stix2\nprint(len(stix2.parse(open(sys.argv[1]).read(), allow_custom=False).objects))"
    assert int(judge(code, odd.path / "out.stix")) == len(objects())


PYMISP = """
import json, sys
from pymisp import MISPEvent
count = 0
for one in json.load(open(sys.argv[1]))["response"]:
    wanted = [a["uuid"] for a in one["Event"]["Attribute"]]
    event = MISPEvent()
    event.load(one, validate=False)
    assert sorted(a.uuid for a in event.attributes) == sorted(wanted)
    known = event.describe_types["category_type_mappings"]
    for attribute in event.attributes:
        assert attribute.type in known[attribute.category], (attribute.category, attribute.type)
        assert attribute.value
    event.to_json()
    count += len(wanted)
print(count)
"""


def test_pymisp_loads_every_attribute(odd):
    odd("misp")
    assert int(judge(PYMISP, odd.path / "out.misp")) >= len(objects())
