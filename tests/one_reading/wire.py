"""A message as the fields that its bytes hold, to be changed field by field and written again.

A field keeps how it was written: order, repetition, parts, padding. No parser looks at it in between.
"""

from google.protobuf.descriptor import FieldDescriptor

VARINT, FIXED64, BYTES, START_GROUP, END_GROUP, FIXED32 = range(6)


WIRE_TYPES = {
    FieldDescriptor.CPPTYPE_INT32: VARINT,
    FieldDescriptor.CPPTYPE_INT64: VARINT,
    FieldDescriptor.CPPTYPE_UINT32: VARINT,
    FieldDescriptor.CPPTYPE_UINT64: VARINT,
    FieldDescriptor.CPPTYPE_BOOL: VARINT,
    FieldDescriptor.CPPTYPE_ENUM: VARINT,
    FieldDescriptor.CPPTYPE_FLOAT: FIXED32,
    FieldDescriptor.CPPTYPE_DOUBLE: FIXED64,
    FieldDescriptor.CPPTYPE_STRING: BYTES,
    FieldDescriptor.CPPTYPE_MESSAGE: BYTES,
}


def wire_type_of(descriptor):
    """The wire type of a field, unpacked."""
    if descriptor.type in (FieldDescriptor.TYPE_FIXED32, FieldDescriptor.TYPE_SFIXED32):
        return FIXED32
    if descriptor.type in (FieldDescriptor.TYPE_FIXED64, FieldDescriptor.TYPE_SFIXED64):
        return FIXED64
    return WIRE_TYPES[descriptor.cpp_type]


class Field:
    """One field. `value` is a number, bytes, or a `Message`; `pad` adds bytes to its tag, its length or
    its varint; `raw` replaces all of it."""

    __slots__ = ("number", "wire_type", "value", "tag_pad", "value_pad", "raw")

    def __init__(self, number, wire_type, value, raw=None):
        self.number, self.wire_type, self.value, self.raw = number, wire_type, value, raw
        self.tag_pad = self.value_pad = 0

    def copy(self):
        other = Field(self.number, self.wire_type, self.value, self.raw)
        other.tag_pad, other.value_pad = self.tag_pad, self.value_pad
        if isinstance(self.value, Message):
            other.value = Message(self.value.type, [f.copy() for f in self.value.fields])
        return other


class Message:
    """Fields in the order in which they stand, and the message's descriptor."""

    __slots__ = ("type", "fields")

    def __init__(self, type_, fields):
        self.type, self.fields = type_, fields


def varint(number, pad=0):
    number &= (1 << 64) - 1
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    for _ in range(pad):
        out[-1] |= 0x80
        out.append(0)
    return bytes(out)


def write(message, out, as_upb_reads=False):
    """Appends the message. `as_upb_reads`: without the unknown fields of map entries, see `is_unknown`."""
    is_entry = as_upb_reads and message.type.GetOptions().map_entry
    for field in message.fields:
        if is_entry and is_unknown(field, message.type):
            continue
        if field.raw is not None:
            out += field.raw
            continue
        out += varint(field.number << 3 | field.wire_type, field.tag_pad)
        if field.wire_type == VARINT:
            out += varint(field.value, field.value_pad)
        elif field.wire_type == BYTES:
            value = field.value
            if isinstance(value, Message):
                value = write(value, bytearray(), as_upb_reads)
            out += varint(len(value), field.value_pad)
            out += value
        elif field.wire_type == FIXED64:
            out += (field.value & (1 << 64) - 1).to_bytes(8, "little")
        elif field.wire_type == FIXED32:
            out += (field.value & (1 << 32) - 1).to_bytes(4, "little")
    return out


def is_unknown(field, entry):
    """True for a field of a map entry that is neither its key nor its value. The C++ parser, which
    libtensorflow uses, skips it (seen with `TF_GraphImportGraphDef` of TensorFlow 2.21); upb, which
    Python uses, leaves out the whole entry."""
    if field.wire_type == START_GROUP:
        return True
    known = entry.fields_by_number.get(field.number)
    return field.raw is None and (known is None or wire_type_of(known) != field.wire_type)


def read(data, type_, inner):
    """The fields of an intact message. `inner(descriptor of a field)` is the type of the message in it, or
    None."""
    fields, at = [], 0
    by_number = type_.fields_by_number
    while at < len(data):
        tag, at = read_varint(data, at)
        number, wire_type = tag >> 3, tag & 7
        if wire_type == VARINT:
            value, at = read_varint(data, at)
        elif wire_type == BYTES:
            length, at = read_varint(data, at)
            value = data[at : at + length]
            at += length
            known = by_number.get(number)
            message = inner(known) if known is not None else None
            if message is not None:
                value = Message(message, read(value, message, inner))
        else:
            width = {FIXED64: 8, FIXED32: 4}[wire_type]
            value = int.from_bytes(data[at : at + width], "little")
            at += width
        fields.append(Field(number, wire_type, value))
    return fields


def read_varint(data, at):
    number = shift = 0
    while True:
        byte = data[at]
        number |= (byte & 0x7F) << shift
        at += 1
        shift += 7
        if byte < 0x80:
            return number, at
