"""scikit-learn's isolation forest with its default size, on one thread: fit all rows of a file, score them all, score some one by one.

    forest_sklearn.py FILE COLUMNS

Prints its version, the seconds of the fit and of the scoring, and the microseconds of a single row.
"""

import sys
import time

import numpy as np
import sklearn
from sklearn.ensemble import IsolationForest

ROUNDS = 3
SINGLE = 100

rows = np.fromfile(sys.argv[1], "<f4").reshape(-1, int(sys.argv[2]))


def seconds(work):
    """The best of several rounds: the others measure what else the machine does."""
    best = float("inf")
    for _ in range(ROUNDS):
        before = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - before)
    return best


def one_by_one():
    for row in range(SINGLE):
        forest.score_samples(rows[row : row + 1])


forest = IsolationForest(n_estimators=100, max_samples=256, random_state=1)
fit = seconds(lambda: forest.fit(rows))
score = seconds(lambda: forest.score_samples(rows))
print(sklearn.__version__, fit, score, seconds(one_by_one) / SINGLE * 1e6)
