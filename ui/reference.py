"""The page that documents the HTTP endpoints, made from their OpenAPI description; it needs no script.

Takes what `FastAPI.openapi()` gives; gives HTML. Descriptions are English, headings in the reader's language.
"""

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any, Final

from ui.pages import page
from ui.strings import Texts

_Json = Mapping[str, Any]
_SHOWN: Final = ("get", "post", "delete")  # methods, in this order under one path


def reference_page(description: _Json, words: Texts) -> str:
    """Return the page of every endpoint in `description` and of the objects they take and give."""
    operations = "".join(_operation(*operation) for operation in _operations(description))
    objects = "".join(_object(name, schema) for name, schema in _objects(description))
    return page(
        words.endpoints,
        f"<h1>{words.endpoints}</h1>"
        f'<p>{words.endpoints_more} <a href="openapi.json" dir="ltr">openapi.json</a></p>'
        f'<div class="reference" lang="en" dir="ltr">{operations}</div>'
        f'<h2>{words.objects}</h2><div class="reference" lang="en" dir="ltr">{objects}</div>',
        words,
        root="./",
    )


def _operations(description: _Json) -> Iterator[tuple[str, str, _Json]]:
    for path, methods in description["paths"].items():
        yield from ((method, path, methods[method]) for method in _SHOWN if method in methods)


def _objects(description: _Json) -> Iterator[tuple[str, _Json]]:
    """Yield names and descriptions of the objects that are taken or given."""
    yield from sorted(description["components"]["schemas"].items())


def _operation(method: str, path: str, operation: _Json) -> str:
    taken = [
        (p["name"], p["schema"], p.get("description") or p["schema"].get("description", ""), p.get("required", False))
        for p in operation.get("parameters", ())
    ]
    body = _content(operation.get("requestBody", {}))
    gives = "".join(
        f"<li><b>{status}</b> {_content(response) or escape(response.get('description', ''))}</li>"
        for status, response in operation["responses"].items()
    )
    return (
        f'<section class="card"><h3><span class="method">{method.upper()}</span> <code>{escape(path)}</code></h3>'
        f"<p>{escape(operation.get('description', ''))}</p>"
        f"{_fields(taken)}{f'<p>Takes {body}</p>' if body else ''}"
        f'<p>Gives</p><ul class="gives">{gives}</ul></section>'
    )


def _object(name: str, schema: _Json) -> str:
    required = schema.get("required", ())
    fields = [
        (field, facts, facts.get("description", ""), field in required)
        for field, facts in schema.get("properties", {}).items()
    ]
    values = f"<p>{_type(schema)}</p>" if "enum" in schema else ""
    return (
        f'<section class="card" id="{escape(name)}"><h3><code>{escape(name)}</code></h3>'
        f"<p>{escape(schema.get('description', ''))}</p>{values}{_fields(fields)}</section>"
    )


def _fields(fields: list[tuple[str, _Json, str, bool]]) -> str:
    """Return names, types and descriptions as a list; a name that may be left out shows its default."""
    rows = "".join(
        f"<div><dt><code>{escape(name)}</code></dt><dd>{_type(facts if required else _given(facts))}"
        f"{_default(facts, required)}{' · ' + escape(text) if text else ''}</dd></div>"
        for name, facts, text, required in fields
    )
    return f'<dl class="facts">{rows}</dl>' if rows else ""


def _given(facts: _Json) -> _Json:
    """Return the type of a value that may be left out, less the null that leaving it out stands for."""
    kinds = [one for one in facts.get("anyOf", ()) if one.get("type") != "null"]
    return {"anyOf": kinds} if kinds else facts


def _default(facts: _Json, required: bool) -> str:
    if required or facts.get("default") in (None, ""):
        return "" if required else " (optional)"
    return f" = {escape(str(facts['default']))}"


def _type(facts: _Json) -> str:
    """Return the type of a value; an object that is described elsewhere as a link to it."""
    if "$ref" in facts:
        return _link(facts["$ref"])
    if "anyOf" in facts:
        return " or ".join(_type(one) for one in facts["anyOf"])
    if "enum" in facts or "const" in facts:
        return " or ".join(f"<code>{escape(str(value))}</code>" for value in facts.get("enum", [facts.get("const")]))
    if facts.get("type") == "array":
        return f"list of {_type(facts['items'])}"
    return escape(str(facts.get("type", "any")))


def _content(message: _Json) -> str:
    """Return what the body of a request or response is."""
    return " or ".join(
        f"{_type(content['schema'])} <small>{escape(kind)}</small>"
        for kind, content in message.get("content", {}).items()
        if content.get("schema")
    )


def _link(reference: str) -> str:
    name = escape(reference.rsplit("/", 1)[-1])
    return f'<a href="docs#{name}"><code>{name}</code></a>'
