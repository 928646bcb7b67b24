"""Say what astropy finds in a result file, as JSON. The second part reads it the way pylira does."""

import json
import sys

import numpy as np
from astropy.io import fits
from astropy.table import Table
from astropy.wcs import WCS

path = sys.argv[1]
with fits.open(path) as hdus:
    hdus.verify("exception")
    wcs = WCS(hdus["PRIMARY"].header)
    config_table = Table.read(hdus["CONFIG"])
    config = dict(config_table[0])
    parameters = Table.read(hdus["PARAMETER_TRACE"])
    trace = hdus["IMAGE_TRACE"].data
    posterior = trace[int(config["n_burn_in"]) :]
    print(
        json.dumps(
            {
                "names": [hdu.name for hdu in hdus],
                "dtypes": [str(hdu.data.dtype) for hdu in hdus if not isinstance(hdu, fits.BinTableHDU)],
                "mean": np.asarray(hdus[0].data, float).ravel().tolist(),
                "quantiles": np.asarray(hdus["POSTERIOR_QUANTILES"].data, float).ravel().tolist(),
                "unit": hdus[0].header.get("BUNIT"),
                "verdict": hdus[0].header["VERDTEXT"],
                "command": hdus[0].header["COMMAND"],
                "pixel": [float(value) for value in wcs.wcs_world2pix(266.4, -29.0, 0)],
                "columns": parameters.colnames,
                "logPost": np.asarray(parameters["logPost"], float).tolist(),
                "alpha_init": np.asarray(config["alpha_init"], float).tolist(),
                "settings": {
                    name: config[name].item()
                    for name in ["n_iter_max", "n_burn_in", "fit_background_scale", "ms_al_kap1", "random_seed"]
                },
                "trace_shape": list(trace.shape),
                "trace_mean": np.nanmean(np.asarray(posterior, float), axis=0).ravel().tolist(),
                "ledger": [row["observed"].item() for row in Table.read(hdus["LEDGER"])],
                "diagnostics": [str(row["name"]).strip() for row in Table.read(hdus["DIAGNOSTICS"])],
            }
        )
    )
