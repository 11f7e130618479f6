"""Pictures and tables: what is drawn is what was computed, said in words too, in both languages."""

import io
import logging
import re
import warnings

import numpy as np
import pytest
from PIL import Image

from simlib import (
    Client,
    Ec2,
    Lambda,
    Operation,
    Poisson,
    Scenario,
    Spike,
    Traffic,
    bill,
    compare,
    i18n,
    simulate,
    views,
)
from simlib.lessons import lesson00, lesson01


@pytest.fixture(autouse=True)
def english():
    i18n.use("en")
    yield
    i18n.use("en")


@pytest.fixture(scope="module")
def both():
    """A short rush through servers and through Lambda."""
    traffic = Traffic(
        Spike(base_rps=2, spike_rps=60, start_s=5, duration_s=5),
        window_s=40,
        operations=Operation(work_vcpu_s=0.2, io_s=0.0),
    )
    return {
        name: simulate(Scenario((Client(), service), traffic, name=name))
        for name, service in (("EC2", Ec2(queue_limit=20)), ("Lambda", Lambda(memory_mb=1769)))
    }


def pixels(picture):
    return np.asarray(Image.open(io.BytesIO(picture.png())))


def all_pictures(both):
    bills = {name: bill(result) for name, result in both.items()}
    seen = lesson01.month(2.0)
    return {
        "storm": views.plot_storm(both),
        "latency": views.plot_latency(both),
        "concurrency": views.plot_concurrency(both["Lambda"]),
        "bill": views.plot_bill(bills),
        "paid": views.plot_paid_and_used(both["EC2"]),
        "break_even": views.plot_break_even(lesson01.RATE_EXPLORER.look(seen)),
        "map": views.plot_break_even_map(lesson01.MAP_EXPLORER.look(seen)),
        "geography": views.plot_map(),
    }


# Every picture ----------------------------------------------------


@pytest.mark.parametrize("language", ["en", "ko"])
def test_every_picture_is_drawn_with_words_and_without_missing_letters(both, language):
    i18n.use(language)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for name, picture in all_pictures(both).items():
            assert pixels(picture).std() > 5, name
            assert len(picture.alt) > 20 and "nan" not in picture.alt, name
            assert "{" not in picture.alt and "[" not in picture.alt, name
            if language == "ko":
                assert re.search("[가-힣]", picture.alt), name


def test_a_picture_is_an_image_with_its_words(both):
    bundle = views.plot_latency(both)._repr_mimebundle_()
    assert bundle["text/html"].startswith("<img src=") and bundle["text/plain"] in bundle["text/html"]


def test_without_a_korean_font_figures_fall_back_to_english(both, monkeypatch):
    i18n.use("ko")
    monkeypatch.setattr(views, "korean_font", lambda: None)
    picture = views.plot_concurrency(both["Lambda"])
    assert picture.axes.get_title(loc="left") == "Requests in progress"
    assert re.search("[가-힣]", picture.alt), "the words beside it stay Korean"


def test_showing_the_same_again_gives_the_same_picture(both):
    picture = views.Latency(("EC2", "Lambda")).show(both)
    first = picture.png()
    slow = {
        name: simulate(
            Scenario((Client(last_mile_ms=200), *result.scenario.stack[1:]), result.scenario.traffic)
        )
        for name, result in both.items()
    }
    assert picture.show(slow).png() != first
    assert picture.show(both).png() == first


def test_the_pinned_run_leaves_a_trace(both):
    picture = views.Storm().show(both)
    alone = picture.png()
    assert picture.show(both, both).png() != alone
    assert picture.show(both).png() == alone


def test_views_silences_only_the_font_manager():
    assert logging.getLogger("matplotlib").level != logging.ERROR


# What is drawn ----------------------------------------------------


def test_everybody_is_served_waiting_or_refused_at_every_moment(both):
    for result in both.values():
        table = views.storm_table(result, 60)
        came = np.searchsorted(result.workload.arrival_s, table["edge_s"][1:], side="right")
        assert (table["served"] + table["waiting"] + table["refused"] == came).all()
        assert table["waiting"].min() >= 0
        assert table["served"][-1] == result.ok.sum() and table["waiting"][-1] == 0


def test_the_curve_of_latency_passes_through_the_percentiles(both):
    picture = views.plot_latency(both)
    for name, curve in zip(both, picture.curves):
        times, shares = curve.get_data()
        for share, key in ((0.5, "p50_ms"), (0.95, "p95_ms"), (0.99, "p99_ms")):
            expected = both[name].summary()[key]
            assert np.interp(share, shares, times) == pytest.approx(expected, rel=0.05)


def test_the_bars_of_where_the_time_went_add_up_to_the_mean(both):
    picture = views.plot_latency(both)
    for k, result in enumerate(both.values()):
        total = sum(bars[k].get_width() for bars in picture.bars.values())
        assert total == pytest.approx(result.summary()["mean_ms"], rel=1e-6)


def test_the_bars_of_the_bill_add_up_to_its_total(both):
    bills = {name: bill(result) for name, result in both.items()}
    picture = views.plot_bill(bills)
    for row, invoice in enumerate(bills.values()):
        widths = [
            patch.get_width()
            for patch in picture.axes.patches
            if abs(patch.get_y() + patch.get_height() / 2 - row) < 0.01
        ]
        assert sum(widths) == pytest.approx(invoice.total_usd)


def test_the_fleet_never_uses_more_than_is_paid_for():
    traffic = Traffic(Poisson(5), window_s=600, operations=Operation(work_vcpu_s=0.4, io_s=0))
    found = views.paid_and_used(simulate(Scenario((Client(), Ec2()), traffic)), bins=10)
    assert (found["paid"] == 4).all() and found["used"].mean() == pytest.approx(5 * 0.4, rel=0.1)
    assert found["rps"].mean() == pytest.approx(5, rel=0.1)


def test_the_crossing_lies_where_both_lines_meet():
    seen = lesson01.RATE_EXPLORER.look(lesson01.month(2.0))
    log_rps = np.log(seen["rps"])
    costs = [
        np.interp(np.log(seen["crossing_rps"]), log_rps, seen["usd"][name]) for name in ("Lambda", "EC2")
    ]
    assert costs[0] == pytest.approx(costs[1], rel=0.02)


def test_round_limits_lie_above_the_data_and_are_few():
    values = np.geomspace(0.01, 1e6, 400)
    tops = [views.nice_top(value) for value in values]
    assert all(value <= top * (1 + 1e-9) <= 2 * value * (1 + 1e-6) for value, top in zip(values, tops))
    assert len(set(tops)) < 60


# Tables ----------------------------------------------------


def test_the_bill_in_html_has_every_line_price_source_and_date(both):
    invoice = bill(both["EC2"])
    page = views.bill_html({"EC2": invoice}, detailed=True)
    for line in invoice.lines:
        assert views.item_words(line) in page
    assert "$0.0208" in page and "https://" in page and invoice.date in page
    assert views.usd(invoice.total_usd) in page


def test_the_sources_of_a_detailed_bill_are_numbered_below_with_their_dates(both):
    from simlib import facts

    invoice = bill(both["EC2"])
    page = views.bill_html({"EC2": invoice}, detailed=True)
    used = list(dict.fromkeys(line.source for line in invoice.lines))
    for place, source in enumerate((facts.sources()[key] for key in used), 1):
        assert page.count(source.url) == 1
        assert re.search(rf"\[{place}\] <a [^>]*>{re.escape(source.title)}</a> \({source.published}\)", page)
    assert "tier" not in page, "a column that always says 1 says nothing"
    assert "tier" in views.bill_html({"Lambda": bill(both["Lambda"])}, detailed=True)


def test_the_legend_names_only_what_is_drawn(both):
    picture = views.plot_latency({"Lambda": both["Lambda"]})
    named = {text.get_text() for text in picture.legend.get_texts()}
    assert "cold start" in named and "failed attempts" not in named


def test_the_short_bill_adds_up_the_tiers_of_a_line(both):
    invoice = bill(both["Lambda"])
    assert sum(dollars for _item, dollars in views.merged_lines(invoice)) == pytest.approx(invoice.total_usd)
    names = [item for item, _dollars in views.merged_lines(invoice)]
    assert len(names) == len(set(names))


def test_names_in_a_bill_are_never_html(both):
    assert "<script>" not in views.bill_html({"<script>": bill(both["Lambda"])})


def test_runs_side_by_side_show_what_summary_says(both):
    table = views.side_by_side(both, {name: bill(result) for name, result in both.items()})
    assert list(table.columns) == ["EC2", "Lambda"]
    assert table.loc["served", "Lambda"] == f"{both['Lambda'].summary()['served']:,}"
    assert table.loc["dollars a month", "EC2"].startswith("$")


@pytest.mark.parametrize("language", ["en", "ko"])
def test_a_comparison_names_the_lower_side_and_no_cell_looks_like_mathematics(language):
    i18n.use(language)
    traffic = lesson00.storm(50)
    found = compare(
        Scenario((Client(), Ec2()), traffic, name="EC2"),
        Scenario((Client(), Lambda()), traffic, name="Lambda"),
        seeds=range(3),
    )
    table = views.comparison_table(found)
    assert len(table) == len(found.table)
    assert table.iloc[0].iloc[-1] == i18n._("{side} lower", side="Lambda")
    assert not any(str(cell).count("$") > 1 for cell in table.to_numpy().ravel())
    assert table.iloc[0, 3].endswith("USD" if language == "en" else "달러")
    cold = table.loc[i18n._("cold starts")]
    unit = " points" if language == "en" else "%p"
    assert cold.iloc[2].endswith(unit) and cold.iloc[3].endswith(unit)
