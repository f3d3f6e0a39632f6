"""The figures of `dalil eval` as one page, in Arabic and in English, with its style and plots inside it, no script.

Takes the object that `dalil eval --json` prints; gives HTML that can be mailed or kept. Plots are SVG. Both languages
are there, each laid out in its direction; two buttons choose which is seen.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from ui.charts import curves, reliability_bars
from ui.markup import bdi, plain
from ui.report_texts import ARABIC, ENGLISH, ReportTexts

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
#ar:checked ~ main[lang=en], #en:checked ~ main[lang=ar] { display:none }
body > input, body > label { margin:1rem .2rem 0 1rem } td.text { white-space:normal; min-width:9rem }
.diagonal { stroke:var(--soft); stroke-dasharray:3 3 }
"""
_PARTS: Final = ("retrieval", "reading", "end_to_end", "predictions")
_GROUPED: Final = ("by_type", "by_answer_type", "by_answer_length", "by_passage_length")
_CARDS: Final = (
    ("retrieval", "recall@1"),
    ("reading", "f1"),
    ("end_to_end", "f1"),
    ("end_to_end", "citation_precision"),
    ("predictions", "exact_match"),
    ("predictions", "f1"),
)


def report(figures: Mapping[str, Any]) -> str:
    """Return the whole page, Arabic first."""
    buttons = "".join(
        f'<input type="radio" name="language" id="{texts.language}"{" checked" if texts is ARABIC else ""}>'
        f'<label for="{texts.language}" lang="{texts.language}">{texts.name}</label>'
        for texts in (ARABIC, ENGLISH)
    )
    pages = "".join(_Page(texts).whole(figures) for texts in (ARABIC, ENGLISH))
    return (
        '<!doctype html><html lang="ar" dir="rtl"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{_title(ARABIC, figures)}</title><style>{_STYLE}</style></head><body>{buttons}{pages}</body></html>\n"
    )


class _Page:
    """The figures in one language."""

    def __init__(self, texts: ReportTexts) -> None:
        self._texts = texts

    def whole(self, figures: Mapping[str, Any]) -> str:
        texts = self._texts
        models = " · ".join(bdi(str(name)) for name in figures["models"].values())
        parts = [
            f"<h1>{_title(texts, figures)}</h1><p>{bdi(figures['settings']['file'])}</p><p>{models}</p>",
            self._cards(figures),
            *(_section(self._name(part), self._part(figures[part])) for part in _PARTS if part in figures),
            _section(texts.conventions, self._conventions(figures["conventions"])),
            self._abstention(figures.get("abstention")),
            self._robustness(figures.get("robustness")),
            _section(texts.groups, self._groups(figures)),
            _section(texts.settings, _rows(_flat(figures["settings"]))),
        ]
        return f'<main lang="{texts.language}" dir="{texts.direction}">{"".join(parts)}</main>'

    def _name(self, key: str) -> str:
        return self._texts.names.get(key) or f'<bdi dir="ltr">{plain(key)}</bdi>'

    def _cards(self, figures: Mapping[str, Any]) -> str:
        """Return the few figures that most people want, with their intervals."""
        cards = []
        for part, key in ((part, key) for part, key in _CARDS if part in figures):
            interval = _interval(figures["intervals"].get(part, {}).get(key))
            label, value = f"{self._name(part)}: {self._name(key)}", _percent(figures[part][key])
            cards.append(f'<div class="card">{label}<b>{value}</b><small>{interval}&nbsp;</small></div>')
        return f'<div class="cards">{"".join(cards)}</div>'

    def _part(self, figures: Mapping[str, Any]) -> str:
        """Return the figures of one part, and below them the same figures of parts of the questions."""
        rows = [(self._name(key), _cell(value)) for key, value in figures.items() if not isinstance(value, Mapping)]
        for name, group in figures.items():
            if isinstance(group, Mapping):
                rows += [(f"{self._name(name)}: {self._name(key)}", _cell(value)) for key, value in group.items()]
        return _rows(rows)

    def _conventions(self, figures: Mapping[str, Any]) -> str:
        rows = [
            (self._name(part), self._name(name), _cell(values["exact_match"]), _cell(values["f1"]))
            for part, by_name in figures.items()
            for name, values in by_name.items()
        ]
        return _rows(rows, head=("", self._texts.convention, self._name("exact_match"), "F1"))

    def _abstention(self, figures: Mapping[str, Any] | None) -> str:
        if not figures:
            return ""
        texts, ends, reading = self._texts, figures["end_to_end"], figures["reading"]
        lines = [[(p["coverage"], p["risk"]) for p in part["risk_coverage"]] for part in (ends, reading)]
        bands = [(b["from"], b["right"], b["questions"]) for b in ends["reliability"]]
        plots = "".join(
            f"<figure>{plot}<figcaption>{caption}</figcaption></figure>"
            for plot, caption in (
                (curves(lines, texts.risk), texts.risk),
                (reliability_bars(bands, texts.calibration), texts.calibration),
            )
        )
        keys = [key for key, value in ends.items() if not isinstance(value, list | Mapping)]
        rows = [(self._name(key), _cell(ends[key]), _cell(reading[key])) for key in keys]
        rows += [
            (texts.right_at.format(coverage=c), _cell(value), _cell(reading["accuracy_at_coverage"][c]))
            for c, value in ends["accuracy_at_coverage"].items()
        ]
        table = _rows(rows, head=("", self._name("end_to_end"), self._name("reading")))
        return _section(texts.abstention, f'<div class="plots">{plots}</div>{table}')

    def _robustness(self, figures: Mapping[str, Any] | None) -> str:
        if not figures:
            return ""
        texts = self._texts
        rows = [
            (
                self._name(name), str(row["questions"]), _bar(row["unchanged"]), _interval(row["interval"]),
                _cell(row["f1_before"]), _cell(row["f1_after"]),
            )
            for name, row in {
                **figures["by_spelling"], "same_words": figures["same_words"], "other_words": figures["other_words"]
            }.items()
        ]  # fmt: skip
        head = (texts.spelling, self._name("questions"), texts.unchanged, texts.interval, "F1", f"F1 {texts.after}")
        cases = [
            (
                self._name(name), bdi(case["question"]), bdi(case["written"]),
                " · ".join(map(bdi, case["expected"])) or self._name("none"),
                *(bdi(case[key]) if case[key] is not None else texts.declined for key in ("before", "after")),
            )
            for name, row in figures["by_spelling"].items()
            for case in row["worst"]
        ]  # fmt: skip
        columns = (texts.spelling, texts.as_asked, texts.as_written, texts.expected, texts.before, texts.after)
        table = f"<p>{texts.robustness_more}</p>{_rows(rows, head=head)}"
        return _section(texts.robustness, table) + _section(texts.worst, _rows(cases, head=columns, kind="text"))

    def _groups(self, figures: Mapping[str, Any]) -> str:
        rows: list[tuple[str, ...]] = []
        for part in (part for part in _GROUPED if part in figures):
            for name, group in figures[part].items():
                value = group["end_to_end"]["f1"] if "end_to_end" in group else group["f1"]
                read = _cell(group["reading"]["f1"]) if "reading" in group else ""
                rows.append((self._name(part), self._name(name), str(group["questions"]), read, _bar(value)))
        texts = self._texts
        return _rows(rows, head=("", "", self._name("questions"), texts.reading_f1, texts.answer_f1))


def _title(texts: ReportTexts, figures: Mapping[str, Any]) -> str:
    return texts.title.format(questions=figures["questions"])


def _section(title: str, body: str) -> str:
    return f'<section><h2>{title}</h2><div class="wide">{body}</div></section>'


def _bar(value: float | None) -> str:
    return f'<span class="bar" style="width:{(value or 0) * 6:.2f}em"></span>{_percent(value)}'


def _interval(between: Sequence[float] | None) -> str:
    return f'<bdi dir="ltr">{_percent(between[0])} – {_percent(between[1])}</bdi>' if between else ""


def _flat(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield bdi(prefix + key), bdi(str(value))


def _rows(rows: Iterable[Sequence[str]], head: Sequence[str] = (), kind: str = "n") -> str:
    """Return a table; cells are HTML, of the class `kind`: numbers or text."""
    top = "<tr>" + "".join(f'<th scope="col">{cell}</th>' for cell in head) + "</tr>" if head else ""
    lines = (
        f'<tr><th scope="row">{first}</th>' + "".join(f'<td class="{kind}">{cell}</td>' for cell in rest) + "</tr>"
        for first, *rest in rows
    )
    return f"<table>{top}{''.join(lines)}</table>"


def _cell(value: object) -> str:
    return _percent(value) if value is None or isinstance(value, float) else plain(str(value))


def _percent(value: object) -> str:
    return f"{100 * value:.1f} %" if isinstance(value, float) else "–"
