#!/usr/bin/python3
"""Vision transformer: 25 patches that overlap a little, learned positions, pre-norm encoder blocks, mean over patches."""
import torch
import torch.nn as nn

import training


class Attention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads, self.size = heads, width // heads
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)

    def forward(self, x):
        n, tokens, width = x.shape
        split = lambda t: t.reshape(n, tokens, self.heads, self.size).transpose(1, 2)
        q, k, v = (split(t) for t in self.qkv(x).chunk(3, dim=-1))
        scores = q @ k.transpose(-2, -1) * self.size ** -0.5
        mixed = scores.softmax(dim=-1) @ v
        return self.out(mixed.transpose(1, 2).reshape(n, tokens, width))


class Encoder(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.norm1, self.attention = nn.LayerNorm(width), Attention(width, heads)
        self.norm2 = nn.LayerNorm(width)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, x):
        x = x + self.attention(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class Transformer(nn.Module):
    def __init__(self, width=96, heads=3, depth=3):
        super().__init__()
        self.patches = nn.Conv2d(1, width, kernel_size=8, stride=5)
        self.position = nn.Parameter(0.02 * torch.randn(1, 25, width))
        self.encoder = nn.Sequential(*(Encoder(width, heads) for _ in range(depth)))
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, 10)

    def forward(self, x):
        tokens = self.patches(x).flatten(2).transpose(1, 2) + self.position
        return self.head(self.norm(self.encoder(tokens)).mean(dim=1))


if __name__ == "__main__":
    settings = training.Settings(epochs=8, peak_rate=1e-3, batch=64, weight_decay=0.05, shift=1, bfloat16=True)
    training.main(Transformer, settings, "transformer")
