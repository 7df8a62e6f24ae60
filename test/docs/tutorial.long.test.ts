/** Types what the tutorial says, in a clean folder, and compares with what it shows. */
import { execFile } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadTools } from '../../src/setup/tools.ts';
import { type Block, blocksOf, ROOT } from './documents.ts';

const TUTORIAL = 'docs/tutorial/first-drift.md';
/** Blocks of shell, each with what the tutorial says it prints. The sandbox of `npm start` has tests of its own in test/scenario. */
const STEPS: (readonly [string, Block, string])[] = [];
const blocks = blocksOf(TUTORIAL);
blocks.forEach((block, i) => {
  const next = blocks[i + 1];
  if (block.tag !== 'sh' || block.code.startsWith('npm start')) return;
  STEPS.push([block.code.split('\n').at(-2) ?? '', block, next?.tag === 'text' ? next.code : '']);
});

describe('the tutorial', () => {
  let folder: string;
  let env: NodeJS.ProcessEnv;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'm0-tutorial-'));
    // As a clone of m0, without a copy of its packages.
    for (const name of ['src', 'node_modules', 'policies']) symlinkSync(join(ROOT, name), join(folder, name));
    copyFileSync(join(ROOT, 'package.json'), join(folder, 'package.json'));
    const { terraform, tofu, opa } = await loadTools(join(ROOT, '.m0'), process.env);
    const tool = terraform ?? tofu;
    if (tool === null) throw new Error('neither terraform nor tofu is there');
    symlinkSync(tool, join(folder, 'terraform'));
    env = { ...process.env, PATH: `${folder}:${dirname(process.execPath)}:${process.env.PATH ?? ''}` };
    if (opa !== null) env.M0_OPA = opa;
    delete env.M0_CONFIG;
    delete env.INIT_CWD;
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each(STEPS)('%s', async (_, { code }, shown) => {
    const output = await new Promise<string>((resolve) => {
      execFile('bash', ['-c', code], { cwd: folder, env }, (__, stdout, stderr) =>
        resolve(`${stdout}${stderr}`),
      );
    });
    for (const line of shown.split('\n').filter((each) => each !== '')) expect(output).toContain(line);
    expect(output).not.toMatch(/is no command of m0|command not found|No such file/);
  });
});
