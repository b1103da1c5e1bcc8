import { readFile } from 'node:fs/promises';
import { Command } from '@commander-js/extra-typings';
import { verifyFaces } from '../../shared/faces/verify.ts';
import { renameFacts } from '../../shared/people/statements.ts';
import { imageBounds } from '../../shared/pipeline/options.ts';
import { applyPeople } from '../../shared/pipeline/people/apply.ts';
import { type EnrolReport, enrolAll, reenrolAll } from '../../shared/pipeline/people/enrol-all.ts';
import { exportPeople } from '../../shared/pipeline/people/export.ts';
import { findPerson } from '../../shared/pipeline/people/find.ts';
import { type ForgetReport, forgetPerson } from '../../shared/pipeline/people/forget.ts';
import { type ForgetSeenReport, forgetSeen } from '../../shared/pipeline/people/forget-seen.ts';
import { listPhotos } from '../../shared/pipeline/people/photos.ts';
import { renamePerson } from '../../shared/pipeline/people/rename.ts';
import { print } from '../../shared/runtime/terminal.ts';
import { SEEN_COMMANDS } from '../people/seen-commands.ts';
import { subcommand } from '../people/subcommand.ts';
import { type People, withPeople } from '../people/with-people.ts';
import { startProgress } from '../progress.ts';

const listCommand = subcommand('list', 'show known people and the number of their faces').action((options) =>
  withPeople(options, async ({ enrolment: { gallery } }) => {
    for await (const { person, faces } of gallery.people()) print(`${person}  ${faces}`);
  }),
);

const findCommand = subcommand('find', 'show every picture in which a person was recognised')
  .argument('<person>')
  .action((person, options) =>
    withPeople(options, async ({ forgetting }) => {
      for await (const { bucket, key, face, confidence } of findPerson(person, forgetting)) {
        print(`oss://${bucket}/${key}  face ${face}  ${confidence}`);
      }
    }),
  );

const verifyCommand = subcommand(
  'verify',
  'tell whether the largest faces of two photos are one person; exits with 1 when they are not',
)
  .argument('<photo>')
  .argument('<other>')
  .action((photo, other, options) =>
    withPeople(options, async ({ enrolment: { engine, options: pipeline } }) => {
      const files = [await readFile(photo), await readFile(other)] as const;
      const { same, confidence, level } = await verifyFaces(engine, files, { bounds: imageBounds(pipeline) });
      const people = same ? 'one person' : 'two people';
      print(`${people}  ${confidence.toFixed(3)}${level ? `  ${level}` : ''}`);
      if (!same) process.exitCode = 1;
    }),
  );

const forgetCommand = subcommand(
  'forget',
  'remove a person everywhere – photos, faces, crops, matches – and list what was removed',
)
  .argument('<person>')
  .action((person, options) =>
    withPeople(options, async ({ forgetting, applying }) => {
      const own = applying ? await forgetSeen(person, applying) : { sightings: [], facts: [] };
      const report = { ...own, ...(await forgetPerson(person, forgetting)) };
      if (applying) await applyPeople(applying);
      for (const line of describeForgotten(report)) print(line);
    }),
  );

const renameCommand = subcommand('rename', 'rename a person; the name of another person merges the two')
  .argument('<from>')
  .argument('<to>')
  .action((from, to, options) =>
    withPeople(options, async ({ enrolment, applying, bucket, region }) => {
      if (applying) {
        const { facts } = applying.seen;
        await facts.state(renameFacts(await facts.read(), from, to));
      }
      const { photos, refused, documents } = await renamePerson(from, to, enrolment, { bucket, region });
      for (const key of photos) print(`photo ${key}`);
      for (const { key, reason } of refused) print(`refused ${key}: ${reason}`);
      for (const key of documents) print(`document ${key}`);
    }),
  );

const exportCommand = subcommand(
  'export',
  'print the photos of all people with their outcomes, one JSON line each',
).action((options) =>
  withPeople(options, async ({ forgetting }) => {
    for await (const photo of exportPeople(forgetting)) print(JSON.stringify(photo));
  }),
);

const enrolCommand = subcommand('enrol', 'enrol every photo that is not in the gallery yet')
  .option('--again', 'rebuild the gallery from all photos, e.g. after a change of the engine')
  .action(({ again, ...options }) =>
    withPeople(options, async (people) => {
      const report = await enrolWithProgress(people, again ? reenrolAll : enrolAll);
      print(`${report.photos} photos: ${report.enrolled} enrolled, ${report.unchanged} unchanged`);
      for (const { key, reason } of report.refused) print(`refused ${key}: ${reason}`);
      for (const { key, code } of report.failed) print(`failed ${key}: ${code}`);
      if (report.failed.length > 0) process.exitCode = 1;
    }),
  );

export const peopleCommand = new Command('people')
  .description('known people, of the running local cloud or of a bucket of Alibaba Cloud')
  .addCommand(listCommand)
  .addCommand(findCommand)
  .addCommand(verifyCommand)
  .addCommand(forgetCommand)
  .addCommand(renameCommand)
  .addCommand(exportCommand)
  .addCommand(enrolCommand);

for (const command of SEEN_COMMANDS) peopleCommand.addCommand(command);

async function enrolWithProgress(
  { enrolment, forgetting, bucket, region }: People,
  enrol: typeof enrolAll,
): Promise<EnrolReport> {
  const photos = await listPhotos(forgetting.source, forgetting.peoplePrefix);
  const progress = startProgress(photos.length, 'photos');
  try {
    return await enrol(enrolment, { bucket, region, onProgress: () => progress.done() });
  } finally {
    progress.stop();
  }
}

function describeForgotten({ person, ...lists }: ForgetReport & ForgetSeenReport): string[] {
  const lines = Object.entries(lists).flatMap(([what, items]) =>
    items.map((item: string) => `${what} ${item}`),
  );
  return lines.length > 0 ? lines : [`nothing is left of ${person}`];
}
