// What the portal asks of the API; it knows no other door. Addresses are relative, so a proxy may put a path before them.

/** The key or token of this tab; empty for none. */
export const key = {
  get: () => sessionStorage.getItem("millrace.key") ?? "",
  set: (value) => (value ? sessionStorage.setItem("millrace.key", value) : sessionStorage.removeItem("millrace.key")),
};

/** A failure as the API told it (RFC 9457), or as near as can be. */
export class Problem extends Error {
  constructor(status, body) {
    super(body.detail ?? body.title ?? `The server answered ${status}.`);
    this.status = status;
    this.body = body;
  }
}

/** An address with parameters; those without a value are left out. A value that is a list stands once for each. */
export function address(path, parameters = []) {
  const query = new URLSearchParams();
  for (const [name, value] of parameters) {
    if (value !== "" && value !== null && value !== undefined) query.append(name, value);
  }
  const text = query.toString();
  return path.replace(/^\//, "") + (text ? "?" + text : "");
}

export async function call(url, { accept = "application/json", ...options } = {}) {
  const headers = { accept, ...options.headers };
  if (key.get()) headers.authorization = "Bearer " + key.get();
  const answer = await fetch(url, { ...options, headers });
  if (!answer.ok) {
    const body = await answer.json().catch(() => ({}));
    throw new Problem(answer.status, body);
  }
  return answer;
}

/** JSON with whole numbers that a double cannot hold as texts, so that no digit is lost on the screen. */
export async function json(url, options) {
  return (await call(url, { accept: "application/json; numbers=string", ...options })).json();
}

export async function plainJson(url, options) {
  return (await call(url, options)).json();
}

export async function post(url, body, options) {
  return call(url, { method: "POST", body: JSON.stringify(body), ...options, headers: { "content-type": "application/json" } });
}

/** Reads an endless answer line by line, until its signal is aborted or it ends. */
export async function lines(url, signal, onLine) {
  const answer = await call(url, { accept: "application/x-ndjson", signal });
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const parts = (rest + value).split("\n");
    rest = parts.pop();
    parts.filter((line) => line.trim()).forEach((line) => onLine(JSON.parse(line)));
  }
}
