/** The psfs that chains drew with the image, from their traces. */

import type { Observation } from "../data/observation/observation.js";
import { psfAt, psfAxes } from "../data/observation/psf-ensemble.js";
import { meanOfPsfs, psfSet } from "../data/observation/psf-set.js";
import { asParameterSource, type ParameterSource, type ParameterTrace } from "./trace.js";

type Observed = Pick<Observation, "psf">;

/** Columns that the choice of a psf adds to the trace, those of `psfAxes`; numbered by the observation where there are several. */
function columnsOf({ psf }: Observed, index: number, observations: number): string[] {
  return psfAxes(psf).map(({ name }) => (observations === 1 ? name : `${name}${index}`));
}

/** Columns that the choice of psfs adds to the trace. */
export function psfColumns(observations: readonly Observed[]): string[] {
  return observations.flatMap((one, index) => columnsOf(one, index, observations.length));
}

/**
 * Which psf a chain had after a sweep, as `psfAt` takes it.
 *
 * @returns undefined where the chains did not draw the psf of this observation
 */
export function drawnPsf(
  observations: readonly Observed[],
  index: number,
  parameters: ParameterSource,
): ((chain: number, sweep: number) => readonly number[]) | undefined {
  const columns = columnsOf(observations[index], index, observations.length).map((name) =>
    parameters.names.indexOf(name),
  );
  if (columns.length === 0 || columns.includes(-1)) return;
  const axes = psfAxes(observations[index].psf);
  return (chain, sweep) => {
    const row = parameters.readRows(chain, sweep, 1);
    return axes.map((axis, which) => axis.indexOf(row[columns[which]]));
  };
}

/** Most draws of a psf that its mean is made of. */
const MEAN_OF = 200;

/**
 * The observations with the posterior means of the psfs that the chains drew, evenly from all after burn-in; as they are where psfs were not
 * drawn, or nothing is known of the chains.
 */
export function withMeanPsfs<Given extends Observed>(
  observations: readonly Given[],
  trace: ParameterTrace | ParameterSource | undefined,
): Given[] {
  if (trace === undefined) return [...observations];
  const parameters = asParameterSource(trace);
  return observations.map((one, index) => {
    const drawn = drawnPsf(observations, index, parameters);
    if (drawn === undefined) return one;
    const axes = psfAxes(one.psf);
    const each = Math.max(1, Math.floor(MEAN_OF / parameters.chains));
    const psfs = Array.from({ length: parameters.chains }, (_, chain) => {
      const sweeps = parameters.sweeps(chain) - parameters.burnIn;
      const count = Math.max(0, Math.min(each, sweeps));
      return Array.from({ length: count }, (__, draw) => {
        const sweep = parameters.burnIn + Math.floor(((draw + 0.5) * sweeps) / count);
        return psfAt(one.psf, axes, drawn(chain, sweep));
      });
    })
      .flat()
      .slice(0, MEAN_OF);
    if (psfs.length === 0) return one;
    const places = one.psf.places?.map((place, index) => ({
      ...place,
      psf: meanOfPsfs(psfs.map((psf) => psf.places![index].psf)),
    }));
    return { ...one, psf: places ? psfSet(places) : meanOfPsfs(psfs) };
  });
}
