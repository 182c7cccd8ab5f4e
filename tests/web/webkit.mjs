/**
 * WebKit over WebDriver: the MiniBrowser of WebKitGTK on a virtual screen. In Debian and Ubuntu these are
 * the packages webkit2gtk-driver and xvfb.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { setTimeout as pause } from "node:timers/promises";

/** How long the driver may take to start, and a condition to hold, in ms. */
const PATIENCE = 60_000;
/** How long until they are looked at again, in ms. */
const INTERVAL = 50;
/** Of the screen and of the window. */
const SIZE = { width: 1280, height: 1000 };
/** The key of an element's identifier in WebDriver's answers. */
const ELEMENT = "element-6066-11e4-a52e-4f735466cecf";

/** Starts a screen, the driver and a browser with an empty profile. `close` ends all of them. */
export async function launchWebKit() {
  const processes = new Processes();
  try {
    const screen = await processes.start("Xvfb", [
      "-displayfd",
      "3",
      "-screen",
      "0",
      `${SIZE.width}x${SIZE.height}x24`,
      "-nolisten",
      "tcp",
    ]);
    const port = await freePort();
    const driver = await processes.start("WebKitWebDriver", [`--port=${port}`], {
      ...process.env,
      DISPLAY: `:${await firstLine(screen)}`,
      LANG: "en_US.UTF-8",
      // The sandbox needs rights that root and containers lack; only the project's own page is opened.
      WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: "1",
    });
    const send = client(`http://127.0.0.1:${port}`);
    await until("the driver is ready", async () => {
      if (driver.exitCode !== null) throw new Error(`WebKitWebDriver has ended with ${driver.exitCode}.`);
      return send("GET", "/status").then(
        ({ ready }) => ready,
        () => false,
      );
    });
    const { sessionId } = await send("POST", "/session", {
      capabilities: { alwaysMatch: { "webkitgtk:browserOptions": { binary: findBrowser(), args: ["--automation"] } } },
    });
    await send("POST", `/session/${sessionId}/window/rect`, { x: 0, y: 0, ...SIZE });
    return new WebKit(
      (method, path, body) => send(method, `/session/${sessionId}${path}`, body),
      () => processes.end(),
    );
  } catch (error) {
    await processes.end();
    throw error;
  }
}

/** @typedef {(method: string, path: string, body?: object) => Promise<any>} Send */

/** A browser with one page. */
class WebKit {
  #send;
  #close;

  /** @param {Send} send @param {() => Promise<void>} close */
  constructor(send, close) {
    this.#send = send;
    this.#close = close;
  }

  /** Opens an address and waits for the page's `load`. @param {string} url */
  async open(url) {
    await this.#send("POST", "/url", { url });
  }

  /**
   * What a function returns that is called in the page.
   *
   * @template Value
   * @param {(...values: any[]) => Value} run It sees nothing but its arguments and the page.
   * @param {...unknown} values
   * @returns {Promise<Awaited<Value>>}
   */
  async evaluate(run, ...values) {
    return this.#send("POST", "/execute/sync", { script: `return (${run})(...arguments)`, args: values });
  }

  /**
   * Waits until a function returns something true in the page.
   *
   * @param {(...values: any[]) => unknown} condition
   * @param {...unknown} values
   */
  async waitFor(condition, ...values) {
    await until(`${condition}`, () => this.evaluate(condition, ...values));
  }

  /** Clicks an element as the mouse does. @param {string} selector */
  async click(selector) {
    const { [ELEMENT]: id } = await this.#send("POST", "/element", { using: "css selector", value: selector });
    await this.#send("POST", `/element/${id}/click`, {});
  }

  /** Writes a PNG of what is on the screen, to look at when a test fails. @param {string} path */
  async screenshot(path) {
    writeFileSync(path, await this.#send("GET", "/screenshot"), "base64");
  }

  async close() {
    // If this fails, the browser is killed with the driver.
    await this.#send("DELETE", "").catch(() => {});
    await this.#close();
  }
}

/** Programs and all the processes that they start: each program leads a process group. None outlives this process. */
class Processes {
  /** @type {import("node:child_process").ChildProcess[]} */
  #leaders = [];
  #kill = () => this.#signal("SIGKILL");
  #exit = () => process.exit(1);

  constructor() {
    process.once("exit", this.#kill).once("SIGINT", this.#exit).once("SIGTERM", this.#exit);
  }

  /** @param {string} command @param {string[]} options @param {NodeJS.ProcessEnv} [env] */
  async start(command, options, env = process.env) {
    // The fourth is what Xvfb writes its display's number to.
    const child = spawn(command, options, { env, detached: true, stdio: ["ignore", "ignore", "ignore", "pipe"] });
    this.#leaders.push(child);
    await once(child, "spawn");
    return child;
  }

  async end() {
    const running = this.#leaders.filter(
      ({ pid, exitCode, signalCode }) => pid && exitCode === null && signalCode === null,
    );
    const ended = running.map((child) => once(child, "exit"));
    this.#signal("SIGTERM");
    await Promise.all(ended);
    this.#kill();
    process.off("exit", this.#kill).off("SIGINT", this.#exit).off("SIGTERM", this.#exit);
  }

  /** @param {NodeJS.Signals} signal */
  #signal(signal) {
    for (const { pid } of this.#leaders) {
      try {
        if (pid) process.kill(-pid, signal);
      } catch {
        // All processes of the group have ended.
      }
    }
  }
}

/** Sends WebDriver's commands, and throws its errors. @param {string} driver @returns {Send} */
function client(driver) {
  return async (method, path, body) => {
    const response = await fetch(driver + path, { method, body: body && JSON.stringify(body) });
    const { value } = /** @type {any} */ (await response.json());
    if (!response.ok) throw new Error(`${method} ${path}: ${value.error}: ${value.message}`);
    return value;
  };
}

/** @param {string} what @param {() => Promise<unknown>} condition */
async function until(what, condition) {
  const deadline = performance.now() + PATIENCE;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`After ${PATIENCE} ms this does not hold: ${what}`);
    await pause(INTERVAL);
  }
}

/** What Xvfb writes once it can be connected to. @param {import("node:child_process").ChildProcess} child */
async function firstLine(child) {
  const output = /** @type {import("node:stream").Readable} */ (child.stdio[3]);
  const [line] = await Promise.race([
    once(output, "data"),
    once(child, "exit").then(([code]) => {
      throw new Error(`${child.spawnfile} has ended with ${code}.`);
    }),
  ]);
  return `${line}`.trim();
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  server.close();
  await once(server, "close");
  return port;
}

/** Its folder is named after the machine's architecture. */
function findBrowser() {
  const paths = readdirSync("/usr/lib").map((folder) => `/usr/lib/${folder}/webkit2gtk-4.1/MiniBrowser`);
  const path = paths.find((each) => existsSync(each));
  if (!path) throw new Error("There is no MiniBrowser: please install webkit2gtk-driver.");
  return path;
}
