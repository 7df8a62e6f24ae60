/** The Dockerfile and .dockerignore: versions, what is sent to the builder, and how the tests read them. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { OPA_VERSION } from '../../../src/setup/opa.ts';
import { TOFU_VERSION } from '../../../src/setup/tofu.ts';
import { parseDockerfile, stagesFor } from '../../support/image/dockerfile.ts';
import { parseDockerignore } from '../../support/image/dockerignore.ts';

const file = (name: string): string =>
  readFileSync(fileURLToPath(new URL(`../../../${name}`, import.meta.url)), 'utf8');
const DOCKERFILE = file('Dockerfile');

describe('the Dockerfile', () => {
  const { args, stages } = parseDockerfile(DOCKERFILE);

  it('has the versions that m0 is tested with, each exact', () => {
    const { dependencies } = JSON.parse(file('package.json')) as { dependencies: Record<string, string> };
    expect(args).toMatchObject({ NODE_VERSION: dependencies.node, TOFU_VERSION, OPA_VERSION });
    expect(args.TERRAFORM_VERSION).toMatch(/^\d+\.\d+\.\d+$/);
  });

  it('names no image without a version', () => {
    const names = new Set(['scratch', ...stages.map(({ name }) => name)]);
    const images = stages.map(({ base }) => base).filter((base) => !names.has(base));
    expect(images.length).toBeGreaterThan(4);
    // Debian's own has the name of a release: its fixes must come with each build.
    for (const image of images) expect(image).toMatch(/:(\d+\.\d+\.\d+(-[a-z]+)*|[a-z]+-slim)$/);
  });

  it.each([
    ['terraform', ['terraform-image', 'terraform']],
    ['tofu', ['tofu-image', 'tofu']],
    ['both', ['terraform-image', 'tofu-image', 'terraform', 'tofu', 'both']],
  ])('with TOOL=%s takes only that', (TOOL, wanted) => {
    const needed = stagesFor(parseDockerfile(DOCKERFILE, { TOOL }), 'tool').map(({ name }) => name);
    expect(needed).toEqual([...wanted, 'tool']);
  });
});

describe('.dockerignore', () => {
  const ignored = parseDockerignore(file('.dockerignore'));

  it('sends what the Dockerfile copies', () => {
    const copied = parseDockerfile(DOCKERFILE)
      .stages.flatMap(({ steps }) => steps)
      .flatMap((step) => (step.kind === 'COPY' && step.from === null ? step.sources : []));
    expect(copied).toContain('src');
    expect(copied.filter(ignored)).toEqual([]);
    expect(['src/main.ts', 'src/terraform/runner.ts', 'policies/README.md'].filter(ignored)).toEqual([]);
  });

  it('sends no secrets, no sandbox, and nothing that is not copied', () => {
    const kept = ['.env', 'm0.yaml', 'm0.env', '.git/config', '.m0/m0.db', 'src/sandbox/sandbox.ts'];
    const other = [
      'node_modules/zod/package.json',
      'docs/README.md',
      'test/support/world.ts',
      'm0.db',
      'src.bak',
    ];
    expect([...kept, ...other].filter((path) => !ignored(path))).toEqual([]);
  });

  it('is read by the rules of Docker: the last one that matches decides', () => {
    const rules = parseDockerignore('# comment\n*.log\n**/cache\nbuild/\n!keep.log\n/top?\n');
    const wanted = {
      'a.log': true,
      'x/a.log': false,
      'keep.log': false,
      'build/x': true,
      'a/b/cache/c': true,
    };
    for (const [path, is] of Object.entries({ ...wanted, top1: true, 'x/top1': false })) {
      expect(rules(path), path).toBe(is);
    }
    expect(() => parseDockerignore('a[b]')).toThrow('.dockerignore: a[b]');
  });
});

describe('a Dockerfile', () => {
  const stage = (line: string): string => `FROM scratch\n${line}\n`;

  it.each([
    ['an instruction', 'LABEL a=b', /^Dockerfile:2: LABEL a=b: .*do not know this instruction/],
    ['a flag', 'COPY --chmod=755 a b', /--chmod/],
    ['a mount', 'RUN --mount=type=cache,target=/x true', /plain shell/],
    ['a variable', 'ENV A=${B}', /no ARG or ENV B/],
    ['a default value', 'ENV A=${B:-c}', /not a variable/],
    ['quoted words', 'COPY "a b" c', /quoted/],
    ['a command for a shell', 'CMD node src/main.ts', /take the signals/],
    ['an open line', 'RUN a \\', /middle of an instruction/],
  ])('with %s that the tests do not know is refused', (_, line, error) => {
    expect(() => parseDockerfile(stage(line))).toThrow(error);
  });

  it('is refused with an unknown ARG or target', () => {
    expect(() => parseDockerfile('ARG A=1\nFROM scratch\n', { B: '2' })).toThrow('there is no ARG B');
    expect(() => stagesFor(parseDockerfile('FROM scratch AS a\n'), 'b')).toThrow('there is no stage b');
  });

  it('is read with comments between lines, ARGs of stages, and variables', () => {
    const text =
      'ARG V=1\nFROM a:${V} AS x\nARG V\nARG W=w\nENV P=$V/${W}\nRUN one \\\n# not a step\n  && two\n';
    const { stages } = parseDockerfile(text, { V: '2' });
    expect(stages).toEqual([
      {
        name: 'x',
        base: 'a:2',
        steps: [
          { kind: 'ARG', name: 'V', value: '2' },
          { kind: 'ARG', name: 'W', value: 'w' },
          { kind: 'ENV', values: { P: '2/w' } },
          { kind: 'RUN', script: 'one   && two' },
        ],
      },
    ]);
  });
});
