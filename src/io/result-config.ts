/** Settings as columns of the table CONFIG. */

import type { SamplerConfig } from "../posterior/result.js";
import { settingColumns } from "../settings/columns.js";
import type { FitsColumnInput } from "./fits.js";
import { escapeText } from "./result-text.js";

/** A column of text. */
export function textColumn(name: string, texts: readonly string[]): FitsColumnInput {
  const values = texts.map(escapeText);
  return { name, format: `${Math.max(1, ...values.map(({ length }) => length))}A`, values };
}

/** A column of numbers. */
export function numberColumn(name: string, values: readonly number[]): FitsColumnInput {
  return { name, format: "D", values };
}

/** A number in a table of one row. */
export function real(name: string, value: number): FitsColumnInput {
  return numberColumn(name, [value]);
}

/** A whole number in a table of one row. */
export function whole(name: string, value: number): FitsColumnInput {
  return { name, format: "K", values: [value] };
}

/** True or false in a table of one row. */
export function flag(name: string, value: boolean): FitsColumnInput {
  return { name, format: "L", values: [value] };
}

/** The first columns, pylira's names before ours; settings that are younger follow. */
const ORDER = [
  ...["method", "prior", "alpha_init", "n_iter_max", "n_burn_in", "fit_background_scale", "save_thin"],
  ...["ms_ttlcnt_pr", "ms_ttlcnt_exp", "ms_al_kap1", "ms_al_kap2", "ms_al_kap3", "random_seed", "burn_in"],
  ...["chains", "fit_alpha", "boundary", "cycle_spin", "pair_transfers", "smoothing_power", "state_alphas"],
  ...["state_transitions", "background_scale_shape", "background_scale_rate", "trace_every", "pixel_shape"],
  ...["pixel_rate", "target_acceptance", "max_depth", "upsampling", "margin"],
];

/** The settings of a sampler. */
export function configColumns(config: SamplerConfig): FitsColumnInput[] {
  const { method } = config;
  const columns = [
    ...(method === undefined ? [] : [textColumn("method", [method])]),
    ...settingColumns(method ?? "lira", config as never).map(({ name, value, whole: isWhole }) =>
      typeof value === "string"
        ? textColumn(name, [value])
        : typeof value === "boolean"
          ? flag(name, value)
          : typeof value !== "number"
            ? { name, format: `${value.length}D`, values: [...value] }
            : isWhole
              ? whole(name, value)
              : real(name, value),
    ),
    whole("n_burn_in", 0),
    flag("save_thin", true),
  ];
  const place = ({ name }: FitsColumnInput) => {
    // Version 0.2.0 put them behind the prior of the Gibbs sampler.
    if (method === "gibbs" && name === "pair_transfers") return ORDER.indexOf("pixel_rate") + 0.5;
    const found = ORDER.indexOf(name);
    return found < 0 ? ORDER.length + 1 : found;
  };
  return columns.sort((first, second) => place(first) - place(second));
}
