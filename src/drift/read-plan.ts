/** Reads the file of `terraform show -json` and says what is wrong with it. */
import { errorText } from '../base/error-text.ts';
import { parseExact } from '../base/exact-json.ts';
import type { Json } from './finding.ts';
import { isObject, type JsonObject } from './json-value.ts';
import { parseInPieces } from './parse-pieces.ts';
import type { PlanDocument } from './plan-document.ts';
import { planParts } from './plan-parts.ts';
import { valueSharer } from './shared-values.ts';

/** The input can't be analysed. `message` is one line: what is wrong, where, and what to do. */
export class PlanError extends Error {
  override readonly name = 'PlanError';
}

/** Documents of at least this many bytes are parsed in pieces. */
const BIG = 1024 * 1024;
/** The longest string in V8, in characters. */
const MAX_TEXT = 2 ** 29 - 24;
/** What to do about a file that is not a plan. */
const HOW = 'write it with `terraform show -json PLANFILE`';

/**
 * Reads and checks a document of `terraform show -json PLANFILE` (or OpenTofu's). It accepts log lines around the
 * document, a byte order mark, and UTF-16. `where` names the input in errors.
 *
 * @throws PlanError if the input is empty, cut short, not a plan, of an unknown format version, or a plan that
 * ended with an error.
 */
export function readPlan(bytes: Uint8Array | string, where: string): PlanDocument {
  const parsed = typeof bytes === 'string' ? undefined : parseBig(bytes);
  if (parsed !== undefined) return checkPlan(parsed, where);
  return checkPlan(parsePlan(typeof bytes === 'string' ? bytes : decode(bytes, where), where), where);
}

/** Parses a big document of plain JSON in UTF-8; undefined for every other input, which is then read as one text. */
function parseBig(bytes: Uint8Array): Json | undefined {
  if (bytes.length < BIG) return undefined;
  const marked = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  try {
    return parseInPieces(marked ? bytes.subarray(3) : bytes, valueSharer());
  } catch {
    // The caller reads the text as a whole then, and names the error.
    return undefined;
  }
}

function checkPlan(input: unknown, where: string): PlanDocument {
  const refuse = (what: string): PlanError => new PlanError(`${where}: ${what}`);
  if (!isObject(input as Json)) throw refuse(`holds no JSON object, so it is no plan; ${HOW}`);
  const plan = input as JsonObject;
  const version = plan.format_version;
  if (isRedacted(plan)) {
    throw refuse(
      "is HCP Terraform's redacted JSON of a plan, which leaves values and code out; fetch the plan's `json-output` in its place (GET /api/v2/plans/PLAN_ID/json-output, with a token of a workspace admin)",
    );
  }
  if (typeof version !== 'string') throw refuse(`${whatElse(plan)}; ${HOW}`);
  const major = /^(\d+)\.\d+$/.exec(version)?.[1];
  if (major !== '0' && major !== '1') {
    throw refuse(
      `plan format ${JSON.stringify(version.slice(0, 20))} is unknown here (0.x and 1.x are known); update m0`,
    );
  }
  if (plan.errored === true) {
    throw refuse('the plan ended in an error and is not complete; fix the error and plan again');
  }
  const parts = ['planned_values', 'resource_changes', 'resource_drift', 'output_changes', 'configuration'];
  if (!parts.some((part) => plan[part] !== undefined)) throw refuse(`${whatElse(plan)}; ${HOW}`);
  const document: PlanDocument = { ...plan, format_version: version };
  // Only a check here, so that errors name the input. The analysis splits the plan again.
  planParts(document, (what) => refuse(`${what}; ${HOW}`));
  return document;
}

function decode(bytes: Uint8Array, where: string): string {
  const [a, b, c, d] = bytes;
  if (a === 0x50 && b === 0x4b) {
    throw new PlanError(`${where}: is a saved plan file, not JSON; ${HOW.replace('PLANFILE', 'it')}`);
  }
  if (bytes.length > MAX_TEXT) {
    throw new PlanError(
      `${where}: is over 512 MiB and cut short, broken, or more than a plan as JSON in UTF-8; ${HOW}`,
    );
  }
  // PowerShell's `>` writes UTF-16, with or without a byte order mark.
  if ((a === 0xff && b === 0xfe) || (b === 0 && d === 0)) return new TextDecoder('utf-16le').decode(bytes);
  if ((a === 0xfe && b === 0xff) || (a === 0 && c === 0)) return new TextDecoder('utf-16be').decode(bytes);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new PlanError(`${where}: is no UTF-8 or UTF-16 text, so it is no plan; ${HOW}`);
  }
}

function parsePlan(text: string, where: string): unknown {
  const clean = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  if (clean.trim() === '') throw new PlanError(`${where}: is empty; ${HOW}`);
  try {
    return parseExact(clean);
  } catch {
    // The text is not one JSON document: there may be log lines around it.
  }
  const start = startOfPlan(clean);
  if (start === undefined) throw new PlanError(`${where}: ${whatText(clean)}; ${HOW}`);
  const end = endOfObject(clean, start);
  if (end === undefined) {
    throw new PlanError(`${where}: the plan is cut short at character ${clean.length}; write it again`);
  }
  // The first alone would be half an answer, and nobody would notice.
  if (hasPlan(clean.slice(0, start)) || hasPlan(clean.slice(end))) {
    throw new PlanError(`${where}: several plans or states in one file; give one plan in each file`);
  }
  try {
    return parseExact(clean.slice(start, end));
  } catch (error) {
    // V8's message quotes the text, which may be secret, so only the position is shown.
    const at = /at position (\d+)/.exec(errorText(error))?.[1];
    const place = at === undefined ? '' : ` at character ${start + Number(at)}`;
    throw new PlanError(`${where}: the plan is broken JSON${place}; write it again`);
  }
}

/**
 * Where the plan begins in a text with something around it: at the `format_version` that Terraform writes first, or
 * at the start of the text, for a plan with other keys in front (`jq --sort-keys`).
 */
function startOfPlan(text: string): number | undefined {
  const found = /^[^\S\n]*\{\s*"format_version"/m.exec(text)?.index;
  if (found !== undefined) return found;
  const first = /^\s*\{/.exec(text);
  const end = first === null ? undefined : endOfObject(text, 0);
  return end !== undefined && hasPlan(text.slice(0, end)) ? 0 : undefined;
}

/** True if the text has the start of a plan or a state, or a key that only plans have. */
function hasPlan(text: string): boolean {
  return /\{\s*"format_version"\s*:|"(?:resource_changes|resource_drift|output_changes|planned_values)"\s*:/.test(
    text,
  );
}

/** Index after the object that starts at `start`; undefined if the text ends before the object does. */
function endOfObject(text: string, start: number): number | undefined {
  const token = /["{}[\]]/g;
  token.lastIndex = start;
  let depth = 0;
  for (let match = token.exec(text); match !== null; match = token.exec(text)) {
    if (match[0] === '"') {
      let at = match.index + 1;
      while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
      token.lastIndex = at + 1;
    } else if (match[0] === '{' || match[0] === '[') {
      depth += 1;
    } else {
      depth -= 1;
      if (depth === 0) return match.index + 1;
    }
  }
  return undefined;
}

function whatText(text: string): string {
  if (/^\s*\{"@level"/m.test(text)) return "is the log of `terraform plan -json`, not the plan's document";
  if (/^\s*</.test(text)) return 'is HTML or XML, not a plan';
  if (/Terraform will perform|No changes\.|# \S+ will be/.test(text))
    return 'is the plan as text, not as JSON';
  if (/^\s*[{[]/.test(text)) return 'is broken or cut-short JSON and no plan';
  return 'is no JSON';
}

/**
 * True for the answer of HCP Terraform's `json-output-redacted`. It names the versions of its two parts in keys of
 * its own, in place of `format_version`, as Terraform's reader for it expects (internal/command/jsonformat/plan.go
 * and the `plan-redacted.json` of internal/cloud/testdata).
 */
function isRedacted(plan: JsonObject): boolean {
  return plan.plan_format_version !== undefined;
}

function whatElse(plan: JsonObject): string {
  if (plan.lineage !== undefined || plan.serial !== undefined) return 'is a state file, not a plan';
  if (plan.values !== undefined) return 'is a state shown as JSON, not a plan';
  if (plan['@level'] !== undefined) return "is the log of `terraform plan -json`, not the plan's document";
  if (plan.provider_schemas !== undefined) return 'is a provider schema, not a plan';
  if (plan.formatVersion !== undefined) return 'is an answer of `m0 explain --json`, not a plan';
  return 'is JSON but no plan';
}
