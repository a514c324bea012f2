"""Charts: what is drawn is in proportion to the numbers, and everything drawn can be read without seeing it."""

import re
import xml.etree.ElementTree as ET

import pytest

from jobs.charts import Figure, bar_chart, calibration_chart, histogram, stacked_bars, waterfall

FIGURES = {
    "bars": bar_chart("Niches", "Creators by niche.", {"fitness": 8, "cooking": 4}),
    "stack": stacked_bars("Activity", "By platform.", {"youtube": {"active": 3, "gone": 1}, "x": {"active": 2}}),
    "histogram": histogram("Weights", "Pairs by weight.", [-2, 0, 2], {"link": [0, 3], "review": [5, 0]}, unit="bits"),
    "calibration": calibration_chart("Promise", "Predicted and observed.", [(0.1, 0.12, 40), (0.9, 0.88, 10)]),
    "waterfall": waterfall("Merge", "In bits.", [("prior", -8.0), ("site", 12.0)], total="weight", unit="bits"),
    "nothing": bar_chart("Rejected", "No row was rejected.", {}),
}  # fmt: skip


@pytest.mark.parametrize("figure", FIGURES.values(), ids=FIGURES)
def test_a_drawing_is_well_formed_and_carries_its_title_and_description(figure: Figure):
    drawing = parsed(figure)
    assert (drawing.findtext("title"), drawing.findtext("desc")) == (figure.title, figure.description)
    assert all(len(row) == len(figure.columns) for row in figure.rows)


@pytest.mark.parametrize("figure", FIGURES.values(), ids=FIGURES)
def test_a_drawing_names_no_address_and_no_fixed_colour(figure: Figure):
    assert not re.search(r"https?:|url\(|#[0-9a-fA-F]{3,6}\b|style=", figure.svg)


@pytest.mark.parametrize("figure", FIGURES.values(), ids=FIGURES)
def test_nothing_is_drawn_outside_the_picture(figure: Figure):
    _, _, width, height = map(float, parsed(figure).attrib["viewBox"].split())
    for bar in parsed(figure).iter("rect"):
        x, y, w, h = (float(bar.attrib[name]) for name in ("x", "y", "width", "height"))
        assert x >= 0
        assert y >= 0
        assert x + w <= width + 0.1
        assert y + h <= height + 0.1


def test_a_bar_is_as_long_as_its_value():
    long, short = widths(FIGURES["bars"])
    assert long == pytest.approx(2 * short, abs=0.2)


def test_the_last_bar_of_a_waterfall_is_the_sum_of_the_steps():
    assert FIGURES["waterfall"].rows[-1] == ("weight", 4.0)
    prior, site, weight = widths(FIGURES["waterfall"])
    assert weight == pytest.approx(site - prior, abs=0.2)


def test_a_name_that_looks_like_markup_stays_a_name():
    hostile = '<script>alert("x")</script>&'
    figure = bar_chart(hostile, hostile, {hostile[:20]: 1})
    assert "<script" not in figure.svg
    assert parsed(figure).findtext("title") == hostile


def parsed(figure: Figure) -> ET.Element:
    return ET.fromstring(figure.svg)  # noqa: S314 - our own drawing


def widths(figure: Figure) -> list[float]:
    return [float(bar.attrib["width"]) for bar in parsed(figure).iter("rect")]
