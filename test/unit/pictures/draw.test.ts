import { inflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../../src/chat/teams/limits.ts';
import type { Picture } from '../../../src/messages/card.ts';
import { trendDays } from '../../../src/model/trend.ts';
import { drawPicture } from '../../../src/pictures/draw.ts';
import { withPalette } from '../../../src/pictures/palette-png.ts';
import { SIZE } from '../../../src/pictures/trend-chart.ts';
import { NOW } from '../../support/views.ts';

const AGES = ['under a day', '1 to 7 days', '8 to 30 days', 'older'];

/** A trend with these numbers on every day. */
function picture(number: (day: number) => number | null): Picture {
  const days = trendDays(NOW).map((day, i) => {
    const n = number(i);
    return { day, cloud: n, code: n, both: n, policy: n, people: n };
  });
  return { days, ages: AGES.map((label, i) => ({ label, cloud: i * 3, code: 1, both: i })) };
}

/** The pixels of a PNG with a palette, as colours by row. */
function pixelsOf(png: Uint8Array): {
  readonly width: number;
  readonly height: number;
  readonly at: (x: number, y: number) => string;
} {
  const bytes = Buffer.from(png);
  const [width, height] = [bytes.readUInt32BE(16), bytes.readUInt32BE(20)];
  const chunks = new Map<string, Buffer>();
  for (let at = 8; at < bytes.length; at += bytes.readUInt32BE(at) + 12) {
    const length = bytes.readUInt32BE(at);
    chunks.set(bytes.toString('latin1', at + 4, at + 8), bytes.subarray(at + 8, at + 8 + length));
  }
  const rows = inflateSync(chunks.get('IDAT') ?? Buffer.alloc(0));
  const palette = chunks.get('PLTE') ?? Buffer.alloc(0);
  return {
    width,
    height,
    at: (x, y) => palette.subarray((rows[y * (width + 1) + 1 + x] ?? 0) * 3).toString('hex', 0, 3),
  };
}

/** How many pixels have this colour. */
function coloured(png: Uint8Array, colour: string): number {
  const { width, height, at } = pixelsOf(png);
  let found = 0;
  for (let y = 0; y < height; y += 1) for (let x = 0; x < width; x += 1) if (at(x, y) === colour) found += 1;
  return found;
}

describe('a picture of a trend', () => {
  it('has its size, and bars in the colours of what they count', async () => {
    const png = await drawPicture(
      picture(() => 4),
      1,
    );
    expect(pixelsOf(png)).toMatchObject(SIZE);
    for (const colour of ['d55e00', '0072b2', 'cc79a7', '009e73', '56b4e9']) {
      expect(coloured(png, colour), colour).toBeGreaterThan(500);
    }
  });

  it('has no bars for days before m0 was there, and fewer for less drift', async () => {
    const bars = async (number: (day: number) => number | null): Promise<number> =>
      coloured(await drawPicture({ ...picture(number), ages: [] }, 1), 'd55e00');
    const [legend, half, all] = [
      await bars(() => null),
      await bars((d) => (d < 15 ? null : 4)),
      await bars(() => 4),
    ];
    expect(legend).toBeLessThan(200);
    expect(half).toBeGreaterThan(legend + 500);
    expect(all).toBeGreaterThan(half * 1.7);
  });

  it('is larger with a scale, and fits into a card of Teams, whatever it shows', async () => {
    const busy = picture((day) => (day * 7919) % 997);
    expect(pixelsOf(await drawPicture(busy, 2))).toMatchObject({ width: 840, height: 860 });
    const png = await drawPicture(busy, 1);
    expect(Math.ceil(png.length / 3) * 4 + 22).toBeLessThan(LIMITS.pictureBytes);
  });
});

it('a picture of too many colours is drawn with fewer, and none of its pixels is lost', () => {
  const [width, height] = [64, 64];
  const pixels = Uint8Array.from({ length: width * height * 4 }, (_, i) =>
    i % 4 === 3 ? 255 : (i * 37 + (i % 4) * 91) % 256,
  );
  const drawn = pixelsOf(withPalette({ width, height, pixels }));
  expect(drawn).toMatchObject({ width, height });
  for (let i = 0; i < width * height; i += 97) {
    const shown = Buffer.from(drawn.at(i % width, Math.floor(i / width)), 'hex');
    for (const part of [0, 1, 2])
      expect(Math.abs((shown[part] ?? 0) - (pixels[i * 4 + part] ?? 0))).toBeLessThan(27);
  }
});
