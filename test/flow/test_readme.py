"""The README's tour is real: each "$ command" between its marks is run in one folder, its output (both
streams, as a terminal shows them) must be what stands below it. "..." stands for anything within a line."""
import os
import pathlib
import re
import subprocess

from conftest import BIN

README = pathlib.Path(__file__).parents[2] / "README.md"


def steps():
    tour = README.read_text().split("<!-- tour -->")[1].split("<!-- /tour -->")[0]
    found = []
    for line in tour.splitlines():
        if line.startswith("    $ "):
            found.append([line[6:], []])
        elif line.startswith("    ") and found:
            found[-1][1].append(line[4:])
    return found


def like(expected, got):
    pattern = ".*".join(re.escape(piece) for piece in expected.split("..."))
    return re.fullmatch(pattern, got) is not None


def test_every_command_of_the_tour_says_what_the_readme_shows(tmp_path):
    bin_dir = tmp_path / "bin"
    bin_dir.mkdir()
    (bin_dir / "tocsin").symlink_to(BIN)
    work = tmp_path / "work"
    work.mkdir()
    env = {**os.environ, "PATH": f"{bin_dir}:{os.environ['PATH']}", "LC_ALL": "C.UTF-8"}
    env.pop("TOCSIN_NODE", None)
    told = steps()
    assert len(told) >= 3
    for command, expected in told:
        run = subprocess.run(["bash", "-c", f"{command}\n"], stdout=subprocess.PIPE, text=True,
                             stderr=subprocess.STDOUT, cwd=work, env=env, timeout=60)
        got = run.stdout.splitlines()
        assert len(got) == len(expected) and all(map(like, expected, got)), \
            f"$ {command}\n{run.stdout}\ninstead of\n" + "\n".join(expected)
