/**
 * Drives WebKit over WebDriver: the MiniBrowser of WebKitGTK on a virtual screen. Debian and Ubuntu have them in the
 * packages webkit2gtk-driver and xvfb.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { setTimeout as pause } from "node:timers/promises";

/** Time limit in ms, for the start of the driver and for each condition. */
const TIME_LIMIT = 60_000;
/** Time between two checks of a condition, in ms. */
const INTERVAL = 50;
/** The size of the screen and of the window. */
const SIZE = { width: 1280, height: 1000 };
/** The key of an element's identifier in WebDriver's responses. */
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
   * Calls a function in the page and returns its result.
   *
   * @template Value
   * @param {(...values: any[]) => Value} run It can use only its arguments and what is in the page.
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

  /** Clicks an element with the mouse. @param {string} selector */
  async click(selector) {
    const { [ELEMENT]: id } = await this.#send("POST", "/element", { using: "css selector", value: selector });
    await this.#send("POST", `/element/${id}/click`, {});
  }

  /** Writes a PNG of the screen, for when a test fails. @param {string} path */
  async screenshot(path) {
    writeFileSync(path, await this.#send("GET", "/screenshot"), "base64");
  }

  async close() {
    // If this fails, ending the driver also ends the browser.
    await this.#send("DELETE", "").catch(() => {});
    await this.#close();
  }
}

/** Starts programs, each as the leader of a process group, and ends them with all the processes that they started. */
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
    // Xvfb writes the number of its display to file descriptor 3, the fourth entry.
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

/**
 * Returns a function that sends WebDriver commands and throws WebDriver errors.
 *
 * @param {string} driver
 * @returns {Send}
 */
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
  const deadline = performance.now() + TIME_LIMIT;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`After ${TIME_LIMIT} ms this is still not the case: ${what}`);
    await pause(INTERVAL);
  }
}

/**
 * The first line that Xvfb writes. It is ready for connections then.
 *
 * @param {import("node:child_process").ChildProcess} child
 */
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

/** The path of MiniBrowser. Its folder is named after the machine's architecture. */
function findBrowser() {
  const paths = readdirSync("/usr/lib").map((folder) => `/usr/lib/${folder}/webkit2gtk-4.1/MiniBrowser`);
  const path = paths.find((each) => existsSync(each));
  if (!path) throw new Error("MiniBrowser was not found. Install webkit2gtk-driver.");
  return path;
}
