/** What the indicators say of every state of what they measure, by facts alone. */
import assert from "node:assert/strict";
import { test } from "node:test";

import {
  ANSWER,
  LINK_BAD,
  MONITOR,
  SETTLE,
  SLOW,
  judge,
  staleAfter,
} from "../../../../services/monitor/assets/status/rules.js";

const NOW = 1000;

/** All is well at NOW; `change` may change anything. */
function facts(change = () => undefined) {
  const found = {
    now: NOW,
    openedAt: 0,
    wokeAt: -Infinity,
    heardAt: NOW - 0.5,
    status: {
      generated_at: "2026-01-01T12:00:00.000Z",
      probe_interval: 3,
      database: { up: true, since: "2026-01-01T11:00:00.000Z", reason: null, age: 1 },
      websocket: { up: true, reason: null, age: 1 },
      realtime: { late: false, missing_hop: null, reason: null, seconds: 0.012, hops: {}, age: 1 },
    },
    link: {
      state: "connected",
      since: 1,
      before: false,
      answeredAt: NOW - 2,
      database: "up",
      databaseAt: 1,
      code: null,
    },
  };
  change(found);
  return found;
}
const tones = (found) => [found.database.tone, found.websocket.tone, found.realtime.tone, found.verdict.tone];
const judged = (change) => judge(facts(change));

test("all is well", () => {
  const found = judged();
  assert.deepEqual(tones(found), ["good", "good", "good", "good"]);
  assert.equal(found.verdict.key, "verdict.good");
  assert.equal(found.database.since, 3600.5);
});

test("before the first answer nothing is green", () => {
  const found = judged((f) =>
    Object.assign(f, {
      status: null,
      heardAt: null,
      openedAt: NOW - 1,
      link: { ...f.link, state: "connecting", since: NOW - 1 },
    }),
  );
  assert.deepEqual(tones(found), ["idle", "idle", "idle", "idle"]);
});

test("a page that never gets an answer turns amber, then red", () => {
  const opened = (ago) =>
    judged((f) =>
      Object.assign(f, {
        status: null,
        heardAt: null,
        openedAt: NOW - ago,
        link: { ...f.link, state: "connecting", since: NOW - ago },
      }),
    );
  assert.deepEqual(tones(opened(MONITOR.warn)), ["warn", "warn", "warn", "warn"]);
  assert.deepEqual(tones(opened(MONITOR.bad)), ["bad", "bad", "bad", "bad"]);
  assert.equal(opened(MONITOR.bad).verdict.key, "verdict.server");
});

test("a monitor that falls silent turns everything it measures amber, then red, although it last said all is well", () => {
  const silent = (ago) =>
    judged((f) => {
      f.heardAt = NOW - ago;
    });
  assert.deepEqual(tones(silent(MONITOR.warn - 0.01)), ["good", "good", "good", "good"]);
  assert.deepEqual(tones(silent(MONITOR.warn)), ["warn", "warn", "warn", "warn"]);
  const found = silent(MONITOR.bad);
  assert.equal(found.database.key, "unmeasured");
  assert.deepEqual(
    tones(found),
    ["bad", "warn", "bad", "bad"],
    "only the page's own WebSocket still measures something",
  );
  assert.equal(found.verdict.key, "verdict.monitor");
  assert.equal(found.verdict.since, MONITOR.bad);
});

test("no state of a silent monitor is green, whatever it said", () => {
  for (const up of [true, false, null]) {
    for (const late of [true, false]) {
      const found = judged((f) => {
        f.heardAt = NOW - MONITOR.bad;
        f.status.database.up = up;
        f.status.websocket.up = up;
        f.status.realtime.late = late;
      });
      assert.ok(!tones(found).includes("good"));
    }
  }
});

test("when the monitor and the page's WebSocket are both dead, it is the server", () => {
  const found = judged((f) =>
    Object.assign(f, { heardAt: NOW - 30, link: { ...f.link, state: "connecting", since: NOW - 30, before: true } }),
  );
  assert.deepEqual(tones(found), ["bad", "bad", "bad", "bad"]);
  assert.equal(found.verdict.key, "verdict.server");
});

test("the page's own sleep is nobody's silence", () => {
  const slept = (awake) => judged((f) => Object.assign(f, { heardAt: NOW - 3600, wokeAt: NOW - awake }));
  assert.equal(slept(0).verdict.tone, "warn");
  assert.equal(slept(MONITOR.bad - MONITOR.warn).verdict.tone, "bad");
});

test("a database that is down is red while the WebSocket stays green", () => {
  const found = judged((f) => {
    f.status.database = { up: false, since: "2026-01-01T11:59:58.000Z", reason: "r", age: 0.1 };
    f.link = { ...f.link, database: "down", databaseAt: NOW - 4 };
  });
  assert.deepEqual(tones(found), ["bad", "good", "bad", "bad"]);
  assert.equal(found.verdict.key, "verdict.database.down");
  assert.equal(found.verdict.since, 4, "whoever noticed first");
});

test("the gateways may say first that the database is down", () => {
  const found = judged((f) => {
    f.link = { ...f.link, database: "down", databaseAt: NOW - 0.2 };
  });
  assert.deepEqual([found.database.tone, found.database.key], ["bad", "database.down"]);
});

test("a look of the monitor is newer than what the gateways said before it", () => {
  const found = judged((f) => {
    f.link = { ...f.link, database: "down", databaseAt: NOW - 60 };
  });
  assert.deepEqual([found.database.tone, found.database.key], ["warn", "database.unheard"]);
});

test("a database that returns is amber until the monitor has seen it", () => {
  const found = judged((f) => {
    f.status.database.up = false;
    f.link = { ...f.link, database: "up", databaseAt: NOW - 0.1 };
  });
  assert.deepEqual([found.database.tone, found.database.key], ["warn", "database.returning"]);
});

test("a measurement that is not repeated grows old, although the monitor answers", () => {
  const limits = staleAfter(3);
  for (const name of ["database", "websocket", "realtime"]) {
    const aged = (age) =>
      judged((f) => {
        f.status[name].age = age - 0.5;
      })[name];
    assert.equal(aged(limits.warn - 0.01).tone, "good");
    assert.deepEqual(
      [aged(limits.warn).tone, aged(limits.warn).key],
      ["warn", name === "websocket" ? "websocket.alone" : "stale"],
    );
    if (name !== "websocket") assert.equal(aged(limits.bad).tone, "bad");
  }
});

test("no gateway answers", () => {
  const found = judged((f) => {
    f.status.websocket = { up: false, reason: "refused", age: 0.1 };
    f.link = { ...f.link, state: "connecting", since: NOW - 1, before: true };
  });
  assert.deepEqual([found.websocket.tone, found.websocket.key], ["bad", "websocket.down"]);
});

test("the page's own link is amber at once, then red, then amber for as long as it is new again", () => {
  const away = (ago) =>
    judged((f) => {
      f.link = { ...f.link, state: "connecting", since: NOW - ago, before: true };
    });
  assert.deepEqual(tones(away(0)), ["good", "warn", "warn", "warn"]);
  assert.deepEqual(tones(away(LINK_BAD)), ["good", "bad", "bad", "bad"]);
  assert.equal(away(LINK_BAD).verdict.key, "verdict.link.down");
  const back = (ago) =>
    judged((f) => {
      f.link = { ...f.link, since: NOW - ago, answeredAt: null, before: true };
    });
  assert.equal(back(SETTLE - 0.1).websocket.key, "link.settling");
  assert.deepEqual(tones(back(SETTLE)), ["good", "good", "good", "good"]);
});

test("a first connection is awaited, not missed", () => {
  const young = judged((f) => {
    f.link = { ...f.link, state: "connecting", since: NOW - 1 };
  });
  assert.deepEqual([young.websocket.tone, young.realtime.tone], ["idle", "good"]);
  const never = judged((f) => {
    f.link = { ...f.link, state: "connecting", since: NOW - LINK_BAD };
  });
  assert.deepEqual([never.websocket.tone, never.realtime.tone], ["bad", "bad"]);
});

test("a WebSocket that does not answer turns amber, then red", () => {
  const quiet = (ago) =>
    judged((f) => {
      f.link.answeredAt = NOW - ago;
    });
  assert.equal(quiet(ANSWER.warn - 0.1).websocket.tone, "good");
  assert.deepEqual(tones(quiet(ANSWER.warn)), ["good", "warn", "warn", "warn"]);
  assert.deepEqual(tones(quiet(ANSWER.bad)), ["good", "bad", "bad", "bad"]);
});

test("a page that may not connect still shows what the monitor measures", () => {
  const found = judged((f) => {
    f.link = { ...f.link, state: "refused", code: 4501, since: NOW - 60 };
  });
  assert.deepEqual(tones(found), ["good", "good", "good", "good"]);
});

test("a late round trip is red and its hop has a name", () => {
  const found = judged((f) => {
    f.status.realtime = { ...f.status.realtime, late: true, missing_hop: "published", age: 7 };
  });
  assert.deepEqual(
    [found.realtime.tone, found.verdict.key, found.verdict.values.hop, found.verdict.since],
    ["bad", "verdict.realtime.late", "published", 7.5],
  );
});

test("a slow round trip is amber", () => {
  const found = judged((f) => {
    f.status.realtime.seconds = SLOW;
  });
  assert.deepEqual(tones(found), ["good", "good", "warn", "warn"]);
});

test("before the first round trip nothing is called delivered", () => {
  const found = judged((f) => {
    f.status.realtime = { ...f.status.realtime, age: null, seconds: null };
  });
  assert.deepEqual([found.realtime.tone, found.verdict.key], ["idle", "verdict.measuring"]);
});
