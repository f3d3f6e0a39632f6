"""`dalil`: index, documents, ask, search, chat, verify, eval and doctor, from a terminal.

Answers go to stdout, progress and logs to stderr, colours and bars only to a terminal. Settings: flag, then
`DALIL_*` variable, then default. Heavy modules are imported by the command that needs them, so that `--help` and
errors answer at once.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from embeddings.errors import DalilError
from ui.documents import documents
from ui.options import (
    DEFAULT_INDEX,
    EncoderOption,
    FromOption,
    IndexOption,
    JsonOption,
    ReaderOption,
    SourceOption,
    ToOption,
    TopOption,
)
from ui.printable import printable, printable_json

if TYPE_CHECKING:
    from qa.assistant import Assistant

SEEDS: Final = Path(__file__).parents[1] / "seeds"

_app = typer.Typer(
    name="dalil",
    help="Ask questions in Arabic; get quotations from your documents, each with its exact place.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
_app.add_typer(documents, name="documents")


@_app.callback(invoke_without_command=True)
def _options(
    show_version: Annotated[bool, typer.Option("--version", help="Print the version and exit.", is_eager=True)] = False,
) -> None:
    if show_version:
        typer.echo(f"dalil {version('dalil')}")
        raise typer.Exit


@_app.command()
def index(
    paths: Annotated[list[Path] | None, typer.Argument(help="Files, folders of them, and zip archives.")] = None,
    folder: IndexOption = DEFAULT_INDEX,
    encoder: EncoderOption = None,
    columns: Annotated[
        str | None,
        typer.Option("--columns", help="What to take of tables and JSON lines: text=body,title=headline,id=key."),
    ] = None,
    prune: Annotated[bool, typer.Option("--prune", help="Also take out what is not in the files any more.")] = False,
    watch: Annotated[bool, typer.Option("--watch", help="Do it again whenever files change, until Ctrl-C.")] = False,
    check: Annotated[bool, typer.Option("--check", help="Only tell how index and files differ: exit 1.")] = False,
    repair: Annotated[bool, typer.Option("--repair", help="Make vectors and terms again from what is stored.")] = False,
) -> None:
    """Add or update documents; unchanged files are skipped, a bad file is named and the rest go on."""
    if bool(paths) == repair or check + repair + (watch or prune) > 1:
        raise typer.BadParameter("give PATHs, alone or with --prune, --watch or --check; or --repair without PATHs")
    if repair:
        _repair(folder)
    elif not _bring_up_to_date(paths or [], folder, encoder, columns, check=check, prune=prune, watch=watch):
        raise typer.Exit(1)


def _repair(folder: Path) -> None:
    from embeddings.integrity import repair

    counts = repair(folder)
    typer.echo(f"made again from what is stored: vectors and terms of {counts.passages} passages", err=True)


def _bring_up_to_date(
    paths: list[Path], folder: Path, encoder: str | None, columns: str | None, *, check: bool, prune: bool, watch: bool
) -> bool:
    """Return whether everything could be read, and with `check` also is as the index has it."""
    from embeddings.documents import USUAL, Columns
    from embeddings.encoder import load_encoder
    from embeddings.index import Index
    from ui import updating

    chosen = USUAL if columns is None else Columns.parse(columns)
    if check:
        return updating.check_paths(folder, paths, chosen)
    with Index.open(folder, load_encoder(encoder), create=True) as opened:
        if watch:
            return updating.watch_paths(opened, paths, chosen, prune=prune)
        return updating.update_paths(opened, paths, chosen, prune=prune)


@_app.command()
def ask(
    question: Annotated[str, typer.Argument(help='The question, or "-" to read one a line from standard input.')],
    folder: IndexOption = DEFAULT_INDEX,
    encoder: EncoderOption = None,
    reader: ReaderOption = None,
    top_k: TopOption = None,
    date_from: FromOption = None,
    date_to: ToOption = None,
    source: SourceOption = None,
    min_confidence: Annotated[
        float | None,
        typer.Option(
            envvar="DALIL_MIN_CONFIDENCE", min=0, max=1, help="Decline under this probability of being right."
        ),
    ] = None,
    follow: Annotated[
        bool, typer.Option("--follow", help='With "-": a question may lean on the one before («ومتى كان ذلك؟»).')
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Answer a question with a quotation and its place, or say that the documents do not answer it."""
    from qa.assistant import READ
    from ui.terminal import show_answer

    filters = {"top_k": top_k or READ, "date_from": date_from, "date_to": date_to, "source": source}
    failed, previous = False, None
    with _open(folder, encoder, reader) as assistant:
        for asked in _questions(question):
            try:
                answer = assistant.ask(
                    asked,
                    **filters,  # type: ignore[arg-type]
                    min_confidence=min_confidence,
                    previous=previous if follow else None,
                )
            except DalilError as error:
                if question != "-":
                    raise
                failed = True
                typer.echo(
                    printable_json({"question": asked, "error": str(error)})
                    if as_json
                    else f"{printable(asked)}\n  {printable(str(error))}"
                )
                continue
            previous = answer
            typer.echo(printable_json(answer.to_dict()) if as_json else show_answer(answer, colour=sys.stdout.isatty()))
    if failed:
        raise typer.Exit(1)


@_app.command()
def search(
    query: Annotated[str, typer.Argument(help="What to look for.")],
    folder: IndexOption = DEFAULT_INDEX,
    encoder: EncoderOption = None,
    top_k: TopOption = None,
    date_from: FromOption = None,
    date_to: ToOption = None,
    source: SourceOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the passages nearest to a query, best first, and why each stands where it does."""
    from qa.assistant import LISTED
    from ui.terminal import hit_values, show_hit

    with _open(folder, encoder, "sentences") as assistant:
        hits = assistant.search(query, top_k=top_k or LISTED, date_from=date_from, date_to=date_to, source=source)
    for n, hit in enumerate(hits, 1):
        typer.echo(printable_json(hit_values(hit, n)) if as_json else show_hit(hit, n, colour=sys.stdout.isatty()))


@_app.command()
def chat(
    paths: Annotated[
        list[Path] | None, typer.Argument(help="Files and folders to index meanwhile, as `dalil index` does.")
    ] = None,
    folder: IndexOption = DEFAULT_INDEX,
    encoder: EncoderOption = None,
    reader: ReaderOption = None,
    host: Annotated[str, typer.Option(envvar="DALIL_HOST", help="Address to serve on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(envvar="DALIL_PORT", min=0, max=65535, help="Port to serve on.")] = 7860,
    auth: Annotated[
        Path | None,
        typer.Option(envvar="DALIL_AUTH", help="Let in only the accounts of this file; see `dalil password`."),
    ] = None,
    rate: Annotated[
        int, typer.Option(envvar="DALIL_RATE", min=0, help="Requests a client may make a minute; 0 is no limit.")
    ] = 120,
    feedback: Annotated[
        Path | None,
        typer.Option(envvar="DALIL_FEEDBACK", help="The file that keeps what visitors say of answers."),
    ] = None,
    log_questions: Annotated[
        bool, typer.Option("--log-questions", envvar="DALIL_LOG_QUESTIONS", help="Also log what is asked and answered.")
    ] = False,
    upload_size: Annotated[
        int, typer.Option(envvar="DALIL_UPLOAD_SIZE", min=1, help="Megabytes that a file of a visitor may have.")
    ] = 20,
    upload_count: Annotated[
        int, typer.Option(envvar="DALIL_UPLOAD_COUNT", min=0, help="Documents a visitor may add; 0 takes none.")
    ] = 100,
    shared_uploads: Annotated[
        bool, typer.Option("--shared-uploads", envvar="DALIL_SHARED_UPLOADS", help="Let everyone see what one adds.")
    ] = False,
) -> None:
    """Serve the browser chat, and the endpoints for programs, until Ctrl-C."""
    from ui.accounts import Accounts
    from ui.background import Filling
    from ui.logs import start_logging
    from ui.serving import Rules, serve
    from ui.uploads import UploadLimits

    uploads = UploadLimits(upload_size, upload_count, shared=shared_uploads)
    accounts = Accounts.read(auth) if auth else None
    kept = feedback or Path(f"{folder.resolve()}.feedback.jsonl")
    rules = Rules(accounts=accounts, rate=rate, folder=folder / "visitors", uploads=uploads, feedback=kept)
    start_logging(questions=log_questions)
    with _open(folder, encoder, reader, seeds=not paths) as assistant, ExitStack() as stack:
        filling = stack.enter_context(Filling(assistant, paths)) if paths else None
        serve(assistant, host=host, port=port, rules=rules, filling=filling, on_ready=_announce)


@_app.command()
def mcp(folder: IndexOption = DEFAULT_INDEX, encoder: EncoderOption = None, reader: ReaderOption = None) -> None:
    """Be a tool of other programs: ask and search over the Model Context Protocol, on standard input and output."""
    try:
        from ui.mcp_server import mcp_server
    except ImportError as error:
        raise DalilError(
            f"The Model Context Protocol is not installed ({error}). Install it with: pip install 'dalil[mcp]'"
        ) from error

    with _open(folder, encoder, reader) as assistant:
        mcp_server(assistant).run("stdio")


@_app.command()
def password(name: Annotated[str, typer.Argument(help="Who logs in with it.")]) -> None:
    """Print an account for the file of `dalil chat --auth`; the password is asked for, or read from a pipe."""
    from ui.accounts import account

    if sys.stdin.isatty():
        given = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    else:
        given = sys.stdin.readline().rstrip("\r\n")
    typer.echo(account(name, given))


@_app.command()
def verify(
    file: Annotated[Path, typer.Argument(help='What `dalil ask --json` printed; "-" is standard input.')],
    folder: IndexOption = DEFAULT_INDEX,
    as_json: JsonOption = False,
) -> None:
    """Tell whether every quotation of an answer still stands at its place in its source: exit 0, otherwise 1."""
    from dataclasses import asdict

    from ui.verifying import show_verdict, verify_file

    holds = True
    for verdict in verify_file(file, folder):
        typer.echo(printable_json(asdict(verdict)) if as_json else printable(show_verdict(verdict)))
        holds &= verdict.holds
    if not holds:
        raise typer.Exit(1)


@_app.command(name="eval")
def evaluate(
    file: Annotated[
        Path | None, typer.Argument(help="Questions with answers: SQuAD 1.1 or 2.0 JSON, or JSON lines.")
    ] = None,
    distractors: Annotated[
        list[Path] | None,
        typer.Option("--distractors", help="Documents searched beside the file's contexts; may be given repeatedly."),
    ] = None,
    encoder: EncoderOption = None,
    reader: ReaderOption = None,
    top_k: TopOption = None,
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="Ask only the first so many questions.")] = None,
    predictions: Annotated[
        Path | None,
        typer.Option("--predictions", help="Score these answers instead: a JSON object, question id to answer text."),
    ] = None,
    robustness: Annotated[
        bool, typer.Option("--robustness", help="Also ask each question as other people would write it.")
    ] = False,
    report: Annotated[
        Path | None, typer.Option("--report", help="Also write the figures and plots to this HTML file.")
    ] = None,
    feedback: Annotated[
        Path | None,
        typer.Option(
            "--from-feedback", help="Instead of a file of questions: what people said of answers in the chat."
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Measure retrieval, reading, end-to-end answers and abstention on questions whose answers are known."""
    from qa.assistant import READ
    from ui import evaluating
    from ui.scoreboard import show_figures

    questions = file or feedback
    if questions is None or (file and feedback) or (feedback and predictions):
        raise typer.BadParameter("give a FILE of questions, or --from-feedback FILE without --predictions")
    if predictions is not None:
        if robustness:
            raise typer.BadParameter(
                "fixed answers cannot be asked again: leave out --predictions", param_hint="--robustness"
            )
        figures = evaluating.evaluate_predictions(questions, predictions, limit=limit)
    else:
        figures = evaluating.evaluate(
            questions,
            distractors=distractors or (),
            encoder=encoder,
            reader=reader,
            top_k=top_k or READ,
            limit=limit,
            robustness=robustness,
            from_feedback=feedback is not None,
        )
    if report is not None:
        evaluating.write_report(figures, report)
    typer.echo(printable_json(figures) if as_json else show_figures(figures))


@_app.command()
def doctor(folder: IndexOption = DEFAULT_INDEX, encoder: EncoderOption = None, reader: ReaderOption = None) -> None:
    """Print versions, models, settings and the state of the index, and what is wrong with them."""
    from ui.diagnosis import diagnose

    healthy = True
    for line, good in diagnose(folder, encoder, reader):
        typer.echo(printable(line))
        healthy &= good
    if not healthy:
        raise typer.Exit(1)


def _open(folder: Path, encoder: str | None, reader: str | None, *, seeds: bool = True) -> Assistant:
    """Open the assistant; with no index there yet, build one from the seeds, or begin an empty one without `seeds`."""
    from qa.assistant import Assistant
    from ui.indexing import index_paths

    assistant = Assistant.open(folder, encoder=encoder, reader=reader, create=SEEDS.is_dir() or not seeds)
    if assistant.generation == 0 and seeds:
        typer.echo(f"No index at {printable(str(folder))} yet: building one from {SEEDS.name}/", err=True)
        index_paths(assistant, [SEEDS])
    return assistant


def _announce(address: str) -> None:
    typer.echo(f"Dalil answers on {address} — Ctrl-C stops it", err=True)


def _questions(argument: str) -> Iterator[str]:
    if argument != "-":
        yield argument
        return
    for line in sys.stdin:
        if line.strip():
            yield line.strip()


def main() -> None:
    """Run the command line; an error of ours is one message and exit code 1, never a traceback."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]
    try:
        _app()
    except DalilError as error:
        typer.echo(printable(f"dalil: {error}"), err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
