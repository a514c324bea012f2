"""The published artefact: frames of creators and their vectors in, an immutable snapshot directory out.

A reader in any language needs only `FORMAT.md`, and `conformance/` to try itself. Read `documents.py` (what is known
about a creator), `text.py`, `lexical.py` and `recounting.py` (words), `renewing.py` (what stands from the last
version), `bm25.py` (their scores), `vectors.py` (int8 rows), `cells.py`, `plan.py` and `field.py` (which of them are
near), `scoring.py` (the formula's constants), `manifest.py`, `writer.py` and `snapshot.py` (one version, written and
opened), `versions.py` (which is in force), `retention.py`, `leases.py` and `takedowns.py` (what may go, what must
stay, whom nobody sees), `reader.py` (a reader that stays), `fidelity.py` and `gate.py` (the last look).
"""
