/** One hand of the pool in a worker of its own. */
import { serveExperiment } from "./pool-core.js";

serveExperiment(self);
