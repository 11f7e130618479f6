"""Every notebook runs from top to bottom in a fresh kernel, in both languages."""

import os
import sys
import time
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "notebooks"))

import build as pipeline  # noqa: E402

NOTEBOOKS = pipeline.build()
"""Made anew from their sources: what a learner has written into the files is theirs."""
MOST_S = 60


def played(path: Path):
    """The notebook after a run of all its cells, and the seconds it took."""
    notebook = nbformat.reads(NOTEBOOKS[path], as_version=4)
    folder = str((ROOT / "notebooks" / path).parent)
    client = NotebookClient(
        notebook, timeout=MOST_S, kernel_name="python3", resources={"metadata": {"path": folder}}
    )
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = str(ROOT)
    started_s = time.monotonic()
    try:
        client.execute()
    except CellExecutionError as error:
        cell = next(
            cell
            for cell in notebook.cells
            if any(output.output_type == "error" for output in cell.get("outputs", []))
        )
        pytest.fail(
            f"notebooks/{path}: the cell {cell.id} stops with {error.ename}: {error.evalue}",
            pytrace=False,
        )
    finally:
        if before is None:
            del os.environ["PYTHONPATH"]
        else:
            os.environ["PYTHONPATH"] = before
    return notebook, time.monotonic() - started_s


def test_there_are_notebooks_in_both_languages():
    assert {path.parent.name for path in NOTEBOOKS} == {"", "ko"} and len(NOTEBOOKS) >= 4


@pytest.mark.parametrize("path", NOTEBOOKS, ids=str)
def test_a_notebook_runs_from_top_to_bottom(path):
    notebook, took_s = played(path)
    assert took_s < MOST_S, f"{path.name} takes {took_s:.0f} s, at most {MOST_S} s are allowed."
    noise = [
        f"{cell.id}: {output.text[:100]}"
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if output.output_type == "stream" and output.name == "stderr"
    ]
    assert noise == [], "a lesson shows warnings"
    shown = [cell for cell in notebook.cells if cell.cell_type == "code" and cell.outputs]
    assert len(shown) >= 8
