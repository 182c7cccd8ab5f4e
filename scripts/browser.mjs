/** The browsers that the tests and the site's pictures are made with. */
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

/** A graphics processor that is a program: it computes what a real one does, in seconds for a step. */
const SOFTWARE_GPU = ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"];

/** @param {{ gpu?: boolean, args?: string[] }} [options] `args` are further flags of Chromium. */
export function launchBrowser({ gpu = false, args = [] } = {}) {
  const executablePath = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(existsSync);
  return chromium.launch({ executablePath, args: [...FLAGS, ...(gpu ? SOFTWARE_GPU : []), ...args] });
}

/** Firefox as it is, over WebDriver BiDi. */
export async function launchFirefox() {
  const { launch } = await import("puppeteer-core");
  const executablePath = ["/usr/bin/firefox-esr", "/usr/bin/firefox"].find(existsSync);
  return launch({ browser: "firefox", executablePath, headless: true });
}
