// Everything that is known of one span.

import { colour, duration, h } from "page/dom.js";

/** Return the element that shows `span`; `known(traceId)` says whether a linked trace can be opened. */
export function details(span, { known, close }) {
  return h("aside", { class: "details", "aria-label": "Span" },
    h("header", {},
      h("span", { class: "dot", style: { "--colour": colour(span.service) } }),
      h("h2", {}, span.name),
      h("button", { onclick: close, "aria-label": "Close", title: "Close (Esc)" }, "✕")),
    h("p", { class: "facts" }, `${span.kind} · ${span.service || "no service"} · ${duration(span.duration)} · at +${duration(span.start)}`),
    span.status === "UNSET" ? null
      : h("p", { class: `facts status-${span.status.toLowerCase()}` }, [span.status, span.message].filter(Boolean).join(": ")),
    table("Attributes", span.attributes),
    section("Events", span.events.map((event) => h("li", {},
      h("span", { class: "when" }, `+${duration(event.start - span.start)}`), h("strong", {}, event.name), pairs(event.attributes)))),
    section("Links", span.links.map((link) => h("li", {},
      known(link.trace) ? h("a", { href: `#/trace/${link.trace}/${link.span}` }, link.trace) : h("code", {}, link.trace),
      " ", h("code", {}, link.span), pairs(link.attributes)))),
    table("Span", {
      "started": span.time, "span id": span.id, "parent id": span.parent ?? "none", "scope": span.scope || "none",
      "trace state": span.traceState || "none", "flags": `0${span.flags.toString(16)}`.slice(-2),
    }),
    table("Resource", span.resource));
}

function table(title, values) {
  const rows = Object.entries(values);
  if (!rows.length) return null;
  return h("section", {}, h("h3", {}, title), pairs(values));
}

function pairs(values) {
  const rows = Object.entries(values).sort(([one], [other]) => one.localeCompare(other));
  if (!rows.length) return null;
  return h("table", {}, rows.map(([key, value]) => h("tr", {}, h("th", {}, key), h("td", {}, String(value)))));
}

function section(title, items) {
  return items.length ? h("section", {}, h("h3", {}, title), h("ul", {}, items)) : null;
}
