/**
 * Success rates of 900 attacks on MNIST, as published in Papernot et al., arXiv 1511.04508: the
 * undefended network, and networks distilled at each temperature.
 *
 * @type {Record<string, number>}
 */
export const PAPER = {
  "undefended 1": 0.9589, "distilled 1": 0.91, "distilled 2": 0.8223, "distilled 5": 0.2467, "distilled 10": 0.0678,
  "distilled 20": 0.0134, "distilled 30": 0.0144, "distilled 40": 0.0045, "distilled 50": 0.0145, "distilled 100": 0.0045,
};
