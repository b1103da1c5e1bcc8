import { sightingId } from '../../shared/faces/index/sighting.ts';
import { decode, encode } from '../../shared/faces/index/vectors/codes.ts';
import { similarity } from '../../shared/faces/similarity.ts';
import { combineFacts } from '../../shared/people/constraints.ts';
import type { Fact } from '../../shared/people/facts.ts';
import { createGrouping, type Grouping, type SeenFace } from '../../shared/people/groups.ts';
import { peopleOf as peopleAt } from '../../shared/people/people.ts';
import { answerFacts, nextQuestions } from '../../shared/people/questions.ts';
import { type Random, seededRandom } from '../../shared/runtime/random.ts';
import type { LabelledFace } from './labelled-faces.ts';
import { neighbor } from './scale.ts';

/** How well groups agree with the labels, over all pairs of faces. */
export interface Agreement {
  readonly f1: number;
  readonly precision: number;
  readonly recall: number;
  /** Groups of five faces and more with two people. */
  readonly mixed: number;
  readonly groups: number;
}

interface GroupingBars {
  readonly threshold: number;
  readonly evenSimilarity: number;
  readonly minSimilarity: number;
}

export function agreement(groups: readonly (readonly string[])[]): Agreement {
  let together = 0;
  let right = 0;
  let mixed = 0;
  const total = new Map<string, number>();
  for (const people of groups) {
    const own = countOf(people);
    for (const [person, count] of own) {
      right += pairs(count);
      total.set(person, (total.get(person) ?? 0) + count);
    }
    together += pairs(people.length);
    if (people.length >= 5 && own.size > 1) mixed++;
  }
  const genuine = [...total.values()].reduce((sum, count) => sum + pairs(count), 0);
  const [precision, recall] = [right / together, right / genuine];
  return {
    f1: (2 * precision * recall) / (precision + recall),
    precision,
    recall,
    mixed,
    groups: groups.length,
  };
}

/** Faces in the order of `seed`, as if each were the only one of its picture. */
export function seenFaces(faces: readonly LabelledFace[], seed: number): Map<SeenFace, LabelledFace> {
  const seen = new Map<SeenFace, LabelledFace>();
  for (const [i, face] of shuffled(faces, seededRandom(seed)).entries()) {
    const write = { bucket: 'photos', key: face.path, requestId: String(i), time: i * 1000 };
    const box = { x: 0, y: 0, width: face.width, height: face.width };
    const { quality } = face;
    const embedding = decode(encode(face.embedding));
    seen.set({ id: sightingId(write, 0), ...write, look: '1', number: 0, box, quality, embedding }, face);
  }
  return seen;
}

function groupAll(seen: Iterable<SeenFace>, facts: readonly Fact[], threshold: number): Grouping {
  const grouping = createGrouping({ size: 512, threshold, constraints: combineFacts(facts) });
  for (const face of seen) grouping.add(face);
  return grouping;
}

/** Agreement after 0, 1, 2, … questions were answered truthfully, the most useful first. */
export function answerQuestions(
  seen: Map<SeenFace, LabelledFace>,
  answers: number,
  bars: GroupingBars,
): Agreement[] {
  const personOf = new Map([...seen].map(([{ id }, { person }]) => [id, person]));
  const facts: Fact[] = [];
  const results: Agreement[] = [];
  for (let answer = 0; ; answer++) {
    const grouping = groupAll(seen.keys(), facts, bars.threshold);
    results.push(agreement(peopleOf(grouping, personOf)));
    const [question] = nextQuestions(grouping, bars);
    if (!question || answer === answers) return results;
    const own = personOf.get(question.group.id);
    const right = question.candidates.find(({ group }) => personOf.get(group.id) === own);
    for (const statement of answerFacts(question, right?.group)) {
      facts.push({ ...statement, id: String(facts.length).padStart(6, '0') });
    }
  }
}

function peopleOf(grouping: Grouping, personOf: ReadonlyMap<string, string>): string[][] {
  return grouping.groups().map(({ members }) => members.map(({ sighting }) => personOf.get(sighting.id)!));
}

/** Milliseconds to group faces of a fifth as many people, each a neighbor of one of `seeds`. */
export async function regroupMs(
  faces: number,
  seeds: readonly Float32Array[],
): Promise<{ wall: number; cpu: number }> {
  const random = seededRandom(faces);
  const people = Array.from({ length: Math.ceil(faces / 5) }, (_, i) =>
    neighbor(seeds[i % seeds.length]!, 0.35, random),
  );
  const sightings = Array.from({ length: faces }, (_, i): SeenFace => {
    const write = { bucket: 'photos', key: `${i}.jpg`, requestId: String(i), time: i * 1000 };
    const person = people[Math.floor(random() * people.length)]!;
    const embedding = decode(encode(neighbor(person, 0.75 + 0.2 * random(), random)));
    const box = { x: 0, y: 0, width: 90, height: 90 };
    return { id: sightingId(write, 0), ...write, look: '1', number: 0, box, quality: 0.8, embedding };
  });
  const before = process.cpuUsage();
  const started = performance.now();
  await peopleAt({ sightings, enrolled: [], facts: [] }, { size: 512, threshold: 0.55 });
  const { user, system } = process.cpuUsage(before);
  return { wall: performance.now() - started, cpu: (user + system) / 1000 };
}

/** The rule of immich: from three faces within a distance, the nearest person's; density based. */
export function densityRule(faces: readonly LabelledFace[], minSimilarity: number, minFaces = 3): string[][] {
  const near = faces.map((face) =>
    faces.flatMap((other, i) => (similarity(face.embedding, other.embedding) >= minSimilarity ? [i] : [])),
  );
  return components(faces, (i) => (near[i]!.length >= minFaces ? near[i]! : []));
}

/** The rule of IMM: only good faces (> 75 pixels, turned by less than 30°, quality > 0.8) make groups, from three on. */
export function goodFacesRule(faces: readonly LabelledFace[], minSimilarity: number): string[][] {
  const good = ({ width, yaw, pitch, quality }: LabelledFace) =>
    width > 75 && Math.abs(yaw) < 30 && Math.abs(pitch) < 30 && quality > 0.8;
  const near = faces.map((face) =>
    faces.flatMap((other, i) => (similarity(face.embedding, other.embedding) >= minSimilarity ? [i] : [])),
  );
  return components(faces, (i) => {
    const enough = near[i]!.filter((j) => good(faces[j]!)).length >= 3;
    return good(faces[i]!) && enough ? near[i]! : [];
  });
}

/** Groups of faces that are connected by neighbors of faces that have any. */
function components(
  faces: readonly LabelledFace[],
  neighborsOf: (face: number) => readonly number[],
): string[][] {
  const group = faces.map((_, i) => i);
  const root = (i: number): number => (group[i] === i ? i : root(group[i]!));
  for (const i of faces.keys()) for (const j of neighborsOf(i)) group[root(j)] = root(i);
  const members = new Map<number, string[]>();
  for (const [i, { person }] of faces.entries())
    members.set(root(i), [...(members.get(root(i)) ?? []), person]);
  return [...members.values()];
}

function shuffled<T>(items: readonly T[], random: Random): T[] {
  const order = items.map((item) => ({ item, at: random() }));
  return order.sort((a, b) => a.at - b.at).map(({ item }) => item);
}

function countOf(people: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const person of people) counts.set(person, (counts.get(person) ?? 0) + 1);
  return counts;
}

function pairs(count: number): number {
  return (count * (count - 1)) / 2;
}
