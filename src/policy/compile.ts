import { createHash } from 'node:crypto';
import { appendFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errorText } from '../base/error-text.ts';
import { mendModule } from './builtins/natives.ts';
import { HOST_BUILTINS } from './builtins/table.ts';
import { type Bundle, ENTRY_PACKAGE, PROOF_KEY, type RuleDefinition } from './bundle.ts';
import { trimCapabilities } from './capabilities.ts';
import { compilerErrors, onlySyntax } from './compiler-errors.ts';
import { DECIDING, ENTRYPOINT, entrypointModule } from './entrypoint.ts';
import { type InputPaths, inputPaths } from './input-paths.ts';
import { requiredBuiltins } from './instance.ts';
import type { Opa, OpaResult } from './opa.ts';
import { type ParsedFile, parseFiles } from './parse.ts';
import { FailedTests, PolicyRefusal } from './refusal.ts';
import { findRules, readsApprovers } from './rules.ts';
import { copyDefinitions, keyOfCopy } from './spoken.ts';
import { copyPolicy, listPolicy, type PolicyFiles } from './stage.ts';
import { readTarGz } from './tar.ts';
import { meantFor } from './unread.ts';

/** What a compilation leaves behind, before anything of it is loaded: this is what the cache keeps. */
export interface CompiledFiles {
  readonly wasm: Buffer;
  /** JSON text of the policy's data documents, without the proof. */
  readonly data: string;
  readonly syntax: 'v1' | 'v0';
  readonly rules: readonly RuleDefinition[];
  readonly readsApprovers: boolean;
  /** The module that tells which definition said what, and the definitions it has copies of. */
  readonly spoken: { readonly wasm: Buffer; readonly copied: readonly number[] } | null;
  readonly inputPaths: InputPaths;
}

/** Name of the directory that opa gets to see; cut off from paths in its messages. */
export const STAGE = 'policy';

/**
 * Compiles the policy in `dir` as production does: tests left out, v1 then v0 syntax, refused and unproven
 * builtins kept away, and then its own `opa test`. Throws a PolicyRefusal that names file and line where the
 * policy is at fault, any other error where the compiling itself could not be done. Works under `scratch`.
 */
export async function compilePolicy(opa: Opa, dir: string, scratch: string): Promise<CompiledFiles> {
  const files = await listPolicy(dir);
  if (files.rules.length === 0) throw new PolicyRefusal('there is no .rego file');
  await mkdir(scratch, { recursive: true });
  const work = await mkdtemp(join(scratch, 'compile-'));
  try {
    return await compileIn(opa, dir, files, work);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function compileIn(opa: Opa, dir: string, files: PolicyFiles, work: string): Promise<CompiledFiles> {
  const stage = join(work, STAGE);
  await copyPolicy(dir, stage, [...files.rules, ...files.data]);
  const built = await buildStage(opa, work, entrypointModule(DECIDING));
  const parsed = await parseFiles(opa, stage, files.rules, built.syntax);
  const rules = findRules(parsed);
  if (rules.length === 0) {
    const meant = meantFor(parsed);
    throw new PolicyRefusal(
      `no deny, pending, allow or warn rule in package env0 or m0: it could say nothing${meant === null ? '' : `; ${meant}`}`,
    );
  }
  await runTests(opa, dir, files, built.syntax, work);
  const spoken = await buildSpoken(opa, parsed, files, built.syntax, work);
  const reads = { readsApprovers: readsApprovers(parsed), inputPaths: inputPaths(parsed) };
  return { ...built, rules, ...reads, spoken };
}

/**
 * Builds the module that tells who spoke, from the policy staged in `work` with copies of its definitions.
 * Null where there is nothing to tell, or where the copies don't build: naming lines must not cost a policy.
 */
async function buildSpoken(
  opa: Opa,
  parsed: readonly ParsedFile[],
  files: PolicyFiles,
  syntax: 'v1' | 'v0',
  work: string,
): Promise<CompiledFiles['spoken']> {
  const copies = copyDefinitions(parsed);
  if (copies === null) return null;
  try {
    const stage = join(work, 'spoken', STAGE);
    await copyPolicy(join(work, STAGE), stage, [...files.rules, ...files.data]);
    for (const [file, text] of copies.append) await appendFile(join(stage, file), text);
    const asked = new Map([...copies.refs].map(([i, ref]) => [keyOfCopy(i), ref]));
    const built = await buildStage(opa, join(work, 'spoken'), entrypointModule(asked));
    return built.syntax === syntax ? { wasm: built.wasm, copied: [...copies.refs.keys()] } : null;
  } catch {
    // Whatever the reason, the policy itself has been built.
    return null;
  }
}

/** A built module with its data, before anything is known of its rules. */
export type BuiltModule = Pick<CompiledFiles, 'wasm' | 'data' | 'syntax'>;

/**
 * Builds what is staged in `work`/policy behind the entrypoint module given, and makes sure that m0 can answer
 * every builtin of it. Throws a PolicyRefusal where the policy is at fault.
 */
export async function buildStage(opa: Opa, work: string, entrypoint: string): Promise<BuiltModule> {
  const stage = join(work, STAGE);
  await mkdir(join(stage, ENTRY_PACKAGE));
  await writeFile(join(stage, ENTRY_PACKAGE, 'entry.rego'), entrypoint);
  const capabilities = (await opa.run(['capabilities', '--current'], work)).stdout;
  const build = async (without: ReadonlySet<string>, syntax: 'v1' | 'v0'): Promise<OpaResult> => {
    await writeFile(join(work, 'capabilities.json'), trimCapabilities(capabilities, without));
    return opa.run(
      [
        'build',
        ...(syntax === 'v0' ? ['--v0-compatible'] : []),
        ...['--target', 'wasm', '--entrypoint', ENTRYPOINT, '--prune-unused'],
        ...['--capabilities', 'capabilities.json', '--output', 'bundle.tar.gz', '--bundle', STAGE],
      ],
      work,
    );
  };

  const syntax = await buildEither((tried) => build(new Set(), tried));
  const built = readTarGz(await readFile(join(work, 'bundle.tar.gz')));
  const wasm = built.get('/policy.wasm');
  if (wasm === undefined) throw new PolicyRefusal('opa build made no module: there is nothing to ask');
  const data = built.get('/data.json')?.toString('utf8').trim() ?? '{}';

  const unproven = requiredBuiltins(loadModule(wasm)).filter((name) => HOST_BUILTINS[name] === undefined);
  if (unproven.length > 0) {
    // The module says which builtins it needs, the compiler says where: so let it fail on exactly those.
    const again = await build(new Set(unproven), syntax);
    throw new PolicyRefusal(
      again.exitCode === 0
        ? `m0 can't answer ${unproven.join(', ')} exactly as opa does`
        : compilerErrors(again.stdout + again.stderr, STAGE),
    );
  }
  return { wasm, data, syntax };
}

/** v1 first, then v0. Returns the one that compiled; of two failures it tells the one that was meant. */
async function buildEither(build: (syntax: 'v1' | 'v0') => Promise<OpaResult>): Promise<'v1' | 'v0'> {
  const v1 = await build('v1');
  if (v1.exitCode === 0) return 'v1';
  const v0 = await build('v0');
  if (v0.exitCode === 0) return 'v0';
  const [said1, said0] = [v1.stdout + v1.stderr, v0.stdout + v0.stderr];
  // Where only v1 finds the syntax wrong, the text is v0 and its real fault is what v0 names.
  const meant = onlySyntax(said1) && !onlySyntax(said0) ? said0 : said1;
  throw new PolicyRefusal(compilerErrors(meant, STAGE) || `opa build ended with ${v1.exitCode}`);
}

/** The module as V8 sees it: `opa build` can succeed and emit one that V8 rejects. */
function loadModule(wasm: Uint8Array): WebAssembly.Module {
  try {
    return new WebAssembly.Module(mendModule(wasm) as Uint8Array<ArrayBuffer>);
  } catch (error) {
    throw new PolicyRefusal(`the compiled module is not valid: ${errorText(error)}`);
  }
}

/**
 * Runs the policy's own tests, without network and without m0's environment, by the capabilities that
 * `buildStage` left in `work`. Throws a PolicyRefusal that names what fails.
 */
export async function runTests(
  opa: Opa,
  dir: string,
  files: PolicyFiles,
  syntax: 'v1' | 'v0',
  work: string,
): Promise<readonly TestCase[]> {
  if (files.tests.length === 0) return [];
  const stage = join(work, 'tests', STAGE);
  await copyPolicy(dir, stage, [...files.rules, ...files.tests, ...files.data]);
  const result = await opa.run(
    [
      'test',
      ...(syntax === 'v0' ? ['--v0-compatible'] : []),
      ...['--capabilities', '../capabilities.json', '--format', 'json', '--bundle', STAGE],
    ],
    join(work, 'tests'),
  );
  const cases = readTestCases(result.stdout);
  if (result.exitCode !== 0) throw new FailedTests(testFailures(cases, result));
  return cases ?? [];
}

/** One case of `opa test --format json`. */
export interface TestCase {
  readonly package?: string;
  readonly name?: string;
  readonly skip?: boolean;
  readonly fail?: boolean;
  readonly error?: unknown;
  readonly location?: { readonly file?: string; readonly row?: number };
}

function readTestCases(stdout: string): readonly TestCase[] | null {
  try {
    const cases = JSON.parse(stdout) as unknown;
    return Array.isArray(cases) ? (cases as readonly TestCase[]) : null;
  } catch {
    return null;
  }
}

function testFailures(cases: readonly TestCase[] | null, result: OpaResult): string {
  if (cases === null) return compilerErrors(result.stdout + result.stderr, STAGE);
  const failed = cases.filter((c) => c.fail === true || c.error !== undefined);
  const named = failed.slice(0, 3).map((c) => {
    const file = (c.location?.file ?? '').replace(new RegExp(`^/?${STAGE}/`), '');
    return `${file}:${c.location?.row ?? 0}: ${c.name ?? ''}`;
  });
  const more = failed.length - named.length;
  return `its own opa test fails: ${named.join('; ')}${more > 0 ? `; and ${more} more` : ''}`;
}

/** Loads compiled files into a bundle, with the proof of arrival put into its data. Throws a PolicyRefusal. */
export function loadBundle(files: CompiledFiles): Bundle {
  const data = files.data;
  if (!data.startsWith('{')) throw new PolicyRefusal('its data is no JSON object');
  if (Object.hasOwn(JSON.parse(data) as object, PROOF_KEY)) {
    throw new PolicyRefusal(`its data has a key ${PROOF_KEY}, which is m0's own; choose another name`);
  }
  const proof = createHash('sha256').update(data).digest('hex');
  const rest = data.slice(1).trimStart();
  // Spliced as text, so that no number of the data changes on its way.
  const proven = `{${JSON.stringify(PROOF_KEY)}:${JSON.stringify(proof)}${rest.startsWith('}') ? '' : ','}${rest}`;
  const { wasm, data: _, spoken, ...known } = files;
  return {
    ...known,
    module: loadModule(wasm),
    data: proven,
    proof,
    spoken: spoken === null ? null : { module: loadModule(spoken.wasm), copied: spoken.copied },
  };
}
