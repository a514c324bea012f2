"""What text of an account and of a content item is embedded."""

#: part of every embedding recipe: a change of the text builders makes every vector stale
DOCUMENT_VERSION = "1"
