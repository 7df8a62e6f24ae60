import { describe, expect, it } from 'vitest';
import { scopeFlags, targetFlags } from '../../../src/terraform/plan-scope.ts';

const [OLD, NEW] = ['aws_sqs_queue.old', 'aws_sqs_queue.new'];

describe('the flags that limit a plan', () => {
  it.each([
    ['terraform 1.11.4', ['-target=a', '-target=b']],
    ['tofu 1.8.9', ['-target=a', '-target=b']],
    ['tofu 1.9.0', ['-exclude=x']],
    ['tofu 2.0.0', ['-exclude=x']],
  ])('of %s', (version, flags) => {
    expect(scopeFlags(version, ['a', 'b'], ['x'], [])).toEqual(flags);
    expect(scopeFlags(version, null, [], [])).toEqual([]);
  });

  it('leave out neither address of a move, which the tools refuse', () => {
    const targets = ['-target=a', `-target=${OLD}`, `-target=${NEW}`];
    expect(scopeFlags('terraform 1.11.4', ['a'], ['x', NEW], [OLD, NEW])).toEqual(targets);
    expect(scopeFlags('tofu 1.12.6', ['a'], ['x', NEW], [OLD, NEW])).toEqual(['-exclude=x']);
    // With nothing to exclude the tool would plan the whole stack.
    expect(scopeFlags('tofu 1.12.6', ['a'], [NEW], [OLD, NEW])).toEqual(targets);
    expect(targetFlags(['a', NEW], [OLD, NEW])).toEqual(['-target=a', `-target=${NEW}`, `-target=${OLD}`]);
    // A move alone limits nothing.
    expect(scopeFlags('terraform 1.11.4', null, [], [OLD, NEW])).toEqual([]);
  });
});
