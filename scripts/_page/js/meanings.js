// What each number means, in a sentence.

const MEANINGS = {
  time: "Of gradient(weights, X, y) alone, on prepared inputs; the median of the rounds, " +
    "with its 95 % interval.",
  time_mean: "The mean over the rounds; far above the median it tells of other work, or of threads " +
    "that wait.",
  time_p90: "Nine of ten rounds take at most this long.",
  time_over_baseline: "The reciprocal of the speed-up.",
  speed_up: "Time of the baseline over the time in the same round; the median of the rounds.",
  error: "Largest error of a component against a reference in extended precision, relative to the sum " +
    "of the absolute terms that make it up.",
  workspace: "What one call allocates, its result included, as Python's tracemalloc counts it.",
  peak: "Resident memory at its peak during a call, above what the process held before.",
  prepare: "Once per data set: checks, casts, a change of layout. Not part of the time.",
  prepared: "What preparation keeps beside the data.",
  break_even: "From so many calls on, preparation and gradients together take less than the baseline's.",
  read_roof: "Bytes of X over the time of a plain read of them on all threads, in the same rounds.",
  roof_fraction: "Compulsory traffic over time and read roof; above 1 where the kernel reads faster " +
    "than the plain read.",
  chance: "Two processes run the same code in the same rounds: what differs is chance.",
  processors: "CPU time of a call over its wall time: how many processors are busy.",
  epoch: "Of training with one of the solvers, all updates included.",
  kernel_share: "How much of an epoch passes inside the gradient.",
  time_to_loss: "Until the loss is within 1 % of the optimum.",
  final_loss: "After the last epoch.",
  test_accuracy: "Of samples that were not trained on.",
  updates: "Steps of the weights in a whole training.",
};
