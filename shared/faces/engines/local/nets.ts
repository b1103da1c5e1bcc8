import { ageGenderGraph } from './age-gender-graph.ts';
import { openDetectorSize } from './detector-graph.ts';
import { expressionGraph } from './expression-graph.ts';
import { readModel } from './models.ts';
import { type Net, openNet } from './session.ts';
import { readWeights } from './weights.ts';

/** The five networks of the engine. */
export interface Nets {
  readonly detector: Net;
  readonly landmarks: Net;
  readonly embedding: Net;
  readonly ageGender: Net;
  readonly expression: Net;
}

export interface NetsOptions {
  readonly modelsDir?: string | undefined;
  readonly threads: number;
}

/** Reads, checks and opens all models. Throws `ModelMismatch` or `EngineUnavailable`. */
export async function openNets({ modelsDir, threads }: NetsOptions): Promise<Nets> {
  const read = (name: Parameters<typeof readModel>[0]) => readModel(name, modelsDir);
  const [
    detector,
    landmarks,
    embedding,
    ageGenderManifest,
    ageGenderWeights,
    expressionManifest,
    expressionWeights,
  ] = await Promise.all([
    read('detector'),
    read('landmarks'),
    read('embedding'),
    read('ageGenderManifest'),
    read('ageGenderWeights'),
    read('expressionManifest'),
    read('expressionWeights'),
  ]);
  return {
    detector: await openNet(openDetectorSize(detector), { threads }),
    landmarks: await openNet(landmarks, { threads }),
    // The runtime's own memory layout makes this one network 3.7 times slower on some processors (docs/models.md).
    embedding: await openNet(embedding, { threads, plainLayout: true }),
    ageGender: await openNet(ageGenderGraph(readWeights(ageGenderManifest, ageGenderWeights)), { threads }),
    expression: await openNet(expressionGraph(readWeights(expressionManifest, expressionWeights)), {
      threads,
    }),
  };
}
