/**
 * tslira for Node: everything of the main entry, and files.
 *
 * @module
 */
export * from "./index.js";
