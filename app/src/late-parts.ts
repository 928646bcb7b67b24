/** Parts of the screen for one observation whose code comes after what is seen first, and is there before the server is gone. */

import { late } from "./late.js";
import type { CompareProps } from "./pictures/compare-view.js";
import type { SendProps } from "./samp/send-card.js";

const compareView = () => import("./pictures/compare-view.js");
const sendCard = () => import("./samp/send-card.js");

/** Two results side by side. */
export const CompareView = late<CompareProps>(() => compareView().then((found) => found.CompareView));
/** What goes to other programs. */
export const SendCard = late<SendProps>(() => sendCard().then((found) => found.SendCard));

/** Fetch code of that screen that is not there yet, while the server is; never rejected. */
export const fetchAhead = () =>
  Promise.allSettled([
    compareView(),
    sendCard(),
    import("./samp/hub-code.js"),
    import("./pictures/lines-menu.js"),
    import("./pictures/drawn-lines.js"),
    import("./pictures/screen-figure.js"),
    import("./run/method-card.js"),
    import("./reading/significance-view.js"),
    import("./reading/measure-view.js"),
  ]);
