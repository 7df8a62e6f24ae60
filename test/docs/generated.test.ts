import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readEnvironment } from '../../src/config/environment.ts';
import { VARIABLE_LIST } from '../../src/config/variables.ts';
import { BLOCKS } from './blocks.ts';
import { configKeys } from './configuration-table.ts';
import { packageFiles, shippedPackages } from './packages.ts';
import { referencePages, WRITE } from './pages.ts';

const STALE = `is not what the code says now: run ${WRITE}`;

describe('the generated references', () => {
  const pages = referencePages();

  it.each(pages.map((page) => [basename(page.url.pathname), page] as const))(
    '%s is what the code says',
    (name, page) => {
      expect(page.text, `docs/reference/${name} ${STALE}`).toBe(page.wanted);
    },
  );

  it('show every generated part once', () => {
    expect(pages.flatMap((page) => page.blocks).sort()).toEqual(Object.keys(BLOCKS).sort());
  });

  it('say something about every key of m0.yaml', () => {
    const silent = configKeys().filter(({ help }) => help === null);
    expect(
      silent.map(({ path }) => path),
      'give these keys a `.describe(…)` in src/config',
    ).toEqual([]);
  });

  it('tell the defaults that count when a variable is not set', () => {
    const { configPath, databaseUrl, dataDir, artifacts, logLevel, host, port, pagerduty } = readEnvironment(
      {},
    );
    const real = {
      ...{
        M0_CONFIG: configPath,
        M0_DATABASE_URL: databaseUrl,
        M0_DATA_DIR: dataDir,
        M0_ARTIFACTS: artifacts,
      },
      ...{ M0_LOG_LEVEL: logLevel, HOST: host, PORT: String(port), PAGERDUTY_API_URL: pagerduty.apiUrl },
      ...{ M0_KEEP_PLANS: '0', M0_WAIT_FOR_OWNER: '0', M0_TEAMS_INSECURE_LOOPBACK: '0' },
    };
    const told = VARIABLE_LIST.flatMap(([name, { default: value }]) => {
      const literal = /^`(.*)`$/.exec(value ?? '')?.[1];
      return literal === undefined ? [] : [[name, literal]];
    });
    expect(Object.fromEntries(told)).toEqual(real);
  });
});

describe('the list of packages and their notices', () => {
  it.each(packageFiles().map((file) => [basename(file.url.pathname), file] as const))(
    '%s is what package-lock.json says',
    (name, file) => {
      expect(existsSync(file.url), `${name} is missing: run ${WRITE}`).toBe(true);
      expect(file.text === file.wanted, `${name} ${STALE}`).toBe(true);
    },
  );

  it('has both versions of a package that is there twice, and no development package', () => {
    const lock = {
      '': { version: '1.0.0' },
      'node_modules/a': { version: '2.0.0' },
      'node_modules/b/node_modules/a': { version: '1.0.0' },
      'node_modules/b': { version: '1.0.0' },
      'node_modules/dev': { version: '1.0.0', dev: true },
    };
    const names = shippedPackages(lock).map(({ name, version }) => `${name}@${version}`);
    expect(names).toEqual(['a@1.0.0', 'a@2.0.0', 'b@1.0.0']);
  });
});
