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
export function closestLanguage(wanted, tags) {
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
