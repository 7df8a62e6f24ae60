import { expect, it } from 'vitest';
import { compileFiles } from '../unit/policy/support.ts';
import { exampleBlocks, placeOf } from './documents.ts';

const POLICIES = exampleBlocks()
  .filter(({ tag }) => tag === 'rego')
  .map((block) => [placeOf(block), block.code] as const);

it.each(POLICIES)('%s compiles as a policy of m0', async (_, code) => {
  const bundle = await compileFiles({ 'm0.rego': code });
  expect(bundle.rules.length).toBeGreaterThan(0);
});
