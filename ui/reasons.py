"""Why a file could not be read, for an Arabic reader.

The readers of files say it in English, with figures that help whoever mends the file; here each kind of reason has a
sentence in Arabic, and one that is not known is given as it is rather than hidden.
"""

import re
from typing import Final

from ui.strings import Texts

_STRUCTURE: Final = "ليست بنيته بنيةَ جدول أو JSON فيه عمود للنص. سمِّ عمود النص text."

# The first that fits is meant.
_ARABIC: Final = tuple(
    (re.compile(pattern), said)
    for pattern, said in (
        (r"password|digital rights", "الملف مقفل بكلمة مرور أو بحقوق رقمية. احفظه بلا قفل ثم أضفه."),
        (r"package that is not installed", "هذا الخادم لا يقرأ هذا النوع من الملفات الآن. أخبر مشغّل الموقع."),
        (r"files of kind|holds no .* ?file|deep in one another", "ليس فيه نوع من الملفات يُقرأ."),
        (r"pages? has text|picture|no pages|has no text|it is empty", "لا نصّ فيه. إن كان صورًا فحوّلها إلى نص أولًا."),
        (r"column|JSON|table|object|expected a string", _STRUCTURE),
        (r"longer than|more than|to more|smaller than it is", "هو أكبر مما يُقرأ من ملف واحد. قسّمه."),
        (r"binary|UTF-8|surrogate|is no text", "ليس نصًا مكتوبًا بترميز معروف. احفظه بترميز UTF-8."),
        (r"damaged|parse|lacks the file|unpack|entities|regular file", "الملف تالف أو ناقص. احفظه من جديد ثم أضفه."),
        (r"stands earlier already", "تكرّر فيه معرّف وثيقة، والمعرّف لوثيقة واحدة."),
        (r"leads out", "يخرج اسمه عن مجلده."),
    )
)


def reason(text: str, words: Texts) -> str:
    """Return why a file could not be read in the language of `words`."""
    if words.language != "ar":
        return text
    return next((said for pattern, said in _ARABIC if pattern.search(text)), text)
