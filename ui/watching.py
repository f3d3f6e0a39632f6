"""`dalil index --watch`: index again whenever something changes below the paths, until Ctrl-C."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import watchfiles

from embeddings.errors import DocumentError

_TICK_MS: Final = 200


def watch(paths: Sequence[Path], index_folder: Path, update: Callable[[], bool]) -> None:
    """Call `update` at once and after each change of files below `paths`; again, soon, when it returns False.

    Ends with KeyboardInterrupt. What is written to `index_folder`, which may lie below the paths, is no change.

    Raises:
        DocumentError: a path is not there, or cannot be watched.
    """
    if missing := [path for path in paths if not path.exists()]:
        raise DocumentError(f"there is no such file or folder: {missing[0]}. Name what is to be watched.")
    files = {path.resolve() for path in paths if not path.is_dir()}
    folders = {path.resolve() for path in paths if path.is_dir()}

    def concerns(_: watchfiles.Change, name: str) -> bool:
        path = Path(name)
        inside = any(path.is_relative_to(folder) for folder in folders)
        return (inside or path in files) and not path.is_relative_to(index_folder.resolve())

    # An editor replaces a file by another one: that is seen in its folder alone.
    watched = folders | {file.parent for file in files}
    due = True
    try:
        # The watch stands before the first update, so that nothing that changes meanwhile is missed.
        for changes in watchfiles.watch(
            *watched, watch_filter=concerns, recursive=bool(folders), rust_timeout=_TICK_MS, yield_on_timeout=True
        ):
            if due or changes:
                due = not update()
    except OSError as error:
        raise DocumentError(f"{', '.join(map(str, paths))} cannot be watched: {error}. Watch fewer folders.") from error
