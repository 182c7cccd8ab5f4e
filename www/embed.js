/**
 * <defensive-distillation>: the page as an element of yours. Load this file as a module, and write
 *
 *     <defensive-distillation link="v=1&amp;sample=0&amp;target=3&amp;end" controls>
 *       <a href="https://…"><img src="…" alt="…"></a>
 *     </defensive-distillation>
 *
 * What is between the tags is the poster, and all that readers without JavaScript see. Attributes,
 * read when the element is connected:
 *
 * - `link`: what is shown, as the share panel writes it: the part of a link after its `#`.
 * - `controls`, `target`, `temperature`, `draw`, `story`: what is shown besides the two panels.
 * - `autoplay`: the attack starts when it comes into view. A click on the poster starts it as well.
 * - `load`: `near` (unless said otherwise) loads when the element comes near the screen, `click`
 *   when the reader asks for it. Before that nothing is fetched at all.
 * - `theme`: `light` or `dark`; without it the reader's system decides. `lang`: one of the page's, such as `ja`.
 * - `title`: the frame's name for those who do not see it.
 * - `sandbox`: the frame may run scripts and open the full page, and nothing else.
 */

const PAGE = new URL("../", import.meta.url);
const NAME = "defensive-distillation";
const PARTS = ["controls", "target", "temperature", "draw", "story", "autoplay"];
/** The button and the frame's name. Written by `npm run languages`. */
const WORDS = {
  en: ["Run it here", "Defensive distillation, attacked live"],
  ja: ["ここで実行", "防御的蒸留を、その場で攻撃する"],
};
/** How far from the screen it is worth while to begin, in pixels. */
const NEAR = 400;
/** More than any combination of parts takes; a host does not hand over its whole page. */
const HIGHEST = 4000;

const STYLE = `
  :host { display: block; container-type: inline-size; position: relative; max-width: 900px; margin-inline: auto; }
  :host([hidden]) { display: none; }
  .poster { display: grid; place-items: center; overflow: hidden; box-sizing: border-box; border: 1px solid #85837b; }
  .poster.gone { visibility: hidden; }
  ::slotted(*) { max-width: 100%; }
  button { position: absolute; left: 50%; top: 50%; transform: translate(-50%, -50%); padding: 10px 22px; border: 2px solid #f5f4ef; border-radius: 2px; background: #1b1c1f; color: #f5f4ef; font: 600 15px/20px sans-serif; cursor: pointer; }
  button:focus-visible { outline: 3px solid #1d5b9c; outline-offset: 2px; }
  iframe { position: absolute; inset: 0; width: 100%; height: 100%; border: 0; }
  iframe:not(.ready) { opacity: 0; }
`;

class DefensiveDistillation extends HTMLElement {
  /** Ends everything that was begun when the element was connected. */
  #life = new AbortController();

  connectedCallback() {
    this.#life = new AbortController();
    const root = this.shadowRoot ?? this.attachShadow({ mode: "open" });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
    root.adoptedStyleSheets = [sheet];
    const poster = Object.assign(document.createElement("div"), { className: "poster" });
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: this.#words()[0] });
    poster.append(document.createElement("slot"));
    root.replaceChildren(poster, button);
    button.addEventListener("click", () => this.#start(true), { once: true });
    if (this.getAttribute("load") === "click") return;
    this.#keepPlace();
    this.#whenNear(() => this.#start(false));
  }

  disconnectedCallback() {
    this.#life.abort();
    this.shadowRoot?.replaceChildren();
    this.style.height = "";
  }

  /** What loads by itself has its height from the start; what is clicked, from the click on. */
  #keepPlace() {
    const poster = this.shadowRoot?.querySelector(".poster");
    if (poster instanceof HTMLElement)
      poster.style.minHeight = heightFor((part) => this.hasAttribute(part), "cqw", this.getAttribute("link") ?? "");
  }

  /** @param {() => void} act */
  #whenNear(act) {
    const observer = new IntersectionObserver(
      (entries) => {
        if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
        observer.disconnect();
        act();
      },
      { rootMargin: `${NEAR}px` },
    );
    observer.observe(this);
    this.#life.signal.addEventListener("abort", () => observer.disconnect());
  }

  /** @param {boolean} byReader */
  #start(byReader) {
    const root = this.shadowRoot;
    if (!root || root.querySelector("iframe")) return;
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
        const said = event.data?.[NAME];
        if (said === "ready") frame.contentWindow?.postMessage({ [NAME]: "measure" }, isSandboxed ? "*" : PAGE.origin);
        if (said === "height") this.#resize(event.data.height);
      },
      { signal: this.#life.signal },
    );
    frame.addEventListener("load", () => {
      frame.classList.add("ready");
      root.querySelector(".poster")?.classList.add("gone");
      root.querySelector("button")?.remove();
      if (byReader) frame.focus({ preventScroll: true });
    });
    this.#keepPlace();
    root.append(frame);
  }

  /** @param {unknown} height */
  #resize(height) {
    if (typeof height !== "number" || !(height > 0 && height <= HIGHEST)) return;
    this.shadowRoot?.querySelector(".poster")?.remove();
    this.style.height = `${height}px`;
  }

  /** @param {boolean} byReader */
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

  #words() {
    const tag = (this.closest("[lang]")?.getAttribute("lang") ?? "").toLowerCase().split("-")[0];
    return Object.entries(WORDS).find(([language]) => language === tag)?.[1] ?? WORDS.en;
  }
}

/**
 * The height that the page will have in a frame, as its style sheets lay it out: one panel above the
 * other in less than 600 px, side by side from there on. It is kept free from the start, so that
 * nothing moves when the page is there and tells its own.
 *
 * @param {(part: string) => boolean} has
 * @param {"cqw" | "vw"} unit A hundredth of the element's width, or of the window's where the element has none of its
 * own.
 * @param {string} link What it shows: the targets take more room where they are things and not digits.
 */
export function heightFor(has, unit, link) {
  const [controls, target, draw] = ["controls", "target", "draw"].map(has);
  const soft = has("temperature") ? 236 : 0;
  const targets = /(^|[#&])data=cifar10(&|$)/.test(link) ? 178 : 74;
  const narrow = 351 + soft + (controls ? 101 : 0) + (target ? targets : 0) + (draw ? 199 : 0);
  const wide = 214 + soft + (draw ? 198 : target ? targets : 0) + (controls ? (target && !draw ? 51 : 95) : 0);
  // The last term of each is an "if": it is far above or far below whatever it is compared with.
  return `max(min(${wide}px + 27.8${unit},${wide + 250}px),min(${narrow}px + 111.2${unit},${narrow + 520}px,(600px - 100${unit})*99))`;
}

if (!customElements.get(NAME)) customElements.define(NAME, DefensiveDistillation);
