"""Documents that visitors send: seen by their sender alone, within limits, gone when removed."""

import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from embeddings.documents import Document
from qa.assistant import Assistant
from tests.served import running
from tests.test_api import refused
from tests.test_operating import cheap
from tests.test_visitors import KEEPER, LIMITS, NADIA, SALIM
from ui import schema
from ui.accounts import Accounts
from ui.background import Filling
from ui.library import dialog, rows
from ui.serving import Rules
from ui.strings import texts
from ui.uploads import UploadLimits
from ui.visiting import VISITOR


@pytest.fixture
def address(assistant: Assistant, tmp_path: Path) -> Iterator[str]:
    with running(assistant, Rules(rate=0, folder=tmp_path / "visitors", uploads=LIMITS)) as served:
        yield served


def send(client: httpx.Client, *files: tuple[str, str | bytes]) -> httpx.Response:
    return client.post("/documents", files=[("files", (name, data)) for name, data in files])


def answer(client: httpx.Client) -> str:
    """The sentence that the answer to the question stands in."""
    return str(client.post("/ask", json={"question": KEEPER, "min_confidence": 0}).json()["citations"][0]["context"])


# Over the network


def test_two_people_see_their_own_documents_and_never_each_others(address: str, assistant: Assistant) -> None:
    with httpx.Client(base_url=address, timeout=60) as salim, httpx.Client(base_url=address, timeout=60) as nadia:
        people = [(salim, SALIM, "سالم"), (nadia, NADIA, "نادية")]
        for client, text, _ in people:
            sent = schema.Sent.model_validate(send(client, ("مكتبة.txt", text)).json())
            assert [(fate.file, fate.state, fate.documents) for fate in sent.files] == [("مكتبة.txt", "added", 1)]
            assert sent.total == 6
        for client, text, name in people:
            other = NADIA if text == SALIM else SALIM
            assert name in answer(client)
            listed = schema.Documents.model_validate(client.get("/documents").json())
            assert [found.yours for found in listed.documents] == [True] + [False] * 5
            mine = listed.documents[0]
            assert client.get(f"/documents/{mine.id}").json()["text"] == text
            assert text[:20] in client.get(f"/source/{mine.id}").text
            found = client.post("/search", json={"query": KEEPER, "top_k": 100}).text
            assert text in found
            assert other not in found
            assert client.get("/library/rows").text.count("data-remove") == 1
    with httpx.Client(base_url=address, timeout=60) as stranger:
        everything = stranger.post("/search", json={"query": KEEPER, "top_k": 100}).text
        assert SALIM not in everything
        assert NADIA not in everything
        assert stranger.get("/documents").json()["total"] == 5
        assert "الواحة" not in stranger.get("/library/rows").text
        assert "data-remove" not in stranger.get("/library/rows").text
    assert assistant.counts.documents == 5


def test_the_same_name_from_two_people_is_two_documents(address: str) -> None:
    ids = []
    for text in (SALIM, NADIA):
        with httpx.Client(base_url=address, timeout=60) as client:
            send(client, ("a.txt", text))
            (found,) = [one for one in client.get("/documents").json()["documents"] if one["yours"]]
            ids.append(found["id"])
    assert ids[0] != ids[1]
    assert refused(httpx.get(f"{address}/documents/{ids[0]}"), 404)


def test_who_pretends_to_be_another_sees_nothing_of_theirs(address: str, tmp_path: Path) -> None:
    with httpx.Client(base_url=address, timeout=60) as salim:
        send(salim, ("a.txt", SALIM))
        token = salim.cookies["dalil_visitor"]
    (folder,) = (tmp_path / "visitors").iterdir()
    for headers in (
        {VISITOR: folder.name},
        {VISITOR.upper(): folder.name},
        {"cookie": f"dalil_visitor={folder.name}"},
        {"cookie": f"dalil_visitor={token[:-1]}"},
        {"cookie": f"xdalil_visitor={token}"},
        {"cookie": "dalil_visitor=../../etc"},
        {"authorization": "Basic YWxpOng="},
    ):
        assert httpx.get(f"{address}/documents", headers=headers).json()["total"] == 5, headers
    assert httpx.get(f"{address}/documents", headers={"cookie": f"a=b; dalil_visitor={token}"}).json()["total"] == 6
    assert token not in "".join(str(path) for path in tmp_path.rglob("*"))


def test_a_removed_document_is_gone_from_everything(address: str) -> None:
    with httpx.Client(base_url=address, timeout=60) as client:
        send(client, ("a.txt", SALIM))
        proved = client.post("/ask", json={"question": KEEPER, "min_confidence": 0}).json()
        mine = client.get("/documents").json()["documents"][0]["id"]
        assert client.post("/verify", json=proved).json()["holds"]
        removed = client.delete(f"/documents/{mine}")
        assert schema.Removed.model_validate(removed.json()) == schema.Removed(removed=1, total=5)
        assert "سالم" not in answer(client)
        assert "سالم" not in client.post("/search", json={"query": KEEPER, "top_k": 100}).text
        assert client.post("/verify", json=proved).json()["verdicts"][0]["state"] == "removed"
        refused(client.get(f"/documents/{mine}"), 404)
        refused(client.delete(f"/documents/{mine}"), 404)


def test_nobody_removes_what_they_did_not_send(address: str, seed_documents: list[Document]) -> None:
    with httpx.Client(base_url=address, timeout=60) as client:
        send(client, ("a.txt", SALIM))
        for visitor in (client, httpx.Client(base_url=address)):
            refused(visitor.delete(f"/documents/{seed_documents[0].id}"), 403)
    assert httpx.get(f"{address}/documents").json()["total"] == 5


@pytest.mark.parametrize(
    ("files", "status", "problem", "told"),
    [
        ([("a.exe", b"MZ")], 415, "kind", "kind"),
        ([("a", b"text")], 415, "kind", ".pdf"),
        ([("a.txt", b"a " * 600_000)], 413, "size", "1 MB"),
        ([("a.txt", b"  ")], 422, "unreadable", "Nothing"),
        ([("a.pdf", b"%PDF-1.4 broken")], 422, "unreadable", "Nothing"),
        ([("a.jsonl", b"\n".join(b'{"text": "%d"}' % n for n in range(9)))], 409, "count", "4 documents"),
    ],
)
def test_what_is_not_taken_says_why_in_both_languages(
    address: str, files: list[tuple[str, bytes]], status: int, problem: str, told: str
) -> None:
    with httpx.Client(base_url=address, timeout=60, headers={"accept-language": "en"}) as client:
        answered = send(client, *files)
        assert answered.status_code == status
        (fate,) = schema.NotSent.model_validate(answered.json()).files
        assert (fate.state, fate.problem) == ("failed", problem)
        assert told in str(fate.message)
        arabic = client.post("/documents", files=[("files", file) for file in files], headers={"accept-language": "ar"})
        assert arabic.json()["files"][0]["message"] != fate.message
        assert client.get("/documents").json()["total"] == 5


def test_a_bad_file_does_not_hold_the_others_up(address: str) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("داخل/مكتبة.txt", SALIM)
        packed.writestr("فارغ.txt", "")
    with httpx.Client(base_url=address, timeout=60) as client:
        sent = send(client, ("a.exe", b"MZ"), ("كل.zip", archive.getvalue()), ("b.txt", NADIA))
        assert sent.status_code == 200
        fates = schema.Sent.model_validate(sent.json()).files
        assert [fate.state for fate in fates] == ["failed", "added", "added"]
        assert [part.path for part in fates[1].unreadable] == ["كل.zip/فارغ.txt"]
        assert [fate.state for fate in schema.Sent.model_validate(send(client, ("b.txt", NADIA)).json()).files] == [
            "unchanged"
        ]
        changed = schema.Sent.model_validate(send(client, ("b.txt", NADIA + " وأضافت.")).json())
        assert changed.files[0].state == "updated"
        assert changed.total == 7


def test_a_request_that_is_too_large_is_refused_before_it_is_read(address: str) -> None:
    assert send(httpx.Client(base_url=address), ("a.txt", b"a" * 3_000_000)).status_code == 413


def test_an_operator_may_take_nothing_or_share_everything(assistant: Assistant, tmp_path: Path) -> None:
    with running(assistant, Rules(rate=0, folder=tmp_path / "none", uploads=UploadLimits(documents=0))) as address:
        refused(send(httpx.Client(base_url=address), ("a.txt", SALIM)), 403)
        assert 'type="file"' not in httpx.get(f"{address}/library").text
    with running(assistant, Rules(rate=0)) as address:
        refused(send(httpx.Client(base_url=address), ("a.txt", SALIM)), 403)


def test_shared_documents_are_everyones_to_see_and_their_senders_to_remove(
    seed_documents: list[Document], tmp_path: Path
) -> None:
    rules = Rules(rate=0, folder=tmp_path / "visitors", uploads=UploadLimits(shared=True))
    with (
        Assistant.from_documents(seed_documents, reader="sentences") as open_to_all,
        running(open_to_all, rules) as address,
        httpx.Client(base_url=address, timeout=60) as salim,
        httpx.Client(base_url=address, timeout=60) as other,
    ):
        send(salim, ("a.txt", SALIM))
        assert "سالم" in answer(other)
        (shared,) = [one for one in other.get("/documents").json()["documents"] if one["path"] == "a.txt"]
        assert not shared["yours"]
        refused(other.delete(f"/documents/{shared['id']}"), 403)
        send(other, ("a.txt", NADIA))
        assert other.get("/documents").json()["total"] == 7
        assert salim.delete(f"/documents/{shared['id']}").json()["total"] == 6
        assert texts("ar").uploads_shared in other.get("/library").text


def test_with_a_login_documents_belong_to_the_name_and_not_to_the_browser(assistant: Assistant, tmp_path: Path) -> None:
    (tmp_path / "accounts").write_text(f"{cheap('salma', 'long enough')}\n{cheap('ali', 'long enough')}", "utf-8")
    rules = Rules(Accounts.read(tmp_path / "accounts"), 0, tmp_path / "visitors", LIMITS)
    with running(assistant, rules) as address:
        browser = httpx.Client(base_url=address, timeout=60)
        logins = {name: httpx.BasicAuth(name, "long enough") for name in ("salma", "ali")}
        browser.post("/documents", files=[("files", ("a.txt", SALIM))], auth=logins["salma"])
        assert browser.get("/documents", auth=logins["ali"]).json()["total"] == 5
        elsewhere = httpx.Client(base_url=address, timeout=60)
        assert elsewhere.get("/documents", auth=logins["salma"]).json()["total"] == 6


def test_the_number_of_a_browser_is_given_once_and_kept_from_scripts(address: str) -> None:
    with httpx.Client(base_url=address) as client:
        given = client.get("/").headers["set-cookie"]
        assert "HttpOnly" in given
        assert "SameSite=Lax" in given
        assert "set-cookie" not in client.get("/").headers
        assert "set-cookie" not in httpx.get(f"{address}/health").headers
        assert "set-cookie" not in httpx.post(f"{address}/ask", json={"question": KEEPER}).headers


# Files of the operator


def test_files_are_indexed_while_questions_are_answered(tmp_path: Path) -> None:
    for n in range(12):
        (tmp_path / f"{n:02}.txt").write_text(f"خبر رقم {n}: {SALIM}", encoding="utf-8")
    (tmp_path / "bad.txt").write_bytes(b"\0\0\0")
    with Assistant.from_documents([], reader="sentences") as empty:
        filling = Filling(empty, [tmp_path])
        with filling, running(empty, Rules(rate=0), filling) as address:
            told = schema.Documents.model_validate(httpx.get(f"{address}/documents", timeout=60).json())
            assert told.indexing is not None
            filling.join()
            state = filling.state()
            assert (state.files, state.read, state.documents, state.finished) == (13, 13, 12, True)
            assert [part.path for part in state.unreadable] == ["bad.txt"]
            assert "سالم" in answer(httpx.Client(base_url=address, timeout=60))
            told = schema.Documents.model_validate(httpx.get(f"{address}/documents").json())
            assert told.indexing is not None
            assert told.indexing.finished


# What is shown


def test_nothing_of_a_visitor_is_kept_by_a_cache_on_the_way(address: str) -> None:
    with httpx.Client(base_url=address, timeout=60) as client:
        for path in ("/", "/documents", "/library", "/library/rows", "/health"):
            assert client.get(path).headers["cache-control"] == "private, no-cache", path
        assert "cache-control" not in client.get("/dalil/dalil.css").headers


def test_rows_show_every_title_and_obey_none(seed_documents: list[Document]) -> None:
    words = texts("ar")
    hostile = replace(seed_documents[0], title='<img src=x onerror="1">\u202e"', source="<b>", id="0" * 16)
    html = rows([hostile], {hostile.id}, None, words)  # type: ignore[list-item]
    assert "<img" not in html
    assert "<b>" not in html
    assert "&lt;img" in html
    assert 'class="direction"' in html
    assert f'data-remove="{hostile.id}"' in html
    assert "data-remove" not in rows([hostile], set(), None, words)  # type: ignore[list-item]
    assert 'data-following="50"' in rows([], set(), 50, words)


def test_the_dialog_says_what_may_be_sent_and_who_sees_it() -> None:
    for language in ("ar", "en"):
        words = texts(language)
        assert words.uploads_private in dialog(5, LIMITS, words)
        assert words.uploads_shared in dialog(5, UploadLimits(shared=True), words)
        assert 'type="file"' not in dialog(5, None, words)
        assert json.dumps(LIMITS.bytes) in dialog(5, LIMITS, words)
