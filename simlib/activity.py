"""Activities: generators that wait for moments. Both engines play them."""

from __future__ import annotations


class Moment:
    """An instant to wait for, as SimPy's loop wants an event to be: its callbacks, and when it will be."""

    __slots__ = ("callbacks", "time_s")
    _ok = True

    def __init__(self, time_s):
        self.callbacks = []
        self.time_s = time_s


class Activity:
    """A generator that runs until it waits for an event and goes on when the event happens.

    `awaited` is the event that a generator already waits for; without one it starts at once.
    """

    __slots__ = ("resume_with", "on_end")

    def __init__(self, generator, on_end=None, awaited=None):
        self.resume_with = generator.send
        self.on_end = on_end
        if awaited is not None:
            awaited.callbacks.append(self.resume)
        else:
            self.resume(None)

    def resume(self, _event):
        try:
            awaited = self.resume_with(None)
        except StopIteration as stop:
            if self.on_end:
                self.on_end(stop.value)
        else:
            awaited.callbacks.append(self.resume)
