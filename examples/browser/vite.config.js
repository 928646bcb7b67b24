// Workers are ES modules; tslira finds its own worker beside itself, so it must not be bundled ahead of time.
export default {
  worker: { format: "es" },
  build: { target: "es2022" },
  optimizeDeps: { exclude: ["tslira"], include: ["tslira > @observablehq/plot"] },
};
