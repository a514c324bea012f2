"""Vectors of content items and of account fields: whatever text is new or changed is embedded, once.

Only accounts about which something changed are looked at: the database notes them (store/triggers.py), and they
are forgotten here when their vectors stand. Under another basis every account is news.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

import store.vectors as vectors
from base.clock import to_micros
from base.errors import BudgetExhausted
from base.fingerprint import fingerprint
from embeddings.aggregate import Aggregation, Groups
from embeddings.batching import pack_by_length
from embeddings.document import bio_documents, content_documents, text_fingerprints
from embeddings.vectors import absent, attach_vectors, first_of_each, stamped, to_column
from engines.ahead import in_batches, one_ahead
from jobs.context import Context
from jobs.identity_memory import code_of
from jobs.news import StageNews
from jobs.prices import likely_usd
from jobs.report import JobReport
from providers.embedder import embed_each
from store.bulk import FrameWriter
from store.tables import AccountVector, ContentVector
from store.triggers import Reader, Word

ACCOUNTS_AT_ONCE = 5_000  # with 20 items each: about 100 MB of text and 150 MB of vectors
#: per call of the embedder, and per transaction of what a paid one says: a kill loses its requests under way
TEXTS_AT_ONCE = 2_048
#: calls per transaction of what costs nothing: keys of items come in no order, so that a transaction of some thousand
#: vectors changes as many pages as one of ten thousands
CALLS_AT_ONCE = 16

Writing = Callable[[], AbstractContextManager[FrameWriter]]
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
    report = JobReport("embed_accounts")
    recipes = context.embedding_recipe.fingerprint, context.profile_recipe.fingerprint
    with _transactions(context) as writing:
        aggregation = context.settings.embeddings.content_aggregation
        work = _Work(context, writing, report, *recipes, aggregation, _news(context))
        work.announce()
        work.begin()
        try:
            for span in one_ahead(map(work.load, work.spans())):
                work.embed_fields(span, work.embed_items(span))
                work.forget(span.keys)
        except BudgetExhausted as stop:
            work.stop(stop)
        work.remove_strays()
    return report


@contextmanager
def _transactions(context: Context) -> Iterator[Writing]:
    """How to write, a transaction at a time: on one connection for all of them, where nobody else writes meanwhile.

    Whenever the last connection is closed, SQLite puts in its place all that was written, and most of those pages are
    about to be written again.
    """
    if context.settings.embeddings.is_paid:  # the ledger writes in between, by sessions
        yield context.writing_frames
        return
    with context.batches() as batches:
        yield batches.writing_frames


def expected_texts(context: Context) -> int:
    """How many texts await a vector of the recipe in force, as far as can be told without building them."""
    per_account = context.settings.embeddings.items_per_account
    with context.reading_frames() as frames:
        of_news = _news(context).holds(frames)
        counts = (
            vectors.items_without_vector(context.embedding_recipe.fingerprint, per_account, of_news=of_news),
            vectors.bios_without_vector(context.profile_recipe.fingerprint, of_news=of_news),
        )
        return sum(frames.read(count)["count"][0].as_py() for count in counts)


def _news(context: Context) -> StageNews:
    """The accounts to look at: under the same basis, all others have their vectors."""
    recipes = context.embedding_recipe.fingerprint, context.profile_recipe.fingerprint
    basis = [*recipes, context.settings.embeddings.items_per_account, code_of("base", "embeddings", "store")]
    return StageNews(Reader.EMBED_ACCOUNTS, fingerprint(basis))


@dataclass(slots=True)
class _Work:
    """One run of the job, walking the accounts span by span; spans are of account keys, both ends included."""

    context: Context
    writing: Writing
    report: JobReport
    #: fingerprint for vectors of single items
    recipe: str
    #: fingerprint for vectors of account fields
    profile_recipe: str
    aggregation: Aggregation
    news: StageNews
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

    def begin(self) -> None:
        """Make every account news where the last run had another basis, or where what moves every night weighs."""
        with self.writing() as frames:
            if self.news.holds(frames) and self.aggregation.strategy != "engagement":
                return
            self.news.begin_anew(frames, Word.ACCOUNT, vectors.account_keys())
            strays = vectors.strays(self.recipe, self.profile_recipe)
            self.report.count(removed=sum(frames.execute(delete) for delete in strays))
        self.context.crashpoint(self.report.stage)

    def stop(self, reason: BudgetExhausted) -> None:
        """Say what is left: the night goes on with the vectors there are."""
        left = max(0, self.expected - self.report.counts["embedded"])
        self.report.details |= {"stopped": str(reason), "left": left}
        self.context.log.warning("embedding_stopped", left=left)

    def spans(self) -> Iterator[tuple[str, str]]:
        with self.context.reading_frames() as frames:
            keys = self.news.keys(frames, Word.ACCOUNT)
        for start in range(0, len(keys), ACCOUNTS_AT_ONCE):
            part = keys[start : start + ACCOUNTS_AT_ONCE]
            yield part[0], part[-1]

    def forget(self, keys: tuple[str, str]) -> None:
        """All vectors of a span stand."""
        with self.writing() as frames:
            self.news.forget(frames, Word.ACCOUNT, *keys)
        self.context.crashpoint(self.report.stage)

    def load(self, keys: tuple[str, str]) -> "_Span":
        """What there is to embed in a span, and what its vectors were made of."""
        per_account = self.context.settings.embeddings.items_per_account
        with self.context.reading_frames() as frames:
            items = frames.read(vectors.recent_items(*keys, per_account))
            bios = frames.read(vectors.bios(*keys))
            stored_items = frames.read(vectors.content_fingerprints(*keys, self.recipe))
            stored_fields = frames.read(vectors.account_fingerprints(*keys, self.profile_recipe))
        documents = _fingerprinted(content_documents(items))
        members = self.aggregation.with_basis(documents.drop_columns(["text"]), items, "content_key")
        return _Span(keys, documents, members, _fingerprinted(bio_documents(bios)), stored_items, stored_fields)

    def embed_items(self, span: "_Span") -> pa.Table:
        """Bring the content vectors of a span up to date; returns those that were written."""
        written = self._embed(ContentVector, span.documents, span.stored_items)
        self._remove(ContentVector, absent(span.stored_items, span.documents, KEYS[ContentVector]))
        return written

    def embed_fields(self, span: "_Span", made: pa.Table) -> None:
        """Bring the account vectors of a span up to date: bios from their text, content fields from their items."""
        groups = Groups.of(span.members.drop_columns(["content_key"]), by=KEYS[AccountVector])
        means = groups.keys().append_column("input_fingerprint", groups.fingerprints())
        self._embed(AccountVector, span.bios, span.stored_fields)
        self._average(span, absent(means, span.stored_fields, means.column_names), made)
        fields = pa.concat_tables([span.bios.select(KEYS[AccountVector]), means.select(KEYS[AccountVector])])
        self._remove(AccountVector, absent(span.stored_fields, fields, KEYS[AccountVector]))
        self.report.details["fields"] = sorted({*self.report.details["fields"], *fields["field"].unique().to_pylist()})

    def remove_strays(self) -> None:
        with self.writing() as frames:
            self.report.count(removed=frames.execute(vectors.strays_that_left(self.recipe)))
            self.news.forget_all(frames, Word.CONTENT)
        self.context.crashpoint(self.report.stage)

    def _embed(self, table: VectorTable, documents: pa.Table, stored: pa.Table) -> pa.Table:
        """Write a vector for each document that has none of its text yet; no text is embedded twice.

        Returns what was written: the table's key and vector.
        """
        stale = absent(documents, stored, [*KEYS[table], "input_fingerprint"])
        self.report.count(skipped=documents.num_rows - stale.num_rows)
        known = self._known(table, stale["input_fingerprint"].unique())
        parts = [attach_vectors(stale, known, "input_fingerprint")]
        self.report.count(reused=self._write(table, parts[0], stored))
        stale = absent(stale, known, ["input_fingerprint"])
        for made in self._embed_texts(stale):
            parts.append(attach_vectors(stale, made, "input_fingerprint"))
            self._write(table, parts[-1], stored)
            self.report.count(embedded=made.num_rows, reused=parts[-1].num_rows - made.num_rows)
            self._progress()
        return pa.concat_tables(parts).select([*KEYS[table], "vector"])

    def _known(self, table: VectorTable, fingerprints: pa.Array) -> pa.Table:
        """The texts among these that have a vector already, whoever's text it was: input_fingerprint and vector."""
        keys = pa.table({"input_fingerprint": fingerprints})
        keys = keys.append_column("recipe_fingerprint", pa.repeat(self._recipe_of(table), keys.num_rows))
        with self.writing() as frames:  # looking many keys up takes a temporary table
            found = frames.matching(table, keys).select(["input_fingerprint", "vector"])
        return found.take(first_of_each(found["input_fingerprint"]))

    def _embed_texts(self, documents: pa.Table) -> Iterator[pa.Table]:
        """Each distinct text once, as input_fingerprint and vector, batch by batch."""
        texts = dict(zip(documents["input_fingerprint"].to_pylist(), documents["text"].to_pylist(), strict=True))
        fingerprints, distinct = list(texts), list(texts.values())
        batches = list(pack_by_length(distinct, TEXTS_AT_ONCE))
        wanted = ([distinct[row] for row in batch] for batch in batches)
        made = (
            pa.table(
                {
                    "input_fingerprint": pa.array([fingerprints[row] for row in batches[place]], pa.string()),
                    "vector": to_column(matrix),
                }
            )
            for place, matrix in embed_each(self.context.embedder, wanted)
        )
        if self.context.settings.embeddings.is_paid:
            return made
        return one_ahead(map(pa.concat_tables, in_batches(made, CALLS_AT_ONCE)))

    def _average(self, span: "_Span", wanted: pa.Table, made: pa.Table) -> None:
        """Write the direction of the content vectors of each wanted account field."""
        if not wanted.num_rows:
            return
        owners = wanted["account_key"].combine_chunks()
        items = span.members.filter(pc.is_in(span.members["account_key"], value_set=owners))
        found = pa.concat_tables([made, self._content_vectors(absent(items, made, KEYS[ContentVector]))])
        members = attach_vectors(items, found, "content_key")
        groups = Groups.of(members.drop_columns(["content_key"]), by=KEYS[AccountVector])
        means = to_column(groups.directions(self.context.embedder.dim, self.aggregation))
        rows = groups.keys().append_column("input_fingerprint", groups.fingerprints()).append_column("vector", means)
        self.report.count(averaged=self._write(AccountVector, rows, span.stored_fields))

    def _content_vectors(self, items: pa.Table) -> pa.Table:
        """The stored vectors of these items: content_key and vector."""
        keys = items.select(["content_key"])
        keys = keys.append_column("recipe_fingerprint", pa.repeat(self.recipe, keys.num_rows))
        with self.writing() as frames:  # looking many keys up takes a temporary table
            return frames.matching(ContentVector, keys).select(["content_key", "vector"])

    def _write(self, table: VectorTable, rows: pa.Table, stored: pa.Table) -> int:
        """Write vectors, those of keys that had none without looking for them. stored: what the span had."""
        if not rows.num_rows:
            return 0
        columns = rows.select([*KEYS[table], "input_fingerprint", "vector"])
        new = absent(columns, stored, KEYS[table])
        changed = absent(columns, new, KEYS[table])
        made = self._recipe_of(table), to_micros(self.context.as_of)
        with self.writing() as frames:
            written = frames.load(table, stamped(new, *made)) + frames.upsert(table, stamped(changed, *made))
        self.context.crashpoint(self.report.stage)
        return written

    def _remove(self, table: VectorTable, rows: pa.Table) -> None:
        if not rows.num_rows:
            return
        recipes = pa.repeat(self._recipe_of(table), rows.num_rows)
        keys = rows.select(KEYS[table]).append_column("recipe_fingerprint", recipes)
        with self.writing() as frames:
            self.report.count(removed=frames.delete(table, keys))
        self.context.crashpoint(self.report.stage)

    def _recipe_of(self, table: VectorTable) -> str:
        return self.recipe if table is ContentVector else self.profile_recipe

    def _progress(self) -> None:
        self.context.progress(self.report.stage, self.report.counts["embedded"], self.expected)


@dataclass(frozen=True, slots=True)
class _Span:
    """The accounts with news from one key to another, as columns."""

    keys: tuple[str, str]
    #: of items: content_key, account_key, field, text, input_fingerprint
    documents: pa.Table
    #: the same without text, with what a content field's weights are reckoned from
    members: pa.Table
    #: account_key, field, text, input_fingerprint
    bios: pa.Table
    #: key and input_fingerprint of the vectors there are
    stored_items: pa.Table
    stored_fields: pa.Table


def _fingerprinted(documents: pa.Table) -> pa.Table:
    return documents.append_column("input_fingerprint", text_fingerprints(documents["text"]))
