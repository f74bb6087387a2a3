"""Writes `src/saved_model/messages.txt`: of every message that a SavedModel can hold, the fields that a
parser looks into.

    python3 tests/one_reading/schema.py > src/saved_model/messages.txt

`ci/one_reading.sh` holds the file to this output.
"""

import messages

SavedModel, _ = messages.load(messages.folder())

from google.protobuf.descriptor import FieldDescriptor
from wire import BYTES, FIXED32, FIXED64, VARINT, wire_type_of

HEAD = """\
# The messages that a SavedModel can hold, of TensorFlow {version}, written by tests/one_reading/schema.py.
# A message a line: its name, then of each field that a parser looks into the number and what it holds:
# a message by its name, `s` text, `v` packed varints, `4` and `8` packed numbers of so many bytes.
"""
PACKED = {VARINT: "v", FIXED32: "4", FIXED64: "8"}


def contents(field):
    if field.message_type is not None:
        return field.message_type.full_name.removeprefix("tensorflow.")
    if field.type == FieldDescriptor.TYPE_STRING:
        return "s"
    wire_type = wire_type_of(field)
    return PACKED[wire_type] if field.is_repeated and wire_type != BYTES else None


def main():
    print(HEAD.format(version=messages.pinned()[0]), end="")
    found, at = [SavedModel.DESCRIPTOR], 0
    while at < len(found):
        message = found[at]
        at += 1
        words = [message.full_name.removeprefix("tensorflow.")]
        for field in sorted(message.fields, key=lambda f: f.number):
            if holds := contents(field):
                words.append(f"{field.number}:{holds}")
            if field.message_type is not None and field.message_type not in found:
                found.append(field.message_type)
        print(" ".join(words))


main()
