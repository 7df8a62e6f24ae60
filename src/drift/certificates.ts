/** Certificates as people know them: by subject and expiry. */
import { X509Certificate } from 'node:crypto';

const BLOCK = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g;

/**
 * `certificate CN=example.com, expires 2027-01-01`, one for each certificate of a PEM text; undefined if the text
 * holds anything else. With `exact`, also the start of the fingerprint (SHA-256), for two that look the same.
 */
export function certificateText(text: string, exact = false): string | undefined {
  if (!/^\s*-----BEGIN CERTIFICATE-----/.test(text)) return undefined;
  const blocks = text.match(BLOCK) ?? [];
  if (blocks.length === 0 || text.replace(BLOCK, '').trim() !== '') return undefined;
  const described = blocks.map((block) => describe(block, exact));
  return described.includes(undefined) ? undefined : described.join('; ');
}

function describe(pem: string, exact: boolean): string | undefined {
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(pem);
  } catch {
    // Not a certificate after all: the text is shown as it is.
    return undefined;
  }
  // One name a line, from the country to the common name, which identifies it.
  const names = certificate.subject.split('\n');
  const subject = names.find((name) => name.startsWith('CN=')) ?? names.join(', ');
  const end = new Date(certificate.validTo);
  const expires = Number.isNaN(end.getTime()) ? certificate.validTo : end.toISOString().slice(0, 10);
  const print = exact ? `, SHA-256 ${certificate.fingerprint256.slice(0, 23)}…` : '';
  return `certificate ${subject}, expires ${expires}${print}`;
}
