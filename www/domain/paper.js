/**
 * What the papers report, as shares of one, to stand beside what is measured: by experiment, data set,
 * attack where there are several, and network (its role, and the temperature of its training). What is
 * assigned is JSON, so that `distill report` reads the same figures (src/bin/distill/paper.rs).
 *
 * - `success`: rates within 112 features. jsma-f: 900 attacks, Papernot et al., arXiv 1511.04508.
 *   jsma-z: a LeNet, Papernot et al., arXiv 1511.07528. not-robust: Carlini and Wagner, arXiv
 *   1607.04311, whose program only takes ink away. cw-l2 and cw-l0, without a limit: Carlini and
 *   Wagner, arXiv 1608.04644.
 * - `size`: how large the successful changes are: a share of the features, for cw-l2 their length.
 *   cw-l0 on CIFAR-10 is left out: 13 and 15 pixels there, of which no one says how many channels changed.
 * - `accuracy`, `robustness`, `amplitude` (the shares of images below 1e-40 and above 1e-3): arXiv
 *   1511.04508; the distilled networks' are read off figures. The robustness of MNIST at T = 20 and of
 *   CIFAR-10 is in the text, and the amplitudes at T = 100 too.
 * - `fgsm`: images misread after a step of 0.3, Papernot and McDaniel, arXiv 1607.05113; read off a
 *   figure, but for the undefended network and T = 100, of which it says "under 1.5 %".
 *
 * @type {{ [experiment: string]: { [dataset: string]: any } }}
 */
export const PAPER = {
  "success": {
    "mnist": {
      "jsma-f": {
        "undefended 1": 0.9589, "distilled 1": 0.91, "distilled 2": 0.8223, "distilled 5": 0.2467, "distilled 10": 0.0678,
        "distilled 20": 0.0134, "distilled 30": 0.0144, "distilled 40": 0.0045, "distilled 50": 0.0145, "distilled 100": 0.0045
      },
      "jsma-z": { "undefended 1": 0.971 },
      "not-robust decrease": { "undefended 1": 0.86, "distilled 100": 0.964 },
      "cw-l2": { "undefended 1": 1, "distilled 100": 1 },
      "cw-l0": { "undefended 1": 1, "distilled 100": 1 }
    },
    "cifar10": {
      "jsma-f": {
        "undefended 1": 0.8789, "distilled 1": 0.9278, "distilled 2": 0.8767, "distilled 5": 0.67, "distilled 10": 0.4756,
        "distilled 20": 0.1823, "distilled 30": 0.1323, "distilled 40": 0.0934, "distilled 50": 0.0623, "distilled 100": 0.0511
      },
      "cw-l2": { "undefended 1": 1, "distilled 100": 1 },
      "cw-l0": { "undefended 1": 1, "distilled 100": 1 }
    }
  },
  "size": {
    "mnist": {
      "jsma-z": { "undefended 1": 0.0402 },
      "not-robust decrease": { "undefended 1": 0.0574, "distilled 100": 0.0464 },
      "cw-l2": { "undefended 1": 1.76, "distilled 100": 2.2 },
      "cw-l0": { "undefended 1": 0.0204, "distilled 100": 0.0242 }
    },
    "cifar10": {
      "cw-l2": { "undefended 1": 0.33, "distilled 100": 0.6 }
    }
  },
  "accuracy": {
    "mnist": {
      "undefended 1": 0.9951, "distilled 1": 0.989, "distilled 2": 0.9823, "distilled 5": 0.9906, "distilled 10": 0.9912,
      "distilled 20": 0.9905, "distilled 30": 0.99, "distilled 40": 0.9908, "distilled 50": 0.989, "distilled 100": 0.9883
    },
    "cifar10": {
      "undefended 1": 0.8095, "distilled 1": 0.8089, "distilled 2": 0.8221, "distilled 5": 0.8219, "distilled 10": 0.819,
      "distilled 20": 0.815, "distilled 30": 0.8071, "distilled 40": 0.8112, "distilled 50": 0.8102, "distilled 100": 0.7958
    }
  },
  "robustness": {
    "mnist": {
      "undefended 1": 0.0155, "distilled 1": 0.012, "distilled 2": 0.0145, "distilled 5": 0.095, "distilled 10": 0.117,
      "distilled 20": 0.1379, "distilled 30": 0.136, "distilled 40": 0.141
    },
    "cifar10": { "undefended 1": 0.0039, "distilled 50": 0.0256 }
  },
  "amplitude": {
    "cifar10": {
      "undefended 1": { "below": 0.0008, "above": 0.4763 }, "distilled 2": { "below": 0, "above": 0.307 }, "distilled 5": { "below": 0.011, "above": 0.164 },
      "distilled 10": { "below": 0.169, "above": 0.105 }, "distilled 20": { "below": 0.429, "above": 0.06 }, "distilled 30": { "below": 0.534, "above": 0.048 },
      "distilled 40": { "below": 0.628, "above": 0.038 }, "distilled 50": { "below": 0.676, "above": 0.034 }, "distilled 100": { "below": 0.7908, "above": 0.0172 }
    }
  },
  "fgsm": {
    "mnist": {
      "undefended 1": 0.8803, "distilled 1": 0.87, "distilled 2": 0.9, "distilled 5": 0.71, "distilled 10": 0.21,
      "distilled 20": 0.045, "distilled 30": 0.025, "distilled 40": 0.023, "distilled 50": 0.02, "distilled 100": 0.015
    }
  }
};
