/**
 * Answers small questions without a process, through OPA's Wasm, for policies where that is exactly what `opa eval`
 * answers. Wherever there is a doubt there is no answer here, and opa gives it. See docs/adr/0011.
 */
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Json } from '../drift/finding.ts';
import { isBigNumber } from '../drift/json-value.ts';
import { answerExpression } from './ask.ts';
import type { Bundle } from './bundle.ts';
import type { Compiler } from './compiler.ts';
import type { FastReport, FastTask } from './fast-path-thread.ts';
import { jsonPieces } from './json-text.ts';
import { OpaLimitReached } from './opa.ts';
import { eachTerm, type ParsedFile } from './parse.ts';
import { readTarGz } from './tar.ts';

/**
 * Builtins that OPA's Wasm answers as `opa eval` does, whatever it is given: no arithmetic (it is decimal there), no
 * patterns, nothing whose answer shows the order of a set (that of hashes there).
 */
const EXACT: ReadonlySet<string> = new Set([
  ...['assign', 'count', 'contains', 'endswith', 'eq', 'equal', 'gt', 'gte', 'internal.member_2'],
  ...[
    'internal.member_3',
    'is_array',
    'is_boolean',
    'is_null',
    'is_number',
    'is_object',
    'is_set',
    'is_string',
  ],
  ...['lt', 'lte', 'neq', 'object.get', 'startswith', 'type_name', 'walk'],
]);
const ENTRY = 'm0_entry';
const WASM = 'policy.wasm';
const DATA = 'data.json';

/** A module and the text of its data. */
export interface BuiltWasm {
  readonly wasm: Buffer;
  readonly data: Buffer;
}

/** Builds the policy as Wasm into the folder `into`, where that is exact. Returns whether it did. */
export async function buildFastPath(
  compiler: Compiler,
  bundle: Bundle,
  parsed: readonly ParsedFile[],
  into: string,
  work: string,
): Promise<boolean> {
  if (bundle.readsClock || !isExact(parsed)) return false;
  const entry = join(work, 'entry');
  await writeEntry(entry, answerExpression(bundle, true));
  await writeFile(join(entry, '.manifest'), JSON.stringify({ roots: [ENTRY], rego_version: 1 }));
  const built = await buildWasm(compiler, [bundle.dir, entry], work);
  if (built === null || !hasPlainNumbers(built.data.toString('utf8'))) return false;
  await writeFile(join(into, WASM), built.wasm);
  await writeFile(join(into, DATA), built.data);
  return true;
}

/** Writes the module that gives the value of an expression, below the folder of a bundle. */
export async function writeEntry(dir: string, expression: string): Promise<void> {
  const head = `package ${ENTRY}\n\nimport rego.v1\n\n`;
  await mkdir(join(dir, ENTRY), { recursive: true });
  await writeFile(
    join(dir, ENTRY, 'entry.rego'),
    `${head}all := {"answer": ${expression}, "run": input.m0.run}\n`,
  );
}

/**
 * Builds bundles, one of them with an entry, with the exact builtins alone. Null where that does not build, most often
 * because a policy calls another builtin.
 */
export async function buildWasm(
  { opa, capabilities }: Compiler,
  bundles: readonly string[],
  work: string,
): Promise<BuiltWasm | null> {
  const known = JSON.parse(await readFile(capabilities, 'utf8')) as { builtins: readonly { name: string }[] };
  const exact = { ...known, builtins: known.builtins.filter((b) => EXACT.has(b.name)) };
  await writeFile(join(work, 'exact.json'), JSON.stringify(exact));
  const flags = ['--target', 'wasm', '--entrypoint', `${ENTRY}/all`, '--capabilities', 'exact.json'];
  const command = ['build', ...flags, '--output', 'wasm.tar.gz', '--bundle', ...bundles];
  try {
    if ((await opa.run(command, { cwd: work })).exitCode !== 0) return null;
  } catch (error) {
    // Too large for Wasm is not too large for opa.
    if (error instanceof OpaLimitReached) return null;
    throw error;
  }
  const files = readTarGz(await readFile(join(work, 'wasm.tar.gz')));
  const wasm = files.get('/policy.wasm');
  // opa has built modules that V8 refuses.
  if (wasm === undefined || !WebAssembly.validate(new Uint8Array(wasm))) return null;
  return { wasm, data: files.get('/data.json') ?? Buffer.from('{}') };
}

/** A list shows the order of the set that it is made of; Wasm does not see that two values of an object have one key. */
const INEXACT: ReadonlySet<string> = new Set(['arraycomprehension', 'objectcomprehension']);
/** How a number looks that Wasm may read otherwise: as an index of a list, 1.0 is not 1 there. */
const UNLIKE_WHOLE = /\d[.eE][-+\d]/;

/** True for a policy whose constructs and numbers mean the same in Wasm. */
export function isExact(files: readonly ParsedFile[]): boolean {
  return files.every(({ rules, text }) => {
    let exact = !UNLIKE_WHOLE.test(text) && !hasKey(rules, 'with');
    eachTerm(rules, ({ type, value }) => {
      if (INEXACT.has(type) || (type === 'number' && !Number.isSafeInteger(value))) exact = false;
    });
    return exact;
  });
}

/** True for JSON all of whose numbers are whole, small enough to be exact, and written as such. */
function hasPlainNumbers(json: string): boolean {
  let plain = true;
  const check = (_key: string, value: unknown, { source = '' }: { readonly source?: string }): unknown => {
    if (typeof value === 'number' && !(Number.isSafeInteger(value) && /^-?\d+$/.test(source))) plain = false;
    return value;
  };
  JSON.parse(json, check as (key: string, value: unknown) => unknown);
  return plain;
}

function hasKey(node: unknown, key: string): boolean {
  if (node === null || typeof node !== 'object') return false;
  return Object.hasOwn(node, key) || Object.values(node).some((child) => hasKey(child, key));
}

/** Larger questions are opa's. */
const MAX_INPUT = 256 * 1024;
/** A policy that takes longer here is asked through opa, which has its own limit. */
const TIME_MS = 500;

/** A thread that runs one task at a time. It starts with the first, and anew after one that took too long. */
export class WasmThread {
  #worker: Worker | null = null;
  /** Resolves once the thread has loaded its code, which takes longer than most answers. */
  #loaded: Promise<unknown> = Promise.resolve();
  #last: Promise<unknown> = Promise.resolve();

  /** The answer to an input, whose `m0.run` is `run`; null where there is none in time. Never rejects. */
  ask(module: WebAssembly.Module, data: Buffer, text: string, run: number): Promise<unknown> {
    const task = { module, data: exactBuffer(data), input: exactBuffer(Buffer.from(text)) };
    const asked = this.#last.then(async () => {
      const found = (await this.#run(task)) as { readonly answer?: unknown; readonly run?: unknown } | null;
      return found?.run === run ? (found.answer ?? null) : null;
    });
    this.#last = asked;
    return asked;
  }

  #start(): Worker {
    const worker = new Worker(new URL('./fast-path-thread.ts', import.meta.url), {
      ...{ name: 'policy', env: {}, execArgv: [] },
      resourceLimits: { maxOldGenerationSizeMb: 64, stackSizeMb: 4 },
    });
    this.#loaded = new Promise((resolve) => {
      for (const event of ['message', 'error'] as const) worker.once(event, resolve);
    });
    worker.on('error', () => {
      if (this.#worker === worker) this.#worker = null;
    });
    return worker;
  }

  async #run(task: FastTask): Promise<unknown> {
    this.#worker ??= this.#start();
    const worker = this.#worker;
    worker.ref();
    await this.#loaded;
    try {
      worker.postMessage(task);
      const answer = once(worker, 'message', { signal: AbortSignal.timeout(TIME_MS) });
      const [{ value }] = (await answer) as [FastReport];
      return value;
    } catch {
      this.close();
      return null;
    } finally {
      // A thread that waits for a question must not keep the process alive.
      worker.unref();
    }
  }

  close(): void {
    const worker = this.#worker;
    this.#worker = null;
    void worker?.terminate();
  }
}

export interface FastPath {
  /** The answers of policies, as `answerExpression` has them; null where opa is to be asked. Never rejects. */
  ask(bundles: readonly Bundle[], run: number, input: Json): Promise<readonly unknown[] | null>;
  close(): void;
}

export function createFastPath(): FastPath {
  const modules = new Map<string, { module: WebAssembly.Module; data: Buffer }>();
  const thread = new WasmThread();

  async function load({ dir }: Bundle): Promise<{ module: WebAssembly.Module; data: Buffer }> {
    const known = modules.get(dir);
    if (known !== undefined) return known;
    const wasm = await readFile(join(dir, '..', WASM));
    const module = await WebAssembly.compile(new Uint8Array(wasm));
    const loaded = { module, data: await readFile(join(dir, '..', DATA)) };
    modules.set(dir, loaded);
    return loaded;
  }

  return {
    async ask(bundles, run, input) {
      const text = bundles.every((b) => b.fast) ? smallText(input) : null;
      if (text === null) return null;
      const answers: unknown[] = [];
      try {
        for (const bundle of bundles) {
          const { module, data } = await load(bundle);
          const answer = await thread.ask(module, data, text, run);
          if (answer === null) return null;
          answers.push(answer);
        }
      } catch {
        // Its files are not readable: opa says what is wrong with them.
        return null;
      }
      return answers;
    },
    close: () => thread.close(),
  };
}

/** The input's text; null where it is large, or has a number that Wasm may read otherwise than opa. */
function smallText(input: Json): string | null {
  let text = '';
  for (const piece of jsonPieces(input)) {
    text += piece;
    if (text.length > MAX_INPUT) return null;
  }
  return hasWholeNumbers(input) ? text : null;
}

function hasWholeNumbers(value: Json): boolean {
  if (typeof value === 'number') return Number.isSafeInteger(value);
  if (value === null || typeof value !== 'object') return true;
  return !isBigNumber(value) && Object.values(value).every(hasWholeNumbers);
}

function exactBuffer(bytes: Buffer): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}
