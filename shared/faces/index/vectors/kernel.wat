;; Compares many stored vectors with one probe.
;;
;; A vector is stored as 8-bit codes, padded with zeros to a multiple of 16, and as a sketch of 512 bits: the signs of its
;; first 512 numbers. The sketches show in 64 bytes which vectors need a comparison of their codes.
;;
;; `npm run kernels` assembles this file to `kernel.wasm.ts`; `npm run check` compares the two.
(module
  (import "env" "memory" (memory 1 65536 shared))

  ;; Lists the rows whose sketches differ from the probe in at most `halfLimit` of the first 256 signs and in at most `limit`
  ;; of all 512. Writes their numbers, 32 bits each, and returns how many there are.
  (func (export "nearSketches")
    (param $sketches i32) (param $rows i32) (param $probe i32) (param $halfLimit i32) (param $limit i32) (param $out i32)
    (result i32)
    (local $row i32) (local $start i32) (local $distance i64)
    (local $p0 i64) (local $p1 i64) (local $p2 i64) (local $p3 i64) (local $p4 i64) (local $p5 i64) (local $p6 i64) (local $p7 i64)
    (local.set $p0 (i64.load offset=0 (local.get $probe)))
    (local.set $p1 (i64.load offset=8 (local.get $probe)))
    (local.set $p2 (i64.load offset=16 (local.get $probe)))
    (local.set $p3 (i64.load offset=24 (local.get $probe)))
    (local.set $p4 (i64.load offset=32 (local.get $probe)))
    (local.set $p5 (i64.load offset=40 (local.get $probe)))
    (local.set $p6 (i64.load offset=48 (local.get $probe)))
    (local.set $p7 (i64.load offset=56 (local.get $probe)))
    (local.set $start (local.get $out))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $row) (local.get $rows)))
        (local.set $distance
          (i64.add
            (i64.add
              (i64.popcnt (i64.xor (i64.load offset=0 (local.get $sketches)) (local.get $p0)))
              (i64.popcnt (i64.xor (i64.load offset=8 (local.get $sketches)) (local.get $p1))))
            (i64.add
              (i64.popcnt (i64.xor (i64.load offset=16 (local.get $sketches)) (local.get $p2)))
              (i64.popcnt (i64.xor (i64.load offset=24 (local.get $sketches)) (local.get $p3))))))
        (if (i32.le_u (i32.wrap_i64 (local.get $distance)) (local.get $halfLimit))
          (then
            (local.set $distance
              (i64.add (local.get $distance)
          (i64.add
            (i64.add
              (i64.popcnt (i64.xor (i64.load offset=32 (local.get $sketches)) (local.get $p4)))
              (i64.popcnt (i64.xor (i64.load offset=40 (local.get $sketches)) (local.get $p5))))
            (i64.add
              (i64.popcnt (i64.xor (i64.load offset=48 (local.get $sketches)) (local.get $p6)))
              (i64.popcnt (i64.xor (i64.load offset=56 (local.get $sketches)) (local.get $p7)))))))
            (if (i32.le_u (i32.wrap_i64 (local.get $distance)) (local.get $limit))
              (then
                (i32.store (local.get $out) (local.get $row))
                (local.set $out (i32.add (local.get $out) (i32.const 4)))))))
        (local.set $sketches (i32.add (local.get $sketches) (i32.const 64)))
        (local.set $row (i32.add (local.get $row) (i32.const 1)))
        (br $next)))
    (i32.shr_u (i32.sub (local.get $out) (local.get $start)) (i32.const 2)))

  ;; Writes one 32-bit number per listed row: the dot product of its codes and the probe. `size` is the number of codes per
  ;; row, a multiple of 16. The probe has 16-bit numbers, so small that no sum overflows.
  (func (export "dotProducts")
    (param $codes i32) (param $size i32) (param $list i32) (param $count i32) (param $probe i32) (param $out i32)
    (local $row i32) (local $end i32) (local $at i32) (local $sum v128) (local $sum2 v128) (local $part v128)
    (block $done
      (loop $next
        (br_if $done (i32.eqz (local.get $count)))
        (local.set $row
          (i32.add (local.get $codes) (i32.mul (i32.load (local.get $list)) (local.get $size))))
        (local.set $end (i32.add (local.get $row) (local.get $size)))
        (local.set $at (local.get $probe))
        (local.set $sum (v128.const i32x4 0 0 0 0))
        (local.set $sum2 (v128.const i32x4 0 0 0 0))
        (loop $numbers
          (local.set $part (v128.load (local.get $row)))
          (local.set $sum
            (i32x4.add (local.get $sum)
              (i32x4.dot_i16x8_s
                (i16x8.extend_low_i8x16_s (local.get $part))
                (v128.load (local.get $at)))))
          (local.set $sum2
            (i32x4.add (local.get $sum2)
              (i32x4.dot_i16x8_s
                (i16x8.extend_high_i8x16_s (local.get $part))
                (v128.load offset=16 (local.get $at)))))
          (local.set $at (i32.add (local.get $at) (i32.const 32)))
          (local.set $row (i32.add (local.get $row) (i32.const 16)))
          (br_if $numbers (i32.lt_u (local.get $row) (local.get $end))))
        (local.set $sum (i32x4.add (local.get $sum) (local.get $sum2)))
        (i32.store (local.get $out)
          (i32.add
            (i32.add (i32x4.extract_lane 0 (local.get $sum)) (i32x4.extract_lane 1 (local.get $sum)))
            (i32.add (i32x4.extract_lane 2 (local.get $sum)) (i32x4.extract_lane 3 (local.get $sum)))))
        (local.set $list (i32.add (local.get $list) (i32.const 4)))
        (local.set $out (i32.add (local.get $out) (i32.const 4)))
        (local.set $count (i32.sub (local.get $count) (i32.const 1)))
        (br $next))))
)
