"""Imports run one way, and what people touch first loads nothing heavy."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MAY_IMPORT = {
    "embeddings": {"embeddings"},
    "qa": {"embeddings", "qa"},
    "ui": {"embeddings", "qa", "ui"},
}
OURS = {"embeddings", "qa", "ui", "tests"}


def imported(path: Path) -> set[str]:
    """Every module a file imports anywhere in it, by dotted name."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


@pytest.mark.parametrize("package", sorted(MAY_IMPORT))
def test_imports_run_from_ui_to_qa_to_embeddings(package: str) -> None:
    for path in (ROOT / package).rglob("*.py"):
        ours = {name.split(".")[0] for name in imported(path)} & OURS
        assert ours <= MAY_IMPORT[package], f"{path.relative_to(ROOT)} imports {ours - MAY_IMPORT[package]}"


@pytest.mark.parametrize("package", sorted(MAY_IMPORT))
def test_the_application_never_imports_training(package: str) -> None:
    for path in (ROOT / package).rglob("*.py"):
        if "training" not in path.parts:
            assert not any(".training" in name for name in imported(path)), path


def test_nothing_is_pickled() -> None:
    for package in MAY_IMPORT:
        for path in (ROOT / package).rglob("*.py"):
            assert not imported(path) & {"pickle", "dill", "joblib", "shelve", "marshal"}, path


@pytest.mark.parametrize("module", ["ui.cli", "qa.answers", "embeddings.arabic", "embeddings.documents"])
def test_light_modules_stay_light(module: str) -> None:
    """`dalil --help` and errors answer at once: torch and gradio take seconds to import."""
    heavy = {"torch", "transformers", "sentence_transformers", "gradio", "sklearn", "onnxruntime"}
    code = f"import sys, {module}; print(' '.join(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert not heavy & set(loaded.split())
