"""The map of what pays: which way is the cheapest, by popularity and size of an item."""

from __future__ import annotations

import numpy as np
from matplotlib.patches import Patch, Rectangle

from simlib.i18n import _, number, usd
from simlib.views import BLUE, GREEN, GREY, ORANGE, SKY, Picture, label

COLOURS = (GREY, SKY, GREEN, ORANGE, BLUE)
HATCHES = ("", "//", "xx", "..", "\\\\")


class Pays(Picture):
    """A field for each steepness of popularity and size of an item, in the colour of the cheapest way, and what it
    saves against none; a frame marks the fields that were another way's at A.

    found: {"cheapest": {(exponent, size_kb): way}, "saves": {(exponent, size_kb): dollars a month}}.
    """

    size = (7.2, 4.4)

    def __init__(self, ways: tuple[str, ...], exponents: tuple[float, ...], sizes_kb: tuple[float, ...]):
        self.ways, self.exponents, self.sizes_kb = ways, exponents, sizes_kb
        super().__init__()

    def build(self):
        axis = self.axis = self.figure.subplots()
        axis.set_title(label("The cheapest way, and dollars it saves in a month"))
        axis.set_xlabel(label("KB of an item"))
        axis.set_ylabel(label("steepness of popularity"))
        axis.set_xticks(np.arange(len(self.sizes_kb)), [f"{size:g}" for size in self.sizes_kb])
        axis.set_yticks(np.arange(len(self.exponents)), [f"{exponent:g}" for exponent in self.exponents])
        axis.set_xlim(-0.5, len(self.sizes_kb) - 0.5)
        axis.set_ylim(-0.5, len(self.exponents) - 0.5)
        axis.tick_params(length=0)
        self.fields, self.words, self.frames = {}, {}, {}
        for row, exponent in enumerate(self.exponents):
            for column, size_kb in enumerate(self.sizes_kb):
                place = exponent, size_kb
                self.fields[place] = axis.add_patch(Rectangle((column - 0.5, row - 0.5), 1, 1, ec="white", lw=1.5))
                self.frames[place] = axis.add_patch(Rectangle((column - 0.44, row - 0.44), 0.88, 0.88, fill=False,
                                                              ec="black", ls="--", lw=1.4))
                self.words[place] = axis.text(column, row, "", ha="center", va="center", fontsize=9, bbox={
                    "fc": "white", "ec": "none", "pad": 1.2, "alpha": 0.85})
        self.looks = dict(zip(self.ways, zip(COLOURS, HATCHES)))
        handles = [Patch(fc=colour, hatch=hatch, ec="white") for colour, hatch in self.looks.values()]
        self.figure.legend([*handles, Patch(fill=False, ec="black", ls="--")],
                           [*(label(way) for way in self.ways), label("another way at A")],
                           loc="outside lower center", ncols=len(self.ways) + 1)

    def update(self, found, pinned):
        for place, field in self.fields.items():
            way = found["cheapest"][place]
            colour, hatch = self.looks[way]
            field.set_facecolor(colour)
            field.set_hatch(hatch)
            self.words[place].set_text("–" if way == self.ways[0] else usd(found["saves"][place]))
            self.frames[place].set_visible(pinned is not None and pinned["cheapest"][place] != way)
        counts = {way: sum(each == way for each in found["cheapest"].values()) for way in self.ways}
        told = "; ".join(f"{_(way)}: {count}" for way, count in counts.items() if count)
        best = max(found["saves"], key=found["saves"].get)
        return _("Of {all} fields, the cheapest way: {told}. Most is saved at steepness {exponent} and {size} KB: "
                 "{usd} a month.", all=len(self.fields), told=told, exponent=number(best[0]), size=number(best[1]),
                 usd=usd(found["saves"][best]))
