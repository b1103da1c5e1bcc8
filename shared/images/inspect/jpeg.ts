import type { FileCounts } from './counts.ts';

/** Markers, ITU-T T.81, table B.1. */
const SOI = 0xd8;
const EOI = 0xd9;
const SOS = 0xda;
const TEM = 0x01;
const APP_FIRST = 0xe0;
const APP_LAST = 0xef;
const COM = 0xfe;

interface Frame {
  /** Every coefficient is kept until the last scan. */
  readonly isProgressive: boolean;
  readonly components: number;
  /** Of all coefficients, two bytes each. */
  readonly coefficientBytes: number;
}

/** A file of one scan is decoded row by row. One of several is held as coefficients until its last scan. */
export function countJpeg(bytes: Buffer): FileCounts {
  let frame: Frame | undefined;
  let scans = 0;
  let metadataBytes = 0;
  let at = 2;
  while (at + 4 <= bytes.length) {
    if (bytes[at] !== 0xff) {
      at = nextMarker(bytes, at);
      continue;
    }
    const marker = bytes[at + 1]!;
    if (marker === 0xff) {
      at++;
      continue;
    }
    if (isStandalone(marker)) {
      at += 2;
      continue;
    }
    if (marker === EOI) break;
    const length = bytes.readUInt16BE(at + 2);
    if (marker === SOS) {
      scans++;
      // The decoder stops after a scan that holds everything.
      if (frame && !frame.isProgressive && scans === 1 && bytes[at + 4] === frame.components) break;
      at = nextMarker(bytes, at + 2 + length);
      continue;
    }
    if (isFrame(marker)) frame ??= readFrame(bytes, at + 4, marker);
    if ((marker >= APP_FIRST && marker <= APP_LAST) || marker === COM) metadataBytes += length;
    at += 2 + length;
  }
  const isHeld = frame && (frame.isProgressive || scans > 1);
  return { scans, metadataBytes, heldBytes: isHeld ? frame?.coefficientBytes : 0 };
}

function isStandalone(marker: number): boolean {
  return marker === TEM || marker === SOI || isRestart(marker);
}

function isRestart(marker: number): boolean {
  return marker >= 0xd0 && marker <= 0xd7;
}

/** SOF0 to SOF15, without DHT, JPG and DAC. */
function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}

/** ITU-T T.81, B.2.2. */
function readFrame(bytes: Buffer, at: number, marker: number): Frame | undefined {
  const components = bytes[at + 5] ?? 0;
  if (at + 6 + 3 * components > bytes.length) return undefined;
  const height = bytes.readUInt16BE(at + 1);
  const width = bytes.readUInt16BE(at + 3);
  const samplings = Array.from({ length: components }, (_, i) => bytes[at + 7 + 3 * i]!);
  const horizontal = samplings.map((sampling) => sampling >> 4);
  const vertical = samplings.map((sampling) => sampling & 15);
  const maxHorizontal = Math.max(1, ...horizontal);
  const maxVertical = Math.max(1, ...vertical);
  const shares = samplings.map((_, i) => (horizontal[i]! * vertical[i]!) / (maxHorizontal * maxVertical));
  const share = shares.reduce((sum, one) => sum + one, 0);
  return {
    // SOF2, SOF6, SOF10, SOF14.
    isProgressive: (marker & 3) === 2,
    components,
    coefficientBytes: Math.ceil(width * height * share) * 2,
  };
}

/** Position of the next marker in coded data, where FF 00 is a byte of data and FF D0 to FF D7 are restarts. */
function nextMarker(bytes: Buffer, from: number): number {
  let at = from;
  for (;;) {
    at = bytes.indexOf(0xff, at);
    if (at < 0 || at + 1 >= bytes.length) return bytes.length;
    // Without a call for each of many such pairs in a row.
    while (bytes[at] === 0xff && (bytes[at + 1] === 0 || isRestart(bytes[at + 1]!))) at += 2;
    if (bytes[at] === 0xff) return at;
  }
}
