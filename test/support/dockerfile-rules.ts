import { type Dockerfile, DockerfileParser, type From, type JSONInstruction } from 'dockerfile-ast';

/** Returns what is wrong with a Dockerfile, or nothing. `ignored` is the text of its `.dockerignore`. */
export type DockerfileRule = (file: Dockerfile, ignored: string) => readonly string[];

/** The rules for images of this project. */
export const DOCKERFILE_RULES: Readonly<Record<string, DockerfileRule>> = {
  'pinned-base': (file) =>
    file
      .getFROMs()
      .filter((from) => !isStage(file, from))
      .map((from) => resolve(file, from.getImage() ?? ''))
      .filter((image) => !/:\d+\.\d+\.\d+[\w.-]*(@sha256:[0-9a-f]{64})?$/.test(image))
      .map((image) => `${image}: expected the tag of one release`),

  unprivileged: (file) =>
    targetsOf(file)
      .filter((target) => !/^[1-9]\d*(:[1-9]\d*)?$/.test(lastOf(file, target, 'USER') ?? ''))
      .map((target) => `${target}: expected USER with a number other than 0, which runAsNonRoot can check`),

  'process-1': (file) =>
    targetsOf(file).flatMap((target) => {
      const stage = chainOf(file, target).find((one) => instructions(file, one, 'ENTRYPOINT').length > 0);
      const entry = stage ? (instructions(file, stage, 'ENTRYPOINT').at(-1) as JSONInstruction) : undefined;
      const words = entry?.getJSONStrings().map((word) => word.getJSONValue()) ?? [];
      return words[0] === 'node' ? [] : [`${target}: expected ENTRYPOINT ["node", …], without a shell`];
    }),

  'no-add': (file) =>
    file
      .getInstructions()
      .filter((one) => one.getKeyword() === 'ADD')
      .map(() => 'ADD downloads and unpacks: expected COPY'),

  'lock-file': (file) =>
    runs(file)
      .filter((text) => /\bnpm (install|i)\b/.test(text))
      .map(() => 'npm install may choose other versions: expected npm ci'),

  'no-scripts': (file) =>
    runs(file)
      .filter((text) => /\bnpm ci\b/.test(text) && !text.includes('--ignore-scripts'))
      .map(() => 'npm ci runs scripts of packages: expected --ignore-scripts'),

  'no-download': (file) =>
    runs(file)
      .filter((text) => /\b(curl|wget)\b|https?:\/\//.test(text))
      .map((text) => `${text}: expected no download except of packages`),

  'no-secret': (file) =>
    file
      .getInstructions()
      .filter((one) => ['ARG', 'ENV'].includes(one.getKeyword()))
      .map((one) => one.getArgumentsContent() ?? '')
      .filter((text) => /SECRET|TOKEN|PASSWORD|ACCESS_?KEY/i.test(text))
      .map((text) => `${text.split('=')[0]} would stay in the image's history`),

  labels: (file) =>
    targetsOf(file).flatMap((target) => {
      const labels = chainOf(file, target).flatMap((stage) => instructions(file, stage, 'LABEL'));
      const text = labels.map((label) => label.getArgumentsContent()).join(' ');
      return ['title', 'description', 'licenses', 'version', 'revision']
        .filter((name) => !text.includes(`org.opencontainers.image.${name}=`))
        .map((name) => `${target}: expected the label org.opencontainers.image.${name}`);
    }),

  /** The build copies its whole context, so the context must exclude everything else. */
  'context-bounded': (_file, ignored) => {
    const lines = ignored.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    const allowed = lines.filter((line) => line.startsWith('!'));
    if (lines[0] !== '*') return ['.dockerignore: expected * in the first line'];
    return allowed.some((line) => /^!(\.git|node_modules|dist|\.mnsoss|\.env)/.test(line))
      ? ['.dockerignore: expected neither build output nor secrets in the context']
      : [];
  },
};

export function dockerfileFaults(text: string, ignored: string): string[] {
  const file = DockerfileParser.parse(text);
  return Object.entries(DOCKERFILE_RULES).flatMap(([name, rule]) =>
    rule(file, ignored).map((fault) => `${name}: ${fault}`),
  );
}

/** The stages that are images: no other stage builds on them or copies from them. */
export function targetsOf(file: Dockerfile): string[] {
  const used = new Set([
    ...file.getFROMs().map((from) => from.getImage()),
    ...file.getCOPYs().map((copy) => copy.getFromFlag()?.getValue()),
  ]);
  return file
    .getFROMs()
    .map((from) => from.getBuildStage() ?? '')
    .filter((stage) => !used.has(stage));
}

function fromOf(file: Dockerfile, stage: string): From | undefined {
  return file.getFROMs().find((from) => from.getBuildStage() === stage);
}

function isStage(file: Dockerfile, from: From): boolean {
  return fromOf(file, from.getImage() ?? '') !== undefined;
}

/** A stage and its base stages, itself first. */
function chainOf(file: Dockerfile, stage: string): string[] {
  const from = fromOf(file, stage);
  return from ? [stage, ...chainOf(file, from.getImage() ?? '')] : [];
}

function instructions(file: Dockerfile, stage: string, keyword: string) {
  const froms = file.getFROMs();
  const index = froms.findIndex((from) => from.getBuildStage() === stage);
  const begin = froms[index]!.getRange().start.line;
  const end = froms[index + 1]?.getRange().start.line ?? Number.POSITIVE_INFINITY;
  return file.getInstructions().filter((one) => {
    const { line } = one.getRange().start;
    return one.getKeyword() === keyword && line > begin && line < end;
  });
}

/** The argument of the effective instruction: the last one of the nearest stage that has any. */
function lastOf(file: Dockerfile, target: string, keyword: string): string | undefined {
  for (const stage of chainOf(file, target)) {
    const last = instructions(file, stage, keyword).at(-1);
    if (last) return last.getArgumentsContent() ?? undefined;
  }
  return undefined;
}

function runs(file: Dockerfile): string[] {
  return file
    .getInstructions()
    .filter((one) => one.getKeyword() === 'RUN')
    .map((one) => one.getArgumentsContent() ?? '');
}

/** Inserts the defaults of the `ARG`s before the first stage. */
function resolve(file: Dockerfile, image: string): string {
  return image.replace(/\$\{?(\w+)\}?/g, (_all, name) => {
    const arg = file.getInitialARGs().find((one) => one.getProperty()?.getName() === name);
    return arg?.getProperty()?.getValue() ?? '';
  });
}
