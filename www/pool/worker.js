/** One hand of the pool in a worker of its own. */
import { serveExperiment } from "./core.js";

serveExperiment(self);
