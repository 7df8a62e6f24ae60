import { describe, expect, it } from 'vitest';
import type { ShownValue } from '../../../src/drift/finding.ts';
import { describeChange } from '../../../src/drift/value-change.ts';
import { describeValue } from '../../../src/drift/value-text.ts';

describe('describeChange', () => {
  it.each<[string, ShownValue, ShownValue, string, string | null]>([
    ['a type', '1', 1, '"1" → 1', 'differs only in its type'],
    ['a type, of a truth value', true, 'true', 'true → "true"', 'differs only in its type'],
    ['a blank at the end', 'a', 'a ', '"a" → "a "', 'differs only in blanks'],
    ['a blank inside', 'a b', 'a  b', '"a b" → "a  b"', 'differs only in blanks'],
    ['case', 'Owner', 'owner', 'Owner → owner', 'differs only in case'],
    ['line ends', 'a\r\nb', 'a\nb', 'a\\r\\nb → a\\nb', 'differs only in line ends'],
    [
      'the spelling of a time',
      '2026-01-01T00:00:00Z',
      '2026-01-01T01:00:00+01:00',
      '2026-01-01T00:00:00Z → 2026-01-01T01:00:00+01:00',
      'the same time, spelled differently',
    ],
    [
      'two times',
      '2026-01-01T00:00:00.000000001Z',
      '2026-01-01T00:00:00.000000002Z',
      '2026-01-01T00:00:00.000000001Z → 2026-01-01T00:00:00.000000002Z',
      null,
    ],
    [
      'the composition of a character',
      'é',
      'e\u0301',
      'é → e\u0301',
      'differs only in how characters are composed',
    ],
    ['two words', 'a', 'b', 'a → b', null],
    ['a number', 1, 2, '1 → 2', null],
    ['a text that reads like a missing value', '(none)', null, '"(none)" → (none)', null],
    ['a secret', { sensitive: true }, { sensitive: true }, '(sensitive) → (sensitive)', null],
  ])('%s', (_name, from, to, shown, hint) => {
    const change = describeChange(from, to, 300);
    expect([`${change.before} → ${change.after}`, change.hint]).toEqual([shown, hint]);
  });

  it('cuts a long value around the change, wherever it is', () => {
    const long = 'x'.repeat(5000);
    const { before, after } = describeChange(`${long}1${long}`, `${long}2${long}`, 100);
    expect([before, after]).toEqual([expect.stringMatching(/x1x/), expect.stringMatching(/x2x/)]);
    expect(before.length).toBeLessThanOrEqual(100);
  });
});

const FIRST = `-----BEGIN CERTIFICATE-----
MIIBujCCAWGgAwIBAgIUP3JG+TEDv7UBVMR1DPD7968Stg4wCgYIKoZIzj0EAwIw
MzELMAkGA1UEBhMCREUxDTALBgNVBAoMBEFjbWUxFTATBgNVBAMMDGFwaS5hY21l
LmRldjAeFw0yNjExMjgxMjUyNTZaFw0yODAxMDIxMjUyNTZaMDMxCzAJBgNVBAYT
AkRFMQ0wCwYDVQQKDARBY21lMRUwEwYDVQQDDAxhcGkuYWNtZS5kZXYwWTATBgcq
hkjOPQIBBggqhkjOPQMBBwNCAAQzsirMmCUqqDzCnpxKqLGopDju5ZL78YqV9kT1
9Qo8bjKNkIXrWrujAQpryYm/DjrKhCSZcq1bIvT8FvK4GdiNo1MwUTAdBgNVHQ4E
FgQUw3rhgfvxliDQU+AT6J5CizsvGgswHwYDVR0jBBgwFoAUw3rhgfvxliDQU+AT
6J5CizsvGgswDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNHADBEAiBJ9mGe
tQ8pYLTpmvIu1Rb8o7DB6qMxA6aGLYwXzjBJmQIgWc5WBSnNwSqjiF7/ttCa26j4
MeH1J1bI1oxf4XFizPg=
-----END CERTIFICATE-----
`;
const SECOND = `-----BEGIN CERTIFICATE-----
MIIBuzCCAWGgAwIBAgIUX8v18bB/sDrd2VuQV1ZsRq5F9zswCgYIKoZIzj0EAwIw
MzELMAkGA1UEBhMCREUxDTALBgNVBAoMBEFjbWUxFTATBgNVBAMMDGFwaS5hY21l
LmRldjAeFw0yNjExMjgxMjUyNTZaFw0yOTAyMDUxMjUyNTZaMDMxCzAJBgNVBAYT
AkRFMQ0wCwYDVQQKDARBY21lMRUwEwYDVQQDDAxhcGkuYWNtZS5kZXYwWTATBgcq
hkjOPQIBBggqhkjOPQMBBwNCAATWpcNaya8Jz6A48JteAzTP+K+MHjL/VerWm/lV
hUYRESywia9rQfZ9cQs5GApAXIhNjoJTYzgYM01uYxr9oqqoo1MwUTAdBgNVHQ4E
FgQUHkYdhVHyf4bMyEOCaUKfaCXRmn0wHwYDVR0jBBgwFoAUHkYdhVHyf4bMyEOC
aUKfaCXRmn0wDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiB+2f2j
YGmjVBsE02r2w+kMYUAQBqoKoBMz1qINBms7cgIhANLOMXR3WBh1pFuyGC6yzfwL
zIU8f/44klJWVEJneNBz
-----END CERTIFICATE-----
`;

describe('certificates', () => {
  it('are shown by subject and expiry', () => {
    expect(describeValue(FIRST, 300)).toBe('certificate CN=api.acme.dev, expires 2028-01-02');
    expect(describeValue(FIRST + SECOND, 300)).toBe(
      'certificate CN=api.acme.dev, expires 2028-01-02; certificate CN=api.acme.dev, expires 2029-02-05',
    );
    const { before, after } = describeChange(FIRST, SECOND, 300);
    expect(`${before} → ${after}`).toBe(
      'certificate CN=api.acme.dev, expires 2028-01-02 → certificate CN=api.acme.dev, expires 2029-02-05',
    );
  });

  it('that look the same show their fingerprints', () => {
    const { before, after } = describeChange(FIRST, `${FIRST}\n${FIRST}`, 500);
    expect(before).not.toBe(after);
    const copy = describeChange(FIRST, FIRST.replaceAll('\n', '\r\n'), 500);
    expect(copy.before).toMatch(/SHA-256 [0-9A-F:]{23}…$/);
  });

  it.each([
    ['a key beside a certificate', `${FIRST}-----BEGIN PUBLIC KEY-----\nabc\n-----END PUBLIC KEY-----\n`],
    ['what is no certificate', '-----BEGIN CERTIFICATE-----\nabcd\n-----END CERTIFICATE-----\n'],
  ])('%s is shown as it is', (_name, text) => {
    expect(describeValue(text, 5000)).toContain('-----BEGIN CERTIFICATE-----');
  });
});
