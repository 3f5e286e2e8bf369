// Where the traces come from: the page itself, or the server beside the collector.

const KEPT = 10000;

/** Return the source of the traces in the page, or else of those at the server. */
export function source(data) {
  return data ? new Contained(data) : new Live();
}

class Contained {
  constructor({ summaries, traces }) {
    this.live = false;
    this.summaries = new Map(summaries.map((summary) => [summary.id, summary]));
    this.traces = traces;
  }

  async open(changed) {
    changed();
  }

  async trace(id) {
    return this.traces[id] ?? null;
  }

  async withAttribute(key, value) {
    const has = (attributes) => key in attributes && String(attributes[key]).toLowerCase().includes(value);
    const found = Object.values(this.traces).filter(({ spans }) =>
      spans.some((span) => has(span.attributes) || has(span.resource)));
    return new Set(found.map(({ id }) => id));
  }
}

class Live {
  constructor() {
    this.live = true;
    this.connected = false;
    this.summaries = new Map();
  }

  /** Read what there is, and follow the changes. `changed(ids)` is called after each; the ids are undefined if all may have changed. */
  async open(changed) {
    const events = new EventSource("/api/events");
    events.onopen = async () => {
      this.connected = true;
      const { summaries } = await (await fetch("/api/traces")).json();
      this.summaries = new Map();
      this.add(summaries);
      changed();
    };
    events.onmessage = ({ data }) => {
      const summaries = JSON.parse(data);
      this.add(summaries);
      changed(new Set(summaries.map(({ id }) => id)));
    };
    events.onerror = () => {
      this.connected = false;
      changed(new Set());
    };
  }

  add(summaries) {
    for (const summary of summaries) this.summaries.set(summary.id, summary);
    for (const id of this.summaries.keys()) {
      if (this.summaries.size <= KEPT) break;
      this.summaries.delete(id);
    }
  }

  async trace(id) {
    const response = await fetch(`/api/traces/${encodeURIComponent(id)}`);
    return response.ok ? response.json() : null;
  }

  async withAttribute(key, value) {
    const response = await fetch(`/api/traces?${new URLSearchParams({ attribute: key, value })}`);
    return new Set((await response.json()).ids);
  }
}
