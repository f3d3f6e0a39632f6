"""What can go wrong, in one tree. Every message says what happened, what was expected, what came, and what to do.

    DalilError
    ├── DocumentError          a file or text that cannot become a document
    ├── ModelError             a model that cannot be loaded, or whose files are not the ones shipped
    ├── IndexFolderError       an index folder that cannot be used as it is
    │   ├── IndexMissingError      nothing has been indexed there
    │   ├── IndexMismatchError     made with another model, folding version or format
    │   ├── IndexDamagedError      the stored truth cannot be read
    │   └── IndexBusyError         another process is writing
    ├── QuestionError          a question that cannot be asked (empty, too long)
    └── FilterError            a filter that cannot be read (a date, a number of passages)

An unanswerable question is not an error: it is an answer that says so.
"""


class DalilError(Exception):
    """Base of every error this project raises on purpose; its text is meant for the person who reads it."""


class DocumentError(DalilError):
    """A file or text cannot become a document: empty, binary, undecodable, malformed."""


class ModelError(DalilError):
    """A model cannot be loaded, or its files differ from the ones that were shipped."""


class IndexFolderError(DalilError):
    """An index folder cannot be used as it is."""


class IndexMissingError(IndexFolderError):
    """There is no index in the folder."""


class IndexMismatchError(IndexFolderError):
    """The index was made with another model, folding version or format than the one now asked for."""


class IndexDamagedError(IndexFolderError):
    """The stored truth of the index cannot be read."""


class IndexBusyError(IndexFolderError):
    """Another process is writing to the index."""


class QuestionError(DalilError):
    """A question cannot be asked: it is empty, or longer than any reader takes."""


class FilterError(DalilError):
    """A filter or an option of a search cannot be read."""
