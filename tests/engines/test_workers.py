"""Kernels in other processes give what they give here, and a worker that dies is no silent loss."""

import os
import sys
from functools import partial

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from base.errors import EngineError
from engines.workers import map_batches

WORDS = pa.table({"word": pa.array([None, "é", "", "🎥 " * 50, *map(str, range(500))])})
BATCHES = [WORDS.slice(start, 40) for start in range(0, WORDS.num_rows, 40)]


def shout(part: pa.Table) -> pa.Table:
    return pa.table({"word": pc.utf8_upper(part["word"])})


def mark(part: pa.Table, sign: str) -> pa.Table:
    return pa.table({"word": pc.binary_join_element_wise(part["word"], sign, "")})


def whose(part: pa.Table) -> pa.Table:
    return pa.table({"pid": [os.getpid()]})


def chat(part: pa.Table) -> pa.Table:
    sys.stdout.write("a library that prints\n")
    sys.stdout.flush()
    os.write(1, b"even past Python\n")
    return part


def die(part: pa.Table) -> pa.Table:
    os._exit(3)


def test_every_batch_comes_back_in_its_place():
    assert pa.concat_tables(map_batches(BATCHES, shout, 2)).equals(shout(WORDS))


def test_more_workers_than_batches_are_no_harm():
    assert [*map_batches(BATCHES[:1], shout, 2)] == [shout(BATCHES[0])]


def test_what_a_kernel_prints_does_not_end_up_between_results(capfd: pytest.CaptureFixture[str]):
    assert pa.concat_tables(map_batches(BATCHES, chat, 2)).equals(WORDS)


def test_a_worker_that_dies_is_an_error_with_its_exit_code():
    with pytest.raises(EngineError, match="exit 3"):
        list(map_batches(BATCHES, die, 2))


def test_batches_are_taken_as_they_are_needed():
    taken: list[int] = []
    batches = (taken.append(row) or batch for row, batch in enumerate(BATCHES))
    results = map_batches(batches, shout, 2)
    next(results)
    assert len(taken) <= 4 < len(BATCHES)
    results.close()


def test_a_kernel_may_hold_what_it_needs():
    with_a_mark = partial(mark, sign="!")
    assert pa.concat_tables(map_batches(BATCHES, with_a_mark, 2)).equals(with_a_mark(WORDS))


@pytest.mark.parametrize(("batches", "workers"), [(0, 2), (1, 2), (4, 1)], ids=["none", "one batch", "one worker"])
def test_what_one_process_can_do_is_done_here(batches, workers):
    processes = [table["pid"][0].as_py() for table in map_batches(BATCHES[:batches], whose, workers)]
    assert processes == [os.getpid()] * batches


def test_leaving_early_ends_the_workers():
    results = map_batches(BATCHES, shout, 2)
    assert next(results).equals(shout(BATCHES[0]))
    results.close()
