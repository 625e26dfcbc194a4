// A statement over the products that the caller may see.
import { address, json, post } from "./api.js";
import { chart, h, problem, table } from "./page.js";

export async function sql(given, signal) {
  document.title = "SQL";
  const products = (await json(address("/v1/products"), { signal })).data;
  const names = products.map((each) => `${each.domain}.${each.product}`);
  const first = names[0] ? `SELECT * FROM ${names[0]} LIMIT 100` : "SELECT 1 AS one";
  const statement = h("textarea", { class: "sql", id: "statement", spellcheck: "false", "aria-describedby": "hint" });
  statement.value = given.get("statement") ?? first;
  const result = h("div", { "aria-live": "polite" });
  const suggestions = h("div", { class: "row", role: "group", "aria-label": "Completions" });
  const columnsOf = new Map();
  let running = null;
  const cancel = h("button", { type: "button", hidden: true, onclick: () => running?.abort() }, "Cancel");
  const run = async () => {
    running?.abort();
    const mine = (running = new AbortController());
    signal.addEventListener("abort", () => mine.abort());
    cancel.hidden = false;
    history.replaceState(null, "", "#/" + address("sql", [["statement", statement.value]]));
    const since = performance.now();
    try {
      const answer = await post("v1/sql", { sql: statement.value }, { signal: mine.signal });
      const body = await answer.json();
      const rows = body.data ?? body;
      const columns = rows.length ? Object.keys(rows[0]).map((name) => ({ name, number: typeof rows[0][name] === "number" })) : [];
      const measured = columns.find((column) => column.number);
      const label = columns.find((column) => column !== measured);
      result.replaceChildren(h("p", { class: "soft" }, `${rows.length} rows, ${Math.round(performance.now() - since)} ms`),
        measured && label && rows.length > 1 && rows.length <= 500
          ? h("details", {}, h("summary", {}, `Chart: ${measured.name} by ${label.name}`), chart(rows.map((row) => [row[label.name], row[measured.name]]), `${measured.name} by ${label.name}`)) : "",
        rows.length ? table("Result", columns, rows) : h("p", {}, "No rows."));
    } catch (failure) {
      result.replaceChildren(mine.signal.aborted ? h("p", {}, "Cancelled.") : problem(failure));
    }
    cancel.hidden = true;
  };
  const complete = async () => {
    const word = /[\w.]*$/.exec(statement.value.slice(0, statement.selectionStart))[0].toLowerCase();
    for (const name of names.filter((each) => statement.value.includes(each) && !columnsOf.has(each))) {
      columnsOf.set(name, []);
      const [domain, product] = name.split(".");
      json(address(`/v1/products/${domain}/${product}/schema`), { accept: "application/schema+json", signal })
        .then((schema) => columnsOf.set(name, Object.keys(schema.properties)));
    }
    const known = [...names, ...[...columnsOf.values()].flat()];
    const fitting = word ? [...new Set(known.filter((each) => each.toLowerCase().startsWith(word) && each.toLowerCase() !== word))].slice(0, 12) : [];
    suggestions.replaceChildren(...fitting.map((each) => h("button", { type: "button", onclick: () => {
      const end = statement.selectionStart;
      statement.setRangeText(each, end - word.length, end, "end");
      suggestions.replaceChildren();
      statement.focus();
    } }, each)));
  };
  statement.addEventListener("input", complete);
  statement.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) run();
  });
  return [h("h1", {}, "SQL"), h("label", { for: "statement" }, "One SELECT over the products"), statement,
    h("p", { id: "hint", class: "soft small" }, "Ctrl+Enter runs it. Tables are domain.product."), suggestions,
    h("div", { class: "row" }, h("button", { type: "button", onclick: run }, "Run"), cancel), result];
}
