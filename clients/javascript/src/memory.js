/**
 * What outlives a link: where the client stands, what it wants, and what waits to be sent.
 *
 * @import { Announcement } from "./effects.js"
 * @import { Position } from "./types.js"
 */
import { Standing } from "./standing.js";
import { Wishes } from "./wishes.js";

export class Memory {
  /** @type {Position | null} */
  position;
  appName;
  standing = new Standing();
  wishes = new Wishes();
  /** @type {Announcement[]} */
  #queue = [];
  #queueLimit;

  /**
   * @param {string} appName
   * @param {Position | null} position
   * @param {number} queueLimit
   */
  constructor(appName, position, queueLimit) {
    this.appName = appName;
    this.position = position;
    this.#queueLimit = queueLimit;
  }

  /**
   * Keep an announcement for the next link; return whether there was room.
   *
   * @param {Announcement} announcement
   */
  queue(announcement) {
    if (this.#queue.length >= this.#queueLimit) return false;
    this.#queue.push(announcement);
    return true;
  }

  /** Return what waited, in order; it waits no longer. */
  takeQueue() {
    return this.#queue.splice(0);
  }
}
