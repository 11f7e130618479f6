"""The picture of two buyers in two Regions: seats sold to both over the time between them, and what waiting costs."""

from __future__ import annotations

from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle

from simlib.i18n import _, number
from simlib.views import BLUE, FAINT, GREY, INK, RED, Picture, _few_ticks, label, nice_top


class Regions(Picture):
    """Above, shares over the time between two buyers for both kinds of global table; below, median latencies.

    found: {"gaps_ms", "curve", "band": (low, high)}: the expected share in % of seats sold to both under MREC and where
    95 % of runs fall; "gap_ms": the time now; "twice" and "stale": {kind: share in %} of seats sold to both and of
    reads that are out of date; "bars": ((English words, {kind: ms}), ...), two of them. The kinds are MREC and MRSC.
    """

    size = (7.2, 5.4)
    KINDS = {"MREC": (RED, "D", ""), "MRSC": (BLUE, "s", "////")}

    def build(self):
        self.figure.get_layout_engine().set(rect=(0, 0, 0.97, 1))
        self.top, self.below = self.figure.subplots(2, 1, height_ratios=(1.8, 1))
        self.band = None
        self.curve = self.top.plot([], [], color=RED, lw=1.8)[0]
        marks = {"ls": "none", "zorder": 5, "clip_on": False}
        self.twice = {kind: self.top.plot([], [], color=color, marker=marker, mec=INK, ms=8, **marks)[0]
                      for kind, (color, marker, _hatch) in self.KINDS.items()}
        self.stale = {kind: self.top.plot([], [], color=color, marker="o", mfc="none", mew=1.6, ms=14, **marks)[0]
                      for kind, (color, _marker, _hatch) in self.KINDS.items()}
        self.before = self.top.axvline(0, color=GREY, ls="--", lw=1.4)
        self.top.set_title(label("Seats sold to both, and reads that are out of date, in %"))
        self.top.set_xlabel(label("time between the two buyers in ms"))
        self.top.set_ylim(0, 104)
        self.top.set_yticks((0, 25, 50, 75, 100))
        self.below.set_title(label("Latency in ms (median)"))
        self.bars, self.sums = [], []
        for row in range(4):
            color, _marker, hatch = self.KINDS["MREC" if row % 2 == 0 else "MRSC"]
            place = self._place(row)
            bar = Rectangle((0, place - 0.2), 0, 0.4, fc=color, hatch=hatch, ec="white", lw=0)
            self.bars.append(self.below.add_patch(bar))
            self.sums.append(self.below.text(0, place, "", va="center", fontsize=9.5))
        self.below.set_ylim(1.5, -0.5)
        self.below.tick_params(axis="y", length=0)
        _few_ticks(self.below.xaxis)
        self.legend = None

    @staticmethod
    def _place(row: int) -> float:
        return row // 2 + (-0.21 if row % 2 == 0 else 0.21)

    def update(self, found, pinned):
        if self.band is None:
            self.band = self.top.fill_between(found["gaps_ms"], *found["band"], color=FAINT, lw=0, zorder=0)
            self.curve.set_data(found["gaps_ms"], found["curve"])
            self.top.set_xlim(0, found["gaps_ms"][-1])
            _few_ticks(self.top.xaxis)
        for kind in self.KINDS:
            self.twice[kind].set_data([found["gap_ms"]], [found["twice"][kind]])
            self.stale[kind].set_data([found["gap_ms"]], [found["stale"][kind]])
        self.before.set_visible(pinned is not None)
        if pinned is not None:
            self.before.set_xdata([pinned["gap_ms"]] * 2)
        kinds, values = zip(*(pair for _words, each in found["bars"] for pair in each.items()))
        self.below.set_xlim(0, nice_top(1.2 * max(values)))
        for row, (bar, text, kind, value) in enumerate(zip(self.bars, self.sums, kinds, values)):
            bar.set_width(value)
            text.set_position((value, self._place(row)))
            text.set_text(f" {kind} {number(value)}")
        if self.legend is None:
            self._name(found)
        told = [
            _("{kind}: {twice} % sold to both, {stale} % of reads out of date", kind=kind,
              twice=number(found["twice"][kind]), stale=number(found["stale"][kind]))
            for kind in self.KINDS
        ]
        waits = [f"{_(words)}: " + ", ".join(f"{kind} {number(ms)} ms" for kind, ms in each.items())
                 for words, each in found["bars"]]
        return _(
            "Seats sold to both buyers over the time between them, with the expected curve of MREC, and median "
            "latencies below. At {gap} ms: {told}. {waits}.",
            gap=f"{found['gap_ms']:,}", told="; ".join(told), waits="; ".join(waits),
        )

    def _name(self, found):
        self.below.set_yticks(range(2), [label(words) for words, _each in found["bars"]])
        handles = [
            Line2D([], [], color=color, marker=marker, mec=INK, ms=8, ls="none")
            for color, marker, _hatch in self.KINDS.values()
        ]
        handles.append(Line2D([], [], color=INK, marker="o", mfc="none", mew=1.6, ms=11, ls="none"))
        handles += [Line2D([], [], color=RED, lw=1.8), Patch(fc=FAINT, lw=0), Line2D([], [], color=GREY, ls="--")]
        words = [label("MREC: sold to both"), label("MRSC: sold to both"), label("strong reads out of date"),
                 label("MREC, expected"), label("95 % of runs"), "A"]
        self.legend = self.figure.legend(handles, words, loc="outside lower center", ncols=3)


def plot_regions(found: dict, picture: Regions | None = None) -> Regions:
    """Two buyers in two Regions; `found` as Regions describes it."""
    return (picture or Regions()).show(found)
