"""Ways in which a message can be written otherwise, and ways in which it can be broken.

Each takes the message, a source of randomness, and the messages of the same type, and changes the
message's list of fields in place. `MUTATIONS` keep every message readable, `BREAKS` do not.
"""

from google.protobuf.descriptor import FieldDescriptor

from wire import (
    BYTES, END_GROUP, FIXED32, FIXED64, START_GROUP, VARINT, Field, Message, varint, wire_type_of,
)

WORDS = [b"", b"a", b"serve", b"init", b"WriteFile", b"Const", b"f", b"x:0", b"^x", b"dtype", b"value"]


def is_packable(descriptor):
    return descriptor.is_repeated and wire_type_of(descriptor) != BYTES


def some_value(wire_type, rng):
    if wire_type == BYTES:
        return rng.choice(WORDS)
    return rng.choice([0, 1, 2, 7, 101, (1 << 32) | 1, (1 << 64) - 1, 1 << 63, rng.getrandbits(64)])


def insert(message, rng, field):
    message.fields.insert(rng.randint(0, len(message.fields)), field)


def duplicate(message, rng, _):
    """The same field a second time, anywhere in the message."""
    if message.fields:
        insert(message, rng, rng.choice(message.fields).copy())


def splice(message, rng, alike):
    """A field of another message of the same type."""
    other = rng.choice(alike)
    if other.fields:
        insert(message, rng, rng.choice(other.fields).copy())


def split(message, rng, _):
    """A message field in two parts, of which the second may stand further on."""
    places = [i for i, f in enumerate(message.fields) if isinstance(f.value, Message)]
    if not places:
        return
    at = rng.choice(places)
    field = message.fields[at].copy()
    cut = rng.randint(0, len(field.value.fields))
    first, second = field.value.fields[:cut], field.value.fields[cut:]
    message.fields[at] = Field(field.number, BYTES, Message(field.value.type, first))
    place = rng.choice([at + 1, rng.randint(at + 1, len(message.fields))])
    message.fields.insert(place, Field(field.number, BYTES, Message(field.value.type, second)))


def other_wire_type(message, rng, _):
    """A known number with a wire type that is not that of its field: an unknown field."""
    known = rng.choice(message.type.fields) if message.type.fields else None
    if known is None:
        return
    allowed = {wire_type_of(known)} | ({BYTES} if is_packable(known) else set())
    wire_type = rng.choice([w for w in (VARINT, FIXED64, BYTES, FIXED32) if w not in allowed])
    field = Field(known.number, wire_type, some_value(wire_type, rng))
    places = [i for i, f in enumerate(message.fields) if f.number == known.number]
    if places and rng.random() < 0.3:
        message.fields[rng.choice(places)] = field
    else:
        insert(message, rng, field)


def remove(message, rng, _):
    if message.fields:
        message.fields.pop(rng.randrange(len(message.fields)))


def swap(message, rng, _):
    if message.fields:
        a, b = (rng.randrange(len(message.fields)) for _ in range(2))
        message.fields[a], message.fields[b] = message.fields[b], message.fields[a]


def group(message, rng, _):
    """A group, an obsolete construct, with fields in it that look like the message's own."""
    numbers = [f.number for f in message.type.fields] + [1000]
    number = rng.choice(numbers)
    body = b""
    for _ in range(rng.randint(0, 2)):
        inside = rng.choice(numbers)
        body += varint(inside << 3 | BYTES) + varint(2) + b"xy"
        if rng.random() < 0.3:
            body += varint(inside << 3 | START_GROUP) + varint(inside << 3 | END_GROUP)
    raw = varint(number << 3 | START_GROUP) + body + varint(number << 3 | END_GROUP)
    insert(message, rng, Field(number, START_GROUP, None, raw))


def pad(message, rng, _):
    """Tag, length or number in more bytes than it needs: at most five, for a number ten."""
    if not message.fields:
        return
    at = rng.randrange(len(message.fields))
    field = message.fields[at] = message.fields[at].copy()
    if rng.random() < 0.5:
        field.tag_pad = rng.randint(0, 5 - len(varint(field.number << 3)))
    elif field.wire_type == VARINT:
        field.value_pad = rng.randint(0, 10 - len(varint(field.value)))
    elif field.wire_type == BYTES:
        # No message here is longer than three bytes of length can say.
        field.value_pad = rng.randint(0, 2)


def repack(message, rng, _):
    """Numbers of a repeated field: packed if they stood alone, alone if they were packed."""
    known = message.type.fields_by_number
    places = [
        i
        for i, f in enumerate(message.fields)
        if f.raw is None and f.number in known and is_packable(known[f.number])
    ]
    if not places:
        return
    at = rng.choice(places)
    field = message.fields[at]
    if wire_type_of(known[field.number]) != VARINT:
        return
    if field.wire_type == VARINT:
        packed = varint(field.value) + rng.choice([b"", varint(some_value(VARINT, rng))])
        message.fields[at] = Field(field.number, BYTES, packed)
    elif field.wire_type == BYTES:
        insert(message, rng, Field(field.number, VARINT, some_value(VARINT, rng)))


def unknown(message, rng, _):
    number = rng.choice([1000, 19000, (1 << 29) - 1])
    wire_type = rng.choice([VARINT, FIXED64, BYTES, FIXED32])
    insert(message, rng, Field(number, wire_type, some_value(wire_type, rng)))


def set_scalar(message, rng, _):
    """A scalar of any value, where there may be one already."""
    scalars = [f for f in message.type.fields if f.message_type is None]
    if not scalars:
        return
    known = rng.choice(scalars)
    wire_type = wire_type_of(known)
    insert(message, rng, Field(known.number, wire_type, some_value(wire_type, rng)))


def set_member(message, rng, alike):
    """Another member of a oneof: empty, or as a message of the same type has it."""
    if not message.type.oneofs:
        return
    known = rng.choice(rng.choice(message.type.oneofs).fields)
    others = [f for other in alike for f in other.fields if f.number == known.number]
    if others and rng.random() < 0.7:
        insert(message, rng, rng.choice(others).copy())
    elif known.message_type is not None:
        insert(message, rng, Field(known.number, BYTES, Message(known.message_type, [])))
    else:
        wire_type = wire_type_of(known)
        insert(message, rng, Field(known.number, wire_type, some_value(wire_type, rng)))


MUTATIONS = [
    duplicate, splice, split, other_wire_type, remove, swap, group, pad, repack, unknown, set_scalar,
    set_member,
]


def raw(make):
    def change(message, rng, _):
        """Bytes that no parser accepts."""
        insert(message, rng, Field(0, BYTES, None, make(rng)))

    change.__name__ = make.__name__
    return change


@raw
def number_zero(_):
    return b"\x02\x00\x00"


def tag_zero(message, rng, _):
    # In a message of a type without fields upb takes it, the parser in C++ nowhere.
    if message.type.fields:
        insert(message, rng, Field(0, BYTES, None, b"\x00\x00"))


@raw
def impossible_wire_type(rng):
    return bytes([rng.choice([0x0E, 0x0F, 0x16]), 0])


@raw
def endless_varint(_):
    return b"\x08" + b"\xff" * 10 + b"\x01"


@raw
def long_tag(_):
    return b"\x8a\x80\x80\x80\x80\x80\x00\x00"


@raw
def unopened_group(_):
    return b"\x0c"


@raw
def unclosed_group(_):
    return b"\x0b"


@raw
def crossed_groups(_):
    return b"\x0b\x13\x0c\x14"


def too_long(message, _rng, _alike):
    """A length beyond the end of the message."""
    message.fields.append(Field(0, BYTES, None, b"\x0a\xff\xff\x7f"))


def not_utf8(message, rng, _):
    text = [f for f in message.type.fields if f.type == FieldDescriptor.TYPE_STRING]
    if text:
        insert(message, rng, Field(rng.choice(text).number, BYTES, b"\xff"))


BREAKS = [
    number_zero, tag_zero, impossible_wire_type, endless_varint, long_tag, unopened_group, unclosed_group,
    crossed_groups, too_long, not_utf8,
]
