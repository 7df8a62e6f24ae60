/** Runs a policy's tests in opa, and again through Wasm where production may ask it there. */
import { join } from 'node:path';
import { checkPolicy, refusingLimits, runTests, STAGE } from './compile.ts';
import type { Compiler } from './compiler.ts';
import { buildWasm, isExact, WasmThread, writeEntry } from './fast-path.ts';
import { copyPolicy, listPolicy } from './stage.ts';

/** The results of a policy's own tests, in opa and through Wasm. Names are `package.test_name`. */
export interface TestReport {
  readonly passed: readonly string[];
  /** Passed in opa but not through Wasm, so production would behave differently. */
  readonly differ: readonly string[];
  readonly skipped: readonly string[];
  /** False for a policy that only opa answers for, as for most. */
  readonly wasm: boolean;
}

/**
 * Runs `opa test` on the policy in `dir`, and evaluates the same tests through Wasm where the fast path may serve the
 * policy. Throws a PolicyRefusal where it does not compile or a test fails in opa. Works under `scratch`.
 */
export async function testPolicy(compiler: Compiler, dir: string, scratch: string): Promise<TestReport> {
  const files = await listPolicy(dir);
  const work = join(scratch, 'test');
  return refusingLimits(async () => {
    const { syntax, parsed } = await checkPolicy(compiler, dir, files, work);
    const cases = await runTests(compiler, dir, files, syntax, work);
    const named = (skip: boolean): readonly string[] =>
      cases.filter((c) => (c.skip === true) === skip).map((c) => `${c.package ?? ''}.${c.name ?? ''}`);
    const bare = (name: string): string => name.replace(/^data\./, '');
    const names = named(false);
    const report = { passed: names.map(bare), differ: [], skipped: named(true).map(bare), wasm: false };
    if (syntax !== 'v1' || !isExact(parsed)) return report;

    const stage = join(work, 'wasm', STAGE);
    await copyPolicy(dir, stage, [...files.rules, ...files.tests, ...files.data]);
    await writeEntry(stage, `{${names.map((name) => `"${name}": {v | v := ${name}}`).join(', ')}}`);
    const built = await buildWasm(compiler, [STAGE], join(work, 'wasm'));
    if (built === null) return report;
    const module = await WebAssembly.compile(new Uint8Array(built.wasm));
    const thread = new WasmThread();
    const answer = ((await thread.ask(module, built.data, '{"m0":{"run":1}}', 1)) ?? {}) as Readonly<
      Record<string, readonly unknown[]>
    >;
    thread.close();
    const holds = (name: string): boolean => answer[name]?.[0] === true;
    return {
      ...report,
      passed: names.filter(holds).map(bare),
      differ: names.filter((name) => !holds(name)).map(bare),
      wasm: true,
    };
  });
}
