/**
 * Chains of the gradient sampler with their likelihood on the GPU: each walks as on the CPU, and the skies at which they stand are
 * evaluated together.
 *
 * The deviance is summed in f32, so that what is sampled is the density with this deviance, which differs from the one that is meant by some
 * 1e-6 times the root of the counts in its logarithm (`GpuForwardModel`). It is a function of the place alone: a sky has the same bytes
 * whatever is evaluated beside it. Under that density transitions are in balance exactly as on the CPU, since a leapfrog step along any force
 * that is a function of the place keeps volumes and can be gone back: an error of the gradient costs acceptance and nothing else. Prior,
 * momenta and places are in double precision.
 */

import type { Observation } from "../data/observation/observation.js";
import { openGpu } from "../gpu.js";
import { awaited, type Inquiry } from "../inquiry.js";
import { createForwardModel } from "../model/forward-model.js";
import { createGpuForwardModel, type GpuForwardModel } from "../model/gpu-forward-model.js";
import { priorFromData } from "../priors/prior-data.js";
import type { GpuChains } from "./gpu-chain.js";
import type { SkyQuestion } from "./log-flux-posterior.js";
import { nextTask } from "./next-task.js";
import { askingNuts, type NutsLaw } from "./nuts-sampler.js";
import { type AwaitedChain, tallyOf } from "./sampler.js";

/** What chains of the gradient sampler on the GPU sample. */
export type GpuNutsLaw = NutsLaw & { readonly device: "gpu" };

/** A question whose answer somebody waits for. */
interface Waiting {
  readonly sky: SkyQuestion;
  readonly answer: (cash: number) => void;
  readonly fail: (reason: unknown) => void;
}

/** Answers what is asked at the same time together, as much of it as there is room for, in the order in which it was asked. */
function answerTogether(forward: GpuForwardModel): (sky: SkyQuestion) => Promise<number> {
  const waiting: Waiting[] = [];
  let isServing = false;
  async function serve(): Promise<void> {
    isServing = true;
    for (;;) {
      // Who was answered goes on to the next question meanwhile.
      await nextTask();
      const round = waiting.splice(0, forward.images);
      if (round.length === 0) break;
      try {
        const found = await forward.cashGradients(round.map(({ sky }) => sky));
        for (const [index, { sky, answer }] of round.entries()) {
          const { cash, scaleGradient } = found[index];
          sky.scaleGradient.splice(0, scaleGradient.length, ...scaleGradient);
          answer(cash);
        }
      } catch (reason) {
        for (const { fail } of round) fail(reason);
      }
    }
    isServing = false;
  }
  return (sky) =>
    new Promise((answer, fail) => {
      waiting.push({ sky, answer, fail });
      if (!isServing) void serve();
    });
}

/**
 * Open a device for chains of one run.
 *
 * @param chains how many are wanted at once
 * @throws InvalidInputError for psfs that the GPU does not do
 * @throws JobError without a device, or without room on it
 */
export async function openGpuNuts(
  observations: readonly Observation[],
  law: GpuNutsLaw,
  chains: number,
): Promise<GpuChains> {
  const prior = "logDensity" in law.prior ? law.prior : await priorFromData(law.prior);
  const model = createForwardModel(observations, law.model);
  const gpu = await openGpu();
  const answer = answerTogether(await createGpuForwardModel(gpu, model, chains));

  return {
    slots: chains,
    name: gpu.name,
    open(_slot, { seed, chain }): AwaitedChain {
      const asking = askingNuts(model, prior, { ...law, seed }, law.start, chain);
      const { shape, columns, flux } = asking;
      const tally = tallyOf(asking);
      function* sweeps(count: number, burnIn: number): Inquiry<SkyQuestion, Float64Array> {
        for (let done = 0; done < count; done++) {
          yield* asking.sweep(tally.row(done));
          tally.add(flux, done < burnIn);
        }
        return tally.rows(count);
      }
      return {
        shape,
        columns,
        flux,
        get sweeps() {
          return tally.sweeps;
        },
        get moments() {
          return tally.moments;
        },
        sweep: (count, burnIn = 0) => awaited(sweeps(count, burnIn), answer),
        // A chain of the CPU can go on from this, and then tells how many sweeps were done here.
        save: () => tally.save({ ...asking.save(), gpuSweeps: Float64Array.of(tally.sweeps) }),
        restore(state) {
          tally.restore(state);
          asking.restore(state.arrays);
        },
      };
    },
    close: () => gpu.close(),
  };
}
