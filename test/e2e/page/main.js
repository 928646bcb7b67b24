import * as tslira from "tslira";
import { encodeResult, readFits } from "tslira/fits";
import { abortRun, failInWorker, runCase } from "./scenarios.ts";

const scenarios = { abortRun, failInWorker, runCase };

// How the test calls a scenario and waits for its answer.
globalThis.runScenario = (name, ...rest) => scenarios[name]({ ...tslira, readFits, encodeResult }, ...rest);
