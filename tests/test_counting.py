"""Texts agree with the numbers in them, in Python as in a browser."""

import dataclasses
import json
import string

import pytest
from playwright.sync_api import BrowserContext

from ui.counting import Counted, kind
from ui.strings import texts

AR, EN = texts("ar"), texts("en")
COUNTED = [field.name for field in dataclasses.fields(AR) if isinstance(getattr(AR, field.name), Counted)]


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "لا وثائق مفهرسة بعد"),
        (1, "وثيقة واحدة مفهرسة"),
        (2, "وثيقتان مفهرستان"),
        (3, "3 وثائق مفهرسة"),
        (10, "10 وثائق مفهرسة"),
        (11, "11 وثيقة مفهرسة"),
        (99, "99 وثيقة مفهرسة"),
        (100, "100 وثيقة مفهرسة"),
        (103, "103 وثائق مفهرسة"),
        (1_000, "1,000 وثيقة مفهرسة"),
    ],
)
def test_arabic_documents_agree_with_their_number(number: int, text: str) -> None:
    assert AR.documents(number) == text


def test_seconds_and_parts_agree_in_both_languages() -> None:
    assert [AR.too_many_next(n) for n in (1, 2, 3, 11)] == [
        f"أعد المحاولة بعد {time}." for time in ("ثانية واحدة", "ثانيتين", "3 ثوانٍ", "11 ثانية")
    ]
    assert [EN.too_many_next(n) for n in (1, 2)] == ["Try again in 1 second.", "Try again in 2 seconds."]
    assert EN.file_partly(1) == "The file was read, except for 1 part of it."
    assert EN.file_partly(2) == "The file was read, except for 2 parts of it."


@pytest.mark.parametrize("name", COUNTED)
def test_every_counted_text_has_its_forms_and_names_the_same_things(name: str) -> None:
    arabic, english = getattr(AR, name), getattr(EN, name)
    assert set(arabic.forms) == {"zero", "one", "two", "few", "many", "other"}
    assert set(english.forms) == {"one", "other"}
    named = [
        {field for _, field, _, _ in string.Formatter().parse(form) if field} - {"n"}
        for form in (*arabic.forms.values(), *english.forms.values())
    ]
    assert all(one == named[0] for one in named)
    assert "{n}" in arabic.forms["few"]
    assert "{n}" in arabic.forms["many"]


@pytest.mark.browser
def test_kinds_of_numbers_are_those_of_browsers(context: BrowserContext) -> None:
    page = context.new_page()
    numbers = [*range(320), 999, 1_000, 1_003, 1_011, 100_000, 1_234_567]
    for language in ("ar", "en"):
        rules = f"((numbers) => numbers.map((n) => new Intl.PluralRules('{language}').select(n)))"
        assert page.evaluate(f"{rules}({json.dumps(numbers)})") == [kind(n, language) for n in numbers]
