import { chmodSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { allowTraversal } from '../../../src/terraform/stack-user.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'm0-user-'));
  chmodSync(dir, 0o755);
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

describe('allowTraversal', () => {
  it.each([
    ['a folder of m0 alone', 0o700, 0o711],
    ['an empty volume of Kubernetes, writable for everybody', 0o777, 0o755],
    ['a folder of a group', 0o770, 0o751],
  ])('lets others pass through %s, and not write to it', async (_, before, after) => {
    const data = join(dir, 'data');
    await allowTraversal(data);
    chmodSync(data, before);
    await allowTraversal(data);
    expect(statSync(data).mode & 0o777).toBe(after);
  });

  it('refuses a folder that others cannot reach', async () => {
    chmodSync(dir, 0o700);
    await expect(allowTraversal(join(dir, 'data'))).rejects.toThrow("can't pass through");
  });
});
