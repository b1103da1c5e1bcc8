/** Pixels of the upright image: origin top left, clamped to the image. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Pixels of the upright image. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Degrees. Yaw grows when the face turns to its left, pitch when it looks up, roll clockwise in the picture. */
export interface Pose {
  readonly yaw: number;
  readonly pitch: number;
  readonly roll: number;
}

export type Expression = 'neutral' | 'happy' | 'sad' | 'angry' | 'fearful' | 'disgusted' | 'surprised';

/** An attribute is absent when the engine does not know it or the configuration excludes it. */
export interface FaceAttributes {
  /** Years. */
  readonly age?: number;
  /** The probability is absent when the engine returns only the value; the same holds for the expression. */
  readonly gender?: { readonly value: 'female' | 'male'; readonly probability?: number };
  readonly expression?: { readonly value: Expression; readonly probability?: number };
  readonly glasses?: 'none' | 'glasses' | 'sunglasses';
  readonly hat?: boolean;
  readonly mask?: 'none' | 'worn' | 'incorrect';
}

export type AttributeName = keyof FaceAttributes;

/** Named points. Left and right as seen in the picture. */
export interface Keypoints {
  readonly leftEye: Point;
  readonly rightEye: Point;
  readonly nose: Point;
  readonly mouthLeft: Point;
  readonly mouthRight: Point;
}

export interface Face {
  readonly box: Box;
  /** Probability of the detector, 0 to 1. */
  readonly probability: number;
  readonly keypoints?: Keypoints;
  /** In the order of the engine: 68 points (iBUG) of `local`, 105 of `facebody`. */
  readonly landmarks?: readonly Point[];
  readonly pose?: Pose;
  /** How well the face can be recognised, 0 to 1. Comparable within one engine only. */
  readonly quality?: number;
  readonly attributes: FaceAttributes;
  /** Unit length. Used in memory only; never written to a result, a log or an error. */
  readonly embedding?: Float32Array;
}
