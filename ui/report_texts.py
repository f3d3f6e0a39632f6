"""What the report of `dalil eval` says, in Arabic and in English: its sentences, and a name for every figure."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal


@dataclass(frozen=True, slots=True)
class ReportTexts:
    """The texts of one language. `names` has the name of each figure, part and group by its key in the JSON."""

    language: Literal["ar", "en"]
    direction: Literal["rtl", "ltr"]
    name: str
    title: str
    conventions: str
    convention: str
    abstention: str
    risk: str
    calibration: str
    right_at: str
    groups: str
    reading_f1: str
    answer_f1: str
    robustness: str
    robustness_more: str
    spelling: str
    unchanged: str
    interval: str
    worst: str
    as_asked: str
    as_written: str
    expected: str
    before: str
    after: str
    declined: str
    settings: str
    names: Mapping[str, str]


def _names(*rows: str) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """Return Arabic and English names by key, from rows "key | Arabic | English"."""
    cells = [[cell.strip() for cell in row.split("|")] for row in rows]
    arabic, english = ({row[0]: row[column] for row in cells} for column in (1, 2))
    return MappingProxyType(arabic), MappingProxyType(english)


_ARABIC_NAMES, _ENGLISH_NAMES = _names(
    "retrieval | الاسترجاع | Retrieval",
    "reading | القراءة | Reading",
    "end_to_end | من السؤال إلى الجواب | End to end",
    "predictions | الأجوبة المعطاة | Given answers",
    "exact_match | تطابق تام | exact match",
    "f1 | F1 | F1",
    "contains | يحوي الجواب | contains the answer",
    "answered | أُجيب | answered",
    "citation_precision | دقة الاستشهاد | citation precision",
    "all_citations_precision | دقة كل الاستشهادات | precision of all citations",
    "cited_rightly | استُشهد له بموضعه | answered from its passage",
    "with_declining | مع الامتناع | declining counted",
    "when_answered | حين يجيب | when it answers",
    "answerable | ما له جواب | answerable",
    "never_declining | لو أجاب دائما | if it never declined",
    "questions | أسئلة | questions",
    "threshold | عتبة الثقة | threshold",
    "declined_answerable | امتنع وله جواب | declined, answerable",
    "declined_unanswerable | امتنع ولا جواب له | declined, unanswerable",
    "risk_coverage_area | مساحة الخطر | area under risk",
    "calibration_error | خطأ المعايرة | calibration error",
    "by_type | نوع السؤال | question",
    "by_answer_type | نوع الجواب | answer",
    "by_answer_length | كلمات الجواب | words of the answer",
    "by_passage_length | كلمات النص | words of the passage",
    "who | من | who (من)",
    "when | متى | when (متى)",
    "where | أين | where (أين)",
    "how_many | كم | how many (كم)",
    "what | ما | what (ما)",
    "why | لماذا | why (لماذا)",
    "how | كيف | how (كيف)",
    "yes_no | هل | yes or no (هل)",
    "date | تاريخ | date",
    "amount | مقدار | amount",
    "phrase | عبارة | phrase",
    "none | بلا | none",
    "arabic | العربي (دليل) | Arabic (Dalil)",
    "mlqa | MLQA: تُحذف «ال» | MLQA: «ال» removed",
    "squad | SQuAD الإنجليزي | SQuAD",
    "vocalised | مشكول | vocalised",
    "hamza_dropped | بلا همزات (أ ← ا) | hamza dropped (أ → ا)",
    "teh_marbuta_heh | تبادل ة وه | ة and ه exchanged",
    "yeh_alef_maksura | تبادل ي وى | ي and ى exchanged",
    "tatweel | تطويل | tatweel",
    "persian_keyboard | لوحة مفاتيح فارسية | Persian keyboard",
    "other_digits | أرقام بالرسم الآخر | digits of the other script",
    "invisible_marks | محارف خفية | invisible marks",
    "shouted | علامات تعجب متكررة | shouted punctuation",
    "lone_hamza_dropped | بلا همزة مفردة (ء) | lone hamza (ء) dropped",
    "typo | خطأ طباعي واحد | one typo",
    "article_dropped | بلا «ال» | without «ال»",
    "article_added | بزيادة «ال» | «ال» added",
    "dialect | أداة سؤال عامية | dialect question word",
    "same_words | الكلمات نفسها بعد التوحيد | same words after folding",
    "other_words | كلمات تغيّرت | words changed",
)

ARABIC: Final = ReportTexts(
    language="ar",
    direction="rtl",
    name="العربية",
    title="تقرير التقويم · عدد الأسئلة: {questions}",
    conventions="الأعراف: الأجوبة نفسها كما يعدّها كل مقياس منشور",
    convention="العُرف",
    abstention="الامتناع والثقة",
    risk="الخطر (1 − F1) بحسب ما يُجاب من الأسئلة؛ المتصل: من السؤال إلى الجواب، المتقطع: القراءة",
    calibration="نصيب الأجوبة الصحيحة بحسب الثقة؛ القطر معايرة تامة",
    right_at="صواب عند تغطية {coverage} %",
    groups="بحسب السؤال والجواب",
    reading_f1="F1 القراءة",
    answer_f1="F1 الجواب",
    robustness="الثبات: السؤال نفسه بكتابة أخرى",
    robustness_more="نصيب الأجوبة التي لم تتغير حين كُتب السؤال كما يكتبه غيرك، من الأسئلة التي تغيّرها تلك الكتابة.",
    spelling="الكتابة",
    unchanged="لم يتغير",
    interval="مجال 95 %",
    worst="أشد الحالات",
    as_asked="السؤال",
    as_written="كما كُتب",
    expected="الصواب",
    before="الجواب قبل",
    after="الجواب بعد",
    declined="امتنع",
    settings="الإعدادات",
    names=_ARABIC_NAMES,
)

ENGLISH: Final = ReportTexts(
    language="en",
    direction="ltr",
    name="English",
    title="Evaluation report · questions: {questions}",
    conventions="Conventions: the same answers as each published measure counts them",
    convention="convention",
    abstention="Declining and confidence",
    risk="Risk (1 − F1) by the share of questions that are answered; solid: end to end, dashed: reading",
    calibration="Share of right answers by confidence; the diagonal is perfect calibration",
    right_at="right at {coverage} % coverage",
    groups="By question and answer",
    reading_f1="F1 reading",
    answer_f1="F1 asked",
    robustness="Robustness: the same question written differently",
    robustness_more="Share of answers that did not change when the question was written as somebody else would, among "
    "the questions that this way of writing changes.",
    spelling="written",
    unchanged="unchanged",
    interval="95 % interval",
    worst="Worst cases",
    as_asked="question",
    as_written="as written",
    expected="right answer",
    before="answer before",
    after="answer after",
    declined="declined",
    settings="Settings",
    names=_ENGLISH_NAMES,
)
