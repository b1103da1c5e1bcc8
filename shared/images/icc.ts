/**
 * Whether an embedded colour profile is sRGB, under one of the names that its publishers use. Converting from such a
 * profile changes no pixel and takes longer than decoding the photo.
 */
export function isSrgbProfile(profile: Uint8Array): boolean {
  const name = describe(profile);
  // `c2` is the compact sRGB profile that web services attach. Linear and wide-gamut variants must not match.
  return name !== undefined && /^(sRGB( IEC61966-2[.-]1.*| built-in| Color Space Profile)?|c2)$/i.test(name);
}

/** The profile's description tag: ISO 15076-1, 7.3 (tag table) and 10.15; the older text type is ICC.1:2001, 6.5.17. */
function describe(profile: Uint8Array): string | undefined {
  const bytes = Buffer.from(profile.buffer, profile.byteOffset, profile.byteLength);
  try {
    const tags = Math.min(bytes.readUInt32BE(128), 100);
    for (let at = 132; at < 132 + 12 * tags; at += 12) {
      if (bytes.toString('latin1', at, at + 4) !== 'desc') continue;
      const start = bytes.readUInt32BE(at + 4);
      return bytes.toString('latin1', start, start + 4) === 'mluc'
        ? unicodeText(bytes, start)
        : asciiText(bytes, start);
    }
  } catch (error) {
    // An offset beyond the end: the profile is damaged. The decoder handles it.
    if (!(error instanceof RangeError)) throw error;
  }
  return undefined;
}

/** The text in the first of several languages. */
function unicodeText(bytes: Buffer, start: number): string {
  const length = bytes.readUInt32BE(start + 20);
  const offset = start + bytes.readUInt32BE(start + 24);
  return Buffer.from(bytes.subarray(offset, offset + (length & 0xfe)))
    .swap16()
    .toString('utf16le');
}

function asciiText(bytes: Buffer, start: number): string {
  const length = bytes.readUInt32BE(start + 8);
  return bytes.toString('latin1', start + 12, start + 12 + length).replace(/\0.*$/s, '');
}
