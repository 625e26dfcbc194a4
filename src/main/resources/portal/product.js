// One product: what it is, its rows, charts, changes, quality, dead letters, and how to take it elsewhere.
import { address, call, json, lines, post } from "./api.js";
import { badge, cell, chart, copyable, facts, h, histogram, number, problem, say, state, table, tabs, text } from "./page.js";
import { rows } from "./rows.js";
import { snippets } from "./take.js";

const TABS = [["about", "About"], ["rows", "Rows"], ["chart", "Chart"], ["live", "Live"], ["quality", "Quality"],
  ["letters", "Dead letters"], ["contract", "Contract"], ["take", "Take it with you"]];
const MOST_COLUMNS = 500;

export async function product(domain, name, given, signal) {
  const base = `/v1/products/${encodeURIComponent(domain)}/${encodeURIComponent(name)}`;
  const it = await json(address(base), { signal });
  document.title = `${it.domain}.${it.product}`;
  const to = (changes) => {
    const next = new URLSearchParams(location.hash.split("?")[1] ?? "");
    for (const [member, value] of Object.entries(changes)) {
      next.delete(member);
      if (value !== null && value !== "") next.set(member, value);
    }
    location.hash = `#/p/${encodeURIComponent(domain)}/${encodeURIComponent(name)}?${next}`;
  };
  const columns = Object.entries(it.schema.properties).map(([column, schema]) => ({ name: column, schema, type: typeOf(schema) }));
  const page = { base, it, columns, given, signal, to };
  const chosen = TABS.some(([id]) => id === given.get("tab")) ? given.get("tab") : "about";
  const shown = TABS.filter(([id]) => id !== "letters" || it.urls.deadLetters);
  const panel = h("div", { role: "tabpanel", id: "panel", "aria-labelledby": "tab-" + chosen });
  const views = { about, rows: (each) => rows(each, each.base + "/rows"), chart: charts, live, quality, letters, contract, take };
  try {
    panel.append(...(await views[chosen](page)));
  } catch (failure) {
    if (signal.aborted) throw failure;
    panel.append(problem(failure));
  }
  return [
    h("h1", {}, text(`${it.domain}.${it.product}`)),
    h("div", { class: "row" }, state(it.state), badge(it.mode), h("span", { class: "soft" }, `${number(it.rows)} rows`),
      it.freshness.newestRecord ? h("span", { class: "soft" }, "newest record ", text(it.freshness.newestRecord)) : null,
      h("span", { class: "soft" }, "contract ", text(it.contract.version))),
    it.stateDetail ? h("p", { class: "soft" }, text(it.stateDetail)) : null,
    it.description ? h("p", {}, text(it.description)) : null,
    tabs(shown, chosen, (id) => to({ tab: id === "about" ? "" : id })),
    panel,
  ];
}

/** A column's type in a word: what it is in SQL. */
const typeOf = (schema) => (schema["x-sql"] ?? "any").toLowerCase();

export const isNumber = (column) => /int|float|double|decimal/.test(column.type);
const isTime = (column) => /^(date|timestamp)/.test(column.type);
const isPlain = (column) => !["struct", "list", "map", "blob"].includes(column.type);

async function about({ base, it, columns, signal, to }) {
  const statistics = await json(address(base + "/stats"), { signal }).catch(() => ({ columns: [] }));
  const report = it.serviceLevels?.length ? await json(address(base + "/quality"), { signal }).catch(() => null) : null;
  const kept = new Map((report?.rules ?? []).map((rule) => [rule.rule, rule.status]));
  const of = new Map(statistics.columns.map((column) => [column.column, column]));
  const bounds = (schema) => [
    schema.enum ? "one of " + schema.enum.filter((value) => value !== null).join(", ") : "",
    schema.minimum !== undefined ? "≥ " + schema.minimum : "", schema.exclusiveMinimum !== undefined ? "> " + schema.exclusiveMinimum : "",
    schema.maximum !== undefined ? "≤ " + schema.maximum : "", schema.exclusiveMaximum !== undefined ? "< " + schema.exclusiveMaximum : "",
    schema.pattern ? "matches " + schema.pattern : "",
  ].filter(Boolean).join(", ");
  return [
    facts([["Title", it.title], ["Usage", it.usage], ["Limitations", it.limitations], ["Owner", it.owner],
      ["Tags", it.tags?.join(", ")], ["Key", it.key.join(", ")], ["Position", it.position], ["Contract", it.contract.id]]),
    it.support?.length ? h("section", {}, h("h2", {}, "Support"), h("ul", {}, it.support.map((each) =>
      h("li", {}, text([each.channel, each.description, each.url].filter(Boolean).join(", ")))))) : null,
    it.serviceLevels?.length ? h("section", {}, h("h2", {}, "Service levels"), h("ul", {}, it.serviceLevels.map((each) => h("li", {},
      text([each.property, each.value, each.unit, each.element].filter((part) => part !== undefined && part !== null).join(" ") + " "),
      kept.has(each.property) ? outcome(kept.get(each.property)) : null)))) : null,
    h("h2", {}, `${columns.length} columns`),
    table("Columns", [
      { name: "name", label: "Column", show: (column) => h("span", {}, h("button", { type: "button", class: "plain", onclick: () => to({ tab: "rows", select: column.name }) },
        h("strong", {}, text(column.name))), it.key.includes(column.name) ? [" ", badge("key")] : null,
        column.schema["x-classification"] ? [" ", badge(column.schema["x-classification"], "warn")] : null) },
      { name: "type", label: "Type", show: (column) => text(column.type + ([column.schema.type].flat().includes("null") ? ", may be null" : "")) },
      { name: "unit", label: "Unit", show: (column) => text(column.schema["x-unit"] ?? "") },
      { name: "description", label: "Meaning", show: (column) => text(column.schema.description ?? "") },
      { name: "bounds", label: "Bounds", show: (column) => text(bounds(column.schema)) },
      { name: "nulls", label: "Nulls", number: true, show: (column) => text(of.has(column.name) ? number(of.get(column.name).nulls) : "") },
      { name: "distinct", label: "Different", number: true, show: (column) => text(of.get(column.name)?.distinct ? "≈ " + number(of.get(column.name).distinct.estimate) : "") },
      { name: "values", label: "Values", show: (column) => histogram(of.get(column.name)?.quantiles ?? {}, column.name) ?? "" },
    ], columns.slice(0, MOST_COLUMNS)),
    columns.length > MOST_COLUMNS ? h("p", { class: "soft" }, `The first ${MOST_COLUMNS}; all are in the schema: `, h("a", { href: address(base + "/schema") }, "JSON Schema")) : null,
  ].filter(Boolean);
}

/** Groups and buckets of the rows that the filters leave. */
async function charts({ base, columns, given, signal, to }) {
  const groups = columns.filter(isPlain);
  const numbers = columns.filter(isNumber);
  const time = columns.find(isTime);
  const by = given.get("by") ?? (time ?? groups.find((column) => column.type === "varchar") ?? groups[0])?.name ?? "";
  const length = given.get("length") ?? "1d";
  const measure = given.get("measure") ?? "count";
  const column = columns.find((each) => each.name === by);
  const bucketed = column && isTime(column);
  const choose = (label, id, value, options) => h("label", {}, label, h("select", { id, onchange: (event) => to({ [id]: event.target.value }) },
    options.map(([option, name]) => h("option", { value: option, selected: option === value }, name ?? option))));
  const controls = h("div", { class: "row" },
    choose("By", "by", by, groups.map((each) => [each.name])),
    bucketed ? choose("each", "length", length, [["1m", "minute"], ["1h", "hour"], ["1d", "day"], ["1w", "week"], ["1mo", "month"]]) : null,
    choose("show", "measure", measure, [["count", "number of rows"], ...numbers.slice(0, 60).flatMap((each) =>
      ["avg", "min", "max", "sum", "p50", "p95"].map((f) => [`${f}(${each.name})`]))]));
  const parameters = [...filtersOf(given), [bucketed ? "bucket" : "group", bucketed ? `${by}:${length}` : by], ["agg", measure],
    ["limit", bucketed ? 1000 : 40], ...(bucketed ? [] : [["sort", "-" + measure]])];
  const answer = await json(address(base + "/rows", parameters), { signal });
  const points = answer.data.map((row) => [String(row[by]).replace(/T00:00:00Z?$/, ""), row[measure]]);
  return [controls, h("h2", {}, `${measure} by ${by}`), chart(points, `${measure} by ${by}`),
    table("The chart's values", [{ name: by }, { name: measure, number: true }], answer.data)];
}

export function filtersOf(given) {
  return [...given].filter(([name]) => name.startsWith("filter["));
}

/** Changes as they come, newest first. */
async function live({ base, columns, signal }) {
  const shown = h("tbody", {});
  const count = h("span", { class: "soft", role: "status" }, "waiting for changes");
  let seen = 0;
  const take = (event) => {
    seen++;
    count.textContent = `${seen} changes`;
    const row = event.after ?? event.row ?? event.before ?? event;
    shown.prepend(h("tr", {}, h("td", {}, text(event.op ?? event.type ?? "")), columns.slice(0, 30).map((column) => h("td", {}, cell(row[column.name])))));
    while (shown.children.length > 100) shown.lastChild.remove();
  };
  lines(address(base + "/changes"), signal, take).catch((failure) => signal.aborted || shown.parentElement.before(problem(failure)));
  return [h("p", {}, count), h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Changes" }, h("table", {}, h("thead", {}, h("tr", {},
    h("th", { scope: "col" }, "Change"), columns.slice(0, 30).map((column) => h("th", { scope: "col" }, text(column.name))))), shown))];
}

const outcome = (status) => badge({ PASSED: "kept", FAILED: "broken" }[status] ?? "not evaluated", { PASSED: "good", FAILED: "bad" }[status] ?? "");

async function quality({ base, signal }) {
  const report = await json(address(base + "/quality"), { signal });
  const rejected = Object.entries(report.rejected?.byRule ?? {});
  return [
    facts([["Rows looked at", number(report.rows)], ["Rules kept", report.overall?.passed], ["Rules broken", report.overall?.failed],
      ["Not evaluated", report.overall?.notEvaluated], ["Records rejected", report.rejected?.count]]),
    report.rules?.length ? table("Rules", [{ name: "state", label: "State", show: (rule) => outcome(rule.status) },
      { name: "rule", label: "Rule", show: (rule) => text(rule.rule) },
      { name: "threshold", label: "Wanted", show: (rule) => text([rule.threshold, rule.unit].filter(Boolean).join(" ")) },
      { name: "value", label: "Measured", number: true, show: (rule) => (rule.value === null ? "" : cell(rule.value)) },
      { name: "detail", label: "What it says", show: (rule) => text(rule.description || rule.detail || "") }], report.rules)
      : h("p", { class: "soft" }, "The contract has no quality rules."),
    rejected.length ? table("Rejected records by rule", [{ name: "rule", label: "Rule", show: (each) => text(each[0]) },
      { name: "count", label: "Records", number: true, show: (each) => text(each[1]) }], rejected) : null,
  ].filter(Boolean);
}

async function letters(page) {
  const { base, it } = page;
  const replay = h("button", { type: "button", onclick: async () => {
    replay.disabled = true;
    try {
      const report = await (await post(address(base + "/dead-letters:replay"), {})).json();
      say("Replayed: " + JSON.stringify(report));
    } catch (failure) {
      replay.after(problem(failure));
    }
    replay.disabled = false;
  } }, "Send all that wait again");
  return [h("p", {}, `${number(it.deadLetters.all)} records broke the contract, ${number(it.deadLetters.rejected)} wait for a replay.`), replay,
    ...(await rows({ ...page, columns: [], key: [] }, base + "/dead-letters"))];
}

async function contract({ base, it, signal }) {
  const [contractText, versions] = [await (await call(address(base + "/contract"), { accept: "application/yaml", signal })).text(), it.contractChange];
  return [versions ? h("div", { class: "problem" }, h("strong", {}, "The mesh folder has another contract: "), text(versions.state), " ",
    text((versions.reasons ?? []).join("; "))) : null, copyable("Contract " + it.contract.version, contractText),
    h("p", {}, h("a", { href: address(base + "/schema") }, "JSON Schema"), ", ", h("a", { href: address(base + "/openapi.yaml") }, "OpenAPI"), ", ",
      h("a", { href: address(base + "/asyncapi.yaml") }, "AsyncAPI"))].filter(Boolean);
}

async function take(page) {
  return snippets(page).map(([title, code]) => copyable(title, code));
}
