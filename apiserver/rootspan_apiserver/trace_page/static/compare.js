// Two traces side by side: which spans are in one only, and what differs in those that are in both.

import { Rows, colour, duration, h } from "page/dom.js";
import { tree } from "page/tree.js";

const CELLS = 4e6; // of the table for two lists of siblings; longer ones are paired by position

/** Return rows of spans that belong together; a side is null where the span is in the other trace only. */
function aligned(left, right) {
  const pairs = (ones, others, depth) => common(ones, others).map(([one, other]) => ({ one, other, depth })).reverse();
  const rows = [];
  const roots = left.length === 1 && right.length === 1; // which belong together, whatever their names
  const waiting = roots ? [{ one: left[0], other: right[0], depth: 0 }] : pairs(left, right, 0);
  while (waiting.length) {
    const { one, other, depth } = waiting.pop();
    rows.push({ one: one?.span, other: other?.span, depth, differences: differences(one?.span, other?.span) });
    waiting.push(...pairs(one?.children ?? [], other?.children ?? [], depth + 1));
  }
  return rows;
}

/** Pair two lists of nodes by the longest common sequence of what identifies a span. */
function common(ones, others) {
  if (ones.length * others.length > CELLS) {
    return Array.from({ length: Math.max(ones.length, others.length) }, (_, i) => [ones[i], others[i]]);
  }
  const same = (i, j) => identity(ones[i].span) === identity(others[j].span);
  const lengths = Array.from({ length: ones.length + 1 }, () => new Uint32Array(others.length + 1));
  for (let i = ones.length - 1; i >= 0; i--) {
    for (let j = others.length - 1; j >= 0; j--) {
      lengths[i][j] = same(i, j) ? lengths[i + 1][j + 1] + 1 : Math.max(lengths[i + 1][j], lengths[i][j + 1]);
    }
  }
  const pairs = [];
  let [i, j] = [0, 0];
  while (i < ones.length || j < others.length) {
    if (i < ones.length && j < others.length && same(i, j)) pairs.push([ones[i++], others[j++]]);
    else if (j >= others.length || (i < ones.length && lengths[i + 1][j] >= lengths[i][j + 1])) pairs.push([ones[i++], null]);
    else pairs.push([null, others[j++]]);
  }
  return pairs;
}

const identity = (span) => `${span.kind} ${span.service} ${span.name}`;

function differences(one, other) {
  if (!one || !other) return [];
  const found = [];
  const names = new Set([...Object.keys(one.attributes), ...Object.keys(other.attributes)]);
  for (const name of [...names].sort()) {
    const [a, b] = [one.attributes[name], other.attributes[name]].map((value) => (value === undefined ? "(none)" : String(value)));
    if (a !== b) found.push([name, a, b]);
  }
  const add = (name, a, b) => { if (a !== b) found.push([name, a, b]); };
  add("name", one.name, other.name);
  add("service", one.service, other.service);
  add("status", one.status, other.status);
  add("events", one.events.map(({ name }) => name).join(", "), other.events.map(({ name }) => name).join(", "));
  add("scope", one.scope, other.scope);
  add("links", String(one.links.length), String(other.links.length));
  return found;
}

/** Return the element that compares two traces. */
export function comparison(left, right) {
  const rows = aligned(tree(left), tree(right));
  const only = rows.filter(({ one, other }) => !one || !other).length;
  const differing = rows.filter(({ differences: found }) => found.length).length;
  const detail = h("div", { class: "differences" }, h("p", {}, "Choose a row to see what differs."));
  const show = (row) => {
    const { one, other } = row;
    const name = h("h3", {}, (one ?? other).name);
    if (!one || !other) detail.replaceChildren(name, h("p", {}, `Only in the ${one ? "left" : "right"} trace.`));
    else if (!row.differences.length) detail.replaceChildren(name, h("p", {}, "Nothing differs but the times."));
    else detail.replaceChildren(name, h("table", {}, row.differences.map(([key, a, b]) =>
      h("tr", {}, h("th", {}, key), h("td", {}, a), h("td", {}, b)))));
  };
  const list = new Rows(26, (index) => {
    const row = rows[index];
    const kind = !row.one ? "right-only" : !row.other ? "left-only" : row.differences.length ? "differs" : "";
    return h("div", { class: `pair ${kind}`, onclick: () => show(row) }, side(row.one, row.depth), side(row.other, row.depth));
  });
  const head = (trace) => h("a", { href: `#/trace/${trace.id}` }, h("code", {}, trace.id));
  const element = h("div", { class: "comparison" },
    h("p", { class: "count" }, `${rows.length} spans: ${only} in one trace only, ${differing} with differences`),
    h("div", { class: "pair head" }, head(left), head(right)), list.element, detail);
  list.show(rows.length);
  return element;
}

function side(span, depth) {
  if (!span) return h("span", { class: "side" });
  return h("span", { class: "side", style: { "--depth": Math.min(depth, 24), "--colour": colour(span.service) } },
    h("span", { class: "dot" }), h("span", { class: "name" }, span.name),
    span.kind === "INTERNAL" ? null : h("span", { class: "kind" }, span.kind),
    h("span", { class: "duration" }, duration(span.duration)));
}
