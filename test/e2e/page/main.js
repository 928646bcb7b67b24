import * as tslira from "tslira";
import { encodeResult, readFits } from "tslira/fits";
import { abortRun, failInWorker, failWithoutGpu, runCase } from "./scenarios.ts";

const scenarios = { abortRun, failInWorker, failWithoutGpu, runCase };

// How the test calls a scenario and waits for its answer.
globalThis.runScenario = (name, ...rest) => scenarios[name]({ ...tslira, readFits, encodeResult }, ...rest);
