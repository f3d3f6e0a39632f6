"""Shared fixtures: the seeds behind a real assistant, and no network anywhere."""

import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext

# Model libraries ask a hub at start unless they are told not to.
os.environ |= {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "GRADIO_ANALYTICS_ENABLED": "False"}

from embeddings.documents import Document, read_documents
from qa.assistant import Assistant
from tests.altering import written
from tests.served import running
from tests.shelf import Shelf, seed_shelf

SEEDS = Path(__file__).parents[1] / "seeds"
_LOCAL = {"127.0.0.1", "::1", "localhost", "0.0.0.0"}  # noqa: S104


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a test talk to this machine alone."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if isinstance(address, tuple) and address[0] not in _LOCAL:
            raise AssertionError(f"a test tried to reach {address}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the developer's own DALIL_* settings out of the tests."""
    for name in [name for name in os.environ if name.startswith("DALIL_") and name != "DALIL_REQUIRE_BROWSER"]:
        monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def seed_documents() -> list[Document]:
    """The five articles."""
    return [item for item in read_documents([SEEDS]) if isinstance(item, Document)]


@pytest.fixture(scope="session")
def assistant(seed_documents: list[Document]) -> Iterator[Assistant]:
    """The bundled models over the five articles; tests only ask."""
    with Assistant.from_documents(seed_documents) as opened:
        yield opened


@pytest.fixture(scope="session")
def written_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index of a few articles; tests work on copies."""
    return written(tmp_path_factory.mktemp("written") / "index")


@pytest.fixture
def folder(written_once: Path, tmp_path: Path) -> Path:
    """A copy of that index, to damage."""
    return Path(shutil.copytree(written_once, tmp_path / "index"))


@pytest.fixture(scope="module")
def shelf() -> Shelf:
    """The seeds behind an assistant whose answers are known beforehand."""
    return seed_shelf()


@pytest.fixture(scope="module")
def address(shelf: Shelf) -> Iterator[str]:
    """Where the chat over them is served."""
    with running(shelf) as served:
        yield served


@pytest.fixture(scope="module")
def chromium() -> "Iterator[Browser]":
    """A browser; imported here so that tests without one need no playwright."""
    from tests.browsing import launched

    with launched() as browser:
        yield browser


@pytest.fixture
def context(chromium: "Browser") -> "Iterator[BrowserContext]":
    """An Arabic visitor at a desk, with storage of their own."""
    opened = chromium.new_context(locale="ar", viewport={"width": 1280, "height": 800})
    opened.set_default_timeout(60_000)
    yield opened
    opened.close()
