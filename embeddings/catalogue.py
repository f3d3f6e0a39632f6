"""What an index holds, some at a time: for people who look through it, however much it is.

Takes an open store; gives documents without their text, in the order they came in.
"""

from typing import Final

from embeddings.arabic import fold
from embeddings.folder import Version
from embeddings.records import DocumentInfo
from embeddings.store import Store

_SOURCES: Final = 200  # publishers to choose from; more are not looked through by anyone


class Catalogue:
    """The documents of a store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._sources: tuple[Version, list[str]] | None = None

    def listed(self, words: str = "", *, offset: int = 0, limit: int | None = None) -> list[DocumentInfo]:
        """Return documents whose title, source and path together hold all `words`, spelling folded, in any order.

        Args:
            words: without any, all documents are listed.
            offset: how many to pass over.
            limit: how many to return; None is all of them.
        """
        wanted = fold(words).split()

        def holds(title: str, source: str | None, path: str) -> bool:
            held = fold(f"{title} {source or ''} {path}")  # a word cannot reach over a space
            return all(word in held for word in wanted)

        where = "WHERE holds(d.title, d.source, d.path)" if wanted else ""
        sql = f"SELECT d.id FROM documents d {where} ORDER BY d.number LIMIT ? OFFSET ?"  # noqa: S608
        with self._store.database.connection() as connection:
            connection.create_function("holds", 3, holds)
            rows = connection.execute(sql, (-1 if limit is None else limit, offset)).fetchall()
        return self._store.infos(row[0] for row in rows)

    def placed(self, prefix: str) -> list[str]:
        """Return the ids of the documents whose location begins with `prefix`."""
        sql = "SELECT id FROM documents WHERE substr(location, 1, ?) = ? ORDER BY number"
        return [row[0] for row in self._store.database.rows(sql, len(prefix), prefix)]

    def sources(self) -> list[str]:
        """Return the publishers that have most documents, up to two hundred, those with most first."""
        version = self._store.version
        if self._sources is None or self._sources[0] != version:
            rows = self._store.database.rows(
                "SELECT source FROM documents WHERE source IS NOT NULL GROUP BY source "
                "ORDER BY count(*) DESC, source LIMIT ?",
                _SOURCES,
            )
            self._sources = (version, [row[0] for row in rows])
        return self._sources[1]
