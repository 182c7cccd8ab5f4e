// Generated from the Rust sources by `npm run registry`.

/** Every attack by its id. */
export declare const ATTACKS: {
  "jsma-f": {
    "id": "jsma-f",
    "paper": "papernot2016distillation",
    "output": "softmax",
    "temperature": {
      "always": false,
      "sibling": "jsma-t"
    },
    "changes": "pair",
    "norm": "L0",
    "backwardRows": 1,
    "untargeted": false,
    "resumable": true,
    "stepCost": 24,
    "settings": readonly [
      {
        "name": "direction",
        "type": "choice",
        "choices": readonly [
          "increase",
          "decrease"
        ],
        "default": "increase",
        "link": "increase"
      },
      {
        "name": "theta",
        "type": "number",
        "unit": "pixel",
        "range": readonly [
          0,
          1
        ],
        "exclusiveMin": true,
        "page": {
          "min": 0.01,
          "max": 1,
          "step": 0.01
        },
        "default": 1,
        "link": 1
      },
      {
        "name": "budget",
        "type": "integer",
        "unit": "features",
        "range": readonly [
          0,
          "features"
        ],
        "page": {
          "min": 0,
          "max": "features",
          "step": 1
        },
        "default": 112,
        "link": 112
      }
    ]
  },
  "jsma-t": {
    "id": "jsma-t",
    "paper": "carlini2016defensive",
    "output": "softmax-at-t",
    "temperature": {
      "always": true,
      "sibling": "jsma-f"
    },
    "changes": "pair",
    "norm": "L0",
    "backwardRows": 1,
    "untargeted": false,
    "resumable": true,
    "stepCost": 24,
    "settings": readonly [
      {
        "name": "direction",
        "type": "choice",
        "choices": readonly [
          "increase",
          "decrease"
        ],
        "default": "increase",
        "link": "increase"
      },
      {
        "name": "theta",
        "type": "number",
        "unit": "pixel",
        "range": readonly [
          0,
          1
        ],
        "exclusiveMin": true,
        "page": {
          "min": 0.01,
          "max": 1,
          "step": 0.01
        },
        "default": 1,
        "link": 1
      },
      {
        "name": "budget",
        "type": "integer",
        "unit": "features",
        "range": readonly [
          0,
          "features"
        ],
        "page": {
          "min": 0,
          "max": "features",
          "step": 1
        },
        "default": 112,
        "link": 112
      },
      {
        "name": "temperature",
        "type": "number",
        "range": readonly [
          1e-6,
          1000000000
        ],
        "default": 1
      }
    ]
  },
  "jsma-z": {
    "id": "jsma-z",
    "paper": "papernot2016limitations",
    "output": "logits",
    "temperature": null,
    "changes": "pair",
    "norm": "L0",
    "backwardRows": 2,
    "untargeted": false,
    "resumable": true,
    "stepCost": 40,
    "settings": readonly [
      {
        "name": "direction",
        "type": "choice",
        "choices": readonly [
          "increase",
          "decrease"
        ],
        "default": "increase",
        "link": "increase"
      },
      {
        "name": "theta",
        "type": "number",
        "unit": "pixel",
        "range": readonly [
          0,
          1
        ],
        "exclusiveMin": true,
        "page": {
          "min": 0.01,
          "max": 1,
          "step": 0.01
        },
        "default": 1,
        "link": 1
      },
      {
        "name": "budget",
        "type": "integer",
        "unit": "features",
        "range": readonly [
          0,
          "features"
        ],
        "page": {
          "min": 0,
          "max": "features",
          "step": 1
        },
        "default": 112,
        "link": 112
      }
    ]
  },
  "not-robust": {
    "id": "not-robust",
    "paper": "carlini2016defensive",
    "output": "softmax-at-t",
    "temperature": {
      "always": true,
      "sibling": null
    },
    "changes": "feature",
    "norm": "L0",
    "backwardRows": 1,
    "untargeted": false,
    "resumable": true,
    "stepCost": 40,
    "settings": readonly [
      {
        "name": "direction",
        "type": "choice",
        "choices": readonly [
          "increase",
          "decrease",
          "either"
        ],
        "default": "increase",
        "link": "increase"
      },
      {
        "name": "theta",
        "type": "number",
        "unit": "pixel",
        "range": readonly [
          0,
          1
        ],
        "exclusiveMin": true,
        "page": {
          "min": 0.01,
          "max": 1,
          "step": 0.01
        },
        "default": 1,
        "link": 1
      },
      {
        "name": "budget",
        "type": "integer",
        "unit": "features",
        "range": readonly [
          0,
          "features"
        ],
        "page": {
          "min": 0,
          "max": "features",
          "step": 1
        },
        "default": 112,
        "link": 112
      },
      {
        "name": "temperature",
        "type": "number",
        "range": readonly [
          1e-6,
          1000000000
        ],
        "default": 1
      }
    ]
  },
  "fgsm": {
    "id": "fgsm",
    "paper": "goodfellow2015explaining",
    "output": "loss",
    "temperature": {
      "always": false,
      "sibling": null
    },
    "changes": "all",
    "norm": "Linf",
    "backwardRows": 1,
    "untargeted": true,
    "resumable": true,
    "stepCost": 1,
    "settings": readonly [
      {
        "name": "epsilon",
        "type": "number",
        "unit": "pixel",
        "range": readonly [
          0,
          1
        ],
        "page": {
          "min": 0,
          "max": 1,
          "step": 0.01
        },
        "default": 0.3,
        "link": 0.3
      },
      {
        "name": "temperature",
        "type": "number",
        "range": readonly [
          1e-6,
          1000000000
        ],
        "default": 1
      }
    ]
  },
  "random-pairs": {
    "id": "random-pairs",
    "paper": null,
    "output": null,
    "temperature": null,
    "changes": "pair",
    "norm": "L0",
    "backwardRows": 0,
    "untargeted": true,
    "resumable": true,
    "stepCost": 25,
    "settings": readonly [
      {
        "name": "direction",
        "type": "choice",
        "choices": readonly [
          "increase",
          "decrease"
        ],
        "default": "increase",
        "link": "increase"
      },
      {
        "name": "theta",
        "type": "number",
        "unit": "pixel",
        "range": readonly [
          0,
          1
        ],
        "exclusiveMin": true,
        "page": {
          "min": 0.01,
          "max": 1,
          "step": 0.01
        },
        "default": 1,
        "link": 1
      },
      {
        "name": "budget",
        "type": "integer",
        "unit": "features",
        "range": readonly [
          0,
          "features"
        ],
        "page": {
          "min": 0,
          "max": "features",
          "step": 1
        },
        "default": 112,
        "link": 112
      },
      {
        "name": "seed",
        "type": "integer",
        "range": readonly [
          0,
          18446744073709551615
        ],
        "page": {
          "min": 0,
          "max": 999999,
          "step": 1
        },
        "default": 0,
        "link": 0
      }
    ]
  },
  "cw-l2": {
    "id": "cw-l2",
    "paper": "carlini2017evaluating",
    "output": "margin",
    "temperature": null,
    "changes": "descent",
    "norm": "L2",
    "backwardRows": 1,
    "untargeted": false,
    "resumable": false,
    "stepCost": 1000,
    "settings": readonly [
      {
        "name": "confidence",
        "type": "number",
        "unit": "logits",
        "range": readonly [
          0,
          1000000
        ],
        "page": {
          "min": 0,
          "max": 100,
          "step": 1
        },
        "default": 0,
        "link": 0
      },
      {
        "name": "iterations",
        "type": "integer",
        "unit": "steps",
        "range": readonly [
          1,
          10000
        ],
        "page": {
          "min": 10,
          "max": 1000,
          "step": 10
        },
        "default": 200,
        "link": 200
      },
      {
        "name": "searches",
        "type": "integer",
        "range": readonly [
          1,
          20
        ],
        "default": 5
      },
      {
        "name": "learning_rate",
        "type": "number",
        "range": readonly [
          0,
          1
        ],
        "exclusiveMin": true,
        "default": 0.1
      },
      {
        "name": "c",
        "type": "number",
        "range": readonly [
          1e-6,
          1000000
        ],
        "default": 1
      },
      {
        "name": "c_scale",
        "type": "choice",
        "choices": readonly [
          "fixed",
          "gradient"
        ],
        "default": "gradient",
        "link": "fixed"
      }
    ]
  },
  "cw-l0": {
    "id": "cw-l0",
    "paper": "carlini2017evaluating",
    "output": "margin",
    "temperature": null,
    "changes": "descent",
    "norm": "L0",
    "backwardRows": 1,
    "untargeted": false,
    "resumable": false,
    "stepCost": 1300,
    "settings": readonly [
      {
        "name": "confidence",
        "type": "number",
        "unit": "logits",
        "range": readonly [
          0,
          1000000
        ],
        "page": {
          "min": 0,
          "max": 100,
          "step": 1
        },
        "default": 0,
        "link": 0
      },
      {
        "name": "iterations",
        "type": "integer",
        "unit": "steps",
        "range": readonly [
          1,
          10000
        ],
        "page": {
          "min": 10,
          "max": 1000,
          "step": 10
        },
        "default": 200,
        "link": 200
      },
      {
        "name": "limit",
        "type": "integer",
        "unit": "steps",
        "range": readonly [
          1,
          1000000
        ],
        "default": 3000
      },
      {
        "name": "learning_rate",
        "type": "number",
        "range": readonly [
          0,
          1
        ],
        "exclusiveMin": true,
        "default": 0.1
      },
      {
        "name": "c",
        "type": "number",
        "range": readonly [
          1e-6,
          10000000
        ],
        "default": 1
      },
      {
        "name": "largest_c",
        "type": "number",
        "range": readonly [
          1e-6,
          10000000
        ],
        "default": 64
      },
      {
        "name": "c_scale",
        "type": "choice",
        "choices": readonly [
          "fixed",
          "gradient"
        ],
        "default": "gradient",
        "link": "fixed"
      }
    ]
  }
};

/** Every data set by its id. */
export declare const DATASETS: {
  "mnist": {
    "id": "mnist",
    "name": "MNIST",
    "shape": readonly [
      1,
      28,
      28
    ],
    "features": 784,
    "classes": readonly [
      "0",
      "1",
      "2",
      "3",
      "4",
      "5",
      "6",
      "7",
      "8",
      "9"
    ],
    "budget": 112,
    "drawn": true,
    "first": {
      "label": 7,
      "target": 3
    }
  },
  "cifar10": {
    "id": "cifar10",
    "name": "CIFAR-10",
    "shape": readonly [
      3,
      32,
      32
    ],
    "features": 3072,
    "classes": readonly [
      "airplane",
      "automobile",
      "bird",
      "cat",
      "deer",
      "dog",
      "frog",
      "horse",
      "ship",
      "truck"
    ],
    "budget": 112,
    "drawn": false,
    "first": {
      "label": 3,
      "target": 5
    }
  }
};

/** Every experiment by its id. */
export declare const EXPERIMENTS: {
  "success": {
    "id": "success",
    "attacks": true,
    "chooses": true,
    "attempts": "targets",
    "shownTo": false,
    "images": 100
  },
  "amplitude": {
    "id": "amplitude",
    "attacks": false,
    "chooses": false,
    "attempts": "images",
    "shownTo": false,
    "images": 2000
  },
  "robustness": {
    "id": "robustness",
    "attacks": true,
    "chooses": true,
    "attempts": "targets",
    "shownTo": false,
    "images": 200
  },
  "fgsm": {
    "id": "fgsm",
    "attacks": true,
    "chooses": false,
    "attempts": "images",
    "shownTo": false,
    "images": 2000
  },
  "pairs": {
    "id": "pairs",
    "attacks": true,
    "chooses": true,
    "attempts": "targets",
    "shownTo": false,
    "images": 100
  },
  "transfer": {
    "id": "transfer",
    "attacks": true,
    "chooses": true,
    "attempts": "targets",
    "shownTo": true,
    "images": 100
  }
};

/** JSMA through the softmax output at T = 1, as in the paper on distillation. */
export interface JsmaF {
  attack: "jsma-f";
  /** Which way features move. */
  direction: "increase" | "decrease";
  /** By how much a feature changes at a time, in units of the pixel's range, above 0 and at most 1. */
  theta: number;
  /** How many features may change, from 0 to the number of features. */
  budget: number;
}

/** JSMA through softmax(z / T). */
export interface JsmaT {
  attack: "jsma-t";
  /** Which way features move. */
  direction: "increase" | "decrease";
  /** By how much a feature changes at a time, in units of the pixel's range, above 0 and at most 1. */
  theta: number;
  /** How many features may change, from 0 to the number of features. */
  budget: number;
  /** T of the softmax that the attack differentiates, from 0.000001 to 1000000000. */
  temperature: number;
}

/** JSMA on the logits, as in the paper on the attack. */
export interface JsmaZ {
  attack: "jsma-z";
  /** Which way features move. */
  direction: "increase" | "decrease";
  /** By how much a feature changes at a time, in units of the pixel's range, above 0 and at most 1. */
  theta: number;
  /** How many features may change, from 0 to the number of features. */
  budget: number;
}

/** Carlini and Wagner's JSMA: through softmax(z / T), one feature at a time. */
export interface NotRobust {
  attack: "not-robust";
  /** Which way features move. */
  direction: "increase" | "decrease" | "either";
  /** By how much a feature changes at a time, in units of the pixel's range, above 0 and at most 1. */
  theta: number;
  /** How many features may change, from 0 to the number of features. */
  budget: number;
  /** T of the softmax that the attack differentiates, from 0.000001 to 1000000000. */
  temperature: number;
}

/** The fast gradient sign method on the cross-entropy of softmax(z / T). */
export interface Fgsm {
  attack: "fgsm";
  /** How far every feature moves, in units of the pixel's range, from 0 to 1. */
  epsilon: number;
  /** T of the softmax that the attack differentiates, from 0.000001 to 1000000000. Default: 1. */
  temperature?: number;
}

/** The random baseline: JSMA's loop with features drawn at random. */
export interface RandomPairs {
  attack: "random-pairs";
  /** Which way features move. */
  direction: "increase" | "decrease";
  /** By how much a feature changes at a time, in units of the pixel's range, above 0 and at most 1. */
  theta: number;
  /** How many features may change, from 0 to the number of features. */
  budget: number;
  /** The seed of all draws, from 0 to 18446744073709551615. Default: 0. */
  seed?: number;
}

/** Carlini and Wagner's attack with the least Euclidean length. */
export interface CwL2 {
  attack: "cw-l2";
  /** κ: by how much the target's logit should exceed all others, from 0 to 1000000. Default: 0. */
  confidence?: number;
  /** Steps of each descent, from 1 to 10000. Default: 200. */
  iterations?: number;
  /** The number of descents, each with its own c, from 1 to 20. Default: 5. */
  searches?: number;
  /** The learning rate of Adam, above 0 and at most 1. Default: 0.1. */
  learning_rate?: number;
  /** The first weight c of the margin against the distance, from 0.000001 to 1000000. Default: 1. */
  c?: number;
  /** The unit of c: fixed, as in the authors' code, so that results depend on the scale of the logits; or from the first gradient, so that they do not. Default: "fixed". */
  c_scale?: "fixed" | "gradient";
}

/** Carlini and Wagner's attack that changes the fewest features. */
export interface CwL0 {
  attack: "cw-l0";
  /** κ: by how much the target's logit should exceed all others, from 0 to 1000000. Default: 0. */
  confidence?: number;
  /** Steps of each descent, from 1 to 10000. Default: 200. */
  iterations?: number;
  /** Steps of all rounds together, from 1 to 1000000. Default: 3000. */
  limit?: number;
  /** The learning rate of Adam, above 0 and at most 1. Default: 0.1. */
  learning_rate?: number;
  /** The first weight c of the margin against the distance, from 0.000001 to 10000000. Default: 1. */
  c?: number;
  /** c is doubled up to it, from 0.000001 to 10000000. Default: 64. */
  largest_c?: number;
  /** The unit of c: fixed, as in the authors' code, so that results depend on the scale of the logits; or from the first gradient, so that they do not. Default: "fixed". */
  c_scale?: "fixed" | "gradient";
}

/** An attack by its id, with its settings. */
export type Attack = JsmaF | JsmaT | JsmaZ | NotRobust | Fgsm | RandomPairs | CwL2 | CwL0;
