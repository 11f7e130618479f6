"""The staircase picture: capacity units over the size of an item."""

from __future__ import annotations

from matplotlib.lines import Line2D

from simlib.i18n import _, number
from simlib.views import GREY, INK, RED, YELLOW, Picture, _few_ticks, label, nice_top


class Steps(Picture):
    """Units (from zero) over the size of an item, two lines, and those of A behind them.

    found: {"bytes": sizes, "lines": {words: units, two of them}, "now": (bytes, [units of each line])}.
    """

    size = (7.2, 3.9)

    def build(self):
        self.axis = self.figure.subplots()
        self.then_lines = [self.axis.plot([], [], color=GREY, ls="--", lw=1.2)[0] for _line in range(2)]
        self.lines = [
            self.axis.plot([], [], color=color, ls=style, lw=1.8)[0] for color, style in ((RED, "-"), (INK, "--"))
        ]
        self.now = self.axis.plot([], [], color=INK, marker="D", mfc=YELLOW, ms=7, ls="none", zorder=5)[0]
        ring = {"color": GREY, "marker": "o", "mfc": "none", "mew": 2}
        self.then = self.axis.plot([], [], **ring, ms=13, ls="none", zorder=6, clip_on=False)[0]
        self.axis.set_title(label("Capacity units"))
        self.axis.set_xlabel(label("size of an item in bytes"))
        _few_ticks(self.axis.xaxis)
        _few_ticks(self.axis.yaxis)
        self._keep_room("8.88k")
        self.proxy = Line2D([], [], **ring, ms=9, ls="--", lw=1.2)
        self.legend = None

    def _keep_room(self, widest: str) -> None:
        """The picture is laid out once, perhaps with short numbers at its left: room for the widest."""
        self.axis.text(-0.015, 0.5, widest, alpha=0, ha="right", transform=self.axis.transAxes)

    def update(self, found, pinned):
        size, units = found["now"]
        for line, values in zip(self.lines, found["lines"].values()):
            line.set_data(found["bytes"], values)
        self.now.set_data([size] * len(units), units)
        shown = [max(values) for values in found["lines"].values()]
        for artist in (self.then, *self.then_lines):
            artist.set_visible(pinned is not None)
        if pinned is not None:
            self.then.set_data([pinned["now"][0]] * len(pinned["now"][1]), pinned["now"][1])
            for line, values in zip(self.then_lines, pinned["lines"].values()):
                line.set_data(pinned["bytes"], values)
                shown.append(max(values))
        self.axis.set_xlim(0, found["bytes"][-1] * 1.02)
        self.axis.set_ylim(0, nice_top(max(shown) * 1.05))
        if self.legend is None:
            handles = [*self.lines, self.now, self.proxy]
            names = [label(words) for words in found["lines"]] + [label("your setting"), "A"]
            self.legend = self.figure.legend(handles, names, loc="outside lower center", ncols=2)
        told = [
            _("{what}: {units}", what=what, units=number(value, 6))
            for what, value in zip(found["lines"], units)
        ]
        return _("Stairs of capacity units over the size of an item. At {size} bytes: {told}.", size=f"{size:,}",
                 told="; ".join(told))
