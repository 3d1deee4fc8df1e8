/** The station's calls. What is refused is thrown as a `Refusal`, with the sentence for the clerk in both languages. */

export class Refusal extends Error {
  /** @param {{code: string, reason: string, sentence?: Record<string, string>, free_seats?: number}} body */
  constructor(body) {
    super(body.reason);
    this.code = body.code;
    this.sentence = body.sentence;
    this.freeSeats = body.free_seats;
  }

  /** The sentence in a language. @param {string} language */
  in(language) {
    return this.sentence?.[language] ?? this.message;
  }
}

/** Ask for something. @param {string} call */
export const ask = async (call) => answerOf(await fetch(`/station/api/${call}`, { cache: "no-store" }));

/** Have something done. @param {string} call @param {object} what */
export const act = async (call, what) =>
  answerOf(
    await fetch(`/station/api/${call}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(what),
    }),
  );

async function answerOf(response) {
  const body = await response.json().catch(() => ({ code: "unreadable", reason: `HTTP ${response.status}` }));
  if (!response.ok) throw new Refusal(body);
  return body;
}
