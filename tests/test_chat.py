"""The chat's functions and endpoints, called as a program calls them; the page itself is in test_browser.py."""

import dataclasses
import json
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import httpx
import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError

from embeddings.documents import document_from_text
from embeddings.errors import DalilError
from qa.answers import Reason
from qa.assistant import Assistant
from tests.shelf import Shelf
from ui.chat import build_app
from ui.conversation import Limits, Turn, answered, conversation, panel, welcome
from ui.dressing import dressed
from ui.memory import kept, opened, opinions, packed, titles, unpacked
from ui.proof import Reference, proof_address, proof_page
from ui.schema import FollowUp
from ui.serving import listen
from ui.strings import EXAMPLES, texts
from ui.visitors import Visitors

AR, EN = texts("ar"), texts("en")
CAPTURED = "كم عدد قوات حفتر الذين وقعوا في الأسر؟"


@pytest.fixture(scope="module")
def client(address: str) -> Client:
    return Client(address, verbose=False)


def test_ask_is_an_endpoint_that_gives_the_contract(client: Client, shelf: Shelf) -> None:
    contract = json.loads(json.dumps(shelf.ask(CAPTURED).to_dict()))
    assert client.predict(CAPTURED, api_name="/ask") == contract
    assert client.predict(question=CAPTURED, top_k=2, api_name="/ask") == {
        **contract,
        "evidence": contract["evidence"][:2],
    }


def test_questions_alone_wait_in_the_queue(shelf: Shelf) -> None:
    app = build_app(Visitors(cast(Assistant, shelf)))
    queued = {event.fn.__name__ for event in app.fns.values() if event.queue and event.fn}
    assert queued == {"respond", "respond_as_typed", "ask"}


def test_ask_is_plain_http_too(address: str, shelf: Shelf) -> None:
    contract = json.loads(json.dumps(shelf.ask(CAPTURED).to_dict()))
    assert httpx.post(f"{address}/ask", json={"question": CAPTURED}).json() == contract
    assert httpx.get(f"{address}/ask", params={"question": CAPTURED}).json() == contract


def test_the_endpoints_pass_every_limit_on(address: str, client: Client, shelf: Shelf) -> None:
    limits = {"top_k": 3, "date_from": "2019-01-01", "date_to": "2019-12-31", "source": "الأناضول"}
    expected = (CAPTURED, 3, "2019-01-01", "2019-12-31", "الأناضول")
    client.predict(question=CAPTURED, **limits, api_name="/ask")
    assert shelf.asked[-1] == expected
    httpx.post(f"{address}/ask", json={"question": CAPTURED, **limits})
    assert shelf.asked[-1] == expected


def test_a_question_that_cannot_be_asked_is_an_error_that_says_why(address: str, client: Client) -> None:
    with pytest.raises(AppError, match=r"1 to 1,000 characters"):
        client.predict(" ", api_name="/ask")
    refused = httpx.post(f"{address}/ask", json={"question": " "})
    assert refused.status_code == 422
    assert "1 to 1,000 characters" in refused.json()["error"]
    assert httpx.post(f"{address}/ask", json={}).status_code == 422


def test_gradios_endpoint_follows_an_answer_as_plain_http_does(address: str, client: Client) -> None:
    before = client.predict(CAPTURED, api_name="/ask")
    asked = {"question": "ومتى كان ذلك؟", "previous": before}
    then = client.predict(**asked, api_name="/ask")
    assert "قوات حفتر" in then["understood"]
    assert then == httpx.post(f"{address}/ask", json=asked).json()
    sure = client.predict(question=CAPTURED, min_confidence=0.99, api_name="/ask")
    assert not sure["answered"]
    refused: list[tuple[dict[str, Any], str]] = [
        ({"previous": {"answer": "نعم"}}, 'expected an answer with its "question"'),
        ({"previous": "نعم"}, "previous: .*dictionary"),
        ({"min_confidence": 2}, "min_confidence: .*less than or equal to 1"),
        ({"top_k": 101}, "top_k: .*less than or equal to 100"),
    ]
    for wrong, told in refused:
        with pytest.raises(AppError, match=told):
            client.predict(question=CAPTURED, **wrong, api_name="/ask")


def test_only_the_programs_endpoints_are_public(address: str) -> None:
    described = httpx.get(f"{address}/gradio_api/info").json()
    assert set(described["named_endpoints"]) == {"/ask"}
    names = [parameter["parameter_name"] for parameter in described["named_endpoints"]["/ask"]["parameters"]]
    assert names == ["question", "top_k", "date_from", "date_to", "source", "min_confidence", "previous"]
    assert set(names) == set(FollowUp.model_fields)


def test_twenty_people_at_once_each_get_their_own_answer(address: str) -> None:
    """Each in a session of their own, as people have; Gradio's client shares one, and may wait for ever in it."""
    questions = ([question for _, question in EXAMPLES] * 4)[:20]
    path = f"{address}/gradio_api/call/ask"

    def ask(question: str) -> Any:
        begun = httpx.post(path, json={"data": [question, 8, None, None, None, None, None]}, timeout=60).json()
        told = httpx.get(f"{path}/{begun['event_id']}", timeout=60).text
        assert "event: complete" in told, told
        return json.loads(told.rsplit("data: ", 1)[1])[0]

    with ThreadPoolExecutor(20) as people:
        answers = list(people.map(ask, questions))
    assert [answer["question"] for answer in answers] == questions
    assert all(answer["answered"] for answer in answers)


def test_the_page_is_arabic_right_to_left_and_names_no_other_host(address: str) -> None:
    arabic = httpx.get(address, headers={"accept-language": "ar"})
    assert '<html lang="ar" dir="rtl"' in arabic.text
    assert "raw.githubusercontent.com" not in arabic.text
    assert "gradio.app" not in arabic.text.split("window.gradio_config", 1)[0]
    assert int(arabic.headers["content-length"]) == len(arabic.content)
    english = httpx.get(address, headers={"accept-language": "en-GB"})
    assert '<html lang="en" dir="ltr"' in english.text


def test_style_script_typeface_and_its_licence_are_served(address: str) -> None:
    for path in ("dalil.css", "dalil.js", "theme.js", "mark.svg", "fonts/noto-naskh-arabic-arabic-wght-normal.woff2"):
        assert httpx.get(f"{address}/dalil/{path}").status_code == 200, path
    assert "SIL Open Font License" in httpx.get(f"{address}/dalil/fonts/Noto-Naskh-Arabic-OFL.txt").text


def test_health_and_sources(address: str, shelf: Shelf) -> None:
    told = {"status": "ok", "documents": 5, "passages": 5, "fingerprint": shelf.fingerprint}
    assert httpx.get(f"{address}/health").json() == told
    citation = shelf.ask(CAPTURED).citations[0]
    page = httpx.get(f"{address}/source/{citation.document.id}?start={citation.start}&end={citation.end}")
    assert f'<mark id="quotation" tabindex="-1" data-n="1">{citation.text}</mark>' in page.text
    assert citation.document.sha256 in page.text
    assert httpx.get(f"{address}/source/0000000000000000").status_code == 404


def test_the_proof_of_an_answer_checks_and_marks_each_quotation(address: str, shelf: Shelf) -> None:
    answer = shelf.ask(CAPTURED)
    page = httpx.get(f"{address}/{proof_address(answer, AR)}").text
    assert AR.all_stand(1) in page
    assert f'<mark data-n="1">{answer.text}</mark>' in page
    assert answer.citations[0].document.sha256 in page
    kept = re.search(r'id="answer">(.*?)</script>', page)
    assert kept is not None
    assert json.loads(kept[1]) == json.loads(json.dumps(answer.to_dict()))


def test_a_proof_of_more_than_an_answer_has_is_refused(address: str, shelf: Shelf) -> None:
    reference = str(Reference.of(shelf.ask(CAPTURED).citations[0]))
    for count, status in [(2, 200), (101, 422)]:
        asked = {"question": CAPTURED, "quotation": [reference] * count}
        assert httpx.get(f"{address}/proof", params=asked).status_code == status


def test_a_saved_proof_needs_nothing_beside_it(address: str, shelf: Shelf) -> None:
    response = httpx.get(f"{address}/{proof_address(shelf.ask(CAPTURED), EN, save=True)}")
    assert response.headers["content-disposition"].startswith("attachment")
    assert not re.search(r"<link|<script src|url\(|https?://|href=", response.text)
    assert "<style>" in response.text


def test_what_became_of_a_quotation_is_told_apart(shelf: Shelf) -> None:
    citation = shelf.ask(CAPTURED).citations[0]
    references = [Reference.of(citation)]
    quoted = citation.document
    changed = document_from_text(quoted.text.replace("30 من", "20 من"), path=quoted.path, location=quoted.location)
    moved = document_from_text(quoted.text, path="<b>elsewhere.txt")
    told = {
        AR.quotation_changed: proof_page(CAPTURED, references, Shelf([changed], {}), AR),
        AR.quotation_altered: proof_page(CAPTURED, [references[0]._replace(start=citation.start + 3)], shelf, AR),
        "&lt;b&gt;elsewhere.txt": proof_page(CAPTURED, references, Shelf([moved], {}), AR),
        AR.quotation_removed: proof_page(CAPTURED, references, Shelf([], {}), AR),
    }
    for text, page in told.items():
        assert [other for other in told if other in page] == [text]
        assert AR.some_stand.format(standing=0, count=1) in page
    longer = document_from_text(quoted.text + "\nتمّ", path=quoted.path, location=quoted.location)
    assert AR.all_stand(1) in proof_page(CAPTURED, references, Shelf([longer], {}), AR)


def test_a_reference_reads_back_and_anything_else_is_refused(address: str, shelf: Shelf) -> None:
    reference = Reference.of(shelf.ask(CAPTURED).citations[0])
    assert Reference.read(str(reference)) == reference
    for broken in ("<script>", "a.0.1..", str(reference).upper(), f"{reference}.0"):
        refused = httpx.get(f"{address}/proof", params={"question": "س", "quotation": broken})
        assert refused.status_code == 422, broken
        assert "<script>" not in refused.text.replace('<script src="', "")


def test_questions_that_cannot_be_asked_become_texts_for_people(shelf: Shelf) -> None:
    assert answered(shelf, "   ", Limits()).problem == "empty_question"
    assert answered(shelf, "كلمة " * 400, Limits()).problem == "long_question"
    assert answered(shelf, CAPTURED, Limits(date_from="not a day")).problem == "bad_filter"


def test_any_other_error_of_ours_is_told_kindly() -> None:
    class Broken(Shelf):
        def ask(self, question: str, **limits: Any) -> Any:
            raise DalilError(f"{question} {limits}")

    turn = answered(Broken([], {}), CAPTURED, Limits())
    assert AR.failed in conversation([turn], AR)
    assert EN.failed in conversation([turn], EN)


def test_a_conversation_shows_every_turn_and_the_question_being_answered(shelf: Shelf) -> None:
    turns = [Turn(CAPTURED, shelf.ask(CAPTURED)), Turn("ما عاصمة اليابان؟", shelf.ask("ما عاصمة اليابان؟"))]
    html = conversation(turns, AR, asking="<b>سؤال</b>")
    assert html.count('class="turn"') == 3
    assert "&lt;b&gt;سؤال" in html
    assert AR.searching in html
    assert AR.no_answer in html
    assert panel(turns, AR).count('class="sources"') == 2
    assert AR.evidence_empty in panel([], AR)


def test_what_the_browser_keeps_reads_back_as_the_same_turns(shelf: Shelf) -> None:
    turns = [Turn(CAPTURED, shelf.ask(CAPTURED)), Turn("ما عاصمة اليابان؟", shelf.ask("ما عاصمة اليابان؟"))]
    turns.append(Turn(" ", None, "empty_question"))
    kept = json.loads(json.dumps(packed(turns)))
    assert [turn.question for turn in unpacked(kept, shelf.document)] == [turn.question for turn in turns]
    for back, turn in zip(unpacked(kept, shelf.document), turns, strict=True):
        assert conversation([back], AR) == conversation([turn], AR)
    assert CAPTURED in json.dumps(kept, ensure_ascii=False)
    assert "وقعوا في أسر القوات الحكومية" not in json.dumps(kept, ensure_ascii=False)


def test_what_differs_and_why_there_is_no_answer_are_kept_too() -> None:
    articles = [document_from_text(f"أسر {n} جنديا.", path=f"{n}.txt") for n in (30, 20)]
    shelf = Shelf(articles, {"كم؟": ("30", "30 جنديا", 0.8)}, differing={"كم؟": ("20", "20 جنديا")})
    turns = [Turn(question, shelf.ask(question)) for question in ("كم؟", "متى؟")]
    differing, declined = (turn.answer for turn in unpacked(json.loads(json.dumps(packed(turns))), shelf.document))
    assert differing is not None
    assert declined is not None
    assert [rival.text for rival in differing.differing] == ["20 جنديا"]
    assert declined.reason is Reason.TOO_UNCERTAIN
    removed = Shelf(articles[:1], {}).document
    assert unpacked(packed(turns), removed)[0] == Turn("كم؟", None, "changed")


def test_a_quotation_of_a_changed_or_removed_document_is_not_shown_again(shelf: Shelf) -> None:
    kept = packed([Turn(CAPTURED, shelf.ask(CAPTURED))])
    changed = [dataclasses.replace(d, sha256="0" * 64) for d in shelf.documents()]
    for find in (Shelf(changed, {}).document, Shelf([], {}).document):
        assert unpacked(kept, find) == [Turn(CAPTURED, None, "changed")]


@pytest.mark.parametrize("stored", [None, 7, "x", {}, [None], [{}], [{"question": "س", "citations": [["a"]]}]])
def test_what_is_not_ours_in_the_browsers_storage_is_left_out(shelf: Shelf, stored: Any) -> None:
    assert unpacked(stored, shelf.document) in ([], [Turn("س", None, "changed")])


def test_what_is_more_than_we_keep_costs_nothing(shelf: Shelf) -> None:
    kept = packed([Turn(CAPTURED, shelf.ask(CAPTURED))])
    kept[0]["citations"] *= 5_000
    kept[0]["evidence"] *= 5_000
    found: list[str] = []

    def find(document_id: str) -> Any:
        found.append(document_id)
        return shelf.document(document_id)

    (turn,) = unpacked(kept, find)
    assert turn.answer is not None
    assert len(found) < 200
    assert len(unpacked([{"question": "س", "problem": "failed"}] * 5_000, shelf.document)) == 30
    kept[0]["citations"] = [[*kept[0]["citations"][0][:6], 10**400]]
    assert unpacked(kept, shelf.document) == []


def test_a_stored_range_outside_the_document_is_left_out(shelf: Shelf) -> None:
    kept = packed([Turn(CAPTURED, shelf.ask(CAPTURED))])
    kept[0]["citations"][0][3] = 10**9
    assert unpacked(kept, shelf.document) == []
    assert AR.failed in conversation([Turn("س", None, "no such problem")], AR)


def memory_of(turns: list[Turn]) -> Any:
    """What a browser sends that was told to keep these turns, one after the other."""
    changes = json.loads(json.dumps([kept(turn) for turn in turns]))
    return {"open": changes[-1]["open"], "turns": [turn for change in changes for turn in change["keep"]]}


def test_turns_of_several_conversations_are_told_apart(shelf: Shelf) -> None:
    first, second = (answered(shelf, f"{n} {CAPTURED}", Limits()) for n in range(2))
    third = answered(shelf, CAPTURED, Limits(), name=first.conversation)
    assert first.conversation == first.id
    assert (third.conversation, third.id) != (third.id, first.id)
    memory = memory_of([first, second, third])
    assert titles(memory) == [(first.id, f"0 {CAPTURED}"), (second.id, f"1 {CAPTURED}")]  # the latest first
    assert [turn.id for turn in unpacked(opened(memory), shelf.document)] == [first.id, third.id]
    assert opened({**memory, "open": ""}) == []
    long = Turn("؟" * 900_000, None, "long_question", first.id, first.id)
    assert len(json.dumps(kept(long))) < 20_000


@pytest.mark.parametrize(
    "memory",
    [None, [], "x", {"turns": 3}, {"turns": [None, {}, {"conversation": "a"}]}, {"open": {}, "turns": {"0" * 32: 7}},
     {"said": 3}, {"said": {"a": "right"}}],
)  # fmt: skip
def test_memory_that_is_not_ours_is_left_out(memory: Any) -> None:
    assert opened(memory) == titles(memory) == []
    assert opinions(memory) == {}


def test_the_first_page_tells_how_many_documents_there_are_and_opens_them() -> None:
    assert AR.documents(1_234_567) == "1,234,567 وثيقة مفهرسة"
    assert AR.documents(1_234_567) in welcome(1_234_567, AR)
    assert "data-documents" in welcome(5, EN)


def test_a_taken_port_is_an_error_that_says_what_to_do() -> None:
    with listen("127.0.0.1", 0) as taken:
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(DalilError, match=f"dalil chat --port {port + 1}"):
            listen("127.0.0.1", port)


def test_dressing_a_page_changes_its_head_and_lets_its_scripts_run() -> None:
    page = (
        b'<html\n\tlang="en"><head><meta property="og:image" content="https://x.org/a.png" /></head>'
        b"<body><script>1</script><script data-x>2</script><p>x</body>"
    )
    made = dressed(page, "ar", "once").decode()
    assert made.startswith('<html lang="ar" dir="rtl"><head><link')
    body = '<body><script nonce="once">1</script><script nonce="once" data-x>2</script><p>x</body>'
    assert made.endswith(f"</head>{body}")
    assert "https://" not in made
