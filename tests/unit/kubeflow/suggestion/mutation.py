"""Requests that nobody should send: fields with odd values, and bytes that are no message any more."""

from __future__ import annotations

import random
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

_TEXTS = (
    *("", " ", "-", "0", "-1", "1", "3.5", "nan", "inf", "-inf", "1e400", "unavailable", "9" * 20, "9" * 400),
    *(
        "x" * 5000,
        "ä\u202e\U0001f600" * 50,
        "\x00\x01\n",
        "{{}}",
        "${trialParameters.architecture}",
        "../passwd",
    ),
    *("archmend-random", "archmend-grid", "archmend-", "fc", "seed-fc", "seed-fc-free", "conv", "conv-open"),
    *(
        "28x28x1",
        "64",
        "1x1",
        "0x0",
        "9999999x9999999x9999999",
        "accuracy",
        "accuracy,params",
        "loss",
        "params",
    ),
    *("space", "input_shape", "classes", "seed", "max_params", "max_flops", "objectives", "epochs", "asked"),
    *("self", "name", "budget", "prior", "architecture", "1-1", "10-10", "2-64", "0:1-1", "9999:1-1 1:2-2@3"),
    *("digits", "digits-0", "digits-1", "digits-9999", "digits-10000", "digits-00", "digits-\u0663"),
)
_NUMBERS = (0, 1, 2, 3, 4, 5, 7, 100, 1000, 1001, 9999, 10_000, 10_001, 2**31 - 1, -1, -(2**31))


def mutated(message: Message, rng: random.Random) -> bytes:
    """Return a message's bytes after some changes of its fields, in one of three cases of its bytes, too."""
    changed = type(message)()
    changed.CopyFrom(message)
    for _ in range(rng.choice((1, 1, 2, 3, 8))):
        _change_field(changed, rng)
    data = changed.SerializeToString()
    if rng.random() < 1 / 3:
        for _ in range(rng.choice((1, 1, 2, 5, 50))):
            data = _change_bytes(data, rng)
    return data


def _change_field(message: Message, rng: random.Random) -> None:
    fields = list(message.DESCRIPTOR.fields)
    inner = [f for f in fields if f.type == FieldDescriptor.TYPE_MESSAGE]
    if inner and rng.random() < 0.85:
        field = rng.choice(inner)
        value = getattr(message, field.name)
        if field.is_repeated:
            if value and rng.random() < 0.8:
                _change_field(rng.choice(value), rng)
            else:
                _change_length(value, rng)
        elif rng.random() < 0.04:
            message.ClearField(field.name)
        else:
            _change_field(value, rng)
        return
    field = rng.choice(fields)
    if field.is_repeated:
        _change_length(getattr(message, field.name), rng)
    elif field.type == FieldDescriptor.TYPE_STRING:
        setattr(message, field.name, rng.choice(_TEXTS))
    elif field.type in (FieldDescriptor.TYPE_INT32, FieldDescriptor.TYPE_ENUM):
        setattr(message, field.name, rng.choice(_NUMBERS))


def _change_length(values: Any, rng: random.Random) -> None:
    kind = rng.choice(("less", "twice", "more", "none"))
    if kind == "less" and values:
        del values[rng.randrange(len(values))]
    elif kind == "twice" and values:
        values.append(rng.choice(values))
    elif kind == "more" and hasattr(values, "add"):
        values.add()
    elif kind == "more":
        values.append(rng.choice(_TEXTS))
    elif kind == "none":
        del values[:]


def _change_bytes(data: bytes, rng: random.Random) -> bytes:
    if not data:
        return rng.randbytes(4)
    place = rng.randrange(len(data))
    end = min(len(data), place + rng.choice((1, 1, 2, 8, 64)))
    kind = rng.choice(("flip", "insert", "cut", "repeat", "end"))
    if kind == "flip":
        return data[:place] + bytes([data[place] ^ 1 << rng.randrange(8)]) + data[place + 1 :]
    if kind == "insert":
        return data[:place] + rng.randbytes(end - place) + data[place:]
    if kind == "cut":
        return data[:place] + data[end:]
    if kind == "repeat":
        return data[:end] + data[place:]
    return data[:place]
