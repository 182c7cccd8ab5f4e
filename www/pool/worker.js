/** Runs the methods of `core.js` in a worker. */
import { serveExperiment } from "./core.js";

serveExperiment(self);
