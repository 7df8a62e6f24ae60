import { describe, expect, it } from 'vitest';
import { workerLabels } from '../../../src/cli/worker-labels.ts';
import { NO_LABEL } from '../../../src/model/worker-label.ts';

describe('the labels of a worker', () => {
  it('are those that are named, some with a limit; none: the stacks without a label', () => {
    expect(workerLabels([])).toEqual({ labels: [NO_LABEL], limits: new Map() });
    expect(workerLabels(['--labels', 'private-vpc=2, aws-prod'])).toEqual({
      labels: ['private-vpc', 'aws-prod'],
      limits: new Map([['private-vpc', 2]]),
    });
  });

  it.each([
    [['--label', 'a'], /it takes only --labels/],
    [['--labels'], /it takes only --labels/],
    [['--labels', 'Private VPC'], /"Private VPC" is no label/],
    [['--labels', 'a,'], /"" is no label/],
    [['--labels', 'a,a=2'], /"a" is there twice/],
    [['--labels', 'a=0'], /"a=0": the limit of a label is a number from 1 to 256, as in a=2/],
    [['--labels', 'a=257'], /"a=257"/],
    [['--labels', 'a=1=2'], /"a=1=2"/],
    [['--labels', 'a='], /"a="/],
  ])('%j is refused', (args, problem) => {
    expect(workerLabels(args)).toMatch(problem);
  });
});
