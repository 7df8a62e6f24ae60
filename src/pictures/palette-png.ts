/** PNG files with a palette: a chart of a few colours takes a fifth of the bytes, and Teams counts each of them. */
import { crc32, deflateSync } from 'node:zlib';

/** Pixels in rows from the top left, four bytes each: red, green, blue, alpha. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array;
}

const SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
/** The most colours of a palette. */
const MAX_COLOURS = 256;

function chunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}

/** The colour with each of its parts rounded to a multiple of `step`, as one number. */
function rounded(pixels: Uint8Array, at: number, step: number): number {
  const part = (offset: number): number =>
    Math.min(255, Math.round((pixels[at + offset] ?? 0) / step) * step);
  return (part(0) << 16) | (part(1) << 8) | part(2);
}

/** The palette, and the number in it of each pixel; null if there are more colours than a palette holds. */
function indexed(
  { pixels }: Pixels,
  step: number,
): { readonly palette: readonly number[]; readonly indices: Uint8Array } | null {
  const known = new Map<number, number>();
  const indices = new Uint8Array(pixels.length / 4);
  for (let i = 0; i < indices.length; i += 1) {
    const colour = rounded(pixels, i * 4, step);
    let index = known.get(colour);
    if (index === undefined) {
      index = known.size;
      if (index === MAX_COLOURS) return null;
      known.set(colour, index);
    }
    indices[i] = index;
  }
  return { palette: [...known.keys()], indices };
}

/**
 * The opaque picture as PNG (RFC 2083) with a palette. Colours are rounded as little as it takes to have at most 256 of
 * them. `pixels` must hold `width` × `height` pixels.
 */
export function withPalette(picture: Pixels): Uint8Array {
  const { width, height } = picture;
  // With steps of 51 there are 6 × 6 × 6 colours at most.
  const found = [1, 8, 16, 32, 51].map((step) => () => indexed(picture, step));
  const { palette, indices } = found.reduce<ReturnType<typeof indexed>>(
    (done, next) => done ?? next(),
    null,
  ) ?? {
    palette: [],
    indices: new Uint8Array(),
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  // Eight bits a pixel, colour type 3 (palette).
  header.set([8, 3, 0, 0, 0], 8);
  const rows = Buffer.alloc((width + 1) * height);
  for (let y = 0; y < height; y += 1)
    rows.set(indices.subarray(y * width, (y + 1) * width), y * (width + 1) + 1);
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    chunk('PLTE', Uint8Array.from(palette.flatMap((c) => [c >> 16, (c >> 8) & 255, c & 255]))),
    chunk('IDAT', deflateSync(rows, { level: 9 })),
    chunk('IEND', new Uint8Array()),
  ]);
}
