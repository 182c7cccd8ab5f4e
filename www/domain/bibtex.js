/** What the page and the lab cite, to copy. */
export const BIBTEX = {
  limitations: `@inproceedings{papernot2016limitations,
  title = {The Limitations of Deep Learning in Adversarial Settings},
  author = {Papernot, Nicolas and McDaniel, Patrick and Jha, Somesh and Fredrikson, Matt and Celik, Z. Berkay and Swami, Ananthram},
  booktitle = {IEEE European Symposium on Security and Privacy},
  year = {2016},
  eprint = {1511.07528},
  archivePrefix = {arXiv}
}`,
  distillation: `@inproceedings{papernot2016distillation,
  title = {Distillation as a Defense to Adversarial Perturbations against Deep Neural Networks},
  author = {Papernot, Nicolas and McDaniel, Patrick and Wu, Xi and Jha, Somesh and Swami, Ananthram},
  booktitle = {IEEE Symposium on Security and Privacy},
  year = {2016},
  eprint = {1511.04508},
  archivePrefix = {arXiv}
}`,
  notRobust: `@misc{carlini2016defensive,
  title = {Defensive Distillation is Not Robust to Adversarial Examples},
  author = {Carlini, Nicholas and Wagner, David},
  year = {2016},
  eprint = {1607.04311},
  archivePrefix = {arXiv}
}`,
  evaluating: `@inproceedings{carlini2017evaluating,
  title = {Towards Evaluating the Robustness of Neural Networks},
  author = {Carlini, Nicholas and Wagner, David},
  booktitle = {IEEE Symposium on Security and Privacy},
  year = {2017},
  eprint = {1608.04644},
  archivePrefix = {arXiv}
}`,
  effectiveness: `@misc{papernot2016effectiveness,
  title = {On the Effectiveness of Defensive Distillation},
  author = {Papernot, Nicolas and McDaniel, Patrick},
  year = {2016},
  eprint = {1607.05113},
  archivePrefix = {arXiv}
}`,
  explaining: `@inproceedings{goodfellow2015explaining,
  title = {Explaining and Harnessing Adversarial Examples},
  author = {Goodfellow, Ian J. and Shlens, Jonathon and Szegedy, Christian},
  booktitle = {International Conference on Learning Representations},
  year = {2015},
  eprint = {1412.6572},
  archivePrefix = {arXiv}
}`,
};
