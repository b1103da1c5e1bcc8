import * as fs from 'node:fs/promises';
import { expect, test } from 'vitest';
import { repairDataFolder, verifyDataFolder } from '../../local/check-data.ts';
import type { Damage } from '../../local/disk/data-folder.ts';
import { seededRandom } from '../../shared/runtime/random.ts';
import { tempDir } from '../support/temp-dir.ts';
import { fillFolder, fillFolderV1 } from './damage/filled-folder.ts';
import { harmFolder } from './damage/harm.ts';
import { lookAt } from './damage/look.ts';

/** How often a folder is damaged. */
const PLACES = Number(process.env.PLACES ?? 300);
const SEED = Number(process.env.SEED ?? 20_261_129);

test.each([
  ['this version', fillFolder],
  ['version 0.1', fillFolderV1],
])(
  'nothing in a data folder of %s is lost without a report, and a repair makes it whole',
  async (_, fill) => {
    const random = seededRandom(SEED);
    const sound = await tempDir();
    const contents = await fill(sound, random);
    const work = await tempDir();
    const faults: string[] = [];

    for (let place = 0; place < PLACES; place++) {
      const dataDir = `${work}/${place}`;
      const repaired = `${work}/${place}-repaired`;
      await fs.cp(sound, dataDir, { recursive: true });
      const harm = await harmFolder(dataDir, random);
      await fs.cp(dataDir, repaired, { recursive: true });
      const fault = (text: string) => faults.push(`${place} ${JSON.stringify(harm)}: ${text}`);

      const found = await damageOf((report) => verifyDataFolder(dataDir, report));
      const started = await lookAt(dataDir, contents);
      const mended = await damageOf((report) => repairDataFolder(repaired, report));
      const left = await damageOf((report) => verifyDataFolder(repaired, report));
      const after = await lookAt(repaired, contents);

      const isTold = started.refused !== undefined || started.reports.length > 0;
      const { lost, wrong, unreadable } = started;
      if (lost.length + wrong.length > 0 && !isTold) fault(`lost ${lost}, wrong ${wrong}, without a report`);
      if ((isTold || lost.length + unreadable.length > 0) && found.length === 0)
        fault('verify found nothing');
      if (wrong.some((what) => what.endsWith('other bytes'))) fault(`wrong: ${wrong}`);
      if (after.refused !== undefined) fault(`refused after a repair: ${after.refused}`);
      if (left.length > 0) fault(`left by the repair: ${JSON.stringify(left)}`);
      if (after.unreadable.length > 0) fault(`not readable after a repair: ${after.unreadable}`);
      if (after.lost.length > 0 && mended.length === 0) fault(`lost by the repair: ${after.lost}`);
      if (after.reports.length > 0) fault(`reports after a repair: ${after.reports}`);
      await fs.rm(dataDir, { recursive: true });
      await fs.rm(repaired, { recursive: true });
    }

    expect(faults).toEqual([]);
  },
);

async function damageOf(check: (report: (damage: Damage) => void) => Promise<void>): Promise<Damage[]> {
  const found: Damage[] = [];
  await check((damage) => void found.push(damage));
  return found;
}
