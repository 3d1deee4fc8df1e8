/**
 * A WebSocket in the place of the runtime's, whose other end is in the test's hands.
 */
import { EventEmitter, once } from "node:events";

const dials = new EventEmitter();

export class FakeSocket extends EventTarget {
  static OPEN = 1;
  readyState = 0;
  /** What the client sent, as messages. */
  sent = [];
  /** The code the client closed with. */
  closedWith = null;

  constructor(url) {
    super();
    this.url = url;
    queueMicrotask(() => dials.emit("dial", this));
  }

  send(text) {
    this.sent.push(JSON.parse(text));
  }

  close(code) {
    this.closedWith = code ?? null;
    this.readyState = 2;
  }

  /** The link stands. */
  open() {
    this.readyState = 1;
    this.dispatchEvent(new Event("open"));
  }

  /** Say something to the client. */
  say(message_type, data) {
    this.dispatchEvent(Object.assign(new Event("message"), { data: JSON.stringify({ message_type, data }) }));
  }

  /** End the link. */
  end(code) {
    this.readyState = 3;
    this.dispatchEvent(Object.assign(new Event("close"), { code }));
  }

  /** Stand, and answer register. */
  welcome(registered = {}) {
    this.open();
    this.say("registered", { ...REGISTERED, ...registered });
  }

  /** What the client sent of one kind. */
  told(message_type) {
    return this.sent.filter((message) => message.message_type === message_type).map(({ data }) => data);
  }
}

export const REGISTERED = { client_id: "c1", gateway: "g1", epoch: "e1", seq: 10, resumed: false, ping_interval: 15 };

/** Put the fake in the runtime's place for the length of a test. */
export function fakeSockets(t) {
  const real = globalThis.WebSocket;
  globalThis.WebSocket = FakeSocket;
  t.after(() => {
    globalThis.WebSocket = real;
  });
}

/** The next socket that a client opens. */
export async function dialled() {
  const [socket] = await once(dials, "dial");
  return socket;
}

/** A change, with the fields that matter to a test. */
export function change(seq, fields = {}) {
  return {
    event_type: "INSERT",
    table: "bookings",
    id: String(seq),
    timestamp: "2026-01-01T00:00:00Z",
    data: { id: String(seq) },
    seq,
    channel: "booking_events",
    business_event: null,
    changed: null,
    old: null,
    origin: null,
    tx: { id: String(seq), index: 0, size: 1 },
    ...fields,
  };
}
