"""A CSV or CSV.gz file as rows of texts, streamed; a fault is one sentence with file, line and cure."""

from __future__ import annotations

import csv
import gzip
import io
import itertools
import os
import re
import zlib
from collections.abc import Iterator

from simlib.workload.chance import WorkloadError

_FAULTS = (EOFError, OSError, zlib.error, UnicodeDecodeError, csv.Error)
_MAX_HEADER = 1_000_000
_AGAIN = "export or download the file again"


class Table:
    """An open file: `header` is the list of column names, iterating gives its rows. Use it in a `with`.

    Text is UTF-8 (a byte order mark is skipped), cells stand between commas, semicolons or tabs, whichever
    the first line has most of, and may be quoted. Gzip is recognised by its content. Every row has as many
    cells as the header. Raises WorkloadError.
    """

    def __init__(self, path: str):
        self.path = path
        self._rows = None
        self._raw, self._text = None, None
        try:
            self._open()
            self._read_header()
        except _FAULTS as error:
            self._close()
            raise self._explained(error) from None
        except BaseException:
            self._close()
            raise

    def __enter__(self) -> Table:
        return self

    def __exit__(self, *_):
        self._close()

    def _close(self):
        for file in (self._text, self._raw):
            if file is not None:
                file.close()

    @property
    def line(self) -> int:
        """Number of the line read last, from 1."""
        return max(1, self._rows.line_num if self._rows else 1)

    def fault(self, what: str, cure: str, line: int | None = None) -> WorkloadError:
        """The error to raise about the line read last, or about `line`."""
        return WorkloadError(f"{self.path}, line {line or self.line}: {what}; {cure}.")

    def _open(self):
        if os.path.isdir(self.path):
            raise WorkloadError(f"{self.path} is a folder, not a trace; name the CSV or CSV.gz file in it.")
        try:
            self._raw = open(self.path, "rb")
        except FileNotFoundError:
            raise WorkloadError(f"There is no trace {self.path}; check the path, which starts from the "
                                "folder of the scenario file or else from the current folder.") from None
        except (OSError, ValueError) as error:
            raise WorkloadError(f"{self.path} cannot be opened ({error}); check the path and who may read "
                                "it.") from None
        begin = self._raw.peek(2)[:2]
        packed = begin == b"\x1f\x8b"
        if begin and self.path.lower().endswith(".gz") and not packed:
            raise self.fault("the name ends in .gz but the content is not gzip",
                             "download the file again, or drop .gz from its name if it is plain text")
        stream = gzip.GzipFile(fileobj=self._raw) if packed else self._raw
        self._text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")

    def _read_header(self):
        first = self._text.readline(_MAX_HEADER)
        if not first:
            raise self.fault("the file is empty", _AGAIN)
        if "\0" in first or len(first) == _MAX_HEADER:
            raise self.fault("this is no table of text", "give a CSV file saved as UTF-8, gzipped or not")
        unquoted = re.sub(r'"[^"]*"', "", first)
        delimiter = max(",;\t", key=unquoted.count)
        self._rows = csv.reader(itertools.chain([first], self._text), delimiter=delimiter, strict=True)
        self.header = [name.strip() for name in next(self._rows)]
        if not any(self.header):
            raise self.fault("the line is empty", "begin the file with a line that names the columns")

    def __iter__(self) -> Iterator[list[str]]:
        width, blank = len(self.header), 0
        try:
            for row in self._rows:
                if len(row) != width or blank:
                    if not row:
                        blank = blank or self.line
                        continue
                    if blank:
                        raise self.fault("the line is empty", "delete it, or fill it in", blank)
                    cells = f"there are {len(row)} cells, but the header has {width}"
                    raise self.fault(cells, "complete the line, or copy the file again if it ends here")
                yield row
        except _FAULTS as error:
            raise self._explained(error) from None

    def _explained(self, error) -> WorkloadError:
        if isinstance(error, UnicodeDecodeError):
            read = self._rows.line_num if self._rows else 0
            line = read + 1 + error.object[:error.start].count(b"\n")
            return self.fault("the text is not UTF-8", "save the file as UTF-8", line)
        if isinstance(error, csv.Error):
            return self.fault(f"this is not CSV ({error})",
                              "check its quotes, and whether the file was cut off")
        if isinstance(error, EOFError):
            return self.fault("the gzip data stops here, before its end",
                              "the file was cut off: copy or download it again")
        if isinstance(error, (zlib.error, gzip.BadGzipFile)):
            return self.fault(f"the gzip data is damaged after this ({error})",
                              "copy or download the file again")
        return self.fault(f"the file cannot be read further ({error})", "check the disk or the connection")
