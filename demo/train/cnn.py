#!/usr/bin/python3
"""Residual CNN: a stem, then two stages that each halve the image and end in one residual block."""
import torch
import torch.nn as nn

import training


def conv(inputs, outputs, stride=1):
    return nn.Sequential(nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs))


class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.conv1, self.conv2, self.relu = conv(width, width), conv(width, width), nn.ReLU()

    def forward(self, x):
        return self.relu(x + self.conv2(self.relu(self.conv1(x))))


class Cnn(nn.Module):
    def __init__(self, widths=(32, 56, 104)):
        super().__init__()
        first, second, third = widths
        self.stem = nn.Sequential(conv(1, first), nn.ReLU())
        self.stage1 = nn.Sequential(conv(first, second, 2), nn.ReLU(), Block(second))
        self.stage2 = nn.Sequential(conv(second, third, 2), nn.ReLU(), Block(third))
        self.pool, self.head = nn.AdaptiveAvgPool2d(1), nn.Linear(third, 10)

    def forward(self, x):
        return self.head(self.pool(self.stage2(self.stage1(self.stem(x)))).flatten(1))


if __name__ == "__main__":
    channels_last = lambda: Cnn().to(memory_format=torch.channels_last)  # trains faster on a CPU
    training.main(channels_last, training.Settings(epochs=5, peak_rate=4e-3, shift=1, bfloat16=True), "cnn")
