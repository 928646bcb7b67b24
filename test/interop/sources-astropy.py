#!/usr/bin/env python3
"""What astropy reads of a catalogue of sources, FITS and VOTable: units, UCDs and values; see sources.test.ts."""
import json
import sys
import warnings

from astropy.io.votable import parse_single_table
from astropy.table import Table
from astropy.units import Unit

folder = sys.argv[1]
with warnings.catch_warnings():
    # A unit that astropy does not know is a warning, and so is all that breaks the VOTable standard.
    warnings.simplefilter("error")
    fits = Table.read(f"{folder}/sources.fits", hdu="SOURCES")
    votable = parse_single_table(f"{folder}/sources.vot", verify="exception")
    table = votable.to_table()
print(
    json.dumps(
        {
            "fits": {name: str(fits[name].unit or "") for name in fits.colnames},
            "votable": {name: str(table[name].unit or "") for name in table.colnames},
            "ucds": {field.name: field.ucd for field in votable.fields},
            "positions": [[float(row["lon"]), float(row["lat"])] for row in fits],
            "fluxUnit": all(one["flux"].unit == Unit("ph / (cm2 s)") for one in (fits, table)),
            "same": all(float(a["flux"]) == float(b["flux"]) for a, b in zip(fits, table)),
            "shapes": [str(row["shape"]) for row in table],
        }
    )
)
