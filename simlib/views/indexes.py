"""The picture of one write: its dollars, and the write units of the table and of each index."""

from __future__ import annotations

import math

from matplotlib.patches import Patch, Rectangle
from matplotlib.ticker import FuncFormatter, MaxNLocator

from simlib.i18n import N_, _, number, usd
from simlib.views import BLUE, GREY, ORANGE, Picture, _few_ticks, _money_tick, label, nice_top

PARTS = ((BLUE, "", N_("table")), (ORANGE, "////", N_("index")))


class IndexBars(Picture):
    """Above, the dollars of a million writes; below, the write units of the table and of each index, one bar each.

    found: {"units": (units of the table, of the first index, of the next, ...), "usd": (dollars of the table's units,
    of all indexes'), "first": name of the first index}; at most MOST_BARS bars are drawn.
    """

    size = (7.2, 4.6)
    MOST_BARS = 21

    def build(self):
        self.figure.get_layout_engine().set(rect=(0, 0, 0.97, 1))
        self.top, self.below = self.figure.subplots(2, 1, height_ratios=(1, 3.2))
        self.dollars = [self._bar(self.top, *piece[:2]) for piece in PARTS]
        self.bars = [self._bar(self.below, *PARTS[min(place, 1)][:2]) for place in range(self.MOST_BARS)]
        dashed = {"color": GREY, "ls": "--", "lw": 2}
        self.before_usd = self.top.plot([], [], **dashed)[0]
        self.before = self.below.plot([], [], **dashed)[0]
        words = {"fontsize": 9.5, "parse_math": False}
        self.sum = self.top.text(0, 0, "", va="center", **words)
        self.numbers = [
            self.below.text(place, 0, "", ha="center", va="bottom", **words) for place in range(self.MOST_BARS)
        ]
        self.top.set_title(label("Dollars for a million such writes, on demand"))
        self.below.set_title(label("Write units of one such write, by our meter"))
        self.top.set_ylim(-0.5, 0.5)
        self.top.set_yticks([])
        _few_ticks(self.top.xaxis, formatter=_money_tick)
        self.below.yaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10], integer=True))
        self.below.yaxis.set_major_formatter(FuncFormatter(lambda value, _position: f"{value:,.0f}"))
        self.below.set_xticks(range(2), ["m", "m\nm"])
        self.below.tick_params(axis="x", length=0)
        handles = [
            Patch(fc=colour, hatch=hatch, ec="white", lw=0, label=label(words)) for colour, hatch, words in PARTS
        ]
        self.figure.legend(handles=handles, loc="outside lower center", ncols=2)

    @staticmethod
    def _bar(axis, colour, hatch):
        return axis.add_patch(Rectangle((0, 0), 0, 0, fc=colour, hatch=hatch, ec="white", lw=0))

    def update(self, found, pinned):
        units = found["units"][: self.MOST_BARS]
        then = pinned["units"][: self.MOST_BARS] if pinned else ()
        self._lay_dollars(found["usd"], pinned["usd"] if pinned else None)
        top = nice_top(1.15 * max(*units, *then, 1))
        for place, (bar, words) in enumerate(zip(self.bars, self.numbers)):
            height = units[place] if place < len(units) else 0
            bar.set_bounds(place - 0.36, 0, 0.72, height)
            words.set_y(height + 0.02 * top)
            words.set_text(number(height) if place < len(units) else "")
        drawn = max(len(units), len(then))
        side = max(0.7, (5 - drawn) / 2)
        self.below.set_xlim(-side, drawn - 1 + side)
        self.below.set_ylim(0, top)
        names = [label("table"), f"1\n{found['first']}", *(str(place) for place in range(2, self.MOST_BARS))]
        self.below.set_xticks(range(len(units)), names[: len(units)])
        self._lay_before(then)
        return _(
            "Write units of one such write: table {table}; indexes {indexes}. A million such writes cost {usd}.",
            table=number(units[0]),
            indexes=", ".join(number(value) for value in units[1:]) or _("none"),
            usd=usd(sum(found["usd"])),
        )

    def _lay_dollars(self, now, then):
        for bar, left, width in zip(self.dollars, (0, now[0]), now):
            bar.set_bounds(left, -0.34, width, 0.68)
        self.sum.set_x(sum(now))
        self.sum.set_text(f" {usd(sum(now))}")
        self.top.set_xlim(0, nice_top(1.2 * max(sum(now), sum(then or (0,)))))
        self.before_usd.set_visible(then is not None)
        if then is not None:
            self.before_usd.set_data([sum(then)] * 2, [-0.45, 0.45])

    def _lay_before(self, then):
        """A dashed step at the height that each bar had in A."""
        points = [(place + side, height) for place, height in enumerate(then) for side in (-0.45, 0.45, math.nan)]
        self.before.set_data([x for x, _y in points], [y for _x, y in points])


def plot_indexes(found: dict, picture: IndexBars | None = None) -> IndexBars:
    """The units and dollars of one write; `found` as IndexBars describes it."""
    return (picture or IndexBars()).show(found)
