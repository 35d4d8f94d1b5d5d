#!/usr/bin/python3
"""Two LSTM layers that read an image row by row, 28 steps of 28 pixels; the last step decides."""
import torch.nn as nn

import training


class Lstm(nn.Module):
    def __init__(self, width=128):
        super().__init__()
        self.lstm = nn.LSTM(28, width, num_layers=2, batch_first=True)
        self.head = nn.Linear(width, 10)

    def forward(self, x):
        steps, _ = self.lstm(x.squeeze(1))
        return self.head(steps[:, -1])


if __name__ == "__main__":
    training.main(Lstm, training.Settings(epochs=15, peak_rate=3e-3), "lstm")
