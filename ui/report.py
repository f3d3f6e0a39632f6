"""The figures of `dalil eval` as one page: right-to-left, with its style and plots inside it, no script.

Takes the object that `dalil eval --json` prints; gives HTML that can be mailed or kept. Plots are SVG.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from ui.charts import curves, reliability_bars
from ui.markup import bdi, plain

_STYLE: Final = """
:root { --paper:#f6f4ee; --sheet:#fffefb; --ink:#1d2624; --soft:#56625e; --line:#ddd8ca; --accent:#0e5c53;
  --tint:#9cc7bf; --second:#b4622a; color-scheme: light dark }
@media (prefers-color-scheme: dark) { :root { --paper:#131816; --sheet:#1b211f; --ink:#ece9e0; --soft:#a5b0ab;
  --line:#343d39; --accent:#74cdbd; --tint:#2f6259; --second:#f0b57c } }
body { margin:0; background:var(--paper); color:var(--ink);
  font:16px/1.7 "Noto Sans Arabic","Segoe UI",Tahoma,sans-serif }
main { max-width:62rem; margin:auto; padding:2rem 1rem 4rem }
h1 { font-size:1.7rem; margin:0 } h2 { font-size:1.2rem; margin:2.2rem 0 .6rem; color:var(--accent) }
p, figcaption { color:var(--soft); margin:.2rem 0 }
.cards { display:grid; grid-template-columns:repeat(auto-fit,minmax(11rem,1fr)); gap:.8rem; margin-top:1.4rem }
.card, figure { background:var(--sheet); border:1px solid var(--line); border-radius:12px;
  padding:.8rem 1rem; margin:0 }
.card b { display:block; font-size:1.8rem; line-height:1.3 } .card small { color:var(--soft) }
.plots { display:grid; grid-template-columns:repeat(auto-fit,minmax(18rem,1fr)); gap:.8rem }
.wide { overflow-x:auto } table { border-collapse:collapse; width:100%; background:var(--sheet) }
th, td { border-bottom:1px solid var(--line); padding:.35rem .7rem; text-align:start; white-space:nowrap }
td.n { font-variant-numeric:tabular-nums } tr.group th { color:var(--accent) }
.bar { display:inline-block; height:.7em; background:var(--accent); border-radius:3px; margin-inline-end:.5em }
svg { width:100%; height:auto; direction:ltr } svg text { fill:var(--soft); font-size:11px }
.axis { stroke:var(--line) } .first { stroke:var(--accent); fill:none; stroke-width:2 }
.second { stroke:var(--second); fill:none; stroke-width:2; stroke-dasharray:5 3 } .column { fill:var(--tint) }
.diagonal { stroke:var(--soft); stroke-dasharray:3 3 }
"""
_NAMES: Final = {
    "retrieval": "الاسترجاع", "reading": "القراءة", "end_to_end": "من السؤال إلى الجواب",
    "predictions": "الأجوبة المعطاة",
    "exact_match": "تطابق تام", "f1": "F1", "contains": "يحوي الجواب", "answered": "أُجيب",
    "citation_precision": "دقة الاستشهاد", "all_citations_precision": "دقة كل الاستشهادات",
    "who": "من", "when": "متى", "where": "أين", "how_many": "كم", "what": "ما", "why": "لماذا", "how": "كيف",
    "yes_no": "هل", "date": "تاريخ", "amount": "مقدار", "phrase": "عبارة", "none": "بلا",
    "arabic": "العربي (دليل)", "mlqa": "MLQA: تُحذف «ال»", "squad": "SQuAD الإنجليزي",
    "by_type": "نوع السؤال", "by_answer_type": "نوع الجواب", "by_answer_length": "كلمات الجواب",
    "by_passage_length": "كلمات النص", "risk_coverage_area": "مساحة الخطر", "calibration_error": "خطأ المعايرة",
    "declined_answerable": "امتنع وله جواب", "declined_unanswerable": "امتنع ولا جواب له", "threshold": "عتبة الثقة",
    "when_answered": "حين يجيب", "answerable": "ما له جواب", "never_declining": "لو أجاب دائما",
    "with_declining": "مع الامتناع", "questions": "أسئلة",
}  # fmt: skip
_PARTS: Final = ("retrieval", "reading", "end_to_end", "predictions")
_GROUPED: Final = ("by_type", "by_answer_type", "by_answer_length", "by_passage_length")


def report(figures: Mapping[str, Any]) -> str:
    """Return the whole page."""
    title = f"تقرير التقويم · {figures['questions']} سؤالا"
    models = " · ".join(bdi(str(name)) for name in figures["models"].values())
    body = [
        f"<h1>{title}</h1><p>{bdi(figures['settings']['file'])}</p><p>{models}</p>",
        _cards(figures),
        *(_section(_name(part), _part(figures[part])) for part in _PARTS if part in figures),
        _section("الأعراف: الأجوبة نفسها كما يعدّها كل مقياس منشور", _conventions(figures["conventions"])),
        _abstention(figures.get("abstention")),
        _section("بحسب السؤال والجواب", _groups(figures)),
        _section("الإعدادات", _rows(_flat(figures["settings"]))),
    ]
    return (
        '<!doctype html><html lang="ar" dir="rtl"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{_STYLE}</style></head><body><main>{''.join(body)}</main></body></html>\n"
    )


def _cards(figures: Mapping[str, Any]) -> str:
    """Return the few figures that most people want, with their intervals."""
    chosen = [("retrieval", "recall@1"), ("reading", "f1"), ("end_to_end", "f1"), ("end_to_end", "citation_precision")]
    chosen += [("predictions", "exact_match"), ("predictions", "f1")]
    cards = []
    for part, key in chosen:
        if part in figures:
            between = figures["intervals"].get(part, {}).get(key)
            interval = f"<bdi dir='ltr'>{_percent(between[0])} – {_percent(between[1])}</bdi>" if between else ""
            value = _percent(figures[part][key])
            cards.append(
                f'<div class="card">{_name(part)}: {_name(key)}<b>{value}</b><small>{interval}&nbsp;</small></div>'
            )
    return f'<div class="cards">{"".join(cards)}</div>'


def _section(title: str, body: str) -> str:
    return f'<section><h2>{title}</h2><div class="wide">{body}</div></section>'


def _part(figures: Mapping[str, Any]) -> str:
    """Return the figures of one part, and below them the same figures of parts of the questions."""
    rows = [(_name(key), _cell(value)) for key, value in figures.items() if not isinstance(value, Mapping)]
    for name, group in figures.items():
        if isinstance(group, Mapping):
            rows += [(f"{_name(name)}: {_name(key)}", _cell(value)) for key, value in group.items()]
    return _rows(rows)


def _conventions(figures: Mapping[str, Any]) -> str:
    rows = [
        (_name(part), _name(name), _cell(values["exact_match"]), _cell(values["f1"]))
        for part, by_name in figures.items()
        for name, values in by_name.items()
    ]
    return _rows(rows, head=("", "العُرف", _name("exact_match"), "F1"))


def _abstention(figures: Mapping[str, Any] | None) -> str:
    if not figures:
        return ""
    ends, reading = figures["end_to_end"], figures["reading"]
    lines = [[(p["coverage"], p["risk"]) for p in part["risk_coverage"]] for part in (ends, reading)]
    bands = [(b["from"], b["right"], b["questions"]) for b in ends["reliability"]]
    plots = (
        f"<figure>{curves(lines)}<figcaption>الخطر (1 − F1) بحسب ما يُجاب من الأسئلة؛ المتصل: من السؤال إلى الجواب، "
        f"المتقطع: القراءة</figcaption></figure><figure>{reliability_bars(bands)}<figcaption>نصيب الأجوبة الصحيحة بحسب "
        "الثقة؛ القطر معايرة تامة</figcaption></figure>"
    )
    keys = [key for key, value in ends.items() if not isinstance(value, list | Mapping)]
    rows = [(_name(key), _cell(ends[key]), _cell(reading[key])) for key in keys]
    rows += [
        (f"صواب عند تغطية {c} %", _cell(value), _cell(reading["accuracy_at_coverage"][c]))
        for c, value in ends["accuracy_at_coverage"].items()
    ]
    table = _rows(rows, head=("", _name("end_to_end"), _name("reading")))
    return _section("الامتناع والثقة", f'<div class="plots">{plots}</div>{table}')


def _groups(figures: Mapping[str, Any]) -> str:
    rows: list[tuple[str, ...]] = []
    for part in (part for part in _GROUPED if part in figures):
        for name, group in figures[part].items():
            value = group["end_to_end"]["f1"] if "end_to_end" in group else group["f1"]
            read = _cell(group["reading"]["f1"]) if "reading" in group else ""
            rows.append((_name(part), _name(name), str(group["questions"]), read, _bar(value)))
    return _rows(rows, head=("", "", "أسئلة", "F1 القراءة", "F1 الجواب"))


def _bar(value: float | None) -> str:
    return f'<span class="bar" style="width:{(value or 0) * 6:.2f}em"></span>{_percent(value)}'


def _flat(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield bdi(prefix + key), bdi(str(value))


def _rows(rows: Iterable[Sequence[str]], head: Sequence[str] = ()) -> str:
    """Return a table; cells are HTML."""
    top = "<tr>" + "".join(f'<th scope="col">{cell}</th>' for cell in head) + "</tr>" if head else ""
    lines = (
        f'<tr><th scope="row">{first}</th>' + "".join(f'<td class="n">{cell}</td>' for cell in rest) + "</tr>"
        for first, *rest in rows
    )
    return f"<table>{top}{''.join(lines)}</table>"


def _name(key: str) -> str:
    return _NAMES.get(key) or f'<bdi dir="ltr">{plain(key)}</bdi>'


def _cell(value: object) -> str:
    return _percent(value) if value is None or isinstance(value, float) else plain(str(value))


def _percent(value: object) -> str:
    return f"{100 * value:.1f} %" if isinstance(value, float) else "–"
