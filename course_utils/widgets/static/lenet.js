// 1998년의 LeNet-5를 브라우저에서 계산합니다 (LeCun 1998, §II-B). 파이썬의 LeNet5Original,
// center_digit, normalize와 값이 같은지 tests/e2e/test_web.py가 확인합니다.
const half = (bits) => {
  const sign = bits >> 15 ? -1 : 1, exponent = (bits >> 10) & 31, fraction = (bits & 1023) / 1024;
  return sign * (exponent ? 2 ** (exponent - 15) * (1 + fraction) : 2 ** -14 * fraction);
};
const squash = (values) => values.map((value) => 1.7159 * Math.tanh((2 / 3) * value));

// float16 바이트 → {층의 이름: Float32Array}. layout은 [이름, 수]를 저장한 순서대로 적은 것입니다.
function unpack(bytes, layout) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), net = {};
  let at = 0;
  for (const [name, size] of layout) {
    net[name] = Float32Array.from({ length: size }, (_, i) => half(view.getUint16(at + 2 * i, true)));
    at += 2 * size;
  }
  return net;
}

// 5×5 합성곱. links는 커널별 [출력 맵, 입력 맵]입니다.
function convolve(input, side, links, kernels, bias) {
  const size = side - 4, out = new Float32Array(bias.length * size * size);
  bias.forEach((value, map) => out.fill(value, map * size * size, (map + 1) * size * size));
  links.forEach(([to, from], k) => {
    for (let y = 0; y < size; y++) for (let x = 0; x < size; x++) {
      let sum = 0;
      for (let i = 0; i < 5; i++) for (let j = 0; j < 5; j++) {
        sum += kernels[25 * k + 5 * i + j] * input[(from * side + y + i) * side + x + j];
      }
      out[(to * size + y) * size + x] += sum;
    }
  });
  return squash(out);
}

// 2×2 네 값의 합에 맵별 계수를 곱하고 편향을 더합니다.
function subsample(input, side, weight, bias) {
  const size = side / 2, out = new Float32Array(weight.length * size * size);
  for (let m = 0; m < weight.length; m++) for (let y = 0; y < size; y++) for (let x = 0; x < size; x++) {
    const i = (m * side + 2 * y) * side + 2 * x;
    const sum = input[i] + input[i + 1] + input[i + side] + input[i + side + 1];
    out[(m * size + y) * size + x] = weight[m] * sum + bias[m];
  }
  return squash(out);
}

const every = (outputs, inputs) =>
  Array.from({ length: outputs * inputs }, (_, i) => [Math.floor(i / inputs), i % inputs]);
const C1_LINKS = every(6, 1), C5_LINKS = every(120, 16);

// 32×32 이미지(바탕 −0.1) → 층별 값과 벌점 10개. table은 C3의 연결표입니다.
function forward(net, table, image) {
  const c3Links = table.flatMap((sources, to) => sources.map((from) => [to, from]));
  const C1 = convolve(image, 32, C1_LINKS, net["C1.weight"], net["C1.bias"]);
  const S2 = subsample(C1, 28, net["S2.weight"], net["S2.bias"]);
  const C3 = convolve(S2, 14, c3Links, net["C3.weight"], net["C3.bias"]);
  const S4 = subsample(C3, 10, net["S4.weight"], net["S4.bias"]);
  const C5 = convolve(S4, 5, C5_LINKS, net["C5.weight"], net["C5.bias"]);
  const F6 = squash(net["F6.bias"].map((bias, row) =>
    C5.reduce((sum, value, i) => sum + net["F6.weight"][120 * row + i] * value, bias)));
  const penalties = Float32Array.from({ length: 10 }, (_, digit) =>
    F6.reduce((sum, value, i) => sum + (value - net["output.codes"][84 * digit + i]) ** 2, 0));
  return { C1, S2, C3, S4, C5, F6, penalties };
}

// 맵 `map`의 (y, x)가 나온 계산: 앞 층의 창과 커널(S층은 계수 하나), 곱, 편향, 합.
const BEFORE = { C1: ["입력", 32], S2: ["C1", 28], C3: ["S2", 14], S4: ["C3", 10] };
function trace(net, table, values, name, map, y, x) {
  const [before, side] = BEFORE[name], pools = name[0] === "S", size = pools ? 2 : 5;
  const [top, left] = pools ? [2 * y, 2 * x] : [y, x];
  const sources = pools ? [map] : name === "C1" ? [0] : table[map];
  const first = name === "C3" ? table.slice(0, map).flat().length : map;
  const weight = net[`${name}.weight`], bias = net[`${name}.bias`][map];
  const cells = Array.from({ length: size * size }, (_, i) => i);
  const parts = sources.map((source, k) => {
    const start = (source * side + top) * side + left;
    const window = cells.map((i) => values[before][start + Math.floor(i / size) * side + (i % size)]);
    const kernel = cells.map((i) => (pools ? weight[map] : weight[25 * (first + k) + i]));
    const product = cells.map((i) => window[i] * kernel[i]);
    return { source, window, kernel, product, sum: product.reduce((a, b) => a + b, 0) };
  });
  const total = parts.reduce((all, { sum }) => all + sum, bias);
  return { before, size, top, left, parts, bias, total, value: squash([total])[0] };
}

// Pillow의 BICUBIC과 같은 보간을 가로로 한 번 합니다.
function resizeRows(pixels, width, height, size) {
  const cubic = (x) => (x < 1 ? (1.5 * x - 2.5) * x * x + 1
    : x < 2 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : 0);
  const scale = width / size, stretch = Math.max(scale, 1), out = new Float32Array(size * height);
  for (let to = 0; to < size; to++) {
    const middle = (to + 0.5) * scale;
    const first = Math.max(Math.trunc(middle - 2 * stretch + 0.5), 0);
    const last = Math.min(Math.trunc(middle + 2 * stretch + 0.5), width);
    const weights = [];
    for (let x = first; x < last; x++) weights.push(cubic(Math.abs((x - middle + 0.5) / stretch)));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    for (let y = 0; y < height; y++) {
      out[y * size + to] = weights.reduce(
        (sum, weight, i) => sum + (weight / total) * pixels[y * width + first + i], 0);
    }
  }
  return out;
}
const transpose = (pixels, width, height) => Float32Array.from(
  { length: width * height }, (_, i) => pixels[(i % height) * width + Math.floor(i / height)]);
const roundHalfEven = (x) => (x % 1 === 0.5 ? 2 * Math.round(x / 2) : Math.round(x));

// 그린 숫자를 MNIST처럼: 잉크만 자르고, 긴 변을 20으로, 무게중심을 한가운데로, 32×32로.
// 바탕 −0.1, 잉크 1.175까지의 Float32Array(1024)를 돌려줍니다. 잉크가 없으면 null입니다.
function centerDigit(gray, width) {
  const ys = [], xs = [];
  let brightest = 0;
  gray.forEach((value, i) => {
    if (!value) return;
    ys.push(Math.floor(i / width));
    xs.push(i % width);
    brightest = Math.max(brightest, value);
  });
  if (brightest < 1) return null;
  const bound = (values) => values.reduce(
    ([low, high], v) => [Math.min(low, v), Math.max(high, v)], [Infinity, -Infinity]);
  const [top, bottom] = bound(ys), [left, right] = bound(xs);
  const w = right - left + 1, h = bottom - top + 1;
  const crop = Float32Array.from({ length: w * h }, (_, i) =>
    gray[(top + Math.floor(i / w)) * width + left + (i % w)]);
  const [toW, toH] = [w, h].map((side) => Math.max(1, roundHalfEven((20 * side) / Math.max(w, h))));
  const wide = resizeRows(crop, w, h, toW);
  const tall = resizeRows(transpose(wide, toW, h), h, toW, toH);
  const scaled = transpose(tall, toH, toW).map((v) => Math.min(Math.max(v, 0), 255));
  let sum = 0, row = 0, column = 0;
  scaled.forEach((v, i) => { sum += v; row += Math.floor(i / toW) * v; column += (i % toW) * v; });
  const y0 = Math.min(Math.max(Math.trunc(14.5 - row / sum), 0), 28 - toH) + 2;
  const x0 = Math.min(Math.max(Math.trunc(14.5 - column / sum), 0), 28 - toW) + 2;
  const image = new Float32Array(32 * 32).fill(-0.1);
  scaled.forEach((v, i) => {
    image[(y0 + Math.floor(i / toW)) * 32 + x0 + (i % toW)] = (v / 255) * 1.275 - 0.1;
  });
  return image;
}
export default { unpack, forward, trace, centerDigit };
