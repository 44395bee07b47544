"""The README's tour and the manual's are real: each "$ command" between their marks is run, a document in one
folder, and its output (both streams, as a terminal shows them) must be what stands below it. "..." stands for
anything within a line; free ports take the places of those named; what ends in " &" runs until the end and must
then stop cleanly."""
import os
import pathlib
import re
import subprocess

import pytest

from conftest import BIN, free_port

ROOT = pathlib.Path(__file__).parents[2]


def steps(document):
    """[command, lines of its output] of all tours of a document; an indented empty line is one of output."""
    found = []
    for piece in (ROOT / document).read_text().split("<!-- tour -->")[1:]:
        for line in piece.split("<!-- /tour -->")[0].splitlines():
            if line.startswith("    $ "):
                found.append([line[6:], []])
            elif line.startswith("    ") and found:
                found[-1][1].append(line[4:])
    return found


def like(expected, got):
    pattern = ".*".join(re.escape(piece) for piece in expected.split("..."))
    return re.fullmatch(pattern, got) is not None


def run_tour(told, work, env, daemons):
    for command, expected in told:
        if command.endswith(" &"):
            process = subprocess.Popen(["bash", "-c", f"exec {command[:-2]}"], stdout=subprocess.PIPE, text=True,
                                       stderr=subprocess.STDOUT, cwd=work, env=env)
            daemons.append(process)
            got = [process.stdout.readline().rstrip() for _ in expected]
        else:
            run = subprocess.run(["bash", "-c", f"{command}\n"], stdout=subprocess.PIPE, text=True,
                                 stderr=subprocess.STDOUT, cwd=work, env=env, timeout=60)
            got = run.stdout.splitlines()
        assert len(got) == len(expected) and all(map(like, expected, got)), \
            f"$ {command}\n" + "\n".join(got) + "\ninstead of\n" + "\n".join(expected)


def with_free_ports(told):
    """Whatever listens on this machine, the tour must go on."""
    ports = {}

    def other(found):
        return found[1] + ports.setdefault(found[2], str(free_port()))

    return [(re.sub(r"(127\.0\.0\.1:)(\d{4,5})\b", other, command),
             [re.sub(r"(port=)(\d{4,5})\b", other, line) for line in lines]) for command, lines in told]


@pytest.mark.parametrize("document, least", [("README.md", 20), ("doc/manual.md", 20)])
def test_every_command_of_the_tours_says_what_the_document_shows(document, least, tmp_path):
    bin_dir, work = tmp_path / "bin", tmp_path / "work"
    bin_dir.mkdir()
    work.mkdir()
    (bin_dir / "tocsin").symlink_to(BIN)
    env = {k: v for k, v in os.environ.items() if k not in ("TOCSIN_NODE", "http_proxy", "https_proxy")}
    env |= {"PATH": f"{bin_dir}:{env['PATH']}", "LC_ALL": "C.UTF-8"}
    told = with_free_ports(steps(document))
    assert len(told) >= least
    daemons = []
    try:
        run_tour(told, work, env, daemons)
    finally:
        for process in daemons:
            process.terminate()
            process.communicate(timeout=30)
    assert [process.returncode for process in daemons] == [0] * len(daemons) and daemons
