import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isSealed, seal, unseal } from '../../../src/terraform/tree-seal.ts';

let dir: string;
const here = () => ({ tree: join(dir, 'tree'), file: join(dir, 'seal.json'), digest: 'one', user: null });
const sealed = (contents: ReadonlyMap<string, string> = new Map()) => isSealed(here(), contents);
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'm0-seal-'));
  mkdirSync(join(dir, 'tree/a'), { recursive: true });
  writeFileSync(join(dir, 'tree/a/main.tf'), 'one\n');
  writeFileSync(join(dir, 'tree/a/.terraform.lock.hcl'), 'lock\n');
  await seal(here());
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const file = () => join(dir, 'tree/a/main.tf');

describe('a sealed tree', () => {
  it('is as it was checked out, also with what tools keep there', async () => {
    writeFileSync(join(dir, 'tree/a/terraform.tfstate'), '{}');
    mkdirSync(join(dir, 'tree/a/.terraform'));
    writeFileSync(join(dir, 'tree/a/.terraform/x'), '');
    expect(await sealed()).toBe(true);
    expect(await isSealed({ ...here(), digest: 'two' }, new Map())).toBe(false);
    expect(await isSealed({ ...here(), file: join(dir, 'none') }, new Map())).toBe(false);
  });

  it.each<[string, () => void]>([
    [
      'a file changed, with its old length and time',
      () => {
        const { atime, mtime } = statSync(file());
        writeFileSync(file(), 'two\n');
        utimesSync(file(), atime, mtime);
      },
    ],
    ['a file is gone', () => rmSync(file())],
    ['a file came', () => writeFileSync(join(dir, 'tree/a/zero.auto.tfvars'), '')],
    [
      'a folder became a link',
      () => {
        renameSync(join(dir, 'tree/a'), join(dir, 'moved'));
        symlinkSync(join(dir, 'moved'), join(dir, 'tree/a'));
      },
    ],
    ['the lock file changed', () => writeFileSync(join(dir, 'tree/a/.terraform.lock.hcl'), 'other\n')],
  ])('is broken where %s', async (_, change) => {
    change();
    expect(await sealed()).toBe(false);
  });

  it('may have a lock file with another known content', async () => {
    writeFileSync(join(dir, 'tree/a/.terraform.lock.hcl'), 'more\n');
    const content = createHash('sha256').update('more\n').digest('hex');
    expect(await sealed(new Map([['a/.terraform.lock.hcl', content]]))).toBe(true);
  });

  it('loses the files that the next tree does not have, through no link', async () => {
    const outside = join(dir, 'outside');
    mkdirSync(outside);
    writeFileSync(join(outside, 'main.tf'), 'not ours');
    rmSync(join(dir, 'tree/a'), { recursive: true });
    symlinkSync(outside, join(dir, 'tree/a'));
    await unseal(here(), []);
    expect(existsSync(join(outside, 'main.tf'))).toBe(true);
    expect(await sealed()).toBe(false);
  });
});
