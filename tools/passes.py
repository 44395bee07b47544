#!/usr/bin/env python3
"""Nothing leaves without a pass of the gate. Checks, over src/:
1. struct pass is defined in src/memo/release.c alone, and nobody outside src/memo casts to it;
2. in the modules that write outward, a function that touches the bytes of a stored object names a pass or
   asks the gate (pass_*, *permits), or stands in tools/passes.allow with its reason;
3. a function declared in a header of taxii, feed, node or of the redaction that takes a stored object and a buffer or list to write
   to takes a `const struct pass *` too, or a struct of that header that holds one;
4. the compiler refuses a pass made by hand and an encoder called without one.
Before that it shows that each rule finds what it is there to find."""
import argparse
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys

OUTWARD = ("taxii", "feed", "sight", "advisory", "console", "node", "cmd")
BYTES = re.compile(r"\bobject\s*(?:\.|->)\s*bytes\b(?!\s*=[^=])")
ASKS = re.compile(r"\bpass\b|\bpass_\w+\(|\b\w*permits\(")


def functions(text):
    """(name, body with its head) of each function of a file in the house's shape."""
    lines, head = text.splitlines(), 0
    start = None
    for number, line in enumerate(lines):
        if line == "{":
            start, name = number, "?"
            for back in range(number - 1, max(-1, number - 12), -1):
                found = re.match(r"(\w+)\(", lines[back])
                if found:
                    name, head = found.group(1), back
                    break
        elif line == "}" and start is not None:
            yield name, "\n".join(lines[head:number])
            start = None


def plain(text):
    """Without comments and strings."""
    return re.sub(r'/\*.*?\*/|"(?:\\.|[^"\\\n])*"', " ", text, flags=re.S)


def check_source(path, text, allow, used):
    module, text, faults = path.parts[0], plain(text), []
    if module != "memo" and re.search(r"\(\s*(?:const\s+)?struct\s+pass\s*\*\s*\)\s*[\w&(]", text):
        faults.append(f"{path}: casts something to a pass")
    if re.search(r"struct\s+pass\s*\{", text) and str(path) != "memo/release.c":
        faults.append(f"{path}: defines struct pass")
    if module not in OUTWARD or path.suffix != ".c":
        return faults
    for name, body in functions(text):
        key = f"src/{path}:{name}"
        if not BYTES.search(body):
            continue
        if key in allow:
            used.add(key)
        elif not ASKS.search(body):
            faults.append(f"{key}: touches an object's bytes and asks no pass")
    return faults


def check_header(path, text):
    if path.parts[0] not in ("taxii", "feed", "node") and str(path) != "memo/redact.h":
        return []
    faults, text = [], plain(text)
    holders = [n for n, body in re.findall(r"struct\s+(\w+)\s*\{([^{}]*)\}", text)
               if re.search(r"const struct pass\s*\*", body)]
    asks = re.compile(r"const struct pass\s*\*" + "".join(rf"|struct {n}\s*\*" for n in holders))
    for name, arguments in re.findall(r"\b(\w+)\(([^()]*)\)\s*;", text):
        stored = re.search(r"const struct (?:vault_(?:item|object)|stix_object)\s*\*", arguments)
        sink = re.search(r"struct (?:buf|encode_list|out)\s*\*", arguments)
        if stored and sink and not asks.search(arguments):
            faults.append(f"{path}: {name} writes an object and takes no pass")
    return faults


def refused(command, code):
    run = subprocess.run(command, input=code, text=True, capture_output=True)
    return run.returncode != 0


def check_compiler(root, build):
    flags = {f"-I{root}"}
    for entry in json.loads((build / "compile_commands.json").read_text()):
        words = shlex.split(entry["command"])
        flags.update(w for w in words if w.startswith(("-I/", "-isystem/")))
        flags.update("-isystem" + b for a, b in zip(words, words[1:]) if a == "-isystem")
    cc = os.environ.get("CC", "cc")
    command = [cc, "-std=gnu2x", "-fsyntax-only", "-D_GNU_SOURCE", *sorted(flags), "-x", "c", "-"]
    head = '#include "memo/release.h"\n#include "taxii/encode.h"\nbool f(struct encode_list *l, ' \
           "const struct pass *pass, const struct vault_item *i, const struct facts_source *e);\n" \
           "bool f(struct encode_list *l, const struct pass *pass, const struct vault_item *i, " \
           "const struct facts_source *e)\n{\n"
    faults = []
    if refused(command, head + "return encode_object(l, pass, i, e);\n}\n"):
        faults.append("an encoder called with a pass does not compile: this check is broken")
    for what, line in (("a pass made by hand", "struct pass own = {0}; return encode_object(l, &own, i, e);"),
                       ("an encoder without a pass", "(void)pass; return encode_object(l, i, e);"),
                       ("a look into a pass", "return pass->action && encode_object(l, pass, i, e);")):
        if not refused(command, head + line + "\n}\n"):
            faults.append(f"{what} compiles")
    return faults


def self_test():
    bad = {
        "cmd/x.c": "int\nout(void)\n{\n\tput(item.object.bytes);\n}\n",
        "feed/x.c": "struct pass {\n};\n",
        "taxii/x.c": "void\nf(void)\n{\n\tg((const struct pass *)p);\n}\n",
        "node/x.c": "void\nf(void)\n{\n\t/* pass */ put(\"pass\", item->object.bytes);\n}\n",
    }
    good = {
        "cmd/x.c": "int\nout(const struct pass *pass)\n{\n\tif (pass_object(pass, f, item.object.bytes, e))\n\t\tput();\n}\n",
        "vault/x.c": "int\nf(void)\n{\n\tput(item.object.bytes);\n}\n",
    }
    header = "bool encode(struct buf *out, const struct vault_item *item);\n"
    faults = [f"missed: {n}" for n, t in bad.items() if not check_source(pathlib.Path(n), t, {}, set())]
    faults += [f"false: {n}" for n, t in good.items() if check_source(pathlib.Path(n), t, {}, set())]
    if not check_header(pathlib.Path("taxii/x.h"), header):
        faults.append("missed: a header")
    if check_header(pathlib.Path("taxii/x.h"), header.replace("out,", "out, const struct pass *pass,")):
        faults.append("false: a header")
    held = "struct w {\n\tconst struct pass *pass;\n};\n" + header.replace("out,", "out, struct w *w,")
    if check_header(pathlib.Path("taxii/x.h"), held):
        faults.append("false: a header whose writer holds the pass")
    return faults


parser = argparse.ArgumentParser()
parser.add_argument("--build", required=True, help="build folder, for the compiler flags it recorded")
parser.add_argument("--src", default="src")
options = parser.parse_args()
root, allow, used = pathlib.Path(options.src), {}, set()
for line in pathlib.Path("tools/passes.allow").read_text().splitlines():
    if line.strip() and not line.startswith("#"):
        key, reason = line.split(None, 1)
        allow[key] = reason
faults = self_test()
for path in sorted(root.rglob("*.[ch]")):
    inside, text = path.relative_to(root), path.read_text()
    faults += check_source(inside, text, allow, used)
    if path.suffix == ".h":
        faults += check_header(inside, text)
faults += [f"tools/passes.allow: {key} needs no exception any more" for key in set(allow) - used]
faults += check_compiler(root, pathlib.Path(options.build))
print("\n".join(faults) if faults else f"nothing leaves without a pass ({len(allow)} exceptions with a reason)")
sys.exit(1 if faults else 0)
