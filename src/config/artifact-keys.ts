const KEY_BYTES = 32;

/**
 * The keys in M0_ARTIFACT_KEY: 32 bytes each in base64, separated by commas. The first encrypts, all decrypt. Throws
 * where one has another length; the text does not contain it.
 */
export function artifactKeys(value: string): readonly Buffer[] {
  return value.split(',').map((part) => {
    const text = part.trim();
    const key = Buffer.from(text, 'base64');
    if (key.length !== KEY_BYTES || !/^[A-Za-z0-9+/]{43}=?$/.test(text)) {
      throw new Error('is no key of 32 bytes in base64: make one with `openssl rand -base64 32`');
    }
    return key;
  });
}
