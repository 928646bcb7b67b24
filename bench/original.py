"""Seconds of CPU a sweep of pylira's C core, for bench/original.ts: original.py MODULE FOLDER SWEEPS."""

import json
import os
import sys
import time

import numpy as np

module, folder, sweeps = sys.argv[1], sys.argv[2], int(sys.argv[3])
sys.path.insert(0, module)
try:
    from pylira import image_analysis
except ImportError:
    from _lira import image_analysis

with open(os.path.join(folder, "run.json")) as file:
    run = json.load(file)
image = {name: np.fromfile(os.path.join(folder, name)).reshape(shape) for name, shape in run["shapes"].items()}
start = time.process_time()
image_analysis(
    observed_im=image["counts"],
    start_im=image["flux"],
    psf_im=image["psf"],
    expmap_im=image["exposure"],
    baseline_im=image["background"],
    out_img_file=os.devnull,
    out_param_file=os.devnull,
    alpha_init=np.full(int(np.log2(image["counts"].shape[0])), 0.1),
    max_iter=sweeps,
    burn_in=0,
    random_seed=1,
    **run["law"],
)
print((time.process_time() - start) / sweeps)
