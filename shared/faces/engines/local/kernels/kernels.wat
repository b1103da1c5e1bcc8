;; Resampling of 8-bit RGB pixels with SIMD. kernels.ts calls these functions; `npm run kernels` assembles this file.
;; All addresses are bytes of the memory. Pixels are three bytes, or three floats, without padding.
(module
  (memory (export "memory") 1)

  ;; to[i] = sum over rows of weights[row] × from[row × stride + i], for i below `bytes`, rounded up to 16.
  (func (export "addRows")
    (param $from i32) (param $stride i32) (param $rows i32) (param $weights i32) (param $to i32) (param $bytes i32)
    (local $i i32) (local $row i32) (local $at i32) (local $pixels v128) (local $half v128) (local $weight v128)
    (local $a v128) (local $b v128) (local $c v128) (local $d v128)
    (loop $columns
      (local.set $a (v128.const f32x4 0 0 0 0))
      (local.set $b (v128.const f32x4 0 0 0 0))
      (local.set $c (v128.const f32x4 0 0 0 0))
      (local.set $d (v128.const f32x4 0 0 0 0))
      (local.set $row (i32.const 0))
      (local.set $at (i32.add (local.get $from) (local.get $i)))
      (loop $each
        (local.set $pixels (v128.load (local.get $at)))
        (local.set $weight
          (v128.load32_splat (i32.add (local.get $weights) (i32.shl (local.get $row) (i32.const 2)))))
        (local.set $half (i16x8.extend_low_i8x16_u (local.get $pixels)))
        (local.set $a (f32x4.add (local.get $a) (f32x4.mul (local.get $weight)
          (f32x4.convert_i32x4_u (i32x4.extend_low_i16x8_u (local.get $half))))))
        (local.set $b (f32x4.add (local.get $b) (f32x4.mul (local.get $weight)
          (f32x4.convert_i32x4_u (i32x4.extend_high_i16x8_u (local.get $half))))))
        (local.set $half (i16x8.extend_high_i8x16_u (local.get $pixels)))
        (local.set $c (f32x4.add (local.get $c) (f32x4.mul (local.get $weight)
          (f32x4.convert_i32x4_u (i32x4.extend_low_i16x8_u (local.get $half))))))
        (local.set $d (f32x4.add (local.get $d) (f32x4.mul (local.get $weight)
          (f32x4.convert_i32x4_u (i32x4.extend_high_i16x8_u (local.get $half))))))
        (local.set $at (i32.add (local.get $at) (local.get $stride)))
        (local.set $row (i32.add (local.get $row) (i32.const 1)))
        (br_if $each (i32.lt_u (local.get $row) (local.get $rows))))
      (local.set $at (i32.add (local.get $to) (i32.shl (local.get $i) (i32.const 2))))
      (v128.store (local.get $at) (local.get $a))
      (v128.store offset=16 (local.get $at) (local.get $b))
      (v128.store offset=32 (local.get $at) (local.get $c))
      (v128.store offset=48 (local.get $at) (local.get $d))
      (local.set $i (i32.add (local.get $i) (i32.const 16)))
      (br_if $columns (i32.lt_u (local.get $i) (local.get $bytes)))))

  ;; The same where all rows between the first and the last have one weight; there are 3 to 258 rows. Adds those as integers,
  ;; which is much faster.
  (func (export "addEvenRows")
    (param $from i32) (param $stride i32) (param $rows i32) (param $weights i32) (param $to i32) (param $bytes i32)
    (local $i i32) (local $at i32) (local $last i32) (local $pixels v128) (local $low v128) (local $high v128)
    (local $first v128) (local $inner v128) (local $outer v128) (local $next v128)
    (local.set $first (v128.load32_splat (local.get $weights)))
    (local.set $inner (v128.load32_splat offset=4 (local.get $weights)))
    (local.set $outer (v128.load32_splat
      (i32.add (local.get $weights) (i32.shl (i32.sub (local.get $rows) (i32.const 1)) (i32.const 2)))))
    (loop $columns
      (local.set $low (v128.const i16x8 0 0 0 0 0 0 0 0))
      (local.set $high (v128.const i16x8 0 0 0 0 0 0 0 0))
      (local.set $pixels (v128.load (i32.add (local.get $from) (local.get $i))))
      (local.set $at (i32.add (i32.add (local.get $from) (local.get $i)) (local.get $stride)))
      (local.set $last (i32.add (i32.add (local.get $from) (local.get $i))
        (i32.mul (local.get $stride) (i32.sub (local.get $rows) (i32.const 1)))))
      (block $none
        (loop $each
          (br_if $none (i32.ge_u (local.get $at) (local.get $last)))
          (local.set $next (v128.load (local.get $at)))
          (local.set $low (i16x8.add (local.get $low) (i16x8.extend_low_i8x16_u (local.get $next))))
          (local.set $high (i16x8.add (local.get $high) (i16x8.extend_high_i8x16_u (local.get $next))))
          (local.set $at (i32.add (local.get $at) (local.get $stride)))
          (br $each)))
      (local.set $next (v128.load (local.get $last)))
      (local.set $at (i32.add (local.get $to) (i32.shl (local.get $i) (i32.const 2))))
      (v128.store (local.get $at) (call $blend
        (i32x4.extend_low_i16x8_u (i16x8.extend_low_i8x16_u (local.get $pixels)))
        (i32x4.extend_low_i16x8_u (local.get $low))
        (i32x4.extend_low_i16x8_u (i16x8.extend_low_i8x16_u (local.get $next)))
        (local.get $first) (local.get $inner) (local.get $outer)))
      (v128.store offset=16 (local.get $at) (call $blend
        (i32x4.extend_high_i16x8_u (i16x8.extend_low_i8x16_u (local.get $pixels)))
        (i32x4.extend_high_i16x8_u (local.get $low))
        (i32x4.extend_high_i16x8_u (i16x8.extend_low_i8x16_u (local.get $next)))
        (local.get $first) (local.get $inner) (local.get $outer)))
      (v128.store offset=32 (local.get $at) (call $blend
        (i32x4.extend_low_i16x8_u (i16x8.extend_high_i8x16_u (local.get $pixels)))
        (i32x4.extend_low_i16x8_u (local.get $high))
        (i32x4.extend_low_i16x8_u (i16x8.extend_high_i8x16_u (local.get $next)))
        (local.get $first) (local.get $inner) (local.get $outer)))
      (v128.store offset=48 (local.get $at) (call $blend
        (i32x4.extend_high_i16x8_u (i16x8.extend_high_i8x16_u (local.get $pixels)))
        (i32x4.extend_high_i16x8_u (local.get $high))
        (i32x4.extend_high_i16x8_u (i16x8.extend_high_i8x16_u (local.get $next)))
        (local.get $first) (local.get $inner) (local.get $outer)))
      (local.set $i (i32.add (local.get $i) (i32.const 16)))
      (br_if $columns (i32.lt_u (local.get $i) (local.get $bytes)))))
  ;; The weighted sum of three vectors of integers.
  (func $blend
    (param $a v128) (param $b v128) (param $c v128) (param $wa v128) (param $wb v128) (param $wc v128) (result v128)
    (f32x4.add
      (f32x4.mul (local.get $wa) (f32x4.convert_i32x4_s (local.get $a)))
      (f32x4.add
        (f32x4.mul (local.get $wb) (f32x4.convert_i32x4_s (local.get $b)))
        (f32x4.mul (local.get $wc) (f32x4.convert_i32x4_s (local.get $c))))))

  ;; For each of `count` pixels: `shift` and the sum of used[pixel] pixels of a row of floats,
  ;; from[first[pixel] + tap] × weights[pixel × taps + tap], written to three planes that are `plane` bytes apart.
  ;; `first` holds addresses relative to `from`.
  (func (export "addColumns")
    (param $from i32) (param $first i32) (param $used i32) (param $weights i32) (param $taps i32) (param $shift f32)
    (param $to i32) (param $plane i32) (param $count i32)
    (local $end i32) (local $at i32) (local $weight i32) (local $last i32) (local $sum v128)
    (local.set $end (i32.add (local.get $to) (i32.shl (local.get $count) (i32.const 2))))
    (loop $pixels
      (local.set $sum (f32x4.splat (local.get $shift)))
      (local.set $weight (local.get $weights))
      (local.set $at (i32.add (local.get $from) (i32.load (local.get $first))))
      (local.set $last (i32.add (local.get $weights) (i32.shl (i32.load (local.get $used)) (i32.const 2))))
      (loop $each
        (local.set $sum (f32x4.add (local.get $sum)
          (f32x4.mul (v128.load32_splat (local.get $weight)) (v128.load (local.get $at)))))
        (local.set $at (i32.add (local.get $at) (i32.const 12)))
        (local.set $weight (i32.add (local.get $weight) (i32.const 4)))
        (br_if $each (i32.lt_u (local.get $weight) (local.get $last))))
      (local.set $weights (i32.add (local.get $weights) (i32.shl (local.get $taps) (i32.const 2))))
      (local.set $used (i32.add (local.get $used) (i32.const 4)))
      (v128.store32_lane 0 (local.get $to) (local.get $sum))
      (local.set $at (i32.add (local.get $to) (local.get $plane)))
      (v128.store32_lane 1 (local.get $at) (local.get $sum))
      (v128.store32_lane 2 (i32.add (local.get $at) (local.get $plane)) (local.get $sum))
      (local.set $first (i32.add (local.get $first) (i32.const 4)))
      (local.set $to (i32.add (local.get $to) (i32.const 4)))
      (br_if $pixels (i32.lt_u (local.get $to) (local.get $end)))))

  ;; A row of `count` pixels. Each is the mean of `samples` × `samples` samples, which are interpolated between four pixels; the
  ;; first is at (x, y), one step to the right is (dx, dy), and one step down is (-dy, dx). Steps are between samples. All of them
  ;; are positive and inside. Written to three planes that are `plane` bytes apart.
  ;;
  ;; Inside a pixel, positions are integers of 1/65,536 and weights of 1/16,384.
  (func (export "sampleRow")
    (param $from i32) (param $stride i32) (param $x f64) (param $y f64) (param $dx f64) (param $dy f64)
    (param $samples i32) (param $to i32) (param $plane i32) (param $count i32)
    (local $end i32) (local $i i32) (local $j i32) (local $at i32) (local $weight i32)
    (local $sx i32) (local $sy i32) (local $rowX i32) (local $rowY i32) (local $stepX i32) (local $stepY i32)
    (local $width f64) (local $sum v128) (local $share v128) (local $weights v128) (local $upper v128)
    (local.set $width (f64.convert_i32_s (local.get $samples)))
    (local.set $share (f32x4.splat (f32.demote_f64
      (f64.div (f64.const 0x1p-14) (f64.mul (local.get $width) (local.get $width))))))
    (local.set $stepX (i32.trunc_sat_f64_s (f64.nearest (f64.mul (local.get $dx) (f64.const 65536)))))
    (local.set $stepY (i32.trunc_sat_f64_s (f64.nearest (f64.mul (local.get $dy) (f64.const 65536)))))
    (local.set $end (i32.add (local.get $to) (i32.shl (local.get $count) (i32.const 2))))
    (loop $pixels
      (local.set $sum (v128.const f32x4 0 0 0 0))
      (local.set $rowX (i32.trunc_sat_f64_s (f64.nearest (f64.mul (local.get $x) (f64.const 65536)))))
      (local.set $rowY (i32.trunc_sat_f64_s (f64.nearest (f64.mul (local.get $y) (f64.const 65536)))))
      (local.set $j (local.get $samples))
      (loop $down
        (local.set $sx (local.get $rowX))
        (local.set $sy (local.get $rowY))
        (local.set $i (local.get $samples))
        (loop $right
          (local.set $at (i32.add (local.get $from) (i32.add
            (i32.mul (i32.shr_u (local.get $sy) (i32.const 16)) (local.get $stride))
            (i32.mul (i32.shr_u (local.get $sx) (i32.const 16)) (i32.const 3)))))
          ;; Pairs of 16 bits: the weight of the left pixel, then that of the right one.
          (local.set $weight (i32.and (i32.shr_u (local.get $sx) (i32.const 2)) (i32.const 16383)))
          (local.set $weights (i32x4.splat (i32.or
            (i32.shl (local.get $weight) (i32.const 16))
            (i32.sub (i32.const 16384) (local.get $weight)))))
          ;; Eight bytes hold both pixels, which become pairs of each colour.
          (local.set $upper (f32x4.convert_i32x4_s (i32x4.dot_i16x8_s (local.get $weights)
            (i8x16.swizzle (v128.load64_zero (local.get $at))
              (v128.const i8x16 0 -1 3 -1 1 -1 4 -1 2 -1 5 -1 -1 -1 -1 -1)))))
          (local.set $sum (f32x4.add (local.get $sum) (f32x4.add (local.get $upper) (f32x4.mul
            (f32x4.splat (f32.mul (f32.const 0x1p-16)
              (f32.convert_i32_u (i32.and (local.get $sy) (i32.const 65535)))))
            (f32x4.sub
              (f32x4.convert_i32x4_s (i32x4.dot_i16x8_s (local.get $weights)
                (i8x16.swizzle (v128.load64_zero (i32.add (local.get $at) (local.get $stride)))
                  (v128.const i8x16 0 -1 3 -1 1 -1 4 -1 2 -1 5 -1 -1 -1 -1 -1))))
              (local.get $upper))))))
          (local.set $sx (i32.add (local.get $sx) (local.get $stepX)))
          (local.set $sy (i32.add (local.get $sy) (local.get $stepY)))
          (br_if $right (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))
        (local.set $rowX (i32.sub (local.get $rowX) (local.get $stepY)))
        (local.set $rowY (i32.add (local.get $rowY) (local.get $stepX)))
        (br_if $down (local.tee $j (i32.sub (local.get $j) (i32.const 1)))))
      (local.set $sum (f32x4.mul (local.get $sum) (local.get $share)))
      (v128.store32_lane 0 (local.get $to) (local.get $sum))
      (local.set $at (i32.add (local.get $to) (local.get $plane)))
      (v128.store32_lane 1 (local.get $at) (local.get $sum))
      (v128.store32_lane 2 (i32.add (local.get $at) (local.get $plane)) (local.get $sum))
      (local.set $x (f64.add (local.get $x) (f64.mul (local.get $dx) (local.get $width))))
      (local.set $y (f64.add (local.get $y) (f64.mul (local.get $dy) (local.get $width))))
      (local.set $to (i32.add (local.get $to) (i32.const 4)))
      (br_if $pixels (i32.lt_u (local.get $to) (local.get $end))))))
