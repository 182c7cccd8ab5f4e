/**
 * Loaded beside the page's own script, and far smaller: the engine is fetched and compiled while the rest
 * is. A frame in somebody else's page waits until it is looked at or clicked.
 */
import { startEarly } from "../engine/connection.js";
import { canRun } from "../engine/platform.js";

if (document.documentElement.dataset.embed === undefined && canRun()) startEarly();
