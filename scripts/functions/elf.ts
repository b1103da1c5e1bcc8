/** A version of a library's symbols that a binary needs, such as `GLIBC_2.28`. */
export type SymbolVersion = string;

/** ELF: type of the section that lists the symbol versions which a binary needs from each library. */
const SHT_GNU_VERNEED = 0x6ffffffe;

/** Whether the bytes are a 64-bit, little-endian ELF file, which every binary for Linux on x64 and arm64 is. */
export function isElf(bytes: Buffer): boolean {
  return bytes.length > 64 && bytes.readUInt32BE(0) === 0x7f454c46 && bytes[4] === 2 && bytes[5] === 1;
}

/** ELF: the machine that a binary is for. */
const MACHINES: Readonly<Record<number, string>> = { 62: 'x64', 183: 'arm64' };

/** The machine in Node's words, or its number in the ELF standard. */
export function machineOf(bytes: Buffer): string {
  const machine = bytes.readUInt16LE(18);
  return MACHINES[machine] ?? String(machine);
}

/** Every symbol version that the binary needs. Source: System V ABI, and Linux Standard Base, "Symbol Versioning". */
export function neededVersions(bytes: Buffer): SymbolVersion[] {
  const sections = sectionsOf(bytes);
  const needs = sections.find(({ type }) => type === SHT_GNU_VERNEED);
  if (!needs) return [];
  const strings = sections[needs.link]!;
  const versions: SymbolVersion[] = [];
  // Elf64_Verneed: count of versions at 2, offset of the first at 8, offset of the next library at 12.
  for (let need = needs.offset, library = 0; library < needs.info; library++) {
    const count = bytes.readUInt16LE(need + 2);
    let version = need + bytes.readUInt32LE(need + 8);
    // Elf64_Vernaux: its name at 8, offset of the next at 12.
    for (let index = 0; index < count; index++) {
      versions.push(textAt(bytes, strings.offset + bytes.readUInt32LE(version + 8)));
      version += bytes.readUInt32LE(version + 12);
    }
    need += bytes.readUInt32LE(need + 12);
  }
  return versions;
}

interface Section {
  readonly type: number;
  readonly offset: number;
  readonly link: number;
  readonly info: number;
}

function sectionsOf(bytes: Buffer): Section[] {
  const table = Number(bytes.readBigUInt64LE(40));
  const [size, count] = [bytes.readUInt16LE(58), bytes.readUInt16LE(60)];
  return Array.from({ length: count }, (_, index) => {
    const header = table + index * size;
    return {
      type: bytes.readUInt32LE(header + 4),
      offset: Number(bytes.readBigUInt64LE(header + 24)),
      link: bytes.readUInt32LE(header + 40),
      info: bytes.readUInt32LE(header + 44),
    };
  });
}

function textAt(bytes: Buffer, start: number): string {
  return bytes.toString('latin1', start, bytes.indexOf(0, start));
}
