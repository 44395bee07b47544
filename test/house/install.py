"""What `make install DESTDIR=...` puts where, and that it works from there; TAP."""
import os
import pathlib
import stat
import subprocess
import sys
import tempfile

FILES = {
    "bin/tocsin": 0o755,
    "lib/systemd/system/tocsin.service": 0o644,
    "lib/sysusers.d/tocsin.conf": 0o644,
    "share/bash-completion/completions/tocsin.bash": 0o644,
    "share/fish/vendor_completions.d/tocsin.fish": 0o644,
    "share/man/man1/tocsin.1": 0o644,
    "share/man/man5/tocsin.conf.5": 0o644,
    "share/zsh/site-functions/_tocsin": 0o644,
}
OPTIONAL = {"share/doc/tocsin/LICENSE.yyjson", "share/doc/tocsin/LICENSE"}
tests = []


def test(function):
    tests.append(function)
    return function


@test
def everything_is_in_place_and_nothing_else(there, prefix):
    found = {str(p.relative_to(prefix)): stat.S_IMODE(p.stat().st_mode) for p in there.rglob("*") if p.is_file()}
    assert {k: v for k, v in found.items() if k not in OPTIONAL} == FILES, found


@test
def nothing_is_writable_by_others(there, prefix):
    assert not [p for p in there.rglob("*") if p.stat().st_mode & 0o022]


@test
def the_program_runs_and_has_no_debris_of_the_build(there, prefix):
    program = prefix / "bin/tocsin"
    assert subprocess.run([program, "--version"], capture_output=True, text=True).stdout.startswith("tocsin ")
    assert str(pathlib.Path.cwd()).encode() not in program.read_bytes()


@test
def the_unit_names_the_installed_program(there, prefix):
    unit = (prefix / "lib/systemd/system/tocsin.service").read_text()
    start, = [line for line in unit.splitlines() if line.startswith("ExecStart=")]
    assert start.split("=", 1)[1].split()[0] == "/" + str((prefix / "bin/tocsin").relative_to(there))
    assert "@" not in unit.replace("@system-service", "").replace("@privileged", "")


def main():
    with tempfile.TemporaryDirectory() as name:
        there = pathlib.Path(name)
        os.umask(0o022)
        run = subprocess.run(["meson", "install", "-C", sys.argv[1], "--no-rebuild", "--quiet"], capture_output=True,
                             text=True, env={**os.environ, "DESTDIR": name})
        print(f"1..{len(tests) + 1}")
        print(f"{'ok' if run.returncode == 0 else 'not ok'} 1 - meson install ends well")
        sys.stderr.write(run.stdout + run.stderr)
        program = next(there.rglob("bin/tocsin"))
        failed = run.returncode != 0
        for number, function in enumerate(tests, 2):
            try:
                function(there, program.parents[1])
                print(f"ok {number} - {function.__name__}")
            except Exception as why:
                failed = True
                print(f"not ok {number} - {function.__name__}")
                sys.stderr.write(f"{function.__name__}: {why!r}\n")
    return failed


sys.exit(main())
