"""The README is true: its Python runs, its options exist and none is missing, its figures are those of the files."""

import json
import os
import re
import subprocess
import sys
from contextlib import nullcontext
from inspect import signature
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import pytest
import typer.main

from qa.assistant import LISTED, READ, Assistant
from qa.examination import examination
from tests.benchmarks.figures import render, render_performance
from ui.chat import endpoint
from ui.cli import _app
from ui.evaluating import evaluate
from ui.schema import Query, Question

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
GROUP: Any = typer.main.get_command(_app)
COMMANDS: dict[str, Any] = {
    f"{name} {inner}".strip(): command
    for name, outer in GROUP.commands.items()
    for inner, command in getattr(outer, "commands", {"": outer}).items()
}


@pytest.mark.parametrize("code", re.findall(r"```python\n(.*?)```", README, re.DOTALL))
def test_python_blocks_run_and_find_the_answer(code: str, tmp_path: Path) -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "PYTHONIOENCODING": "utf-8",
        "HF_HUB_OFFLINE": "1",
    }
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, encoding="utf-8",
        env=environment, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "ميناء الكتف" in done.stdout


def test_every_command_option_and_variable_is_documented() -> None:
    for name, command in COMMANDS.items():
        assert f"`dalil {name}" in README, name
        assert command.help, name
        for parameter in command.params:
            for option in parameter.opts:
                assert not option.startswith("--") or f"`{option}`" in README or f"[{option}" in README, option
            assert not parameter.envvar or f"`{parameter.envvar}`" in README, parameter.envvar


def test_the_same_passages_are_read_whatever_way_one_asks() -> None:
    assert f"| `--top-k` | `DALIL_TOP_K` | {READ} passages are read; `search` lists {LISTED} |" in README
    for ask in (Assistant.ask, Assistant.search, evaluate, examination, endpoint(MagicMock())):
        assert signature(ask).parameters["top_k"].default == READ
    assert (Question.model_fields["top_k"].default, Query.model_fields["top_k"].default) == (READ, LISTED)


def test_the_command_line_asks_as_python_does(
    assistant: Assistant, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("ui.cli._open", lambda *_: nullcontext(assistant))
    typer.main.get_command(_app).main(["ask", "من هو الناطق باسم الجيش؟", "--json"], standalone_mode=False)
    printed = json.loads(capsys.readouterr().out)
    asked = assistant.ask("من هو الناطق باسم الجيش؟").to_dict()
    assert {**printed, "timing_ms": {}} == {**json.loads(json.dumps(asked)), "timing_ms": {}}


def test_documented_options_exist() -> None:
    exist = {option for command in COMMANDS.values() for parameter in command.params for option in parameter.opts}
    documented = set(re.findall(r"`(--[a-z-]+)`", README))
    assert documented <= exist | {"--help", "--version"}


def test_the_shell_block_names_targets_that_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"(?:^|`)make ([a-z]+)", README, re.MULTILINE)) <= targets


def test_figures_are_those_of_the_result_files() -> None:
    shown = README.split("<!-- figures -->")[1].split("<!-- /figures -->")[0].strip()
    assert shown == render().strip(), "run: python -m tests.benchmarks.figures"


def test_a_large_index_finds_what_exact_search_finds() -> None:
    """The figures of tests/benchmarks/size.py: the ways vectors are kept are chosen so that these hold."""
    sizes = json.loads((ROOT / "tests/benchmarks/results/size.json").read_text(encoding="utf-8"))["sizes"]
    assert len(sizes) >= 2
    for entry in sizes:
        recalls = {name: value for name, value in entry.items() if name.endswith("recall_at_10")}
        assert len(recalls) == 4
        assert min(recalls.values()) >= 0.98, (entry["passages"], recalls)


def test_figures_of_performance_are_those_of_the_result_file() -> None:
    page = (ROOT / "docs" / "performance.md").read_text(encoding="utf-8")
    shown = page.split("<!-- figures -->")[1].split("<!-- /figures -->")[0].strip()
    assert shown == render_performance().strip(), "run: python -m tests.benchmarks.figures"


def test_pictures_and_files_named_in_the_readme_are_there() -> None:
    for picture in re.findall(r"!\[.*?\]\((.*?)\)", README):
        assert (ROOT / picture).is_file(), picture
    for name in re.findall(r"\b([a-z]+\.py)", README):
        assert list(ROOT.glob(f"[equ]*/**/{name}")), name


def test_the_repository_speaks_of_the_product_alone() -> None:
    machine_path = re.compile(r"(^|[^.\w])/(work|farm|root|opt)/\w")
    for name in subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split():
        path = ROOT / name
        if path.suffix in {".py", ".md", ".toml", ".txt", ".json"} and not name.startswith(("tests/", "seeds/")):
            assert not machine_path.search(path.read_text(encoding="utf-8")), name
