// Numbers, distances and times in the page's language. Moroccan usage: Western digits in Arabic too.

const LOCALES = { ar: "ar-MA-u-nu-latn", fr: "fr", en: "en-GB" };

function locale() {
  const language = globalThis.document?.documentElement.lang || "fr";
  return LOCALES[language] || language;
}

// By language and options: making one takes longer than all the rest of a circle on the map.
const formats = new Map();

export function formatNumber(value, options = {}) {
  const key = `${locale()} ${JSON.stringify(options)}`;
  if (!formats.has(key)) formats.set(key, new Intl.NumberFormat(locale(), { maximumFractionDigits: 1, ...options }));
  return formats.get(key).format(value);
}

/** What stands between the parts of an enumeration. */
export function listComma() {
  return locale().startsWith("ar") ? "، " : ", ";
}

/** Metres below one kilometre (rounded to what a person can pace), kilometres from there. */
export function formatDistance(metres) {
  if (metres < 1000) {
    const rounded = metres < 20 ? Math.round(metres) : Math.round(metres / 10) * 10;
    return formatNumber(rounded, { style: "unit", unit: "meter", maximumFractionDigits: 0 });
  }
  return formatNumber(metres / 1000, { style: "unit", unit: "kilometer" });
}

export function formatPercent(share) {
  return formatNumber(share, { style: "percent", maximumFractionDigits: 0 });
}

/** `iso` as date, or date and time, in the city's zone (data-time-zone of <html>). A mere date is that day in every zone. */
export function formatDate(iso, { time = false } = {}) {
  const isDay = /^\d{4}-\d\d-\d\d$/.test(iso);
  const timeZone = isDay ? "UTC" : globalThis.document?.documentElement.dataset.timeZone || "Africa/Casablanca";
  const style = time ? { dateStyle: "medium", timeStyle: "short" } : { dateStyle: "medium" };
  return new Intl.DateTimeFormat(locale(), { ...style, timeZone }).format(new Date(iso));
}

export function formatBytes(bytes) {
  if (bytes < 1_000_000) {
    return formatNumber(Math.max(1, Math.round(bytes / 1000)), { style: "unit", unit: "kilobyte" });
  }
  return formatNumber(bytes / 1_000_000, { style: "unit", unit: "megabyte" });
}
