/** Launches the browsers for the tests and for the site's pictures. */
import { existsSync } from "node:fs";
import { chromium } from "playwright-core";

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** A software GPU. It gives the same results as a real one, but a step takes seconds. */
const SOFTWARE_GPU = ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"];

/**
 * @param {{ gpu?: boolean, args?: string[] }} [options] `gpu` adds the software GPU; `args` are more flags of Chromium.
 */
export function launchBrowser({ gpu = false, args = [] } = {}) {
  const executablePath = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(existsSync);
  return chromium.launch({ executablePath, args: [...FLAGS, ...(gpu ? SOFTWARE_GPU : []), ...args] });
}

/** Launches an unmodified Firefox and controls it over WebDriver BiDi. */
export async function launchFirefox() {
  const { launch } = await import("puppeteer-core");
  const executablePath = ["/usr/bin/firefox-esr", "/usr/bin/firefox"].find(existsSync);
  return launch({ browser: "firefox", executablePath, headless: true });
}
