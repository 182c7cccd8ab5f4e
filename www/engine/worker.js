/** The engine in a worker of its own, so that the page's thread stays free. */
import { serve } from "./engine-core.js";

serve(self);
