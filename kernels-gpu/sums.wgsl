// Sums over the GROUP threads of a workgroup, for every shader.

var<workgroup> lanes: array<vec4<f32>, GROUP>;

/** Sums over the threads of a workgroup: pair by pair, so that every run rounds alike. */
fn sumOfGroup(local: u32, value: vec4<f32>) -> vec4<f32> {
  workgroupBarrier();
  lanes[local] = value;
  for (var half = GROUP >> 1u; half > 0u; half >>= 1u) {
    workgroupBarrier();
    if (local < half) {
      lanes[local] += lanes[local + half];
    }
  }
  return workgroupUniformLoad(&lanes[0]);
}
