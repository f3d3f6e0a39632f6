"""An index folder for tests that damage it: how it is made, and how its rows are changed behind its back.

The fixture `folder` gives each test a copy of its own.
"""

import sqlite3
from contextlib import closing
from pathlib import Path

from embeddings.index import Index
from tests.fakes import ARTICLES, HashingEncoder

ENCODER = HashingEncoder(dimension=16)


def written(folder: Path) -> Path:
    """Write an index of the articles."""
    with Index.open(folder, ENCODER, create=True) as index:
        index.add(ARTICLES)
    return folder


def change(folder: Path, statement: str) -> None:
    """Change what SQLite holds, as no program of ours does."""
    with closing(sqlite3.connect(folder / "dalil.sqlite")) as connection, connection:
        connection.execute(statement)
