"""A reader of the snapshot format that imports nothing of ours: FORMAT.md, NumPy, Parquet and JSON are enough."""

import json
import math
import unicodedata
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq


def tokens(text):
    found, word = [], ""
    for character in fold(text) + " ":
        if unicodedata.category(character)[0] in "LNM":
            word += character
        elif word:
            found += pieces(word)
            word = ""
    return found


def fold(text):
    bare = (c for c in unicodedata.normalize("NFKD", text) if unicodedata.combining(c) in (0, 8))
    return unicodedata.normalize("NFC", "".join(bare).casefold())


def unspaced(character):
    code = ord(character)
    ranges = ((0x3005, 0x3005), (0x3041, 0x30FF), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF))
    return any(low <= code <= high for low, high in ranges)


def pieces(word):
    runs = [[word[0]]]
    for before, character in pairwise(word):
        if unspaced(before) == unspaced(character):
            runs[-1].append(character)
        else:
            runs.append([character])
    for run in map("".join, runs):
        yield from ([run[i : i + 2] for i in range(len(run) - 1)] or [run]) if unspaced(run[0]) else [run]


class Reader:
    def __init__(self, root):
        current = json.loads((Path(root) / "CURRENT.json").read_text())
        self.folder = Path(root) / "versions" / f"v{current['version']:08d}"
        self.content = json.loads((self.folder / "manifest.json").read_text())["content"]
        assert self.content["format"]["major"] == 1
        self.shards = self.content["shards"]
        self.rows = [row for shard in self.shards for row in self.table(shard["path"], "creators").to_pylist()]
        self.terms = {row["term"]: (t, row["df"]) for t, row in enumerate(self.table("", "terms").to_pylist())}

    def table(self, path, name):
        return pq.read_table(self.folder / path / f"{name}.parquet", partitioning=None)

    def array(self, path, name):
        return np.load(self.folder / path / f"{name}.npy")

    def holders(self, word):
        if word in self.terms:
            t = self.terms[word][0]
            for shard in self.shards:
                first, docs, tf = (self.array(shard["path"], f"postings/{name}") for name in ("first", "docs", "tf"))
                for place in range(first[t], first[t + 1]):
                    yield shard["first"] + int(docs[place]), int(tf[place])

    def keyword(self, words):
        bm25, totals, bound = self.content["bm25"], [0.0] * len(self.rows), 0.0
        for word in words:
            df = self.terms.get(word, (0, 0))[1]
            idf = math.log(1 + (bm25["documents"] - df + 0.5) / (df + 0.5))
            bound += idf * (bm25["k1"] + 1)
            for doc, tf in self.holders(word):
                length = self.rows[doc]["token_count"] / bm25["average_length"]
                totals[doc] += idf * tf * (bm25["k1"] + 1) / (tf + bm25["k1"] * (1 - bm25["b"] + bm25["b"] * length))
        return [total / bound if bound else 0.0 for total in totals]

    def similarities(self, field, whole):
        """{internal id: similarity}"""
        span, found = field["top_cosine"] - field["median_cosine"], {}
        for shard in self.shards:
            matrix = self.array(shard["path"], f"vec/{field['stem']}.i8").astype(np.int64)
            for row, owner in zip(matrix, self.table(shard["path"], f"vec/{field['stem']}").to_pylist(), strict=True):
                cosine = int(row @ whole) / math.sqrt(owner["squared_norm"]) / math.sqrt(int(whole @ whole))
                found[shard["first"] + owner["doc"]] = min(max((cosine - field["median_cosine"]) / span, 0), 1)
        return found

    def semantic(self, vector):
        whole = np.rint(np.asarray(vector, np.float64) * 65536 / math.sqrt(len(vector))).astype(np.int64)
        earned, known = [0.0] * len(self.rows), [0.0] * len(self.rows)
        for field in self.content["embedding"]["fields"].values() if whole.any() else ():
            for doc, similarity in self.similarities(field, whole).items():
                earned[doc] += field["weight"] * similarity
                known[doc] += field["weight"]
        return [share / weight if weight else 0.0 for share, weight in zip(earned, known, strict=True)]

    def search(self, words, vector, keeps, limit):
        """[(creator_id, score)]: words are folded and distinct, keeps is a test of a creator's row."""
        return [(hit["creator_id"], hit["score"]) for hit in self.hits(words, vector, keeps)[:limit]]

    def hits(self, words, vector, keeps):
        """Every hit with its components, best first."""
        weights, keyword, semantic = self.content["scoring"], self.keyword(words), self.semantic(vector)
        found = []
        for doc, row in enumerate(self.rows):
            if keeps(row) and (keyword[doc] > 0 or semantic[doc] > 0 or not (words or np.any(vector))):
                parts = {"keyword": keyword[doc], "semantic": semantic[doc], "quality": row["quality"]}
                score = sum(weights[f"{name}_weight"] * part for name, part in parts.items())
                found.append({"creator_id": row["creator_id"], "score": score, **parts})
        return sorted(found, key=lambda hit: (-hit["score"], hit["creator_id"]))


def keeps(filters):
    """A test of a creator's row, by the section on filters."""

    def followers_fit(row):
        counts = [row["followers_total"]]
        if "platform" in filters:
            counts = [a["followers"] for a in row["followers_by_platform"] if a["platform"] in filters["platform"]]
        low, high = filters.get("min_followers", 0), filters.get("max_followers", math.inf)
        return any(count is not None and low <= count <= high for count in counts)

    def niche_fits(row):
        niches = [row["primary_niche"], *row["secondary_niches"]]
        return any(n == w or (n or "").split(".")[0] == w for n in niches for w in filters["niche"])

    equal = {"style": "content_style", "language": "language", "country": "country", "activity": "activity"}
    equal |= {"follower_band": "follower_band", "account_kind": "account_kind", "primary_niche": "primary_niche"}

    def test(row):
        return (
            all(row[equal[name]] in wanted for name, wanted in filters.items() if name in equal)
            and ("platform" not in filters or bool(set(row["platforms"]) & set(filters["platform"])))
            and ("niche" not in filters or niche_fits(row))
            and (not {"min_followers", "max_followers"} & set(filters) or followers_fit(row))
        )

    return test
