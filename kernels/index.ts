// The kernels of one LIRA chain: an instance of this module is one chain. The host creates it with `createChain` and
// `createObservation`, fills the inputs through the addresses it is given, calls `prepareChain`, sets the state, and
// then asks for sweeps in batches. Nothing is allocated after `startChain`, but for messages of the tree when a sweep adds more missing
// photons than were foreseen, and nothing is imported from the host.
//
// Source: Esch et al. 2004 (ApJ 610, 1213), Connors et al. 2011 (ADASS XX).

export { stateAlphas } from "./adaptive-prior";
export { backgroundTransfersAccepted, backgroundTransfersTried } from "./background-transfer";
export {
  alphaArray,
  backgroundScale,
  changePsf,
  createChain,
  createObservation,
  createPart,
  exposedArray,
  fluxArray,
  letPsfVary,
  logLikelihood,
  logPrior,
  nodeStatesArray,
  nodeStatesLength,
  observationArray,
  prepareChain,
  randomArray,
  setBackgroundScale,
  setShift,
  setStates,
  setTransfers,
  shiftCol,
  shiftRow,
  stateArray,
  stateLength,
  totalCounts,
  transitionArray,
} from "./chain";
export { darkMasses, rootCount, roots, setDarkSky } from "./dark-layout";
export { showDarkSky } from "./dark-sky";
export { likelihood } from "./log-posterior";
export { matrixMovesAccepted, matrixMovesTried, moveMatrix } from "./matrix-moves";
export { allocate } from "./memory";
export { means, momentCount, momentLength, setMomentCount, squares } from "./moments";
export { nodeTransfersAccepted, nodeTransfersTried } from "./node-transfer";
export { transfersAccepted, transfersTried } from "./pair-transfer";
export { setPixelPrior } from "./pixel-prior";
export { drawIndex, drawUniform, seedRandom } from "./random";
export { setRedistribution } from "./redistribute";
export { hasDark, imageRunsOf, runsOf } from "./runs";
export { shiftScores } from "./shift";
export { setSmoothingPrior } from "./smoothing";
export { smoothnessLength, smoothnessSums } from "./smoothness";
export { statesKnown } from "./states";
export {
  photonsArray,
  sourceCountsArray,
  stepAggregate,
  stepEvidence,
  stepExpectation,
  stepImage,
  stepRedistribute,
  stepSourceCounts,
  stepTransfers,
  usesTiles,
} from "./steps";
export { resumeChain, runSweeps, startChain, stepShift, stepSmoothing } from "./sweep";
export { transitionPriorArray } from "./transition-matrix";
export { levels } from "./tree";
