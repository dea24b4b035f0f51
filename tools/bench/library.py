# SPDX-License-Identifier: MIT
"""libtilewright_bench (bench.h) for Python."""

import ctypes

RANK = 4
NAME = 32
UNAVAILABLE, DEVICE = 2, 6  # TW_UNAVAILABLE and TW_DEVICE of host/status.h


class Tensor(ctypes.Structure):
    _fields_ = [
        ("name", ctypes.c_char_p),
        ("data", ctypes.c_void_p),
        ("rank", ctypes.c_int64),
        ("dim", ctypes.c_int64 * RANK),
        ("stride", ctypes.c_int64 * RANK),
    ]


class Error(ctypes.Structure):
    _fields_ = [
        ("tensor", ctypes.c_char * NAME),
        ("relative", ctypes.c_double),
        ("largest", ctypes.c_double),
        ("mean_signed", ctypes.c_double),
        ("rms", ctypes.c_double),
        ("bound", ctypes.c_double),
        ("count", ctypes.c_int64),
        ("mismatches", ctypes.c_int64),
        ("passes", ctypes.c_int64),
    ]

    def as_dict(self):
        row = {name: getattr(self, name) for name, _ in self._fields_}
        row["tensor"] = self.tensor.decode()
        row["passes"] = bool(self.passes)
        return row


class Failure(Exception):
    """A call was refused, with a tw_code and the library's own words."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


class Library:
    def __init__(self, path):
        library = ctypes.CDLL(path)
        pointer, text, number = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int64
        signatures = {
            "message": (text, []),
            "open": (ctypes.c_int, [text, ctypes.POINTER(pointer)]),
            "close": (None, [pointer]),
            "target": (text, [pointer]),
            "device": (text, [pointer]),
            "compile": (ctypes.c_int, [text, text, text, text, number]),
            "prepare": (ctypes.c_int,
                        [pointer, text, text, ctypes.POINTER(Tensor), number, ctypes.POINTER(pointer)]),
            "random": (ctypes.c_int, [pointer, text, text, number, ctypes.POINTER(pointer)]),
            "release": (None, [pointer]),
            "bytes": (ctypes.c_double, [pointer]),
            "launch": (ctypes.c_int, [pointer, pointer]),
            "synchronize": (ctypes.c_int, [pointer]),
            "check": (ctypes.c_int, [pointer, text, text, number, number, ctypes.POINTER(Error), number,
                                     ctypes.POINTER(number)]),
        }
        for name, (result, parameters) in signatures.items():
            function = getattr(library, "tw_bench_" + name)
            function.restype, function.argtypes = result, parameters
            setattr(self, name, function)

    def must(self, code):
        if code:
            raise Failure(code, self.message().decode(errors="replace"))

    def compiled(self, target, kernel, settings):
        """The instance's file, compiled if need be. Threads may call this at the same time."""
        path = ctypes.create_string_buffer(4096)
        self.must(self.compile(target.encode(), kernel.encode(), settings.encode(), path, len(path)))
        return path.value.decode()


class Target:
    """An open target. Close what was prepared on it first."""

    def __init__(self, library, name):
        self.library = library
        self.handle = ctypes.c_void_p()
        library.must(library.open(name.encode(), ctypes.byref(self.handle)))
        self.name = library.target(self.handle).decode()
        self.device = library.device(self.handle).decode()

    def close(self):
        self.library.close(self.handle)
        self.handle = None

    def check(self, kernel, settings, seed, pad):
        """The errors of one run on random inputs, output by output."""
        errors = (Error * 8)()
        count = ctypes.c_int64()
        self.library.must(self.library.check(self.handle, kernel.encode(), settings.encode(), seed, pad, errors,
                                             len(errors), ctypes.byref(count)))
        return [errors[i].as_dict() for i in range(count.value)]


class Ready:
    """A kernel whose tensors are on the device."""

    def __init__(self, target):
        self.library = target.library
        self.handle = ctypes.c_void_p()

    def launch(self, stream):
        self.library.must(self.library.launch(self.handle, stream))

    def release(self):
        self.library.release(self.handle)
        self.handle = None


class Random(Ready):
    """A kernel on random inputs in memory of its own."""

    def __init__(self, target, kernel, settings, seed):
        super().__init__(target)
        self.library.must(self.library.random(target.handle, kernel.encode(), settings.encode(), seed,
                                              ctypes.byref(self.handle)))
        self.bytes = self.library.bytes(self.handle)


class Problem(Ready):
    """A kernel on PyTorch's tensors, by the kernel's names for them."""

    def __init__(self, target, kernel, settings, tensors):
        super().__init__(target)
        self.tensors = tensors  # keeps the memory
        rows = (Tensor * len(tensors))()
        for row, (name, tensor) in zip(rows, tensors.items()):
            row.name, row.data, row.rank = name.encode(), tensor.data_ptr(), tensor.dim()
            for d in range(tensor.dim()):
                row.dim[d], row.stride[d] = tensor.shape[d], tensor.stride(d)
        self.library.must(self.library.prepare(target.handle, kernel.encode(), settings.encode(), rows, len(rows),
                                               ctypes.byref(self.handle)))
