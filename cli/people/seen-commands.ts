import { readFile } from 'node:fs/promises';
import { InvalidArgumentError } from '@commander-js/extra-typings';
import type { Thresholds } from '../../shared/faces/gallery/gallery.ts';
import { calibrate } from '../../shared/people/calibrate.ts';
import type { Fact, Statement } from '../../shared/people/facts.ts';
import type { Group } from '../../shared/people/groups.ts';
import type { People } from '../../shared/people/people.ts';
import { answerFacts, nextQuestions, questionBars } from '../../shared/people/questions.ts';
import {
  denyPerson,
  findFace,
  findGroup,
  hideGroup,
  mergeGroups,
  nameGroup,
  splitGroup,
  undoFact,
} from '../../shared/people/statements.ts';
import { applyPeople, currentPeople } from '../../shared/pipeline/people/apply.ts';
import { searchFace } from '../../shared/pipeline/people/search.ts';
import { AppError } from '../../shared/runtime/errors.ts';
import { print, printError } from '../../shared/runtime/terminal.ts';
import { startProgress } from '../progress.ts';
import { formatTable } from '../table.ts';
import type { PeopleOptions } from './people-target.ts';
import { subcommand } from './subcommand.ts';
import { withSeen } from './with-people.ts';

/** Commands about the faces of all pictures. */
export const SEEN_COMMANDS = [
  subcommand('groups', 'show who is to name, the largest group first; with --all also who has a name')
    .option('--all', 'also named and hidden groups')
    .action(({ all, ...options }) =>
      withSeen(options, async ({ seen }) => {
        const people = await currentPeople(seen);
        printGroups(people.groups().filter(({ person, hidden }) => all || (person === undefined && !hidden)));
        for (const { fact, reason } of people.contradictions) {
          printError(`contradiction: ${describeFact(fact)}: ${reason}`);
        }
      }),
    ),
  subcommand('name', 'say who a group is')
    .argument('<group>')
    .argument('<person>')
    .action((group, person, options) =>
      state(options, (people) => nameGroup(findGroup(people, group), person)),
    ),
  subcommand('merge', 'say that two groups are one person; the name of the first stays')
    .argument('<group>')
    .argument('<other>')
    .action((group, other, options) =>
      state(options, (people) => mergeGroups(findGroup(people, group), findGroup(people, other))),
    ),
  subcommand('split', 'say that some faces of a group are another person; a face is its id or <key>#<number>')
    .argument('<group>')
    .argument('<face...>')
    .action((group, faces, options) =>
      state(options, (people) =>
        splitGroup(
          findGroup(people, group),
          faces.map((face) => findFace(people, face)),
          people,
        ),
      ),
    ),
  subcommand('not', 'say that a face is not this person')
    .argument('<person>')
    .argument('<face>')
    .action((person, face, options) =>
      state(options, (people) => denyPerson(findFace(people, face), person, people)),
    ),
  subcommand('hide', 'hide a group that nobody needs to name')
    .argument('<group>')
    .action((group, options) => state(options, (people) => hideGroup(findGroup(people, group)))),
  subcommand('undo', 'take back the latest fact, or the one with this id')
    .argument('[fact]')
    .action((fact, options) => state(options, (people) => undoFact(people, fact))),
  subcommand('history', 'show all facts, from the earliest to the latest').action((options) =>
    withSeen(options, async ({ seen: { facts } }) => {
      for (const fact of await facts.read()) print(`${fact.id}  ${describeFact(fact)}`);
    }),
  ),
  subcommand('questions', 'show which answers would settle most: who of the candidates is the group?').action(
    (options) =>
      withSeen(options, async ({ seen }) => {
        const people = await currentPeople(seen);
        for (const { group, candidates } of nextQuestions(people, questionBars(seen.embedder.thresholds))) {
          const described = candidates.map((near) => `${nameOf(near.group)} (${near.similarity.toFixed(2)})`);
          print(`${nameOf(group)}: ${described.join(', ')}?`);
        }
      }),
  ),
  subcommand('answer', 'answer a question: which candidate is the same person as the group, or `none`')
    .argument('<group>')
    .argument('<candidate>')
    .action((group, candidate, options) =>
      state(options, (people, thresholds) => {
        const { id } = findGroup(people, group);
        const bars = { ...questionBars(thresholds), limit: Number.POSITIVE_INFINITY };
        const question = nextQuestions(people, bars).find((each) => each.group.id === id);
        if (!question) throw new AppError('GroupNotFound', `there is no question about ${group}`);
        return answerFacts(question, candidate === 'none' ? undefined : findGroup(people, candidate));
      }),
    ),
  subcommand(
    'search',
    'show the pictures with the largest face of a photo, the most similar first; nothing is stored',
  )
    .argument('<photo>')
    .option('--limit <faces>', 'number of faces', wholeNumber, 20)
    .action((photo, { limit, ...options }) =>
      withSeen(options, async (deps) => {
        for (const { sighting, similarity, level } of await searchFace(await readFile(photo), deps, {
          limit,
        })) {
          print(
            `oss://${sighting.bucket}/${sighting.key}#${sighting.number}  ${similarity.toFixed(3)}  ${level}`,
          );
        }
      }),
    ),
  subcommand('calibrate', 'estimate how often strangers pass, from faces that are together in a picture')
    .option('--rate <share>', 'wanted share of strangers that pass', Number, 0.001)
    .action(({ rate, ...options }) =>
      withSeen(options, async ({ seen }) => {
        const faces = [];
        for await (const face of seen.index.all()) faces.push(face);
        const { pairs, rates, proposal, pairsNeeded } = calibrate(faces, rate);
        print(`${pairs} pairs of faces that are together in a picture`);
        const rows = rates.map((row) => [
          row.threshold.toFixed(2),
          String(row.passed),
          percent(row.rate),
          `${percent(row.interval[0])} to ${percent(row.interval[1])}`,
        ]);
        const columns = [
          { title: 'threshold' },
          { title: 'passed', right: true },
          { title: 'share', right: true },
          { title: '95 %' },
        ];
        for (const line of formatTable(columns, rows)) print(line);
        print(
          proposal === undefined
            ? `these pictures do not show a rate of ${percent(rate)}: that takes ${pairsNeeded} pairs or more`
            : `proposal for ${percent(rate)}: ${proposal.toFixed(2)}`,
        );
        print('Twins, mirrors and collages count as strangers here and make the share too high.');
      }),
    ),
  subcommand('apply', 'write the names of people to the results of all pictures').action((options) =>
    withSeen(options, async (deps) => {
      const progress = startProgress(0, 'pictures');
      const { checked, changed } = await applyPeople(deps).finally(() => progress.stop());
      for (const key of changed) print(`document ${key}`);
      print(`${checked} documents read, ${changed.length} changed`);
    }),
  ),
];

/** States facts about the people of this moment, and prints them. */
async function state(
  options: PeopleOptions,
  statementsOf: (people: People, thresholds: Thresholds) => Statement[],
): Promise<void> {
  await withSeen(options, async ({ seen }) => {
    const statements = statementsOf(await currentPeople(seen), seen.embedder.thresholds);
    for (const fact of await seen.facts.state(statements)) print(`${fact.id}  ${describeFact(fact)}`);
  });
}

function describeFact(fact: Fact): string {
  switch (fact.kind) {
    case 'is':
      return `${fact.sighting} is ${fact.person}`;
    case 'not':
      return `${fact.sighting} is not ${fact.person}`;
    case 'same':
      return `${fact.sightings.join(' and ')} are one person`;
    case 'different':
      return `${fact.sightings.join(' and ')} are two people`;
    case 'hide':
      return `${fact.sighting} is hidden`;
    case 'undo':
      return `${fact.fact} is taken back`;
  }
}

function printGroups(groups: readonly Group[]): void {
  const rows = groups.map((group) => {
    const best = [...group.members].sort((a, b) => b.sighting.quality - a.sighting.quality)[0]?.sighting;
    return [
      group.id,
      String(group.members.length),
      group.person ?? '',
      best ? `${best.key}#${best.number}` : '',
    ];
  });
  const columns = [
    { title: 'group' },
    { title: 'faces', right: true },
    { title: 'person' },
    { title: 'best face' },
  ];
  for (const line of formatTable(columns, rows)) print(line);
}

function nameOf({ id, person }: Group): string {
  return person ?? id;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(3)} %`;
}

function wholeNumber(text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number >= 1 && number <= 1000) return number;
  throw new InvalidArgumentError('expected a whole number from 1 to 1000');
}
