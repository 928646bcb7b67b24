/** The entry of Studio. */

import { createRoot } from "react-dom/client";
import { keepPageOffline } from "./offline.js";
import { Studio } from "./studio.js";
import "../../src/viewer/colors.css";
import "../../src/viewer/viewer.css";
import "./studio.css";

const root = document.getElementById("studio");
if (root !== null) createRoot(root).render(<Studio />);
void keepPageOffline();
