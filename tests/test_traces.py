"""Recorded traces: what is read, how it is scaled, and one sentence for whatever is wrong with a file."""

import gzip
import math
import os
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from simlib import facts
from simlib.params import ParamError
from simlib.workload import (
    Dice,
    Poisson,
    Trace,
    Traffic,
    WorkloadError,
    arrivals_from,
    draw,
    tracefile,
    traffic_from,
)

SHIPPED = facts.DATA / "traces"


def is_one_sentence(message: str) -> bool:
    return message.endswith(".") and ". " not in message and "\n" not in message


@pytest.fixture
def write(tmp_path):
    """Writes a file of text or bytes and returns its path."""
    def written(content, name="trace.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
        return path

    return written


def arrivals(path, seed=0, window_s=None, max_requests=20_000_000, **options):
    return draw(Traffic(Trace(path, **options), window_s, max_requests=max_requests), seed).arrival_s


def refused(path, **options) -> str:
    """The message with which a trace is refused, without its folder."""
    with pytest.raises(WorkloadError) as error:
        arrivals(path, **options)
    message = str(error.value)
    assert is_one_sentence(message), message
    assert str(path) in message
    return message.replace(str(Path(path).parent) + os.sep, "")


# What is read


def test_listed_requests_arrive_when_the_file_says(write):
    assert arrivals(write("t_s\n0.5\n2\n2\n7.25\n"), window_s=10).tolist() == [0.5, 2.0, 2.0, 7.25]


@pytest.mark.parametrize(("content", "options"), [
    ("t_s\n0\n60\n90\n", {}), ("time_ms\n0\n60000\n90000\n", {}), ("t_min\n0\n1\n1.5\n", {}),
    ("t\n0\n60000000\n90000000\n", {"time_unit": "us"}), ("when\n0\n60\n90\n", {"time_column": "when"}),
    ("TIMESTAMP\n0\n60\n90\n", {}),
    ("time_ns\n1700000000000000000\n1700000060000000000\n1700000090000000000\n", {}),
    ("timestamp\n1700000000\n1700000060\n1700000090\n", {}),
    ("startTime\n2024-02-28T23:59:30Z\n2024-02-29T00:00:30Z\n2024-02-29T00:01:00Z\n", {}),
    ("time\n2024-03-31 01:59:30\n2024-03-31 02:00:30\n2024-03-31 02:01:00\n", {}),
    ("time\n2024-01-01T09:00:00+09:00\n2024-01-01T01:01:00+01:00\n2024-01-01T00:01:30+00:00\n", {}),
    ("time;page\n0;a\n60;b\n90;c\n", {}), ("page\ttime\na\t0\nb\t60\nc\t90\n", {}),
    ('"page","time"\n"a, or ""b""","0"\n"c\nd","60"\ne,90\n', {}),
    ("\ufefftime\r\n0\r\n60\r\n90\r\n\r\n", {}),
    ("time,value\n0,1.5\n60,\n90,x\n", {"kind": "timestamps"}), ("t\r0\r60\r90\r", {}),
    ("end,duration\n5,5\n61,1\n90.5,0.5\n", {"time_column": "end", "duration_column": "duration"}),
    ("end_ms,duration_ms\n5000,5000\n61000,1000\n90500,500\n", {"duration_column": "duration_ms"}),
])
def test_the_same_trace_is_read_from_many_forms(write, content, options):
    for path in (write(content), write(gzip.compress(content.encode()), "trace.csv.gz"),
                 write(gzip.compress(content.encode()), "packed.csv")):
        assert arrivals(path, **options) == pytest.approx([0.0, 60.0, 90.0], abs=1e-6)


@pytest.mark.parametrize(("content", "options"), [
    ("second,requests\n0,2\n1,0\n2,3\n", {}), ("minute,count\n0,2\n2,3\n4,0\n1439,0\n", {"bin_s": 1.0}),
    ("t_ms,hits\n0,2\n1000,0\n2000,3.0\n", {}), ("timestamp,value\n0,2\n2,3\n3,0\n", {}),
    ("timestamp,RequestCount\n2024-01-01T00:00:00Z,2\n2024-01-01T00:00:01Z,0\n2024-01-01T00:00:02Z,3\n", {}),
    ("when,many\n0,2\n1,0\n2,3\n", {"time_column": "when", "column": "many", "kind": "counts"}),
    ("func,second,count\na,0,1\na,2,2\nb,0,1\nb,1,0\nb,2,1\n", {"select": "func=*"}),
    ("second,func,count\n0,a,9\n0,b,2\n1,a,9\n2,b,3\n", {"select": "func=b"}),
])
def test_counts_are_played_exactly_and_spread_over_their_bin(write, content, options):
    times = arrivals(write(content), seed=5, **options)
    scale = 60 if "minute" in content else 1
    assert times.size == 5
    assert ((times[:2] >= 0) & (times[:2] < 1)).all()
    assert ((times[2:] >= 2 * scale) & (times[2:] < 2 * scale + 1)).all()


@given(st.lists(st.integers(0, 30), min_size=2, max_size=60), st.sampled_from([0.001, 1.0, 60.0, 300.0]),
       st.sampled_from([0.0, 86_400.0]), st.floats(0.1, 10), st.integers(0, 99))
def test_counts_are_preserved_bin_by_bin(tmp_path_factory, counts, bin_s, start_s, time_scale, seed):
    path = tmp_path_factory.mktemp("counts") / "counts.csv"
    rows = [f"{start_s + bin_s * n!r},{count}\n" for n, count in enumerate(counts)]
    path.write_text("t_s,count\n" + "".join(rows))
    workload = draw(Traffic(Trace(path, time_scale=time_scale)), seed)
    times = workload.arrival_s
    assert workload.window_s == pytest.approx((start_s + bin_s * len(counts)) * time_scale)
    edges = (start_s + bin_s * np.arange(len(counts) + 1)) * time_scale
    assert (np.diff(times) >= 0).all()
    assert np.histogram(times, edges * (1 - 1e-12))[0].tolist() == counts


@given(st.lists(st.floats(0, 1e6), min_size=2, max_size=50), st.integers(0, 99))
def test_a_trace_that_was_written_is_read_as_it_was(tmp_path_factory, times, seed):
    path = tmp_path_factory.mktemp("round") / "trip.csv"
    path.write_text("t_s\n" + "".join(f"{time!r}\n" for time in sorted(times)))
    assert arrivals(path, seed, window_s=2e6).tolist() == sorted(times)


def test_a_drawn_stream_survives_the_round_trip_through_gzip(tmp_path):
    drawn = draw(Traffic(Poisson(20.0), 500.0), 3).arrival_s
    path = tmp_path / "drawn.csv.gz"
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.write("t_s\n")
        file.writelines(f"{time!r}\n" for time in drawn.tolist())
    assert arrivals(path).tolist() == drawn.tolist()


def test_a_gap_in_the_counts_is_silent(write):
    times = arrivals(write("minute,count\n0,50\n1,50\n4,50\n"), seed=1)
    assert np.histogram(times, np.arange(0, 301, 60))[0].tolist() == [50, 50, 0, 0, 50]


def test_inside_a_bin_arrivals_are_uniform(write):
    times = arrivals(write("hour,count\n0,20000\n1,0\n"), seed=2)
    assert stats.kstest(times, "uniform", args=(0, 3600)).pvalue > 1e-3


def test_even_the_last_moment_of_a_bin_is_before_its_end(write, monkeypatch):
    monkeypatch.setattr(Dice, "uniforms", lambda self, name, n: np.full(n, 1 - 2.0**-53))
    times = arrivals(write("second,count\n86399,1\n86400,1\n"))
    assert np.floor(times).tolist() == [86_399.0, 86_400.0]


def test_the_same_seed_spreads_counts_alike_and_another_one_differently(write):
    path = write("minute,count\n0,5\n1,7\n")
    assert arrivals(path, seed=1).tolist() == arrivals(path, seed=1).tolist()
    assert arrivals(path, seed=1).tolist() != arrivals(path, seed=2).tolist()


def test_numbers_keep_their_own_zero_and_dates_and_unix_times_begin_at_the_first_row(write):
    assert arrivals(write("t_s\n30\n40\n")).tolist() == [30.0, 40.0]
    assert arrivals(write("t_s\n1700000030\n1700000040\n")).tolist() == [0.0, 10.0]
    assert arrivals(write("time\n1971-01-01T00:00:30\n1971-01-01T00:00:40\n")).tolist() == [0.0, 10.0]
    assert 1800 <= arrivals(write("minute,count\n30,1\n31,0\n"))[0] < 1860


def test_one_function_is_played_on_the_clock_of_the_whole_file(write):
    path = write("func,minute,count\na,0,1\na,9,1\nb,4,6\nb,5,0\n")
    workload = draw(Traffic(Trace(path, select="func=b")), 1)
    assert workload.window_s == 600.0 and workload.n == 6
    assert ((workload.arrival_s >= 240) & (workload.arrival_s < 300)).all()
    path = write("page,t_s\na,0\nb,5\na,10\nb,15\na,20\n")
    workload = draw(Traffic(Trace(path, select="page=b")), 1)
    assert workload.arrival_s.tolist() == [5.0, 15.0] and workload.window_s == 25.0
    path = write("page,t_s\na,0\na,10\nb,5\nb,15\n")
    assert arrivals(path, select="page=*").tolist() == [0.0, 5.0, 10.0, 15.0]


def test_a_whole_trace_lasts_to_the_end_of_its_last_bin_or_one_mean_gap_past_its_last_request(write):
    assert draw(Traffic(Trace(write("minute,count\n0,1\n5,1\n6,0\n"))), 1).window_s == 420.0
    assert draw(Traffic(Trace(write("t_s\n0\n1\n6\n"))), 1).window_s == 9.0
    assert Traffic(Trace(write("t_s\n0\n1\n6\n"))).month_windows() == pytest.approx(730 * 3600 / 9)


def test_windows_of_a_whole_trace_must_fit_into_a_month_too(write):
    traffic = Traffic(Trace(write("hour,count\n0,1\n1,1\n")), windows_per_month=400)
    with pytest.raises(ParamError, match="room for 365 windows of 7,200 s"):
        draw(traffic, 1)


@pytest.mark.parametrize("content", ["t_s\n0\n1\n2\n3\n4\n", "second,count\n0,1\n1,1\n2,1\n3,1\n4,1\n"])
def test_a_window_cuts_the_trace_and_skipping_begins_later(write, content):
    path = write(content)
    assert arrivals(path, window_s=3).size == 3
    assert arrivals(path, skip_s=3).size == 2
    later = arrivals(path, skip_s=2, window_s=2)
    assert later.size == 2 and later[0] < 1 <= later[1]
    assert Trace(path).expected_rps(3) == pytest.approx(1.0)
    assert Trace(path, skip_s=3.5, kind="counts" if "count" in content else "auto").expected_rps(1) > 0


def test_a_bin_cut_in_two_plays_its_part(write):
    path = write("minute,count\n0,10000\n1,10000\n")
    n = arrivals(path, seed=4, skip_s=15, window_s=60).size
    assert Trace(path, skip_s=15).expected_rps(60) == pytest.approx(10_000 / 60)
    assert abs(n - 10_000) < 4 * math.sqrt(10_000 * (0.75 * 0.25 * 2))


def test_the_file_is_read_once_until_it_changes(write, monkeypatch):
    read, reads = tracefile.read, []
    monkeypatch.setattr(tracefile, "read", lambda *given: reads.append(1) or read(*given))
    path = write("t_s\n0\n1\n")
    for seed in range(3):
        assert arrivals(path, seed).size == 2
    assert len(reads) == 1
    write("t_s\n0\n1\n2\n")
    assert arrivals(path).size == 3


# Scaling


@given(st.floats(0.01, 100), st.floats(0, 300))
def test_a_time_scale_stretches_every_time_and_the_window(time_scale, skip_s):
    path = SHIPPED / "azure_functions_2019_one_day.csv"
    plain = draw(Traffic(Trace(path, skip_s=86_000)), 3)
    slow = draw(Traffic(Trace(path, skip_s=86_000, time_scale=time_scale)), 3)
    assert slow.window_s == pytest.approx(plain.window_s * time_scale)
    assert slow.n == plain.n
    assert slow.arrival_s == pytest.approx(plain.arrival_s * time_scale)


def test_listed_requests_are_thinned_at_random_and_a_larger_share_contains_the_smaller(write):
    path = write("t_s\n" + "".join(f"{n}\n" for n in range(4000)))
    kept = {share: arrivals(path, seed=7, rate_scale=share, window_s=4000) for share in (0.0, 0.2, 0.5, 1.0)}
    assert kept[0.0].size == 0 and kept[1.0].tolist() == list(range(4000))
    assert stats.binomtest(kept[0.2].size, 4000, 0.2).pvalue > 1e-3
    assert stats.binomtest(kept[0.5].size, 4000, 0.5).pvalue > 1e-3
    assert set(kept[0.2]) < set(kept[0.5])


@pytest.mark.parametrize("rate_scale", [2.0, 2.6])
def test_listed_requests_are_multiplied_by_copies_before_the_next_one(write, rate_scale):
    gaps = np.random.default_rng(1).exponential(1.0, 4000)
    times = np.cumsum(gaps)
    path = write("t_s\n" + "".join(f"{time!r}\n" for time in times.tolist()))
    more = arrivals(path, seed=8, rate_scale=rate_scale, window_s=5000)
    assert set(times) < set(more)
    added, share = more.size - 8000, rate_scale - 2
    assert added == 0 if share == 0 else stats.binomtest(added, 4000, share).pvalue > 1e-3
    inside = np.searchsorted(times, more, side="right") - 1
    found = np.bincount(inside, minlength=4000)
    assert found.min() == 2 and found.max() == math.ceil(rate_scale)
    copies = np.setdiff1d(more, times)
    copies = copies[copies < times[-1]]
    before = np.searchsorted(times, copies, side="right") - 1
    place = (copies - times[before]) / np.diff(times)[before]
    assert stats.kstest(place, "uniform").pvalue > 1e-3


@pytest.mark.parametrize("rate_scale", [0.25, 0.999, 3.7])
def test_counts_are_multiplied_in_the_mean_and_rounded_at_random(write, rate_scale):
    path = write("second,count\n" + "".join(f"{n},{n % 5}\n" for n in range(3000)))
    counts = np.histogram(arrivals(path, seed=9, rate_scale=rate_scale), np.arange(3001))[0]
    exact = np.arange(3000) % 5 * rate_scale
    assert ((counts == np.floor(exact)) | (counts == np.ceil(exact))).all()
    part = exact - np.floor(exact)
    assert abs(counts.sum() - exact.sum()) < 3.5 * math.sqrt((part * (1 - part)).sum())
    assert Trace(path, rate_scale=rate_scale).expected_rps() == pytest.approx(exact.sum() / 3000)


def test_a_month_of_a_huge_site_can_be_thinned_to_size(write):
    path = write("minute,requests\n0,30000000\n1,10000000\n")
    assert "more than 20,000,000 requests" in refused(path)
    assert arrivals(path, rate_scale=0.001).size == 40_000


# What is wrong with a file

BAD = {
    "missing column": ("a,b\n1,2\n", {}, 1,
        "no column looks like the time among 'a', 'b'; name the right one in time_column"),
    "missing count": ("t,x\n1,2\n", {"kind": "counts"}, 1,
        "no column looks like the count among 't', 'x'; name the right"),
    "missing told column": ("t,count\n1,2\n", {"column": "requets"}, 1,
        "no column 'requets'; column may be one of 't', 'count'"),
    "missing told time": ("t\n1\n", {"time_column": "x"}, 1, "no column 'x'; time_column may be one of 't'"),
    "missing told duration": ("t\n1\n", {"duration_column": "x"}, 1,
        "no column 'x'; duration_column may be one of"),
    "missing selected column": ("t\n1\n", {"select": "x=1"}, 1, "no column 'x'; select may be one of"),
    "several times": ("start_time,end_time\n1,2\n", {}, 1,
        "several columns could be the time: 'start_time', 'end_time'"),
    "several counts": ("t,count,value\n1,2,3\n", {}, 1,
        "several columns could be the count: 'count', 'value'; name the"),
    "a column twice": ("t,t\n1,2\n", {"time_column": "t"}, 1, "2 columns 't'; give each column its own name"),
    "no header": ("0,5\n1,5\n", {}, 1, "values instead of names; add a first line"),
    "no header, dates": ("2024-01-01 00:00:00,5\n2024-01-01 00:01:00,5\n", {}, 1, "values instead of names"),
    "empty": ("", {}, 1, "the file is empty"),
    "only a byte order mark": ("\ufeff", {}, 1, "the file is empty"),
    "only a line end": ("\n", {}, 1, "the line is empty; begin the file with a line that names the columns"),
    "only a header": ("t_s,count\n", {}, 1, "no row follows the header"),
    "NaN time": ("t_s\n1\nNaN\n", {}, 3, "'NaN' is not a finite number; correct it, or delete the line"),
    "infinite time": ("t_s\n1\ninf\n", {}, 3, "'inf' is not a finite number"),
    "empty time": ("t_s,x\n1,a\n,b\n", {}, 3, "the cell in column 't_s' is empty; fill it in"),
    "empty first time": ("t_s,x\n ,a\n1,b\n", {}, 2, "the cell in column 't_s' is empty; write seconds"),
    "empty count": ("t_s,count\n1,1\n2,\n", {}, 3, "the cell in column 'count' is empty"),
    "NaN count": ("t_s,count\n1,1\n2,nan\n", {}, 3, "the count 'nan' is not a finite number"),
    "negative time": ("t_s\n-1\n2\n", {}, 2, "'-1' is negative; count times from 0 up"),
    "negative by duration": ("end,d\n5,6\n", {"time_column": "end", "duration_column": "d"}, 2,
        "'5' less the duration '6' is neg"),
    "unsorted": ("t_s\n1\n3\n2\n4\n", {}, 4,
        "'2' is earlier than one before; sort the file by 't_s', or, if it holds ends"),
    "unsorted dates": ("time\n2024-01-01 00:00:01\n2024-01-01\n", {}, 3,
        "'2024-01-01' is earlier than one before"),
    "unsorted counts": ("minute,count\n1,1\n0,1\n", {}, 3,
        "'0' is earlier than one before; sort the file by 'minute'."),
    "by function": ("f,minute,count\na,0,1\na,1,1\nb,0,1\n", {}, 4,
        "say select: \"f=b\" to play that f only or \"f=*\" to add"),
    "a time twice": ("minute,count\n1,1\n1,1\n", {}, 3, "'1' comes twice; keep one row per time."),
    "a function's time twice": ("f,minute,count\na,1,1\na,1,1\n", {"select": "f=*"}, 3, "'1' comes twice"),
    "nothing selected": ("f,t_s\na,1\nb,2\n", {"select": "f=c"}, 3,
        "no row has 'f=c'; select another value, such as 'a', 'b'"),
    "word for a time": ("t_s\n1\nlater\n", {}, 3, "'later' in column 't_s' is not a number"),
    "word for the first time": ("t_s\nlater\n", {}, 2,
        "'later' in column 't_s' is neither a number nor a date"),
    "other date format": ("time\n10/Apr/2014:00:04:00\n", {}, 2, "dates such as 2024-01-31T09:00:00Z"),
    "word for a count": ("t_s,count\n1,many\n", {}, 2, "'many' in column 'count' is not a number"),
    "decimal comma": ("t_s;count\n0,5;1\n", {}, 2, "neither a number nor a date"),
    "word for a duration": ("end,d\n5,x\n", {"time_column": "end", "duration_column": "d"}, 2,
        "'x' in column 'd' is not a"),
    "negative duration": ("end,d\n5,1\n6,-1\n", {"duration_column": "d"}, 3,
        "'-1' in column 'd' is no duration"),
    "NaN duration": ("end,d\n5,nan\n", {"duration_column": "d"}, 2, "'nan' in column 'd' is no duration"),
    "fractional count": ("t_s,count\n1,1.5\n", {}, 2,
        "the count '1.5' is not a whole number; counts are 0, 1, 2"),
    "negative count": ("t_s,count\n1,1\n2,-1\n", {}, 3, "the count '-1' is negative"),
    "endless count": ("t_s,count\n1,1\n2,1e300\n", {"rate_scale": 0.0}, 3, "the count '1e300' is too large"),
    "dates told as ms": ("time\n2024-01-01\n", {"time_unit": "ms"}, 2,
        "'2024-01-01' is a date, but time_unit says ms; leave"),
    "unit against the name": ("t_ms\n1\n2\n", {"time_unit": "s"}, 1,
        "'t_ms' is in ms by its name, but time_unit says s"),
    "Unix ms read as s": ("timestamp\n1700000000000\n", {}, 2,
        "read as s, is more than 3,000 years; say in time_unit"),
    "ms read as s": ("t\n0\n1000\n86400000\n", {}, 4,
        "read as seconds, the trace lasts 1,000 days; say in time_unit"),
    "date after numbers": ("time\n1\n2024-01-01\n", {}, 3, "'2024-01-01' in column 'time' is not a number"),
    "number after dates": ("time\n2024-01-01\n5\n", {}, 3, "'5' is not a date like the ones before"),
    "offset after none": ("time\n2024-01-01\n2024-01-02T00:00Z\n", {}, 3,
        "only one of the time '2024-01-02T00:00Z' and the"),
    "a cell too few": ("t_s,count\n1,1\n2\n", {}, 3,
        "there are 1 cells, but the header has 2; complete the line, or copy"),
    "a cell too many": ("t_s,count\n1,1,1\n", {}, 2, "there are 3 cells, but the header has 2"),
    "an empty line": ("t_s\n1\n\n2\n", {}, 3, "the line is empty; delete it"),
    "an open quote": ('t_s,x\n1,"a\n2,b\n', {}, 3,
        "this is not CSV (unexpected end of data); check its quotes"),
    "a single count": ("minute,count\n5,1\n", {}, 2,
        "a single time does not show how long a count lasts; say in bin_s"),
    "uneven rows": ("t_s,count\n0,1\n60,1\n121,1\n190,1\n", {}, 4,
        "61 s after the one before, no multiple of .* 60 s"),
    "overlapping bins": ("minute,count\n0,1\n5,1\n6,1\n", {"bin_s": 300.0}, 4,
        "60 s after the one before, .* bin_s, 300 s"),
    "not UTF-8": ("t_s,page\n1,a\n2,caf\xe9\n".encode("latin-1"), {}, 3,
        "the text is not UTF-8; save the file as UTF-8"),
    "UTF-16": ("t_s\n1\n".encode("utf-16"), {}, 1, "the text is not UTF-8; save the file as UTF-8"),
    "UTF-16 unmarked": ("t_s\n1\n".encode("utf-16-le"), {}, 1, "this is no table of text; give a CSV file"),
    "a picture": (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", {}, 1, "the text is not UTF-8"),
    "no lines": ("t_s" * 400_000, {}, 1, "this is no table of text"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_malformed_file_is_refused_with_file_line_and_cure(write, case):
    content, options, line, says = BAD[case]
    message = refused(write(content), **options)
    start = f"trace.csv, line {line}: "
    assert message.startswith(start)
    assert re.search(re.escape(says).replace(re.escape(".*"), ".*"), message), message
    assert "; " in message


@pytest.mark.parametrize("case", [case for case in BAD if case != "no lines"])
def test_a_malformed_file_is_refused_in_the_same_words_when_packed(write, case):
    content, options, line, says = BAD[case]
    packed = gzip.compress(content if isinstance(content, bytes) else content.encode("utf-8"))
    message = refused(write(packed, "trace.csv.gz"), **options)
    assert message.replace("trace.csv.gz", "trace.csv") == refused(write(content), **options)


def test_a_late_line_that_is_not_utf_8_is_named(write):
    good = "".join(f"{n},\u00fcber\n" for n in range(5000))
    message = refused(write(("t_s,page\n" + good).encode("utf-8") + b"5000,\xfc\n5001,x\n"))
    assert message.startswith("trace.csv, line 5002: the text is not UTF-8")


def test_files_that_cannot_be_opened_are_named_with_the_cure(tmp_path, write):
    assert "There is no trace none.csv; check the path" in refused(tmp_path / "none.csv")
    assert f"{tmp_path.name} is a folder, not a trace; name the CSV" in refused(tmp_path)
    with pytest.raises(WorkloadError, match="cannot be opened"):
        arrivals("a\0b.csv")
    plain = write("t_s\n1\n2\n", "plain.csv.gz")
    assert "the name ends in .gz but the content is not gzip; download the file again" in refused(plain)
    assert "line 1: the file is empty" in refused(write(b"", "none.csv.gz"))
    assert "line 1: the file is empty" in refused(write(gzip.compress(b""), "packed.csv.gz"))


def test_a_gzip_cut_anywhere_is_never_half_read(write):
    content = "t_s\n" + "".join(f"{n}\n" for n in range(300))
    packed = gzip.compress(content.encode())
    assert arrivals(write(packed, "whole.csv.gz")).size == 300
    for cut in range(2, len(packed)):
        message = refused(write(packed[:cut], f"cut{cut}.csv.gz"))
        assert "the gzip data stops here, before its end; the file was cut off: copy or download" in message


@pytest.mark.parametrize(("at", "byte"), [(-5, 0), (10, 7)])
def test_a_gzip_that_fails_its_checksum_or_has_no_valid_block_is_called_damaged(write, at, byte):
    packed = bytearray(gzip.compress(b"t_s\n1\n2\n3\n", mtime=0))
    assert packed[at] != byte
    packed[at] = byte
    assert "the gzip data is damaged after this (" in refused(write(bytes(packed), "trace.csv.gz"))


@given(st.data())
def test_a_damaged_gzip_is_never_half_read(tmp_path_factory, data):
    content = "t_s\n" + "".join(f"{n * n}\n" for n in range(200))
    packed = bytearray(gzip.compress(content.encode(), mtime=0))
    at = data.draw(st.integers(10, len(packed) - 1))
    packed[at] ^= 1 << data.draw(st.integers(0, 7))
    path = tmp_path_factory.mktemp("damaged") / "trace.csv.gz"
    path.write_bytes(packed)
    message = refused(path)
    assert "copy" in message or "line" in message


ODD_TEXT = st.text(alphabet="t_s,count\n0123456789.-:;\"TZ \te", max_size=80)


@given(st.one_of(st.binary(max_size=60), ODD_TEXT.map(lambda text: ("t_s,count\n" + text).encode())))
def test_whatever_a_file_holds_it_is_read_or_refused_in_one_sentence(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("fuzz") / "trace.csv"
    path.write_bytes(content)
    try:
        workload = draw(Traffic(Trace(path), max_requests=1000), 1)
    except WorkloadError as error:
        assert str(error).startswith((str(path), "There is no")) and str(error).endswith(".")
    else:
        assert workload.n <= 1000 and (np.diff(workload.arrival_s) >= 0).all()
        assert ((workload.arrival_s >= 0) & (workload.arrival_s < workload.window_s)).all()


def test_too_many_requests_are_refused_while_the_file_is_still_being_read(write):
    rest = "".join(f"{n}\n" for n in range(50)) + "this line is never reached\n"
    message = refused(write("t_s\n" + rest), max_requests=20)
    assert "line 22: there are more than 20 requests up to here; cut the trace with window_s, or" in message
    message = refused(write("t_s,count\n0,15\n1,15\n2,-1\n"), max_requests=20)
    assert "line 3: there are more than 20 requests up to here; cut the trace with window_s, thin" in message
    assert "line 7" in refused(write("t_s\n" + rest), max_requests=20, rate_scale=4.0)
    assert "line 22" in refused(write("t_s\n" + rest), max_requests=20, rate_scale=0.1)


def test_a_table_of_too_many_rows_is_refused_before_it_fills_the_memory(write, monkeypatch):
    monkeypatch.setattr(tracefile, "_MAX_ROWS", 20)
    path = write("t_s,count\n" + "".join(f"{n},0\n" for n in range(50)) + "never reached\n")
    assert "line 22: there are more than 20 rows up to here; split the file" in refused(path)


def test_only_what_the_window_plays_counts_against_the_limit(write):
    listed = write("t_s\n" + "".join(f"{n}\n" for n in range(50)), "listed.csv")
    counted = write("t_s,count\n" + "".join(f"{n},1\n" for n in range(50)), "counted.csv")
    for path in (listed, counted):
        assert arrivals(path, window_s=10, max_requests=10).size == 10
        assert arrivals(path, window_s=10, max_requests=10, time_scale=2.0).size <= 10
    assert arrivals(counted, skip_s=30, max_requests=50).size == 20
    by_function = write("f,t_s,count\na,0,20\na,1,20\nb,0,0\nb,1,5\n", "functions.csv")
    message = refused(by_function, select="f=*", max_requests=30)
    assert "about 45 requests in 2 s, but at most 30 are allowed" in message
    assert arrivals(by_function, select="f=b", max_requests=30).size == 5


def test_a_fault_after_the_window_is_still_a_fault(write):
    assert "line 4" in refused(write("t_s\n0\n1\nx\n"), window_s=0.5)


def test_a_trace_of_a_single_instant_needs_a_window(write):
    path = write("t_s\n5\n5\n")
    assert "records a single instant, which has no length; say in window_s" in refused(path)
    assert arrivals(path, window_s=6).tolist() == [5.0, 5.0]


def test_skipping_a_whole_trace_is_refused(write):
    path = write("minute,count\n0,1\n1,1\n")
    with pytest.raises(WorkloadError, match="leaves nothing of .* the recording lasts 120 s") as error:
        arrivals(path, skip_s=120.0)
    assert is_one_sentence(str(error.value))


@pytest.mark.parametrize(("options", "says"), [
    ({"path": ""}, "Trace.path is empty"), ({"kind": "timestamp"}, "one of auto, timestamps, counts"),
    ({"time_unit": "minutes"}, "one of auto, ns, us, ms, s, min, h, day"),
    ({"time_scale": 0}, "Trace.time_scale is 0"),
    ({"rate_scale": -1}, "Trace.rate_scale is -1"), ({"bin_s": 0}, "Trace.bin_s is 0"),
    ({"select": "f0003"}, "column=value"), ({"select": "=x"}, "column=value"),
    ({"kind": "timestamps", "column": "n"}, "drop one of the two")])
def test_options_that_make_no_sense_are_refused(options, says):
    with pytest.raises(ParamError, match=says) as error:
        Trace(**{"path": "x.csv", **options})
    assert is_one_sentence(str(error.value))


# Files and folders


def test_a_path_in_a_scenario_file_is_taken_from_its_folder(write):
    path = write("t_s\n0\n1\n")
    made = traffic_from({"arrivals": {"pattern": "trace", "path": "trace.csv"}}, "x", path.parent)
    assert made == Traffic(Trace(path)) and made.window_s is None
    relative = f"../{path.parent.name}/trace.csv"
    up = arrivals_from({"pattern": "trace", "path": relative}, base_dir=path.parent)
    assert up.path == str(path)
    absolute = arrivals_from({"pattern": "trace", "path": str(path)}, base_dir="elsewhere")
    assert absolute.path == str(path)
    assert arrivals_from({"pattern": "trace", "path": "trace.csv"}).path == "trace.csv"


def test_the_shipped_tables_are_small_and_their_sources_are_named():
    tables = sorted(SHIPPED.glob("*.csv"))
    about = (SHIPPED / "README.md").read_text(encoding="utf-8")
    assert len(tables) == 2
    for table in tables:
        assert table.stat().st_size < 50_000
        assert f"## {table.name}" in about
    assert about.count("licence") >= 3


@pytest.mark.parametrize(("name", "total", "window_s", "peak"), [
    ("azure_functions_2019_one_day.csv", 303_829, 86_400.0, 575),
    ("aws_elb_2014_two_days.csv", 40_256, 172_800.0, 656)])
def test_a_shipped_table_plays_as_many_requests_as_its_source_counted(name, total, window_s, peak):
    workload = draw(Traffic(Trace(SHIPPED / name)), 1)
    assert (workload.n, workload.window_s) == (total, window_s)
    record = Trace(SHIPPED / name).record()
    assert record.counts.max() == peak
    assert Trace(SHIPPED / name).expected_rps() == pytest.approx(total / window_s)


def test_the_functions_day_has_its_evening_peak_and_its_night():
    """The day's busiest hour has 389 invocations a minute, the quietest 150 (sums over the 320 functions)."""
    times = draw(Traffic(Trace(SHIPPED / "azure_functions_2019_one_day.csv")), 2).arrival_s
    hours = np.bincount((times // 3600).astype(int), minlength=24)
    assert hours.argmax() == 19 and round(hours.max() / 60) == 389
    assert hours.argmin() == 5 and round(hours.min() / 60) == 150
