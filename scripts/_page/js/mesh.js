// Where a shape lies among the measured sizes, by the rules of scripts/_advice/mesh.py.

const TOLERANCE = DATA.rules.tolerance;
const point = ([n, d]) => [Math.log10(n), Math.log10(d)];
const area = (a, b, c) => (b[0] - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (b[1] - a[1]);

function barycentric(p, a, b, c) {
  const total = area(a, b, c);
  const [ofB, ofC] = [area(a, p, c) / total, area(a, b, p) / total];
  return [1 - ofB - ofC, ofB, ofC];
}

function placed(kind, corners, weights, factor = 1) {
  const own = corners.map((corner, i) => [corner, weights[i]]).filter(([, weight]) => weight > TOLERANCE);
  const total = own.reduce((sum, [, weight]) => sum + weight, 0);
  const shares = own.map(([, weight]) => weight / total);
  return { kind, factor, corners: own.map(([corner]) => corner), shares };
}

// The nearest point of an edge, and its share of the way along it.
function project(p, a, b) {
  const along = [b[0] - a[0], b[1] - a[1]];
  const length = along[0] ** 2 + along[1] ** 2;
  const way = (p[0] - a[0]) * along[0] + (p[1] - a[1]) * along[1];
  const share = length ? Math.min(1, Math.max(0, way / length)) : 0;
  const at = [a[0] + share * along[0], a[1] + share * along[1]];
  return { share, at, distance: Math.hypot(p[0] - at[0], p[1] - at[1]) };
}

// The place of the nearest point of the hull.
function nearestPlace(mesh, p, corner) {
  const found = mesh.edges.map((edge) => ({ edge, ...project(p, ...edge.map(corner)) }));
  const nearest = found.reduce((best, each) => (each.distance < best.distance ? each : best));
  const away = Math.max(Math.abs(p[0] - nearest.at[0]), Math.abs(p[1] - nearest.at[1]));
  const kind = nearest.distance <= TOLERANCE ? "between" : "outside";
  return placed(kind, nearest.edge, [1 - nearest.share, nearest.share], 10 ** away);
}

function placeOf(mesh, n, d) {
  const index = mesh.sizes.findIndex(([a, b]) => a === n && b === d);
  if (index >= 0) return placed("measured", [index], [1]);
  const p = point([n, d]);
  const corner = (i) => point(mesh.sizes[i]);
  for (const triangle of mesh.triangles) {
    const weights = barycentric(p, ...triangle.map(corner));
    if (Math.min(...weights) >= -TOLERANCE) return placed("between", triangle, weights);
  }
  return nearestPlace(mesh, p, corner);
}
