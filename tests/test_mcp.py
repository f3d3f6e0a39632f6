"""Dalil as an MCP tool: what the library's own client sees, in memory and through `dalil mcp`."""

import json
import os
import sys
from pathlib import Path
from typing import Any

import anyio
import pytest

from qa.assistant import Assistant
from tests.test_cli import ROOT, dalil, folder  # noqa: F401
from ui.terminal import hit_values

mcp = pytest.importorskip("mcp", reason="the extra dalil[mcp] is not installed")
from ui.mcp_server import mcp_server  # noqa: E402

SIGNED = "متى وقع أردوغان مذكرتي التفاهم مع السراج؟"


def call(server: Any, tool: str, **arguments: Any) -> Any:
    """Call a tool as a client does, and return its result."""

    async def calling() -> Any:
        async with mcp.Client(server) as client:
            return await client.call_tool(tool, arguments)

    return anyio.run(calling)


def test_ask_gives_the_json_of_the_contract(assistant: Assistant) -> None:
    result = call(mcp_server(assistant), "ask", question=SIGNED, top_k=3, date_from="2019")
    expected = json.loads(json.dumps(assistant.ask(SIGNED, top_k=3, date_from="2019").to_dict()))
    assert not result.is_error
    assert {**result.structured_content, "timing_ms": {}} == {**expected, "timing_ms": {}}
    assert json.loads(result.content[0].text) == result.structured_content


def test_ask_takes_the_answer_before_for_a_question_that_leans_on_it(assistant: Assistant) -> None:
    server = mcp_server(assistant)
    before = call(server, "ask", question=SIGNED).structured_content
    result = call(server, "ask", question="وأين؟", previous=before)
    expected = json.loads(json.dumps(assistant.ask("وأين؟", previous=assistant.ask(SIGNED)).to_dict()))
    assert expected["understood"]
    assert {**result.structured_content, "timing_ms": {}} == {**expected, "timing_ms": {}}
    assert not call(server, "ask", question=SIGNED, min_confidence=0.999).structured_content["answered"]


def test_search_gives_the_passages_of_the_contract(assistant: Assistant) -> None:
    result = call(mcp_server(assistant), "search", query="مذكرتي التفاهم", top_k=2)
    expected = [hit_values(hit, n) for n, hit in enumerate(assistant.search("مذكرتي التفاهم", top_k=2), 1)]
    assert result.structured_content == {"query": "مذكرتي التفاهم", "passages": json.loads(json.dumps(expected))}


def test_what_cannot_be_asked_is_an_error_that_says_why(assistant: Assistant) -> None:
    server = mcp_server(assistant)
    refused: list[tuple[dict[str, Any], str]] = [
        ({"question": " "}, "no words"),
        ({"question": "من؟", "date_from": "أمس"}, "date_from"),
        ({"question": "من؟", "top_k": 0}, "top_k"),
        ({"question": "من؟", "min_confidence": 2}, "min_confidence"),
        ({"question": "من؟", "previous": {"answer": "نعم"}}, 'expected an answer with its "question"'),
        ({}, "question"),
    ]
    for arguments, told in refused:
        result = call(server, "ask", **arguments)
        assert result.is_error
        assert told in result.content[0].text


def test_both_tools_say_what_they_take_and_change_nothing(assistant: Assistant) -> None:
    async def listing() -> Any:
        async with mcp.Client(mcp_server(assistant)) as client:
            return (await client.list_tools()).tools

    tools = {tool.name: tool for tool in anyio.run(listing)}
    assert set(tools) == {"ask", "search"}
    for tool in tools.values():
        assert tool.description
        assert tool.annotations.read_only_hint
        described = tool.input_schema["properties"]
        more = {"min_confidence", "previous"} if tool.name == "ask" else set()
        assert set(described) - {"question", "query"} == {"top_k", "date_from", "date_to", "source"} | more
        assert all("description" in facts for facts in described.values())


def test_the_command_speaks_the_protocol_and_nothing_else(folder: Path) -> None:  # noqa: F811
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "DALIL_READER": "sentences", "PYTHONIOENCODING": "ascii"}
    command = mcp.StdioServerParameters(
        command=sys.executable, args=["-m", "ui.cli", "mcp", "--index", str(folder)], env=environment
    )
    result = call(command, "ask", question=SIGNED)
    answer = dalil("ask", SIGNED, "--json", "--index", folder).stdout
    assert result.structured_content["answer"] == json.loads(answer)["answer"]


def test_without_the_extra_the_command_says_how_to_get_it(folder: Path, tmp_path: Path) -> None:  # noqa: F811
    (tmp_path / "mcp.py").write_text("raise ImportError('not installed')", encoding="utf-8")
    done = dalil("mcp", "--index", folder, PYTHONPATH=f"{tmp_path}{os.pathsep}{ROOT}")
    assert (done.returncode, done.stdout) == (1, "")
    assert "pip install 'dalil[mcp]'" in done.stderr
    assert "Traceback" not in done.stderr
