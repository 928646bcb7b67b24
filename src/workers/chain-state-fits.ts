/** The state of a chain of any sampler as HDUs of a FITS file: in checkpoints, and where chains of several machines meet. */

import { type FitsHdu, type FitsHduInfo, type FitsHduInput, fitsCard, readImageData } from "../io/fits.js";
import type { ChainState } from "../samplers/sampler.js";

type Cards = NonNullable<Extract<FitsHduInput, { readonly kind: "image" }>["cards"]>;

/** Layout of a state; of another one nothing is read. */
export const STATE_FORMAT = 2;

/**
 * HDUs of a state: moments first, then the arrays of the sampler, each with its name in the card `SAVED`.
 *
 * @param cards further cards of the first
 */
export function stateHdus({ sweeps, moments, arrays }: ChainState, cards: Cards): FitsHduInput[] {
  const { count, mean, squares } = moments;
  const image = (name: string, data: Float64Array | Uint8Array, more: Cards = []) => ({
    ...{ kind: "image" as const, name, shape: [data.length], data, cards: more },
  });
  return [
    image("MEAN", mean, [
      fitsCard("TSSTATE", STATE_FORMAT, "version of this layout of a state of tslira"),
      fitsCard("SWEEPS", sweeps, "sweeps done"),
      fitsCard("MOMENTS", count, "sweeps in MEAN and SQUARES"),
      ...cards,
    ]),
    image("SQUARES", squares),
    ...Object.entries(arrays).map(([name, data]) =>
      image(name.toUpperCase(), data, [fitsCard("SAVED", name, "name that the sampler gives to it")]),
    ),
  ];
}

/** Whether an HDU belongs to a state. */
export function isOfState({ name, index, header }: FitsHduInfo): boolean {
  return index === 0 || name === "SQUARES" || header.get("SAVED") !== undefined;
}

/** The state that these HDUs hold. */
export function stateOf(hdus: readonly FitsHdu[]): ChainState {
  const values = (hdu: FitsHdu) => {
    const { data } = readImageData(hdu);
    return data instanceof Uint8Array ? Uint8Array.from(data) : Float64Array.from(data as Float64Array);
  };
  const [first] = hdus;
  const card = (keyword: string) => Number(first.header.get(keyword));
  const squares = hdus.find(({ name }) => name === "SQUARES") ?? first;
  const saved = hdus.filter(({ header }) => header.get("SAVED") !== undefined);
  return {
    sweeps: card("SWEEPS"),
    moments: {
      count: card("MOMENTS"),
      mean: values(first) as Float64Array,
      squares: values(squares) as Float64Array,
    },
    arrays: Object.fromEntries(saved.map((hdu) => [String(hdu.header.get("SAVED")), values(hdu)])),
  };
}
