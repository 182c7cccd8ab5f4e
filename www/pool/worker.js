/** A worker of the pool. */
import { serveExperiment } from "./core.js";

serveExperiment(self);
