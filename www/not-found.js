/**
 * The page for addresses that do not exist, which the host sends. Some programs encode the `#` of a link, so that the
 * host is asked for a file of the link's name. This leads on to the link.
 */
import { parseLink } from "./link/link.js";

const base = new URL("../", import.meta.url);
const rest = (location.pathname + location.search + location.hash).slice(base.pathname.length);
const read = parseLink(rest);
if (read && !read.dropped.includes("start")) {
  // The page mends what is left of the link's text.
  base.hash = rest;
  location.replace(base);
}
