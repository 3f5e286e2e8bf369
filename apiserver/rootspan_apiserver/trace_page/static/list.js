// The list of traces, the latest first.

import { Rows, colour, duration, h } from "page/dom.js";
import { attributes, matches, parse } from "page/query.js";

export class TraceList {
  /** `open(id)` is called when a trace is chosen, `mark(id)` when it is marked to be compared. */
  constructor(source, { open, marks, mark }) {
    this.source = source;
    this.open = open;
    this.mark = mark;
    this.marks = marks;
    this.shown = [];
    this.selected = null;
    this.query = "";
    this.found = new Map();
    this.rows = new Rows(52, (index) => this.row(this.shown[index]));
    this.count = h("p", { class: "count", role: "status" });
    this.empty = h("p", { class: "empty" });
    this.element = h("div", { class: "pane" }, this.count, this.empty, this.rows.element);
  }

  async search(query) {
    this.query = query;
    await this.refresh(true);
  }

  async refresh(again = false) {
    const query = this.query;
    const terms = parse(query);
    for (const term of attributes(terms)) {
      const key = `${term.key}=${term.value}`;
      if (again || this.source.live || !this.found.has(key)) {
        this.found.set(key, await this.source.withAttribute(term.key, term.value));
      }
    }
    if (query !== this.query) return;
    const having = (term) => this.found.get(`${term.key}=${term.value}`) ?? new Set();
    this.shown = [...this.source.summaries.values()]
      .filter((summary) => matches(summary, terms, having))
      .sort((one, other) => other.start - one.start);
    const all = this.source.summaries.size;
    this.count.textContent = query ? `${this.shown.length} of ${all} traces` : `${all} traces`;
    this.empty.textContent = this.shown.length ? "" : query ? "No trace matches." : "No trace has arrived yet.";
    this.rows.show(this.shown.length);
  }

  row(summary) {
    const { id, name, service, services, spans, errors, status, rooted } = summary;
    return h("a", {
      href: `#/trace/${id}`,
      class: ["trace", id === this.selected && "selected", this.marks.includes(id) && "marked"].filter(Boolean).join(" "),
      onclick: (event) => {
        if (!event.shiftKey) return;
        event.preventDefault();
        this.mark(id);
      },
    },
    h("span", { class: "dot", style: { "--colour": colour(service) }, title: services.join(", ") }),
    h("span", { class: "name" }, rooted ? name : `… ${name}`),
    h("span", { class: "duration" }, duration(summary.duration)),
    h("span", { class: "meta" },
      `${new Date(summary.start).toLocaleTimeString()} · ${service || "no service"} · ${spans} span${spans === 1 ? "" : "s"}`),
    h("span", { class: "badges" },
      status !== null && status !== undefined ? h("span", { class: status >= 400 ? "badge bad" : "badge" }, String(status)) : null,
      errors ? h("span", { class: "badge bad", title: "spans with the status ERROR" }, `${errors} ✕`) : null,
      this.marks.includes(id) ? h("span", { class: "badge" }, "marked") : null));
  }

  select(id) {
    this.selected = id;
    const index = this.shown.findIndex((summary) => summary.id === id);
    if (index >= 0) this.rows.reveal(index);
    this.rows.draw();
  }

  /** Select the next or the previous trace; return its id. */
  step(by) {
    if (!this.shown.length) return null;
    const at = this.shown.findIndex((summary) => summary.id === this.selected);
    const next = at < 0 ? 0 : Math.min(this.shown.length - 1, Math.max(0, at + by));
    this.select(this.shown[next].id);
    return this.selected;
  }
}
