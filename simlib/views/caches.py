"""Pictures of caches: hit ratios over a setting, three ways side by side, a stampede, and the load of a cluster."""

from __future__ import annotations

import numpy as np
from matplotlib.patches import Patch
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from simlib.i18n import N_, _, duration, number, percent, usd
from simlib.views import (
    BLUE,
    GREEN,
    GREY,
    INK,
    ORANGE,
    RED,
    SKY,
    Picture,
    _compact,
    _few_ticks,
    _money_tick,
    label,
    nice_top,
)


def _share_tick(value, _position=None) -> str:
    return f"{100 * value:g} %"


class Over(Picture):
    """Two panels over one setting: the closed form as a line, the simulated point on it.

    found: {"x": the setting, "xs": of the lines, "lines": {panel: values}, "now": {panel: value}}. `panels` maps a
    panel to its title and the way its values are said: `percent` or `duration`; `ticks` stand on the axis of the
    setting.
    """

    size = (7.2, 4.6)

    def __init__(self, panels: dict, setting: str, ticks: tuple[float, ...], log: bool = False):
        self.panels, self.setting, self.ticks, self.log = panels, setting, ticks, log
        super().__init__()

    def build(self):
        rows = self.figure.subplots(len(self.panels), 1, sharex=True)
        self.axes = dict(zip(self.panels, rows, strict=True))
        self.artists = {}
        for name, axis in self.axes.items():
            title, say = self.panels[name]
            axis.set_title(label(title))
            self.artists[name] = {
                "before": axis.plot([], [], color=GREY, ls="--", lw=1.3)[0],
                "line": axis.plot([], [], color=BLUE, lw=2, label=label("closed form"))[0],
                "then": axis.plot([], [], color=GREY, marker="o", mfc="white", ms=8, ls="none", clip_on=False)[0],
                "now": axis.plot([], [], color=RED, marker="o", ms=8, ls="none", clip_on=False,
                                 label=label("simulated"))[0],
            }
            if say is percent:
                axis.set_ylim(0, 1)
                _few_ticks(axis.yaxis, formatter=_share_tick)
            else:
                _few_ticks(axis.yaxis)
        last = rows[-1]
        if self.log:
            last.set_xscale("log")
        last.set_xlabel(label(self.setting))
        last.set_xlim(self.ticks[0], self.ticks[-1])
        last.xaxis.set_major_locator(FixedLocator(self.ticks))
        last.xaxis.set_minor_locator(NullLocator())
        last.xaxis.set_major_formatter(FuncFormatter(lambda value, _place: number(value)))
        first = self.artists[next(iter(self.panels))]
        handles = [first[name] for name in ("line", "now")]
        self.figure.legend(handles, [each.get_label() for each in handles], loc="outside lower center", ncols=2)

    def update(self, found, pinned):
        told = []
        for name, (title, say) in self.panels.items():
            mine = self.artists[name]
            mine["line"].set_data(found["xs"], found["lines"][name])
            mine["now"].set_data([found["x"]], [found["now"][name]])
            for artist in (mine["before"], mine["then"]):
                artist.set_visible(pinned is not None)
            if pinned is not None:
                mine["before"].set_data(pinned["xs"], pinned["lines"][name])
                mine["then"].set_data([pinned["x"]], [pinned["now"][name]])
            if say is not percent:
                shown = [found] if pinned is None else [found, pinned]
                tops = [max(np.max(each["lines"][name]), each["now"][name]) for each in shown]
                self.axes[name].set_ylim(0, nice_top(1.1 * max(tops)))
            told.append(
                _(
                    "{title}: the line goes from {first} to {last}; the simulated point stands at {now}.",
                    title=_(title),
                    first=say(float(found["lines"][name][0])),
                    last=say(float(found["lines"][name][-1])),
                    now=say(float(found["now"][name])),
                )
            )
        return " ".join(told)


class Sides(Picture):
    """Several ways side by side: dollars a month by part, p50 and p99, the share of stale reads.

    found: {way: {"usd": {part: dollars}, "total_usd": of the whole bill, "p50_ms", "p99_ms", "stale": share of reads}}.
    """

    size = (7.2, 4.6)
    PARTS = {  # of a bill: colour, hatch, words
        "nodes": (SKY, "", N_("cache")),
        "reads": (GREEN, "//", N_("reads of the table")),
        "writes": (ORANGE, "xx", N_("writes to the table")),
    }

    def __init__(self, ways: tuple[str, ...]):
        self.ways = ways
        super().__init__()

    def panels(self):
        """The axes of dollars, times and stale reads, in this order."""
        return self.figure.subplots(1, 3)

    def build(self):
        money, times, stale = self.axes = self.panels()
        places = np.arange(len(self.ways))
        self.bars = {
            part: money.bar(places, 0.0, 0.6, color=colour, hatch=hatch, ec="white")
            for part, (colour, hatch, _words) in self.PARTS.items()
        }
        self.before = money.plot([], [], color=GREY, marker="_", ms=24, mew=2, ls="none")[0]
        self.points = {
            key: times.plot([], [], color=colour, marker=marker, ms=8, ls="none", label=key)[0]
            for key, colour, marker in (("p50", BLUE, "o"), ("p99", RED, "s"))
        }
        self.then = times.plot([], [], color=GREY, marker="o", mfc="none", ms=12, ls="none")[0]
        self.old = stale.bar(places, 0.0, 0.6, color=RED)
        self.was = stale.plot([], [], color=GREY, marker="_", ms=24, mew=2, ls="none")[0]
        for axis, title in zip(self.axes, (N_("Dollars a month"), N_("Milliseconds (log scale)"), N_("Stale reads")),
                               strict=True):
            axis.set_title(label(title))
            axis.set_xticks(places, [label(way) for way in self.ways], fontsize=9)
            axis.set_xlim(-0.6, len(self.ways) - 0.4)
        times.set_yscale("log")
        times.set_ylim(0.1, 100)
        _few_ticks(money.yaxis, formatter=_money_tick)
        _few_ticks(times.yaxis, log=True)
        _few_ticks(stale.yaxis, formatter=_share_tick)
        handles = [Patch(fc=colour, hatch=hatch, ec="white") for colour, hatch, _words in self.PARTS.values()]
        self.figure.legend([*handles, *self.points.values()],
                           [*(label(words) for _c, _h, words in self.PARTS.values()), *self.points],
                           loc="outside lower center", ncols=5)

    def update(self, found, pinned):
        foot = np.zeros(len(self.ways))
        for part, bars in self.bars.items():
            for place, (bar, way) in enumerate(zip(bars, self.ways, strict=True)):
                bar.set_y(foot[place])
                bar.set_height(found[way]["usd"][part])
                foot[place] += found[way]["usd"][part]
        places = np.arange(len(self.ways))
        for key, point in self.points.items():
            point.set_data(places, [found[way][f"{key}_ms"] for way in self.ways])
        stale = [found[way]["stale"] for way in self.ways]
        for bar, share in zip(self.old, stale, strict=True):
            bar.set_height(share)
        tops, most = [foot.max()], [max(stale)]
        for artist in (self.before, self.then, self.was):
            artist.set_visible(pinned is not None)
        if pinned is not None:
            dollars = [sum(pinned[way]["usd"].values()) for way in self.ways]
            self.before.set_data(places, dollars)
            self.then.set_data(places, [pinned[way]["p99_ms"] for way in self.ways])
            self.was.set_data(places, [pinned[way]["stale"] for way in self.ways])
            tops.append(max(dollars))
            most.append(max(pinned[way]["stale"] for way in self.ways))
        self.axes[0].set_ylim(0, nice_top(1.05 * max(tops)))
        self.axes[2].set_ylim(0, min(1.0, nice_top(1.05 * max(0.04, *most))))
        return " ".join(
            _(
                "{way}: {usd} a month, p50 {p50}, p99 {p99}, stale reads {stale}.",
                way=_(way),
                usd=usd(found[way]["total_usd"]),
                p50=duration(found[way]["p50_ms"]),
                p99=duration(found[way]["p99_ms"]),
                stale=percent(found[way]["stale"]),
            )
            for way in self.ways
        )


class WholePath(Sides):
    """The same for a stack with an API and a function in front, and the reads a second left to the table.

    found: as for Sides, with "left_rps".
    """

    size = (7.2, 5.4)
    PARTS = {
        "cache": (SKY, "", N_("cache")),
        "table": (GREEN, "//", N_("table")),
        "rest": (ORANGE, "xx", N_("API and function")),
    }

    def panels(self):
        (money, times), (stale, left) = self.figure.subplots(2, 2)
        places = np.arange(len(self.ways))
        left.set_title(label("Reads a second left to the table"))
        left.set_xticks(places, [label(way) for way in self.ways], fontsize=9)
        left.set_xlim(-0.6, len(self.ways) - 0.4)
        _few_ticks(left.yaxis)
        self.left = left
        self.reads = left.bar(places, 0.0, 0.6, color=GREEN, hatch="//", ec="white")
        self.read = left.plot([], [], color=GREY, marker="_", ms=24, mew=2, ls="none")[0]
        return money, times, stale

    def update(self, found, pinned):
        told = super().update(found, pinned)
        reads = [found[way]["left_rps"] for way in self.ways]
        for bar, rps in zip(self.reads, reads, strict=True):
            bar.set_height(rps)
        self.read.set_visible(pinned is not None)
        tops = reads
        if pinned is not None:
            before = [pinned[way]["left_rps"] for way in self.ways]
            self.read.set_data(np.arange(len(self.ways)), before)
            tops = reads + before
        self.left.set_ylim(0, nice_top(1.05 * max(tops)))
        return told + " " + _("Reads a second left to the table: {left}.", left=", ".join(
            f"{_(way)} {number(rps)}" for way, rps in zip(self.ways, reads, strict=True)))


class Stampede(Picture):
    """Reads that reach the table, over time, with a dotted line where an entry ends.

    found: {"edges_s": moments, "reads": between them, "ends_s": moments}.
    """

    size = (7.2, 3.4)
    MOST_ENDS = 12

    def build(self):
        axis = self.axis = self.figure.subplots()
        axis.set_title(label("Reads that reach the table, every 10 ms"))
        axis.set_xlabel(label("seconds"))
        self.before = axis.plot([], [], color=GREY, ls="--", lw=1.3, drawstyle="steps-post")[0]
        self.line = axis.plot([], [], color=RED, lw=2, drawstyle="steps-post", label=label("reads of one entry"))[0]
        self.ends = [axis.axvline(0, color=INK, ls=":", lw=1.2) for _place in range(self.MOST_ENDS)]
        _few_ticks(axis.yaxis)
        axis.xaxis.set_major_formatter(FuncFormatter(_compact))
        self.figure.legend([self.line, self.ends[0]], [label("reads of one entry"), label("the entry is missing")],
                           loc="outside lower center", ncols=2)

    def update(self, found, pinned):
        self.line.set_data(found["edges_s"], np.append(found["reads"], found["reads"][-1]))
        for place, line in enumerate(self.ends):
            line.set_visible(place < len(found["ends_s"]))
            if place < len(found["ends_s"]):
                line.set_xdata([found["ends_s"][place]] * 2)
        tops = [found["reads"].max()]
        self.before.set_visible(pinned is not None)
        if pinned is not None:
            self.before.set_data(pinned["edges_s"], np.append(pinned["reads"], pinned["reads"][-1]))
            tops.append(pinned["reads"].max())
        self.axis.set_xlim(found["edges_s"][0], found["edges_s"][-1])
        self.axis.set_ylim(0, nice_top(1.1 * max(tops)))
        return _(
            "The entry was missing {times} times; each time reads reach the table at once, at most {most} in 10 ms, "
            "and in between none.",
            times=len(found["ends_s"]),
            most=number(float(found["reads"].max())),
        )


class Load(Picture):
    """Normalized requests a second over the nodes of a cluster: what it offers and what the load needs; and what is
    throttled.

    found: {"nodes": now, "counts": nodes, "offered", "needed", "sized": by count, "throttled": share}.
    """

    size = (7.2, 4.0)

    def build(self):
        axis = self.axis = self.figure.subplots()
        axis.set_title(label("Normalized requests a second"))
        axis.set_xlabel(label("nodes"))
        self.before = axis.plot([], [], color=GREY, ls="--", lw=1.3)[0]
        self.lines = {
            "offered": axis.plot([], [], color=INK, ls=":", lw=2.2, label=label("offered"))[0],
            "needed": axis.plot([], [], color=RED, lw=2, label=label("what the load needs"))[0],
            "sized": axis.plot([], [], color=BLUE, ls="-.", lw=1.6, label=label("by AWS's formula, with a spare"))[0],
        }
        self.now = axis.plot([], [], color=INK, marker="o", ms=9, ls="none")[0]
        axis.set_xlim(0.5, 11.5)
        axis.xaxis.set_major_locator(FixedLocator(range(1, 12)))
        axis.xaxis.set_major_formatter(FuncFormatter(_compact))
        _few_ticks(axis.yaxis)
        self.figure.legend(loc="outside lower center", ncols=3)

    def update(self, found, pinned):
        counts = found["counts"]
        for name, line in self.lines.items():
            line.set_data(counts, found[name])
        place = int(np.flatnonzero(counts == found["nodes"])[0])
        self.now.set_data([found["nodes"]], [found["offered"][place]])
        self.before.set_visible(pinned is not None)
        tops = [np.nanmax(found[name]) for name in self.lines]
        if pinned is not None:
            self.before.set_data(pinned["counts"], pinned["needed"])
            tops.append(pinned["needed"].max())
        self.axis.set_ylim(0, nice_top(1.05 * max(tops)))
        return _(
            "Nodes: {nodes}. They offer {offered} normalized requests a second; the load needs {needed}. Both rise "
            "with every node. {throttled} of the calls are throttled.",
            nodes=found["nodes"],
            offered=f"{found['offered'][place]:,.0f}",
            needed=f"{found['needed'][place]:,.0f}",
            throttled=percent(found["throttled"]),
        )
