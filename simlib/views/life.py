"""A request's life as a waterfall, environments over time as lanes, and how often a start is cold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib.collections import PolyCollection
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from simlib.i18n import N_, _, duration, number, percent
from simlib.life import LANE_KINDS, Lanes, lanes_of, life_of
from simlib.services.base import first_call
from simlib.views import (
    BLUE,
    DIM,
    GREEN,
    GREY,
    INK,
    ORANGE,
    PARTS,
    PURPLE,
    RED,
    SKY,
    YELLOW,
    Picture,
    _few_ticks,
    label,
    nice_top,
)

# One request's life ----------------------------------------------------

LIFE_PARTS = {  # PARTS, with a cold start and its first call taken apart: colour, hatch, words
    "retries": (PARTS["retries"][0], "xxx", N_("pause before a retry")),
    "network": (PARTS["network"][0], "", PARTS["network"][1]),
    "queue": (PARTS["queue"][0], "", PARTS["queue"][1]),
    "platform": (PARTS["init"][0], "///", N_("platform's part")),
    "init": (PARTS["init"][0], "", N_("INIT")),
    "first": (PARTS["work"][0], "///", N_("first call's extra")),
    "work": (PARTS["work"][0], "", PARTS["work"][1]),
    "downstream": (PARTS["downstream"][0], "..", PARTS["downstream"][1]),
}


@dataclass(frozen=True)
class Bar:
    """A stretch of a life: which attempt, which of LIFE_PARTS, from when to when after the request was sent."""

    attempt: int
    part: str
    start_s: float
    end_s: float
    status: int


def life_bars(result, request: int) -> list[Bar]:
    """The segments of one request's life from its start; a drawn cold start is taken apart into its pieces."""
    came_s = result.workload.arrival_s[request]
    bars = []
    for each in life_of(result, request):
        cut = _cut(result, request, each)
        middle = [min(each.start_s + cut[0], each.end_s)] if cut else []
        edges = [each.start_s, *middle, each.end_s]
        for part, start_s, end_s in zip(cut[1:] if cut else (each.part,), edges, edges[1:]):
            if end_s - start_s > 1e-9:
                bars.append(Bar(each.attempt, part, start_s - came_s, end_s - came_s, each.status))
    return bars


def _cut(result, request, segment):
    """(seconds after which the segment is cut, part before, part after), or () where it stays whole."""
    name = "Lambda"
    if name not in [type(service).__name__ for service in result.scenario.stack]:
        return ()
    position = result.position(name)
    spans = result.of(position)
    drawn = (spans["request"] == request) & (spans["call"] == first_call(position)) & spans["cold"]
    if segment.attempt != 1 or not drawn.any() or segment.part not in ("init", "work"):
        return ()
    dice = result.workload.uniforms
    cold = result.scenario.stack[position].cold_starts(
        *(dice(die)[request : request + 1] for die in ("lambda.platform", "lambda.init", "lambda.first"))
    )
    if segment.part == "init":
        return float(cold.platform_s[0]), "platform", "init"
    return float(cold.first_s[0]), "first", "work"


class Waterfall(Picture):
    """Lives of requests as horizontal bars, one row per attempt, on one axis of time.

    found: {label: bars as `life_bars` gives them}, say a cold request beside a warm one.
    """

    size = (7.2, 3.0)

    def build(self):
        self.axes = self.figure.subplots()
        self.figure.legend(
            handles=[
                Patch(facecolor=colour, edgecolor="white", hatch=hatch, label=label(words))
                for part, (colour, hatch, words) in LIFE_PARTS.items()
                if part not in ("queue", "downstream", "retries")
            ],
            loc="outside lower center",
            ncols=5,
            columnspacing=1.2,
            handlelength=1.4,
        )
        self._show_axes(1.0)

    def _show_axes(self, most_ms):
        axis = self.axes
        axis.set_title(label("One request from Buy to answer, part by part"))
        axis.set_xlabel(label("milliseconds after pressing Buy"))
        axis.set_xlim(0, most_ms)
        axis.tick_params(axis="y", length=0)
        _few_ticks(axis.xaxis, formatter=lambda value, _p=None: f"{value:,.0f}")

    def update(self, found, pinned):
        axis, words, rows = self.axes, [], []
        axis.clear()
        for name, bars in found.items():
            attempts = sorted({bar.attempt for bar in bars})
            for attempt in attempts:
                one = label("{name}, attempt {number}", name=name, number=attempt)
                rows.append((one if len(attempts) > 1 else name, [b for b in bars if b.attempt == attempt]))
            words.append(_alt_of(name, bars))
        ends = [bar.end_s for bars in (*found.values(), *(pinned or {}).values()) for bar in bars]
        most_ms = nice_top(1000 * max(ends) * 1.02)
        for row, (_name, bars) in enumerate(rows):
            for bar in bars:
                self._draw(row, bar, most_ms)
            end_ms = 1000 * bars[-1].end_s
            axis.annotate(
                duration(end_ms),
                (end_ms, row),
                xytext=(5, 0),
                textcoords="offset points",
                va="center",
                fontweight="bold",
            )
        if pinned:
            for row, bars in enumerate(pinned.values()):
                axis.barh(row, 1000 * bars[-1].end_s, height=0.86, facecolor="none", edgecolor=GREY, ls="--", lw=1.3)
        axis.set_yticks(range(len(rows)), [name for name, _bars in rows])
        axis.set_ylim(len(rows) - 0.4, -0.6)
        self._show_axes(most_ms * 1.12)
        return " ".join(words)

    def _draw(self, row, bar, most_ms):
        colour, hatch, _words = LIFE_PARTS[bar.part]
        width_ms = 1000 * (bar.end_s - bar.start_s)
        self.axes.barh(
            row,
            width_ms,
            left=1000 * bar.start_s,
            height=0.62,
            color=colour,
            hatch=hatch,
            edgecolor="white",
            lw=0.6,
        )
        if width_ms > 0.11 * most_ms and not hatch:
            self.axes.text(
                1000 * (bar.start_s + bar.end_s) / 2,
                row,
                duration(width_ms),
                ha="center",
                va="center",
                fontsize=9,
                color="white" if bar.part == "work" else INK,
            )


def _alt_of(name, bars) -> str:
    sums: dict[str, float] = {}
    for bar in bars:
        sums[bar.part] = sums.get(bar.part, 0.0) + bar.end_s - bar.start_s
    return _(
        "{name}: {all} in all, of which {parts}.",
        name=name,
        all=duration(1000 * bars[-1].end_s),
        parts=", ".join(f"{_(LIFE_PARTS[part][2])} {duration(1000 * took)}" for part, took in sums.items()),
    )


def plot_waterfall(result, requests: dict, picture: Waterfall | None = None) -> Waterfall:
    """The lives of some requests of a Result: {label: request number}."""
    return (picture or Waterfall()).show({name: life_bars(result, each) for name, each in requests.items()})


# Environments over time ----------------------------------------------------

MOST_LANES = 40
LANE_LOOKS = {  # colour, hatch, height, words
    "idle": ("#CFCFCF", "", 0.55, N_("idle, warm")),
    "init": (PURPLE, "////", 0.8, N_("cold start")),
    "busy": (GREEN, "", 0.8, N_("busy")),
}


@dataclass(frozen=True)
class Stretch:
    """What a strip of lanes shows: lanes that live between two moments, and the clock of its axis.

    from_s, until_s: in seconds of the window; zero_s: the moment that the axis calls 0; unit_s: seconds of a tick;
    cold: cold starts between the two moments, in hidden lanes too.
    """

    lanes: Lanes
    from_s: float
    until_s: float
    zero_s: float = 0.0
    unit_s: float = 1.0
    cold: int = 0


def stretch(result, from_s, until_s, zero_s=0.0, unit_s=1.0, service="Lambda", most=MOST_LANES) -> Stretch:
    """The lanes with anything between two moments, at most `most` of them; the others are counted as hidden."""
    every = lanes_of(result, service, until_s, most=10**6)
    bars = [bar for bar in every.bars if bar[3] > from_s]
    alive = sorted({bar[0] for bar in bars})
    place = {lane: k for k, lane in enumerate(alive[:most])}
    kept = tuple((place[lane], kind, start, end) for lane, kind, start, end in bars if lane in place)
    turned_away = every.throttled_s[every.throttled_s >= from_s]
    numbers = tuple(every.numbers[lane] for lane in place)
    return Stretch(
        Lanes(numbers, kept, turned_away, len(alive) - len(place)),
        from_s,
        until_s,
        zero_s,
        unit_s,
        sum(kind == "init" for _lane, kind, _start, _end in bars),
    )


class Strip:
    """Lanes on one axis: a lane per environment, thick while it works, thin while it is idle."""

    LEAST_LANES = 8

    def __init__(self, axis, title: str, unit: str):
        self.axis = axis
        axis.set_title(title)
        axis.set_xlabel(unit)
        axis.set_ylabel(label("environments"))
        axis.set_yticks([])
        self.kinds = {}
        for kind, (colour, hatch, _height, words) in LANE_LOOKS.items():
            self.kinds[kind] = axis.add_collection(
                PolyCollection(
                    [],
                    facecolor=colour,
                    edgecolor=colour if not hatch else "white",
                    lw=0.2,
                    hatch=hatch,
                    label=label(words),
                )
            )
        self.ready = axis.add_collection(PolyCollection([], facecolor=SKY, lw=0, label=label("provisioned")))
        (self.starts,) = axis.plot([], [], "^", color=PURPLE, ms=5, zorder=4)
        (self.throttled,) = axis.plot([], [], "x", color=RED, ms=6, label=label("throttled"))
        self.more = axis.text(0.995, 0.02, "", transform=axis.transAxes, ha="right", va="bottom", color=DIM)
        self.more.set_bbox({"fc": "white", "ec": "none", "alpha": 0.8, "pad": 1.5})
        _few_ticks(axis.xaxis)

    def handles(self):
        """What belongs into a legend."""
        return [*self.kinds.values(), self.ready, self.throttled]

    def update(self, seen: Stretch) -> str:
        """Moves the bars; the words for the alt."""
        lanes, axis = seen.lanes, self.axis
        start, end = ((each - seen.zero_s) / seen.unit_s for each in (seen.from_s, seen.until_s))
        least, starting = 0.004 * (end - start), {}
        shapes = {kind: [] for kind in (*LANE_KINDS, "ready")}
        tiny = []
        for lane, kind, from_s, until_s in lanes.bars:
            left, right = ((each - seen.zero_s) / seen.unit_s for each in (from_s, until_s))
            half = LANE_LOOKS[kind][2] / 2
            if kind == "busy" and starting.get(lane, start) > left:
                left = starting[lane]
            if kind != "idle":
                right = max(right, left + least)
            if kind == "init":
                if until_s - from_s < least * seen.unit_s:
                    tiny.append((left, lane))
                starting[lane] = right
            left = max(left, start)
            shape = [(left, lane - half), (right, lane - half), (right, lane + half), (left, lane + half)]
            shapes["ready" if kind == "idle" and lanes.numbers[lane] < 0 else kind].append(shape)
        for kind, collection in self.kinds.items():
            collection.set_verts(shapes[kind])
        self.ready.set_verts(shapes["ready"])
        self.starts.set_data([x for x, _lane in tiny], [lane for _x, lane in tiny])
        self.throttled.set_data((lanes.throttled_s - seen.zero_s) / seen.unit_s, np.full(lanes.throttled_s.size, -1.0))
        axis.set_xlim(start, end)
        axis.set_ylim(max(len(lanes.numbers), self.LEAST_LANES) - 0.4, -1.6)
        self.more.set_text(label("and {count} more", count=f"{lanes.hidden:,}") if lanes.hidden else "")
        words = [
            _(
                "{count} environments are seen, {cold} cold starts among them.",
                count=f"{len(lanes.numbers) + lanes.hidden:,}",
                cold=f"{seen.cold:,}",
            )
        ]
        if lanes.hidden:
            words.append(_("{count} environments are not drawn.", count=f"{lanes.hidden:,}"))
        provisioned = sum(each < 0 for each in lanes.numbers)
        if provisioned:
            words.append(_("{count} of them are provisioned.", count=provisioned))
        if lanes.throttled_s.size:
            words.append(_("{count} calls are throttled.", count=f"{lanes.throttled_s.size:,}"))
        return " ".join(words)


class LaneStrip(Picture):
    """Environments over time: idle, starting, busy; provisioned ones blue, throttled calls as red crosses."""

    size = (7.2, 3.6)

    def build(self):
        self.strip = Strip(self.figure.subplots(), label("Environments over time, one lane each"), label("seconds"))
        self.figure.legend(handles=self.strip.handles(), loc="outside lower center", ncols=5)

    def update(self, found, pinned):
        return self.strip.update(found)


def plot_lanes(
    result, from_s: float = 0.0, until_s: float | None = None, service: str = "Lambda", picture: LaneStrip | None = None
) -> LaneStrip:
    """The environments of a Result between two moments of its window (None: its end)."""
    until_s = result.workload.window_s if until_s is None else until_s
    return (picture or LaneStrip()).show(stretch(result, from_s, until_s, from_s, service=service))


# How often a start is cold ----------------------------------------------------


class ShareAxis:
    """Share of cold starts over the rate: closed form as a line, runs as points with their intervals."""

    def __init__(self, axis):
        self.axis = axis
        axis.set_xscale("log")
        axis.set_title(label("Share of requests that meet a cold start"))
        axis.set_xlabel(label("requests per hour (log scale)"))
        (self.theory,) = axis.plot([], [], color=BLUE, lw=2, label=label("exp(−rate × keep-alive)"))
        self.points = axis.errorbar(
            [], [], yerr=[[], []], color=INK, marker="o", ms=4, ls="none", capsize=2, label=label("simulated")
        )
        (self.then,) = axis.plot([], [], "o", color=GREY, mfc="white", ms=9, label=label("A"))
        (self.now,) = axis.plot([], [], "*", color=INK, mfc=YELLOW, ms=15, zorder=5, label=label("your run"))
        axis.legend(handles=[self.theory, self.points, self.now], loc="upper right")
        _few_ticks(axis.xaxis, log=True)
        axis.set_ylim(-3, 103)
        axis.set_yticks([0, 25, 50, 75, 100])
        axis.yaxis.set_major_formatter(lambda value, _position: f"{value:g} %")

    def update(self, found, pinned) -> str:
        """Moves line, points and star; the words for the alt."""
        self.theory.set_data(found["per_hour"], 100 * np.asarray(found["theory"]))
        line, caps, bars = self.points
        rate, share, low, high = (np.asarray(each) for each in found["points"])
        line.set_data(rate, 100 * share)
        for cap, ends in zip(caps, (low, high)):
            cap.set_data(rate, 100 * ends)
        bars[0].set_segments([[(x, 100 * a), (x, 100 * b)] for x, a, b in zip(rate, low, high)])
        self.now.set_data([found["now"][0]], [100 * found["now"][1]])
        self.then.set_data(*[[pinned["now"][0]], [100 * pinned["now"][1]]] if pinned else [[], []])
        self.axis.set_xlim(found["per_hour"][0], found["per_hour"][-1])
        return _(
            "At {rate} requests per hour {share} of them meet a cold start. The line falls from {most} at "
            "{slow} to {least} at {fast} requests per hour; the simulated points lie along it.",
            rate=number(found["now"][0]),
            share=percent(found["now"][1]),
            most=percent(float(found["theory"][0])),
            slow=number(found["per_hour"][0]),
            least=percent(float(found["theory"][-1])),
            fast=number(found["per_hour"][-1]),
        )


class ColdShare(Picture):
    """Share of cold starts over the rate.

    found: {"per_hour", "theory": the line; "points": (rates, shares, lows, highs); "now": (rate, share)}.
    """

    size = (7.2, 3.2)

    def build(self):
        self.share = ShareAxis(self.figure.subplots())

    def update(self, found, pinned):
        return self.share.update(found, pinned)


def plot_cold_share(found: dict, picture: ColdShare | None = None) -> ColdShare:
    """Share of cold starts over the rate; `found` as ColdShare describes it."""
    return (picture or ColdShare()).show(found)


class QuietDay(Picture):
    """Above, some hours of environments; below, the share of cold starts over the rate.

    found: what ColdShare takes, and "stretch".
    """

    size = (7.2, 5.6)

    def build(self):
        top, below = self.figure.subplots(2, 1, height_ratios=(1, 1.1))
        self.strip = Strip(top, label("The first hours, one lane per environment"), label("hours"))
        self.share = ShareAxis(below)
        self.figure.legend(handles=list(self.strip.kinds.values()), loc="outside lower center", ncols=3)

    def update(self, found, pinned):
        return f"{self.share.update(found, pinned)} {self.strip.update(found['stretch'])}"


class Opening(Picture):
    """Above, environments around a moment; below, how long each buyer waited, cold and warm told apart.

    found: {"stretch", "wait_ms", "cold", "ok": by buyer in order of arrival, "p99_ms"}.
    """

    size = (7.2, 5.4)

    def build(self):
        top, below = self.figure.subplots(2, 1, height_ratios=(1.25, 1))
        self.strip = Strip(top, label("Environments around 20:00, one lane each"), label("seconds after 20:00"))
        axis = self.below = below
        axis.set_title(label("How long each buyer waited, in seconds"))
        axis.set_xlabel(label("buyers in order of arrival"))
        (self.cold,) = axis.plot([], [], "^", color=PURPLE, ms=5, label=label("buyer, cold"))
        (self.warm,) = axis.plot([], [], "o", color=GREEN, ms=5, label=label("buyer, warm"))
        (self.lost,) = axis.plot([], [], "x", color=RED, ms=6)
        self.p99 = axis.axhline(0, color=INK, ls=":", lw=1.4)
        self.p99_words = axis.annotate(
            "p99", (1.005, 0), xycoords=("axes fraction", "data"), va="center", annotation_clip=False
        )
        self.before = axis.axhline(0, color=GREY, ls="--", lw=1.4)
        self.before_words = axis.annotate(
            "A", (0.003, 0), xycoords=("axes fraction", "data"), va="bottom", color=GREY, annotation_clip=False
        )
        axis.xaxis.set_major_locator(MaxNLocator(4, integer=True))
        _few_ticks(axis.yaxis, formatter=lambda value, _position=None: f"{value:.1f}")
        self.figure.legend(
            handles=[*self.strip.handles(), self.cold, self.warm],
            loc="outside lower center",
            ncols=4,
            columnspacing=1.4,
        )

    def update(self, found, pinned):
        wait_s = np.asarray(found["wait_ms"]) / 1000
        place = np.arange(1, wait_s.size + 1)
        cold, ok = found["cold"] & found["ok"], found["ok"]
        for line, mine in ((self.cold, cold), (self.warm, ok & ~cold), (self.lost, ~ok)):
            line.set_data(place[mine], wait_s[mine])
        levels = [found["p99_ms"] / 1000, pinned["p99_ms"] / 1000 if pinned else np.nan]
        for level, line, words in zip(levels, (self.p99, self.before), (self.p99_words, self.before_words)):
            shown = bool(np.isfinite(level))
            line.set_visible(shown)
            words.set_visible(shown)
            if shown:
                line.set_ydata([level, level])
                words.set_y(level)
        self.below.set_xlim(0.4, wait_s.size + 0.6)
        self.below.set_ylim(0, nice_top(1.08 * np.nanmax([*wait_s, *levels])))
        return " ".join(
            [
                _(
                    "{cold} of {all} buyers meet a cold start; the p99 of their waits is {p99}.",
                    cold=f"{int(found['cold'].sum()):,}",
                    all=f"{wait_s.size:,}",
                    p99=duration(found["p99_ms"]),
                ),
                self.strip.update(found["stretch"]),
            ]
        )


# Keep-alive over the years ----------------------------------------------------


class KeepAlive(Picture):
    """Share of environments still there after so many idle minutes, a line per dated measurement.

    found: {name of the policy: (p_expired, idle_s)}.
    """

    size = (7.2, 3.3)
    LOOKS = ((GREY, ":"), (SKY, "-."), (ORANGE, "--"), (PURPLE, (0, (5, 1.5))), (RED, "-"))
    LONGEST_MIN = 30.0

    def build(self):
        axis = self.axes = self.figure.subplots()
        axis.set_title(label("Environments still there after idle minutes"))
        axis.set_xlabel(label("idle minutes"))
        axis.yaxis.set_major_formatter(lambda value, _position: f"{value:g} %")
        axis.set_yticks([0, 25, 50, 75, 100])
        self.lines = [axis.plot([], [], color=colour, ls=dash, lw=2)[0] for colour, dash in self.LOOKS]
        axis.set_xlim(0, self.LONGEST_MIN)
        axis.set_ylim(0, 104)
        _few_ticks(axis.xaxis)

    def update(self, found, pinned):
        words = []
        for line, (name, (gone, idle_s)) in zip(self.lines, found.items()):
            minutes = np.concatenate([[0.0], np.asarray(idle_s) / 60, [self.LONGEST_MIN]])
            left = 100 * (1 - np.concatenate([[0.0], gone, [1.0]]))
            line.set_data(minutes, left)
            line.set_label(name)
            words.append(
                _(
                    "{name}: half are gone after {half} minutes.",
                    name=name,
                    half=number(float(np.interp(0.5, gone, idle_s)) / 60, 2),
                )
            )
        self.axes.legend(handles=self.lines[: len(found)], loc="upper right", title=label("measured in"))
        return " ".join(words)


def plot_keep_alive(policies: dict) -> KeepAlive:
    """How long idle environments stood in dated measurements: {name: (p_expired, idle_s)}."""
    return KeepAlive().show(policies)
