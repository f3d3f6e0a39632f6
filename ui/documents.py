"""`dalil documents`: list, show and remove. What they print is made in `ui.listing`, imported when it is needed."""

import sys
from typing import Annotated

import typer

from ui.options import DEFAULT_INDEX, IndexOption, JsonOption
from ui.printable import printable, printable_json

documents = typer.Typer(help="List, show and remove what is in the index.", no_args_is_help=True)


@documents.command("list")
def list_documents(folder: IndexOption = DEFAULT_INDEX, as_json: JsonOption = False) -> None:
    """List the documents of the index: id, date, source, path and title, or a JSON object a line."""
    from ui.listing import info_values, show_info, stored

    with stored(folder) as store:
        for info in store.infos():
            typer.echo(printable_json(info_values(info)) if as_json else show_info(info))


@documents.command("show")
def show_document(
    document_id: Annotated[str, typer.Argument(metavar="ID", help="The id of a document, as `list` prints it.")],
    folder: IndexOption = DEFAULT_INDEX,
    as_json: JsonOption = False,
) -> None:
    """Print what is known of a document, and its text."""
    from ui import listing

    with listing.stored(folder) as store:
        document = listing.find(store, document_id)
    if as_json:
        typer.echo(printable_json(listing.document_values(document)))
    else:
        typer.echo(listing.show_document(document, steering=not sys.stdout.isatty()))


@documents.command("remove")
def remove_documents(
    document_ids: Annotated[list[str], typer.Argument(metavar="ID...", help="Ids of documents.")],
    folder: IndexOption = DEFAULT_INDEX,
    as_json: JsonOption = False,
) -> None:
    """Take documents out of the index, with all their passages; the files stay."""
    from ui.listing import remove

    removed, unknown = remove(folder, document_ids)
    typer.echo(printable_json({"removed": removed, "unknown": unknown}) if as_json else f"{len(removed)} removed")
    if unknown:
        message = f"no document has the id {', '.join(unknown)}. List all with: dalil documents list --index {folder}"
        typer.echo(printable(message), err=True)
        raise typer.Exit(1)
