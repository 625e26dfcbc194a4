// Elements, tables and charts. Every text from outside becomes a text node, never markup.

const SVG = "http://www.w3.org/2000/svg";
const LONG = 300;

/** An element: properties that begin with "on" are listeners, others attributes; null, false and undefined are left out. */
export function h(tag, properties = {}, ...children) {
  return fill(document.createElement(tag), properties, children);
}

export function s(tag, properties = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), properties, children);
}

function fill(element, properties, children) {
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** A text from outside, isolated in its direction; a long one is cut until it is asked for. */
export function text(value) {
  const whole = String(value);
  if (whole.length <= LONG) return h("bdi", {}, whole);
  const shown = h("bdi", {}, whole.slice(0, LONG) + "… ");
  const more = h("button", { type: "button", class: "plain soft", onclick: (event) => {
    event.stopPropagation();
    shown.textContent = whole;
    more.remove();
  } }, `all ${whole.length} characters`);
  return h("span", {}, shown, more);
}

export function cell(value) {
  if (value === null || value === undefined) return h("span", { class: "null" }, "null");
  return text(typeof value === "object" ? JSON.stringify(value) : value);
}

export function badge(label, kind = "") {
  return h("span", { class: "badge " + kind }, label);
}

export function state(phase) {
  const good = phase === "LIVE";
  const bad = ["STOPPED", "GAP", "RECREATED", "UNWRITABLE"].includes(phase);
  return badge(phase, good ? "good" : bad ? "bad" : "warn");
}

export function problem(failure) {
  const body = failure.body ?? {};
  return h("div", { class: "problem", role: "alert" },
    h("strong", {}, text(body.title ?? "That did not work")), " ", text(failure.message),
    body.expected ? h("div", { class: "soft" }, "Expected: ", text(body.expected)) : null);
}

/** A table that scrolls by itself; columns are {name, label?, number?, head?, show?(row)}. */
export function table(caption, columns, rows) {
  return h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
    h("table", {}, h("thead", {}, h("tr", {}, columns.map((column) =>
      h("th", { scope: "col", "aria-sort": column.sort ?? null }, column.head ?? text(column.label ?? column.name))))),
    h("tbody", {}, rows.map((row) => h("tr", {}, columns.map((column) =>
      h("td", { class: column.number ? "number" : null }, column.show ? column.show(row) : cell(row[column.name]))))))));
}

/** Two columns of terms and what they are; entries without a value are left out. */
export function facts(entries) {
  return h("dl", {}, entries.filter(([, value]) => value !== null && value !== undefined && value !== "")
    .flatMap(([term, value]) => [h("dt", {}, term), h("dd", {}, value instanceof Node ? value : text(value))]));
}

export function copyable(title, code) {
  return h("section", {}, h("div", { class: "row" }, h("h3", {}, title),
    h("button", { type: "button", "aria-label": "Copy: " + title, onclick: async () => {
      await navigator.clipboard.writeText(code);
      say("Copied.");
    } }, "Copy")), h("pre", { tabindex: "0", "data-snippet": title }, code));
}

let saidLast = 0;
export function say(message) {
  const status = document.getElementById("status");
  status.textContent = message;
  const mine = ++saidLast;
  setTimeout(() => mine === saidLast && (status.textContent = ""), 4000);
}

/** Tabs of which one is shown; the tab's own address keeps which. Arrow keys go from one to the next. */
export function tabs(names, chosen, choose) {
  const list = h("div", { role: "tablist" }, names.map(([id, label]) => h("button", {
    type: "button", role: "tab", id: "tab-" + id, "aria-selected": String(id === chosen), "aria-controls": "panel",
    tabindex: id === chosen ? "0" : "-1", onclick: () => choose(id),
  }, label)));
  list.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const all = [...list.children];
    const next = all[(all.indexOf(document.activeElement) + step + all.length) % all.length];
    next.focus();
    next.click();
  });
  return list;
}

export const number = (value) => Number(value).toLocaleString("en", { maximumFractionDigits: 2 });

/** Bars, or a line where there are many points; points are [label, number or null]. The table beside it says the same. */
export function chart(points, title) {
  const [width, height, left, bottom] = [900, 300, 64, 40];
  const values = points.map(([, value]) => Number(value ?? 0));
  const high = Math.max(0, ...values);
  const low = Math.min(0, ...values);
  const range = high - low || 1;
  const x = (i) => left + ((width - left - 8) * (i + 0.5)) / Math.max(1, points.length);
  const y = (value) => 10 + ((height - bottom - 10) * (high - value)) / range;
  const bar = Math.max(1, Math.min(48, ((width - left) / Math.max(1, points.length)) * 0.8));
  const marks = points.length > 80
    ? [s("polyline", { class: "line", points: values.map((value, i) => `${x(i)},${y(value)}`).join(" ") })]
    : values.map((value, i) => s("rect", { class: "bar", x: x(i) - bar / 2, y: y(Math.max(0, value)), width: bar,
      height: Math.max(0.5, Math.abs(y(value) - y(0))) }, s("title", {}, `${points[i][0]}: ${number(value)}`)));
  const every = Math.ceil(points.length / 6);
  return s("svg", { class: "chart", viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": title },
    [high, (high + low) / 2, low].map((value) => s("g", {},
      s("line", { class: "axis", x1: left, x2: width, y1: y(value), y2: y(value) }),
      s("text", { x: left - 6, y: y(value) + 4, "text-anchor": "end" }, number(value)))),
    marks,
    points.filter((point, i) => i % every === 0).map(([label], i) =>
      s("text", { x: x(i * every), y: height - bottom + 16, "text-anchor": "middle" }, String(label ?? "null").slice(0, 16))));
}

/** How values lie between the least and the greatest, from quantiles: the mass of each interval over its width. */
export function histogram(quantiles, name) {
  const shares = [["min", 0], ["p5", 5], ["p25", 25], ["p50", 50], ["p75", 75], ["p95", 95], ["p99", 99], ["max", 100]];
  const points = shares.filter(([at]) => quantiles[at] !== undefined && quantiles[at] !== null)
    .map(([at, share]) => [typeof quantiles[at] === "number" ? quantiles[at] : Date.parse(quantiles[at]), share]);
  if (points.length < 3 || points.some(([value]) => Number.isNaN(value))) return null;
  const [least, greatest] = [points[0][0], points.at(-1)[0]];
  if (!(greatest > least)) return null;
  const bins = new Array(24).fill(0);
  for (let i = 1; i < points.length; i++) {
    const [from, to] = [points[i - 1], points[i]];
    const first = ((from[0] - least) / (greatest - least)) * bins.length;
    const last = ((to[0] - least) / (greatest - least)) * bins.length;
    for (let bin = Math.floor(first); bin <= Math.min(bins.length - 1, Math.floor(last)); bin++) {
      const part = last > first ? (Math.min(last, bin + 1) - Math.max(first, bin)) / (last - first) : 1;
      bins[bin] += Math.max(0, part) * (to[1] - from[1]);
    }
  }
  const top = Math.max(...bins);
  return s("svg", { class: "histogram", viewBox: "0 0 120 28", role: "img", "aria-label": `How the values of ${name} lie` },
    bins.map((mass, i) => s("rect", { x: i * 5, width: 4, y: 28 - (26 * mass) / top, height: Math.max(0.5, (26 * mass) / top) })));
}
