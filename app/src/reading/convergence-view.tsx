/** How a method came to its image: what it minimised, iteration by iteration. */

import { numberText, paddedRange, seriesLines } from "#viewer";
import type { Curve, EstimateNews, EstimateView } from "../desk/method-protocol.js";
import { Fact } from "../fact.js";
import { Chart } from "./chart-view.js";

/** Iterations whose steep fall would flatten all the rest. */
const STEEP = 0.1;
const STEEP_FROM = 20;

function CurveChart({ curve: { iterations, values } }: { readonly curve: Curve }) {
  // The first iterations come from far away; what matters is how it ends.
  const from = values.length > STEEP_FROM ? Math.floor(values.length * STEEP) : 0;
  const late = values.subarray(from);
  const [low, high] = [late.reduce((a, b) => Math.min(a, b)), late.reduce((a, b) => Math.max(a, b))];
  const last = iterations.at(-1) ?? 1;
  return (
    <Chart
      height={180}
      x={{ domain: [1, Math.max(2, last)], label: "iteration", whole: true }}
      y={{ domain: paddedRange(low, high), label: "" }}
      label={`What is minimised, over ${last} iterations: it ends at ${numberText(values.at(-1) ?? Number.NaN, 7)}`}
      marks={({ x, y }) =>
        seriesLines(
          [late],
          (point) => x(iterations[from + point]),
          (_, point) => y(late[point]),
        )
      }
    />
  );
}

/** The curve, while a method works and after it. */
export function ConvergenceView({
  news,
  estimate,
}: {
  readonly news: EstimateNews | undefined;
  readonly estimate: EstimateView | undefined;
}) {
  const curve = estimate?.curve ?? news?.curve;
  return (
    <div className="chains convergence">
      <h3>Convergence</h3>
      {curve === undefined || curve.values.length < 2 ? (
        <p className="muted">
          {estimate
            ? "One iteration was enough."
            : "What is minimised is drawn here, iteration by iteration."}
        </p>
      ) : (
        <>
          <CurveChart curve={curve} />
          <p className="muted">
            What is minimised: the Cash statistic, and minus twice the logarithm of the prior where there is
            one. Ends at {numberText(curve.values.at(-1) ?? Number.NaN, 7)}
            {news?.stage === "held-out" && ", of a part of the photons"}.
            {curve.values.length > STEEP_FROM && " The steep first tenth is not drawn."}
          </p>
        </>
      )}
    </div>
  );
}

/** The flux of what is selected, of one image. */
export function EstimateFlux({
  estimate,
  pixels,
  unit,
}: {
  readonly estimate: EstimateView;
  readonly pixels: readonly number[];
  readonly unit: string;
}) {
  const { flux, predicted, std } = estimate;
  const sum = (data: Float64Array) => pixels.reduce((all, pixel) => all + data[pixel], 0);
  return (
    <>
      <dl className="facts" id="estimate-numbers">
        <Fact id="flux" main name="flux">
          {numberText(sum(flux.data))} {unit}
        </Fact>
        <Fact id="predicted" name="predicted">
          {numberText(sum(predicted.data))} counts
        </Fact>
        {std && pixels.length === 1 && (
          <Fact id="std" name="scatter">
            {numberText(std.data[pixels[0]], 2)} (simulated observations)
          </Fact>
        )}
      </dl>
      <p className="muted">
        {std === undefined
          ? "One image has no error bars: how sure this number is, a posterior tells."
          : pixels.length > 1
            ? "Errors of sums are not known from those of pixels: a posterior tells."
            : "Scatter between simulated observations; a bias of the method is not in it."}
      </p>
    </>
  );
}
