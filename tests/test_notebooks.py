"""Every notebook runs from top to bottom in a fresh kernel, in both languages."""

import os
import time
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").rglob("[0-9][0-9]_*.ipynb"))
MOST_S = 60


def played(path: Path):
    """The notebook after a run of all its cells, and the seconds it took."""
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook, timeout=MOST_S, kernel_name="python3", resources={"metadata": {"path": str(path.parent)}}
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
            f"{path.relative_to(ROOT)}: the cell {cell.id} stops with {error.ename}: {error.evalue}",
            pytrace=False,
        )
    finally:
        if before is None:
            del os.environ["PYTHONPATH"]
        else:
            os.environ["PYTHONPATH"] = before
    return notebook, time.monotonic() - started_s


def test_there_are_notebooks_in_both_languages():
    assert {path.parent.name for path in NOTEBOOKS} == {"notebooks", "ko"} and len(NOTEBOOKS) >= 4


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: f"{path.parent.name}-{path.stem}")
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
