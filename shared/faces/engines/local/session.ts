import type { InferenceSession } from 'onnxruntime-node';
import { AppError } from '../../../runtime/errors.ts';

/** A loaded network with one input. */
export interface Net {
  /** Runs the network on a dense float tensor. Returns the outputs by name. */
  run(input: Float32Array, dims: readonly number[]): Promise<Readonly<Record<string, Float32Array>>>;
  release(): Promise<void>;
}

export interface NetOptions {
  /** Threads inside one run. */
  readonly threads: number;
}

/** Opens a network from the bytes of an ONNX model. The first call loads the runtime. */
export async function openNet(model: Uint8Array, options: NetOptions): Promise<Net> {
  const { InferenceSession, Tensor } = await loadRuntime();
  const session = await InferenceSession.create(model, sessionOptions(options));
  const inputName = session.inputNames[0]!;
  return {
    async run(input, dims) {
      const outputs = await session.run({ [inputName]: new Tensor('float32', input, dims) });
      return Object.fromEntries(
        Object.entries(outputs).map(([name, tensor]) => [name, tensor.data as Float32Array]),
      );
    },
    release: () => session.release(),
  };
}

function sessionOptions({ threads }: NetOptions): InferenceSession.SessionOptions {
  return {
    intraOpNumThreads: threads,
    graphOptimizationLevel: 'all',
    // Idle threads that spin take cores from the other four sessions: measured 2.3 times slower.
    extra: { session: { intra_op: { allow_spinning: '0' } } },
    // The models use an old opset, which would fill the log with warnings.
    logSeverityLevel: 3,
  };
}

/** Throws `EngineUnavailable`. */
async function loadRuntime(): Promise<typeof import('onnxruntime-node')> {
  try {
    return await import('onnxruntime-node');
  } catch (cause) {
    throw new AppError(
      'EngineUnavailable',
      `onnxruntime-node cannot be loaded on ${process.platform}-${process.arch}`,
      { cause },
    );
  }
}
