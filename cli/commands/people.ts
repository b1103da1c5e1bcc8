import { readFile } from 'node:fs/promises';
import { Command } from '@commander-js/extra-typings';
import { verifyFaces } from '../../shared/faces/verify.ts';
import { decodeImage } from '../../shared/images/decode.ts';
import { type EnrolReport, enrolAll, reenrolAll } from '../../shared/pipeline/enrol-all.ts';
import { type ForgetReport, forgetPerson } from '../../shared/pipeline/forget.ts';
import { exportPeople } from '../../shared/pipeline/people-export.ts';
import { findPerson } from '../../shared/pipeline/people-find.ts';
import { listPhotos } from '../../shared/pipeline/people-photos.ts';
import { renamePerson } from '../../shared/pipeline/people-rename.ts';
import { imageBounds } from '../../shared/pipeline/process.ts';
import { dataDirOption } from '../data-dir.ts';
import { remoteOption } from '../people/place.ts';
import { type People, withPeople } from '../people/with-people.ts';
import { startProgress } from '../progress.ts';

export const peopleCommand = new Command('people').description(
  'known people, of the running local cloud or of a bucket of Alibaba Cloud',
);

peopleCommand
  .command('list')
  .description('who is known, and by how many faces')
  .addOption(dataDirOption())
  .addOption(remoteOption())
  .action((options) =>
    withPeople(options, async ({ enrolment: { gallery } }) => {
      for await (const { person, faces } of gallery.people()) console.log(`${person}  ${faces}`);
    }),
  );

peopleCommand
  .command('find')
  .description('every picture in which a person was recognised')
  .argument('<person>')
  .addOption(dataDirOption())
  .addOption(remoteOption())
  .action((person, options) =>
    withPeople(options, async ({ forgetting }) => {
      for await (const { bucket, key, face, confidence } of findPerson(person, forgetting)) {
        console.log(`oss://${bucket}/${key}  face ${face}  ${confidence}`);
      }
    }),
  );

peopleCommand
  .command('verify')
  .description('whether the largest faces of two photos are one person; exits with 1 when they are not')
  .argument('<photo>')
  .argument('<other>')
  .addOption(dataDirOption())
  .addOption(remoteOption())
  .action((photo, other, options) =>
    withPeople(options, async ({ enrolment: { engine, options: pipeline } }) => {
      const open = async (path: string) => decodeImage(await readFile(path), imageBounds(pipeline));
      const { same, confidence, level } = await verifyFaces(engine, [await open(photo), await open(other)]);
      console.log(
        `${same ? 'one person' : 'two people'}  ${confidence.toFixed(3)}${level ? `  ${level}` : ''}`,
      );
      if (!same) process.exitCode = 1;
    }),
  );

peopleCommand
  .command('forget')
  .description('remove a person everywhere – photos, faces, crops, matches – and list what went')
  .argument('<person>')
  .addOption(dataDirOption())
  .addOption(remoteOption())
  .action((person, options) =>
    withPeople(options, async ({ forgetting }) => {
      for (const line of describeForgotten(await forgetPerson(person, forgetting))) console.log(line);
    }),
  );

peopleCommand
  .command('rename')
  .description('give a person another name; with a name that somebody has, the two become one')
  .argument('<from>')
  .argument('<to>')
  .addOption(dataDirOption())
  .addOption(remoteOption())
  .action((from, to, options) =>
    withPeople(options, async ({ enrolment, bucket, region }) => {
      const { photos, refused, documents } = await renamePerson(from, to, enrolment, { bucket, region });
      for (const key of photos) console.log(`photo ${key}`);
      for (const { key, reason } of refused) console.log(`refused ${key}: ${reason}`);
      for (const key of documents) console.log(`document ${key}`);
    }),
  );

peopleCommand
  .command('export')
  .description("everybody's photos with what became of them, a JSON line each")
  .addOption(dataDirOption())
  .addOption(remoteOption())
  .action((options) =>
    withPeople(options, async ({ forgetting }) => {
      for await (const photo of exportPeople(forgetting)) console.log(JSON.stringify(photo));
    }),
  );

peopleCommand
  .command('enrol')
  .description('enrol every photo that the gallery has not seen yet')
  .addOption(dataDirOption())
  .addOption(remoteOption())
  .option('--again', 'make the gallery anew from all photos, e.g. after another engine was chosen')
  .action(({ again, ...options }) =>
    withPeople(options, async (people) => {
      const report = await enrolWithProgress(people, again ? reenrolAll : enrolAll);
      console.log(`${report.photos} photos: ${report.enrolled} enrolled, ${report.unchanged} unchanged`);
      for (const { key, reason } of report.refused) console.log(`refused ${key}: ${reason}`);
      for (const { key, code } of report.failed) console.log(`failed ${key}: ${code}`);
      if (report.failed.length > 0) process.exitCode = 1;
    }),
  );

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

function describeForgotten({ person, ...lists }: ForgetReport): string[] {
  const lines = Object.entries(lists).flatMap(([what, items]) =>
    items.map((item: string) => `${what} ${item}`),
  );
  return lines.length > 0 ? lines : [`nothing is left of ${person}`];
}
