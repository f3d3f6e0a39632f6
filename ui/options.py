"""Options that several commands of `dalil` have: flag, then `DALIL_*` variable, then default."""

from pathlib import Path
from typing import Annotated, Final

import typer

IndexOption = Annotated[Path, typer.Option("--index", envvar="DALIL_INDEX", help="The index folder.")]
EncoderOption = Annotated[
    str | None,
    typer.Option(
        "--encoder", envvar="DALIL_ENCODER", help="A sentence-transformers name or path, instead of the bundled model."
    ),
]
ReaderOption = Annotated[
    str | None,
    typer.Option(
        "--reader",
        envvar="DALIL_READER",
        help='An extractive model\'s name or path, instead of the bundled one; "sentences" for the sentence reader.',
    ),
]
TopOption = Annotated[  # None is the number that Python and HTTP have, too: `qa.assistant.READ`, imported when needed
    int | None, typer.Option("--top-k", envvar="DALIL_TOP_K", min=1, max=100, help="How many passages are read.")
]
FromOption = Annotated[str | None, typer.Option("--from", help="First day, for example 2019-04-05.")]
ToOption = Annotated[str | None, typer.Option("--to", help="Last day.")]
SourceOption = Annotated[str | None, typer.Option("--source", help="Only documents of this publisher.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, one object a line.")]
DEFAULT_INDEX: Final = Path(".dalil")
