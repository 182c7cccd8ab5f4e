/**
 * The papers that the project cites, in the order of their numbers on the page. Texts cite a paper by its key, such as
 * `[papernot2016distillation]`, and the page shows its number. `npm run readme` writes the reference lists of the pages
 * and the README from this table.
 */

/**
 * @typedef {object} Paper
 * @property {string} title
 * @property {[given: string, family: string][]} authors
 * @property {string} [venue] The conference that published it.
 * @property {number} year
 * @property {string} arxiv
 *
 * @typedef {keyof typeof PAPERS} PaperKey
 */

/** @satisfies {Record<string, Paper>} */
export const PAPERS = {
  papernot2016limitations: {
    title: "The Limitations of Deep Learning in Adversarial Settings",
    authors: [
      ["Nicolas", "Papernot"],
      ["Patrick", "McDaniel"],
      ["Somesh", "Jha"],
      ["Matt", "Fredrikson"],
      ["Z. Berkay", "Celik"],
      ["Ananthram", "Swami"],
    ],
    venue: "IEEE European Symposium on Security and Privacy",
    year: 2016,
    arxiv: "1511.07528",
  },
  papernot2016distillation: {
    title: "Distillation as a Defense to Adversarial Perturbations against Deep Neural Networks",
    authors: [
      ["Nicolas", "Papernot"],
      ["Patrick", "McDaniel"],
      ["Xi", "Wu"],
      ["Somesh", "Jha"],
      ["Ananthram", "Swami"],
    ],
    venue: "IEEE Symposium on Security and Privacy",
    year: 2016,
    arxiv: "1511.04508",
  },
  carlini2016defensive: {
    title: "Defensive Distillation is Not Robust to Adversarial Examples",
    authors: [
      ["Nicholas", "Carlini"],
      ["David", "Wagner"],
    ],
    year: 2016,
    arxiv: "1607.04311",
  },
  carlini2017evaluating: {
    title: "Towards Evaluating the Robustness of Neural Networks",
    authors: [
      ["Nicholas", "Carlini"],
      ["David", "Wagner"],
    ],
    venue: "IEEE Symposium on Security and Privacy",
    year: 2017,
    arxiv: "1608.04644",
  },
  papernot2016effectiveness: {
    title: "On the Effectiveness of Defensive Distillation",
    authors: [
      ["Nicolas", "Papernot"],
      ["Patrick", "McDaniel"],
    ],
    year: 2016,
    arxiv: "1607.05113",
  },
  goodfellow2015explaining: {
    title: "Explaining and Harnessing Adversarial Examples",
    authors: [
      ["Ian J.", "Goodfellow"],
      ["Jonathon", "Shlens"],
      ["Christian", "Szegedy"],
    ],
    venue: "International Conference on Learning Representations",
    year: 2015,
    arxiv: "1412.6572",
  },
};

export const PAPER_KEYS = /** @type {PaperKey[]} */ (Object.keys(PAPERS));

/** Replaces the key of each paper in a text by its number. @param {string} text */
export const withNumbers = (text) =>
  text.replace(/\[(\w+)\]/g, (whole, key) => (Object.hasOwn(PAPERS, key) ? `[${PAPER_KEYS.indexOf(key) + 1}]` : whole));

/** The BibTeX entry of a paper. @param {PaperKey} key */
export function bibtex(key) {
  const { title, authors, venue, year, arxiv } = /** @type {Paper} */ (PAPERS[key]);
  const fields = {
    title,
    author: authors.map(([given, family]) => `${family}, ${given}`).join(" and "),
    ...(venue === undefined ? {} : { booktitle: venue }),
    year,
    eprint: arxiv,
    archivePrefix: "arXiv",
  };
  const lines = Object.entries(fields).map(([name, value]) => `  ${name} = {${value}}`);
  return `@${venue === undefined ? "misc" : "inproceedings"}{${key},\n${lines.join(",\n")}\n}`;
}
