import { ageGenderGraph } from './age-gender-graph.ts';
import { openDetectorSize } from './detector-graph.ts';
import type { Embedder } from './embedders.ts';
import { expressionGraph } from './expression-graph.ts';
import { type ModelName, readModel } from './models.ts';
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
  readonly embedder: Embedder;
}

/** Reads, checks and opens all models. Throws `ModelMismatch` or `EngineUnavailable`. */
export async function openNets({ modelsDir, threads, embedder }: NetsOptions): Promise<Nets> {
  const read = (name: ModelName) => readModel(name, modelsDir);
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
    Promise.all(embedder.models.map(read)),
    read('ageGenderManifest'),
    read('ageGenderWeights'),
    read('expressionManifest'),
    read('expressionWeights'),
  ]);
  return {
    detector: await openNet(openDetectorSize(detector), { threads }),
    landmarks: await openNet(landmarks, { threads }),
    embedding: await openNet(embedder.graph(embedding), { threads }),
    ageGender: await openNet(ageGenderGraph(readWeights(ageGenderManifest, ageGenderWeights)), { threads }),
    expression: await openNet(expressionGraph(readWeights(expressionManifest, expressionWeights)), {
      threads,
    }),
  };
}
