import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { isCommandName } from '../../src/commands/grammar.ts';
import { ConfigError } from '../../src/config/config-error.ts';
import { parseConfig } from '../../src/config/load.ts';
import { isValidCron } from '../../src/schedule/cron.ts';
import { makeKey } from '../support/git-over-ssh.ts';
import { valueProblems } from '../support/helm-chart.ts';
import { shellProblems } from './command-check.ts';
import { type Block, documentPaths, exampleBlocks, placeOf, read } from './documents.ts';

/** Languages whose blocks are proven by this file or by the tests that are named. `text` is what nothing can prove. */
const PROVEN = new Set([
  ...['yaml', 'yaml stack', 'yaml helm', 'yaml other', 'json', 'sh', 'm0', 'text'],
  // test/docs/rego.tools.test.ts
  'rego',
]);
const BLOCKS = exampleBlocks();
const withTag = (...tags: readonly string[]): readonly (readonly [string, Block])[] =>
  BLOCKS.filter((block) => tags.includes(block.tag)).map((block) => [placeOf(block), block] as const);

it('every block has a language that a test proves, or is called text', () => {
  expect(BLOCKS.filter(({ tag }) => !PROVEN.has(tag)).map(placeOf)).toEqual([]);
});

/** What m0.yaml has besides the part that a document shows. */
const REST = {
  chat: { slack: {}, teams: {} },
  people: { dana: { slack: 'U0DANA', email: 'dana@acme.dev' }, kim: { slack: 'U0KIM' } },
  groups: { sre: ['dana', 'kim'], dev: ['kim'] },
  oncall: { primary: { slackUsergroup: 'S0SRE' }, secondary: { slackUsergroup: 'S0TWO' } },
  policies: { approvals: { git: 'https://git.acme.dev/policies.git' } },
  defaults: { channels: ['slack:C0OPS'] },
};
const STACK = {
  name: 'prod-network',
  environment: 'prod',
  source: { git: 'https://git.acme.dev/infra.git', path: 'envs/prod/network' },
  channels: ['slack:C0OPS'],
};

/** `/run/secrets/NAME` and the like, where examples have their secrets. */
const SECRET_FILE = /(?:\/var)?\/(?:run\/secrets|etc\/m0)(?:\/[\w.-]+)*\/([\w.-]+)/g;

describe('YAML in documents', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'm0-docs-'));
    makeKey(join(folder, 'key'));
    mkdirSync(join(folder, 'secrets'));
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' });
    const files = BLOCKS.flatMap(({ code }) => [...code.matchAll(SECRET_FILE)].map(([, name = '']) => name));
    for (const name of new Set(files)) {
      const path = join(folder, 'secrets', name);
      if (/_key$/.test(name)) makeKey(path);
      // Every token is another one, as m0 demands of those for reading and for writing.
      else
        writeFileSync(path, name === 'known_hosts' ? '' : name.endsWith('.pem') ? pem : `token-of-${name}\n`);
    }
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** What is wrong with the text as m0.yaml, as `config check` says it. */
  function problemsOf(value: object): readonly string[] {
    const path = join(folder, 'm0.yaml');
    const text = stringify(value).replaceAll(SECRET_FILE, (_, name: string) =>
      join(folder, 'secrets', basename(name)),
    );
    const env = new Proxy({}, { get: (_, name) => `value-of-${String(name)}` });
    try {
      parseConfig({ text, path, base: folder, shown: 'm0.yaml' }, env, isValidCron);
      return [];
    } catch (error) {
      if (error instanceof ConfigError) return error.problems;
      throw error;
    }
  }
  const yaml = (code: string): object => parse(code, { merge: true }) as object;

  it.each(withTag('yaml'))('%s is taken as a part of m0.yaml', (_, { code }) => {
    const part = yaml(code);
    const stacks = 'stacks' in part || 'discover' in part ? {} : { stacks: [STACK] };
    // A file that says where people work is a whole one.
    expect(problemsOf('chat' in part ? part : { ...REST, ...stacks, ...part })).toEqual([]);
  });

  it.each(withTag('yaml stack'))('%s is taken as a part of a stack', (_, { code }) => {
    expect(problemsOf({ ...REST, stacks: [{ ...STACK, ...yaml(code) }] })).toEqual([]);
  });

  it.each(withTag('yaml helm'))('%s is taken as values of the chart', (_, { code }) => {
    expect(valueProblems(yaml(code))).toEqual([]);
  });

  // A file of another program.
  it.each(withTag('yaml other'))('%s is YAML', (_, { code }) => {
    expect(yaml(code)).toBeTypeOf('object');
  });
});

it.each(withTag('json'))('%s is JSON', (_, { code }) => {
  expect(() => JSON.parse(code)).not.toThrow();
});

it.each(withTag('sh'))('%s has only commands, scripts and options that there are', (_, { code }) => {
  expect(shellProblems(code)).toEqual([]);
});

it.each(documentPaths().filter((path) => !path.startsWith('docs/cards/')))(
  'every command that %s mentions is there',
  (path) => {
    const text = read(path);
    const inChat = [...text.matchAll(/`(?:\/|@)m0 ([a-z]+)/g)].map(([, word = '']) => word);
    expect(inChat.filter((word) => !isCommandName(word))).toEqual([]);
    const scripts = [...text.matchAll(/`((?:[A-Z0-9_]+=\S+ )*npm run [^`\n]+)`/g)].map(
      ([, line = '']) => line,
    );
    // Where a sentence only names the program, no command follows.
    const typed = scripts.filter((line) => !/m0( --( …|$)| -- (COMMAND|<command>)|$)/.test(line));
    expect(typed.flatMap((line) => shellProblems(line))).toEqual([]);
  },
);

describe('the check of shell in documents', () => {
  it.each([
    ['npm run --silent m0 -- explain plan.json --json # why', []],
    ['npm run m0 -- config check && npm start', []],
    ['A=1 npm run --silent m0 -- audit export --stack prod --since 2026-03-01 > x.jsonl', []],
    ['npm run m0 -- explane plan.json', ['"explane" is no command of m0']],
    ['npm run m0 -- explain plan.json --jsn', ['say explain PLAN.json|- [--json]']],
    ['npm run m0 -- explain', ['say explain PLAN.json|-']],
    ['npm run carts', ['package.json has no script carts']],
    ['frobnicate', ['no document used before']],
    ['npm run m0 -- config check m0.yaml other.yaml', ['say config check [FILE] [--reach]']],
  ])('%s', (line, problems) => {
    const found = shellProblems(line);
    expect(found).toHaveLength(problems.length);
    problems.forEach((problem, i) => {
      expect(found[i]).toContain(problem);
    });
  });
});
