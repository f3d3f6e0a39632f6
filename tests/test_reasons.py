"""Every reason why a file is not read is told in Arabic, too."""

import ast
from pathlib import Path

import embeddings
from ui.reasons import reason
from ui.strings import texts


def told_reasons() -> list[str]:
    """Every reason that the readers of files give, with what it is filled with left out."""
    folder = Path(embeddings.__file__).parent
    files = [*folder.glob("formats/*.py"), folder / "documents.py", folder / "decoding.py"]
    raised = [
        call.args[0]
        for file in files
        for call in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(call, ast.Call)
        and getattr(call.func, "id", "") in ("DocumentError", "_RefusedError")
        and call.args
    ]
    parts = [
        [part for part in ast.walk(argument) if isinstance(part, ast.Constant) and isinstance(part.value, str)]
        for argument in raised
        if isinstance(argument, ast.Constant | ast.JoinedStr)
    ]
    return ["".join(str(part.value) for part in some) for some in parts]


def test_every_reason_that_a_file_is_not_read_is_told_in_arabic() -> None:
    reasons = told_reasons()
    assert len(reasons) > 20
    assert [told for told in reasons if reason(told, texts("ar")) == told and " " in told] == []
    assert [told for told in reasons if reason(told, texts("en")) != told] == []
