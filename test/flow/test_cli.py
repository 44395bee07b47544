"""The command line itself: usage errors, exit codes, streams, help, completion, configuration."""
import os
import re
import shutil
import subprocess

import pytest

from conftest import BIN


def test_an_unknown_command_exits_2_and_names_the_nearest(tocsin):
    said = tocsin("confg", code=2)
    assert "no command \"confg\"; did you mean config?" in said.err
    assert "usage: tocsin COMMAND" in said.err and said.out == ""


def test_an_unknown_option_exits_2_with_the_usage_of_its_command(tocsin):
    said = tocsin("config", "describe", "--jsn", code=2)
    assert "no option --jsn; did you mean --json?" in said.err
    assert "usage: tocsin config describe" in said.err


@pytest.mark.parametrize("args, why", [
    ([], "no command given"),
    (["config"], "config: which one?"),
    (["config", "nosuch"], "config has no \"nosuch\""),
    (["config", "check", "a", "b"], "unexpected \"b\""),
    (["help", "--format", "pdf"], "--format takes man|man-conf|bash|zsh|fish, not \"pdf\""),
    (["help", "--format"], "--format needs man|man-conf|bash|zsh|fish"),
    (["help", "--format=man", "--format=man"], "--format is said twice"),
    (["config", "describe", "--json=yes"], "--json takes no value"),
    (["--node=", "config", "show"], "--node needs a value"),
    (["help", "-x"], "no option -x"),
])
def test_a_wrong_line_says_why(tocsin, args, why):
    assert f"tocsin: {why}" in tocsin(*args, code=2).err


def test_two_dashes_end_the_options(tocsin):
    assert "--json" in tocsin("config", "check", "--", "--json", code=3).err


def test_help_knows_every_command_of_the_list(tocsin):
    listed = [line.split()[0] for line in tocsin("help").out.splitlines() if line.startswith("  ")
              and not line.lstrip().startswith("-")]
    assert {"config", "help"} <= set(listed)
    for name in listed:
        assert tocsin("help", name).out.startswith(f"usage: tocsin {name}")
        assert tocsin(name, "--help").out == tocsin("help", name).out


def test_the_manual_names_every_command(tocsin):
    page = tocsin("help", "--format", "man").out.replace("\\-", "-")
    for line in tocsin("help").out.splitlines():
        if line.startswith("  ") and not line.lstrip().startswith("-"):
            assert f'.SS "{line.split()[0]}' in page


def test_the_manual_says_all_that_help_says(tocsin):
    page = re.sub(r"\\f[BIR]|^\.[A-Z]+ ?|\\&", "", tocsin("help", "--format", "man").out, flags=re.M)
    page = " ".join(page.replace("\\-", "-").replace("\\e", "\\").split())
    for line in tocsin("help").out.splitlines():
        if line.startswith("  ") and not line.lstrip().startswith("-"):
            for paragraph in tocsin("help", line.split()[0]).out.split("\n\n"):
                if re.match(r'[A-Z"]', paragraph) and not paragraph.startswith("Every command:"):
                    assert " ".join(paragraph.split()) in page


@pytest.mark.skipif(not shutil.which("man"), reason="man is not installed")
def test_the_manual_is_clean_troff(tocsin, tmp_path):
    for format in "man", "man-conf":
        page = tmp_path / f"{format}.1"
        page.write_text(tocsin("help", "--format", format).out)
        run = subprocess.run(["man", "--warnings", "-l", page], capture_output=True, text=True,
                             env={**os.environ, "MANWIDTH": "80", "LC_ALL": "C.UTF-8"})
        assert run.returncode == 0 and run.stderr == "" and "TOCSIN" in run.stdout


def bash_complete(tocsin, tmp_path, *words):
    script = tmp_path / "completion"
    script.write_text(tocsin("help", "--format", "bash").out)
    ask = f'source {script}; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _tocsin; printf "%s\\n" "${{COMPREPLY[@]}}"'
    run = subprocess.run(["bash", "-c", ask, "bash", "tocsin", *words], capture_output=True, text=True)
    assert run.stderr == ""
    return run.stdout.split()


@pytest.mark.parametrize("words, offered", [
    (["conf"], ["config"]),
    (["config", ""], ["show", "check", "describe"]),
    (["config", "d"], ["describe"]),
    (["--node", "x", "config", "sh"], ["show"]),
    (["help", "--format", "ma"], ["man", "man-conf"]),
    (["config", "show", "--js"], ["--json"]),
    (["help", "--f"], ["--format"]),
])
def test_bash_completes_from_the_table(tocsin, tmp_path, words, offered):
    assert bash_complete(tocsin, tmp_path, *words) == offered


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_the_other_completions_parse(tocsin, tmp_path, shell):
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")
    script = tmp_path / "completion"
    script.write_text(tocsin("help", "--format", shell).out)
    subprocess.run([shell, "-n", script], check=True)


def test_data_that_cannot_be_written_is_a_failure():
    with open("/dev/full", "wb") as full:
        run = subprocess.run([BIN, "config", "describe"], stdout=full, stderr=subprocess.PIPE)
    assert run.returncode == 3 and b"tocsin: stdout: No space left on device" in run.stderr
    run = subprocess.run([BIN, "config", "describe"], stderr=subprocess.PIPE,
                         preexec_fn=lambda: os.close(1))
    assert run.returncode == 3 and b"tocsin: stdout: " in run.stderr


def test_a_reader_that_leaves_ends_the_program_silently():
    reader, writer = os.pipe()
    os.close(reader)
    run = subprocess.run([BIN, "help"], stdout=writer, stderr=subprocess.PIPE, restore_signals=True)
    os.close(writer)
    assert run.returncode == -13 and run.stderr == b""


def test_a_missing_node_is_a_failure_that_says_what_to_do(tocsin):
    said = tocsin("config", "show", code=3)
    assert said.err == ('tocsin: ./tocsin-node: no node there; make one with "tocsin init" or name it '
                        'with --node DIR\n')
    assert "nowhere: no node" in tocsin("config", "show", env={"TOCSIN_NODE": "nowhere"}, code=3).err
    assert "there: no node" in tocsin("--node", "there", "config", "show",
                                      env={"TOCSIN_NODE": "nowhere"}, code=3).err


def test_the_described_configuration_is_valid_and_changes_nothing(tocsin, tmp_path):
    (tmp_path / "all").write_text(tocsin("config", "describe").out)
    tocsin("config", "check", "all")
    # Every default taken as a setting is valid too.
    rows = tocsin("config", "describe", "--json").rows
    assert len(rows) >= 18
    text = "".join(f"{r['name']} = {r['default']}\n" for r in rows if r["default"])
    tocsin("config", "check", "/dev/stdin", stdin=text)


def test_config_show_tells_the_value_in_force_and_its_line(tocsin, tmp_path):
    node = tmp_path / "node"
    node.mkdir()
    (node / "tocsin.conf").write_text("# ours\npage-cap = 2000\ntls-cert = c.pem\ntls-key = /k.pem\n"
                                      "listen = [::]:6210\nwarninglist = a\nwarninglist = /b\n")
    rows = {r["name"]: r for r in tocsin("--node", node, "config", "show", "--json").rows}
    assert rows["page-cap"] == {"name": "page-cap", "value": "2000", "line": 2}
    assert rows["tls-cert"]["value"] == f"{node}/c.pem" and rows["tls-key"]["value"] == "/k.pem"
    assert rows["listen"]["value"] == "[::]:6210"
    assert rows["warninglist"]["value"] == f"{node}/a\n/b"
    assert rows["page-default"] == {"name": "page-default", "value": "1000"}
    text = tocsin("--node", node, "config", "show").out
    assert "page-cap = 2000\n" in text and "page-default = 1000  ; default\n" in text
    # What is shown is a valid file that means the same.
    (node / "tocsin.conf").write_text(text)
    again = {r["name"]: r["value"] for r in tocsin("--node", node, "config", "show", "--json").rows}
    assert again == {name: r["value"] for name, r in rows.items()}


@pytest.mark.parametrize("text, where, why", [
    ("page-cap = 5\nlisen = x\n", "2", 'no key "lisen"; "tocsin config describe" lists the keys'),
    ("page-cap = 0\n", "1", "page-cap takes a number from 1 to 100000, not \"0\""),
    ("page-cap = 5\npage-cap = 6\n", "2", "page-cap is set twice, first in line 1"),
    ("page-default = 5000\npage-cap = 4000\n", "1", "page-default is larger than page-cap"),
    ("listen = 192.0.2.1:80\n", "1", "plain HTTP is served on loopback only"),
    ("tls-cert = a\n", "1", "tls-cert and tls-key go together"),
    ("local = 192.0.2.1:80\n", "1", "local takes a loopback address"),
    ("listen = localhost\n", "1", "listen takes ADDR:PORT"),
    ("require-jail = maybe\n", "1", "require-jail takes yes or no"),
    ("status-keep = 1h\n", "1", "status-keep takes a time from 1d to 3650d"),
    ("max-content-length = 9G\n", "1", "max-content-length takes bytes from 64K to 64M"),
    ("[main]\n", "1", "there are no sections here"),
    ("title = a\n  b\n", "2", "the line starts with a blank"),
    ("just words\n", "1", 'not "name = value"'),
    ("title = " + "x" * 300 + "\n", "1", "the line is too long"),
    ("title = \udcff\n", "1", "the line is no UTF-8 text"),
])
def test_a_wrong_configuration_is_refused_with_its_line(tocsin, tmp_path, text, where, why):
    (tmp_path / "c").write_bytes(text.encode("utf-8", "surrogateescape"))
    assert f"tocsin: c:{where}: {why}" in tocsin("config", "check", "c", code=1).err
    row, = tocsin("config", "check", "c", "--json", code=1).rows
    assert row["valid"] is False and row["where"] == f"c:{where}"


def test_a_huge_configuration_is_refused(tocsin, tmp_path):
    (tmp_path / "c").write_bytes(b"#\n" * (1 << 20))
    assert "larger than 1 MiB" in tocsin("config", "check", "c", code=1).err
