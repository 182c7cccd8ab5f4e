/**
 * <defensive-distillation>: an element that shows the page inside another one. Load this file as a module and write
 *
 *     <defensive-distillation link="v=1&amp;sample=0&amp;target=3&amp;end" controls>
 *       <a href="https://…"><img src="…" alt="…"></a>
 *     </defensive-distillation>
 *
 * The content between the tags is the poster. It is shown until the page says that it is ready, so it stays if the page
 * cannot be loaded. Readers without JavaScript see only the poster, and it is printed in place of the page. The
 * attributes are read when the element is connected:
 *
 * - `link`: the state to show. It is the part of a link after its `#`, which the share panel writes.
 * - `controls`, `target`, `temperature`, `draw`, `story`: parts of the page to show besides the two panels.
 * - `autoplay`: starts the attack when it comes into view. A click on the button also starts it.
 * - `load`: `near` (the default) loads the page when the element comes near the screen; `click` loads it when the reader
 *   clicks. Nothing is fetched before that.
 * - `theme`: `light` or `dark`; by default that of the reader's system. `lang`: a language of the page, such as `ja`.
 * - `title`: the frame's accessible name.
 * - `sandbox`: sandboxes the frame, so that it can only run scripts and open the full page.
 */

const PAGE = new URL("../", import.meta.url);
const NAME = "defensive-distillation";
const PARTS = ["controls", "target", "temperature", "draw", "story", "autoplay"];
/** The label of the button and the default name of the frame. Written by `npm run languages`. */
const WORDS = {
  en: ["Run it here", "Defensive distillation, attacked live"],
  ja: ["ここで実行", "防御的蒸留を、その場で攻撃する"],
};

// Copied from languages/closest.js by `npm run languages`.
/**
 * The language that fits a wanted one best: the same, else one of the same script and region, else of the same script,
 * else of the same language; undefined if there is none. `zh-TW` fits `zh-Hant` better than `zh`, and `pt` fits `pt-BR`
 * better than `pt-PT`.
 *
 * @template {string} Tag
 * @param {string} wanted A BCP 47 tag. Any other text fits nothing.
 * @param {Tag[]} tags
 * @returns {Tag | undefined}
 */
function closestLanguage(wanted, tags) {
  /** @param {string} tag */
  const expand = (tag) => new Intl.Locale(tag).maximize();
  try {
    const exact = Intl.getCanonicalLocales(wanted)[0];
    const { language, script, region } = expand(wanted);
    const fit = (/** @type {Tag} */ tag) => {
      const other = expand(tag);
      if (other.language !== language) return 0;
      return 1 + Number(tag === exact) * 4 + Number(other.script === script) * 2 + Number(other.region === region);
    };
    const best = Math.max(0, ...tags.map(fit));
    return best === 0 ? undefined : tags.find((tag) => fit(tag) === best);
  } catch {
    return undefined;
  }
}
// End of the copy.

/** Loading starts at this distance from the screen, in pixels. */
const NEAR_DISTANCE = 400;
/** In pixels. The page is never this high, and a wrong message must not fill the host page. */
const MAX_HEIGHT = 4000;

const STYLE = `
  :host { display: block; container-type: inline-size; position: relative; max-width: 900px; margin-inline: auto; }
  :host([hidden]) { display: none; }
  .poster { display: grid; place-items: center; overflow: hidden; box-sizing: border-box; border: 1px solid #85837b; }
  .poster.gone { visibility: hidden; }
  .poster.unsized { display: none; }
  ::slotted(*) { max-width: 100%; }
  button { position: absolute; left: 50%; top: 50%; transform: translate(-50%, -50%); padding: 10px 22px; border: 2px solid #f5f4ef; border-radius: 2px; background: #1b1c1f; color: #f5f4ef; font: 600 15px/20px sans-serif; cursor: pointer; }
  button:focus-visible { outline: 3px solid #1d5b9c; outline-offset: 2px; }
  iframe { position: absolute; inset: 0; width: 100%; height: 100%; border: 0; }
  iframe:not(.ready) { opacity: 0; pointer-events: none; }
  @media print {
    :host { height: auto !important; }
    .poster { display: grid !important; min-height: 0 !important; visibility: visible !important; }
    button, iframe { display: none !important; }
  }
`;

class DefensiveDistillation extends HTMLElement {
  /** Aborted when the element is disconnected, which ends its observers and listeners. */
  #life = new AbortController();
  /** Aborted when the frame is replaced. */
  #frameLife = new AbortController();

  connectedCallback() {
    this.#life = new AbortController();
    const root = this.shadowRoot ?? this.attachShadow({ mode: "open" });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
    root.adoptedStyleSheets = [sheet];
    const poster = Object.assign(document.createElement("div"), { className: "poster" });
    const button = Object.assign(document.createElement("button"), {
      type: "button",
      dir: "auto",
      textContent: this.#words()[0],
    });
    poster.append(document.createElement("slot"));
    root.replaceChildren(poster, button);
    button.addEventListener("click", () => this.#start(true));
    if (this.getAttribute("load") === "click") return;
    this.#reserveHeight();
    this.#whenNear(() => root.querySelector("iframe") ?? this.#start(false));
  }

  disconnectedCallback() {
    this.#life.abort();
    this.shadowRoot?.replaceChildren();
    this.style.height = "";
  }

  /** Reserves the height of the page: from the start if it loads by itself, otherwise after the click. */
  #reserveHeight() {
    const poster = this.shadowRoot?.querySelector(".poster");
    if (poster instanceof HTMLElement)
      poster.style.minHeight = heightFor((part) => this.hasAttribute(part), "cqw", this.getAttribute("link") ?? "");
  }

  /** Calls `act` when the element comes near the screen. @param {() => unknown} act */
  #whenNear(act) {
    const observer = new IntersectionObserver(
      (entries) => {
        if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
        observer.disconnect();
        act();
      },
      { rootMargin: `${NEAR_DISTANCE}px` },
    );
    observer.observe(this);
    this.#life.signal.addEventListener("abort", () => observer.disconnect());
  }

  /**
   * Loads the page in a frame. A click loads it again, because it may have failed: the browser does not tell a failed
   * frame from one that is still loading.
   *
   * @param {boolean} byReader Whether the reader has clicked.
   */
  #start(byReader) {
    const root = this.shadowRoot;
    if (!root) return;
    this.#frameLife.abort();
    this.#frameLife = new AbortController();
    this.#life.signal.addEventListener("abort", () => this.#frameLife.abort(), { signal: this.#frameLife.signal });
    root.querySelector("iframe")?.remove();
    const frame = document.createElement("iframe");
    frame.title = this.getAttribute("title") ?? this.querySelector("img")?.alt ?? this.#words()[1];
    const isSandboxed = this.hasAttribute("sandbox");
    if (isSandboxed) frame.sandbox.add("allow-scripts", "allow-popups", "allow-popups-to-escape-sandbox");
    frame.src = this.#address(byReader);
    const origin = isSandboxed ? "null" : PAGE.origin;
    addEventListener(
      "message",
      (event) => {
        if (event.source !== frame.contentWindow || event.origin !== origin) return;
        const type = event.data?.[NAME];
        if (type === "ready") {
          show();
          frame.contentWindow?.postMessage({ [NAME]: "measure" }, isSandboxed ? "*" : PAGE.origin);
        }
        if (type === "height") this.#resize(event.data.height);
      },
      { signal: this.#frameLife.signal },
    );
    // A frame that is not ready takes no focus. Clicks are the poster's.
    frame.inert = true;
    const show = () => {
      frame.inert = false;
      frame.classList.add("ready");
      root.querySelector(".poster")?.classList.add("gone");
      root.querySelector("button")?.remove();
      if (byReader) frame.focus({ preventScroll: true });
    };
    this.#reserveHeight();
    root.append(frame);
  }

  /** Sets the height that the page has reported. @param {unknown} height */
  #resize(height) {
    if (typeof height !== "number" || !(height > 0 && height <= MAX_HEIGHT)) return;
    this.shadowRoot?.querySelector(".poster")?.classList.add("unsized");
    this.style.height = `${height}px`;
  }

  /** The frame's address. @param {boolean} byReader Whether the reader has clicked. */
  #address(byReader) {
    const url = new URL(PAGE);
    const query = new URLSearchParams({ embed: "1", load: "now" });
    for (const part of PARTS) if (this.hasAttribute(part)) query.set(part, "1");
    if (byReader) query.set("autoplay", "1");
    for (const name of ["theme", "lang"]) query.set(name, this.getAttribute(name) ?? "");
    url.search = String(query);
    url.hash = (this.getAttribute("link") ?? "").replace(/^#/, "");
    return url.href;
  }

  /** The words in the language of the host page. */
  #words() {
    const tag = this.closest("[lang]")?.getAttribute("lang") ?? "";
    const tags = /** @type {(keyof typeof WORDS)[]} */ (Object.keys(WORDS));
    return WORDS[closestLanguage(tag, tags) ?? "en"];
  }
}

/**
 * The height that the page will have in a frame, according to its style sheets: below a width of 600 px the panels are
 * one above the other, and from 600 px on side by side. The host reserves this height, so that nothing moves when the
 * page has loaded and reports its real height.
 *
 * @param {(part: string) => boolean} has
 * @param {"cqw" | "vw"} unit A hundredth of the element's width, or of the window's width if the width of the element
 *   is not known.
 * @param {string} link The link that is shown. The target buttons of CIFAR-10 need more room than those of MNIST.
 */
export function heightFor(has, unit, link) {
  const [controls, target, draw] = ["controls", "target", "draw"].map(has);
  const temperature = has("temperature") ? 236 : 0;
  const targets = /(^|[#&;6])data(=|%(25)*3d)cifar10(?!\w)/i.test(link) ? 178 : 74;
  const narrow = 351 + temperature + (controls ? 101 : 0) + (target ? targets : 0) + (draw ? 199 : 0);
  const wide = 214 + temperature + (draw ? 198 : target ? targets : 0) + (controls ? (target && !draw ? 51 : 95) : 0);
  // The term with the factor 99 chooses between the two heights: below 600 px it is huge, so the narrow height is the
  // larger one; from 600 px on it is zero or negative, so the wide height is the larger one.
  return `max(min(${wide}px + 27.8${unit},${wide + 250}px),min(${narrow}px + 111.2${unit},${narrow + 520}px,(600px - 100${unit})*99))`;
}

if (!customElements.get(NAME)) customElements.define(NAME, DefensiveDistillation);
