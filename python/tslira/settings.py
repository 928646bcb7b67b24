"""Settings of the methods. Written by scripts/python-settings.mjs from the one list of settings; do not edit."""

from __future__ import annotations

from typing import Any, Dict

SETTINGS: Dict[str, Dict[str, Any]] = {
    "method": {
        "key": "method", "type": "{\"lira\", \"nuts\", \"gibbs\", \"richardson-lucy\", \"map\", \"em-multiscale\", \"gradient-descent\"}",
        "meaning": "How the image is found. Default: lira. For lira, nuts, gibbs, richardson-lucy, gradient-descent, map, em-multiscale.",
    },
    "prior": {
        "key": "prior", "type": "str",
        "meaning": "What is believed of the image before any photon. For map, nuts, gibbs.",
    },
    "strength": {
        "key": "strength", "type": "float > 0 or \"held-out\"",
        "meaning": "Photons held out choose a factor by some 15 runs on half of them; or as the numbers say. Default: 1. For map.",
    },
    "stop": {
        "key": "stop", "type": "str",
        "meaning": "The maximum of the likelihood fits the noise; what counts is where to stop. For richardson-lucy.",
    },
    "accelerate": {
        "key": "accelerate", "type": "bool",
        "meaning": "Step ahead along the last direction (Biggs and Andrews). Default: false. For richardson-lucy.",
    },
    "bootstrap": {
        "key": "bootstrap", "type": "int >= 0 and <= 1000000",
        "meaning": "0: no errors. Each of them is deconvolved anew: 50 take 50 times as long. They show scatter, not bias. Default: 0. For richardson-lucy, gradient-descent, map, em-multiscale.",
    },
    "iterations": {
        "key": "iterations", "type": "int >= 2 and <= 1000000000",
        "meaning": "Sweeps of each chain, burn-in included. Have a first look with a thousand, publish with more. Default: 5000, nuts 1000. For lira, nuts, gibbs, richardson-lucy, gradient-descent, map, em-multiscale.",
    },
    "burn_in": {
        "key": "burnIn", "type": "int >= 0 and <= 1000000000 or \"auto\"",
        "meaning": "Sweeps at the start of each chain that no statistic uses; auto: until the chains agree. Default: a tenth; nuts: half. For lira, nuts, gibbs.",
    },
    "until": {
        "key": "until", "type": "str",
        "meaning": "Convergence to reach, such as rhat<1.01,ess>400: the chains go on until then. Empty: after the sweeps. For lira, nuts, gibbs.",
    },
    "max_iterations": {
        "key": "maxIterations", "type": "int >= 2 and <= 1000000000",
        "meaning": "Where a run gives up that goes on until the chains are good enough. Empty: after ten times the sweeps. Default: ten times --iterations. For lira, nuts, gibbs.",
    },
    "chains": {
        "key": "chains", "type": "int >= 1 and <= 10000",
        "meaning": "Independent chains from separated starts; their agreement is the test of the result. Default: 4. For lira, nuts, gibbs.",
    },
    "target_acceptance": {
        "key": "targetAcceptance", "type": "float > 0 and < 1",
        "meaning": "Acceptance at which the warm-up aims by the step length: higher means shorter steps and fewer divergences. Default: 0.8. For nuts.",
    },
    "max_depth": {
        "key": "maxDepth", "type": "int >= 1 and <= 20",
        "meaning": "A trajectory takes at most 2 to this power gradients. Default: 10. For nuts.",
    },
    "seed": {
        "key": "seed", "type": "int >= 0 and <= 9007199254740991",
        "meaning": "The same seed, settings and inputs give the same result, here and on the command line. Default: 0. For lira, nuts, gibbs, richardson-lucy, gradient-descent, map, em-multiscale.",
    },
    "preset": {
        "key": "preset", "type": "{\"adaptive\", \"lira\", \"lira-paper\"}",
        "meaning": "A law by its name, whose settings are the defaults of the others. Default: \"adaptive\". For lira.",
    },
    "adaptive_prior": {
        "key": "adaptivePrior", "type": "dict",
        "meaning": "Alphas of the states of a block and Dirichlet parameters of the transitions between them, as JSON. Empty: those of the preset. Default: eight, from 0.02 to 60. For lira.",
    },
    "alpha_init": {
        "key": "alphaInit", "type": "float > 0, or one a level",
        "meaning": "Small values allow sharp contrasts, large ones smooth images; one for all levels, or one each, finest first. Default: 0.1. For lira, em-multiscale.",
    },
    "fit_alpha": {
        "key": "fitAlpha", "type": "bool",
        "meaning": "The smoothing parameters are sampled; otherwise they stay where they start. Default: true. For lira, em-multiscale.",
    },
    "smoothing_prior": {
        "key": "smoothingPrior", "type": "(power, rate, exponent)", "parts": ("power", "rate", "exponent",),
        "meaning": "Density of α ~ α^power exp(−rate α^exponent). 1, 1000, 3 is pylira's; 2, 0.02, 1 that of the LIRA papers. Default: {\"power\":1,\"rate\":1000,\"exponent\":3}. For lira, em-multiscale.",
    },
    "boundary": {
        "key": "boundary", "type": "{\"spill\", \"wrap\"}",
        "meaning": "Lost to the detector, or periodic as in LIRA and pylira. Default: \"spill\". For lira, nuts, gibbs, richardson-lucy, gradient-descent, map, em-multiscale.",
    },
    "cycle_spin": {
        "key": "cycleSpin", "type": "{\"ensemble\", \"sampled\", \"random\", \"none\"}",
        "meaning": "How the multiscale tree lies on the image: one shift a chain is most exact; random is LIRA's way. Default: \"ensemble\". For lira, em-multiscale.",
    },
    "pair_transfers": {
        "key": "pairTransfers", "type": "int >= 0 and <= 1000000",
        "meaning": "Moves of flux between neighbouring pixels in each sweep, photons integrated out. Empty: by the size of the image. Default: by size; 0 with random. For lira, gibbs.",
    },
    "fit_background_scale": {
        "key": "fitBackgroundScale", "type": "bool",
        "meaning": "Multiplies the background of each observation by a factor that is found with the image. Default: false. For lira, nuts, gibbs, richardson-lucy.",
    },
    "total_counts_prior": {
        "key": "totalCountsPrior", "type": "(shape, rate)", "parts": ("shape", "rate",),
        "meaning": "Gamma prior of the total, in counts at the reference exposure: 1, 0 is flat; the rate 0.05 is LIRA's and pulls the total down by 5 %. Default: 1,0: flat. For lira, em-multiscale.",
    },
    "background_scale_prior": {
        "key": "backgroundScalePrior", "type": "(shape, rate)", "parts": ("shape", "rate",),
        "meaning": "Gamma prior of the factor of the background. Default: {\"shape\":0.001,\"rate\":0}. For lira, nuts, gibbs.",
    },
    "upsampling": {
        "key": "upsampling", "type": "int >= 1 and <= 3",
        "meaning": "Sky pixels a detector pixel on each axis. Default: 1. For lira, nuts, gibbs, richardson-lucy, gradient-descent, map, em-multiscale.",
    },
    "margin": {
        "key": "margin", "type": "int >= 0 and <= 1000000 or \"auto\"",
        "meaning": "Detector pixels beyond each edge, so that light from outside does not pile up along it; auto: the psf's reach where the counts ask for it. Default: auto; 0 for gradient-descent and em-multiscale. For lira, nuts, gibbs, richardson-lucy, gradient-descent, map, em-multiscale.",
    },
    "trace_every": {
        "key": "trace.every", "type": "int >= 1 and <= 1000000000",
        "meaning": "Sweeps between kept draws of the image. Empty: as many as the number of kept draws allows. Default: as --trace-keep allows. For lira, nuts, gibbs.",
    },
    "trace_keep": {
        "key": "trace.keep", "type": "int >= 2 and <= 9007199254740991",
        "meaning": "Images kept for traces, regions and the file; more take more memory. Default: 1000. For lira, nuts, gibbs.",
    },
}
