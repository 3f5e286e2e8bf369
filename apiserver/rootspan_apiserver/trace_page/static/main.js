// What is shown: by the address (#/, #/trace/ID, #/trace/ID/SPAN, #/compare/ID/ID), and by keys.

import { comparison } from "page/compare.js";
import { details } from "page/details.js";
import { duration, h } from "page/dom.js";
import { TraceList } from "page/list.js";
import { source } from "page/source.js";
import { Waterfall } from "page/waterfall.js";

const traces = source(JSON.parse(document.querySelector("#data").textContent));
const [view, search, state] = ["#view", "#search", "#state"].map((name) => document.querySelector(name));
const marks = [];
const list = new TraceList(traces, { marks, mark, open: (id) => go(`/trace/${id}`) });
document.querySelector("#list").append(list.element);
let waterfall = null;
let shownTrace = null;
let panel = null;

const route = () => location.hash.replace(/^#\/?/, "").split("/").filter(Boolean).map(decodeURIComponent);
const go = (path) => { location.hash = path; };

async function navigate() {
  const [kind, first, second] = route();
  document.body.dataset.route = kind ?? "list";
  if (kind === "trace") await showTrace(first, second);
  else if (kind === "compare") await showComparison(first, second);
  else leave();
}

function leave() {
  waterfall = shownTrace = panel = null;
  view.replaceChildren(h("p", { class: "empty" }, "Choose a trace."));
  document.title = "Traces";
}

async function showTrace(id, spanId) {
  if (shownTrace?.id !== id) {
    const trace = await traces.trace(id);
    if (route()[1] !== id) return;
    if (!trace) {
      leave();
      view.replaceChildren(h("p", { class: "empty" }, "This trace is not kept."));
      return;
    }
    drawTrace(trace);
    list.select(id);
  }
  showSpan(spanId);
}

function drawTrace(trace) {
  shownTrace = trace;
  waterfall = new Waterfall(trace, { select: (span) => history.replaceState(null, "", `#/trace/${trace.id}/${span}`) ?? showSpan(span) });
  panel = h("div", { class: "panel" });
  const services = new Set(trace.spans.map((span) => span.service));
  const root = trace.spans.find((span) => span.parent === null) ?? trace.spans[0];
  document.title = `${root.name} · Traces`;
  view.replaceChildren(
    h("header", { class: "title" },
      h("a", { href: "#/", class: "back", "aria-label": "Back to the list" }, "←"),
      h("h2", {}, root.name),
      h("p", { class: "facts" }, h("code", {}, trace.id),
        ` · ${trace.time} · ${duration(waterfall.end)} · ${trace.spans.length} spans · ${services.size} service${services.size === 1 ? "" : "s"}`)),
    waterfall.element, panel);
}

function showSpan(spanId) {
  const span = shownTrace.spans.find(({ id }) => id === spanId);
  const close = () => { history.replaceState(null, "", `#/trace/${shownTrace.id}`); showSpan(null); };
  panel.replaceChildren(...(span ? [details(span, { close, known: (id) => traces.summaries.has(id) })] : []));
  waterfall.show(spanId ?? null); // after the panel, which takes a part of its height
}

async function showComparison(one, other) {
  const found = await Promise.all([traces.trace(one), traces.trace(other)]);
  leave();
  view.replaceChildren(
    h("header", { class: "title" }, h("a", { href: "#/", class: "back", "aria-label": "Back to the list" }, "←"), h("h2", {}, "Two traces")),
    found.every(Boolean) ? comparison(...found) : h("p", { class: "empty" }, "One of the traces is not kept."));
}

function mark(id) {
  const at = marks.indexOf(id);
  if (at >= 0) marks.splice(at, 1);
  else marks.push(id);
  if (marks.length === 2) {
    go(`/compare/${marks[0]}/${marks[1]}`);
    marks.length = 0;
  }
  list.rows.draw();
}

async function changed(ids) {
  state.textContent = !traces.live ? "" : traces.connected ? "live" : "not connected";
  state.className = traces.live && !traces.connected ? "bad" : "";
  await list.refresh();
  if (shownTrace && ids?.has(shownTrace.id)) {
    const trace = await traces.trace(shownTrace.id);
    if (trace && shownTrace?.id === trace.id && trace.spans.length !== shownTrace.spans.length) {
      const selected = waterfall.selected;
      drawTrace(trace);
      showSpan(selected);
    }
  }
}

function key(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  const typing = event.target === search;
  if (event.key === "Escape") {
    if (typing) search.blur();
    else if (panel?.childElementCount) panel.querySelector("button").click();
    else go("/");
  } else if (typing) {
    if (event.key !== "Enter" && event.key !== "ArrowDown") return;
    search.blur();
    list.step(0);
  } else if (event.key === "/") search.focus();
  else if (event.key === "?") document.querySelector("#keys").showModal();
  else if (event.key === "c" && (shownTrace ?? list.selected)) mark(shownTrace?.id ?? list.selected);
  else if (waterfall) {
    if (!waterfall.key(event.key)) return;
  } else if (["ArrowDown", "j"].includes(event.key)) list.step(1);
  else if (["ArrowUp", "k"].includes(event.key)) list.step(-1);
  else if (event.key === "Enter" && list.selected) go(`/trace/${list.selected}`);
  else return;
  event.preventDefault();
}

let typed = 0;
search.addEventListener("input", () => {
  clearTimeout(typed);
  typed = setTimeout(() => list.search(search.value.trim()), 120);
});
document.querySelector("#help").addEventListener("click", () => document.querySelector("#keys").showModal());
document.querySelector("#theme").addEventListener("click", () => {
  const dark = getComputedStyle(document.documentElement).colorScheme.startsWith("dark")
    || (!document.documentElement.style.colorScheme && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.style.colorScheme = dark ? "light" : "dark";
});
addEventListener("keydown", key);
addEventListener("hashchange", navigate);
await traces.open(changed);
await navigate();
