/** Runs a policy's tests in opa and again through Wasm. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { buildStage, loadBundle, runTests, STAGE } from './compile.ts';
import { entrypointModule } from './entrypoint.ts';
import { type EvaluationLimits, evaluate } from './evaluate.ts';
import type { Opa } from './opa.ts';
import { copyPolicy, listPolicy } from './stage.ts';

/** The results of a policy's own tests, in opa and through Wasm. Names are `package.test_name`. */
export interface TestReport {
  readonly passed: readonly string[];
  /** Passed in opa but not through Wasm, so production would behave differently. */
  readonly differ: readonly string[];
  readonly skipped: readonly string[];
}

/**
 * Runs `opa test` on the policy in `dir`, then compiles its tests in the same way as production compiles
 * rules, and evaluates them through Wasm. Throws a PolicyRefusal where the policy does not compile in either
 * way or a test fails in opa.
 */
export async function testPolicy(
  opa: Opa,
  dir: string,
  scratch: string,
  limits: EvaluationLimits,
): Promise<TestReport> {
  const files = await listPolicy(dir);
  await mkdir(scratch, { recursive: true });
  const work = await mkdtemp(join(scratch, 'test-'));
  try {
    const stage = join(work, STAGE);
    await copyPolicy(dir, stage, [...files.rules, ...files.data]);
    const { syntax } = await buildStage(opa, work, entrypointOf([]));
    const cases = await runTests(opa, dir, files, syntax, work);
    const names = cases
      .filter((c) => c.skip !== true)
      .map((c) => ({ package: c.package ?? '', name: c.name ?? '' }));
    const skipped = cases.filter((c) => c.skip === true).map((c) => `${c.package ?? ''}.${c.name ?? ''}`);
    if (names.length === 0) return { passed: [], differ: [], skipped };

    await rm(stage, { recursive: true });
    await copyPolicy(dir, stage, [...files.rules, ...files.tests, ...files.data]);
    const built = await buildStage(opa, work, entrypointOf(names));
    const bundle = loadBundle({ ...built, rules: [], readsApprovers: false, inputPaths: null, spoken: null });
    const input = { run: 1, json: JSON.stringify({ m0: { run: 1 } }) };
    const evaluated = await evaluate(bundle, input, 0, limits);
    if (!evaluated.ok) throw new Error(`running the tests through Wasm: ${evaluated.error}`);
    const shown = names.map((c) => ({
      key: keyOf(c),
      name: `${c.package.replace(/^data\./, '')}.${c.name}`,
    }));
    const holds = (key: string): boolean => evaluated.values[key] === true;
    return {
      passed: shown.filter((c) => holds(c.key)).map((c) => c.name),
      differ: shown.filter((c) => !holds(c.key)).map((c) => c.name),
      skipped,
    };
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

interface CaseName {
  readonly package: string;
  readonly name: string;
}

function keyOf(test: CaseName): string {
  return `${test.package}.${test.name}`;
}

/** An entrypoint that evaluates all tests. */
function entrypointOf(tests: readonly CaseName[]): string {
  return entrypointModule(new Map(tests.map((t) => [keyOf(t), keyOf(t)])));
}
