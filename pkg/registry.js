// Generated from the Rust sources by `npm run registry`.

/** Every attack by its id. */
export const ATTACKS = /** @type {const} */ ({
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
    "settings": [
      {
        "name": "direction",
        "type": "choice",
        "choices": [
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
        "range": [
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
        "range": [
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
    "settings": [
      {
        "name": "direction",
        "type": "choice",
        "choices": [
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
        "range": [
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
        "range": [
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
        "range": [
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
    "settings": [
      {
        "name": "direction",
        "type": "choice",
        "choices": [
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
        "range": [
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
        "range": [
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
    "settings": [
      {
        "name": "direction",
        "type": "choice",
        "choices": [
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
        "range": [
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
        "range": [
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
        "range": [
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
    "settings": [
      {
        "name": "epsilon",
        "type": "number",
        "unit": "pixel",
        "range": [
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
        "range": [
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
    "settings": [
      {
        "name": "direction",
        "type": "choice",
        "choices": [
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
        "range": [
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
        "range": [
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
        "range": [
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
    "settings": [
      {
        "name": "confidence",
        "type": "number",
        "unit": "logits",
        "range": [
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
        "range": [
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
        "range": [
          1,
          20
        ],
        "default": 5
      },
      {
        "name": "learning_rate",
        "type": "number",
        "range": [
          0,
          1
        ],
        "exclusiveMin": true,
        "default": 0.1
      },
      {
        "name": "c",
        "type": "number",
        "range": [
          1e-6,
          1000000
        ],
        "default": 1
      },
      {
        "name": "c_scale",
        "type": "choice",
        "choices": [
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
    "settings": [
      {
        "name": "confidence",
        "type": "number",
        "unit": "logits",
        "range": [
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
        "range": [
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
        "range": [
          1,
          1000000
        ],
        "default": 3000
      },
      {
        "name": "learning_rate",
        "type": "number",
        "range": [
          0,
          1
        ],
        "exclusiveMin": true,
        "default": 0.1
      },
      {
        "name": "c",
        "type": "number",
        "range": [
          1e-6,
          10000000
        ],
        "default": 1
      },
      {
        "name": "largest_c",
        "type": "number",
        "range": [
          1e-6,
          10000000
        ],
        "default": 64
      },
      {
        "name": "c_scale",
        "type": "choice",
        "choices": [
          "fixed",
          "gradient"
        ],
        "default": "gradient",
        "link": "fixed"
      }
    ]
  }
});

/** Every data set by its id. */
export const DATASETS = /** @type {const} */ ({
  "mnist": {
    "id": "mnist",
    "name": "MNIST",
    "shape": [
      1,
      28,
      28
    ],
    "features": 784,
    "classes": [
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
    "shape": [
      3,
      32,
      32
    ],
    "features": 3072,
    "classes": [
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
});

/** Every experiment by its id. */
export const EXPERIMENTS = /** @type {const} */ ({
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
});
