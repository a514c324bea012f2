"""What is embedded: the words about the creator, without the boilerplate around them."""

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embeddings.document import BIO_CHARACTERS, CONTENT_CHARACTERS, bio_documents, content_documents


def bio(text: str | None, name: str | None = None) -> list[str]:
    columns = {"account_key": ["a"], "platform": ["youtube"], "display_name": [name], "bio": [text]}
    schema = pa.schema([(column, pa.string()) for column in columns])
    return bio_documents(pa.table(columns, schema=schema))["text"].to_pylist()


def contents(*items: tuple[str | None, str | None], account: str = "a") -> dict[str, str]:
    schema = pa.schema(
        [(name, pa.string()) for name in ("content_key", "account_key", "platform", "title_or_caption", "description")]
    )
    rows = [[str(number), account, "youtube", *item] for number, item in enumerate(items)]
    table = pa.Table.from_arrays([pa.array(column, pa.string()) for column in zip(*rows, strict=True)], schema=schema)
    documents = content_documents(table)
    return dict(zip(documents["content_key"].to_pylist(), documents["text"].to_pylist(), strict=True))


@pytest.mark.parametrize(
    ("line", "left"),
    [
        ("Rye bread every week from https://example.com/rye?x=1 my oven", "Rye bread every week from my oven"),
        ("Instagram: https://instagram.com/ann", ""),
        ("Business: ann@mail.example", ""),
        ("Rye bread with @bob today", "Rye bread with today"),
        ("Rye #bread tonight", "Rye bread tonight"),
        ("Rye bread #rye #bread #oven #home", "Rye bread"),
        ("#rye #bread", ""),
        ("Use code ANN for 20% off", ""),
        ("This video is sponsored by a mill", ""),
        ("0:00 Mixing the dough", "Mixing the dough"),
    ],
)
def test_boilerplate_goes_and_the_words_stay(line: str, left: str):
    """EMB-03: links, addresses, hashtag blocks and sponsor blocks are not what a video is about."""
    assert contents(("Loaf", line))["0"] == f"Loaf {left}".strip()


def test_a_line_under_most_items_goes_but_a_repeated_title_stays():
    """EMB-03."""
    shared = "Subscribe for more bread"
    found = contents(*((f"Loaf {n}", f"{shared}\nStep {n}") for n in range(3)), ("Rolls", "Soft and sweet"))
    assert found == {"0": "Loaf 0 Step 0", "1": "Loaf 1 Step 1", "2": "Loaf 2 Step 2", "3": "Rolls Soft and sweet"}
    assert set(contents(*[("Daily vlog", shared)] * 4).values()) == {"Daily vlog"}


def test_a_bio_is_the_name_and_what_is_said_about_it_and_a_name_alone_is_no_bio():
    assert bio("I bake.\nMail: ann@mail.example", "Ann") == ["Ann. I bake"]
    assert bio("I bake") == ["I bake"]
    assert bio(None, "Ann") == bio("https://example.com", "Ann") == bio("  ", "Ann") == []


def test_an_item_of_which_nothing_is_left_has_no_text():
    assert contents((None, None), ("#a #b #c", "https://example.com"), ("Loaf", None)) == {"2": "Loaf"}


def test_texts_are_capped():
    """CST-02."""
    assert len(contents(("bread " * 500, "dough " * 500))["0"]) <= CONTENT_CHARACTERS
    assert len(bio("bread " * 500)[0]) <= BIO_CHARACTERS


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.text(max_size=60), st.text(max_size=120)), min_size=1, max_size=8))
def test_any_text_gives_one_clean_line_whatever_stands_beside_it(items: list[tuple[str, str]]):
    """EMB-03: the builder is deterministic."""
    items = [tuple(text.encode("utf-8", "ignore").decode() for text in item) for item in items]
    found = contents(*items)
    assert found == contents(*items)
    assert all(text == text.strip() and "\n" not in text and text for text in found.values())
