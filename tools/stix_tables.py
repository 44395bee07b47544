#!/usr/bin/env python3
"""Makes C tables of data/stix and data/words: objects.txt, vocabularies.txt, relationships.txt and one
list of words a file. The first argument is the file to write, the others are the sources."""
import pathlib
import re
import sys

COMMON_AT = 48  # bit of the first common property; own ones start at 0
KINDS = {"sdo": "STIX_SDO", "sro": "STIX_SRO", "sco": "STIX_SCO", "meta": "STIX_META"}
out, vocabularies = [], {}


def name_of(text):
    return re.sub(r"[^a-z0-9]", "_", text.lower())


def span(text):
    quoted = text.replace("\\", "\\\\").replace('"', '\\"')
    return '{"%s", %d}' % (quoted, len(text.encode()))


def fail(where, what):
    sys.exit(f"{where}: {what}")


def emit_words(name, check, words):
    """Sorted by bytes, for bisection."""
    if len(set(words)) != len(words):
        fail(name, "a word stands twice")
    words = sorted(words, key=lambda w: w.encode())
    ends, length = [0], 0
    for word in words:
        length += len(word.encode())
        ends.append(length)
    # One text and offsets instead of pointers: nothing for the loader to relocate.
    out.append(f"static const char text_{name_of(name)}[] =")
    out.extend('\t"%s"' % "".join(words[n : n + 8]) for n in range(0, len(words), 8))
    out.append("\t;")
    out.append(f"static const uint32_t ends_{name_of(name)}[] = {{")
    out.extend("\t" + "".join(f"{e}, " for e in ends[n : n + 12]) for n in range(0, len(ends), 12))
    out.append("};")
    check = "STIX_CHECKS" if check == "-" else "CHECK_" + name_of(check).upper()
    out.append(f"const struct stix_words stix_words_{name_of(name)} = {{")
    out.append(f"\t{span(name)}, text_{name_of(name)}, ends_{name_of(name)}, {len(words)}, {check}}};")
    vocabularies[name] = check


def read_vocabularies(path):
    name = check = None
    words = []
    for line in path.read_text().splitlines() + ["[- -]"]:
        if line.startswith("#"):
            continue
        if line.startswith("["):
            if name:
                emit_words(name, check, words)
            name, check = line.strip("[]").split()
            words = []
        else:
            words += line.split()


def read_list(path, check):
    lines = [l for l in path.read_text().splitlines() if l and not l.startswith("#")]
    emit_words(path.stem, check, lines)


class Table:
    def __init__(self, role, name, where):
        self.role, self.name, self.where = role, name, where
        self.properties, self.rules, self.of, self.release = [], [], None, "other"

    def symbol(self):
        return f"table_{self.role if self.role == 'common' else ''}{name_of(self.name)}"


def read_objects(path):
    tables = []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        words, where = line.split(), f"{path}:{number}"
        if not words or line.startswith("#"):
            continue
        if not line.startswith("\t"):
            tables.append(Table(words[0], words[1], where))
            tables[-1].section = words.pop()
            if not re.fullmatch(r"[0-9]+(\.[0-9]+)+", tables[-1].section):
                fail(where, "no section")
            if words[0] in KINDS:
                tables[-1].release = words[2] if len(words) > 2 else "support"
            if words[0] == "ext":
                tables[-1].of = words[3]
        elif words[0] in ("order", "some", "one", "with", "own", "code"):
            tables[-1].rules.append((words[0], words[1:], where))
        else:
            tables[-1].properties.append((words[0], words[1:], where))
    return tables


def argument(table, name, words, where):
    """C of (value, argument, list) for the words behind a property's name."""
    listed = words[0] == "list"
    kind, rest = (words[1], words[2:]) if listed else (words[0], words[1:])
    value = "VALUE_" + name_of(kind).upper()
    symbol = f"arg_{name_of(table.role + table.name)}_{name}"
    arg = "NULL"
    if kind in ("integer", "float") and rest:
        high = rest[1] if len(rest) > 1 else "INFINITY"
        out.append(f"static const struct stix_range {symbol} = {{{rest[0]}, {high}}};")
        arg = "&" + symbol
    elif kind in ("open", "enum"):
        if rest[0] not in vocabularies:
            fail(where, f"no vocabulary {rest[0]}")
        arg = "&stix_words_" + name_of(rest[0])
    elif kind == "object":
        arg = f"&table_{name_of(rest[0])}"
    elif kind == "dictionary":
        value += "_" + name_of(rest[1]).upper()
    elif kind == "id" and rest:
        kinds = " | ".join(f"1 << {KINDS[w[1:]]}" for w in rest if w.startswith("@")) or "0"
        types = [w for w in rest if not w.startswith("@")]
        if types:
            out.append(f"static const struct span {symbol}_types[] = {{{', '.join(map(span, types))}}};")
        out.append(
            f"static const struct stix_refs {symbol} = "
            f"{{{symbol + '_types' if types else 'NULL'}, {len(types)}, {kinds}}};")
        arg = "&" + symbol
    return value, arg, listed


def mask(table, names, where, base):
    bits = 0
    for name in names:
        known = [n.rstrip("!") for n, _, _ in table.properties]
        if name in known:
            bits |= 1 << (known.index(name) + base)
            continue
        shared = [n.rstrip("!") for n, _, _ in table.common.properties] if table.common else []
        if name not in shared:
            fail(where, f"{table.name} has no {name}")
        bits |= 1 << (COMMON_AT + shared.index(name))
    return f"UINT64_C({bits:#x})"


def rule(table, kind, words, where, base):
    text = '""'
    first = second = "{}"
    a = b = "0"
    code = "NULL"
    strict = 0
    if kind == "order":
        first, second, strict = span(words[0]), span(words[2]), int(words[1] == "<")
        a = mask(table, [words[0], words[2]], where, base)
    elif kind in ("some", "one"):
        a, text = mask(table, words, where, base), '"%s"' % ", ".join(words)
    elif kind == "with":
        a, b = mask(table, words[:1], where, base), mask(table, words[1:], where, base)
        first, second = span(words[0]), span(words[1])
    elif kind == "own":
        but = words[words.index("but") + 1] if "but" in words else None
        names = [n.rstrip("!") for n, _, _ in table.properties if n.rstrip("!") != but]
        if "or" in words:
            names.append(words[words.index("or") + 1])
        a = mask(table, names, where, base)
    elif kind == "code":
        code = "rule_" + words[0]
    return f"\t{{RULE_{kind.upper()}, {strict}, {a}, {b}, {text}, {first}, {second}, {code}}},"


def hash_of(text, seed):
    """stix_slot() in src/stix/table-internal.h, the last step but one."""
    data = text.encode()
    width = 8 if len(data) >= 8 else 4 if len(data) >= 4 else 1
    first = int.from_bytes(data[:width], "little")
    last = int.from_bytes(data[-width:], "little")
    mixed = first ^ (last << 29 | last >> 35) & (1 << 64) - 1
    return (mixed + len(data)) * seed % (1 << 64) >> 56


def perfect(names, where):
    """A seed under which no two names meet, and the slots: number of the name, or 255."""
    for tries in range(100000):
        seed = (tries * 2 + 1) * 0x9E3779B97F4A7C15 % (1 << 64)
        slots = [255] * 256
        for number, name in names:
            at = hash_of(name, seed)
            if slots[at] != 255:
                break
            slots[at] = number
        else:
            return seed, slots
    fail(where, "no perfect hash")


def emit_slots(symbol, names, where):
    seed, slots = perfect(names, where)
    out.append("static const struct stix_slots %s = {UINT64_C(%#x), {" % (symbol, seed))
    out.extend("\t" + "".join(f"{n}, " for n in slots[i : i + 24]) for i in range(0, 256, 24))
    out.append("}};")


def emit_table(table):
    base = COMMON_AT if table.role == "common" else 0
    if len(table.properties) > (64 - COMMON_AT if base else COMMON_AT):
        fail(table.where, "too many properties")
    rows = []
    required = 0
    for bit, (name, words, where) in enumerate(table.properties):
        value, arg, listed = argument(table, name.rstrip("!"), words, where)
        if name.endswith("!"):
            required |= 1 << (bit + base)
        rows.append(f"\t{{{span(name.rstrip('!'))}, {arg}, {value}, {int(listed)}}},")
    symbol = table.symbol()
    out.append(f"static const struct stix_property {symbol}_own[] = {{")
    out.extend(rows)
    out.append("};")
    if table.rules:
        out.append(f"static const struct stix_rule {symbol}_rules[] = {{")
        out.extend(rule(table, *r, base) for r in table.rules)
        out.append("};")
    common = "&" + table.common.symbol() if table.common else "NULL"
    names = [(i + base, n.rstrip("!")) for i, (n, _, _) in enumerate(table.properties)]
    if table.common:
        own = {name for _, name in names}
        shared = [n.rstrip("!") for n, _, _ in table.common.properties]
        names += [(i + COMMON_AT, n) for i, n in enumerate(shared) if n not in own]
    emit_slots(symbol + "_slots", names, table.where)
    kind = KINDS.get(table.role, "STIX_META")
    out.append(f"static const struct stix_table {symbol} = {{{span(table.name)}, {span(table.of or '')}, "
               f'"{table.section}", {symbol}_own,')
    out.append(f"\t{symbol + '_rules' if table.rules else 'NULL'}, {common}, UINT64_C({required:#x}),")
    out.append(f"\t{len(table.properties)}, {len(table.rules)}, {kind}, STIX_CLASS_{table.release.upper()},")
    out.append(f"\t&{symbol}_slots}};")


def emit_index(name, tables):
    out.append(f"const struct stix_table *const stix_{name}[] = {{")
    out.extend(f"\t&{t.symbol()}," for t in tables)
    out.append("};")
    out.append(f"const size_t stix_{name}_count = {len(tables)};")


def read_relationships(path):
    rows = []
    for line in path.read_text().splitlines():
        if line.startswith("#") or not line:
            continue
        source, names, *targets = line.split()
        for name in names.split(","):
            rows += [f"\t{{{span(source)}, {span(name)}, {span(t)}}}," for t in targets]
    out.append("const struct stix_link stix_links[] = {")
    out.extend(rows)
    out.append("};")
    out.append(f"const size_t stix_links_count = {len(rows)};")


def main():
    target, *paths = sys.argv[1:]
    source = {pathlib.Path(p).stem: pathlib.Path(p) for p in paths if p.endswith(".txt")}
    out.append("/* Made by tools/stix_tables.py. */")
    out.append('#include <math.h>\n\n#include "stix/rules-internal.h"\n#include "stix/table-internal.h"\n')
    read_vocabularies(source["vocabularies"])
    read_vocabularies(source["languages"])
    for name, check in (("countries", "countries"), ("protocols", "protocols"), ("ipfix", "ipfix"), ("charsets", "-")):
        read_list(source[name], check)
    tables = read_objects(source["objects"])
    commons = {t.name: t for t in tables if t.role == "common"}
    for table in tables:
        role = "sdo" if table.role == "sro" else "bundle" if table.name == "bundle" else table.role
        table.common = None if table.role == "common" else commons.get(role)
    # Parts of parts come first.
    for table in [t for t in tables if t.role == "part"] + [t for t in tables if t.role not in ("part",)]:
        emit_table(table)
    objects = [t for t in tables if t.role in KINDS]
    emit_index("objects", objects)
    emit_slots("object_slots", [(i, t.name) for i, t in enumerate(objects)], "objects")
    out.append("const struct stix_slots *const stix_object_slots = &object_slots;")
    emit_index("extensions", [t for t in tables if t.role == "ext"])
    for name in ("sdo", "sco"):
        out.append(f'static const struct stix_table unknown_{name} = {{.section = "3.2", .common = &table_common{name},')
        out.append(f"\t.kind = {KINDS[name]}, .class = STIX_CLASS_OTHER, .slots = &table_common{name}_slots}};")
        out.append(f"const struct stix_table *const stix_unknown_{name} = &unknown_{name};")
    read_relationships(source["relationships"])
    pathlib.Path(target).write_text("\n".join(out) + "\n")


main()
