/** Choices that outlive a visit. Storage may be full, forbidden or absent; then a choice lasts as long as the page. */

/** @param {string} key */
export function recall(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

/** @param {string} key @param {string} value */
export function remember(key, value) {
  try {
    localStorage.setItem(key, value);
  } catch {
    // The choice holds for this visit all the same.
  }
}
