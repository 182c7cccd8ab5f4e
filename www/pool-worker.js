/** One hand of the pool in a worker of its own. */
import { serveJobs } from "./pool-core.js";

serveJobs(self);
