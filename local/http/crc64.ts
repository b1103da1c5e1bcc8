/**
 * CRC-64/XZ, which OSS calls ECMA-182 and sends as an unsigned decimal number in `x-oss-hash-crc64ecma`.
 * Eight table look-ups per step ("slicing by 8") on two 32-bit halves: BigInt is two orders of magnitude slower.
 */
export interface Crc64 {
  update(chunk: Uint8Array): void;
  digest(): bigint;
}

const POLYNOMIAL = 0xc96c5795d7870f42n;
const HIGHEST = 1n << 63n;

const { low: LOW, high: HIGH } = buildTables();

export function createCrc64(): Crc64 {
  let low = -1;
  let high = -1;
  return {
    update(chunk) {
      let at = 0;
      for (const end = chunk.length - 7; at < end; at += 8) {
        const a =
          low ^ (chunk[at]! | (chunk[at + 1]! << 8) | (chunk[at + 2]! << 16) | (chunk[at + 3]! << 24));
        const b =
          high ^ (chunk[at + 4]! | (chunk[at + 5]! << 8) | (chunk[at + 6]! << 16) | (chunk[at + 7]! << 24));
        const i0 = 1792 + (a & 255);
        const i1 = 1536 + ((a >>> 8) & 255);
        const i2 = 1280 + ((a >>> 16) & 255);
        const i3 = 1024 + (a >>> 24);
        const i4 = 768 + (b & 255);
        const i5 = 512 + ((b >>> 8) & 255);
        const i6 = 256 + ((b >>> 16) & 255);
        const i7 = b >>> 24;
        low = LOW[i0]! ^ LOW[i1]! ^ LOW[i2]! ^ LOW[i3]! ^ LOW[i4]! ^ LOW[i5]! ^ LOW[i6]! ^ LOW[i7]!;
        high = HIGH[i0]! ^ HIGH[i1]! ^ HIGH[i2]! ^ HIGH[i3]! ^ HIGH[i4]! ^ HIGH[i5]! ^ HIGH[i6]! ^ HIGH[i7]!;
      }
      for (; at < chunk.length; at++) {
        const index = (low ^ chunk[at]!) & 255;
        low = ((low >>> 8) | (high << 24)) ^ LOW[index]!;
        high = (high >>> 8) ^ HIGH[index]!;
      }
    },
    digest: () => (BigInt(~high >>> 0) << 32n) | BigInt(~low >>> 0),
  };
}

/** The checksum of two concatenated byte strings, from their checksums and the length of the second. */
export function combineCrc64(first: bigint, second: bigint, secondLength: number): bigint {
  return multiply(powerOfX(BigInt(secondLength) * 8n), first) ^ second;
}

const squares: bigint[] = [HIGHEST >> 1n];
let lastPower = { exponent: -1n, value: 0n };

/** x^exponent modulo the polynomial, bits reflected. Remembers the last result: parts of an upload have equal sizes. */
function powerOfX(exponent: bigint): bigint {
  if (lastPower.exponent === exponent) return lastPower.value;
  let value = HIGHEST;
  for (let bit = 0, rest = exponent; rest > 0n; bit++, rest >>= 1n) {
    if (squares.length <= bit) squares.push(multiply(squares[bit - 1]!, squares[bit - 1]!));
    if (rest & 1n) value = multiply(squares[bit]!, value);
  }
  lastPower = { exponent, value };
  return value;
}

function multiply(left: bigint, right: bigint): bigint {
  let product = 0n;
  let factor = right;
  for (let mask = HIGHEST; mask > 0n; mask >>= 1n) {
    if (left & mask) product ^= factor;
    factor = factor & 1n ? (factor >> 1n) ^ POLYNOMIAL : factor >> 1n;
  }
  return product;
}

/** Row k, column b: the contribution of byte b if k bytes follow it. */
function buildTables(): { low: Int32Array; high: Int32Array } {
  const rows: bigint[] = [];
  for (let byte = 0n; byte < 256n; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1n ? (crc >> 1n) ^ POLYNOMIAL : crc >> 1n;
    rows.push(crc);
  }
  for (let index = 256; index < 2048; index++) {
    const before = rows[index - 256]!;
    rows.push((before >> 8n) ^ rows[Number(before & 255n)]!);
  }
  return {
    low: Int32Array.from(rows, (crc) => Number(BigInt.asIntN(32, crc))),
    high: Int32Array.from(rows, (crc) => Number(BigInt.asIntN(32, crc >> 32n))),
  };
}
