"""A question into an answer with citations."""

from qa.answers import Answer, Citation
from qa.assistant import Assistant

__all__ = ["Answer", "Assistant", "Citation"]
