"""Vectors of content items and of account fields: whatever text is new or changed is embedded, once."""

from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

import store.vectors as vectors
from base.clock import to_micros
from base.errors import BudgetExhausted
from embeddings.aggregate import Aggregation, Groups
from embeddings.batching import pack_by_length
from embeddings.document import bio_documents, content_documents, text_fingerprints
from embeddings.vectors import absent, attach_vectors, first_of_each, stamped, to_column
from jobs.context import Context
from jobs.prices import likely_usd
from jobs.report import JobReport
from providers.embedder import embed_each
from store.tables import AccountVector, ContentVector

ACCOUNTS_AT_ONCE = 5_000  # with 20 items each: about 100 MB of text and 150 MB of vectors
#: per transaction: a kill loses a few seconds of the default model's work, or a paid one's requests under way
TEXTS_AT_ONCE = 2_048

VectorTable = type[ContentVector] | type[AccountVector]
KEYS: dict[VectorTable, list[str]] = {ContentVector: ["content_key"], AccountVector: ["account_key", "field"]}


def embed_accounts(context: Context) -> JobReport:
    """Give a vector to every content item and account field whose text or recipe changed since its last vector.

    Items are the newest of each account, as many as the settings say; a `…_content` field is made of its items, in the
    way the settings say.
    A budget that is spent ends the work where it stands; what is embedded counts, the rest is left for another night.
    What the recipe in force made of anything else is removed, so that the tables are the same as if made afresh;
    rows of other recipes stay, unread.
    """
    recipes = context.embedding_recipe.fingerprint, context.profile_recipe.fingerprint
    work = _Work(context, JobReport("embed_accounts"), *recipes, context.settings.embeddings.content_aggregation)
    work.announce()
    try:
        for first, last in work.spans():
            items = work.embed_items(first, last)
            work.embed_fields(first, last, items)
    except BudgetExhausted as stop:
        work.stop(stop)
    work.remove_strays()
    return work.report


def expected_texts(context: Context) -> int:
    """How many texts await a vector of the recipe in force, as far as can be told without building them."""
    counts = (
        vectors.items_without_vector(
            context.embedding_recipe.fingerprint, context.settings.embeddings.items_per_account
        ),
        vectors.bios_without_vector(context.profile_recipe.fingerprint),
    )
    with context.reading_frames() as frames:
        return sum(frames.read(count)["count"][0].as_py() for count in counts)


@dataclass(slots=True)
class _Work:
    """One run of the job, walking the accounts span by span; spans are of account keys, both ends included."""

    context: Context
    report: JobReport
    #: fingerprint for vectors of single items
    recipe: str
    #: fingerprint for vectors of account fields
    profile_recipe: str
    aggregation: Aggregation
    #: texts that will have to be embedded, as far as can be told without building them
    expected: int = 0

    def announce(self) -> None:
        """Say how much there is to do before it takes long."""
        self.expected = expected_texts(self.context)
        self.report.count(embedded=0, reused=0, skipped=0, removed=0)
        self.report.details |= {"model": self.context.embedder.id, "expected": self.expected, "fields": []}
        if notice := getattr(self.context.embedder, "licence_note", None):
            self.report.details["notice"] = notice
        if self.context.settings.embeddings.is_paid:
            estimate = likely_usd(self.context.settings, self.expected)
            self.report.details["estimated_usd"] = estimate
            self.context.log.info("embedding_estimate", texts=self.expected, usd=estimate)
        self._progress()

    def stop(self, reason: BudgetExhausted) -> None:
        """Say what is left: the night goes on with the vectors there are."""
        left = max(0, self.expected - self.report.counts["embedded"])
        self.report.details |= {"stopped": str(reason), "left": left}
        self.context.log.warning("embedding_stopped", left=left)

    def spans(self) -> Iterator[tuple[str, str]]:
        with self.context.reading_frames() as frames:
            keys = frames.read(vectors.account_keys())["account_key"].to_pylist()
        for start in range(0, len(keys), ACCOUNTS_AT_ONCE):
            part = keys[start : start + ACCOUNTS_AT_ONCE]
            yield part[0], part[-1]

    def embed_items(self, first: str, last: str) -> pa.Table:
        """Bring the content vectors of a span up to date; returns its documents, without their texts."""
        per_account = self.context.settings.embeddings.items_per_account
        with self.context.reading_frames() as frames:
            items = frames.read(vectors.recent_items(first, last, per_account))
            stored = frames.read(vectors.content_fingerprints(first, last, self.recipe))
        documents = _fingerprinted(content_documents(items))
        self._embed(ContentVector, documents, stored)
        self._remove(ContentVector, absent(stored, documents, KEYS[ContentVector]))
        return self.aggregation.with_basis(documents.drop_columns(["text"]), items, "content_key")

    def embed_fields(self, first: str, last: str, items: pa.Table) -> None:
        """Bring the account vectors of a span up to date: bios from their text, content fields from their items."""
        with self.context.reading_frames() as frames:
            bios = _fingerprinted(bio_documents(frames.read(vectors.bios(first, last))))
            stored = frames.read(vectors.account_fingerprints(first, last, self.profile_recipe))
        groups = Groups.of(items.drop_columns(["content_key"]), by=KEYS[AccountVector])
        means = groups.keys().append_column("input_fingerprint", groups.fingerprints())
        self._embed(AccountVector, bios, stored)
        self._average(first, last, items, absent(means, stored, means.column_names))
        fields = pa.concat_tables([bios.select(KEYS[AccountVector]), means.select(KEYS[AccountVector])])
        self._remove(AccountVector, absent(stored, fields, KEYS[AccountVector]))
        self.report.details["fields"] = sorted({*self.report.details["fields"], *fields["field"].unique().to_pylist()})

    def remove_strays(self) -> None:
        with self.context.writing_frames() as frames:
            self.report.count(
                removed=sum(frames.execute(delete) for delete in vectors.strays(self.recipe, self.profile_recipe))
            )
        self.context.crashpoint(self.report.stage)

    def _embed(self, table: VectorTable, documents: pa.Table, stored: pa.Table) -> None:
        """Write a vector for each document that has none of its text yet; no text is embedded twice."""
        stale = absent(documents, stored, [*KEYS[table], "input_fingerprint"])
        self.report.count(skipped=documents.num_rows - stale.num_rows)
        known = self._known(table, stale["input_fingerprint"].unique())
        if known.num_rows:
            self.report.count(reused=self._write(table, attach_vectors(stale, known, "input_fingerprint")))
            stale = absent(stale, known, ["input_fingerprint"])
        for made in self._embed_texts(stale):
            rows = attach_vectors(stale, made, "input_fingerprint")
            self._write(table, rows)
            self.report.count(embedded=made.num_rows, reused=rows.num_rows - made.num_rows)
            self._progress()

    def _known(self, table: VectorTable, fingerprints: pa.Array) -> pa.Table:
        """The texts among these that have a vector already, whoever's text it was: input_fingerprint and vector."""
        keys = pa.table({"input_fingerprint": fingerprints})
        keys = keys.append_column("recipe_fingerprint", pa.repeat(self._recipe_of(table), keys.num_rows))
        with self.context.writing_frames() as frames:  # looking many keys up takes a temporary table
            found = frames.matching(table, keys).select(["input_fingerprint", "vector"])
        return found.take(first_of_each(found["input_fingerprint"]))

    def _embed_texts(self, documents: pa.Table) -> Iterator[pa.Table]:
        """Each distinct text once, as input_fingerprint and vector, batch by batch."""
        texts = dict(zip(documents["input_fingerprint"].to_pylist(), documents["text"].to_pylist(), strict=True))
        fingerprints, distinct = list(texts), list(texts.values())
        batches = list(pack_by_length(distinct, TEXTS_AT_ONCE))
        wanted = ([distinct[row] for row in batch] for batch in batches)
        for place, matrix in embed_each(self.context.embedder, wanted):
            yield pa.table(
                {
                    "input_fingerprint": pa.array([fingerprints[row] for row in batches[place]], pa.string()),
                    "vector": to_column(matrix),
                }
            )

    def _average(self, first: str, last: str, items: pa.Table, wanted: pa.Table) -> None:
        """Write the direction of the content vectors of each wanted account field."""
        if not wanted.num_rows:
            return
        items = items.filter(pc.is_in(items["account_key"], value_set=wanted["account_key"].combine_chunks()))
        with self.context.reading_frames() as frames:
            members = attach_vectors(
                items, frames.read(vectors.content_vectors(first, last, self.recipe)), "content_key"
            )
        groups = Groups.of(members.drop_columns(["content_key"]), by=KEYS[AccountVector])
        means = to_column(groups.directions(self.context.embedder.dim, self.aggregation))
        rows = groups.keys().append_column("input_fingerprint", groups.fingerprints()).append_column("vector", means)
        self.report.count(averaged=self._write(AccountVector, rows))

    def _write(self, table: VectorTable, rows: pa.Table) -> int:
        columns = rows.select([*KEYS[table], "input_fingerprint", "vector"])
        with self.context.writing_frames() as frames:
            written = frames.upsert(table, stamped(columns, self._recipe_of(table), to_micros(self.context.as_of)))
        self.context.crashpoint(self.report.stage)
        return written

    def _remove(self, table: VectorTable, rows: pa.Table) -> None:
        if not rows.num_rows:
            return
        recipes = pa.repeat(self._recipe_of(table), rows.num_rows)
        keys = rows.select(KEYS[table]).append_column("recipe_fingerprint", recipes)
        with self.context.writing_frames() as frames:
            self.report.count(removed=frames.delete(table, keys))
        self.context.crashpoint(self.report.stage)

    def _recipe_of(self, table: VectorTable) -> str:
        return self.recipe if table is ContentVector else self.profile_recipe

    def _progress(self) -> None:
        self.context.progress(self.report.stage, self.report.counts["embedded"], self.expected)


def _fingerprinted(documents: pa.Table) -> pa.Table:
    return documents.append_column("input_fingerprint", text_fingerprints(documents["text"]))
