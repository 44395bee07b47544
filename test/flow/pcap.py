"""Packets made by hand for sensors to read: whole TCP conversations, DNS queries, TLS hellos. Standard library only."""
import struct

CLIENT, SERVER = bytes([203, 0, 113, 9]), bytes([198, 51, 100, 1])


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def ip(src, dst, protocol, payload):
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), 1, 0, 64, protocol, 0, src, dst)
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + payload


def tcp(src, dst, ports, seq, ack, flags, data=b""):
    head = struct.pack("!HHIIBBHHH", *ports, seq, ack, 0x50, flags, 65535, 0, 0)
    pseudo = src + dst + struct.pack("!BBH", 0, 6, len(head) + len(data))
    return ip(src, dst, 6, head[:16] + struct.pack("!H", checksum(pseudo + head + data)) + head[18:] + data)


def conversation(port, request, answer=b"", server=80):
    """A handshake, one request, one answer, and the end of both sides."""
    out, back = (port, server), (server, port)
    a, b = 1001, 5001
    return [tcp(CLIENT, SERVER, out, a - 1, 0, 2), tcp(SERVER, CLIENT, back, b - 1, a, 18),
            tcp(CLIENT, SERVER, out, a, b, 16), tcp(CLIENT, SERVER, out, a, b, 24, request),
            tcp(SERVER, CLIENT, back, b, a + len(request), 24, answer),
            tcp(CLIENT, SERVER, out, a + len(request), b + len(answer), 17),
            tcp(SERVER, CLIENT, back, b + len(answer), a + len(request) + 1, 17)]


def get(port, host, target, server=80):
    request = b"GET " + target + b" HTTP/1.1\r\nHost: " + host.encode() + b"\r\n\r\n"
    return conversation(port, request, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", server)


def query(port, name):
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"
    data = struct.pack("!HHHHHH", port, 0x100, 1, 0, 0, 0) + labels + struct.pack("!HH", 1, 1)
    return [ip(CLIENT, SERVER, 17, struct.pack("!HHHH", port, 53, 8 + len(data), 0) + data)]


def hello(port, name):
    """A TLS ClientHello that names a server."""
    entry = b"\0" + struct.pack("!H", len(name)) + name.encode()
    sni = struct.pack("!HHH", 0, len(entry) + 2, len(entry)) + entry
    body = b"\3\3" + bytes(32) + b"\0" + b"\0\2\xc0\x2f" + b"\1\0" + struct.pack("!H", len(sni)) + sni
    handshake = b"\1" + struct.pack("!I", len(body))[1:] + body
    return conversation(port, b"\x16\3\1" + struct.pack("!H", len(handshake)) + handshake, server=443)


def write(path, packets):
    with open(path, "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 101))
        for n, packet in enumerate(packets):
            file.write(struct.pack("<IIII", 1772400000 + n // 1000, n % 1000 * 1000, len(packet), len(packet)) + packet)
