import { type Bytes, bytesField, concat, floatField, intField, stringField } from './protobuf.ts';

/** Field numbers of onnx.proto (github.com/onnx/onnx) that are written or changed here. */
export const ONNX = {
  model: { irVersion: 1, graph: 7, opsetImport: 8 },
  opset: { domain: 1, version: 2 },
  graph: { node: 1, name: 2, initializer: 5, input: 11, output: 12 },
  node: { input: 1, output: 2, opType: 4, attribute: 5 },
  attribute: { name: 1, float: 2, int: 3, string: 4, ints: 8, type: 20 },
  tensor: { dims: 1, dataType: 2, name: 8, rawData: 9 },
  valueInfo: { name: 1, type: 2 },
  type: { tensor: 1 },
  tensorType: { elemType: 1, shape: 2 },
  shape: { dim: 1 },
  dim: { value: 1, param: 2 },
} as const;

/** Data type of a tensor. */
export const FLOAT = 1;
const ATTRIBUTE_TYPE = { float: 1, int: 2, string: 3, ints: 7 } as const;
/** Every runtime since 2020 supports opset 13. IR version 8 belongs to it. */
const OPSET = 13;
const IR_VERSION = 8;

/** The name of a value in the graph. */
export type Value = string & { readonly __value: unique symbol };
type Attribute = number | string | readonly number[];
/** A number fixes a dimension; a name leaves it open. */
export type Dimension = number | string;

export interface GraphBuilder {
  readonly input: Value;
  /** A constant. */
  tensor(dims: readonly number[], data: Float32Array): Value;
  /** Adds an operator with one output. Integers become `int` attributes, other numbers become `float`. */
  node(opType: string, inputs: readonly Value[], attributes?: Readonly<Record<string, Attribute>>): Value;
  /** The bytes of the model. `outputs` maps public names to values. */
  model(inputDims: readonly Dimension[], outputs: Readonly<Record<string, Value>>): Bytes;
}

/** Builds an ONNX model. Covers the part of the format that float networks with one input need. */
export function createGraph(): GraphBuilder {
  const nodes: Bytes[] = [];
  const initializers: Bytes[] = [];
  let names = 0;
  const nextName = (prefix: string): Value => `${prefix}${names++}` as Value;

  const addNode = (
    opType: string,
    inputs: readonly string[],
    output: string,
    attributes: Readonly<Record<string, Attribute>>,
  ): void => {
    nodes.push(
      concat([
        ...inputs.map((input) => stringField(ONNX.node.input, input)),
        stringField(ONNX.node.output, output),
        stringField(ONNX.node.opType, opType),
        ...Object.entries(attributes).map(([name, value]) =>
          bytesField(ONNX.node.attribute, attribute(name, value)),
        ),
      ]),
    );
  };

  return {
    input: 'input' as Value,
    tensor(dims, data) {
      const name = nextName('w');
      initializers.push(
        concat([
          ...dims.map((dim) => intField(ONNX.tensor.dims, dim)),
          intField(ONNX.tensor.dataType, FLOAT),
          stringField(ONNX.tensor.name, name),
          bytesField(ONNX.tensor.rawData, new Uint8Array(data.buffer, data.byteOffset, data.byteLength)),
        ]),
      );
      return name;
    },
    node(opType, inputs, attributes = {}) {
      const output = nextName('t');
      addNode(opType, inputs, output, attributes);
      return output;
    },
    model(inputDims, outputs) {
      for (const [name, value] of Object.entries(outputs)) addNode('Identity', [value], name, {});
      const graph = concat([
        ...nodes.map((node) => bytesField(ONNX.graph.node, node)),
        stringField(ONNX.graph.name, 'graph'),
        ...initializers.map((tensor) => bytesField(ONNX.graph.initializer, tensor)),
        bytesField(ONNX.graph.input, floatTensorInfo('input', inputDims)),
        ...Object.keys(outputs).map((name) => bytesField(ONNX.graph.output, floatTensorInfo(name))),
      ]);
      return concat([
        intField(ONNX.model.irVersion, IR_VERSION),
        bytesField(ONNX.model.graph, graph),
        bytesField(
          ONNX.model.opsetImport,
          concat([stringField(ONNX.opset.domain, ''), intField(ONNX.opset.version, OPSET)]),
        ),
      ]);
    },
  };
}

/** Declares a float tensor. Without `dims` the runtime infers its shape. */
export function floatTensorInfo(name: string, dims?: readonly Dimension[]): Bytes {
  const shape = dims?.map((dim) =>
    bytesField(
      ONNX.shape.dim,
      typeof dim === 'number' ? intField(ONNX.dim.value, dim) : stringField(ONNX.dim.param, dim),
    ),
  );
  const tensorType = concat([
    intField(ONNX.tensorType.elemType, FLOAT),
    ...(shape ? [bytesField(ONNX.tensorType.shape, concat(shape))] : []),
  ]);
  return concat([
    stringField(ONNX.valueInfo.name, name),
    bytesField(ONNX.valueInfo.type, bytesField(ONNX.type.tensor, tensorType)),
  ]);
}

function attribute(name: string, value: Attribute): Bytes {
  const { attribute: fields } = ONNX;
  const typed = (type: keyof typeof ATTRIBUTE_TYPE, ...values: Bytes[]) =>
    concat([stringField(fields.name, name), ...values, intField(fields.type, ATTRIBUTE_TYPE[type])]);
  if (typeof value === 'string') return typed('string', stringField(fields.string, value));
  if (typeof value !== 'number') return typed('ints', ...value.map((item) => intField(fields.ints, item)));
  if (Number.isInteger(value)) return typed('int', intField(fields.int, value));
  return typed('float', floatField(fields.float, value));
}
