/**
 * One post of the station: its own client on its own link, and a screen that follows the database over it.
 *
 * `changed()` is called whenever something it shows may have changed; `taken(event, before)` for each event, with the
 * board as it was before.
 */
import { WaslaClient } from "/client/index.js";
import { token } from "/assets/token.js";
import { ask } from "./api.js";
import { Screen } from "./screen.js";

const TABLES = ["vehicle_queue", "bookings", "exit_passes", "day_passes"];

export class Post {
  /** @param {{name: string, urls: string[], changed: () => void, taken?: (event: any, before: any) => void}} options */
  constructor({ name, urls, changed, taken }) {
    this.name = name;
    this.gateway = null;
    /** @type {number | null} the close code with which the gateways turned this post away, until they let it in */
    this.refused = null;
    /** @type {any} why the rows cannot be read, null where they can */
    this.failure = null;
    this.client = new WaslaClient({ urls, appName: name, token });
    this.screen = new Screen({
      load: () => ask("state").finally(() => { this.failure = null; }),
      changed,
      taken,
      failed: (error) => {
        this.failure = error;
        changed();
        return error.code === "switched_off" ? "hopeless" : "again";
      },
    });
    this.client.on("error", ({ code, close_code: closeCode }) => {
      if (code !== "gave_up") return;
      this.refused = closeCode;
      changed();
    });
    this.client.on("connected", (registered) => {
      this.refused = null;
      this.gateway = registered.gateway.split("/").at(-1).split(":").at(-1);
      if (!registered.resumed || !this.screen.isLoaded) void this.screen.follow();
      changed();
    });
    this.client.on("resync", () => void this.screen.follow());
    this.client.on("status", changed);
    this.client.subscribe({ tables: TABLES }, (event) => this.screen.take(event));
  }

  get board() {
    return this.screen.board;
  }

  /** How its link is: "connected", "stale" (without the database), "connecting", "lost" or "refused". */
  get linkState() {
    const { connected, connecting, database } = this.client.status;
    if (connected) return database === "down" ? "stale" : "connected";
    if (this.refused !== null && !connecting) return "refused";
    return this.gateway === null ? "connecting" : "lost";
  }

  /** Connect, for the first time or after a refusal. */
  connect() {
    this.client.connect()?.catch?.(() => {}); // it goes on trying; what it is doing is in its status
  }
}
