"""Pictures of a table's throughput: what it serves under its capacity, and what both capacity modes cost."""

from __future__ import annotations

import numpy as np
from matplotlib.ticker import FuncFormatter

from simlib.i18n import _, number, percent, usd
from simlib.views import (
    BLUE,
    GREEN,
    GREY,
    INK,
    ORANGE,
    RED,
    Picture,
    _compact,
    _few_ticks,
    _money_tick,
    label,
    nice_top,
)


class Served(Picture):
    """Write units a second over time, one panel above the other: wanted, served, throttled, and a dotted capacity.

    found: {"edges": moments, "panels": {name: {"wanted", "served", "throttled": units a second between the edges,
    "capacity": (moments, amounts)}}}. `time_words` names the moments, `capacity_words` the dotted line; a `log` axis
    begins at one unit.
    """

    LEAST, MOST = 1.0, 20_000.0
    STYLES = (("wanted", ORANGE, "-.", 1.6), ("served", GREEN, "-", 2.2), ("throttled", RED, (0, (4, 1.5)), 1.6))

    def __init__(self, names: tuple[str, ...], time_words: str, capacity_words: str, log: bool = True):
        self.names, self.time_words, self.capacity_words, self.log = names, time_words, capacity_words, log
        self.size = (7.2, 2.0 + 1.6 * len(names))
        super().__init__()

    def build(self):
        rows = self.figure.subplots(len(self.names), 1, sharex=True, squeeze=False)[:, 0]
        self.axes = dict(zip(self.names, rows, strict=True))
        words = {"wanted": label("wanted"), "served": label("consumed"), "throttled": label("throttled")}
        self.lines, self.capacity, self.before = {}, {}, {}
        for name, axis in self.axes.items():
            axis.set_title(label(name))
            axis.set_ylabel(label("units/s (log scale)") if self.log else label("units per second"), fontsize=9.5)
            if self.log:
                axis.set_yscale("log")
                axis.set_ylim(self.LEAST, self.MOST)
            _few_ticks(axis.yaxis, log=self.log)
            self.before[name] = axis.plot([], [], color=GREY, ls="--", lw=1.3, drawstyle="steps-post")[0]
            self.lines[name] = {
                kind: axis.plot([], [], color=colour, ls=dash, lw=width, drawstyle="steps-post")[0]
                for kind, colour, dash, width in self.STYLES
            }
            self.capacity[name] = axis.plot([], [], color=INK, ls=":", lw=2.0, drawstyle="steps-post")[0]
        rows[-1].set_xlabel(label(self.time_words))
        rows[-1].xaxis.set_major_formatter(FuncFormatter(_compact))
        handles = [self.lines[self.names[0]][kind] for kind in words] + [self.capacity[self.names[0]]]
        self.figure.legend(handles, [*words.values(), label(self.capacity_words)], loc="outside lower center", ncols=4)

    def update(self, found, pinned):
        edges, told = np.asarray(found["edges"]), []
        for name, axis in self.axes.items():
            panel = found["panels"][name]
            for kind, line in self.lines[name].items():
                line.set_data(edges, self._steps(panel[kind]))
            self.capacity[name].set_data(*panel["capacity"])
            self.before[name].set_visible(pinned is not None)
            if pinned is not None:
                self.before[name].set_data(pinned["edges"], self._steps(pinned["panels"][name]["served"]))
            axis.set_xlim(edges[0], edges[-1])
            if not self.log:
                axis.set_ylim(0, nice_top(1.1 * max(np.max(panel["wanted"]), np.max(panel["capacity"][1]))))
            told.append(
                _(
                    "{name}: at most {wanted} units per second are wanted and {served} consumed, {throttled} are "
                    "throttled; the dotted line goes from {first} to at most {most}.",
                    name=_(name),
                    wanted=number(float(np.max(panel["wanted"]))),
                    served=number(float(np.max(panel["served"]))),
                    throttled=percent(_share(panel)),
                    first=number(float(panel["capacity"][1][0])),
                    most=number(float(np.max(panel["capacity"][1]))),
                )
            )
        return " ".join(told)

    def _steps(self, values):
        """The values with their last one again, at the last edge; on a log axis nothing is drawn below its foot."""
        values = np.append(values, values[-1])
        return np.where(values >= self.LEAST, values, np.nan) if self.log else values


def _share(panel) -> float:
    wanted = float(np.sum(panel["wanted"]))
    return float(np.sum(panel["throttled"])) / wanted if wanted else 0.0


class Modes(Picture):
    """Dollars a month of both capacity modes over utilisation, with the dotted break-even.

    found: {"shares": utilisations, "lines": {mode: dollars}, "now": (share, {mode: dollars}), "even": share}.
    """

    size = (7.2, 4.2)
    STYLES = ((BLUE, (0, (5, 1.5)), "s"), (RED, "-", "o"))

    def __init__(self, names: tuple[str, str], top_usd: float):
        self.names, self.top_usd = names, top_usd
        super().__init__()

    def build(self):
        axis = self.axis = self.figure.subplots()
        axis.set_title(label("Dollars a month"))
        axis.set_xlabel(label("average utilisation of the provisioned capacity"))
        self.before = axis.plot([], [], color=GREY, ls="--", lw=1.2)[0]
        self.lines, self.now = {}, {}
        for name, (colour, dash, marker) in zip(self.names, self.STYLES, strict=True):
            self.lines[name] = axis.plot([], [], color=colour, ls=dash, lw=2, label=label(name))[0]
            self.now[name] = axis.plot([], [], color=colour, marker=marker, ms=9, ls="none", clip_on=False)[0]
        self.then = axis.plot([], [], color=GREY, marker="o", mfc="white", ms=8, ls="none")[0]
        self.even = axis.axvline(0, color=INK, ls=":", lw=1.6, label=label("break-even"))
        self.words = axis.annotate("", (0, self.top_usd), xytext=(5, -12), textcoords="offset points")
        axis.set_xlim(0, 1)
        axis.set_ylim(0, self.top_usd)
        axis.xaxis.set_major_formatter(FuncFormatter(lambda value, _place: f"{100 * value:g} %"))
        _few_ticks(axis.yaxis, formatter=_money_tick)
        self.figure.legend(loc="outside lower center", ncols=3)

    def update(self, found, pinned):
        share, dollars = found["now"]
        for name in self.names:
            self.lines[name].set_data(found["shares"], found["lines"][name])
            self.now[name].set_data([share], [dollars[name]])
        self.even.set_xdata([found["even"]] * 2)
        self.words.xy = (found["even"], self.top_usd)
        self.words.set_text(percent(found["even"]))
        for artist in (self.then, self.before):
            artist.set_visible(pinned is not None)
        if pinned is not None:
            self.then.set_data([pinned["now"][0]] * 2, list(pinned["now"][1].values()))
            self.before.set_data(pinned["shares"], pinned["lines"][self.names[1]])
        return _(
            "Two lines over utilisation: {flat} is level, {rising} rises from nothing. They meet at {even}. At {share} "
            "they cost {a} and {b} a month.",
            flat=_(self.names[0]),
            rising=_(self.names[1]),
            even=percent(found["even"]),
            share=percent(share),
            a=usd(dollars[self.names[0]]),
            b=usd(dollars[self.names[1]]),
        )
