/**
 * Success rates of 900 attacks, as published in Papernot et al., arXiv 1511.04508: for each data set
 * the undefended network, and networks distilled at each temperature.
 *
 * @type {Record<string, Record<string, number>>}
 */
export const PAPER = {
  mnist: {
    "undefended 1": 0.9589, "distilled 1": 0.91, "distilled 2": 0.8223, "distilled 5": 0.2467, "distilled 10": 0.0678,
    "distilled 20": 0.0134, "distilled 30": 0.0144, "distilled 40": 0.0045, "distilled 50": 0.0145, "distilled 100": 0.0045,
  },
  cifar10: {
    "undefended 1": 0.8789, "distilled 1": 0.9278, "distilled 2": 0.8767, "distilled 5": 0.67, "distilled 10": 0.4756,
    "distilled 20": 0.1823, "distilled 30": 0.1323, "distilled 40": 0.0934, "distilled 50": 0.0623, "distilled 100": 0.0511,
  },
};
