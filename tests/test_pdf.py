"""PDF pages come out as they are read: right to left, letters for shapes, paragraphs whole, columns one by one."""

import playa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embeddings.formats import pdf
from embeddings.formats.glyphs import Glyph
from tests.fuzz import assert_read
from tests.paper import PICTURE, Draw, typeset, visual
from tests.paper import pdf as made
from tests.strategies import NEWS_WORDS

SENTENCE = "أُسِرَ ثلاثون جنديًّا قرب بوّابة طرابلس".split()


def read(*pages: list[Draw]) -> list[pdf.Page]:
    return list(pdf.pages(playa.parse(made(pages), space="page")))


def text(*draws: Draw) -> str:
    (page,) = read(list(draws))
    assert page.problem is None
    return page.text


# --- order ------------------------------------------------------------------------------------------------------------


def test_letters_drawn_in_visual_order_are_read_from_the_right() -> None:
    assert text(*typeset(SENTENCE)) == " ".join(SENTENCE)


def test_letters_drawn_in_typing_order_at_their_places_are_read_the_same() -> None:
    draws, x = [], 500.0
    for letter in "قال الرئيس":
        x -= 6
        draws.append(Draw(x, 700, letter))
    assert text(*draws) == "قال الرئيس"


def test_words_drawn_in_any_order_are_read_by_their_places() -> None:
    draws = [Draw(400 - 60 * n, 700, visual(word)) for n, word in enumerate(["قال", "وزير", "الدفاع", "أمس"])]
    assert text(*draws[::-1]) == text(*draws) == "قال وزير الدفاع أمس"


def test_joined_shapes_become_letters_and_ligatures_keep_their_order() -> None:
    assert text(Draw(100, 700, ["\ufef2", "\ufed3", " ", "\ufefb"])) == "لا في"
    assert text(Draw(100, 700, ["م", "لا", "س"])) == "سلام"
    assert text(Draw(100, 700, ["م", "ال", "س", " ", "ف"])) == "ف سلام"  # a slip that writers of PDF make
    assert text(Draw(100, 700, ["\ufdf2", " ", "ﷺ"])) == "ﷺ الله"
    assert text(Draw(100, 700, ["ﬁ", "n", "d"])) == "find"


def test_numbers_and_latin_stay_as_they_are_in_arabic() -> None:
    def line(looks: str) -> str:
        return text(Draw(100, 700, looks))

    assert line("25 ماع 2019") == "2019 عام 25"
    assert line("١٩٩٨ ماع يف") == "في عام ١٩٩٨"
    assert line("٣٫٥ رعسو 2019/04/05 يف") == "في 2019/04/05 وسعر ٣٫٥"
    assert line("نإ UN-2254 رارق") == "قرار UN-2254 إن"
    assert line("مويلا %60 ةبسن") == "نسبة 60% اليوم"
    assert line("15-10 نيب") == "بين 10-15"
    assert line("رهظ Windows 10 جمانرب") == "برنامج Windows 10 ظهر"


def test_arabic_within_an_english_line() -> None:
    assert text(Draw(50, 700, "The port فتكلا ءانيم was named")) == "The port ميناء الكتف was named"


@pytest.mark.parametrize(
    ("looks", "typed"),
    [
        ("(ةيناث) ةرم", "مرة (ثانية)"),  # named as it looks
        (")ةيناث( ةرم", "مرة (ثانية)"),  # named as it was typed
    ],
)
def test_brackets_close_where_they_should_however_the_file_names_them(looks: str, typed: str) -> None:
    assert text(Draw(100, 700, looks)) == typed


def test_brackets_around_latin_stay_with_it() -> None:
    assert text(Draw(100, 700, "ريزولا نإ Reuters (CNN) ةلاكو تلاق")) == "قالت وكالة Reuters (CNN) إن الوزير"


def test_a_short_row_of_mixed_letters_runs_as_the_edge_it_keeps_to() -> None:
    above = list(typeset(NEWS_WORDS[:13]))
    assert text(*above, Draw(422, 700, "Reuters ةلاكو")).endswith("\nوكالة Reuters")
    assert text(*above, Draw(100, 700, "Reuters ةلاكو")).endswith("\nReuters وكالة")


def test_marks_stay_on_their_letter_wherever_they_hang() -> None:
    drawn_from_the_left = [Draw(100, 700, "ب"), Draw(106, 704, "\u0651"), Draw(106, 700, "و"), Draw(112, 700, "ب")]
    assert text(*drawn_from_the_left) == text(*drawn_from_the_left[::-1]) == "بوّب"
    assert text(Draw(100, 700, ["ا", "\u0651", "\u064b", "ي"])) == "يًّا"
    assert text(Draw(100, 700, "cafe\u0301s")) == "cafe\u0301s"


def test_what_the_file_states_goes_before_the_names_of_glyphs() -> None:
    draws = [Draw(106, 700, ["x"], stated="نص"), Draw(100, 700, ["", "?"], stated="ي")]
    assert text(*draws) == "نصي"
    assert text(Draw(100, 700, "ab"), Draw(112, 700, "-", stated="\u00ad")) == "ab\u00ad"
    long = [Draw(100, 700 - 20 * n, visual(word), stated="فقرة") for n, word in enumerate(SENTENCE[:2])]
    assert "فقرة" in text(*long)


def test_bold_made_by_printing_twice_is_read_once() -> None:
    assert text(Draw(100, 700, "ملاس"), Draw(100.4, 700, "ملاس")) == "سالم"


def test_text_under_a_picture_that_was_laid_in_typing_order() -> None:
    words = ["السلام", "عليكم", "ورحمة", "الله"]
    laid = [Draw(400 - 50 * n, 700, word, mode=3) for n, word in enumerate(words)]
    assert text(PICTURE, *laid) == " ".join(words)
    mirrored = [Draw(430 - 50 * n, 700, word, mode=3, matrix=(-1, 0, 0, 1)) for n, word in enumerate(words)]
    assert text(PICTURE, *mirrored) == " ".join(words)


def test_turned_text_is_read_too_and_comes_last() -> None:
    turned = Draw(50, 300, "ةيشاح", matrix=(0, 1, -1, 0))
    assert text(turned, Draw(100, 700, "نتم")) == "متن\nحاشية"


# --- layout -----------------------------------------------------------------------------------------------------------


def test_rows_of_a_paragraph_are_one_line_and_paragraphs_are_not() -> None:
    first, second = NEWS_WORDS[:20], NEWS_WORDS[5:20]  # the last row of the first is short
    rows = list(typeset(first))
    draws = [*rows, *typeset(second, top=rows[-1].y - 18)]
    assert text(*draws) == f"{' '.join(first)}\n{' '.join(second)}"


def test_a_heading_and_a_list_stand_apart() -> None:
    draws = [
        *typeset(["عنوان", "كبير"], size=20),
        *typeset(NEWS_WORDS[:20], top=740),
        Draw(300, 650, visual("أول") + " .١"),
        Draw(300, 632, visual("ثان") + " .٢"),
    ]
    assert text(*draws).split("\n") == ["عنوان كبير", " ".join(NEWS_WORDS[:20]), "١. أول", "٢. ثان"]


@pytest.mark.parametrize("offset", [0, 7])
def test_columns_are_read_from_the_right_below_what_stands_across_them(offset: float) -> None:
    right, left = NEWS_WORDS[:30], NEWS_WORDS[10:40]
    draws = [
        *typeset(
            "عنوان يمتد فوق العمودين معا في الصفحة كلها من أولها إلى آخرها".split(), right=540, width=500, size=16
        ),
        *typeset(right, right=540, width=240, top=740),
        *typeset(left, right=285, width=240, top=740 - offset),
    ]
    title, *columns = text(*draws).split("\n")
    assert title.startswith("عنوان يمتد")
    assert " ".join(columns) == " ".join([*right, *left])


def test_a_table_is_read_row_by_row() -> None:
    draws = []
    for n in range(6):
        draws += [
            Draw(400, 700 - 20 * n, f"{n} مقر ةداملا"),
            Draw(150, 700 - 20 * n, f"رانيد {n * 7}"),
        ]
    assert text(*draws).split("\n")[2] == "المادة رقم 2 14 دينار"


def test_a_latin_word_is_joined_at_a_hyphen() -> None:
    words = "the minister of defence said that nothing was known of the infor-".split()
    draws = [Draw(50, 700, " ".join(words)), Draw(50, 682, "mation that the papers of the capital had published")]
    assert "of the information that the papers" in text(*draws)


_words = st.one_of(st.sampled_from(NEWS_WORDS), st.text(st.sampled_from("ابتسحخطفقكلمنهوي"), min_size=2, max_size=7))


@st.composite
def _paragraphs(draw: st.DrawFn) -> list[str]:
    """Arabic words with a number or a Latin word between some."""
    foreign = st.sampled_from(["2019", "١٩٩٨", "3.5", "Reuters", "UN-2254", "25", "COVID"])
    arabic = draw(st.lists(_words, min_size=4, max_size=40))
    return [
        part for word in arabic for part in ([word, draw(foreign), "في"] if draw(st.integers(0, 5)) == 0 else [word])
    ]


@settings(max_examples=60)
@given(_paragraphs(), st.floats(6, 40), st.booleans())
def test_any_paragraph_comes_back_as_it_was_typed(words: list[str], size: float, shuffled: bool) -> None:
    rows = list(typeset(words, size=size, width=40 * size, right=560))
    assert text(*(rows[::-1] if shuffled else rows)).split() == words


# --- pages that cannot be read ----------------------------------------------------------------------------------------


def test_pages_without_text_are_told_apart() -> None:
    pages = read(list(typeset(SENTENCE)), [], [PICTURE], [Draw(100, 700, ["", "", "", "ا"])])
    assert [page.problem for page in pages] == [
        None,
        None,
        "it is a picture without text",
        "its fonts do not say which letters they draw",
    ]


def test_a_damaged_page_is_named_and_the_others_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def damaged(page: playa.Page) -> pdf.Page:
        if page.page_idx == 1:
            raise KeyError("Font")
        return whole(page)

    whole = pdf.read_page
    monkeypatch.setattr(pdf, "read_page", damaged)
    found = read(list(typeset(SENTENCE)), list(typeset(SENTENCE)), list(typeset(SENTENCE)))
    assert [page.problem for page in found] == [None, "it is damaged (KeyError)", None]


_places = st.tuples(st.floats(-1e4, 1e4), st.floats(-1e4, 1e4))


@settings(max_examples=150)
@given(
    st.lists(
        st.builds(
            Glyph,
            text=st.one_of(st.sampled_from("ابتثملا()«»0٣٫.- aB"), st.text(max_size=3)),
            start=_places,
            end=_places,
            size=st.floats(0, 1e3),
            angle=st.sampled_from([0.0, 0.0, 0.0, 90.0, 45.0, -180.0]),
            typed=st.booleans(),
            hidden=st.booleans(),
        ),
        max_size=60,
    )
)
def test_letters_anywhere_on_a_page_are_all_read(glyphs: list[Glyph]) -> None:
    assert_read(glyphs)


def test_a_title_is_read() -> None:
    assert pdf.title(playa.parse(made([[]], title="عنوان التقرير"))) == "عنوان التقرير"
