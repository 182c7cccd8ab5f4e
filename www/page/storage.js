/** Saves choices for later visits. Without storage, or if it is full, a choice lasts until the page is closed. */

/** @param {string} key */
export function loadChoice(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

/** @param {string} key @param {string} value */
export function saveChoice(key, value) {
  try {
    localStorage.setItem(key, value);
  } catch {
    // The choice still holds for this visit.
  }
}
