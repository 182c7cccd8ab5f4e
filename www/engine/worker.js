/** Runs the engine in a worker, so that it does not block the page's thread. */
import { serve } from "./engine-core.js";

serve(self);
