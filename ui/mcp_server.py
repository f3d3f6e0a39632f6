"""Dalil as a tool of other programs: `ask` and `search` over the Model Context Protocol.

`mcp_server(assistant)` gives the server, `dalil mcp` runs it over standard input and output. Both tools give the JSON
of the command line, so that a program that writes prose can quote, with the exact place of each quotation, or say that
the documents do not answer. Needs the extra `dalil[mcp]`.
"""

from importlib.metadata import version
from typing import TYPE_CHECKING, Annotated, Any

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import ToolAnnotations
from pydantic import Field

from embeddings.errors import DalilError
from qa.assistant import LISTED, READ
from qa.recalling import recalled
from ui import schema
from ui.terminal import hit_values

if TYPE_CHECKING:
    from qa.assistant import Assistant

_INSTRUCTIONS = (
    "Dalil answers questions, asked in Arabic or English, with quotations from the user's own documents. Quote "
    "`cited_text` as it is and name its document. When `answered` is false the documents do not answer: say so. To ask "
    "what leans on an answer («ومتى كان ذلك؟»), give that answer as `previous`."
)
_READS = ToolAnnotations(read_only_hint=True, open_world_hint=False)

QuestionText = Annotated[str, Field(description="The question, up to 1,000 characters, as a person would ask it.")]
QueryText = Annotated[str, Field(description="What to look for, up to 1,000 characters.")]
Source = Annotated[str | None, Field(description="Only documents whose publisher holds these words.")]


def mcp_server(assistant: "Assistant") -> MCPServer[Any]:
    """Return the server over `assistant`; what cannot be asked is an error that says why."""
    server = MCPServer("dalil", instructions=_INSTRUCTIONS, version=version("dalil"), log_level="WARNING")

    @server.tool(title="Ask the documents", annotations=_READS)
    def ask(
        question: QuestionText,
        top_k: schema.TopK = READ,
        date_from: schema.Day = None,
        date_to: schema.Day = None,
        source: Source = None,
        min_confidence: schema.MinConfidence = None,
        previous: schema.Previous = None,
    ) -> schema.Answer:
        """Answer a question with a quotation and its place in a document, or say that the documents do not."""
        try:
            answer = assistant.ask(
                question,
                top_k=top_k,
                date_from=date_from,
                date_to=date_to,
                source=source,
                min_confidence=min_confidence,
                previous=recalled(previous, assistant) if previous else None,
            )
        except DalilError as error:
            raise ToolError(str(error)) from error
        return schema.Answer.model_validate(answer.to_dict())

    @server.tool(title="Search the documents", annotations=_READS)
    def search(
        query: QueryText,
        top_k: schema.TopK = LISTED,
        date_from: schema.Day = None,
        date_to: schema.Day = None,
        source: Source = None,
    ) -> schema.Passages:
        """List the passages of the documents nearest to a query, best first, and why each stands where it does."""
        limits = {"top_k": top_k, "date_from": date_from, "date_to": date_to, "source": source}
        try:
            hits = assistant.search(query, **limits)  # type: ignore[arg-type]
        except DalilError as error:
            raise ToolError(str(error)) from error
        passages = [hit_values(hit, n) for n, hit in enumerate(hits, 1)]
        return schema.Passages.model_validate({"query": query, "passages": passages})

    return server
