import { LiraDeconvolver, simulateGaussianAndPoints } from "tslira";
import { plotPosterior } from "tslira/figures";

const data = simulateGaussianAndPoints({ seed: 1 });
const result = await new LiraDeconvolver({ iterations: 5_000, chains: 4 }).run(data, {
  onProgress: ({ done, total }) => {
    document.title = `${Math.floor((100 * done) / total)} %`;
  },
});
document.querySelector("#verdict").textContent = result.diagnostics.verdict.sentence;
document.querySelector("#figure").innerHTML = plotPosterior(result, { document, counts: data.counts });
