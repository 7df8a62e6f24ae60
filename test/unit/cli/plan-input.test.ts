import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { inflate } from '../../../src/cli/plan-input.ts';
import { PlanError } from '../../../src/drift/read-plan.ts';

describe('inflating a plan', () => {
  it('gives bytes back as they are unless they are gzip', () => {
    for (const bytes of [Buffer.from('{"a":1}'), Buffer.from([]), Buffer.from([0x1f])]) {
      expect(inflate(bytes, 'p')).toBe(bytes);
    }
    expect(Buffer.from(inflate(gzipSync('{"a":1}'), 'p')).toString()).toBe('{"a":1}');
  });

  it('stops at the limit, however small the file is', () => {
    const bomb = gzipSync(Buffer.alloc(4_000_000));
    expect(bomb.length).toBeLessThan(10_000);
    expect(() => inflate(bomb, 'p.gz', 2 ** 21)).toThrow(
      new PlanError('p.gz: inflates to more than 2 MiB; give the plan without compression'),
    );
    expect(inflate(bomb, 'p.gz', 4_000_000)).toHaveLength(4_000_000);
  });
});
