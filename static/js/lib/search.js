// Finding a category, quarter or street by words as people type them: without accents, with any hamza, or in Darija
// written with Latin letters and digits ("7ofra" for حفرة).

const ARABIC = [
  [/[\u064B-\u065F\u0670\u0640]/g, ""], // vowel signs, dagger alif, tatweel
  [/[أإآٱ]/g, "ا"],
  [/ى/g, "ي"],
  [/ئ/g, "ي"],
  [/ؤ/g, "و"],
  [/ة/g, "ه"],
  [/ڭ|گ/g, "ك"],
];
const DARIJA_DIGITS = { 2: "a", 3: "a", 5: "kh", 7: "h", 9: "q" };

// Below this share of common trigrams two words are strangers ("hofra" and "7ofra f tri9" reach 0.5).
const ALIKE = 0.4;

/** Text as it is compared: lower case, no accents, one form per Arabic letter, Darija digits as letters. */
export function fold(text) {
  let folded = String(text ?? "")
    .toLowerCase()
    .normalize("NFD")
    .replace(/[\u0300-\u036f]/g, "")
    .normalize("NFC");
  for (const [pattern, replacement] of ARABIC) folded = folded.replace(pattern, replacement);
  folded = folded.replace(/œ/g, "oe").replace(/æ/g, "ae");
  return words(folded).map(digitsAsLetters).join(" ");
}

/**
 * The items that match, best first; all of them, in their order, for an empty query.
 * `textsOf(item)` gives the texts to look in: names, keywords, in any language.
 */
export function rank(query, items, textsOf) {
  const wanted = fold(query).split(" ").filter(Boolean);
  if (!wanted.length) return [...items];
  return items
    .map((item, order) => ({ item, order, score: score(wanted, textsOf(item).map(fold)) }))
    .filter((row) => row.score > 0)
    .sort((a, b) => b.score - a.score || a.order - b.order)
    .map((row) => row.item);
}

function score(wanted, texts) {
  const present = texts.flatMap((text) => text.split(" ")).filter(Boolean);
  let sum = 0;
  for (const word of wanted) {
    const best = Math.max(0, ...present.map((other) => wordScore(word, other)));
    if (!best) return 0;
    sum += best;
  }
  return sum / wanted.length;
}

function wordScore(word, other) {
  const bare = withoutArticle(other);
  const wanted = withoutArticle(word);
  if (bare === wanted) return 4;
  if (bare.startsWith(wanted)) return 3;
  if (wanted.length > 2 && bare.includes(wanted)) return 2;
  const likeness = similarity(wanted, bare);
  return likeness >= ALIKE ? likeness : 0;
}

/** Share of common trigrams, 0 to 1. */
export function similarity(first, second) {
  const a = trigrams(first);
  const b = trigrams(second);
  let common = 0;
  for (const part of a) if (b.has(part)) common += 1;
  return common / (a.size + b.size - common || 1);
}

function trigrams(word) {
  const padded = `  ${word} `;
  const parts = new Set();
  for (let i = 0; i + 3 <= padded.length; i += 1) parts.add(padded.slice(i, i + 3));
  return parts;
}

function withoutArticle(word) {
  return word.length > 4 && word.startsWith("ال") ? word.slice(2) : word;
}

function words(text) {
  return text.split(/[^\p{L}\p{N}]+/u).filter(Boolean);
}

// Only inside a word: "7ofra" is Darija, "7" and "2026" are numbers.
function digitsAsLetters(word) {
  if (!/[a-z]/.test(word)) return word;
  return word.replace(/[23579]/g, (digit) => DARIJA_DIGITS[digit]);
}
