/** Loaded beside the page's own script, and far smaller: the engine is fetched and compiled while the rest is. */
import { startAhead } from "./connection.js";
import { canRun } from "./platform.js";

if (canRun()) startAhead();
