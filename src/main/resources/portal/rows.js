// Rows of one address: values that are clicked become filters, heads sort, and the address bar holds all of it.
import { address, call, json, key } from "./api.js";
import { badge, cell, h, problem, table, text } from "./page.js";
import { filtersOf, isNumber } from "./product.js";

const OPERATORS = [["", "is"], ["ne", "is not"], ["gt", ">"], ["gte", "≥"], ["lt", "<"], ["lte", "≤"], ["in", "one of"], ["prefix", "begins with"], ["null", "is null (true, false)"]];
const FORMATS = [["csv", "CSV"], ["ndjson", "NDJSON"], ["parquet", "Parquet"], ["arrow", "Arrow"]];
const FIRST_COLUMNS = 40;

/** The parameters of the rows as they are seen. */
function query(given) {
  return [...filtersOf(given), ["sort", given.get("sort")]];
}

/** The same for all of them; what is sorted ends after the most rows that a page may have. */
export function whole(given, format) {
  return [...query(given), ["limit", given.get("sort") ? 10000 : ""], ["format", format]];
}

export async function rows(page, path) {
  const { given, signal, to } = page;
  const selected = (given.get("select") ?? "").split(",").filter(Boolean);
  const all = page.columns.map((column) => column.name);
  const parameters = [...query(given), ["limit", 50]];
  if (selected.length) parameters.push(["select", [...new Set([...page.it.key, ...selected])].join(",")]);
  else if (all.length > FIRST_COLUMNS) parameters.push(["select", all.slice(0, FIRST_COLUMNS).join(",")]);
  const answer = await json(address(path, parameters), { signal });
  const names = answer.data.length ? Object.keys(answer.data[0]) : selected.length ? selected : all.slice(0, FIRST_COLUMNS);
  const numbers = new Set(page.columns.filter(isNumber).map((column) => column.name));
  const sorts = (given.get("sort") ?? "").split(",").filter(Boolean);
  const sortOf = (name) => (sorts.includes(name) ? "ascending" : sorts.includes("-" + name) ? "descending" : "none");
  const sortBy = (name) => to({ sort: sortOf(name) === "none" ? name : sortOf(name) === "ascending" ? "-" + name : "" });
  const columns = names.map((name) => ({
    name, number: numbers.has(name), sort: sortOf(name),
    head: h("button", { type: "button", class: "plain", title: "Sort", onclick: () => sortBy(name) },
      text(name), { ascending: " ↑", descending: " ↓", none: "" }[sortOf(name)]),
    show: (row) => value(name, row[name], to),
  }));
  const holder = h("div", {}, table("Rows", columns, answer.data));
  let next = answer.next;
  const more = h("button", { type: "button", hidden: !next, onclick: async () => {
    try {
      const page_ = await json(address(path, [...parameters, ["cursor", next]]), { signal });
      next = page_.next;
      more.hidden = !next;
      const added = table("Rows", columns, page_.data);
      holder.querySelector("tbody").append(...added.querySelectorAll("tbody tr"));
    } catch (failure) {
      more.after(problem(failure));
    }
  } }, "More rows");
  return [filters(page, names), holder,
    h("div", { class: "row" }, more, h("span", { class: "soft" }, `at position ${answer.position}`)),
    !selected.length && all.length > FIRST_COLUMNS ? h("p", { class: "soft" }, `The first ${FIRST_COLUMNS} of ${all.length} columns.`) : "",
    h("div", { class: "row", role: "group", "aria-label": "Downloads" }, given.get("sort") ? "Download the first 10,000 rows:" : "Download these rows:", FORMATS.map(([format, label]) => download(path, given, format, label)))];
}

function value(name, given, to) {
  if (typeof given === "object" && given !== null) return cell(given);
  const filter = given === null ? [`filter[${name}][null]`, "true"] : [`filter[${name}]`, String(given)];
  return h("button", { type: "button", class: "plain", title: "Only rows with this value", onclick: () => to({ [filter[0]]: filter[1] }) }, cell(given));
}

function filters({ columns, given, to }, names) {
  const chips = filtersOf(given).map(([name, value]) => h("span", { class: "chip" },
    text(name.replace(/^filter\[(.*?)\](?:\[(\w+)\])?$/, (whole, column, operator) => `${column} ${OPERATORS.find(([each]) => each === (operator ?? ""))?.[1] ?? operator}`) + " " + value),
    h("button", { type: "button", class: "plain", "aria-label": "Remove this filter", onclick: () => to({ [name]: "" }) }, " ✕ ")));
  const column = h("select", { "aria-label": "Column" }, (columns.length ? columns.map((each) => each.name) : names).map((name) => h("option", {}, name)));
  const operator = h("select", { "aria-label": "Operator" }, OPERATORS.map(([name, label]) => h("option", { value: name }, label)));
  const wanted = h("input", { "aria-label": "Value", placeholder: "value" });
  const form = h("form", { class: "row", onsubmit: (event) => {
    event.preventDefault();
    to({ [`filter[${column.value}]` + (operator.value ? `[${operator.value}]` : "")]: wanted.value });
  } }, column, operator, wanted, h("button", {}, "Filter"));
  return h("div", {}, form, h("div", { class: "row" }, chips, given.get("sort") ? badge("sorted by " + given.get("sort")) : null));
}

function download(path, given, format, label) {
  const url = address(path, whole(given, format));
  const name = path.split("/").slice(3).join("-") + "." + format;
  return h("a", { href: url, download: name, onclick: async (event) => {
    if (!key.get()) return; // the browser does it by itself
    event.preventDefault();
    const blob = await (await call(url, { accept: "*/*" })).blob();
    const link = h("a", { href: URL.createObjectURL(blob), download: name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  } }, label);
}
