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

/** Each is absent when the engine does not know it or configuration leaves it out; absence is not zero. */
export interface FaceAttributes {
  /** Years. */
  readonly age?: number;
  /** The probability is absent when the engine names the value alone; the same with expressions. */
  readonly gender?: { readonly value: 'female' | 'male'; readonly probability?: number };
  readonly expression?: { readonly value: Expression; readonly probability?: number };
  readonly glasses?: 'none' | 'glasses' | 'sunglasses';
  readonly hat?: boolean;
  readonly mask?: 'none' | 'worn' | 'incorrect';
}

export type AttributeName = keyof FaceAttributes;

/** Named points; more may be in `landmarks`. Left and right as seen in the picture. */
export interface Keypoints {
  readonly leftEye: Point;
  readonly rightEye: Point;
  readonly nose: Point;
  readonly mouthLeft: Point;
  readonly mouthRight: Point;
}

export interface Face {
  readonly box: Box;
  /** 0 to 1: how sure the detector is. */
  readonly probability: number;
  readonly keypoints?: Keypoints;
  /** In the engine's own order; its name says which: 68 points (iBUG) or 105 (FaceBody). */
  readonly landmarks?: readonly Point[];
  readonly pose?: Pose;
  /** 0 to 1: how well the face can be recognised; comparable within one engine only. */
  readonly quality?: number;
  readonly attributes: FaceAttributes;
  /** Unit length. For matching in memory; never written to a result, a log or an error. */
  readonly embedding?: Float32Array;
}
