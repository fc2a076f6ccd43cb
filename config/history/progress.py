"""How far an import is and how long the rest will take: one line that is written over, or on no terminal a line now and then."""

from typing import Final

from django.core.management.base import OutputWrapper

from config.terminal import ago, cut, width_of

OVER, END_OF_LINE = "\r", "\x1b[K"
ON_TERMINAL, ELSEWHERE = 0.2, 10.0  # seconds between lines


class Progress:
    """Says it in rows of the file; `first` is the row that an earlier run had come to, which says nothing of this one's pace."""

    def __init__(self, out: OutputWrapper, what: str, *, first: int, last: int, ticked: float) -> None:
        """`ticked` is a clock that only goes forward, in seconds, here and below."""
        self._out, self._what, self._first, self._last = out, what, first, last
        self._began = ticked
        self._told: float | None = None
        self._live: Final = out.isatty()

    def show(self, through: int, *, refused: int, ticked: float, waits: bool = False) -> None:
        """Where it is, unless that was said just now."""
        every = ON_TERMINAL if self._live else ELSEWHERE
        if ticked - (self._began if self._told is None else self._told) < every:
            return
        self._told = ticked
        line = self._line(through, refused, ticked - self._began, waits)
        if self._live:
            self._write(f"{OVER}{cut(line, (width_of(self._out) or 80) - 1)}{END_OF_LINE}", "")
        else:
            self._write(line, "\n")

    def end(self) -> None:
        """Leave the line to whoever speaks next."""
        if self._live and self._told is not None:
            self._write(OVER + END_OF_LINE, "")

    def _line(self, through: int, refused: int, spent: float, waits: bool) -> str:
        done, share = through - self._first, through / self._last if self._last else 1.0
        left = ago(spent * (self._last - through) / done) + " left" if done > 0 else "estimating"
        words = [f"{share:4.0%}", self._what, f"row {through} of {self._last}"]
        words += [f"{done / spent:.0f} rows/s", left] if spent > 0 else []
        words += [f"{refused} refused"] if refused else []
        words += ["waiting for the drain"] if waits else []
        return " · ".join(words)

    def _write(self, text: str, ending: str) -> None:
        self._out.write(text, style_func=str, ending=ending)
        self._out.flush()
