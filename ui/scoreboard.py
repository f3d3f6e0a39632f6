"""The figures of `dalil eval` as lines for a terminal, in percent, with the 95 % intervals beside them."""

from collections.abc import Iterator, Mapping
from typing import Any

from ui.report_texts import ENGLISH
from ui.terminal import isolated


def show_figures(figures: Mapping[str, Any]) -> str:
    """Return the figures as text, in percent."""
    head = f"{figures['questions']:,} questions, {figures['answerable']:,} of them answerable"
    lines = [head, *(f"  {name}: {value}" for name, value in figures["models"].items())]
    if "feedback" in figures:
        lines += ["", *_feedback(figures["feedback"])]
    for part in ("retrieval", "reading", "end_to_end", "predictions"):
        if part in figures:
            lines += ["", *_part(part, figures[part], figures["intervals"].get(part, {}))]
    lines += ["", *_conventions(figures["conventions"])]
    if figures.get("abstention"):
        lines += ["", *_abstention(figures["abstention"])]
    if "predictions" not in figures:
        lines += ["", *_groups(figures)]
    if "robustness" in figures:
        lines += ["", *_robustness(figures["robustness"])]
    return "\n".join(lines)


def _feedback(figures: Mapping[str, Any]) -> Iterator[str]:
    """Yield what people said: what is scored below, and what somebody has to look at."""
    answers = figures["answers"]
    yield f"called right by people: {answers.get('right', 0)}, scored below as known answers"
    if figures["to_look_at"]:
        yield f"to look at: {len(figures['to_look_at'])}, not scored, for nobody has said what is right"
    for one in figures["to_look_at"]:
        then, now = (isolated(one[key] or ENGLISH.declined) for key in ("answered_then", "answered_now"))
        yield f"  {one['said'].replace('_', ' ')}: {isolated(one['question'])}"
        yield f"      then {then}, now {'the same' if then == now else now}"


def _part(name: str, figures: Mapping[str, Any], intervals: Mapping[str, Any]) -> Iterator[str]:
    yield name.replace("_", " ")
    for key, value in figures.items():
        if isinstance(value, Mapping):
            shown = "  ".join(f"{k} {_shown(v)}" for k, v in value.items())
            yield f"  {key.replace('_', ' ')}: {shown}"
        else:
            between = intervals.get(key)
            yield f"  {key:24} {_shown(value):>6}" + (f"  ({' – '.join(map(_shown, between))})" if between else "")


def _conventions(figures: Mapping[str, Any]) -> Iterator[str]:
    yield "conventions" + " " * 17 + "EM     F1"
    for part, by_name in figures.items():
        for name, values in by_name.items():
            yield f"  {part:12} {name:8} {_shown(values['exact_match']):>7} {_shown(values['f1']):>6}"


def _abstention(figures: Mapping[str, Any]) -> Iterator[str]:
    for part, values in figures.items():
        yield f"abstention, {part.replace('_', ' ')}"
        for key, value in values.items():
            if isinstance(value, Mapping):
                yield f"  {key.replace('_', ' ')}: " + "  ".join(f"{k} % {_shown(v)}" for k, v in value.items())
            elif not isinstance(value, list):
                yield f"  {key.replace('_', ' '):24} {_shown(value):>6}"
        for band in values["reliability"]:
            said, right = _shown(band["confidence"]), _shown(band["right"])
            yield f"  confidence {said:>6}  right {right:>6}  ({band['questions']})"


def _groups(figures: Mapping[str, Any]) -> Iterator[str]:
    yield f"{'':24} {'n':>6} {'R@1':>6} {'EM':>6} {'F1':>6} {'asked F1':>9}"
    for part in ("by_type", "by_answer_type", "by_answer_length", "by_passage_length"):
        yield part.replace("_", " ")
        for name, group in figures[part].items():
            cells = (group["retrieval"]["recall@1"], group["reading"]["exact_match"], group["reading"]["f1"])
            shown = " ".join(f"{_shown(value):>6}" for value in cells) + f" {_shown(group['end_to_end']['f1']):>9}"
            yield f"  {ENGLISH.names.get(name, name):22} {group['questions']:6} {shown}"


def _robustness(figures: Mapping[str, Any]) -> Iterator[str]:
    """Yield the share of answers unchanged under each spelling, then the cases that lost most."""
    spellings = figures["by_spelling"]
    yield f"{ENGLISH.robustness}\n{'':30} {'n':>6} {'unchanged':>10} {'F1 before':>10} {'after':>6}"
    for name, row in {**spellings, "same_words": figures["same_words"], "other_words": figures["other_words"]}.items():
        between = f"  ({' – '.join(map(_shown, row['interval']))})" if row["interval"] else ""
        cells = f"{_shown(row['unchanged']):>10} {_shown(row['f1_before']):>10} {_shown(row['f1_after']):>6}"
        yield f"  {ENGLISH.names[name]:28} {row['questions']:6} {cells}{between}"
    for name, row in spellings.items():
        for case in row["worst"]:
            said = [isolated(case[key] or ENGLISH.declined) for key in ("before", "after")]
            yield f"  {ENGLISH.names[name]}: {isolated(case['written'])}\n      {said[0]} → {said[1]}"


def _shown(value: object) -> str:
    if value is None:
        return "–"
    return f"{100 * value:.1f}" if isinstance(value, float) else str(value)
