#!/usr/bin/env python3
"""Run notebooks from top to bottom, with the package of this checkout.

    python3 python/notebooks/execute.py --data ../shared/data --write python/notebooks/*.ipynb

Without ``--write`` nothing is changed, and the outputs that are stored must belong to the code that is stored. Needs nbclient, nbformat and ipykernel (Debian:
python3-nbclient python3-nbformat python3-ipykernel), and for figures matplotlib.
"""

import argparse
import hashlib
import os
import sys
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient


def code_cells(book):
    return [cell for cell in book.cells if cell.cell_type == "code"]


def digest(book):
    """Of all code, in order."""
    return hashlib.sha256("\0".join(cell.source for cell in code_cells(book)).encode()).hexdigest()


def check_stored(path, book):
    """The stored outputs are those of one run of the stored code, without an error or a warning."""
    remedy = "run this script with --write"
    if book.metadata.get("tslira", {}).get("code") != digest(book):
        sys.exit(f"{path.name}: stored outputs must be those of the stored code, got older ones; {remedy}")
    cells = code_cells(book)
    if [cell.execution_count for cell in cells] != list(range(1, len(cells) + 1)):
        sys.exit(f"{path.name}: cells must have been run once, in order, got other counts; {remedy}")
    for cell in cells:
        for output in cell.outputs:
            if output.output_type == "error" or output.get("name") == "stderr":
                sys.exit(f"{path.name}: stored outputs must be free of errors and warnings, got one in cell {cell.execution_count}; {remedy}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("notebooks", nargs="+", type=Path)
    parser.add_argument("--data", type=Path, help="folder that holds chandra-gc and fermi-gc")
    parser.add_argument("--sweeps", type=int, help="of each chain, in place of the notebook's own")
    parser.add_argument("--write", action="store_true", help="store the outputs")
    parser.add_argument("--stored", action="store_true", help="run nothing, check what is stored")
    options = parser.parse_args()
    os.environ.setdefault("PYTHONPATH", str(Path(__file__).resolve().parents[1]))
    if options.data is not None:
        os.environ["TSLIRA_DATA"] = str(options.data.resolve())
    if options.sweeps is not None:
        os.environ["TSLIRA_SWEEPS"] = str(options.sweeps)
    for path in options.notebooks:
        book = nbformat.read(path, as_version=4)
        if not options.write:
            check_stored(path, book)
        if options.stored:
            print(f"{path.name}: outputs belong to the code")
            continue
        with tempfile.TemporaryDirectory() as folder:
            # Raises with the cell and its traceback when one fails.
            NotebookClient(book, timeout=3600, kernel_name="python3", record_timing=False, resources={"metadata": {"path": folder}}).execute()
        print(f"{path.name}: {len(code_cells(book))} cells ran")
        if options.write:
            book.metadata["tslira"] = {"code": digest(book)}
            book.metadata.pop("language_info", None)
            nbformat.validate(book)
            nbformat.write(book, path)


main()
