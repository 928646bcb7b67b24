"""The astropy side of fits.test.ts.

    fits-astropy.py write FOLDER      write FITS files of every sort, and what they hold as FOLDER/expected.json
    fits-astropy.py dump FILE...      print what each file holds as JSON, one line a file
"""

import base64
import json
import os
import sys
import warnings

import numpy as np
from astropy.io import fits


def plain(value):
    """A value or array as JSON: floats by base64 of little-endian doubles, 64-bit integers as text."""
    value = np.asarray(value)
    if value.dtype.kind in "SU":
        return [str(text).rstrip(" ") for text in value.ravel()]
    if value.dtype.kind == "b":
        return [bool(one) for one in value.ravel()]
    if value.dtype.kind == "c":
        parts = np.stack([value.real, value.imag], axis=-1)
        return plain(parts)
    if value.dtype.kind in "iu" and value.dtype.itemsize == 8:
        return {"integers": [str(one) for one in value.ravel()]}
    return {"doubles": base64.b64encode(value.astype("<f8").tobytes()).decode()}


def card_value(value):
    if isinstance(value, fits.card.Undefined):
        return None
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (int, np.integer)) and abs(int(value)) >= 2**53:
        return {"integer": str(value)}
    return value if isinstance(value, (str, int, float)) else str(value)


def column(hdu, index):
    name = hdu.columns[index].name
    values = hdu.data.field(index)
    null = hdu.columns[index].null
    if values.dtype.kind == "i" and values.dtype.itemsize < 8 and null not in (None, ""):
        values = np.where(values == null, np.nan, values)
    if values.dtype.kind == "O":
        cells = []
        for cell in values:
            text = np.asarray(cell).dtype.kind in "SU"
            cells.append("".join(np.asarray(cell).ravel()) if text else plain(cell))
        return {"name": name, "cells": cells}
    return {"name": name, "values": plain(values), "shape": list(values.shape[1:])}


def contents(path):
    hdus = []
    with fits.open(path) as file:
        for hdu in file:
            skip = ("COMMENT", "HISTORY", "")
            cards = [[card.keyword.upper(), card_value(card.value)] for card in hdu.header.cards if card.keyword not in skip]
            entry = {"name": hdu.name, "version": hdu.ver, "cards": cards}
            if isinstance(hdu, (fits.BinTableHDU, fits.TableHDU)):
                entry["rows"] = len(hdu.data)
                entry["columns"] = [column(hdu, index) for index in range(len(hdu.columns))]
            elif hdu.data is not None:
                entry["shape"] = list(hdu.data.shape)
                entry["data"] = plain(hdu.data)
            hdus.append(entry)
    return hdus


def images():
    random = np.random.default_rng(1)
    for dtype in ("u1", "i1", "i2", "u2", "i4", "u4", "f4", "f8"):
        info = np.iinfo(dtype) if dtype[0] in "iu" else None
        data = random.integers(info.min, info.max, (3, 4, 5), dtype) if info else random.normal(size=(3, 4, 5)).astype(dtype)
        if info:
            data[0, 0, :2] = info.min, info.max
        else:
            data[0, 0, :3] = np.nan, np.inf, -np.inf
        yield dtype, fits.PrimaryHDU(data)
    for dtype in ("i8", "u8"):
        yield dtype, fits.PrimaryHDU(random.integers(0, 2**53, (4, 5)).astype(dtype))
    scaled = fits.PrimaryHDU(random.normal(size=(6, 7)))
    scaled.scale("int32", bscale=1e-9, bzero=2.5)
    yield "scaled", scaled
    blank = fits.PrimaryHDU(np.array([[1, -999], [3, 4]], "i4"))
    blank.header["BLANK"] = -999
    blank.header["BSCALE"] = 2.0
    yield "blank", blank
    yield "one-axis", fits.PrimaryHDU(np.arange(5, dtype="i2"))
    yield "six-axes", fits.PrimaryHDU(np.arange(24, dtype="i2").reshape(1, 2, 1, 3, 1, 4))
    yield "no-data", fits.PrimaryHDU()


def header_file():
    hdu = fits.PrimaryHDU(np.zeros((2, 2), "f4"))
    header = hdu.header
    header["LONGTEXT"] = ("it's a long text & more " * 12, "with a comment")
    header["HIERARCH ESO DET CHIP ID"] = ("CCD-44", "a longer name")
    header["hierarch lower case words"] = 1.5
    header["TINY"] = 1.25e-300
    header["HUGE"] = 2**62
    header["NEGATIVE"] = -12345.678901234567
    header["YES"] = True
    header["NO"] = False
    header["NOTHING"] = None
    header["QUOTES"] = "o''clock 'n'"
    header["EMPTY"] = ""
    header["AMPER"] = "ends in &"
    header["DEXP"] = 0.0
    header["COMMENT"] = "a comment " * 12
    header["HISTORY"] = "a step"
    return hdu


def tables():
    random = np.random.default_rng(2)
    rows = 7
    column = fits.Column
    objects = lambda cells: np.array(cells + [None], dtype=object)[:-1]
    lists = objects([np.arange(row, dtype="f4") for row in range(rows)])
    table = fits.BinTableHDU.from_columns(
        [
            column("logical", "L", array=random.random(rows) > 0.5),
            column("logicals", "3L", array=random.random((rows, 3)) > 0.5),
            column("bits", "11X", array=random.random((rows, 11)) > 0.5),
            column("byte", "B", array=random.integers(0, 255, rows)),
            column("short", "I", array=random.integers(-(2**15), 2**15 - 1, rows)),
            column("ushort", "I", bzero=2**15, array=random.integers(0, 2**16, rows).astype("u2")),
            column("int", "J", unit="s", array=random.integers(-(2**31), 2**31 - 1, rows)),
            column("uint", "J", bzero=2**31, array=random.integers(0, 2**32, rows).astype("u4")),
            column("long", "K", array=random.integers(-(2**63), 2**63 - 1, rows)),
            column("ulong", "K", bzero=2**63, array=random.integers(0, 2**64 - 1, rows, dtype="u8")),
            column("float", "E", array=np.array([np.nan, np.inf, -np.inf, 0, -0.0, 1e-30, 3.5], "f4")),
            column("double", "D", array=random.normal(size=rows)),
            column("complex", "C", array=random.normal(size=rows) + 1j),
            column("dcomplex", "2M", array=random.normal(size=(rows, 2)) - 2j),
            column("text", "9A", array=["", "a", "two words", " lead", "it's", "x  ", "end"]),
            column("texts", "6A", dim="(3,2)", array=np.array([["a", "bcd"]] * rows)),
            column("matrix", "6I", dim="(3,2)", array=np.arange(6 * rows).reshape(rows, 2, 3)),
            column("scaled", "I", array=np.arange(rows)),
            column("missing", "J", null=-99, array=[1, -99, 3, -99, 5, 6, 7]),
            column("floats", "PE()", array=lists),
            column("longs", "QK()", array=objects([np.arange(row % 3, dtype="i8") - 1 for row in range(rows)])),
            column("names", "PA()", array=objects(["", "x", "yz", "a b", "long text", "q", "r"])),
        ],
        name="EVERY",
    )
    # Given to the column, scale and zero point of another type than its own fail in astropy 5.2.
    at = table.columns.names.index("scaled") + 1
    table.header[f"TSCAL{at}"] = 0.5
    table.header[f"TZERO{at}"] = 3.0
    yield "table", table
    yield "ascii", fits.TableHDU.from_columns(
        [
            column("name", "A10", array=["alpha", "beta", "gamma delta"]),
            column("count", "I8", array=[1, -20, 30000]),
            column("fixed", "F12.4", array=[1.5, -2.25, 1000.125]),
            column("expo", "E15.7", array=[1.5e-10, -2.25e20, 0.0]),
            column("doubl", "D25.16", array=[0.1, 1 / 3, -1e-300]),
        ],
        name="TEXT",
    )
    yield "no-rows", fits.BinTableHDU.from_columns([column("a", "J", array=[]), column("b", "PE()", array=[])])


def write(folder):
    files = {}
    for name, hdu in images():
        files[f"image-{name}.fits"] = [hdu]
    files["compressed.fits.gz"] = [fits.PrimaryHDU(np.arange(6, dtype="i4").reshape(2, 3))]
    files["header.fits"] = [header_file()]
    for name, hdu in tables():
        files[f"table-{name}.fits"] = [fits.PrimaryHDU(), hdu]
    files["several.fits"] = [fits.PrimaryHDU(np.ones((2, 2), "i2"))] + [
        fits.ImageHDU(np.full((2, 3), version, "f8"), name="PSF", ver=version) for version in (1, 2)
    ]
    for name, hdus in files.items():
        fits.HDUList(hdus).writeto(os.path.join(folder, name))
    expected = {name: contents(os.path.join(folder, name)) for name in files}
    with open(os.path.join(folder, "expected.json"), "w") as file:
        json.dump(expected, file)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    if sys.argv[1] == "write":
        write(sys.argv[2])
    else:
        for path in sys.argv[2:]:
            print(json.dumps(contents(path)))
