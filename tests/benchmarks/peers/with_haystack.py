"""Haystack in memory, as its tutorials set it up: splitter, embedder and writer; then BM25, embeddings, or both.

Sources: the tutorials "Creating a Hybrid Retrieval Pipeline" and "Build an Extractive QA Pipeline", and the pages of
`DocumentSplitter`, `DocumentJoiner` and `TransformersExtractiveReader`. Pieces of a hundred words, as for the others.
"""

import os
from pathlib import Path

os.environ["HAYSTACK_TELEMETRY_ENABLED"] = "False"

from haystack import Document, Pipeline
from haystack.components.joiners import DocumentJoiner
from haystack.components.preprocessors import DocumentSplitter
from haystack.components.retrievers.in_memory import InMemoryBM25Retriever, InMemoryEmbeddingRetriever
from haystack.components.writers import DocumentWriter
from haystack.document_stores.in_memory import InMemoryDocumentStore
from haystack_integrations.components.embedders.sentence_transformers import (
    SentenceTransformersDocumentEmbedder,
    SentenceTransformersTextEmbedder,
)

from tests.benchmarks.peers.pool import FOUND, Found, Pool

STORE = "store.json"
WORDS = 100


class Haystack:
    """A store in memory, saved as JSON, and a query pipeline."""

    lexical = dense = True

    def __init__(self, encoder: Path, reader: str | None) -> None:
        self._encoder = str(encoder)
        self._reader = reader
        self.reads = reader is not None and self.lexical and self.dense  # read once, behind the best search
        self._pipeline = Pipeline()
        self._last = ""

    def index(self, pool: Pool, folder: Path) -> int:
        """Split, embed where vectors are searched, write, and save the store."""
        store = InMemoryDocumentStore(embedding_similarity_function="cosine")
        steps = {"splitter": DocumentSplitter(split_by="word", split_length=WORDS, split_overlap=0)}
        if self.dense:
            steps["embedder"] = SentenceTransformersDocumentEmbedder(model=self._encoder, progress_bar=False)
        steps["writer"] = DocumentWriter(document_store=store)
        pipeline = Pipeline()
        for name, component in steps.items():
            pipeline.add_component(name, component)
        for one, other in zip(steps, list(steps)[1:], strict=False):
            pipeline.connect(one, other)
        documents = [Document(content=d.text, meta={"name": d.id}) for d in pool.documents]
        pipeline.run({"splitter": {"documents": documents}})
        store.save_to_disk(str(folder / STORE))
        return int(store.count_documents())

    def open(self, folder: Path) -> None:
        """Load the store and build the query pipeline."""
        store = InMemoryDocumentStore.load_from_disk(str(folder / STORE))
        add, connect = self._pipeline.add_component, self._pipeline.connect
        if self.dense:
            add("text_embedder", SentenceTransformersTextEmbedder(model=self._encoder, progress_bar=False))
            add("embedding_retriever", InMemoryEmbeddingRetriever(store, top_k=FOUND))
            connect("text_embedder.embedding", "embedding_retriever.query_embedding")
            self._last = "embedding_retriever"
        if self.lexical:
            add("bm25_retriever", InMemoryBM25Retriever(store, top_k=FOUND))
            self._last = "bm25_retriever"
        if self.dense and self.lexical:
            add("joiner", DocumentJoiner(join_mode="reciprocal_rank_fusion", top_k=FOUND))
            connect("bm25_retriever", "joiner")
            connect("embedding_retriever", "joiner")
            self._last = "joiner"
        self._pipeline.warm_up()
        if self.reads:
            from haystack_integrations.components.readers.transformers import TransformersExtractiveReader

            self._read = TransformersExtractiveReader(model=self._reader)
            self._read.warm_up()

    def search(self, question: str) -> list[Found]:
        """Return the best pieces."""
        return [Found(piece.meta["name"], piece.content, piece.score or 0.0) for piece in self._found(question)]

    def answer(self, question: str) -> str | None:
        """Return the best span, None where "no answer" scores higher."""
        answers = self._read.run(query=question, documents=self._found(question), top_k=1)["answers"]
        return max(answers, key=lambda answer: answer.score).data if answers else None

    def _found(self, question: str) -> list[Document]:
        inputs = {}
        if self.dense:
            inputs["text_embedder"] = {"text": question}
        if self.lexical:
            inputs["bm25_retriever"] = {"query": question}
        outputs = self._pipeline.run(inputs, include_outputs_from={self._last})
        return list(outputs[self._last]["documents"][:FOUND])


class HaystackBM25(Haystack):
    """Terms alone."""

    dense = False


class HaystackEmbedding(Haystack):
    """Vectors alone."""

    lexical = False
