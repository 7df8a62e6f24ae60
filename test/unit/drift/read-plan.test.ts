import { describe, expect, it } from 'vitest';
import { PlanError, readPlan } from '../../../src/drift/read-plan.ts';
import { planJson } from '../../support/plan.ts';

const TEXT = JSON.stringify(planJson([{ recorded: { a: 'é' }, actual: { a: 'x' } }]));

function utf16(text: string, bigEndian: boolean, mark: boolean): Uint8Array {
  const bytes = Buffer.from(`${mark ? '\ufeff' : ''}${text}`, 'utf16le');
  return bigEndian ? bytes.swap16() : bytes;
}

describe('accepts', () => {
  it.each<[string, Uint8Array | string]>([
    ['plain text', TEXT],
    ['UTF-8', Buffer.from(TEXT)],
    ['a byte order mark', Buffer.from(`\ufeff${TEXT}`)],
    ['UTF-16, little end first', utf16(TEXT, false, true)],
    ['UTF-16, big end first', utf16(TEXT, true, true)],
    ['UTF-16 without a mark', utf16(TEXT, false, false)],
    ['log lines around it', `2026-01-01 {info} "starting"\n${TEXT}\ndone } in 3s\n`],
    ['several lines', JSON.stringify(JSON.parse(TEXT), null, 2)],
    ['a log around several lines', `log\n${JSON.stringify(JSON.parse(TEXT), null, 2)}\nlog`],
    ['an older format', TEXT.replace('"1.2"', '"0.1"')],
  ])('%s', (_name, input) => {
    expect(readPlan(input, 'p.json')).toMatchObject({
      resource_changes: [{ change: { before: { a: 'x' } } }],
    });
  });
});

describe('refuses', () => {
  const broken = (part: object): string => JSON.stringify({ ...planJson([]), ...part });
  it.each<[string, Uint8Array | string, RegExp]>([
    ['nothing', '', /is empty/],
    ['white space', ' \n', /is empty/],
    ['a cut plan', TEXT.slice(0, -20), /cut short at character \d+/],
    ['a plan cut inside a string', TEXT.slice(0, TEXT.indexOf('update') + 3), /cut short/],
    ['a broken plan', TEXT.replace('"actions":', '"actions"'), /broken JSON at character \d+/],
    ['a saved plan file', Buffer.from('PK\u0003\u0004xxxx'), /saved plan file/],
    ['other bytes', Buffer.from([0x7b, 0xff, 0xfe, 0xfd, 0x7d]), /no UTF-8/],
    ['a text', 'hello', /no JSON/],
    ['a plan as text', 'Terraform will perform the following actions:', /as text/],
    ['a log', '{"@level":"info"}\n{"@level":"info"}\n', /log of/],
    ['a page', '<html></html>', /HTML/],
    ['a list', '[]', /no JSON object/],
    ['a state file', '{"version":4,"serial":1,"lineage":"x"}', /state file/],
    ['a state as JSON', '{"format_version":"1.0","values":{}}', /state shown as JSON/],
    ['other JSON', '{"a":1}', /no plan/],
    ['an unknown format', TEXT.replace('"1.2"', '"2.0"'), /plan format "2\.0" is unknown/],
    ['an errored plan', broken({ errored: true }), /ended in an error/],
    ['changes that are no list', broken({ resource_changes: {} }), /resource_changes is no list/],
    ['a change without a change', broken({ resource_changes: [{}] }), /resource_changes\[0\] has no change/],
    [
      'an unknown action',
      broken({ resource_changes: [{ type: 'a', name: 'b', change: { actions: ['explode'] } }] }),
      /resource_changes\[0\] has an action unknown here, "explode"/,
    ],
  ])('%s', (_name, input, message) => {
    expect(() => readPlan(input, 'p.json')).toThrow(PlanError);
    expect(() => readPlan(input, 'p.json')).toThrow(message);
    expect(() => readPlan(input, 'p.json')).toThrow(/^p\.json: [^\n]+; [^\n]+$/);
  });

  it('never shows the content of a broken plan', () => {
    const text = `{"format_version":"1.2","variables":{"t":{"value":"s3cr3t-value" oops}}}`;
    expect(() => readPlan(text, 'p')).toThrow(/^(?!.*s3cr3t)/);
  });

  it.each([1, 7, 20, 60, 120, 200])('a plan that is cut after %i characters', (length) => {
    expect(() => readPlan(TEXT.slice(0, length), 'p')).toThrow(PlanError);
  });
});
