# SPDX-License-Identifier: MIT
"""Statistics of timed samples, in milliseconds per launch."""


def median(values):
    """The middle one; of an even number the mean of the middle two."""
    ordered = sorted(values)
    if not ordered:
        raise ValueError("the median of no samples")
    count = len(ordered)
    return (ordered[(count - 1) // 2] + ordered[count // 2]) / 2


def summarize(values):
    return {
        "median": median(values),
        "min": min(values),
        "max": max(values),
        "samples": [round(value, 6) for value in values],
    }


def rate(work, milliseconds):
    """Work in 1e12 units a second: TFLOP/s of operations, TB/s of bytes."""
    return work / milliseconds * 1e-9


def ratio(ours, theirs):
    """Our speed over theirs from two medians: above 1, ours is faster."""
    return theirs / ours


def launches_per_sample(milliseconds, sample_milliseconds, most=200):
    """How many launches of `milliseconds` make a sample that events resolve."""
    return max(1, min(most, round(sample_milliseconds / max(milliseconds, 1e-6))))


def rounds(milliseconds, seconds, least=5, most=25):
    """How many rounds of `milliseconds` fit into `seconds`."""
    return max(least, min(most, int(seconds * 1e3 / max(milliseconds, 1e-6))))


def input_sets(set_bytes, cache_bytes, free_bytes, most=24):
    """So many sets of inputs that one is out of the cache before it is used again, and at least 2; as many as half
    of the free memory holds."""
    wanted = -(-3 * cache_bytes // set_bytes)
    room = free_bytes // 2 // set_bytes
    return int(max(1, min(max(2, wanted), most, room)))
