import { describe, expect, test } from 'vitest';
import { ALL_SAMPLES } from '../../../support/edit-samples/all.ts';
import { editSample, expectedFiles } from '../../../support/edit-samples/sample.ts';

describe('an edit changes nothing but the value', () => {
  test.each([...ALL_SAMPLES])('$name', async (sample) => {
    const answer = await editSample(sample);
    if (sample.refused !== undefined) {
      const [reason, why] = sample.refused;
      expect(answer).toEqual({ type: 'refused', reason, why });
      return;
    }
    expect(answer).toMatchObject({ type: 'edited', ask: sample.ask ?? null });
    if (answer.type !== 'edited') return;
    expect(Object.fromEntries(answer.files)).toEqual(expectedFiles(sample));
    expect(answer.edits.length).toBeGreaterThan(0);
  });
});
