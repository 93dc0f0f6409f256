// One place that talks to the server. Failures are typed, so that a page can say which of them it met.

/** No answer at all: no network, or the server is away. */
export class Unreachable extends Error {}

/** The server answered 4xx or 5xx. `code`, `detail` and `errors` come from its problem+json, where it sent one. */
export class Refused extends Error {
  constructor(status, problem) {
    super(problem.detail || problem.title || `HTTP ${status}`);
    this.status = status;
    this.code = problem.code || "unknown";
    this.detail = problem.detail || "";
    this.errors = problem.errors || [];
  }
}

/** GET `url` and parse its JSON. `signal` aborts it (the AbortError passes through). Throws Unreachable or Refused. */
export function getJson(url, { signal } = {}) {
  return send(url, { signal });
}

/** POST `body` (FormData, or an object sent as JSON), with Django's CSRF token. */
export function post(url, body, { signal, headers = {} } = {}) {
  const isForm = body instanceof FormData;
  return send(url, {
    method: "POST",
    body: isForm ? body : JSON.stringify(body),
    headers: { "X-CSRFToken": csrfToken(), ...(isForm ? {} : { "Content-Type": "application/json" }), ...headers },
    signal,
  });
}

async function send(url, options) {
  let response;
  try {
    response = await fetch(url, {
      credentials: "same-origin",
      ...options,
      headers: { Accept: "application/json", "Accept-Language": document.documentElement.lang, ...options.headers },
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Unreachable(error.message);
  }
  const isJson = /\bjson\b/.test(response.headers.get("Content-Type") || "");
  const body = isJson ? await response.json() : null;
  if (!response.ok) throw new Refused(response.status, body || {});
  // A page where JSON was due: most often the sign-in page, because the session ended.
  if (!isJson) throw new Refused(response.status, { code: "not_json" });
  return body;
}

function csrfToken() {
  const input = document.querySelector("input[name=csrfmiddlewaretoken]");
  return input?.value || document.cookie.match(/(?:^|; )csrftoken=([^;]+)/)?.[1] || "";
}
