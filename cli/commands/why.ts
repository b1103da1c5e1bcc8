import { sightingId } from '../../shared/faces/index/sighting.ts';
import { readText } from '../../shared/oss/read-text.ts';
import { groupThreshold } from '../../shared/people/people.ts';
import { explainFace } from '../../shared/people/why.ts';
import { currentPeople } from '../../shared/pipeline/people/apply.ts';
import type { ResultDocument } from '../../shared/results/document.ts';
import { resultKeys } from '../../shared/results/keys.ts';
import { AppError } from '../../shared/runtime/errors.ts';
import { print } from '../../shared/runtime/terminal.ts';
import { subcommand } from '../people/subcommand.ts';
import { withSeen } from '../people/with-people.ts';

export const whyCommand = subcommand('why', 'explain why the faces of a picture have their names or none')
  .argument('<key>', 'e.g. incoming/me.jpg')
  .argument('[face]', 'number of the face (default: all)', Number)
  .action((key, only, options) =>
    withSeen(options, async ({ seen, results, options: { resultPrefix }, bucket }) => {
      const { document } = resultKeys(resultPrefix, { bucket, key });
      const read = await readText(results, document);
      if (!read) throw new AppError('NoSuchKey', `${document} does not exist: ${key} was not processed yet`);
      const { faces, source, error } = JSON.parse(read.text) as ResultDocument;
      if (error) print(`The picture has no result: ${error.message}`);
      const people = await currentPeople(seen);
      const { match, high } = seen.embedder.thresholds;
      const thresholds = { match, high, group: groupThreshold({ match, high }) };
      for (const [number, { box, probability, quality }] of faces.entries()) {
        if (only !== undefined && only !== number) continue;
        const measured = quality === undefined ? '' : `, quality ${quality.toFixed(2)}`;
        print(
          `Face ${number}: ${box.width} × ${box.height} pixels, probability ${probability.toFixed(2)}${measured}.`,
        );
        for (const line of explainFace(people, sightingId(source, number), thresholds)) print(`  ${line}`);
      }
      if (faces.length === 0) print('No face was found.');
    }),
  );
