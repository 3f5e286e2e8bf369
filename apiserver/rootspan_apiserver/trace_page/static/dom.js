// Elements, and the texts of values.

/** Make an element. Properties that begin with "on" are listeners, "style" is an object, undefined ones are left out. */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "style") for (const [key, each] of Object.entries(value)) element.style.setProperty(key, each);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ""));
  return element;
}

/** Return a duration in nanoseconds with its unit. */
export function duration(nanoseconds) {
  for (const [unit, size] of [["s", 1e9], ["ms", 1e6], ["µs", 1e3]]) {
    if (Math.abs(nanoseconds) >= size) return `${Number((nanoseconds / size).toPrecision(3))} ${unit}`;
  }
  return `${nanoseconds} ns`;
}

/** Return a colour of a service, always the same one. */
export function colour(service) {
  let hash = 2166136261;
  for (const character of service) hash = Math.imul(hash ^ character.codePointAt(0), 16777619);
  const hue = 60 + ((hash >>> 0) % 270); // red is for errors
  return `light-dark(oklch(0.6 0.13 ${hue}), oklch(0.74 0.13 ${hue}))`;
}

/** Show only the rows of a long list that can be seen. `row(index)` makes one; each is `height` pixels high. */
export class Rows {
  constructor(height, row) {
    this.height = height;
    this.row = row;
    this.count = 0;
    this.inner = h("div", { class: "rows" });
    this.element = h("div", { class: "scroll", tabindex: "-1", onscroll: () => this.draw() }, this.inner);
    new ResizeObserver(() => this.draw()).observe(this.element);
  }

  show(count) {
    this.count = count;
    this.inner.style.height = `${count * this.height}px`;
    this.draw();
  }

  draw() {
    const { scrollTop, clientHeight } = this.element;
    const first = Math.max(0, Math.floor(scrollTop / this.height) - 4);
    const last = Math.min(this.count, Math.ceil((scrollTop + clientHeight) / this.height) + 4);
    const rows = [];
    for (let index = first; index < last; index++) {
      const element = this.row(index);
      element.style.top = `${index * this.height}px`;
      rows.push(element);
    }
    this.inner.replaceChildren(...rows);
  }

  reveal(index) {
    const top = index * this.height;
    const { scrollTop, clientHeight } = this.element;
    if (top < scrollTop) this.element.scrollTop = top;
    else if (top + this.height > scrollTop + clientHeight) this.element.scrollTop = top + this.height - clientHeight;
  }
}
