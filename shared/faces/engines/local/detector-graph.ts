import { AppError } from '../../../runtime/errors.ts';
import { floatTensorInfo, ONNX } from './onnx-graph.ts';
import { type Bytes, bytesField, concat, readFields, readString } from './protobuf.ts';

/** Names in `fr_detect.onnx`: the class probabilities, and the box regressions before decoding. */
const SCORES = 'scores';
const REGRESSIONS = '462';

/**
 * Changes the detector to accept pictures of any size. The file is made for 320 × 240: its last nodes decode boxes
 * with the 4,420 priors of that size as constants. This removes those nodes (`decodeBox` replaces them) and leaves
 * width and height of the input open. Throws `ModelMismatch`.
 */
export function openDetectorSize(model: Uint8Array): Bytes {
  return concat(
    [...readFields(model)].map(({ field, content, raw }) =>
      field === ONNX.model.graph ? bytesField(ONNX.model.graph, cutGraph(content)) : raw,
    ),
  );
}

function cutGraph(graph: Uint8Array): Bytes {
  const kept: Uint8Array[] = [];
  let reachedScores = false;
  for (const { field, content, raw } of readFields(graph)) {
    if (field === ONNX.graph.input || field === ONNX.graph.output) continue;
    if (field === ONNX.graph.node) {
      if (reachedScores) continue;
      reachedScores = readString(content, ONNX.node.output) === SCORES;
    }
    kept.push(raw);
  }
  if (!reachedScores)
    throw new AppError('ModelMismatch', `the detector has no node with the output ${SCORES}`);
  return concat([
    ...kept,
    bytesField(ONNX.graph.input, floatTensorInfo('input', [1, 3, 'height', 'width'])),
    bytesField(ONNX.graph.output, floatTensorInfo(SCORES)),
    bytesField(ONNX.graph.output, floatTensorInfo(REGRESSIONS)),
  ]);
}

export const DETECTOR_OUTPUTS = { scores: SCORES, regressions: REGRESSIONS } as const;
