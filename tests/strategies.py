"""Shared Hypothesis generators: text as Arabic documents and questions really hold it, and worse.

Letters with marks and tatweel, digits of three kinds, bidi and zero-width marks, Latin words, punctuation of both
scripts, line ends. `disguised(word)` gives the spellings that must all be found by one another.
"""

from hypothesis import settings
from hypothesis import strategies as st

# No time limit an example: a test that fails on a busy machine says nothing about the product.
settings.register_profile("dalil", deadline=None)
settings.load_profile("dalil")

LETTERS = "ابتثجحخدذرزسشصضطظعغفقكلمنهويءأإآؤئىة"
MARKS = "ًٌٍَُِّْٰ"
TATWEEL = "ـ"
INVISIBLE = "\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u2066\u2067\u2069\u00ad\ufeff"
DIGITS = ("0123456789", "٠١٢٣٤٥٦٧٨٩", "۰۱۲۳۴۵۶۷۸۹")
ENDS = (".", "؟", "!", "…", "؛", " .", '."', "؟»", ".)", "..", "...")
BREAKS = (" ", " ", " ", " ", "  ", "\n", "\n\n", "\t", "\u00a0", " \n ")
SAME_LETTERS = {"ا": "اأإآٱ", "ه": "هة", "ي": "يىی", "ك": "كک", "و": "وؤ"}

NEWS_WORDS = """
قال الرئيس في العاصمة طرابلس إن القوات تقدمت نحو مدينة مصراتة بعد معارك عنيفة وأضاف أن الحكومة لن تتراجع كما أعلنت
مصادر أمنية السبت عن أسر عشرات الجنود بينما استمر القصف على مواقع المسلحين وأوضح المتحدث باسم الجيش أنه لا توجد خسائر
""".split()

common_words = st.sampled_from(NEWS_WORDS)
"""Words of the news, for text that an encoding detector must recognise."""

arabic_words = st.text(st.sampled_from(LETTERS), min_size=1, max_size=10)
"""Bare Arabic letters, one to ten."""

latin_words = st.text(
    st.sampled_from("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZéçİß"), min_size=1, max_size=8
)


@st.composite
def numbers(draw: st.DrawFn) -> str:
    """Draw a number in digits of one of three kinds, sometimes with a separator."""
    digits = draw(st.sampled_from(DIGITS))
    whole = "".join(draw(st.lists(st.sampled_from(digits), min_size=1, max_size=4)))
    fraction = "".join(draw(st.lists(st.sampled_from(digits), min_size=1, max_size=2)))
    return draw(st.sampled_from([whole, whole, f"{whole}.{fraction}", f"{whole}٫{fraction}", f"{whole}%"]))


@st.composite
def disguised(draw: st.DrawFn, word: str) -> str:
    """Draw another spelling of the Arabic `word` or number: marks, tatweel, joiners, hamza, ya and digit forms."""
    spelt = []
    for position, letter in enumerate(word):
        if letter.isdigit():
            spelt.append(draw(st.sampled_from(DIGITS))[int(letter)])
            continue
        forms = next((forms for forms in SAME_LETTERS.values() if letter in forms), letter)
        spelt.append(draw(st.sampled_from(forms)))
        spelt.append(draw(st.text(st.sampled_from(MARKS), max_size=2)))
        if position + 1 < len(word):
            spelt.append(draw(st.sampled_from(["", "", "", TATWEEL, "\u200d", "\u200c"])))
    return "".join(spelt)


@st.composite
def dressed_words(draw: st.DrawFn) -> str:
    """Draw a word with marks, tatweel and invisible marks put anywhere, its first letter aside."""
    word = draw(arabic_words)
    extra = st.text(st.sampled_from(MARKS + TATWEEL + INVISIBLE), max_size=2)
    return "".join(letter + draw(extra) for letter in word)


tokens = st.one_of(common_words, arabic_words, dressed_words(), numbers(), latin_words, st.sampled_from(ENDS))


@st.composite
def arabic_text(draw: st.DrawFn, max_words: int = 60) -> str:
    """Draw running text: words of every kind, sentence ends, spaces and line ends."""
    parts = draw(st.lists(st.tuples(tokens, st.one_of(st.just(" "), st.sampled_from(BREAKS))), max_size=max_words))
    return "".join(token + gap for token, gap in parts)


news_text = st.lists(common_words, min_size=3, max_size=80).map(" ".join)
"""Plain news prose without any punctuation, as some crawled articles are."""

any_text = st.one_of(arabic_text(), st.text(max_size=200))
"""Anything at all that Python holds in a string, but for halves of surrogate pairs."""
