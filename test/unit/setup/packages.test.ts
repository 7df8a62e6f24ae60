import { describe, expect, it } from 'vitest';
import { installsDev, packagesMatch } from '../../../src/setup/packages.mjs';

const lock = {
  packages: {
    '': {},
    'node_modules/a': { version: '1.0.0' },
    'node_modules/d': { version: '1.0.0', dev: true },
    'node_modules/o': { version: '1.0.0', optional: true },
  },
};
const a = { 'node_modules/a': { version: '1.0.0' } };
const d = { 'node_modules/d': { version: '1.0.0' } };

describe('packagesMatch', () => {
  it.each([
    ['nothing is installed', undefined, true, false],
    ['all but another platform’s package is there', { ...a, ...d }, true, true],
    ['a package is missing', d, true, false],
    ['a version is another', { ...d, 'node_modules/a': { version: '1.0.1' } }, true, false],
    [
      'an optional one has another version',
      { ...a, ...d, 'node_modules/o': { version: '2.0.0' } },
      true,
      false,
    ],
    ['what development needs is missing, and needed', a, true, false],
    ['what development needs is missing, and not needed', a, false, true],
  ])('%s', (_name, packages, dev, expected) => {
    expect(packagesMatch(lock, packages && { packages }, { dev })).toBe(expected);
  });
});

describe('installsDev', () => {
  it.each([
    ['a fresh clone that starts with an m0.yaml', undefined, false, false],
    ['a fresh clone that starts the sandbox', undefined, true, true],
    ['only production packages are there, and suffice', a, false, false],
    ['development packages are there, and would be removed', { ...a, ...d }, false, true],
  ])('%s', (_name, packages, dev, expected) => {
    expect(installsDev(lock, packages && { packages }, { dev })).toBe(expected);
  });
});
