/** The page of each starter policy: its shape, and its examples, which are asked for real. */
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { loadTools } from '../../src/setup/tools.ts';

const OPA = (await loadTools(process.env.M0_DATA_DIR ?? '.m0', process.env)).opa;
const SHIPPED = fileURLToPath(new URL('../../policies', import.meta.url));
const FOLDERS = (await readdir(SHIPPED, { withFileTypes: true }))
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name);
/** The text of each page. A folder without a page has an empty one, which fails. */
const PAGES = new Map(
  await Promise.all(
    FOLDERS.map(async (name) => {
      const file = join(SHIPPED, name, 'README.md');
      return [name, existsSync(file) ? await readFile(file, 'utf8') : ''] as const;
    }),
  ),
);

/** One example of a page. An answer is `RULE TEXT`; none means that the policy says nothing. */
interface Example {
  readonly title: string;
  readonly input: string;
  readonly answers: readonly string[];
  readonly saysNothing: boolean;
}

/** The part of a page below a heading of the second level, up to the next one. */
function section(page: string, heading: string): string {
  const [, below = ''] = page.split(`\n## ${heading}\n`);
  return below.split('\n## ')[0] ?? '';
}

const ANSWER = /^Answer: \*\*(allow|pending|deny|warn)\*\* "(.+)"$/gm;

function examplesOf(name: string): readonly Example[] {
  return section(PAGES.get(name) ?? '', 'Examples')
    .split(/^### /m)
    .slice(1)
    .map((text) => ({
      title: text.split('\n')[0] ?? '',
      input: /^```json\n([\s\S]+?)\n```$/m.exec(text)?.[1] ?? '',
      answers: [...text.matchAll(ANSWER)].map(([, rule, message]) => `${rule} ${message}`).sort(),
      saysNothing: /^Answer: \*\*nothing\*\*/m.test(text),
    }));
}

/** Asks opa itself, with the folder as it is shipped. */
async function ask(name: string, input: string): Promise<readonly string[]> {
  const { stdout } = await execa(
    OPA,
    ['eval', '--format', 'json', '--stdin-input', '--data', name, '--ignore', '*_test.rego', 'data.m0'],
    { cwd: SHIPPED, input, timeout: 20_000 },
  );
  const { result } = JSON.parse(stdout) as {
    readonly result: readonly [{ readonly expressions: readonly [{ readonly value: Answers }] }];
  };
  const said = result[0].expressions[0].value;
  return (['allow', 'pending', 'deny', 'warn'] as const)
    .flatMap((rule) => (said[rule] ?? []).map((m) => `${rule} ${typeof m === 'string' ? m : m.msg}`))
    .sort();
}
type Answers = Readonly<Record<string, readonly (string | { readonly msg: string })[]>>;

describe.each(FOLDERS)('the page of %s', (name) => {
  const page = PAGES.get(name) ?? '';
  const examples = examplesOf(name);

  it('says in one line what the policy does, and what it does not see', () => {
    const [title, empty, line, after] = page.split('\n');
    expect([title, empty, after]).toEqual([`# ${name}`, '', '']);
    expect(line?.length).toBeGreaterThan(20);
    expect(section(page, 'What it does not see').trim().length).toBeGreaterThan(40);
  });

  it('has three examples or more, each with an input and its answer', () => {
    expect(examples.length).toBeGreaterThanOrEqual(3);
    for (const { title, input, answers, saysNothing } of examples) {
      expect([title, input !== '']).toEqual([title, true]);
      expect([title, answers.length > 0]).toEqual([title, !saysNothing]);
    }
    // An example only of the one kind would not show what the policy distinguishes.
    expect(new Set(examples.map((e) => e.answers.join())).size).toBeGreaterThan(1);
  });

  it.each(examples)(
    '$title',
    async ({ input, answers }) => {
      expect(await ask(name, input)).toEqual(answers);
    },
    30_000,
  );
});
