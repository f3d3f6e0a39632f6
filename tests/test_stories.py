"""Copies are told from reports of the same event in other words."""

from qa.stories import distinct

STORY = "قال مصدر أمني إن القوات المدافعة عن العاصمة استعادت السيطرة على بوابة أمنية غرب المدينة بعد معارك عنيفة"


def test_agency_copy_is_kept_once_whatever_its_spelling() -> None:
    vocalised = STORY.replace("استعادت", "اِسْتَعَادَت").replace("إن", "ان").replace("أمني", "أمنــي")
    assert distinct([STORY, vocalised, "عاجل: " + STORY]) == [0]


def test_other_words_are_another_story() -> None:
    other = "استعادت قوات العاصمة بوابة تقع إلى الغرب من المدينة، حسب ما ذكر مصدر في الأمن بعد قتال شديد هناك"
    assert distinct([STORY, other]) == [0, 1]


def test_short_and_empty_texts() -> None:
    assert distinct([]) == []
    assert distinct(["خبر", "خبر", "غيره"]) == [0, 2]
