#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
#
# A second reading of protocol 1, made from docs/protocol.md alone: checks that its decoder and its
# encoder agree with every frame of protocol1.txt, which tells what the lines mean.
#
#   protocol1_peer.py VECTORS
import re
import sys

DELIMITER = b"|||"
HEADER = 42
VERSION = 1
CLIENT_LIMIT = 1024  # of the data in a client's frame
USERNAME_MOST = 64
CLIENT_MOST = 32
PING_MOST = 64
CODES = {
    "CREATE": 0, "LIST": 1, "SEND": 2, "DELIVER": 3, "DELETE": 4, "LOGIN": 5, "RESPONSE": 6,
    "LISTRESPONSE": 7, "ACCEPTED": 8, "ACK": 9, "SECRET": 10, "PING": 11, "PONG": 12,
}
NAMES = {code: name for name, code in CODES.items()}


class Refused(Exception):
    """A frame that is nothing; args: the token, and the n of a SEND if it could be read."""


def quote(data):
    return "".join(chr(b) if 0x21 <= b <= 0x7E and b != 0x25 else f"%{b:02x}" for b in data)


def unquote(text):
    return re.sub(rb"%(..)", lambda m: bytes([int(m[1], 16)]), text.encode("ascii"))


def split(data, count):
    """At most `count` fields; the last one is all that is left."""
    return data.split(DELIMITER, count - 1)


def need(condition, token, n=None):
    if not condition:
        raise Refused(token, n)


def number(data, n=None):
    need(re.fullmatch(rb"[0-9]{1,20}", data) and int(data) < 2**64, "bad-fields", n)
    return int(data)


def check_text(data, n=None):
    try:
        text = data.decode("utf-8", "strict")
    except UnicodeDecodeError:
        raise Refused("bad-text", n) from None
    for c in map(ord, text):
        need(c >= 0xA0 or 0x20 <= c <= 0x7E or c in (0x9, 0xA, 0xD), "bad-text", n)


def is_name(data, most):
    return re.fullmatch(rb"[A-Za-z0-9._-]+", data) is not None and len(data) <= most


def check_new_secret(secret):
    need(8 <= len(secret) <= 512, "weak-secret")
    need(DELIMITER not in secret, "bad-text")


def command(code, data):
    """What a client's frame says: a list of words."""
    name = NAMES.get(code)
    if name in ("CREATE", "LOGIN"):
        fields = split(data, 3)
        need(len(fields) == 3, "bad-fields")
        check_text(data)
        username, client, secret = fields
        need(client == b"" or is_name(client, CLIENT_MOST), "bad-fields")
        if name == "CREATE":
            need(is_name(username, USERNAME_MOST), "bad-name")
            if secret:
                check_new_secret(secret)
        return [name, "username=" + quote(username), "client=" + quote(client),
                "secret=" + quote(secret)]
    if name == "SEND":
        fields = split(data, 3)
        if len(fields) < 3:
            try:
                n = number(fields[0])
            except Refused:
                n = None
            raise Refused("bad-fields", n)
        n = number(fields[0])
        check_text(data, n)
        return [name, f"n={n}", "recipient=" + quote(fields[1]), "text=" + quote(fields[2])]
    if name == "ACK":
        return [name, f"number={number(data)}"]
    if name == "SECRET":
        fields = split(data, 2)
        need(len(fields) == 2, "bad-fields")
        check_text(data)
        check_new_secret(fields[1])
        return [name, "old=" + quote(fields[0]), "new=" + quote(fields[1])]
    if name == "DELIVER":
        need(data == b"", "bad-fields")
        return [name]
    if name == "LIST":
        check_text(data)
        return [name, "pattern=" + quote(data)]
    if name == "DELETE":
        check_text(data)
        return [name, "secret=" + quote(data)]
    if name in ("PING", "PONG"):
        need(len(data) <= PING_MOST, "bad-fields")
        return [name, "data=" + quote(data)]
    raise Refused("unknown-command", None)


def reply(code, data):
    """What a server's frame says: a list of words."""
    name = NAMES.get(code)
    if name == "RESPONSE":
        check_text(data)
        token, *rest = split(data, 3)
        need(re.fullmatch(rb"[a-z0-9-]+", token), "invalid")
        words = [name, "token=" + quote(token)]
        if token == b"ok":
            need(len(rest) in (0, 2), "invalid")
            return words + [f"{k}={number(v)}" for k, v in zip(("waiting", "third"), rest)]
        need(rest, "invalid")
        return words + ["text=" + quote(rest[0])] + [f"third={number(v)}" for v in rest[1:]]
    if name == "LISTRESPONSE":
        fields = data.split(DELIMITER) if data else []
        need(len(fields) % 2 == 0, "invalid")
        words = [name]
        for username, state in zip(fields[::2], fields[1::2]):
            need(is_name(username, len(data)) and state in (b"on", b"off"), "invalid")
            words.append(quote(username) + "=" + quote(state))
        return words
    if name == "SEND":
        fields = split(data, 5)
        need(len(fields) == 5, "invalid")
        for username in fields[2:4]:
            need(is_name(username, len(data)), "invalid")
        check_text(fields[4])
        return [name, f"number={number(fields[0])}", f"time={number(fields[1])}",
                "sender=" + quote(fields[2]), "recipient=" + quote(fields[3]),
                "text=" + quote(fields[4])]
    if name == "ACCEPTED":
        fields = split(data, 3)
        need(len(fields) == 3, "invalid")
        return [name] + [f"{k}={number(v)}" for k, v in zip(("n", "number", "time"), fields)]
    if name in ("PING", "PONG"):
        need(len(data) <= PING_MOST, "invalid")
        return [name, "data=" + quote(data)]
    raise Refused("invalid", None)


def decode(side, frame):
    if frame[:1] and frame[0] != VERSION:
        return "bad-version"
    if len(frame) < HEADER:
        return "incomplete"
    length = int.from_bytes(frame[2:HEADER], "big")
    if side == "client" and length > CLIENT_LIMIT:
        return "too-long"
    if len(frame) < HEADER + length:
        return "incomplete"
    assert len(frame) == HEADER + length
    try:
        return " ".join((command if side == "client" else reply)(frame[1], frame[HEADER:]))
    except Refused as refused:
        if side == "server":
            return "invalid"
        token, n = refused.args
        return f"refused {token}" + ("" if n is None else f" n={n}")


def encode(meaning):
    name, *words = meaning.split(" ")
    if name == "LISTRESPONSE":
        fields = [part for word in words for part in word.split("=")]
    else:
        fields = [word.split("=", 1)[1] for word in words]
    data = DELIMITER.join(map(unquote, fields))
    return bytes([VERSION, CODES[name]]) + len(data).to_bytes(40, "big") + data


def main():
    wrong = 0
    checked = 0
    with open(sys.argv[1], encoding="ascii") as lines:
        for line in lines:
            if line.startswith("#") or not line.strip():
                continue
            name, side, hexadecimal, meaning = line.rstrip("\n").split(" ", 3)
            frame = bytes.fromhex(hexadecimal)
            side, _, lax = side.partition("-")
            decoded = decode(side, frame)
            checked += 1
            if decoded != meaning:
                print(f"{name}: means {meaning}, is read as {decoded}")
                wrong += 1
            if meaning.split(" ")[0] in CODES and (encode(meaning) == frame) == bool(lax):
                print(f"{name}: is written as {encode(meaning).hex()}")
                wrong += 1
    print(f"{checked} frames, {wrong} mistakes")
    return 1 if wrong or checked < 150 else 0


if __name__ == "__main__":
    sys.exit(main())
