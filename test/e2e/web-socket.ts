/** A client's end of a WebSocket on this machine (RFC 6455), for text alone: Node 20 has none, and no other package is needed for it. */
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { request } from "node:http";
import type { Duplex } from "node:stream";

/** An open connection. */
export interface TextSocket {
  send(text: string): void;
  close(): void;
}

const [CONTINUED, TEXT, CLOSE, PING, PONG] = [0, 1, 8, 9, 10];

/** A whole message in one frame, masked as every client must. */
function frame(kind: number, payload: Buffer): Buffer {
  const { length } = payload;
  const size = length < 126 ? 0 : length < 65_536 ? 2 : 8;
  const head = Buffer.alloc(2 + size);
  head[0] = 0x80 | kind;
  head[1] = 0x80 | (size === 0 ? length : size === 2 ? 126 : 127);
  if (size === 2) head.writeUInt16BE(length, 2);
  if (size === 8) head.writeBigUInt64BE(BigInt(length), 2);
  const mask = randomBytes(4);
  return Buffer.concat([head, mask, payload.map((byte, at) => byte ^ mask[at % 4])]);
}

/** Connect to `ws://host:port/path`. */
export async function openTextSocket(address: string, onText: (text: string) => void): Promise<TextSocket> {
  const asked = request(address.replace(/^ws:/, "http:"), {
    headers: {
      connection: "Upgrade",
      upgrade: "websocket",
      "sec-websocket-version": "13",
      "sec-websocket-key": randomBytes(16).toString("base64"),
    },
  });
  asked.end();
  const [, socket, first] = (await once(asked, "upgrade")) as [unknown, Duplex, Buffer];
  let held = first;
  let parts: Buffer[] = [];
  const read = () => {
    for (;;) {
      if (held.length < 2) return;
      const short = held[1] & 0x7f; // servers do not mask
      const start = short === 126 ? 4 : short === 127 ? 10 : 2;
      if (held.length < start) return;
      const length =
        short === 126 ? held.readUInt16BE(2) : short === 127 ? Number(held.readBigUInt64BE(2)) : short;
      if (held.length < start + length) return;
      const [kind, whole] = [held[0] & 0x0f, (held[0] & 0x80) !== 0];
      const payload = held.subarray(start, start + length);
      held = held.subarray(start + length);
      if (kind === PING) socket.write(frame(PONG, payload));
      if (kind !== TEXT && kind !== CONTINUED) continue;
      parts.push(payload);
      if (!whole) continue;
      onText(Buffer.concat(parts).toString("utf8"));
      parts = [];
    }
  };
  socket.on("data", (more: Buffer) => {
    held = Buffer.concat([held, more]);
    read();
  });
  socket.on("error", () => undefined);
  read();
  return {
    send: (text) => void socket.write(frame(TEXT, Buffer.from(text))),
    close: () => void socket.end(frame(CLOSE, Buffer.alloc(0))),
  };
}
