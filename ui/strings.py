"""Every text that the chat shows, in Arabic and in English.

`texts("ar")` gives a `Texts`: one field a text, so a language that lacks one does not build. Fields with braces are
filled with `.format`; those that agree with a number are called with it. Also here: how a day and a share are written
in each language.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from ui.counting import Counted, arabic, english

Language = Literal["ar", "en"]


@dataclass(frozen=True, slots=True)
class Texts:
    """The visible texts of one language; `direction` is the one its pages are laid out in."""

    language: Language
    direction: Literal["rtl", "ltr"]
    name: str
    tagline: str
    other_language: str
    theme: str
    new_conversation: str
    conversation: str
    welcome: str
    welcome_more: str
    documents: Counted
    examples: str
    question: str
    placeholder: str
    send: str
    filters: str
    date_from: str
    date_to: str
    day_hint: str
    source: str
    any_source: str
    narrowed: str
    widen: str
    you_asked: str
    understood: str
    as_typed: str
    judge: str
    right: str
    wrong_answer: str
    wrong_evidence: str
    rightly_declined: str
    wrongly_declined: str
    judge_kept: str
    judged: str
    not_judged: str
    save_page: str
    save_json: str
    delete: str
    delete_sure: str
    earlier: str
    searching: str
    answer: str
    sources_of_answer: str
    sources_agree: Counted
    sources_differ: str
    confidence: tuple[str, str, str]
    confidence_help: str
    no_answer: str
    nothing_found: str
    nothing_within: str
    nothing_answers: str
    too_uncertain: str
    nearest: str
    evidence: str
    evidence_empty: str
    evidence_empty_more: str
    other_passages: Counted
    whole_document: str
    open_page: str
    loading: str
    not_loaded: str
    close: str
    copy: str
    copied: str
    chip: str
    date: str
    published_by: str
    file: str
    place: str
    page: str
    fingerprint: str
    no_date: str
    removed: str
    removed_more: str
    back: str
    empty_question: str
    long_question: str
    bad_filter: str
    failed: str
    changed: str
    proof: str
    proof_link: str
    save: str
    all_stand: Counted
    some_stand: str
    quotation_changed: str
    quotation_altered: str
    quotation_moved: str
    quotation_removed: str
    how_found: str
    found: str
    matched: str
    made_with: str
    too_many: str
    too_many_next: Counted
    unknown_user: str
    unknown_user_next: str
    library: str
    close_library: str
    find_document: str
    no_documents: str
    more_documents: str
    add_documents: str
    drop_documents: str
    choose_files: str
    choose_folder: str
    upload_limits: Counted
    uploads_private: str
    uploads_shared: str
    sending: str
    not_sent: str
    indexing: str
    indexed: str
    file_added: str
    file_updated: str
    file_unchanged: str
    file_failed: str
    file_kind: str
    file_size: str
    file_count: Counted
    file_space: str
    file_unreadable: str
    file_partly: Counted
    yours: str
    remove: str
    remove_document: str
    confirm_removal: str
    no_uploads: str
    not_yours: str
    endpoints: str
    endpoints_more: str
    objects: str
    months: tuple[str, ...]


_ARABIC: Final = Texts(
    language="ar",
    direction="rtl",
    name="دليل",
    tagline="أجوبة من وثائقك، بنصّها وموضعها",
    other_language="English",
    theme="تبديل المظهر الفاتح والداكن",
    new_conversation="محادثة جديدة",
    conversation="المحادثة",
    welcome="اسأل، ويأتيك الجواب بنصّه من الوثيقة",
    welcome_more="كل جواب اقتباس حرفي مع موضعه في المصدر. وحين لا تجيب الوثائق يقول دليل ذلك صراحة.",
    documents=arabic(
        zero="لا وثائق مفهرسة بعد",
        one="وثيقة واحدة مفهرسة",
        two="وثيقتان مفهرستان",
        few="{n} وثائق مفهرسة",
        many="{n} وثيقة مفهرسة",
        other="{n} وثيقة مفهرسة",
    ),
    examples="أسئلة للتجربة",
    question="سؤالك",
    placeholder="اكتب سؤالك هنا…",
    send="اسأل",
    filters="تضييق البحث بالتاريخ والناشر",
    date_from="من تاريخ",
    date_to="إلى تاريخ",
    day_hint="2019-04-05",
    source="الناشر",
    any_source="كل الناشرين",
    narrowed="البحث مضيَّق:",
    widen="البحث في كل الوثائق",
    you_asked="سألتَ",
    understood="فُهم السؤال هكذا:",
    as_typed="اسأل كما كُتب",
    judge="ما رأيك في هذا الجواب؟",
    right="صحيح",
    wrong_answer="الجواب خطأ",
    wrong_evidence="الدليل لا يثبته",
    rightly_declined="صحيح، لا جواب في الوثائق",
    wrongly_declined="بل في الوثائق جواب",
    judge_kept="يُحفظ رأيك مع السؤال والجواب كاملين في ملف لدى مشغّل الموقع.",
    judged="حُفظ رأيك مع السؤال والجواب. شكرًا لك.",
    not_judged="تعذّر حفظ رأيك. أعد المحاولة.",
    save_page="حفظ المحادثة صفحةً",
    save_json="حفظ المحادثة بصيغة JSON",
    delete="حذف المحادثة",
    delete_sure="أتريد حذف هذه المحادثة من متصفحك نهائيًّا؟",
    earlier="محادثاتك السابقة في هذا المتصفح",
    searching="أبحث في الوثائق…",
    answer="الجواب، بنصّ المصدر",
    sources_of_answer="المصادر",
    sources_agree=arabic(
        one="يقوله مصدر واحد",
        two="يتفق عليه مصدران",
        few="تتفق عليه {n} مصادر",
        many="يتفق عليه {n} مصدرًا",
        other="يتفق عليه {n} مصدر",
    ),
    sources_differ="المصادر مختلفة في هذا، وهذا نصّ كلٍّ منها",
    confidence=("ثقة محدودة", "ثقة متوسطة", "ثقة عالية"),
    confidence_help="تقدير احتمال أن يكون الجواب صحيحًا",
    no_answer="لا أجد في هذه الوثائق جوابًا عن السؤال",
    nothing_found="لا يرد في الوثائق شيء من كلمات السؤال.",
    nothing_within="لا وثيقة للقراءة ضمن حدود البحث. وسّع التاريخ أو الناشر، أو أضف وثائق.",
    nothing_answers="قرأتُ أقرب المقاطع، وليس فيها ما يجيب عن السؤال.",
    too_uncertain="قرأتُ أقرب المقاطع، وأفضل ما فيها لا يبلغ ثقة كافية ({share}).",
    nearest="أقرب المقاطع إلى السؤال",
    evidence="الأدلة",
    evidence_empty="هنا تظهر المصادر",
    evidence_empty_more="بعد كل جواب ترى المقطع الذي أُخذ منه والاقتباس معلَّمًا فيه، ثم الوثيقة كاملةً.",
    other_passages=arabic(
        one="مقطع آخر قُرئ",
        two="مقطعان آخران قُرئا",
        few="{n} مقاطع أخرى قُرئت",
        many="{n} مقطعًا آخر قُرئت",
        other="{n} مقطع آخر قُرئت",
    ),
    whole_document="الوثيقة كاملةً عند هذا الموضع",
    open_page="صفحة المصدر",
    loading="تُحمَّل الوثيقة…",
    not_loaded="تعذّر تحميل الوثيقة. حدّث الصفحة وأعد المحاولة.",
    close="إغلاق الأدلة",
    copy="نسخ الجواب مع المرجع",
    copied="نُسخ",
    chip="المرجع {n}: {title}",
    date="التاريخ",
    published_by="الناشر",
    file="الملف",
    place="الموضع",
    page="الصفحة {n}",
    fingerprint="بصمة النص",
    no_date="بلا تاريخ",
    removed="هذه الوثيقة لم تعد في الفهرس",
    removed_more="ربما حُذفت أو تغيّر موضعها بعد أن أُجيب السؤال.",
    back="العودة إلى المحادثة",
    empty_question="اكتب سؤالًا أولًا.",
    long_question="السؤال أطول مما يُقرأ دفعة واحدة. اختصره وأعد المحاولة.",
    bad_filter="لم أفهم حدود البحث. اكتب التاريخ هكذا: \u200e2019-04-05\u200e.",
    changed="أُجيب هذا السؤال من وثيقة تغيّرت بعد ذلك أو حُذفت، فلا يُعرض الاقتباس. اسأل من جديد.",
    failed="حدث خطأ غير متوقع ولم يُجب السؤال. أعد المحاولة.",
    proof="دليل الجواب",
    proof_link="الدليل والتحقق",
    save="حفظ الدليل",
    all_stand=arabic(
        one="فُحص الآن: الاقتباس قائم في موضعه من النص المفهرس.",
        two="فُحصا الآن: الاقتباسان قائمان في موضعيهما من النص المفهرس.",
        few="فُحصت الآن: كل الاقتباسات ({n}) قائمة في مواضعها من النص المفهرس.",
        many="فُحصت الآن: كل الاقتباسات ({n}) قائمة في مواضعها من النص المفهرس.",
        other="فُحصت الآن: كل الاقتباسات ({n}) قائمة في مواضعها من النص المفهرس.",
    ),
    some_stand="فُحصت الآن: القائم في موضعه من النص المفهرس {standing} من {count}.",
    quotation_changed="تغيّر نص هذه الوثيقة بعد الاقتباس منها، فلا يُعرض.",
    quotation_altered="الوثيقة كما هي، لكنها لم تقل هذا قط: غُيّر الاقتباس أو موضعه.",
    quotation_moved="النص نفسه محفوظ الآن في ملف آخر: {path}",
    quotation_removed="هذه الوثيقة لم تعد في الفهرس.",
    how_found="كيف وُجد",
    found="المرتبة {rank} · الدرجة {score:.2f} · تشابه المعنى {cosine:.2f} · تطابق الألفاظ {bm25:.1f}.",
    matched="كلمات تطابق السؤال",
    made_with="الفهرس والنماذج",
    too_many="الطلبات من جهازك كثيرة في وقت قصير.",
    too_many_next=arabic(
        one="أعد المحاولة بعد ثانية واحدة.",
        two="أعد المحاولة بعد ثانيتين.",
        few="أعد المحاولة بعد {n} ثوانٍ.",
        many="أعد المحاولة بعد {n} ثانية.",
        other="أعد المحاولة بعد {n} ثانية.",
    ),
    unknown_user="يلزم اسم مستخدم وكلمة مرور صحيحان.",
    unknown_user_next="حدّث الصفحة وأدخل ما أعطاك إياه مشغّل الموقع.",
    library="الوثائق",
    close_library="إغلاق الوثائق",
    find_document="ابحث في العناوين والناشرين والملفات",
    no_documents="لا وثيقة بهذه الكلمات.",
    more_documents="عرض المزيد",
    add_documents="أضف وثائقك",
    drop_documents="اسحب ملفاتك أو مجلداتك إلى هنا",
    choose_files="اختر ملفات",
    choose_folder="اختر مجلدًا",
    upload_limits=arabic(
        one="لا يزيد الملف على {megabytes} ميغابايت، ولا تزيد وثائقك على وثيقة واحدة.",
        two="لا يزيد الملف على {megabytes} ميغابايت، ولا تزيد وثائقك على وثيقتين.",
        few="لا يزيد الملف على {megabytes} ميغابايت، ولا تزيد وثائقك على {n} وثائق.",
        many="لا يزيد الملف على {megabytes} ميغابايت، ولا تزيد وثائقك على {n} وثيقة.",
        other="لا يزيد الملف على {megabytes} ميغابايت، ولا تزيد وثائقك على {n} وثيقة.",
    ),
    uploads_private="لا يرى وثائقك زائر سواك، وتُحذف إن لم تعد خلال ثلاثين يومًا.",
    uploads_shared="تنبيه: يرى وثائقك كل من يستعمل هذا الموقع.",
    sending="تُضاف الملفات: {done} من {of} · الوقت الباقي {left}",
    not_sent="لم يصل الملف إلى الخادم. تحقق من الاتصال وأعد المحاولة.",
    indexing="تُفهرس ملفات هذا الموقع: {read} من {files} · {documents} · الوقت الباقي {left}",
    indexed="اكتملت فهرسة ملفات هذا الموقع: {documents} · ما لم يُقرأ: {unreadable}",
    file_added="أُضيف",
    file_updated="حُدِّث",
    file_unchanged="لم يتغيّر",
    file_failed="لم يُضَف",
    file_kind="هذا النوع من الملفات لا يُقرأ. الأنواع المقروءة: \u2066{kinds}\u2069",
    file_size="الملف أكبر من {megabytes} ميغابايت. قسّمه وأضف أجزاءه.",
    file_count=arabic(
        one="لا يُحفظ لك أكثر من وثيقة واحدة. احذفها ثم أعد المحاولة.",
        two="لا يُحفظ لك أكثر من وثيقتين. احذف إحداهما ثم أعد المحاولة.",
        few="لا يُحفظ لك أكثر من {n} وثائق. احذف بعضها ثم أعد المحاولة.",
        many="لا يُحفظ لك أكثر من {n} وثيقة. احذف بعضها ثم أعد المحاولة.",
        other="لا يُحفظ لك أكثر من {n} وثيقة. احذف بعضها ثم أعد المحاولة.",
    ),
    file_space="لا تتسع مساحة الخادم الآن. أخبر مشغّل الموقع.",
    file_unreadable="لم يُقرأ من الملف شيء.",
    file_partly=arabic(
        one="قُرئ الملف إلا جزءًا واحدًا منه.",
        two="قُرئ الملف إلا جزأين منه.",
        few="قُرئ الملف إلا {n} أجزاء منه.",
        many="قُرئ الملف إلا {n} جزءًا منه.",
        other="قُرئ الملف إلا {n} جزء منه.",
    ),
    yours="وثيقتك",
    remove="حذف",
    remove_document="حذف الوثيقة: {title}",
    confirm_removal="تأكيد الحذف",
    no_uploads="لا تُقبل هنا وثائق من الزوار.",
    not_yours="لا يحذف وثيقةً إلا من أضافها.",
    endpoints="واجهة البرمجة",
    endpoints_more="بهذه العناوين تسأل البرامجُ دليلًا، فيجيبها بصيغة JSON، وتذكر الأخطاء ما حدث وما العمل. "
    "وهذا وصفها كاملًا:",
    objects="الكائنات",
    months=tuple("يناير فبراير مارس أبريل مايو يونيو يوليو أغسطس سبتمبر أكتوبر نوفمبر ديسمبر".split()),
)

_ENGLISH: Final = Texts(
    language="en",
    direction="ltr",
    name="Dalil",
    tagline="Answers from your documents, word for word, in place",
    other_language="العربية",
    theme="Switch between light and dark",
    new_conversation="New conversation",
    conversation="Conversation",
    welcome="Ask, and the document answers in its own words",
    welcome_more="Every answer is an exact quotation with its place in the source. "
    "When the documents do not answer, Dalil says so.",
    documents=english(
        one="{n} document indexed",
        other="{n} documents indexed",
    ),
    examples="Questions to try",
    question="Your question",
    placeholder="Ask a question…",
    send="Ask",
    filters="Narrow by date and publisher",
    date_from="From date",
    date_to="To date",
    day_hint="2019-04-05",
    source="Publisher",
    any_source="All publishers",
    narrowed="Search narrowed:",
    widen="Search all documents",
    you_asked="You asked",
    understood="Understood as:",
    as_typed="Ask as typed",
    judge="What do you think of this answer?",
    right="Right",
    wrong_answer="Wrong answer",
    wrong_evidence="Wrong evidence",
    rightly_declined="Right, the documents have no answer",
    wrongly_declined="The documents do have an answer",
    judge_kept="Your opinion is kept with the whole question and answer, in a file of this site's operator.",
    judged="Your opinion is kept with the question and the answer. Thank you.",
    not_judged="Your opinion could not be kept. Try again.",
    save_page="Save the conversation as a page",
    save_json="Save the conversation as JSON",
    delete="Delete the conversation",
    delete_sure="Delete this conversation from your browser for good?",
    earlier="Your earlier conversations in this browser",
    searching="Searching the documents…",
    answer="The answer, in the source's words",
    sources_of_answer="Sources",
    sources_agree=english(
        one="{n} source says so",
        other="{n} sources agree",
    ),
    sources_differ="The sources differ; here is what each one says",
    confidence=("Low confidence", "Fair confidence", "High confidence"),
    confidence_help="Estimated probability that the answer is right",
    no_answer="These documents do not seem to answer the question",
    nothing_found="None of the question's words stands in the documents.",
    nothing_within="There is no document to read within the search limits. Widen the dates or the publisher, "
    "or add documents.",
    nothing_answers="The nearest passages were read, and nothing in them answers the question.",
    too_uncertain="The nearest passages were read; the best candidate in them is too uncertain ({share}).",
    nearest="Nearest passages",
    evidence="Evidence",
    evidence_empty="Sources appear here",
    evidence_empty_more="After each answer you see the passage it was taken from, the quotation marked in it, "
    "and the whole document.",
    other_passages=english(
        one="{n} other passage that was read",
        other="{n} other passages that were read",
    ),
    whole_document="The whole document at this place",
    open_page="Source page",
    loading="Loading the document…",
    not_loaded="The document could not be loaded. Reload the page and try again.",
    close="Close the evidence",
    copy="Copy the answer with its reference",
    copied="Copied",
    chip="Reference {n}: {title}",
    date="Date",
    published_by="Publisher",
    file="File",
    place="Place",
    page="Page {n}",
    fingerprint="Fingerprint of the text",
    no_date="undated",
    removed="This document is no longer in the index",
    removed_more="It may have been removed or moved after the question was answered.",
    back="Back to the conversation",
    empty_question="Write a question first.",
    long_question="The question is longer than can be read at once. Shorten it and try again.",
    bad_filter="The search limits could not be read. Write a date like this: 2019-04-05.",
    changed="The document that answered this question has changed or gone since, so the quotation is not shown. "
    "Ask again.",
    failed="Something went wrong and the question was not answered. Try again.",
    proof="Proof of the answer",
    proof_link="Proof and check",
    save="Save the proof",
    all_stand=english(
        one="Checked now: the quotation stands at its place in the indexed text.",
        other="Checked now: all {n} quotations stand at their places in the indexed text.",
    ),
    some_stand="Checked now: standing in place in the indexed text, {standing} of {count}.",
    quotation_changed="The text of this document has changed since it was quoted, so the quotation is not shown.",
    quotation_altered="The document is as it was, but it never said this: the quotation or its place was altered.",
    quotation_moved="The same text now stands in another file: {path}",
    quotation_removed="This document is no longer in the index.",
    how_found="How it was found",
    found="rank {rank} · score {score:.2f} · likeness of meaning {cosine:.2f} · match of words {bm25:.1f}.",
    matched="Words that match the question",
    made_with="Index and models",
    too_many="Too many requests came from your device in a short time.",
    too_many_next=english(
        one="Try again in {n} second.",
        other="Try again in {n} seconds.",
    ),
    unknown_user="The right name and password are needed.",
    unknown_user_next="Reload the page and enter what the operator gave you.",
    library="Documents",
    close_library="Close the documents",
    find_document="Search titles, publishers and files",
    no_documents="No document has these words.",
    more_documents="Show more",
    add_documents="Add your documents",
    drop_documents="Drop your files or folders here",
    choose_files="Choose files",
    choose_folder="Choose a folder",
    upload_limits=english(
        one="A file may have up to {megabytes} MB, and you {n} document.",
        other="A file may have up to {megabytes} MB, and you up to {n} documents.",
    ),
    uploads_private="No other visitor sees your documents; they are removed if you do not come back for thirty days.",
    uploads_shared="Take note: everyone who uses this site sees your documents.",
    sending="Adding files: {done} of {of} · time left {left}",
    not_sent="The file did not reach the server. Check the connection and try again.",
    indexing="The files of this site are being indexed: {read} of {files} · {documents} · time left {left}",
    indexed="The files of this site are indexed: {documents} · not read: {unreadable}",
    file_added="added",
    file_updated="updated",
    file_unchanged="unchanged",
    file_failed="not added",
    file_kind="Files of this kind are not read. These are: {kinds}",
    file_size="The file is larger than {megabytes} MB. Split it and add its parts.",
    file_count=english(
        one="No more than {n} document is kept for you. Remove it and try again.",
        other="No more than {n} documents are kept for you. Remove some and try again.",
    ),
    file_space="The server has no room now. Tell its operator.",
    file_unreadable="Nothing of the file could be read.",
    file_partly=english(
        one="The file was read, except for {n} part of it.",
        other="The file was read, except for {n} parts of it.",
    ),
    yours="yours",
    remove="Remove",
    remove_document="Remove the document: {title}",
    confirm_removal="Confirm removal",
    no_uploads="No documents are taken from visitors here.",
    not_yours="A document is removed by whoever added it.",
    endpoints="Programming interface",
    endpoints_more="Programs ask Dalil at these addresses and are answered in JSON; errors say what happened and what "
    "to do. The whole description:",
    objects="Objects",
    months=tuple("January February March April May June July August September October November December".split()),
)

# Questions that the shipped articles answer, by the file that answers them.
EXAMPLES: Final[tuple[tuple[str, str], ...]] = (
    ("001_af682284de1024ff.txt", "كم عدد قوات حفتر الذين وقعوا في الأسر؟"),
    ("002_ae9e9b4a8314f8a4.txt", "كم عسكريا ليبيا أعلنوا انضمامهم للثوار في مصراتة؟"),
    ("003_d470f4d6d17985fe.txt", "متى وقع أردوغان مذكرتي التفاهم مع السراج؟"),
    ("000_343706e692bae98b.txt", "أين سلّم جنود القذافي أنفسهم للجيش التونسي؟"),
    ("004_1043952476b01f1e.txt", "لماذا رفض عدد من الضباط الليبيين تولي حفتر قيادة الجيش؟"),
    ("003_d470f4d6d17985fe.txt", "من هو الناطق الرسمي باسم الجيش الليبي؟"),
)


def texts(language: str) -> Texts:
    """Return the texts of `language`; Arabic for any language there is no translation for."""
    return _ENGLISH if language == "en" else _ARABIC


def preferred_language(headers: Mapping[str, str]) -> Language:
    """Return the language a request asks for: its cookie, else the first of ours its browser reads, else Arabic."""
    chosen = re.search(r"\bdalil_language=(ar|en)\b", headers.get("cookie", ""))
    read = re.search(r"\b(ar|en)\b", headers.get("accept-language", "").lower())
    found = chosen or read
    return "en" if found and found[1] == "en" else "ar"


def why_declined(reason: str | None, confidence: float, words: Texts, *, read: bool) -> str:
    """Return why there is no answer.

    Args:
        reason: a `qa.answers.Reason`.
        confidence: of the best candidate.
        words: the language.
        read: whether any passage was read at all.
    """
    if not read:
        return words.nothing_within
    if reason in ("nothing_found", "nothing_answers"):
        return words.nothing_found if reason == "nothing_found" else words.nothing_answers
    return words.too_uncertain.format(share=share(confidence))


def day(iso: str | None, words: Texts) -> str:
    """Return an ISO day as people write it («5 أبريل 2019»), the word for "undated" for None, else `iso` unchanged."""
    if iso is None:
        return words.no_date
    try:
        when = date.fromisoformat(iso)
    except ValueError:
        return iso
    return f"{when.day} {words.months[when.month - 1]} {when.year}"


def share(value: float) -> str:
    """Return a probability as a whole percentage; never 0 % or 100 %, for nothing here is that certain."""
    return f"{min(99, max(1, round(value * 100)))}%"


def level(confidence: float) -> int:
    """Return 0, 1 or 2 for a low, fair or high confidence: below 0.5, below 0.75, above."""
    return (confidence >= 0.5) + (confidence >= 0.75)
