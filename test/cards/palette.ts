/** Makes PNG files small by reducing them to 32 colours, enough for text on a plain background. */
import { crc32, deflateSync, inflateSync } from 'node:zlib';

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const COLOURS = 32;
/** How many palette colours are reserved for large areas. */
const GROUNDS = 10;
/** Bytes per pixel, by PNG colour type. */
const PIXEL: Readonly<Record<number, number>> = { 2: 3, 6: 4 };

interface Raw {
  readonly width: number;
  readonly height: number;
  /** One number per pixel, 0xRRGGBB. */
  readonly pixels: Uint32Array;
}

function chunksOf(png: Buffer): readonly { readonly type: string; readonly data: Buffer }[] {
  const chunks: { type: string; data: Buffer }[] = [];
  for (let at = SIGNATURE.length; at < png.length; ) {
    const length = png.readUInt32BE(at);
    chunks.push({
      type: png.toString('latin1', at + 4, at + 8),
      data: png.subarray(at + 8, at + 8 + length),
    });
    at += length + 12;
  }
  return chunks;
}

function paeth(left: number, up: number, corner: number): number {
  const guess = left + up - corner;
  const [a, b, c] = [Math.abs(guess - left), Math.abs(guess - up), Math.abs(guess - corner)];
  return a <= b && a <= c ? left : b <= c ? up : corner;
}

/** Reads PNG as browsers write it: 8 bits per channel, not interlaced. Throws on anything else. */
function read(png: Buffer): Raw {
  const chunks = chunksOf(png);
  const head = chunks.find((chunk) => chunk.type === 'IHDR')?.data ?? Buffer.alloc(13);
  const [width, height, depth, type] = [
    head.readUInt32BE(0),
    head.readUInt32BE(4),
    head.readUInt8(8),
    head.readUInt8(9),
  ];
  const size = PIXEL[type];
  if (depth !== 8 || size === undefined || head.readUInt8(12) !== 0) {
    throw new Error(`reading a picture: colour type ${type} with ${depth} bits is not what a browser writes`);
  }
  const data = inflateSync(Buffer.concat(chunks.filter((c) => c.type === 'IDAT').map((c) => c.data)));
  const row = width * size;
  const bytes = Buffer.alloc(row * height);
  const at = (x: number, y: number): number => (x < 0 || y < 0 ? 0 : (bytes[y * row + x] ?? 0));
  for (let y = 0; y < height; y += 1) {
    const filter = data[y * (row + 1)] ?? 0;
    for (let x = 0; x < row; x += 1) {
      const [left, up] = [at(x - size, y), at(x, y - 1)];
      const predicted = [0, left, up, (left + up) >> 1, paeth(left, up, x < size ? 0 : at(x - size, y - 1))];
      bytes[y * row + x] = ((data[y * (row + 1) + 1 + x] ?? 0) + (predicted[filter] ?? 0)) & 0xff;
    }
  }
  const pixels = new Uint32Array(width * height);
  for (let i = 0; i < pixels.length; i += 1) pixels[i] = bytes.readUIntBE(i * size, 3);
  return { width, height, pixels };
}

/** The most frequent colours, and for every other colour the nearest of them. */
function paletteOf(pixels: Uint32Array): {
  readonly colours: readonly number[];
  readonly index: ReadonlyMap<number, number>;
} {
  const times = new Map<number, number>();
  for (const pixel of pixels) times.set(pixel, (times.get(pixel) ?? 0) + 1);
  const used = [...times].sort(([, a], [, b]) => b - a).map(([colour]) => colour);
  const colours: number[] = [];
  // Background colours are taken as they are. A text shade that is close to a chosen colour is skipped,
  // to leave room for a different one.
  for (const [near, most] of [
    [0, GROUNDS],
    [24, COLOURS],
    [0, COLOURS],
  ] as const) {
    for (const colour of used) {
      if (colours.length === most) break;
      if (colours.every((other) => distance(colour, other) > near * near)) colours.push(colour);
    }
  }
  const nearest = (colour: number): number => {
    let best = 0;
    for (let i = 1; i < colours.length; i += 1) {
      if (distance(colour, colours[i] ?? 0) < distance(colour, colours[best] ?? 0)) best = i;
    }
    return best;
  };
  return { colours, index: new Map(used.map((colour) => [colour, nearest(colour)])) };
}

function distance(a: number, b: number): number {
  const part = (shift: number): number => ((a >> shift) & 0xff) - ((b >> shift) & 0xff);
  return part(16) ** 2 + part(8) ** 2 + part(0) ** 2;
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const framed = Buffer.alloc(body.length + 8);
  framed.writeUInt32BE(data.length, 0);
  body.copy(framed, 4);
  framed.writeUInt32BE(crc32(body), body.length + 4);
  return framed;
}

/** Converts a picture to a palette. */
export function inPalette(png: Buffer): Buffer {
  const { width, height, pixels } = read(png);
  const { colours, index } = paletteOf(pixels);
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 3, 0, 0, 0], 8);
  const palette = Buffer.alloc(colours.length * 3);
  colours.forEach((colour, i) => void palette.writeUIntBE(colour, i * 3, 3));
  const rows = Buffer.alloc((width + 1) * height);
  for (let i = 0; i < pixels.length; i += 1) {
    rows[i + Math.floor(i / width) + 1] = index.get(pixels[i] ?? 0) ?? 0;
  }
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', head),
    chunk('PLTE', palette),
    chunk('IDAT', deflateSync(rows, { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}
