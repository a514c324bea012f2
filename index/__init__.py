"""The published artefact: frames of creators and their vectors in, an immutable snapshot directory out.

A reader in any language needs only `FORMAT.md`. Read `documents.py` (what is known about a creator), `text.py` and
`lexical.py` (words), `vectors.py` (int8 rows), `scoring.py` (the formula's constants), `manifest.py`, `snapshot.py`
(one version, written and opened), `versions.py` (which version is in force) and `gate.py` (the last look).
"""
