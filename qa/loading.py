"""Which reader answers: the bundled one, the sentence reader, or any extractive model by name or path."""

from qa.reader import Reader

SENTENCES = "sentences"


def load_reader(name: str | None = None) -> Reader:
    """Return a reader.

    Args:
        name: None for the bundled span reader; "sentences" for the sentence reader, which loads no model; else the
            name or path of a model that `AutoModelForQuestionAnswering` loads.

    Raises:
        ModelError: when the model cannot be loaded.
    """
    if name == SENTENCES:
        from qa.sentences import SentenceReader

        return SentenceReader()
    from qa.spans import SpanReader

    return SpanReader(name)
