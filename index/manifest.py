"""What a snapshot says about itself: a deterministic part that names it, and how it came about."""

from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from base.errors import SnapshotError
from base.fingerprint import canonical_json, fingerprint, sha256_hex

FORMAT_MAJOR = 1
FORMAT_MINOR = 1
MANIFEST = "manifest.json"


class _Part(BaseModel):
    # A field that a later minor version adds is ignored, so that an older reader keeps working.
    model_config = ConfigDict(frozen=True, extra="ignore")


class Format(_Part):
    major: int = FORMAT_MAJOR
    minor: int = FORMAT_MINOR


class FileEntry(_Part):
    bytes: int
    sha256: str


class Bm25Constants(_Part):
    k1: float
    b: float
    #: N
    documents: int
    #: tokens per document
    average_length: float


class FieldConstants(_Part):
    """One vector field: similarity = clip((cosine − μ) / (τ − μ), 0, 1)."""

    rows: int
    #: file stem under vec/
    stem: str
    #: names the rows whatever order they are stored in
    sha256: str
    weight: float
    #: μ: nine in ten pairs of strangers are further apart; the name stays so that readers of 1.0 score alike
    median_cosine: float
    #: τ: as close as neighbours come
    top_cosine: float


class Embedding(_Part):
    #: fingerprint of the recipe of every vector here
    recipe: str
    #: id of the model that must encode queries
    model: str
    dim: int
    fields: dict[str, FieldConstants]


class Scoring(_Part):
    keyword_weight: float
    semantic_weight: float
    quality_weight: float
    #: since 1.1; before, every reader used these
    growth_weight: float = 0.3
    rrf_k: int = 60


class Shard(_Part):
    """A range of creators: internal ids first … first + creators − 1, in the folder `path`."""

    path: str
    first: int
    creators: int


class Content(_Part):
    """Equal inputs give equal content; its hash is the snapshot's identity."""

    format: Format = Format()
    counts: dict[str, int]
    shards: list[Shard]
    bm25: Bm25Constants
    embedding: Embedding
    scoring: Scoring
    #: share of creators with at least one vector, with each field, with a label
    coverage: dict[str, float]
    #: taxonomy id → label
    niches: dict[str, str]
    #: fingerprints of what the rows were made with: taxonomy, identity model
    provenance: dict[str, str]
    #: path below the snapshot → size and hash, for every file whose bytes follow from the input
    files: dict[str, FileEntry]

    @property
    def snapshot_id(self) -> str:
        return sha256_hex(canonical_json(self.model_dump()))

    @cached_property
    def config_fingerprint(self) -> str:
        """Names everything but the data that a score depends on."""
        return fingerprint({name: getattr(self, name).model_dump() for name in ("bm25", "embedding", "scoring")})


class Cells(_Part):
    """The cells a field's rows lie in."""

    count: int
    #: rows of the field when the centres were found, and how unequal the cells were then
    trained_rows: int
    trained_imbalance: float
    #: how many cells a search without a filter looks into, as measured then
    probes: int


class Layout(_Part):
    """What depends on former nights or on the machine: how the content lies on the disk. It changes no score."""

    #: vectors, whose order depends on the cells, and what changed since the parent
    files: dict[str, FileEntry]
    #: what only makes a reader faster; any of it may be missing
    accelerators: dict[str, FileEntry]
    #: field → its cells, for fields that are large enough to have some
    cells: dict[str, Cells]


class Manifest(_Part):
    version: int
    parent: int | None
    snapshot_id: str
    content: Content
    layout: Layout
    #: times, library versions, freshness: never part of the identity
    execution: dict[str, Any]

    @property
    def files(self) -> dict[str, FileEntry]:
        """Every file of the snapshot but the manifest."""
        return self.content.files | self.layout.files | self.layout.accelerators


def read_manifest(directory: Path) -> Manifest:
    """The manifest of a snapshot directory. Raises SnapshotError when it is missing, broken or of a newer major."""
    path = directory / MANIFEST
    try:
        manifest = Manifest.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        raise SnapshotError(f"no manifest in {directory.name}", hint="creatordex snapshot list") from None
    except ValidationError as error:
        raise SnapshotError(
            f"{path.name} of {directory.name} is not a manifest: {error.error_count()} mistakes"
        ) from error
    if manifest.content.format.major != FORMAT_MAJOR:
        found = manifest.content.format.major
        raise SnapshotError(
            f"{directory.name} has format {found}, this reader knows {FORMAT_MAJOR}", hint="update the reader"
        )
    return manifest


def manifest_bytes(manifest: Manifest) -> bytes:
    """The bytes of manifest.json."""
    return (manifest.model_dump_json(indent=1) + "\n").encode()
