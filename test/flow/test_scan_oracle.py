"""Scanning against an oracle by construction: every kind of indicator is written in the ways logs write it, in
surroundings that leave it whole and in such that make it something else, and what must be found is known from how it
was made. The same records go through every format, packing and encoding."""
import csv
import gzip
import io
import ipaddress
import json
import lzma
import os
import re
import shutil
import subprocess
import unicodedata

import pytest

FOUR = ["192.0.2.66", "203.0.113.5", "8.8.4.4"]
SIX = ["2001:db8::66", "2001:db8:0:1:0:0:7:8", "fe80::1:2"]
NETS = ["198.51.100.0/24", "100.64.8.0/21", "2001:db8:ff00::/40"]
NAMES = ["d1.example", "a.b.d2.example", "x-y.d3.example", "under_score.d4.example", "c0.io"]
WIDE = ["b\u00fccher.example", "\u4f8b\u3048.example", "stra\u00dfe.d5.example"]
URLS = ["http://u1.example/path", "https://u2.example/a/b.php", "http://192.0.2.99:8080/gate", "http://[2001:db8::99]/x",
        "//u3.example/load", "//u4.example:80/in"]
MAILS = ["bad.guy@m1.example", "x@m2.example"]
HASHES = {"md5": 32, "sha1": 40, "sha224": 56, "sha256": 64, "sha384": 96, "sha512": 128}
DIGESTS = {kind: ("0123456789abcdef" * 9)[3:3 + size] for kind, size in HASHES.items()}
JA4 = "t13d1516h2_8daaf6152771_e5627efa2ab1"
CVES = ["CVE-2024-1234", "CVE-2021-44228"]
MACS = ["00:1b:44:11:3a:b7", "aa:bb:cc:dd:ee:f0"]

BEFORE = [" ", " \"", " '", " (", " <", "=", " ,", " ;", " {", " |", " x:", " \u201c", " \u00a0"]
AFTER = [" ", "\" ", "' ", ") ", "> ", ", ", "; ", "} ", "| ", "\u201d ", "\u2026 ", "\u3001 "]


def a_label(name):
    """IDNA by the standard library where it and IDNA2008 agree, else written down."""
    known = {"stra\u00dfe": "xn--strae-oqa"}
    return ".".join(known.get(x) or x.encode("idna").decode() for x in name.lower().rstrip(".").split("."))


def mixed(rng, text):
    return "".join(rng.choice([c.lower(), c.upper()]) if c.isascii() else c for c in text)


def spell_six(rng, text):
    """One of the many spellings of RFC 4291."""
    address = ipaddress.IPv6Address(text)
    way = rng.randrange(4)
    if way == 0:
        return mixed(rng, address.exploded)
    if way == 1:
        return mixed(rng, address.compressed)
    groups = [f"{int(g, 16):x}" for g in address.exploded.split(":")]
    zeros = [i for i, g in enumerate(groups) if g == "0"]
    if way == 2 or not zeros:
        return ":".join(groups)
    cut = rng.choice(zeros)
    return (":".join(groups[:cut]) + "::" + ":".join(groups[cut + 1:]))


def four(rng):
    address = rng.choice(FOUR)
    hit = {("exact", "ipv4", address, address)}
    way = rng.randrange(10)
    if way == 0:
        return rng.choice(["1", "9.", "x", "v", "a-"]) + address, set()
    if way == 1:
        return address + rng.choice(["1", ".7", "x", "-beta", "_x"]), set()
    return rng.choice([address, address, f"{address}:443", f"[{address}]:22", f"::ffff:{address}", f"{address}/32",
                       f"{address}#53", f"{address}@53", f"tcp/{address}", f"{address}-10.1.1.1", address + "."]), hit


def six(rng):
    address = rng.choice(SIX)
    text = spell_six(rng, address)
    hit = {("exact", "ipv6", ipaddress.IPv6Address(address).compressed, ipaddress.IPv6Address(address).compressed)}
    way = rng.randrange(8)
    if way == 0:
        return "1:" + text, set()
    if way == 1:
        return ipaddress.IPv6Address(address).exploded + ":1", set()
    return rng.choice([text, text, f"[{text}]:443", f"[{text}]", f"{text}%eth0", f"{text}/64", text + "."]), hit


def net(rng):
    text = rng.choice(NETS)
    network = ipaddress.ip_network(text)
    kind = f"ipv{network.version}"
    if rng.randrange(4) == 0:
        outside = rng.choice([network.network_address - 1, network.broadcast_address + 1])
        return str(outside), set()
    address = network[rng.randrange(network.num_addresses)]
    return (spell_six(rng, str(address)) if network.version == 6 else str(address),
            {("cidr", kind, address.compressed, text)})


def name(rng):
    text = rng.choice(NAMES)
    below = rng.choice(["", "", "www.", "a.b-c.", "_sip._tcp.", "xn--4ca."])
    hit = {("subdomain" if below else "exact", "domain", below + text, text)}
    way = rng.randrange(10)
    if way == 0:
        return rng.choice(["x", "x-", "x_", "9"]) + text, set()
    if way == 1:
        return text + rng.choice([".org", "x", "-x", "_x", ".a.example"]), set()
    if way == 2:
        rest = rng.choice(["http://{}/", "https://u:p@{}:8443/x", "//{}/y", "{}/z"]).format(mixed(rng, below + text))
        return rest, hit if below else {("url-host", "domain", text, text)}
    if way == 3:
        return "%0a" + below + text, hit
    if way == 4:
        return f"somebody@{below}{text}", hit
    return rng.choice(["{}", "{}", "{}.", "{}:53", "{}..."]).format(mixed(rng, below + text)), hit


def wide(rng):
    text = rng.choice(WIDE)
    plain = a_label(text)
    below = rng.choice(["", "", "www.", "\u00e4."])
    seen = a_label(below + text) if below else plain
    hit = {("subdomain" if below else "exact", "domain", seen, plain)}
    if rng.randrange(6) == 0:
        return rng.choice(["x", "\u00e9", "x-"]) + text, set()
    if rng.randrange(6) == 0:
        return text + rng.choice(["x", "\u00e9", ".org"]), set()
    written = rng.choice([below + text, seen, mixed(rng, seen), unicodedata.normalize("NFD", below + text),
                          (below + text).replace(".", "\u3002"), below + text + "."])
    return written, hit


def encode_some(rng, path):
    """Percent-encodes a letter that needs none."""
    at = [i for i, c in enumerate(path) if c.isalnum()]
    i = rng.choice(at)
    return path[:i] + rng.choice(["%{:02x}", "%{:02X}"]).format(ord(path[i])) + path[i + 1:]


def url(rng):
    text = rng.choice(URLS)
    scheme, rest = text.split("//", 1)
    host, path = rest.split("/", 1)
    path = "/" + path
    said = scheme or rng.choice(["http:", "https:"])
    if text == "//u4.example:80/in":
        said = "http:"
    way = rng.randrange(14)
    if way == 0:
        return f"{said}//{host}{path}s", set()
    if way == 1:
        return f"{said}//www.{host}{path}" if not re.match(r"[\[0-9]", host) else f"{said}//{host}1{path}", set()
    if way == 2 and scheme:
        return f"{'https:' if scheme == 'http:' else 'http:'}//{host}{path}", set()
    if way == 3:
        return f"{said}//{host.split(':')[0] if host[0] != '[' else host}:8888{path}", set()
    normal_host = host.removesuffix(":80") if said == "http:" else host
    below = rng.choice(["", "", "/", "/x", "?q=1", "#f", "/x/y?z=//w"])
    seen = f"{said}//{normal_host}{path}{below}"
    hit = {("url-prefix" if below else "exact", "url", seen, text)}
    written = path
    if way == 4:
        written = encode_some(rng, path)
    if way == 5:
        written = "/no/.." + path
    if way == 6:
        written = "/." + path
    shown = mixed(rng, host) if host[0] != "[" else host
    if way == 7 and ":" not in host.strip("[]").replace("2001:db8::99", ""):
        shown += {"http:": ":80", "https:": ":443"}[said]
    if way == 8:
        shown = "user:pa%40ss@" + shown
    if way == 9 and host[0] not in "[1":
        shown = shown.removesuffix(":80") + "." + (":80" if shown.endswith(":80") else "")
    return f"{mixed(rng, said)}//{shown}{written}{below}", hit


def mail(rng):
    text = rng.choice(MAILS)
    hit = {("exact", "email", text, text)}
    way = rng.randrange(8)
    if way == 0:
        return rng.choice(["x", "x.", "x-", "x+"]) + text, set()
    if way == 1:
        return text + rng.choice(["x", ".org", "-x"]), set()
    return rng.choice(["{}", "mailto:{}", "<{}>", "{}.", "SRS0=a={}"]).format(mixed(rng, text)), hit


def digest(rng):
    kind = rng.choice(list(DIGESTS) + ["ja4"])
    if kind == "ja4":
        hit = {("exact", "ja4", JA4, JA4)}
        return (rng.choice([JA4, JA4.upper(), JA4 + "."]), hit) if rng.randrange(3) else (JA4 + "0", set())
    text = DIGESTS[kind]
    way = rng.randrange(6)
    if way == 0:
        return rng.choice("0agz") + text, set()
    if way == 1:
        return text + rng.choice("0agz"), set()
    return rng.choice(["{}", "sha:{}", "{}.exe", "_{}_", "{}-x"]).format(mixed(rng, text)), {("exact", kind, text, text)}


def mac(rng):
    address = rng.choice(MACS)
    text = mixed(rng, rng.choice([address, address.replace(":", "-"),
                                  re.sub("(..):(..):(..):(..):(..):", r"\1\2.\3\4.\5", address)]))
    way, mark = rng.randrange(8), text[2] if text[2] in ":-" else "."
    if way == 0:
        return rng.choice(["x", "0", "1" + mark, "ab" + mark]) + text, set()
    if way == 1:
        return text + rng.choice(["x", "0", mark + "1", mark + "ab"]), set()
    return text + rng.choice(["", "", ".", ": " if mark == ":" else ""]), {("exact", "mac", address, address)}


def cve(rng):
    text = rng.choice(CVES)
    way, written = rng.randrange(6), mixed(rng, rng.choice([text, text, text.replace("-", "_")]))
    if way == 0:
        return rng.choice("x0\u00e9") + written, set()
    if way == 1:
        return written + rng.choice("x0\u00e9"), set()
    return rng.choice(["{}", "{}", "{}.", "poc_{}", "({})", "{}-x"]).format(written), {("exact", "cve", text, text)}


MAKERS = [mac, cve, four, six, net, name, name, wide, url, url, mail, digest]


def record(rng):
    """A text and what it must give: one hit an indicator and observable, of the place where it stands first."""
    text, hits = "", {}
    for _ in range(rng.randrange(1, 4)):
        piece, found = rng.choice(MAKERS)(rng)
        before = rng.choice(BEFORE)
        if before in (" x:", "=") and (":" in piece or "/" in piece):
            before = " "
        text += before + piece + rng.choice(AFTER)
        for match, *what in found:
            hits.setdefault(tuple(what), match)
    return text.strip(" "), {(match, *what) for what, match in hits.items()}


def as_json(rng, text):
    raw = json.dumps(text, ensure_ascii=rng.randrange(2) == 0)
    if rng.randrange(2):
        raw = raw.replace("/", "\\/")
    if rng.randrange(2):
        raw = re.sub(r"(?<!\\)[a-f](?![0-9a-f]{3})", lambda m: f"\\u{ord(m[0]):04x}" if rng.randrange(8) == 0 and "\\u" not in raw else m[0], raw)
    return raw


def as_csv(*cells):
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow(cells)
    return out.getvalue()


def as_zeek(rng, text):
    raw = text.replace("\\", "\\\\").encode()
    return b"".join(b"\\x%02x" % c if c >= 0x80 and rng.randrange(2) else bytes([c]) for c in raw)


def logs(rng, texts):
    """name: (bytes, lines before the first record)."""
    day = "2020-06-15T10:00:00"
    join = lambda lines: ("\n".join(lines) + "\n").encode()
    made = {
        "lines.log": (join(["text"] + texts), 1),
        "crlf.log": (("\r\n".join(["text"] + texts) + "\r\n").encode(), 1),
        "json.log": (join(f'{{"ts":1592215200.5,"msg":{as_json(rng, t)}}}' for t in texts), 0),
        "eve.json": (join(f'{{"timestamp":"{day}.000000+0000","event_type":"dns","dns":{{"answers":[{{"rrname":{as_json(rng, t)}}}]}}}}'
                          for t in texts), 0),
        "table.csv": (join(["time,value,n"] + [as_csv(day + "Z", t, "1") for t in texts]), 1),
        "zeek.log": (b"#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tx\n#fields\tts\tmsg\tn\n"
                     + b"".join(b"1592215200.5\t" + as_zeek(rng, t) + b"\t-\n" for t in texts), 6),
        "access.log": (join(f'10.0.0.1 - - [15/Jun/2020:10:00:00 +0000] "GET / HTTP/1.1" 200 1 "-" "ua {t} "' for t in texts), 0),
        "syslog.log": (join(f"Jun 15 10:00:00 host app[1]: {t}" for t in texts), 0),
        "wide.log": (("\ufefftext\n" + "\n".join(texts) + "\n").encode("utf-16-le"), 1),
    }
    plain, first = made["lines.log"]
    cut = rng.randrange(len(plain))
    made["lines.log.gz"] = (gzip.compress(plain[:cut]) + gzip.compress(plain[cut:]), first)
    made["lines.log.xz"] = (lzma.compress(plain), first)
    if shutil.which("zstd"):
        pack = lambda b: subprocess.run(["zstd", "-qc"], input=b, capture_output=True, check=True).stdout
        made["lines.log.zst"] = (pack(plain[:cut]) + pack(plain[cut:]), first)
    return made


def indicators():
    return "\n".join(FOUR + SIX + NETS + NAMES + WIDE + [u.removeprefix("//") for u in URLS] + MAILS
                     + list(DIGESTS.values()) + [JA4] + MACS + CVES) + "\n"


def of_row(row):
    """What a hit says, with the indicator's value as the list had it."""
    pattern = re.search(r"'([^']+)'\)?\]$", row["pattern"]).group(1)
    if " IN (" in row["pattern"]:
        pattern = pattern.removeprefix("https:")
    seen = row["observable"]
    return (row["match"], seen["kind"], seen["value"], pattern)


@pytest.mark.parametrize("part", range(4))
def test_what_was_made_is_found_in_every_format(tocsin, tmp_path, rng, part):
    (tmp_path / "i.txt").write_text(indicators())
    made = [record(rng) for _ in range(600)]
    made = [(t, h) for t, h in made if not t.startswith(("#", "{", "[", "\""))]
    total = 0
    for file, (raw, first) in logs(rng, [t for t, _ in made]).items():
        (tmp_path / file).write_bytes(raw)
        got = {}
        for row in tocsin("scan", "--json", "--ioc", "i.txt", file).rows:
            got.setdefault(row["line"] - 1 - first, set()).add(of_row(row))
        for number, (text, want) in enumerate(made):
            have = got.get(number, set())
            assert have == want, f"{file} record {number}: {text!r}\nmissing {want - have}\nmore {have - want}"
            total += len(want)
    assert total > 5000


def test_each_line_of_the_list_is_armed(tocsin, tmp_path):
    (tmp_path / "i.txt").write_text(indicators())
    (tmp_path / "x.log").write_text("x\n")
    said = tocsin("scan", "--ioc", "i.txt", "x.log", code=1)
    assert "not understood" not in said.err


def test_validity_is_judged_at_the_time_that_each_format_says(tocsin, tmp_path, rng):
    """Valid for two seconds around the events, or for ever but those: in every format one answers and the other never."""
    def indicator(number, valid_from, valid_until):
        return {"type": "indicator", "spec_version": "2.1", "id": f"indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd{number}",
                "created": "2020-01-01T00:00:00.000Z", "modified": "2020-01-01T00:00:00.000Z",
                "pattern": "[domain-name:value = 'evil.example']", "pattern_type": "stix",
                "valid_from": valid_from, "valid_until": valid_until}
    found = [indicator("10", "2020-06-15T09:59:59Z", "2020-06-15T10:00:01Z"),
             indicator("11", "2020-06-15T10:00:00.5Z", "2020-06-15T10:00:01Z")]
    late = [indicator("20", "2020-01-01T00:00:00Z", "2020-06-15T10:00:00Z"),
            indicator("21", "2020-06-15T10:00:01Z", "2030-01-01T00:00:00Z")]
    (tmp_path / "i.json").write_text("\n".join(json.dumps(i) for i in found + late) + "\n")
    texts = [f"{n} evil.example x" for n in range(5)]
    half = {"json.log", "zeek.log"}
    for file, (raw, first) in logs(rng, texts).items():
        if file.startswith(("lines", "crlf", "wide")):
            continue
        (tmp_path / file).write_bytes(raw)
        os.utime(tmp_path / file, (1606780800, 1606780800))
        said = tocsin("scan", "--json", "--ioc", "i.json", file)
        assert len(said.rows) == (10 if file in half else 5), file
        assert {r["indicator"][-2:] for r in said.rows} == ({"10", "11"} if file in half else {"10"}), file
        assert {r["time"] for r in said.rows} == {f"2020-06-15T10:00:00.{'5' if file in half else '0'}00000Z"}, file
        assert f"{10 if file in half else 15} left out: the indicator was not valid then" in said.err
