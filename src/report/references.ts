/** A work to cite, and for what. */
export interface Reference {
  readonly text: string;
  readonly purpose: string;
}

/** Works that a paper which uses a result should cite. */
export const REFERENCES: readonly Reference[] = [
  {
    purpose: "Method: the model, the multiscale prior and the sampler",
    text: "Esch, D. N., Connors, A., Karovska, M. & van Dyk, D. A. 2004, ApJ, 610, 1213: An Image Restoration Technique with Error Estimates",
  },
  {
    purpose: "LIRA: exposure and background",
    text: "Connors, A., et al. 2011, ADASS XX, ASP Conf. Ser. 442, 463: LIRA, the Low-Counts Image Restoration and Analysis Package",
  },
  {
    purpose: "pylira, whose conventions this program follows",
    text: "Donath, A., Siemiginowska, A., Kashyap, V., Burke, D., Solipuram, K. R. & van Dyk, D. 2022, Proc. 21st Python in Science Conf., 98: Pylira: deconvolution of images in the presence of Poisson noise",
  },
  {
    purpose: "R-hat and effective sample size",
    text: "Vehtari, A., Gelman, A., Simpson, D., Carpenter, B. & Bürkner, P.-C. 2021, Bayesian Analysis, 16, 667: Rank-normalization, folding, and localization: an improved R-hat",
  },
];
