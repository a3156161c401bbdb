"""The same network, rows, batches and optimiser in PyTorch, on one thread.

    train_torch.py FILE SIZES BATCH EPOCHS

Prints its version and the seconds of CPU of the training.
"""

import sys
import time

import numpy as np
import torch

torch.set_num_threads(1)
sizes = [int(size) for size in sys.argv[2].split(",")]
batch, epochs = int(sys.argv[3]), int(sys.argv[4])
rows = torch.from_numpy(np.fromfile(sys.argv[1], "<f4").reshape(-1, sizes[0]))

layers = []
for inputs, outputs in zip(sizes, sizes[1:]):
    layers += [torch.nn.Linear(inputs, outputs), torch.nn.Tanh()]
network = torch.nn.Sequential(*layers[:-1])
adam = torch.optim.Adam(network.parameters(), lr=1e-3)
loss = torch.nn.MSELoss()

before = time.process_time()
for _ in range(epochs):
    order = torch.randperm(len(rows))
    for start in range(0, len(rows), batch):
        some = rows[order[start : start + batch]]
        adam.zero_grad()
        loss(network(some), some).backward()
        adam.step()
print(torch.__version__, time.process_time() - before)
