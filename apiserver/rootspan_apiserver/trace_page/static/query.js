// The language of the search field: words, and comparisons such as status=error, duration>10ms, http.route="/x y".

const TERM = /([^\s=<>"]+)(=|>|<)("[^"]*"|\S*)|"([^"]*)"|(\S+)/g;
const UNITS = { ns: 1, us: 1e3, µs: 1e3, ms: 1e6, s: 1e9, "": 1e6 };

/** Return the terms of a query. A term without `key` is a word. */
export function parse(text) {
  return [...text.matchAll(TERM)].map(([, key, op, value, quoted, word]) => {
    if (key === undefined) return { value: (quoted ?? word).toLowerCase() };
    return { key, op, value: value.replace(/^"|"$/g, "").toLowerCase() };
  });
}

/** Return whether the summary of a trace matches; `attribute(term)` returns the ids of the traces that have an attribute. */
export function matches(summary, terms, attribute) {
  return terms.every((term) => {
    const has = (text) => text.toLowerCase().includes(term.value);
    switch (term.key) {
      case undefined: return summary.id.startsWith(term.value) || summary.services.some(has) || summary.names.some(has);
      case "id": return summary.id.startsWith(term.value);
      case "name": return summary.names.some(has);
      case "service": return summary.services.some(has);
      case "status": return status(summary, term.value);
      case "duration": return compared(summary.duration, term.op, nanoseconds(term.value));
      case "spans": return compared(summary.spans, term.op, Number(term.value));
      default: return attribute(term).has(summary.id);
    }
  });
}

/** Return the terms that are about attributes of spans. */
export function attributes(terms) {
  const known = [undefined, "id", "name", "service", "status", "duration", "spans"];
  return terms.filter((term) => !known.includes(term.key));
}

function status(summary, wanted) {
  if (wanted === "error") return summary.errors > 0;
  if (wanted === "ok") return summary.errors === 0;
  return String(summary.status ?? "").startsWith(wanted);
}

function nanoseconds(text) {
  const [, number, unit] = /^([\d.]+)\s*(ns|us|µs|ms|s|)$/.exec(text) ?? [];
  return number === undefined ? NaN : Number(number) * UNITS[unit];
}

function compared(value, op, limit) {
  return op === ">" ? value >= limit : op === "<" ? value <= limit : value === limit;
}
