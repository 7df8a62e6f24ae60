import { describe, expect, it } from 'vitest';
import { createLogger } from '../../../src/base/log.ts';
import { patientEvents } from '../../../src/chat/patient-events.ts';
import { StoreError } from '../../../src/ports/store-error.ts';

const log = createLogger('silent');
const asking = (isNewEvent: () => Promise<boolean>) => patientEvents({ isNewEvent }, log);

describe('an event of a chat', () => {
  it('is new or not, as the store says', async () => {
    expect(await asking(async () => true).isNewEvent('slack', 'a', 1)).toBe(true);
    expect(await asking(async () => false).isNewEvent('slack', 'a', 1)).toBe(false);
  });

  it.each([
    ['is locked', async () => Promise.reject(new StoreError('locked', { problem: 'busy' }))],
    ['does not answer in time', () => new Promise<boolean>(() => {})],
  ])('is taken in once where the store %s', async (_, isNewEvent) => {
    const events = asking(isNewEvent);
    expect(await events.isNewEvent('slack', 'a', 1)).toBe(true);
    expect(await events.isNewEvent('slack', 'a', 2)).toBe(false);
    expect(await events.isNewEvent('teams', 'a', 2)).toBe(true);
  });

  it('is refused where the store breaks in any other way', async () => {
    const events = asking(async () => Promise.reject(new StoreError('a bug')));
    await expect(events.isNewEvent('slack', 'a', 1)).rejects.toThrow('a bug');
  });
});
