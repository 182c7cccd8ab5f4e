/** The theme that was chosen on an earlier visit is there at the first paint, on every page. */
import assert from "node:assert/strict";
import { openPage, serveSite, test, withBrowser } from "./server-and-browser.mjs";

withBrowser();

const PAGES = ["", "www/lab.html", "www/blog/en.html", "www/blog/ja.html", "www/licences.html"];

/** @param {import("playwright-core").Page} page */
const isDark = (page) =>
  page.evaluate(() => {
    const [red] = getComputedStyle(document.documentElement).backgroundColor.match(/\d+/g) ?? [];
    return { page: Number(red) < 128, scheme: getComputedStyle(document.documentElement).colorScheme };
  });

/** The page's modules never arrive, so what is shown is what was there before them. */
const withoutModules = {
  "/www/main.js": () => {},
  "/www/lab/main.js": () => {},
  "/www/embed.js": () => {},
};

for (const path of PAGES) {
  test(`/${path} has the chosen theme before its modules are loaded`, async (t) => {
    const { url, answers } = await serveSite(t);
    for (const theme of /** @type {const} */ (["dark", "light"])) {
      const { page, problems } = await openPage(t, `${url}/blank`, {
        colorScheme: theme === "dark" ? "light" : "dark",
      });
      await page.evaluate((theme) => localStorage.setItem("theme", theme), theme);
      Object.assign(answers, withoutModules);
      await page.goto(`${url}/${path}`, { waitUntil: "commit" });
      await page.locator("body").waitFor();
      await page.waitForFunction(
        () => getComputedStyle(document.documentElement).backgroundColor !== "rgba(0, 0, 0, 0)",
      );
      assert.deepEqual(await isDark(page), { page: theme === "dark", scheme: theme });
      assert.deepEqual(problems, []);
    }
  });
}

/** @type {Record<string, string>} */
const ADDRESSES = {
  "a link's theme": "#v=1&sample=0&theme=dark&end",
  "an embed's theme": "?embed=1&theme=dark#v=1&sample=0&theme=light&end",
};

for (const [name, address] of Object.entries(ADDRESSES)) {
  test(`At the first paint ${name} takes precedence over the chosen one`, async (t) => {
    const { url } = await serveSite(t, withoutModules);
    const { page } = await openPage(t, `${url}/blank`, { colorScheme: "light" });
    await page.evaluate(() => localStorage.setItem("theme", "light"));
    await page.goto(`${url}/${address}`, { waitUntil: "commit" });
    await page.locator("body").waitFor();
    await page.waitForFunction(() => getComputedStyle(document.documentElement).colorScheme === "dark");
    assert.equal((await isDark(page)).page, true);
  });
}

test("Without storage, and with a stored theme that does not exist, the system's theme is shown", async (t) => {
  const { url } = await serveSite(t);
  const forbidden =
    'Object.defineProperty(globalThis, "localStorage", { get() { throw new DOMException("forbidden", "SecurityError"); } });';
  for (const script of [forbidden, 'localStorage.setItem("theme", "purple");']) {
    const { page, problems } = await openPage(t, `${url}/www/blog/en.html`, { colorScheme: "dark", script });
    assert.deepEqual(await isDark(page), { page: true, scheme: "dark" });
    assert.deepEqual(problems, []);
  }
});
