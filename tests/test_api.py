"""The HTTP endpoints: the JSON of the contract, errors with their next step, and a page that documents them all."""

import json
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import BaseModel

from embeddings.documents import Document
from embeddings.errors import IndexBusyError, IndexDamagedError
from qa.assistant import Assistant
from tests.served import running
from tests.shelf import QUOTATIONS, Shelf, seed_shelf
from ui import schema
from ui.terminal import hit_values

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
SIGNED = "متى وقع أردوغان مذكرتي التفاهم مع السراج؟"


@pytest.fixture(scope="module")
def http(assistant: Assistant) -> Iterator[httpx.Client]:
    with running(assistant) as address, httpx.Client(base_url=address, timeout=60) as client:
        yield client


def timeless(answer: dict[str, Any]) -> Any:
    return json.loads(json.dumps({**answer, "timing_ms": {}}))


def refused(response: httpx.Response, status: int) -> schema.Problem:
    """The error of a response, which is JSON with both of its parts."""
    assert response.status_code == status
    problem = schema.Problem.model_validate(response.json())
    assert problem.error
    assert problem.next
    return problem


def test_ask_is_the_answer_of_the_contract(http: httpx.Client, assistant: Assistant) -> None:
    limits: dict[str, Any] = {"top_k": 3, "date_from": "2019", "min_confidence": 0.0}
    expected = timeless(assistant.ask(SIGNED, **limits).to_dict())
    assert len(expected["evidence"]) <= 3
    for response in (
        http.post("/ask", json={"question": SIGNED, **limits}),
        http.get("/ask", params={"question": SIGNED, **limits}),
    ):
        assert timeless(response.json()) == expected
        schema.Answer.model_validate(response.json())
        assert set(response.json()) == set(schema.Answer.model_fields)


def test_ask_takes_the_answer_before_for_a_question_that_leans_on_it(http: httpx.Client, assistant: Assistant) -> None:
    first, leaning = http.post("/ask", json={"question": SIGNED}).json(), "وأين؟"
    then = http.post("/ask", json={"question": leaning, "previous": first}).json()
    expected = assistant.ask(leaning, previous=assistant.ask(SIGNED))
    assert expected.understood
    assert timeless(then) == timeless(expected.to_dict())
    assert http.post("/ask", json={"question": leaning}).json()["understood"] is None
    for before in ({"answer": "نعم"}, {"question": "متى؟", "citations": "لا"}, {"question": 3}):
        assert "expected" in refused(http.post("/ask", json={"question": leaning, "previous": before}), 422).error


def test_nothing_is_quoted_from_the_answer_before_but_its_places(http: httpx.Client) -> None:
    first = http.post("/ask", json={"question": SIGNED}).json()
    citation = first["citations"][0]
    for forged in (
        {"document_id": "لا"},
        {"document_sha256": "0" * 64},
        {"end_char_index": 10**9},
        {"score": "x"},
        {"score": 10**400},
        {"end_char_index": 9.5},
    ):
        places = [{**citation, **forged, "cited_text": "كذب"}, 7]
        before = {"question": SIGNED, "confidence": 10**400, "citations": places}
        then = http.post("/ask", json={"question": "وأين؟", "previous": before}).json()
        assert then["understood"] == "أين وقع أردوغان مذكرتي التفاهم مع السراج؟"


def test_search_gives_ranked_passages_and_why(http: httpx.Client, assistant: Assistant) -> None:
    hits = assistant.search("مذكرتي التفاهم", top_k=4, source="الأناضول")
    expected = [hit_values(hit, n) for n, hit in enumerate(hits, 1)]
    assert all("الأناضول" in str(hit.document.source) for hit in hits)
    assert len(hits) == 4
    limits: dict[str, Any] = {"query": "مذكرتي التفاهم", "top_k": 4, "source": "الأناضول"}
    for response in (http.post("/search", json=limits), http.get("/search", params=limits)):
        assert response.json() == {"query": "مذكرتي التفاهم", "passages": json.loads(json.dumps(expected))}
        schema.Passages.model_validate(response.json())


def test_verify_proves_an_answer_and_tells_a_forged_one(http: httpx.Client) -> None:
    answer = http.post("/ask", json={"question": SIGNED}).json()
    proved = http.post("/verify", json=answer).json()
    schema.Verdicts.model_validate(proved)
    assert proved["holds"]
    assert [verdict["state"] for verdict in proved["verdicts"]] == ["stands"] * len(proved["verdicts"])
    answer["citations"][0]["cited_text"] = "غير ذلك"
    forged = http.post("/verify", json=answer).json()
    assert not forged["holds"]
    assert forged["verdicts"][0]["state"] == "altered"
    assert "citations" in refused(http.post("/verify", json={"answer": "نعم"}), 422).error


def test_documents_are_listed_some_at_a_time(http: httpx.Client, assistant: Assistant) -> None:
    infos = assistant.documents()
    whole = http.get("/documents").json()
    schema.Documents.model_validate(whole)
    assert [found["id"] for found in whole["documents"]] == [info.id for info in infos]
    assert whole["total"] == len(infos) == 5
    some = http.get("/documents", params={"offset": 1, "limit": 2}).json()
    assert some["documents"] == whole["documents"][1:3]
    assert (some["total"], some["more"], whole["more"], whole["indexing"]) == (5, True, False, None)
    assert not any(found["yours"] for found in whole["documents"])
    assert http.get("/documents", params={"offset": 99}).json()["documents"] == []


def test_documents_are_found_by_words_in_any_spelling(http: httpx.Client, assistant: Assistant) -> None:
    info = assistant.documents()[0]
    spelled = info.title.replace("ا", "أ", 1)
    for query in (info.title, spelled, info.path):
        found = http.get("/documents", params={"query": query}).json()
        assert [one["id"] for one in found["documents"]] == [info.id]
        assert not found["more"]


def test_a_document_comes_with_the_text_its_citations_count_in(
    http: httpx.Client, seed_documents: list[Document]
) -> None:
    citation = http.post("/ask", json={"question": SIGNED}).json()["citations"][0]
    document = http.get(f"/documents/{citation['document_id']}").json()
    schema.Document.model_validate(document)
    assert document["text"] == next(d.text for d in seed_documents if d.id == document["id"])
    assert document["text"][citation["start_char_index"] : citation["end_char_index"]] == citation["cited_text"]
    assert "GET /documents" in refused(http.get("/documents/0000"), 404).next


def test_no_answer_names_a_path_of_this_machine(http: httpx.Client, seed_documents: list[Document]) -> None:
    location = Path(seed_documents[0].location).parent.as_posix()
    for path in ("/ask?question=من", "/search?query=من", "/documents", f"/documents/{seed_documents[0].id}", "/docs"):
        assert location not in http.get(path).text


def test_health(http: httpx.Client, assistant: Assistant) -> None:
    health = http.get("/health").json()
    assert health == {
        "status": "ok",
        "documents": 5,
        "passages": assistant.counts.passages,
        "fingerprint": assistant.ask("من هو حفتر؟").index["fingerprint"],
    }
    schema.Health.model_validate(health)


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ({"json": {}}, "question"),
        ({"json": {"question": " "}}, "no words"),
        ({"json": {"question": "م" * 1001}}, "1,001"),
        ({"json": {"question": "من؟", "top_k": 0}}, "top_k"),
        ({"json": {"question": "من؟", "date_from": "أمس"}}, "date_from"),
        ({"json": {"question": "من؟", "colour": "red"}}, "colour"),
        ({"content": "{", "headers": {"content-type": "application/json"}}, "JSON"),
        ({"json": [1]}, "body"),
    ],
)
def test_what_cannot_be_asked_is_told_with_the_next_step(http: httpx.Client, sent: dict[str, Any], told: str) -> None:
    assert told in refused(http.post("/ask", **sent), 422).error


def test_what_goes_wrong_inside_is_not_told_to_strangers(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(Shelf):
        def ask(self, question: str, **_: Any) -> Any:
            raise {"busy": IndexBusyError, "damaged": IndexDamagedError, "bug": KeyError}[question]("/secret/place")

    with running(Broken([], {})) as address:
        busy = httpx.post(f"{address}/ask", json={"question": "busy"})
        assert "/secret" not in refused(busy, 503).error
        assert int(busy.headers["retry-after"]) > 0
        for question in ("damaged", "bug"):
            caplog.clear()
            assert "/secret" not in refused(httpx.post(f"{address}/ask", json={"question": question}), 500).error
            assert "/secret/place" in caplog.text


def test_no_more_than_four_questions_are_read_at_once_and_health_still_answers() -> None:
    inside, release, lock = [0, 0], threading.Event(), threading.Lock()

    class Slow(Shelf):
        def ask(self, question: str, **limits: Any) -> Any:
            with lock:
                inside[0] += 1
                inside[1] = max(inside)
            release.wait(20)
            with lock:
                inside[0] -= 1
            return super().ask(question, **limits)

    shelf = seed_shelf()
    questions = list(QUOTATIONS)[:6] * 2
    came: dict[int, Any] = {}
    with running(Slow(shelf.documents(), QUOTATIONS)) as address:

        def ask(person: int) -> None:
            came[person] = httpx.post(f"{address}/ask", json={"question": questions[person]}, timeout=60).json()

        people = [threading.Thread(target=ask, args=(person,)) for person in range(len(questions))]
        for person in people:
            person.start()
        assert httpx.get(f"{address}/health", timeout=60).status_code == 200
        release.set()
        for person in people:
            person.join()
    assert [came[n]["question"] for n in range(len(questions))] == questions
    assert all(answer["answered"] for answer in came.values())
    assert inside[1] <= 4


def test_every_endpoint_is_described_and_nothing_of_gradio_is(http: httpx.Client) -> None:
    description = http.get("/openapi.json").json()
    endpoints = {(method.upper(), path) for path, methods in description["paths"].items() for method in methods}
    listed = re.findall(r"^\| `((?:[A-Z]+(?:, )?)+) (/[^`]*)` \|", README, re.MULTILINE)
    assert {(method, path) for methods, path in listed for method in methods.split(", ")} == endpoints
    for methods in description["paths"].values():
        for operation in methods.values():
            assert operation["description"]
            success = operation["responses"]["200"]["content"]["application/json"]["schema"]["$ref"]
            model = getattr(schema, success.rsplit("/", 1)[-1])
            assert issubclass(model, BaseModel)
    assert "gradio" not in json.dumps(description).lower()
    assert "HTTPValidationError" not in json.dumps(description)


def test_the_page_of_the_endpoints_names_them_all_and_asks_no_other_host(http: httpx.Client) -> None:
    description = http.get("/openapi.json").json()
    for language, direction in (("ar", "rtl"), ("en", "ltr")):
        page = http.get("/docs", headers={"accept-language": language}).text
        assert f'<html lang="{language}" dir="{direction}">' in page
        assert not re.search(r"(?:src|href)=\"(?:https?:)?//", page)
        for path in description["paths"]:
            assert f"<code>{path}</code>" in page
        for anchor in re.findall(r'href="docs#([^"]+)"', page):
            assert f'id="{anchor}"' in page, anchor


def test_the_example_of_the_readme_is_answered(http: httpx.Client) -> None:
    address, body = re.search(r"curl (\S+) -H 'content-type: application/json' -d '([^']+)'", README).groups()  # type: ignore[union-attr]
    assert address.startswith("http://127.0.0.1:7860/")
    answer = http.post(
        address.removeprefix("http://127.0.0.1:7860"), content=body, headers={"content-type": "application/json"}
    )
    assert answer.json()["answered"]
