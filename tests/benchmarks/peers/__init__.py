"""Dalil and its peers side by side: the same documents, the same encoder weights, the same questions, one machine."""
