// One trace as a waterfall: a row for each span, with a bar from its start to its end.

import { Rows, colour, duration, h } from "page/dom.js";
import { flat, tree } from "page/tree.js";

const ZOOM = 1.6;
const SHORTEST = 100; // nanoseconds that can be zoomed to

export class Waterfall {
  /** `select(spanId)` is called when a span is chosen. */
  constructor(trace, { select }) {
    this.trace = trace;
    this.select = select;
    this.roots = tree(trace);
    this.folded = new Set();
    this.selected = null;
    this.end = Math.max(1, ...trace.spans.map((span) => span.start + span.duration));
    this.range = [0, this.end];
    this.rows = new Rows(26, (index) => this.row(this.flat[index]));
    this.ruler = h("div", { class: "ruler", onpointerdown: (event) => this.choose(event), title: "Drag to choose a range" });
    this.element = h("div", { class: "waterfall" },
      h("div", { class: "line head" }, h("span", { class: "label" }, "Span"), this.ruler), this.rows.element);
    this.rows.element.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    this.draw();
  }

  draw() {
    this.flat = flat(this.roots, this.folded);
    this.rows.show(this.flat.length);
    this.drawRuler();
  }

  drawRuler() {
    const [from, to] = this.range;
    const ticks = [0, 0.25, 0.5, 0.75].map((part) =>
      h("span", { class: "tick", style: { left: `${part * 100}%` } }, duration(from + (to - from) * part)));
    this.ruler.replaceChildren(...ticks, h("span", { class: "tick last" }, duration(to)));
  }

  row({ span, depth, children, lost }) {
    const folded = this.folded.has(span.id);
    const at = (time) => ((time - this.range[0]) / (this.range[1] - this.range[0])) * 100;
    const left = Math.max(-1, at(span.start));
    const right = Math.min(101, at(span.start + span.duration));
    const seen = right >= 0 && left <= 100 && right >= left;
    const marks = span.events.map(({ start, name }) => [at(start), name]).filter(([part]) => part >= 0 && part <= 100);
    const fold = (event) => {
      event.stopPropagation();
      this.fold(span.id, !folded);
    };
    return h("div", {
      class: ["line", "span", span.id === this.selected && "selected", span.status === "ERROR" && "error"].filter(Boolean).join(" "),
      style: { "--colour": colour(span.service) },
      onclick: () => this.select(span.id),
      "data-span": span.id,
    },
    h("span", { class: "label", title: `${span.name} · ${span.kind} · ${span.service}`, style: { "--depth": Math.min(depth, 24) } },
      children.length
        ? h("button", { class: "fold", tabindex: "-1", "aria-label": folded ? "unfold" : "fold", onclick: fold }, folded ? "▸" : "▾")
        : h("span", { class: "fold" }),
      h("span", { class: "dot" }),
      h("span", { class: "name" }, lost ? `… ${span.name}` : span.name),
      span.kind === "INTERNAL" ? null : h("span", { class: "kind" }, span.kind),
      span.links.length ? h("span", { class: "kind", title: "has links" }, "↗") : null,
      folded ? h("span", { class: "kind" }, `+${count(children)}`) : null),
    h("span", { class: "track" },
      seen ? h("span", { class: "bar", style: { left: `${left}%`, width: `max(2px, ${right - left}%)` } }) : null,
      marks.map(([part, name]) => h("span", { class: "event", title: name, style: { left: `${part}%` } })),
      seen ? time(duration(span.duration), left, right) : null));
  }

  show(spanId) {
    this.selected = spanId;
    for (let node = this.find(spanId)?.parent; node; node = node.parent) this.folded.delete(node.span.id);
    this.draw();
    const index = this.flat.findIndex((row) => row.span.id === spanId);
    if (index >= 0) {
      this.rows.reveal(index);
      this.rows.draw();
    }
  }

  find(spanId) {
    return flat(this.roots, new Set()).find((row) => row.span.id === spanId)?.node;
  }

  fold(spanId, folded) {
    if (folded) this.folded.add(spanId);
    else this.folded.delete(spanId);
    this.draw();
  }

  /** Do what a key means; return whether it means something. */
  key(key) {
    const at = this.flat.findIndex((row) => row.span.id === this.selected);
    const step = (index) => this.select(this.flat[Math.min(this.flat.length - 1, Math.max(0, index))].span.id);
    const row = this.flat[at];
    switch (key) {
      case "ArrowDown": case "j": step(at + 1); return true;
      case "ArrowUp": case "k": step(at < 0 ? 0 : at - 1); return true;
      case "Home": step(0); return true;
      case "End": step(this.flat.length - 1); return true;
      case "ArrowLeft":
        if (row?.children.length && !this.folded.has(this.selected)) this.fold(this.selected, true);
        else if (row?.parent) this.select(row.parent.span.id);
        return true;
      case "ArrowRight":
        if (this.folded.has(this.selected)) this.fold(this.selected, false);
        else if (row?.children.length) step(at + 1);
        return true;
      case "+": case "=": this.zoom(1 / ZOOM, this.middle()); return true;
      case "-": this.zoom(ZOOM, this.middle()); return true;
      case "0": this.setRange(0, this.end); return true;
    }
    return false;
  }

  middle() {
    const span = this.find(this.selected)?.span;
    return span ? span.start + span.duration / 2 : (this.range[0] + this.range[1]) / 2;
  }

  zoom(by, around) {
    const [from, to] = this.range;
    const length = Math.min(this.end, Math.max(SHORTEST, (to - from) * by));
    const start = around - (length * Math.min(1, Math.max(0, (around - from) / (to - from))));
    this.setRange(start, start + length);
  }

  setRange(from, to) {
    const length = Math.min(this.end, Math.max(SHORTEST, to - from));
    const start = Math.min(this.end - length, Math.max(0, from));
    this.range = [start, start + length];
    this.drawRuler();
    this.rows.draw();
  }

  wheel(event) {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    this.zoom(event.deltaY > 0 ? ZOOM : 1 / ZOOM, this.time(event));
  }

  choose(event) {
    const from = this.time(event);
    const chosen = h("span", { class: "chosen" });
    this.ruler.append(chosen);
    const part = (time) => ((time - this.range[0]) / (this.range[1] - this.range[0])) * 100;
    const move = (moved) => {
      const [one, other] = [part(from), part(this.time(moved))].sort((a, b) => a - b);
      chosen.style.left = `${one}%`;
      chosen.style.width = `${other - one}%`;
    };
    const end = (ended) => {
      removeEventListener("pointermove", move);
      chosen.remove();
      const [one, other] = [from, this.time(ended)].sort((a, b) => a - b);
      if (part(other) - part(one) > 1) this.setRange(one, other);
    };
    addEventListener("pointermove", move);
    addEventListener("pointerup", end, { once: true });
  }

  /** Return the time within the trace at which the pointer is. */
  time(event) {
    const { left, width } = this.ruler.getBoundingClientRect();
    const part = Math.min(1, Math.max(0, (event.clientX - left) / width));
    return this.range[0] + (this.range[1] - this.range[0]) * part;
  }
}

/** Return the text beside a bar: after it, before it, or inside where there is no place. */
function time(text, left, right) {
  if (right < 86) return h("span", { class: "time", style: { left: `${Math.max(0, right)}%` } }, text);
  if (left > 14) return h("span", { class: "time", style: { right: `${100 - left}%` } }, text);
  return h("span", { class: "time inside" }, text);
}

function count(nodes) {
  return flat(nodes, new Set()).length;
}
