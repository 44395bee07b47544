"""The README's tour is real: each "$ command" between its marks is run in one folder, its output (both
streams, as a terminal shows them) must be what stands below it. "..." stands for anything within a line;
a free port takes the place of 6210; what ends in " &" runs until the end and must then stop cleanly."""
import os
import pathlib
import re
import subprocess

from conftest import BIN, free_port

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


def test_every_command_of_the_tour_says_what_the_readme_shows(tmp_path):
    bin_dir, work, port = tmp_path / "bin", tmp_path / "work", str(free_port())
    bin_dir.mkdir()
    work.mkdir()
    (bin_dir / "tocsin").symlink_to(BIN)
    env = {k: v for k, v in os.environ.items() if k not in ("TOCSIN_NODE", "http_proxy", "https_proxy")}
    env |= {"PATH": f"{bin_dir}:{env['PATH']}", "LC_ALL": "C.UTF-8"}
    told = [(command.replace(":6210", f":{port}"), [line.replace("port=6210", f"port={port}") for line in lines])
            for command, lines in steps()]
    assert len(told) >= 20
    daemons = []
    try:
        run_tour(told, work, env, daemons)
    finally:
        for process in daemons:
            process.terminate()
            process.communicate(timeout=30)
    assert [process.returncode for process in daemons] == [0]
