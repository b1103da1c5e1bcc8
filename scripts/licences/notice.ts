import { readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import licences from 'spdx-license-list/full.js';
import { MODEL_FILES } from '../../shared/faces/engines/local/models.ts';
import { type InstalledPackage, productionPackages } from './packages.ts';
import { licencesIn } from './verdict.ts';

/** Files of a package that have to travel with it. The README of libvips lists the licences of the libraries in it. */
const TEXTS = /^(licen[cs]e|copying|notice|thirdpartynotices)/i;
const LIBVIPS = /^@img\/sharp-libvips-/;

const HEAD = `This folder contains software of others, unchanged or bundled. Below are the packages with the same text, and then the
text. Models in models/ are files of the packages that are named there.
`;

export interface BundledPackages {
  /** Their code is in the bundles. */
  readonly contained: readonly string[];
  /** They are in bundles of their own, with all that they need. */
  readonly withNeeds: readonly string[];
}

/** Writes `NOTICE`: the licences of everything in the folder of a built function. */
export async function writeNotice(folder: string, bundled: BundledPackages): Promise<void> {
  const all = await productionPackages();
  const names = new Set([
    ...(await packagesIn(folder)),
    ...bundled.contained,
    ...withNeeds(bundled.withNeeds, all),
  ]);
  const present = all.filter(({ name }) => names.has(name));
  const byText = new Map<string, string[]>();
  for (const one of present) {
    const text = await textOf(one);
    byText.set(text, [...(byText.get(text) ?? []), `${one.name} ${one.version} (${one.licence})`]);
  }
  const sections = [...byText].map(([text, titles]) => `${titles.join('\n')}\n\n${text}`);
  await writeFile(join(folder, 'NOTICE'), `${[HEAD, ...sections].join(`\n${'='.repeat(80)}\n\n`)}\n`);
}

/** Packages that are copied into the folder, or have models there. */
async function packagesIn(folder: string): Promise<Set<string>> {
  const files = await readdir(folder, { recursive: true });
  const found = new Set<string>();
  for (const file of files) {
    const copied = /^node_modules\/((?:@[^/]+\/)?[^/]+)\/package\.json$/.exec(file.replaceAll('\\', '/'));
    if (copied) found.add(copied[1]!);
  }
  for (const { package: name, file } of Object.values(MODEL_FILES))
    if (files.some((path) => basename(path) === file)) found.add(name);
  return found;
}

/** The packages and all that they need. */
function withNeeds(names: readonly string[], all: readonly InstalledPackage[]): Set<string> {
  const found = new Set<string>();
  const visit = (name: string) => {
    if (found.has(name)) return;
    found.add(name);
    for (const one of all) if (one.name === name) one.needs.forEach(visit);
  };
  names.forEach(visit);
  return found;
}

/** The package's own files, or the text of its licence. */
async function textOf({ name, folder, licence }: InstalledPackage): Promise<string> {
  const files = await readdir(folder).catch(() => []);
  const own = files.filter((file) => TEXTS.test(file) || (LIBVIPS.test(name) && file === 'README.md')).sort();
  const texts = await Promise.all(own.map((file) => readFile(join(folder, file), 'utf8')));
  const needsStandard = own.length === 0 || LIBVIPS.test(name);
  if (needsStandard && licence !== undefined) texts.push(...licencesIn(licence).flatMap(standardTexts));
  return texts.map((text) => text.trim()).join('\n\n');
}

/** The LGPL consists of the GPL and additions to it. */
function standardTexts(licence: string): string[] {
  const text = (id: string): string => licences[id]!.licenseText;
  return licence.startsWith('LGPL-3.0') ? [text(licence), text('GPL-3.0-or-later')] : [text(licence)];
}
