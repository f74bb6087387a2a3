"""Holds the decoders to protocol buffers' own parser: of the same bytes both see the same.

    python3 tests/one_reading/main.py PROGRAM [MUTATIONS] [SEED]

PROGRAM is the example `see`, built with the feature `testkit`. Fixtures and a dense model of all
constructs are changed at the level of fields, one to three times each: a field given twice, a message
in parts, another wire type, groups, padding, another member of a oneof, damage. For each result both
parsers refuse, or both see the same ops, names, inputs, functions, signatures, collections and
objects. The reference is the parser of google.protobuf with TensorFlow's own messages.
"""

import json
import pathlib
import random
import struct
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict

import messages

# protobuf is in a folder of its own, and can be imported from here on.
CLASSES = messages.load(messages.folder())

import dense
import mutations
import seen
import wire
from google.protobuf.message import DecodeError

FIXTURES = pathlib.Path(__file__).resolve().parents[1] / "fixtures"
LARGEST_FIXTURE = 35_000
# Read in part: they are bytes in a SavedModel or in a checkpoint, which only Python programs parse.
UNREAD = {"RegisteredSaver", "BoolValue", "VariableDef"}
SHOWN = 5


class Seed:
    """A message to be changed: its fields, and its messages by type."""

    def __init__(self, name, kind, class_, data):
        self.name, self.kind, self.class_ = name, kind, class_
        self.root = wire.Message(class_.DESCRIPTOR, wire.read(data, class_.DESCRIPTOR, inner_type))
        assert bytes(wire.write(self.root, bytearray())) == data, name
        self.by_type = defaultdict(list)
        open_ = [self.root]
        while open_:
            found = open_.pop()
            self.by_type[found.type.name].append(found)
            open_ += [f.value for f in found.fields if isinstance(f.value, wire.Message)]
        self.types = sorted(self.by_type)

    def changed(self, rng):
        """The bytes of a changed message, for us and for the reference, and what was done."""
        undo, done = [], []
        for _ in range(rng.choice([1, 1, 2, 3])):
            breaks = rng.random() < 0.06
            name = rng.choice([t for t in self.types if not breaks or t not in UNREAD])
            change = rng.choice(mutations.BREAKS if breaks else mutations.MUTATIONS)
            alike = self.by_type[name]
            message = rng.choice(alike)
            undo.append((message, list(message.fields)))
            change(message, rng, alike)
            done.append(f"{change.__name__} in {name}")
        data = [bytes(wire.write(self.root, bytearray(), upb)) for upb in (False, True)]
        for message, fields in reversed(undo):
            message.fields = fields
        return *data, done

    def expected(self, data):
        """What the reference sees; None where it refuses."""
        try:
            message = self.class_.FromString(data)
            see = seen.saved_model if self.kind == "m" else seen.checkpoint_graph
            return see(message)
        except DecodeError:
            return None


def inner_type(field):
    """The type of the message in a field; that of the variables in a collection is bytes in its own."""
    if field.message_type is None and field.full_name == "tensorflow.CollectionDef.BytesList.value":
        from tensorflow.core.framework.variable_pb2 import VariableDef

        return VariableDef.DESCRIPTOR
    return field.message_type


def seeds(SavedModel, TrackableObjectGraph):
    found = [
        Seed("dense", "m", SavedModel, dense.saved_model(SavedModel).SerializeToString()),
        Seed("checkpoint", "c", TrackableObjectGraph,
             dense.checkpoint_graph(TrackableObjectGraph).SerializeToString()),
    ]
    for path in sorted(FIXTURES.glob("*/model/saved_model.pb")):
        if path.stat().st_size <= LARGEST_FIXTURE:
            found.append(Seed(path.parts[-3], "m", SavedModel, path.read_bytes()))
    return found


def see(program, kind, data):
    program.stdin.write(kind.encode() + struct.pack("<I", len(data)) + data)
    program.stdin.flush()
    return json.loads(program.stdout.readline())


def difference(ours, theirs, path=""):
    """The first place at which two values differ."""
    if isinstance(ours, dict) and isinstance(theirs, dict) and ours.keys() == theirs.keys():
        pairs = [(key, ours[key], theirs[key]) for key in ours]
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        pairs = [(i, *pair) for i, pair in enumerate(zip(ours, theirs))]
    else:
        return f"{path}: {str(ours)[:160]} and {str(theirs)[:160]}" if ours != theirs else None
    return next(filter(None, (difference(a, b, f"{path}.{key}") for key, a, b in pairs)), None)


def compare(program, seed, data, for_reference):
    """What is wrong with our reading; None where it is right. And whether the reference refuses."""
    theirs = seed.expected(for_reference)
    ours = see(program, seed.kind, data)
    if theirs is None:
        return (None if "refused" in ours else "we read what the reference refuses"), True
    if "refused" in ours:
        return f"we refuse what the reference reads: {ours['refused']}", False
    return difference(ours["seen"], theirs), False


def main():
    arguments = sys.argv[1:] + ["10000", "1"][len(sys.argv) - 2 :]
    path, count, first_seed = arguments[0], int(arguments[1]), int(arguments[2])
    all_seeds = seeds(*CLASSES)
    tally, wrong = Counter(), 0
    with subprocess.Popen([path], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as program:
        for seed in all_seeds:
            data = bytes(wire.write(seed.root, bytearray()))
            if fault := compare(program, seed, data, data)[0]:
                sys.exit(f"{seed.name}, unchanged: {fault}")
        # Half of the changes are of the dense model.
        weights = [len(all_seeds) if seed.name == "dense" else 1 for seed in all_seeds]
        for number in range(count):
            rng = random.Random(first_seed * 1_000_003 + number)
            [seed] = rng.choices(all_seeds, weights)
            data, for_reference, done = seed.changed(rng)
            fault, refused = compare(program, seed, data, for_reference)
            tally["refused by both" if refused else "seen alike"] += 1
            wrong += fault is not None
            if fault and wrong <= SHOWN:
                kept = pathlib.Path(tempfile.gettempdir(), f"one_reading.{number}.pb")
                kept.write_bytes(data)
                print(f"{number} ({seed.name}; {', '.join(done)}): {fault}\n  kept as {kept}")
    if wrong:
        sys.exit(f"{wrong} of {count} messages are read otherwise than by protocol buffers' own parser")
    for outcome in ("seen alike", "refused by both"):
        if tally[outcome] < count // 50:
            sys.exit(f"only {tally[outcome]} of {count} were {outcome}: this compares nothing")
    outcomes = ", ".join(f"{number} {outcome}" for outcome, number in tally.items())
    print(f"{count} changes of {len(all_seeds)} messages: {outcomes}")


main()
