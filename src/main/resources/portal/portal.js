// The pages and their addresses: "#/" the catalogue, "#/p/domain/product" a product, "#/sql" statements. What is after
// the question mark is the whole state of a page, so an address that is sent to somebody shows the same.
import { address, json, key, Problem } from "./api.js";
import { badge, h, number, problem, say, state, text } from "./page.js";
import { product } from "./product.js";
import { sql } from "./sql.js";

const main = document.getElementById("main");
const SHOWN = 200;

/** Where the page is: path parts and state. */
function here() {
  const [path, query] = (location.hash.slice(1) || "/").split("?", 2);
  return { parts: path.split("/").filter(Boolean).map(decodeURIComponent), state: new URLSearchParams(query ?? "") };
}

let under = new AbortController();

async function show() {
  under.abort();
  under = new AbortController();
  const { parts, state: given } = here();
  const signal = under.signal;
  try {
    const page = parts[0] === "p" && parts.length >= 3 ? await product(parts[1], parts[2], given, signal)
      : parts[0] === "sql" ? await sql(given, signal)
      : await catalogue(given, signal);
    if (!signal.aborted) main.replaceChildren(...page.filter(Boolean));
  } catch (failure) {
    if (!signal.aborted) {
      main.replaceChildren(problem(failure));
      if (failure instanceof Problem && failure.status === 401) ask();
    }
  }
}

async function catalogue(given, signal) {
  document.title = "Millrace";
  const query = given.get("q") ?? "";
  const domain = given.get("domain") ?? "";
  const results = h("div", {});
  let last = 0;
  const list = async (q) => {
    const mine = ++last;
    const found = await json(address("/v1/products", [["q", q]]), { signal });
    if (mine !== last) return;
    document.getElementById("mesh").textContent = found.mesh;
    const domains = [...new Set(found.data.map((each) => each.domain))];
    const shown = found.data.filter((each) => !domain || each.domain === domain);
    results.replaceChildren(
      h("div", { class: "row", role: "group", "aria-label": "Domains" },
        ["", ...domains].map((each) => h("a", { href: href(["q", q], ["domain", each]), "aria-current": each === domain ? "true" : null,
          class: "badge" + (each === domain ? " good" : "") }, each ? text(each) : "all domains"))),
      h("p", { class: "soft", role: "status" }, `${shown.length} ${shown.length === 1 ? "product" : "products"}` +
        (shown.length > SHOWN ? `, the first ${SHOWN} of which are shown; search for the others` : "")),
      h("ul", { class: "cards" }, shown.slice(0, SHOWN).map(card)));
  };
  const search = h("input", { type: "search", class: "search", value: query, "aria-label": "Search products, columns, descriptions, owners, tags",
    placeholder: "Search products, columns, descriptions, owners, tags" });
  let timer = 0;
  search.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      history.replaceState(null, "", href(["q", search.value], ["domain", domain]));
      list(search.value).catch((failure) => signal.aborted || results.replaceChildren(problem(failure)));
    }, 200);
  });
  await list(query);
  return [h("h1", {}, "Data products"), search, results];
}

function href(...parameters) {
  const text = address("", parameters);
  return "#/" + text;
}

function card(each) {
  const failed = each.quality?.failed ?? 0;
  return h("li", { class: "card" },
    h("h2", {}, h("a", { href: `#/p/${encodeURIComponent(each.domain)}/${encodeURIComponent(each.product)}` }, text(each.domain + "." + each.product))),
    h("div", { class: "row" }, state(each.state),
      each.quality ? badge(failed ? `${failed} rules broken` : `${each.quality.passed} rules kept`, failed ? "bad" : "good") : null,
      h("span", { class: "soft small" }, each.rows === undefined ? "" : `${number(each.rows)} rows`),
      h("span", { class: "soft small" }, each.newestRecord ? "newest " + each.newestRecord.replace("T", " ").slice(0, 16) : "")),
    each.description ? h("p", {}, text(each.description)) : null,
    each.owner ? h("p", { class: "soft small" }, "Owner: ", text(each.owner)) : null,
    each.tags?.length ? h("div", { class: "row" }, each.tags.map((tag) => badge(tag))) : null);
}

const dialog = document.getElementById("key-dialog");
function ask() {
  if (!dialog.open) dialog.showModal();
}
document.getElementById("key-button").addEventListener("click", ask);
dialog.addEventListener("close", () => {
  const field = document.getElementById("key");
  if (dialog.returnValue === "ok") key.set(field.value.trim());
  if (dialog.returnValue === "forget") key.set("");
  field.value = "";
  if (dialog.returnValue) {
    say(key.get() ? "Your key is used in this tab." : "No key is used.");
    show();
  }
});

fetch("openapi.yaml").then((answer) => answer.text()).then((document_) => {
  document.getElementById("sql-link").hidden = !document_.includes("\n  /v1/sql:");
});
addEventListener("hashchange", show);
show();
