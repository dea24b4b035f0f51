# SPDX-License-Identifier: MIT
"""How far a tensor is from its float64 reference, by the measures and the bounds of host/error.h."""

import math

import torch

CHUNK = 1 << 24  # elements at a time in float64


class Sum:
    """Errors of a result that comes in pieces."""

    def __init__(self):
        self.count = self.mismatches = 0
        self.square = self.reference = self.signed = self.largest = 0.0

    def add(self, result, reference):
        for part, expected in zip(result.reshape(-1).split(CHUNK), reference.reshape(-1).split(CHUNK)):
            part, expected = part.double(), expected.double()
            finite = torch.isfinite(part) & torch.isfinite(expected)
            self.mismatches += int((~finite & (part != expected)).sum())
            difference = torch.where(finite, part - expected, torch.zeros_like(part))
            self.square += float((difference * difference).sum())
            self.reference += float(torch.where(finite, expected * expected, torch.zeros_like(part)).sum())
            self.signed += float(difference.sum())
            self.largest = max(self.largest, float(difference.abs().max()))
            self.count += part.numel()

    def against(self, bound):
        count = max(self.count, 1)
        if self.reference:
            relative = math.sqrt(self.square / self.reference)
        else:
            relative = math.inf if self.square else 0.0
        rms, mean = math.sqrt(self.reference / count), self.signed / count
        common_sign = abs(mean) > (0.1 * bound + 4 * relative / math.sqrt(count)) * rms
        return {
            "compared": self.count,
            "relative": relative,
            "largest": self.largest,
            "mean_signed": mean,
            "rms": rms,
            "bound": bound,
            "mismatches": self.mismatches,
            "passes": self.mismatches == 0 and relative <= bound and not common_sign,
        }


def some_rows(count, wanted, generator):
    """Indices of rows to look at: the first, the last, and others at random."""
    if count <= wanted:
        return torch.arange(count)
    drawn = torch.randperm(count, generator=generator)[:wanted]
    drawn[0], drawn[1] = 0, count - 1
    return drawn.unique()
