"""The picture of three ways to sell a ticket: write units over how many want the same seat, and dollars."""

from __future__ import annotations

from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle

from simlib.i18n import _, number, usd
from simlib.views import BLUE, GREEN, GREY, INK, ORANGE, RED, Picture, _few_ticks, _money_tick, label, nice_top


class Sales(Picture):
    """Above, write units for each ticket sold over the share of buyers who want one seat; below, dollars.

    found: {"shares": percentages, "lines": {English name: units}, "now": (percentage, [units of each line]),
    "dollars": ((for buyers who get a ticket, for buyers who get none), ...)}, the names in the order of the lines.
    """

    size = (7.2, 5.2)
    LINES = ((RED, "-"), (BLUE, (0, (5, 1.5))), (GREEN, "-."))

    def build(self):
        self.figure.get_layout_engine().set(rect=(0, 0, 0.97, 1))
        self.top, self.below = self.figure.subplots(2, 1, height_ratios=(1.9, 1))
        self.before = [self.top.plot([], [], color=GREY, ls="--", lw=1.2)[0] for _line in self.LINES]
        self.lines = [self.top.plot([], [], color=color, ls=style, lw=2)[0] for color, style in self.LINES]
        self.now = [
            self.top.plot([], [], color=color, marker="D", mec=INK, ms=8, ls="none", zorder=5)[0]
            for color, _style in self.LINES
        ]
        self.top.set_title(label("Write units for each ticket sold"))
        self.top.set_xlabel(label("buyers who want the same seat, in %"))
        self.below.set_title(label("Dollars for a million tickets sold, on demand"))
        self.useful = [self._piece(row, BLUE, "") for row in range(3)]
        self.useless = [self._piece(row, ORANGE, "////") for row in range(3)]
        self.sums = [self.below.text(0, row, "", va="center", fontsize=9.5) for row in range(3)]
        self.marks = [self.below.plot([], [], color=GREY, ls="--", lw=2)[0] for _row in range(3)]
        self.below.set_ylim(2.5, -0.5)
        self.below.tick_params(axis="y", length=0)
        self.top.set_xticks((0, 30, 60, 90))
        _few_ticks(self.top.yaxis)
        _few_ticks(self.below.xaxis, formatter=_money_tick)
        self.legend = None

    def _piece(self, row, colour, hatch):
        return self.below.add_patch(Rectangle((0, row - 0.32), 0, 0.64, fc=colour, hatch=hatch, ec="white", lw=0))

    def update(self, found, pinned):
        names, (share, units) = list(found["lines"]), found["now"]
        for line, values in zip(self.lines, found["lines"].values()):
            line.set_data(found["shares"], values)
        for marker, value in zip(self.now, units):
            marker.set_data([share], [value])
        for place, line in enumerate(self.before):
            line.set_visible(pinned is not None)
            if pinned is not None:
                line.set_data(pinned["shares"], list(pinned["lines"].values())[place])
        both = [found] + ([pinned] if pinned else [])
        self.top.set_xlim(0, found["shares"][-1])
        self.top.set_ylim(0, nice_top(1.03 * max(max(values) for each in both for values in each["lines"].values())))
        self.below.set_xlim(0, nice_top(1.2 * max(sum(parts) for each in both for parts in each["dollars"])))
        for row, (useful, useless) in enumerate(found["dollars"]):
            self.useful[row].set_width(useful)
            self.useless[row].set_x(useful)
            self.useless[row].set_width(useless)
            self.sums[row].set_position((useful + useless, row))
            self.sums[row].set_text(f" {usd(useful + useless)}")
            self.marks[row].set_visible(pinned is not None)
            if pinned is not None:
                self.marks[row].set_data([sum(pinned["dollars"][row])] * 2, [row - 0.42, row + 0.42])
        if self.legend is None:
            self._name(names)
        told = [
            _("{design}: {units} write units, {usd}", design=_(name), units=number(value), usd=usd(sum(parts)))
            for name, value, parts in zip(names, units, found["dollars"])
        ]
        return _(
            "Write units for each ticket sold over the share of buyers who want the same seat, for three designs, and "
            "dollars for a million tickets. At {share} %: {told}.",
            share=number(share), told="; ".join(told),
        )

    def _name(self, names):
        shown = [label(name) for name in names]
        self.below.set_yticks(range(3), shown)
        handles = [Line2D([], [], color=color, ls=style, lw=2) for color, style in self.LINES]
        handles += [Patch(fc=BLUE, lw=0), Patch(fc=ORANGE, hatch="////", ec="white", lw=0)]
        handles.append(Line2D([], [], color=GREY, ls="--"))
        words = [*shown, label("buyers who get a ticket"), label("buyers who get none"), "A"]
        self.legend = self.figure.legend(handles, words, loc="outside lower center", ncols=3)


def plot_sales(found: dict, picture: Sales | None = None) -> Sales:
    """Three ways to sell a ticket; `found` as Sales describes it."""
    return (picture or Sales()).show(found)
