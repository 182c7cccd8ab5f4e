/**
 * Starts loading the engine. This script is far smaller than `main.js`, so the engine is fetched and compiled
 * while the rest of the page loads. An embedded page loads it later: when it is visible or clicked.
 */
import { startEarly } from "../engine/connection.js";
import { canRun } from "../engine/platform.js";

if (document.documentElement.dataset.embed === undefined && canRun()) startEarly();
